/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Range sets: a sorted array of inclusive ranges, neither overlapping nor adjacent, so each set has
 * exactly one representation and a lookup is a binary search. Changes shift the tail of the
 * array: sets are short and change rarely. Locking is the owner's.
 */
#include "lib/range.h"

#include <xen/errno.h>

void range_set_init(struct range_set *set, struct range *storage, size_t capacity)
{
	set->ranges = storage;
	set->count = 0;
	set->capacity = capacity;
}

/* Index of the first range whose last is >= value; count if none. */
static size_t find_at_or_after(const struct range_set *set, uint64_t value)
{
	size_t low = 0;
	size_t high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->ranges[middle].last < value) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Replaces ranges [from, to) by `count` free slots; the caller checked the capacity. */
static void replace(struct range_set *set, size_t from, size_t to, size_t count)
{
	size_t tail = set->count - to;

	if (from + count <= to) {
		for (size_t i = 0; i < tail; i++) {
			set->ranges[from + count + i] = set->ranges[to + i];
		}
	} else {
		for (size_t i = tail; i-- > 0;) {
			set->ranges[from + count + i] = set->ranges[to + i];
		}
	}
	set->count = from + count + tail;
}

int range_add(struct range_set *set, uint64_t first, uint64_t last)
{
	size_t from, to;

	if (first > last) {
		return -XEN_EINVAL;
	}
	/* Swallow everything that overlaps or touches first..last. */
	from = find_at_or_after(set, first == 0 ? 0 : first - 1);
	for (to = from; to < set->count; to++) {
		if (last != UINT64_MAX && set->ranges[to].first > last + 1) {
			break;
		}
	}
	if (from == to && set->count == set->capacity) {
		return -XEN_ENOSPC;
	}
	if (from < to) {
		first = set->ranges[from].first < first ? set->ranges[from].first : first;
		last = set->ranges[to - 1].last > last ? set->ranges[to - 1].last : last;
	}
	replace(set, from, to, 1);
	set->ranges[from] = (struct range){first, last};
	return 0;
}

int range_remove(struct range_set *set, uint64_t first, uint64_t last)
{
	struct range rest[2];
	size_t rest_count = 0;
	size_t from, to;

	if (first > last) {
		return -XEN_EINVAL;
	}
	from = find_at_or_after(set, first);
	for (to = from; to < set->count && set->ranges[to].first <= last; to++) {
	}
	if (from == to) {
		return 0;
	}
	if (set->ranges[from].first < first) {
		rest[rest_count++] = (struct range){set->ranges[from].first, first - 1};
	}
	if (set->ranges[to - 1].last > last) {
		rest[rest_count++] = (struct range){last + 1, set->ranges[to - 1].last};
	}
	if (set->count - (to - from) + rest_count > set->capacity) {
		return -XEN_ENOSPC;
	}
	replace(set, from, to, rest_count);
	for (size_t i = 0; i < rest_count; i++) {
		set->ranges[from + i] = rest[i];
	}
	return 0;
}

bool range_contains(const struct range_set *set, uint64_t first, uint64_t last)
{
	size_t i = find_at_or_after(set, first);

	return first <= last && i < set->count && set->ranges[i].first <= first &&
	       last <= set->ranges[i].last;
}

bool range_overlaps(const struct range_set *set, uint64_t first, uint64_t last)
{
	size_t i = find_at_or_after(set, first);

	return first <= last && i < set->count && set->ranges[i].first <= last;
}
