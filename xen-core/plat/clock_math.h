/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic of clock.c without the hardware.
 */
#ifndef PLAT_CLOCK_MATH_H
#define PLAT_CLOCK_MATH_H

#include "plat/clock.h"

struct clock_sample {
	uint64_t tsc;
	uint64_t count;
};

/* How far a counter of that width has come. */
uint64_t clock_counter_delta(uint64_t from, uint64_t to, unsigned int bits);
/* Frequency of the first counter when it made `delta` while one of hz made `ticks`; 0: absurd. */
uint64_t clock_frequency(uint64_t delta, uint64_t ticks, uint64_t hz);
/* The middle one: an SMI or a preempted emulator spoils single runs. */
uint64_t clock_median3(uint64_t a, uint64_t b, uint64_t c);
/* Count for the local APIC timer, 1..2^32-1. mul/shift: nanoseconds to ticks. */
uint32_t clock_timer_count(uint64_t now, uint64_t expires, uint32_t mul, int8_t shift);
/* scale.ns_base at scale.tsc_base; earlier TSC values give ns_base. */
uint64_t clock_apply(const struct clock_scale *scale, uint64_t tsc);

#endif
