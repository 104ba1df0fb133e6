/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of 64-bit numbers kept as inclusive ranges, as many as the caller's array holds: the I/O
 * ports, memory and interrupts a domain may use.
 */
#ifndef LIB_RANGE_H
#define LIB_RANGE_H

#include "lib/types.h"

struct range {
	uint64_t first;
	uint64_t last;
};

struct range_set {
	struct range *ranges;	/* sorted, disjoint, never adjacent */
	size_t count;
	size_t capacity;	/* (c) */
};

/* storage stays the caller's and must outlive the set. */
void range_set_init(struct range_set *set, struct range *storage, size_t capacity);

/* -XEN_EINVAL if first > last, -XEN_ENOSPC (nothing changed) if the array is full. */
int must_check range_add(struct range_set *set, uint64_t first, uint64_t last);
int must_check range_remove(struct range_set *set, uint64_t first, uint64_t last);

/* All of first..last is in the set / any of it is. */
bool range_contains(const struct range_set *set, uint64_t first, uint64_t last);
bool range_overlaps(const struct range_set *set, uint64_t first, uint64_t last);

static inline bool range_is_empty(const struct range_set *set)
{
	return set->count == 0;
}

static inline void range_clear(struct range_set *set)
{
	set->count = 0;
}

#define range_for_each(range, set)                                                            \
	for ((range) = (set)->ranges; (range) != (set)->ranges + (set)->count; (range)++)

#endif
