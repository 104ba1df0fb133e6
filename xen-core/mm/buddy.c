/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame allocator. A free block is known by its first frame: owner FRAME_OWNER_FREE, the order
 * in partial_index, the newest TLB stamp of its frames in epoch, links in previous and next. All
 * other frames of it look as buddy_alloc() promises: no references, no type, owner DOMID_XEN.
 *
 *     free     stamp, merge with the free buddy while there is one, put on zone[z].list[order]
 *     alloc    highest zone allowed that has a block big enough; halve it, upper half kept
 *
 * Invariants: two free buddies of one order never exist; zone[z].orders has bit o exactly when
 * list[o] is not empty, nonempty_zones bit z when orders is not 0; free_count >= claimed_count.
 * Everything is under buddy_lock; flushing and zeroing are done after it is dropped.
 */
#include "mm/buddy.h"

#include "lib/check.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/smp.h"
#include "machine/tlb.h"

#include <xen/base.h>

#define ORDERS (BUDDY_ORDER_MAX + 1)
/* Zone numbers are widths of byte addresses: 12 for frame 0 alone, at most 44 (FRAME_END_MAX). */
#define ZONES 48

struct zone {
	uint32_t first[ORDERS];
	uint32_t orders;
};

static struct zone zones[ZONES];
static uint64_t nonempty_zones;
static uint64_t free_count;
static uint64_t total_count;
static uint64_t claimed_count;
static struct spinlock buddy_lock = SPINLOCK(buddy);

void buddy_init(void)
{
	for (unsigned int z = 0; z < ZONES; z++) {
		for (unsigned int o = 0; o < ORDERS; o++) {
			zones[z].first[o] = FRAME_LIST_END;
		}
		zones[z].orders = 0;
	}
	nonempty_zones = 0;
	free_count = 0;
	total_count = 0;
	claimed_count = 0;
}

static unsigned int zone_of(uint64_t n, unsigned int order)
{
	uint64_t last = n + (1UL << order) - 1;

	return last == 0 ? PAGE_SHIFT : PAGE_SHIFT + 1 + log2_floor(last);
}

static void insert(uint64_t n, unsigned int order)
{
	unsigned int z = zone_of(n, order);
	struct zone *zone = &zones[z];
	struct frame *f = &frame_table[n];
	uint32_t next = zone->first[order];

	f->owner = FRAME_OWNER_FREE;
	f->partial_index = (uint16_t)order;
	f->previous = FRAME_LIST_END;
	f->next = next;
	if (next == FRAME_LIST_END) {
		zone->orders |= 1U << order;
		nonempty_zones |= 1UL << z;
	} else {
		frame_table[next].previous = (uint32_t)n;
	}
	zone->first[order] = (uint32_t)n;
}

static void take_out(uint64_t n, unsigned int order)
{
	unsigned int z = zone_of(n, order);
	struct zone *zone = &zones[z];
	struct frame *f = &frame_table[n];

	if (f->previous != FRAME_LIST_END) {
		frame_table[f->previous].next = f->next;
	} else {
		zone->first[order] = f->next;
		if (f->next == FRAME_LIST_END) {
			zone->orders &= ~(1U << order);
			nonempty_zones &= zone->orders ? ~0UL : ~(1UL << z);
		}
	}
	if (f->next != FRAME_LIST_END) {
		frame_table[f->next].previous = f->previous;
	}
	f->owner = DOMID_XEN;
	f->partial_index = 0;
}

/* True if n starts a free block of exactly that order. */
static bool is_free_block(uint64_t n, unsigned int order)
{
	/* Buddies below the granule's order share the granule of the block being freed. */
	if (order >= FRAME_GRANULE_SHIFT && !frame_has_entry(mfn(n))) {
		return false;
	}
	return frame_table[n].owner == FRAME_OWNER_FREE && frame_table[n].partial_index == order;
}

static void insert_merged(uint64_t n, unsigned int order)
{
	uint32_t stamp = frame_table[n].epoch;

	while (order < BUDDY_ORDER_MAX && is_free_block(n ^ (1UL << order), order)) {
		uint64_t buddy = n ^ (1UL << order);

		stamp = max_u32(stamp, frame_table[buddy].epoch);
		take_out(buddy, order);
		n &= ~(1UL << order);
		order++;
	}
	frame_table[n].epoch = stamp;
	insert(n, order);
}

void buddy_add(mfn_t first, uint64_t count)
{
	uint64_t n = first.n;
	uint64_t end = n + count;

	while (n < end) {
		unsigned int order = min_u32(log2_floor(end - n), BUDDY_ORDER_MAX);

		if (n != 0) {
			order = min_u32(order, (uint32_t)__builtin_ctzl(n));
		}
		for (uint64_t i = n; i < n + (1UL << order); i++) {
			assert(frame_is_valid(mfn(i)));
			frame_table[i] = (struct frame){.owner = DOMID_XEN};
		}
		frame_mark_free(mfn(n), 1UL << order);
		spin_lock(&buddy_lock);
		insert_merged(n, order);
		free_count += 1UL << order;
		total_count += 1UL << order;
		spin_unlock(&buddy_lock);
		n += 1UL << order;
	}
}

/* Removes a block of at least that order from the best zone; false if there is none. */
static bool take_block(unsigned int order, uint64_t allowed_zones, uint64_t *n,
		       unsigned int *found_order)
{
	uint64_t candidates = nonempty_zones & allowed_zones;

	while (candidates != 0) {
		unsigned int z = log2_floor(candidates);
		uint32_t orders = zones[z].orders >> order;

		if (orders != 0) {
			*found_order = order + (unsigned int)__builtin_ctz(orders);
			*n = zones[z].first[*found_order];
			take_out(*n, *found_order);
			return true;
		}
		candidates &= ~(1UL << z);
	}
	return false;
}

static bool may_take(uint64_t count, unsigned int flags)
{
	if (flags & BUDDY_FROM_CLAIM) {
		assert(claimed_count >= count);
		return free_count >= count;
	}
	return free_count - claimed_count >= count;
}

static bool take_locked(unsigned int order, unsigned int address_bits, unsigned int flags,
			uint64_t *result)
{
	uint64_t allowed = address_bits == 0 || address_bits >= ZONES
				   ? ~0UL
				   : (2UL << address_bits) - 1;
	unsigned int found;
	uint64_t n;

	if (!may_take(1UL << order, flags) || !take_block(order, allowed, &n, &found)) {
		return false;
	}
	while (found > order) {
		found--;
		frame_table[n + (1UL << found)].epoch = frame_table[n].epoch;
		insert(n, found);
		n += 1UL << found;
	}
	free_count -= 1UL << order;
	if (flags & BUDDY_FROM_CLAIM) {
		claimed_count -= 1UL << order;
	}
	*result = n;
	return true;
}

static void zero_frames(mfn_t first, unsigned int order)
{
	for (uint64_t i = 0; i < 1UL << order; i++) {
		void *page = frame_map(mfn_add(first, i));

		memset(page, 0, PAGE_SIZE);
		frame_unmap(page);
		if (order != 0) {
			tlb_poll();
		}
	}
}

mfn_t buddy_alloc(unsigned int order, unsigned int address_bits, unsigned int flags)
{
	uint64_t n = 0;
	uint32_t stamp;
	bool found;

	if (order > BUDDY_ORDER_MAX || frame_refuse_allocation()) {
		return MFN_NONE;
	}
	spin_lock(&buddy_lock);
	found = take_locked(order, address_bits, flags, &n);
	spin_unlock(&buddy_lock);
	if (!found) {
		return MFN_NONE;
	}
	frame_mark_used(mfn(n), 1UL << order);
	stamp = frame_table[n].epoch;
	if (stamp != 0 && !(flags & BUDDY_NO_FLUSH)) {
		tlb_flush_stale(&cpus_online, stamp);
	}
	if (flags & BUDDY_ZERO) {
		zero_frames(mfn(n), order);
	}
	return mfn(n);
}

void buddy_free(mfn_t first, unsigned int order)
{
	uint64_t count = 1UL << order;
	uint32_t stamp = tlb_epoch();

	assert(order <= BUDDY_ORDER_MAX && is_aligned(first.n, count));
	for (uint64_t i = 0; i < count; i++) {
		struct frame *f = &frame_table[first.n + i];

		assert(f->owner != FRAME_OWNER_FREE && (f->refs & FRAME_REF_MASK) == 0);
		f->refs = 0;
		f->type = 0;
		f->owner = DOMID_XEN;
		f->partial_index = 0;
		f->epoch = stamp;
	}
	frame_mark_free(first, count);
	spin_lock(&buddy_lock);
	insert_merged(first.n, order);
	free_count += count;
	spin_unlock(&buddy_lock);
}

uint64_t buddy_free_count(void)
{
	return atomic_read(&free_count);
}

uint64_t buddy_total_count(void)
{
	return atomic_read(&total_count);
}

uint64_t buddy_claimed_count(void)
{
	return atomic_read(&claimed_count);
}

bool buddy_claim(uint64_t count)
{
	bool fits;

	spin_lock(&buddy_lock);
	fits = free_count - claimed_count >= count;
	if (fits) {
		claimed_count += count;
	}
	spin_unlock(&buddy_lock);
	return fits;
}

void buddy_unclaim(uint64_t count)
{
	spin_lock(&buddy_lock);
	assert(claimed_count >= count);
	claimed_count -= count;
	spin_unlock(&buddy_lock);
}
