/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op: reservations count what they did and never fail, restarts lose nothing, and an
 * exchange happens as a whole or not at all, whatever refuses on the way.
 */
#include "unit/call_world.h"

#include "hypercall/memory.h"

#include <xen/memory.h>

#define ALL_UNITS RESTART_UNITS

static uint64_t list(unsigned int i)
{
	uint64_t n;

	get(&n, LIST_VA + i * 8UL, 8);
	return n;
}

static void set_list(uint64_t va, unsigned int i, uint64_t n)
{
	put(va + i * 8UL, &n, 8);
}

static int64_t reserve(struct domain *d, unsigned int cmd, uint16_t domid, uint64_t count,
		       uint32_t order, unsigned int units)
{
	struct xen_memory_reservation r = {.extent_start = LIST_VA, .nr_extents = count,
					   .extent_order = order, .domid = domid};

	put(WORLD_VA, &r, sizeof(r));
	return call_units(d, hypercall_memory_op, cmd, WORLD_VA, 0, units);
}

static void populate(struct domain *d, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		set_list(LIST_VA, i, 100 + i);
	}
	CU_ASSERT_EQUAL(reserve(d, XENMEM_populate_physmap, DOMID_SELF, count, 0, ALL_UNITS),
			count);
}

static void an_unprivileged_domain_gets_nothing_for_another(void)
{
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_populate_physmap, 0, 4, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_decrease_reservation, 0, 4, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_populate_physmap, 77, 4, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_populate_physmap, DOMID_SELF, 1, 10, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(dom0->frame_count + dom1->frame_count, 0);
}

static void populate_answers_frames_and_sets_their_numbers(void)
{
	populate(dom1, 5);
	CU_ASSERT_EQUAL(dom1->frame_count, 5);
	for (unsigned int i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(m2p_get(mfn(list(i))), 100 + i);
		CU_ASSERT_EQUAL(frame_of(mfn(list(i)))->owner, 1);
	}
}

static void populate_stops_at_the_maximum(void)
{
	dom1->frame_max = 3;
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_populate_physmap, DOMID_SELF, 5, 0, ALL_UNITS), 3);
}

static void each_call_restarted_after_each_extent_does_the_same(void)
{
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_populate_physmap, DOMID_SELF, 6, 0, 1), 6);
	CU_ASSERT_EQUAL(world_stays, 6);
	CU_ASSERT_EQUAL(dom1->frame_count, 6);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_decrease_reservation, DOMID_SELF, 6, 0, 1), 6);
	CU_ASSERT_EQUAL(world_stays, 6);
	CU_ASSERT_EQUAL(dom1->frame_count, 0);
}

static void decrease_stops_at_a_frame_not_owned(void)
{
	populate(dom1, 4);
	set_list(LIST_VA, 2, pointer_to_mfn(dom1->shared).n);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_decrease_reservation, DOMID_SELF, 4, 0, ALL_UNITS), 2);
	set_list(LIST_VA, 0, 0x7fffffffffffUL);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_decrease_reservation, DOMID_SELF, 1, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(dom1->frame_count, 2);
}

static void a_frame_held_elsewhere_stays_counted(void)
{
	struct frame *f;

	populate(dom1, 1);
	f = frame_of(mfn(list(0)));
	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_decrease_reservation, DOMID_SELF, 1, 0, ALL_UNITS), 1);
	CU_ASSERT_EQUAL(dom1->frame_count, 1);
	frame_put(f);
	CU_ASSERT_EQUAL(dom1->frame_count, 0);
}

static void forged_progress_is_checked(void)
{
	populate(dom1, 2);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_decrease_reservation | 9U << 6, DOMID_SELF, 2, 0,
				ALL_UNITS),
			9);
	CU_ASSERT_EQUAL(reserve(dom1, XENMEM_maximum_ram_page | 1U << 6, DOMID_SELF, 2, 0,
				ALL_UNITS),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(dom1->frame_count, 2);
}

/* --- exchange -------------------------------------------------------------------------------- */

static uint64_t exchanged;

static int64_t exchange(uint64_t nr_in, uint32_t in_order, uint64_t nr_out, uint32_t out_order,
			uint32_t bits, unsigned int units)
{
	struct xen_memory_exchange x = {
		.in = {LIST_VA, nr_in, in_order, 0, DOMID_SELF, {0}},
		.out = {LIST2_VA, nr_out, out_order, bits, DOMID_SELF, {0}},
	};
	int64_t result;

	put(WORLD_VA, &x, sizeof(x));
	result = call_units(dom1, hypercall_memory_op, XENMEM_exchange, WORLD_VA, 0, units);
	get(&x, WORLD_VA, sizeof(x));
	exchanged = x.nr_exchanged;
	return result;
}

static void singles_become_one_aligned_extent(void)
{
	uint64_t m;

	populate(dom1, 16);
	set_list(LIST2_VA, 0, 500);
	CU_ASSERT_EQUAL(exchange(16, 0, 1, 4, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(exchanged, 16);
	CU_ASSERT_EQUAL(dom1->frame_count, 16);
	get(&m, LIST2_VA, 8);
	CU_ASSERT_EQUAL(m % 16, 0);
	for (unsigned int i = 0; i < 16; i++) {
		CU_ASSERT_EQUAL(frame_of(mfn(m + i))->owner, 1);
		CU_ASSERT_EQUAL(m2p_get(mfn(m + i)), 500 + i);
	}
	/* ... and back */
	set_list(LIST_VA, 0, m);
	CU_ASSERT_EQUAL(exchange(1, 4, 16, 0, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(exchanged, 1);
	CU_ASSERT_EQUAL(dom1->frame_count, 16);
}

static void expect_untouched(unsigned int count, uint64_t free)
{
	CU_ASSERT_EQUAL(exchanged, 0);
	CU_ASSERT_EQUAL(dom1->frame_count, count);
	CU_ASSERT_EQUAL(buddy_free_count(), free);
	for (unsigned int i = 0; i < count; i++) {
		struct frame *f = frame_of(mfn(list(i)));

		CU_ASSERT_EQUAL(f->refs, FRAME_ALLOCATED | 1);
		CU_ASSERT_EQUAL(f->owner, 1);
		CU_ASSERT_EQUAL(m2p_get(mfn(list(i))), 100 + i);
	}
}

static void without_memory_nothing_is_exchanged(void)
{
	uint64_t free;

	populate(dom1, 8);
	free = buddy_free_count();
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(exchange(1, 3, 8, 0, 0, ALL_UNITS), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(exchange(64, 0, 1, 6, 0, ALL_UNITS), -XEN_ENOMEM);
	CU_ASSERT_EQUAL(buddy_free_count(), free);
	sim_fail_allocation_after(~0UL);
	CU_ASSERT_EQUAL(exchange(8, 0, 1, 3, 13, ALL_UNITS), -XEN_ENOMEM);
	expect_untouched(8, free);
}

static void a_frame_in_use_refuses_the_whole_chunk(void)
{
	struct frame *f;
	uint64_t free;

	populate(dom1, 8);
	dom1->frame_max = 8;
	free = buddy_free_count();
	f = frame_of(mfn(list(7)));
	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_EQUAL(exchange(8, 0, 1, 3, 0, ALL_UNITS), -XEN_EINVAL);
	frame_put(f);
	expect_untouched(8, free);
	/* The maximum may be below what the domain has: it still gets its frames back. */
	dom1->frame_max = 1;
	CU_ASSERT_TRUE(frame_get(f, 1));
	CU_ASSERT_EQUAL(exchange(8, 0, 1, 3, 0, ALL_UNITS), -XEN_EINVAL);
	frame_put(f);
	expect_untouched(8, free);
	CU_ASSERT_EQUAL(exchange(8, 0, 1, 3, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(dom1->frame_count, 8);
}

static void bad_requests_are_refused_at_once(void)
{
	populate(dom1, 4);
	CU_ASSERT_EQUAL(exchange(4, 0, 1, 10, 0, ALL_UNITS), -XEN_EPERM);
	CU_ASSERT_EQUAL(exchange(4, 0, 1, 3, 0, ALL_UNITS), -XEN_EINVAL);
	CU_ASSERT_EQUAL(exchange(1UL << 60, 4, 1UL << 60, 4, 0, ALL_UNITS), -XEN_EINVAL);
	CU_ASSERT_EQUAL(exchange(8, 0, 1, 2, 0, ALL_UNITS), -XEN_EINVAL);
	CU_ASSERT_EQUAL(exchanged, 0);
}

static void an_exchange_does_not_begin_inside_a_chunk(void)
{
	struct xen_memory_exchange x = {
		.in = {LIST_VA, 4, 0, 0, DOMID_SELF, {0}},
		.out = {LIST2_VA, 1, 2, 0, DOMID_SELF, {0}},
		.nr_exchanged = 1,
	};

	populate(dom1, 8);
	put(WORLD_VA, &x, sizeof(x));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_memory_op, XENMEM_exchange, WORLD_VA, 0),
			-XEN_EINVAL);
	get(&x, WORLD_VA, sizeof(x));
	CU_ASSERT_EQUAL(x.nr_exchanged, 1);
	CU_ASSERT_EQUAL(dom1->frame_count, 8);
}

static void chunks_restart_one_by_one(void)
{
	populate(dom1, 8);
	CU_ASSERT_EQUAL(exchange(8, 0, 4, 1, 0, 1), 0);
	CU_ASSERT(world_stays >= 4);
	CU_ASSERT_EQUAL(exchanged, 8);
	CU_ASSERT_EQUAL(dom1->frame_count, 8);
}

static void big_chunks_take_several_stays(void)
{
	uint64_t m;

	populate(dom1, 64);
	set_list(LIST2_VA, 0, 4096);
	CU_ASSERT_EQUAL(exchange(64, 0, 1, 6, 0, ALL_UNITS), 0);
	CU_ASSERT(world_stays >= 3);
	CU_ASSERT_EQUAL(exchanged, 64);
	get(&m, LIST2_VA, 8);
	CU_ASSERT_EQUAL(m2p_get(mfn(m + 63)), 4096 + 63);
	CU_ASSERT_EQUAL(dom1->frame_count, 64);
	CU_ASSERT_EQUAL(dom1->exchange.stage, 0);
}

static void an_exchange_left_alone_is_given_back_or_freed(void)
{
	struct xen_memory_exchange x = {
		.in = {LIST_VA, 64, 0, 0, DOMID_SELF, {0}},
		.out = {LIST2_VA, 1, 6, 0, DOMID_SELF, {0}},
	};
	struct hypercall call = {.v = dom1->vcpus[0], .args = {XENMEM_exchange, WORLD_VA}};
	uint64_t free;

	populate(dom1, 64);
	free = buddy_free_count();
	put(WORLD_VA, &x, sizeof(x));
	while (dom1->exchange.taken < 8) {
		CU_ASSERT_EQUAL_FATAL(stay(hypercall_memory_op, &call, 4), -XEN_ERESTART);
	}
	CU_ASSERT(dom1->frame_count < 64);
	CU_ASSERT_EQUAL(exchange(2, 0, 1, 1, 0, ALL_UNITS), 0);
	CU_ASSERT_EQUAL(dom1->frame_count, 64);
	CU_ASSERT_EQUAL(buddy_free_count(), free);
	dom1->exchange.is_busy = true;
	CU_ASSERT_EQUAL(memory_exchange_teardown(dom1), -XEN_ERESTART);
	CU_ASSERT_EQUAL(stay(hypercall_memory_op, &call, 4), -XEN_ERESTART);
	dom1->exchange.is_busy = false;
	CU_ASSERT_EQUAL(memory_exchange_teardown(dom1), 0);
}

/* --- maps, counts, resources ----------------------------------------------------------------- */

static void a_memory_map_set_is_the_one_read(void)
{
	struct xen_foreign_memory_map set = {.domid = 1, .map = {1, 0, LIST_VA}};
	struct xen_memory_map map = {8, 0, LIST2_VA};
	struct xen_e820_entry entry = {0, 0x10000, 1};

	put(WORLD_VA, &map, sizeof(map));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_memory_op, XENMEM_memory_map, WORLD_VA, 0),
			-XEN_ENOSYS);
	put(WORLD_VA, &set, sizeof(set));
	put(LIST_VA, &entry, sizeof(entry));
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_memory_op, XENMEM_set_memory_map, WORLD_VA, 0), 0);
	put(WORLD_VA, &map, sizeof(map));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_memory_op, XENMEM_memory_map, WORLD_VA, 0), 0);
	get(&map, WORLD_VA, sizeof(map));
	CU_ASSERT_EQUAL(map.nr_entries, 1);
	heap_free(dom1->e820);
	dom1->e820 = NULL;
}

static void the_machine_map_is_for_the_control_domain(void)
{
	struct xen_memory_map map = {1, 0, LIST_VA};

	put(WORLD_VA, &map, sizeof(map));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_memory_op, XENMEM_machine_memory_map, WORLD_VA, 0),
			-XEN_EPERM);
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_memory_op, XENMEM_machine_memory_map, WORLD_VA, 0),
			-XEN_EINVAL);
	map.buffer = 0;
	put(WORLD_VA, &map, sizeof(map));
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_memory_op, XENMEM_machine_memory_map, WORLD_VA, 0),
			0);
	get(&map, WORLD_VA, sizeof(map));
	CU_ASSERT_EQUAL(map.nr_entries, 2);
}

static void grant_frames_are_a_resource_of_others(void)
{
	struct xen_mem_acquire_resource r = {.domid = 1, .type = XENMEM_resource_grant_table,
					     .nr_frames = 2, .frame_list = LIST_VA};

	put(WORLD_VA, &r, sizeof(r));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_memory_op, XENMEM_acquire_resource, WORLD_VA, 0),
			-XEN_EPERM);
	CU_ASSERT_EQUAL(
		call_units(dom0, hypercall_memory_op, XENMEM_acquire_resource, WORLD_VA, 0, 1), 0);
	CU_ASSERT_EQUAL(list(1), grant_frame(dom1, 1).n);
	r.nr_frames = 9;
	put(WORLD_VA, &r, sizeof(r));
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_memory_op, XENMEM_acquire_resource, WORLD_VA, 0),
			-XEN_EINVAL);
	r.type = XENMEM_resource_ioreq_server;
	put(WORLD_VA, &r, sizeof(r));
	CU_ASSERT_EQUAL(call_as(dom0, hypercall_memory_op, XENMEM_acquire_resource, WORLD_VA, 0),
			-XEN_EOPNOTSUPP);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_unprivileged_domain_gets_nothing_for_another),
		UNIT(populate_answers_frames_and_sets_their_numbers),
		UNIT(populate_stops_at_the_maximum),
		UNIT(each_call_restarted_after_each_extent_does_the_same),
		UNIT(decrease_stops_at_a_frame_not_owned),
		UNIT(a_frame_held_elsewhere_stays_counted),
		UNIT(forged_progress_is_checked),
		UNIT(singles_become_one_aligned_extent),
		UNIT(without_memory_nothing_is_exchanged),
		UNIT(a_frame_in_use_refuses_the_whole_chunk),
		UNIT(bad_requests_are_refused_at_once),
		UNIT(an_exchange_does_not_begin_inside_a_chunk),
		UNIT(chunks_restart_one_by_one),
		UNIT(big_chunks_take_several_stays),
		UNIT(an_exchange_left_alone_is_given_back_or_freed),
		UNIT(a_memory_map_set_is_the_one_read),
		UNIT(the_machine_map_is_for_the_control_domain),
		UNIT(grant_frames_are_a_resource_of_others),
	};

	return unit_main("hypercall_memory", tests, array_size(tests), world_reset);
}
