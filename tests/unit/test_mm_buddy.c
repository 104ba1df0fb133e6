/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame allocator against a naive model: one byte per frame says whether it is free. After
 * each batch of random steps audit() walks the frame table: free blocks are aligned, disjoint,
 * linked, maximally merged, and add up to the counts.
 */
#include "machine/sim.h"
#include "mm/buddy.h"
#include "unit/unit.h"

#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/tlb.h"

#include <stdlib.h>
#include <string.h>
#include <xen/base.h>

#define RAM 3000UL
#define END (SIM_RAM_FIRST + RAM)

static uint8_t is_free[SIM_FRAMES];

static void setup(void)
{
	sim_reset(RAM);
	memset(is_free, 0, END);
}

/* Free frames according to the frame table, each marked in is_free. */
static uint64_t collect_free(uint64_t end)
{
	uint64_t total = 0;

	memset(is_free, 0, end);
	for (uint64_t n = 0; n < end; n++) {
		if (!frame_is_valid(mfn(n)) || frame_table[n].owner != FRAME_OWNER_FREE) {
			continue;
		}
		unsigned int order = frame_table[n].partial_index;
		uint64_t buddy = n ^ (1UL << order);

		CU_ASSERT_FATAL(order <= BUDDY_ORDER_MAX && (n & ((1UL << order) - 1)) == 0);
		CU_ASSERT(order == BUDDY_ORDER_MAX || !frame_is_valid(mfn(buddy)) ||
			  frame_table[buddy].owner != FRAME_OWNER_FREE ||
			  frame_table[buddy].partial_index != order);
		for (uint64_t i = n; i < n + (1UL << order); i++) {
			CU_ASSERT_FATAL(!is_free[i]);
			CU_ASSERT(i == n || frame_table[i].owner == DOMID_XEN);
			CU_ASSERT(frame_table[i].refs == 0 && frame_table[i].type == 0);
			CU_ASSERT(sim_is_poisoned(mfn(i)));
			is_free[i] = 1;
		}
		if (frame_table[n].next != FRAME_LIST_END) {
			CU_ASSERT(frame_table[frame_table[n].next].previous == n);
			CU_ASSERT(frame_table[frame_table[n].next].partial_index == order);
		}
		total += 1UL << order;
	}
	return total;
}

static void audit(uint64_t end)
{
	CU_ASSERT_EQUAL(collect_free(end), buddy_free_count());
	CU_ASSERT(buddy_free_count() >= buddy_claimed_count());
	CU_ASSERT(lock_none_held());
}

static void an_order_beyond_the_largest_is_refused(void)
{
	CU_ASSERT(mfn_is_none(buddy_alloc(BUDDY_ORDER_MAX + 1, 0, 0)));
	CU_ASSERT(mfn_is_none(buddy_alloc(64, 0, 0)));
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
}

static void an_empty_allocator_gives_nothing(void)
{
	sim_reset_bare(RAM);
	CU_ASSERT(mfn_is_none(buddy_alloc(0, 0, 0)));
	CU_ASSERT_EQUAL(buddy_total_count(), 0);
}

static void a_block_too_big_for_any_hole_is_refused(void)
{
	CU_ASSERT(mfn_is_none(buddy_alloc(12, 0, 0)));
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(10, 0, 0)));
	audit(END);
}

static void injected_failure_changes_nothing(void)
{
	sim_fail_allocation_after(1);
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(0, 0, 0)));
	CU_ASSERT(mfn_is_none(buddy_alloc(0, 0, 0)));
	CU_ASSERT_EQUAL(buddy_free_count(), RAM - 1);
	sim_fail_allocation_after(~0UL);
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(0, 0, 0)));
}

static void every_frame_can_be_had_once_and_merges_back(void)
{
	static mfn_t got[RAM];

	for (uint64_t i = 0; i < RAM; i++) {
		got[i] = buddy_alloc(0, 0, 0);
		CU_ASSERT_FATAL(!mfn_is_none(got[i]));
		CU_ASSERT(got[i].n >= SIM_RAM_FIRST && got[i].n < END);
		CU_ASSERT(!is_free[got[i].n]);
		is_free[got[i].n] = 1;
	}
	CU_ASSERT(mfn_is_none(buddy_alloc(0, 0, 0)));
	CU_ASSERT_EQUAL(buddy_free_count(), 0);
	for (uint64_t i = 0; i < RAM; i++) {
		buddy_free(got[(i * 7) % RAM], 0);
	}
	audit(END);
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(10, 0, 0)));
}

static void an_allocated_block_is_clean_and_owned_by_the_core(void)
{
	mfn_t m = buddy_alloc(3, 0, BUDDY_ZERO);

	CU_ASSERT_FATAL(!mfn_is_none(m));
	for (uint64_t i = 0; i < 8; i++) {
		const struct frame *f = frame_of(mfn_add(m, i));
		const uint8_t *page = frame_map(mfn_add(m, i));

		CU_ASSERT(f->refs == 0 && f->type == 0 && f->owner == DOMID_XEN);
		CU_ASSERT(page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0);
	}
}

static void zero_wipes_what_the_last_owner_wrote(void)
{
	mfn_t m = buddy_alloc(0, 0, 0);
	const uint8_t *page;

	memset(frame_map(m), 0x5a, PAGE_SIZE);
	buddy_free(m, 0);
	CU_ASSERT(sim_is_poisoned(m));
	CU_ASSERT(mfn_eq(buddy_alloc(0, 0, BUDDY_ZERO), m));
	page = frame_map(m);
	CU_ASSERT(page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0);
}

static void low_memory_is_spared_and_limits_are_kept(void)
{
	uint64_t high = 1UL << 20; /* 4 GiB */
	mfn_t m;

	sim_add_ram(mfn(high), 1024);
	buddy_add(mfn(high), 1024);
	m = buddy_alloc(0, 0, 0);
	CU_ASSERT(m.n >= high);
	m = buddy_alloc(0, 33, 0);
	CU_ASSERT(m.n >= high);
	m = buddy_alloc(0, 32, 0);
	CU_ASSERT(m.n < high);
	m = buddy_alloc(4, 21, 0);
	CU_ASSERT(!mfn_is_none(m) && m.n + 16 <= 512);
	CU_ASSERT(mfn_is_none(buddy_alloc(0, 20, 0)));
	CU_ASSERT(mfn_is_none(buddy_alloc(0, 1, 0)));
	audit(high + 1024);
}

static void memory_falls_back_to_lower_zones(void)
{
	for (uint64_t i = 0; i < RAM; i++) {
		CU_ASSERT_FATAL(!mfn_is_none(buddy_alloc(0, 64, 0)));
	}
	CU_ASSERT_EQUAL(buddy_free_count(), 0);
}

static void frame_zero_and_a_block_at_zero_are_allocatable(void)
{
	sim_reset_bare(0);
	sim_add_ram(mfn(0), 512);
	buddy_add(mfn(0), 512);
	audit(512);
	for (unsigned int i = 0; i < 512; i++) {
		CU_ASSERT_FATAL(!mfn_is_none(buddy_alloc(0, 0, 0)));
	}
	for (uint64_t n = 0; n < 512; n++) {
		buddy_free(mfn(n), 0);
	}
	audit(512);
	CU_ASSERT(frame_table[0].partial_index == 9);
}

static void claims_keep_others_out(void)
{
	CU_ASSERT_FALSE(buddy_claim(RAM + 1));
	CU_ASSERT_TRUE(buddy_claim(RAM - 10));
	CU_ASSERT_FALSE(buddy_claim(11));
	CU_ASSERT(mfn_is_none(buddy_alloc(4, 0, 0)));
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(3, 0, 0)));
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(4, 0, BUDDY_FROM_CLAIM)));
	CU_ASSERT_EQUAL(buddy_claimed_count(), RAM - 26);
	CU_ASSERT(mfn_is_none(buddy_alloc(2, 0, 0)));
	buddy_unclaim(RAM - 26);
	CU_ASSERT_FALSE(mfn_is_none(buddy_alloc(2, 0, 0)));
	audit(END);
}

static void a_failed_allocation_from_a_claim_keeps_the_claim(void)
{
	CU_ASSERT_TRUE(buddy_claim(16));
	CU_ASSERT(mfn_is_none(buddy_alloc(4, 13, BUDDY_FROM_CLAIM)));
	CU_ASSERT_EQUAL(buddy_claimed_count(), 16);
}

static void stale_translations_are_flushed_before_reuse(void)
{
	mfn_t m = buddy_alloc(0, 0, 0);
	struct cpu_set seen;

	sim_tlb_remember(2, m);
	buddy_free(m, 0);
	CU_ASSERT(mfn_eq(buddy_alloc(0, 0, 0), m));
	seen = sim_tlb_may_see(m);
	CU_ASSERT(cpu_set_is_empty(&seen));
}

static void a_stale_frame_inside_a_merged_block_is_flushed_too(void)
{
	mfn_t m = buddy_alloc(1, 0, 0);
	struct cpu_set seen;

	buddy_free(m, 0);
	tlb_flush_cpus(&(struct cpu_set){{0xf}});
	sim_tlb_remember(1, mfn_add(m, 1));
	buddy_free(mfn_add(m, 1), 0);
	CU_ASSERT(mfn_eq(buddy_alloc(1, 0, 0), m));
	seen = sim_tlb_may_see(mfn_add(m, 1));
	CU_ASSERT(cpu_set_is_empty(&seen));
}

static void the_caller_may_ask_not_to_flush(void)
{
	mfn_t m = buddy_alloc(0, 0, 0);

	buddy_free(m, 0);
	CU_ASSERT(mfn_eq(buddy_alloc(0, 0, BUDDY_NO_FLUSH), m));
	CU_ASSERT_EQUAL(sim_tlb_flushes(0), 0);
}

static void flushed_frames_are_not_flushed_again(void)
{
	mfn_t m = buddy_alloc(0, 0, 0);
	unsigned int before;

	buddy_free(m, 0);
	tlb_flush_cpus(&(struct cpu_set){{0xf}});
	before = sim_tlb_flushes(3);
	CU_ASSERT(mfn_eq(buddy_alloc(0, 0, 0), m));
	CU_ASSERT_EQUAL(sim_tlb_flushes(3), before);
}

struct block {
	mfn_t first;
	unsigned int order;
};

static void check_block(struct block b)
{
	for (uint64_t i = 0; i < 1UL << b.order; i++) {
		CU_ASSERT(is_free[b.first.n + i]);
		is_free[b.first.n + i] = 0;
		CU_ASSERT(!sim_is_poisoned(mfn_add(b.first, i)));
	}
}

static void random_work_agrees_with_the_model(void)
{
	static struct block blocks[RAM];
	uint64_t count = 0, claimed = 0, used = 0;

	srand(1);
	for (unsigned int step = 0; step < 40000; step++) {
		bool freeing = (rand() & 1023) < (step / 4000 % 2 ? 600 : 400);

		if (step % 500 == 0) {
			audit(END);
		}
		if (freeing && count > 0) {
			uint64_t i = (uint64_t)rand() % count;

			buddy_free(blocks[i].first, blocks[i].order);
			used -= 1UL << blocks[i].order;
			memset(&is_free[blocks[i].first.n], 1, 1UL << blocks[i].order);
			blocks[i] = blocks[--count];
		} else if (!freeing && count < RAM) {
			unsigned int bits = rand() % 4 ? 0 : 20 + (unsigned int)rand() % 5;
			struct block b = {
				.order = (unsigned int)__builtin_ctz((unsigned int)rand() | 256)};

			b.first = buddy_alloc(b.order, bits,
					      (unsigned int)rand() & (BUDDY_ZERO | BUDDY_NO_FLUSH));
			if (!mfn_is_none(b.first)) {
				CU_ASSERT(bits == 0 ||
					  b.first.n + (1UL << b.order) <= 1UL << (bits - 12));
				check_block(b);
				used += 1UL << b.order;
				blocks[count++] = b;
			}
		}
		if (step % 1000 == 999) {
			buddy_unclaim(claimed);
			claimed = (uint64_t)rand() % 64;
			claimed = buddy_claim(claimed) ? claimed : 0;
		}
		CU_ASSERT_EQUAL(buddy_free_count(), RAM - used);
	}
	while (count > 0) {
		count--;
		buddy_free(blocks[count].first, blocks[count].order);
	}
	audit(END);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_order_beyond_the_largest_is_refused),
		UNIT(an_empty_allocator_gives_nothing),
		UNIT(a_block_too_big_for_any_hole_is_refused),
		UNIT(injected_failure_changes_nothing),
		UNIT(every_frame_can_be_had_once_and_merges_back),
		UNIT(an_allocated_block_is_clean_and_owned_by_the_core),
		UNIT(zero_wipes_what_the_last_owner_wrote),
		UNIT(low_memory_is_spared_and_limits_are_kept),
		UNIT(memory_falls_back_to_lower_zones),
		UNIT(frame_zero_and_a_block_at_zero_are_allocatable),
		UNIT(claims_keep_others_out),
		UNIT(a_failed_allocation_from_a_claim_keeps_the_claim),
		UNIT(stale_translations_are_flushed_before_reuse),
		UNIT(a_stale_frame_inside_a_merged_block_is_flushed_too),
		UNIT(the_caller_may_ask_not_to_flush),
		UNIT(flushed_frames_are_not_flushed_again),
		UNIT(random_work_agrees_with_the_model),
	};

	return unit_main("mm_buddy", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
