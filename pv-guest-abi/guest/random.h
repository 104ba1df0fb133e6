/* SPDX-License-Identifier: MIT */
/*
 * Numbers at random from a seed (xorshift, 64 bits), for guests that try what nobody thought of.
 */
#ifndef GUEST_RANDOM_H
#define GUEST_RANDOM_H

#include <stdint.h>

static uint64_t random_state; /* the seed; not 0 */

static inline uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* From 0 to n - 1. */
static inline uint64_t below(uint64_t n)
{
	return next_random() % n;
}

#endif
