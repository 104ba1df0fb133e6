/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nested page tables: what stands where, large entries and their splitting, no memory lost. */
#include "unit/hvm_world.h"

#include "hvm/npt.h"

#include <stdarg.h>
#include <stdio.h>

#define ORDER_2M 9U

static struct p2m_entry entry;

static struct p2m *p2m(void)
{
	return &hvm->hvm->p2m;
}

static int set(uint64_t g, uint64_t m, unsigned int order, enum p2m_kind kind)
{
	int err;

	spin_lock(&p2m()->lock);
	err = p2m_set_locked(p2m(), gfn(g), mfn(m), order, kind);
	spin_unlock(&p2m()->lock);
	return err;
}

static int take(uint64_t g, uint64_t m, bool *removed)
{
	int err;

	spin_lock(&p2m()->lock);
	err = p2m_remove_locked(p2m(), gfn(g), mfn(m), removed);
	spin_unlock(&p2m()->lock);
	return err;
}

static void an_empty_one_has_holes_only(void)
{
	p2m_get(p2m(), gfn(0), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	CU_ASSERT(mfn_is_none(entry.mfn));
	p2m_get(p2m(), gfn(P2M_GFN_END - 1), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	p2m_get(p2m(), gfn(P2M_GFN_END), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	p2m_get(p2m(), gfn(~0UL), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	hvm_destroy();
}

static void each_kind_comes_back_as_it_went_in(void)
{
	static const enum p2m_kind kinds[] = {P2M_RAM, P2M_RAM_RO, P2M_GRANT, P2M_GRANT_RO,
					      P2M_SHARED};

	for (unsigned int i = 0; i < array_size(kinds); i++) {
		CU_ASSERT_EQUAL(set(100 + i, 300 + i, 0, kinds[i]), 0);
	}
	for (unsigned int i = 0; i < array_size(kinds); i++) {
		p2m_get(p2m(), gfn(100 + i), &entry);
		CU_ASSERT_EQUAL(entry.kind, kinds[i]);
		CU_ASSERT_EQUAL(entry.mfn.n, 300 + i);
		CU_ASSERT_EQUAL(entry.order, 0);
	}
	CU_ASSERT_EQUAL(p2m()->gfn_end, 100 + array_size(kinds));
	hvm_destroy();
}

static void the_hardware_sees_the_rights_of_each_kind(void)
{
	CU_ASSERT(pte_is_writable(npt_make(mfn(1), P2M_RAM, 1)));
	CU_ASSERT_FALSE(pte_is_writable(npt_make(mfn(1), P2M_RAM_RO, 1)));
	CU_ASSERT_FALSE(pte_is_writable(npt_make(mfn(1), P2M_GRANT_RO, 1)));
	CU_ASSERT((npt_make(mfn(1), P2M_GRANT, 1).raw & PTE_NX) != 0);
	CU_ASSERT_EQUAL(npt_make(mfn(1), P2M_RAM, 1).raw & PTE_NX, 0);
	CU_ASSERT(pte_is_large(npt_make(mfn(512), P2M_RAM, 2)));
	CU_ASSERT(npt_make(mfn(1), P2M_RAM, 1).raw & PTE_US);
	CU_ASSERT_EQUAL(npt_make(mfn(1), P2M_HOLE, 1).raw, 0);
	hvm_destroy();
}

static void two_megabytes_are_one_entry(void)
{
	uint64_t tables = p2m()->tables;

	CU_ASSERT_EQUAL(set(1024, 2048, ORDER_2M, P2M_RAM), 0);
	CU_ASSERT_EQUAL(p2m()->tables, tables + 2);
	p2m_get(p2m(), gfn(1024 + 511), &entry);
	CU_ASSERT_EQUAL(entry.order, ORDER_2M);
	CU_ASSERT_EQUAL(entry.mfn.n, 2048 + 511);
	p2m_get(p2m(), gfn(1536), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	hvm_destroy();
}

static void a_hole_in_a_large_entry_splits_it(void)
{
	uint64_t generation;
	bool removed;

	CU_ASSERT_EQUAL(set(1024, 2048, ORDER_2M, P2M_RAM), 0);
	generation = p2m()->generation;
	CU_ASSERT_EQUAL(take(1030, 2054, &removed), 0);
	CU_ASSERT(removed);
	CU_ASSERT(p2m()->generation > generation);
	p2m_get(p2m(), gfn(1030), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
	p2m_get(p2m(), gfn(1031), &entry);
	CU_ASSERT_EQUAL(entry.kind, P2M_RAM);
	CU_ASSERT_EQUAL(entry.mfn.n, 2055);
	CU_ASSERT_EQUAL(entry.order, 0);
	hvm_destroy();
}

static void a_large_extent_over_small_entries_stays_small(void)
{
	CU_ASSERT_EQUAL(set(1030, 77, 0, P2M_RAM), 0);
	CU_ASSERT_EQUAL(set(1024, 2048, ORDER_2M, P2M_RAM), 0);
	p2m_get(p2m(), gfn(1030), &entry);
	CU_ASSERT_EQUAL(entry.mfn.n, 2054);
	CU_ASSERT_EQUAL(entry.order, 0);
	hvm_destroy();
}

static void frames_not_aligned_like_their_numbers_are_small(void)
{
	CU_ASSERT_EQUAL(set(1024, 2049, ORDER_2M, P2M_RAM), 0);
	p2m_get(p2m(), gfn(1024 + 511), &entry);
	CU_ASSERT_EQUAL(entry.order, 0);
	CU_ASSERT_EQUAL(entry.mfn.n, 2049 + 511);
	hvm_destroy();
}

static void what_is_not_there_is_not_removed(void)
{
	bool removed;

	CU_ASSERT_EQUAL(set(5, 50, 0, P2M_RAM), 0);
	CU_ASSERT_EQUAL(take(5, 51, &removed), 0);
	CU_ASSERT_FALSE(removed);
	CU_ASSERT_EQUAL(take(6, 50, &removed), 0);
	CU_ASSERT_FALSE(removed);
	CU_ASSERT_EQUAL(take(P2M_GFN_END, 50, &removed), 0);
	CU_ASSERT_FALSE(removed);
	CU_ASSERT_EQUAL(take(5, 50, &removed), 0);
	CU_ASSERT(removed);
	CU_ASSERT_EQUAL(take(5, 50, &removed), 0);
	CU_ASSERT_FALSE(removed);
	hvm_destroy();
}

static void numbers_beyond_the_end_are_refused(void)
{
	CU_ASSERT_EQUAL(set(P2M_GFN_END, 1, 0, P2M_RAM), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set(~0UL, 1, 0, P2M_RAM), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set(1UL << 52, 1, ORDER_2M, P2M_RAM), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set(1, 512, ORDER_2M, P2M_RAM), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set(P2M_GFN_END - 1, 1, 0, P2M_RAM), 0);
	hvm_destroy();
}

static void without_memory_nothing_is_set(void)
{
	for (uint64_t after = 0; after < 3; after++) {
		sim_fail_allocation_after(after);
		CU_ASSERT_EQUAL(set(7UL << 27, 9, 0, P2M_RAM), -XEN_ENOMEM);
		p2m_get(p2m(), gfn(7UL << 27), &entry);
		CU_ASSERT_EQUAL(entry.kind, P2M_HOLE);
		sim_fail_allocation_after(~0UL);
		p2m_destroy(p2m());
		CU_ASSERT_EQUAL_FATAL(p2m_create(p2m()), 0);
	}
	hvm_destroy();
}

static void without_memory_a_split_leaves_it_whole(void)
{
	bool removed = true;

	CU_ASSERT_EQUAL(set(1024, 2048, ORDER_2M, P2M_RAM), 0);
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(take(1025, 2049, &removed), -XEN_ENOMEM);
	CU_ASSERT_FALSE(removed);
	sim_fail_allocation_after(~0UL);
	p2m_get(p2m(), gfn(1025), &entry);
	CU_ASSERT_EQUAL(entry.mfn.n, 2049);
	CU_ASSERT_EQUAL(entry.order, ORDER_2M);
	hvm_destroy();
}

static void only_own_frames_are_lent(void)
{
	mfn_t m = hvm_ram_at(40);
	struct frame *f;
	mfn_t others = buddy_alloc(0, 0, 0);

	CU_ASSERT_EQUAL(p2m_frame_get(hvm, gfn(40), true, &f), 0);
	CU_ASSERT_EQUAL(frame_mfn(f).n, m.n);
	frame_put(f);
	CU_ASSERT_EQUAL(p2m_frame_get(hvm, gfn(41), true, &f), -XEN_EINVAL);
	/* Not its own, whatever the entry says. */
	CU_ASSERT_EQUAL(set(42, others.n, 0, P2M_RAM), 0);
	CU_ASSERT_EQUAL(p2m_frame_get(hvm, gfn(42), true, &f), -XEN_EINVAL);
	CU_ASSERT_EQUAL(set(43, m.n, 0, P2M_RAM_RO), 0);
	CU_ASSERT_EQUAL(p2m_frame_get(hvm, gfn(43), true, &f), -XEN_EINVAL);
	CU_ASSERT_EQUAL(p2m_frame_get(hvm, gfn(43), false, &f), 0);
	frame_put(f);
	CU_ASSERT_EQUAL(set(44, m.n, 0, P2M_GRANT), 0);
	CU_ASSERT_EQUAL(p2m_frame_get(hvm, gfn(44), false, &f), -XEN_EINVAL);
	buddy_free(others, 0);
	hvm_destroy();
}

static void a_destroyed_domain_leaves_every_frame_behind(void)
{
	uint64_t free = buddy_free_count() + hvm->frame_count;
	struct domain_config config = {
		.max_vcpus = 1, .max_grant_frames = 4, .max_maptrack_frames = 4};
	struct domain *second;

	CU_ASSERT_EQUAL_FATAL(domain_create(2, &config, &hvm_guest_ops, false, &second), 0);
	hvm_destroy();
	hvm = second;
	hvm->frame_max = 64;
	free = buddy_free_count();
	for (uint64_t i = 0; i < 40; i++) {
		(void)hvm_ram_at(i << 18);
	}
	CU_ASSERT(buddy_free_count() < free - 80);
	hvm_destroy();
	/* And what the domain itself was. */
	CU_ASSERT(buddy_free_count() > free);
}

static char dumped[8][100];
static unsigned int dump_lines;

static void take_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(dumped[dump_lines++ % array_size(dumped)], sizeof(dumped[0]), format, args);
	va_end(args);
}

static void a_dump_has_one_line_for_what_belongs_together(void)
{
	dump_lines = 0;
	p2m_dump(hvm, take_line);
	CU_ASSERT_EQUAL(dump_lines, 0);
	CU_ASSERT_EQUAL(set(0x10, 0x100, 0, P2M_RAM), 0);
	CU_ASSERT_EQUAL(set(0x11, 0x101, 0, P2M_RAM), 0);
	CU_ASSERT_EQUAL(set(0x12, 0x300, 0, P2M_RAM), 0);
	CU_ASSERT_EQUAL(set(0x13, 0x301, 0, P2M_GRANT_RO), 0);
	CU_ASSERT_EQUAL(set(0x400, 0x600, ORDER_2M, P2M_RAM), 0);
	p2m_dump(hvm, take_line);
	CU_ASSERT_EQUAL_FATAL(dump_lines, 4);
	CU_ASSERT_STRING_EQUAL(dumped[0], "  10-11 RAM at 100");
	CU_ASSERT_STRING_EQUAL(dumped[1], "  12-12 RAM at 300");
	CU_ASSERT_STRING_EQUAL(dumped[2], "  13-13 read-only grant at 301");
	CU_ASSERT_STRING_EQUAL(dumped[3], "  400-5ff RAM at 600");
	for (uint64_t g = 0x14; g < 0x200; g++) {
		CU_ASSERT_EQUAL(set(g, g & 1 ? 0x800 : 0x900, 0, P2M_SHARED), 0);
	}
	dump_lines = 0;
	p2m_dump(hvm, take_line);
	CU_ASSERT_EQUAL(dump_lines, 65);
	CU_ASSERT_NSTRING_EQUAL(dumped[64 % array_size(dumped)], "  ... from ", 11);
	hvm_destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_empty_one_has_holes_only),
		UNIT(each_kind_comes_back_as_it_went_in),
		UNIT(the_hardware_sees_the_rights_of_each_kind),
		UNIT(two_megabytes_are_one_entry),
		UNIT(a_hole_in_a_large_entry_splits_it),
		UNIT(a_large_extent_over_small_entries_stays_small),
		UNIT(frames_not_aligned_like_their_numbers_are_small),
		UNIT(what_is_not_there_is_not_removed),
		UNIT(numbers_beyond_the_end_are_refused),
		UNIT(without_memory_nothing_is_set),
		UNIT(without_memory_a_split_leaves_it_whole),
		UNIT(only_own_frames_are_lent),
		UNIT(a_dump_has_one_line_for_what_belongs_together),
		UNIT(a_destroyed_domain_leaves_every_frame_behind),
	};

	return unit_main("hvm_p2m", tests, array_size(tests), hvm_setup);
}
