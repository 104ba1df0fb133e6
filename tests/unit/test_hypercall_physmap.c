/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op of a translated domain about itself: what is placed, moved, taken away, and counted. */
#include "unit/hvm_world.h"

#include "hypercall/memory.h"

#include <xen/memory.h>

#define ARGUMENTS 0x1000UL
#define LIST 0x2000UL

static void setup(void)
{
	hvm_setup();
	(void)hvm_ram_at(ARGUMENTS >> PAGE_SHIFT);
	(void)hvm_ram_at(LIST >> PAGE_SHIFT);
	hvm_load_vcpu(h0);
	fake(h0)->registers[HVM_CR0] = CR0_PE | CR0_ET;
	restart_reset();
}

static int64_t op(uint64_t command, const void *argument, size_t bytes)
{
	struct hypercall call = {.v = h0, .args = {command, ARGUMENTS}};

	memcpy(hvm_word_at(ARGUMENTS), argument, bytes);
	return hypercall_memory_op(&call);
}

static enum p2m_kind kind_at(uint64_t g)
{
	struct p2m_entry entry;

	p2m_get(&hvm->hvm->p2m, gfn(g), &entry);
	return entry.kind;
}

static mfn_t mfn_at(uint64_t g)
{
	struct p2m_entry entry;

	p2m_get(&hvm->hvm->p2m, gfn(g), &entry);
	return entry.mfn;
}

static int64_t reserve(uint64_t command, uint64_t g, uint32_t order)
{
	struct xen_memory_reservation r = {
		.extent_start = LIST, .nr_extents = 1, .extent_order = order, .domid = DOMID_SELF};

	*hvm_word_at(LIST) = g;
	return op(command, &r, sizeof(r));
}

static int64_t add(uint32_t space, uint64_t index, uint64_t g)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = space, .idx = index, .gpfn = g};

	return op(XENMEM_add_to_physmap, &a, sizeof(a));
}

static void populated_frames_stand_where_asked(void)
{
	uint64_t count = hvm->frame_count;

	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 0), 1);
	CU_ASSERT_EQUAL(kind_at(0x500), P2M_RAM);
	CU_ASSERT_EQUAL(hvm->frame_count, count + 1);
	/* The list is the guest's: its own number stays in it. */
	CU_ASSERT_EQUAL(*hvm_word_at(LIST), 0x500);
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, P2M_GFN_END, 0), 0);
	CU_ASSERT_EQUAL(hvm->frame_count, count + 1);
	hvm_destroy();
}

static void populating_twice_gives_the_first_frame_back(void)
{
	uint64_t count = hvm->frame_count;
	mfn_t first;

	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 0), 1);
	first = mfn_at(0x500);
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 0), 1);
	CU_ASSERT_NOT_EQUAL(first.n, mfn_at(0x500).n);
	CU_ASSERT_EQUAL(hvm->frame_count, count + 1);
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 2), 1);
	CU_ASSERT_EQUAL(hvm->frame_count, count + 4);
	hvm_destroy();
}

static void without_memory_for_tables_frames_come_back(void)
{
	uint64_t count = hvm->frame_count, free = buddy_free_count();

	sim_fail_allocation_after(1);
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x7000000, 0), 0);
	sim_fail_allocation_after(~0UL);
	CU_ASSERT_EQUAL(hvm->frame_count, count);
	CU_ASSERT_EQUAL(buddy_free_count(), free);
	hvm_destroy();
}

static void frames_given_up_leave_holes(void)
{
	uint64_t count = hvm->frame_count;

	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 2), 1);
	CU_ASSERT_EQUAL(reserve(XENMEM_decrease_reservation, 0x501, 0), 1);
	CU_ASSERT_EQUAL(kind_at(0x501), P2M_HOLE);
	CU_ASSERT_EQUAL(kind_at(0x502), P2M_RAM);
	CU_ASSERT_EQUAL(hvm->frame_count, count + 3);
	CU_ASSERT_EQUAL(reserve(XENMEM_decrease_reservation, 0x501, 0), 0);
	CU_ASSERT_EQUAL(hvm->frame_count, count + 3);
	hvm_destroy();
}

static void shared_info_takes_the_place_of_ram_and_moves(void)
{
	uint64_t count = hvm->frame_count;
	mfn_t shared = pointer_to_mfn(hvm->shared);

	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 0), 1);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_shared_info, 0, 0x500), 0);
	CU_ASSERT_EQUAL(kind_at(0x500), P2M_SHARED);
	CU_ASSERT_EQUAL(mfn_at(0x500).n, shared.n);
	CU_ASSERT_EQUAL(hvm->frame_count, count);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_shared_info, 0, 0x600), 0);
	CU_ASSERT_EQUAL(kind_at(0x500), P2M_HOLE);
	CU_ASSERT_EQUAL(mfn_at(0x600).n, shared.n);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_shared_info, 1, 0x700), -XEN_EINVAL);
	/* It is not RAM that could be given up. */
	CU_ASSERT_EQUAL(reserve(XENMEM_decrease_reservation, 0x600, 0), 1);
	CU_ASSERT_EQUAL(hvm->frame_count, count);
	hvm_destroy();
}

static void grant_frames_are_placed_up_to_the_limit(void)
{
	CU_ASSERT_EQUAL(add(XENMAPSPACE_grant_table, 0, 0x800), 0);
	CU_ASSERT_EQUAL(kind_at(0x800), P2M_SHARED);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_grant_table, 3, 0x803), 0);
	CU_ASSERT_NOT_EQUAL(mfn_at(0x800).n, mfn_at(0x803).n);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_grant_table, 4, 0x804), -XEN_EINVAL);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_grant_table, 1UL << 31, 0x804), -XEN_EINVAL);
	CU_ASSERT_EQUAL(add(77, 0, 0x804), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_grant_table, 0, P2M_GFN_END), -XEN_EINVAL);
	hvm_destroy();
}

static void a_frame_moves_with_its_contents(void)
{
	uint64_t count;
	mfn_t m;

	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 0), 1);
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x501, 0), 1);
	count = hvm->frame_count;
	m = mfn_at(0x500);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_gmfn, 0x500, 0x501), 0);
	CU_ASSERT_EQUAL(mfn_at(0x501).n, m.n);
	CU_ASSERT_EQUAL(kind_at(0x500), P2M_HOLE);
	/* What stood there went. */
	CU_ASSERT_EQUAL(hvm->frame_count, count - 1);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_gmfn, 0x501, 0x501), 0);
	CU_ASSERT_EQUAL(add(XENMAPSPACE_gmfn, 0x999, 0x501), -XEN_EINVAL);
	CU_ASSERT_EQUAL(mfn_at(0x501).n, m.n);
	hvm_destroy();
}

static void what_is_removed_is_gone(void)
{
	struct xen_remove_from_physmap r = {.domid = DOMID_SELF, .gpfn = 0x500};
	uint64_t count = hvm->frame_count;

	CU_ASSERT_EQUAL(op(XENMEM_remove_from_physmap, &r, sizeof(r)), -XEN_ENOENT);
	CU_ASSERT_EQUAL(reserve(XENMEM_populate_physmap, 0x500, 0), 1);
	CU_ASSERT_EQUAL(op(XENMEM_remove_from_physmap, &r, sizeof(r)), 0);
	CU_ASSERT_EQUAL(kind_at(0x500), P2M_HOLE);
	CU_ASSERT_EQUAL(hvm->frame_count, count);
	hvm_destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(populated_frames_stand_where_asked),
		UNIT(populating_twice_gives_the_first_frame_back),
		UNIT(without_memory_for_tables_frames_come_back),
		UNIT(frames_given_up_leave_holes),
		UNIT(shared_info_takes_the_place_of_ram_and_moves),
		UNIT(grant_frames_are_placed_up_to_the_limit),
		UNIT(a_frame_moves_with_its_contents),
		UNIT(what_is_removed_is_gone),
	};

	return unit_main("hypercall_physmap", tests, array_size(tests), setup);
}
