/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page types: what excludes what, pins, validation and its restarts, stale translations. */
#include "unit/pv_world.h"

static int64_t pin(unsigned int level, mfn_t m)
{
	return extended(MMUEXT_PIN_L1_TABLE + level - 1, m.n);
}

static void a_pinned_table_cannot_become_writable(void)
{
	mfn_t m = give(domu);

	CU_ASSERT_EQUAL(pin(1, m), 0);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(m)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, m.n), 0);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(m)), 0);
	pv_put_writable(domu, frame_of(m));
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void a_writable_frame_cannot_become_a_table_of_any_level(void)
{
	mfn_t m = give(domu);

	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(m)), 0);
	for (unsigned int level = 1; level <= 4; level++) {
		CU_ASSERT_EQUAL(pin(level, m), -XEN_EINVAL);
	}
	CU_ASSERT_EQUAL(pv_type_get(domu, frame_of(m), TYPE_SEGDESC), -XEN_EINVAL);
	pv_put_writable(domu, frame_of(m));
	CU_ASSERT_EQUAL(ref_count(m), 1);
}

static void pinning_twice_is_refused_and_takes_nothing(void)
{
	mfn_t m = give(domu);

	CU_ASSERT_EQUAL(pin(1, m), 0);
	CU_ASSERT_EQUAL(pin(1, m), -XEN_EINVAL);
	CU_ASSERT_EQUAL(type_count(m), 1);
	CU_ASSERT_EQUAL(ref_count(m), 2);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, m.n), 0);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, m.n), -XEN_EINVAL);
	CU_ASSERT_EQUAL(ref_count(m), 1);
}

static void frames_of_others_cannot_be_pinned(void)
{
	CU_ASSERT_EQUAL(pin(1, give(dom0)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pin(1, mfn(~0UL)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pin(1, mfn(3)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pin(1, give_heap(domu)), -XEN_EINVAL);
}

static void a_tree_is_typed_at_once_and_untyped_at_once(void)
{
	struct tree t = tree_build(domu);

	CU_ASSERT_EQUAL(pin(4, t.l4), 0);
	CU_ASSERT(is_table(t.l3) && is_table(t.l2) && is_table(t.l1));
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, t.l4.n), 0);
	CU_ASSERT(!is_table(t.l4) && !is_table(t.l3) && !is_table(t.l2) && !is_table(t.l1));
	CU_ASSERT_EQUAL(ref_count(t.l1), 1);
}

static void hypervisor_slots_are_overwritten_and_hold_nothing(void)
{
	struct tree t = tree_build(domu);
	mfn_t foreign = give(dom0);

	*entry(t.l4, 256) = pte_make(foreign, RW);
	*entry(t.l4, 271) = pte_make(t.l4, RW);
	CU_ASSERT_EQUAL(pin(4, t.l4), 0);
	CU_ASSERT_EQUAL(entry(t.l4, 256)->raw, 0x1000063);
	CU_ASSERT_EQUAL(entry(t.l4, 271)->raw, 0x1000063);
	CU_ASSERT_EQUAL(ref_count(foreign), 1);
	CU_ASSERT_EQUAL(update(entry_address(t.l4, 256), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, t.l4.n), 0);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void forced_bits_appear_in_the_guests_entries(void)
{
	struct tree t = tree_build(domu);
	mfn_t data = give(domu);

	*entry(t.l1, 0) = pte_make(data, PTE_P | PTE_RW | PTE_G);
	*entry(t.l1, 1) = pte_make(data, RO | PTE_G);
	*entry(t.l1, 2) = pte_raw(0x123456789000 | PTE_RW);
	*entry(t.l2, 0) = pte_make(t.l1, PTE_P | PTE_RW);
	CU_ASSERT_EQUAL(pin(4, t.l4), 0);
	CU_ASSERT_EQUAL(pte_flags(*entry(t.l1, 0)), RW | PTE_GUEST_KERNEL);
	CU_ASSERT_EQUAL(pte_flags(*entry(t.l1, 1)), RO);
	CU_ASSERT_EQUAL(entry(t.l1, 2)->raw, 0x123456789000 | PTE_RW);
	CU_ASSERT_EQUAL(pte_flags(*entry(t.l2, 0)), RW);
	CU_ASSERT_EQUAL(pte_flags(*entry(t.l4, TREE_L4)), RW | PTE_A);
	CU_ASSERT_EQUAL(type_count(data), 1);
	CU_ASSERT_EQUAL(ref_count(data), 3);
}

/* A refusal gives back everything: flags, foreign frames, linear and large mappings. */
static void a_bad_entry_anywhere_leaves_no_trace(void)
{
	const uint64_t upper_bad[] = {PTE_PSE, PTE_G, PTE_PWT, PTE_PCD};

	for (unsigned int kind = 0; kind < 9; kind++) {
		struct tree t = tree_build(domu);

		*entry(t.l1, 500) = pte_make(give(domu), RW);
		if (kind < 4) {
			*entry(t.l2, 511) = pte_make(give(domu), RW | upper_bad[kind]);
		} else if (kind == 4) {
			*entry(t.l1, 511) = pte_make(t.l1, RW);
		} else if (kind == 5) {
			*entry(t.l2, 511) = pte_make(t.l2, RO);
		} else if (kind == 6) {
			*entry(t.l3, 511) = pte_make(give(dom0), RW);
		} else if (kind == 7) {
			*entry(t.l1, 511) = pte_make(give(domu), RO | PTE_PCD);
		} else {
			*entry(t.l4, 511) = pte_make(t.l4, RO);
		}
		CU_ASSERT_EQUAL(pin(4, t.l4), -XEN_EINVAL);
		CU_ASSERT(!is_table(t.l4) && !is_table(t.l3) && !is_table(t.l2) && !is_table(t.l1));
		CU_ASSERT_EQUAL(ref_count(t.l4), 1);
		CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	}
}

/* Many L1 tables, so that a small budget stops often. */
static struct tree wide_tree(unsigned int tables)
{
	struct tree t = tree_build(domu);

	for (unsigned int i = 1; i < tables; i++) {
		mfn_t l1 = give(domu);

		*entry(l1, i) = pte_make(give(domu), RW);
		*entry(t.l2, i * 3) = pte_make(l1, RW);
	}
	return t;
}

static void validation_restarts_with_a_tiny_budget_and_ends(void)
{
	struct tree t = wide_tree(40);

	world_budget = 1;
	CU_ASSERT_EQUAL(pin(4, t.l4), 0);
	CU_ASSERT(world_restarts >= 20);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	world_restarts = 0;
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, t.l4.n), 0);
	CU_ASSERT(world_restarts >= 20);
	CU_ASSERT(!is_table(t.l4) && !is_table(t.l1));
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void a_late_refusal_is_undone_with_a_tiny_budget(void)
{
	struct tree t = wide_tree(40);

	*entry(t.l2, 511) = pte_make(give(dom0), RW);
	world_budget = 1;
	CU_ASSERT_EQUAL(pin(4, t.l4), -XEN_EINVAL);
	CU_ASSERT(world_restarts >= 40);
	CU_ASSERT(!is_table(t.l4) && !is_table(t.l3) && !is_table(t.l2) && !is_table(t.l1));
	CU_ASSERT_EQUAL(ref_count(t.l2), 1);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static int64_t once(uint32_t cmd, mfn_t m)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = m.n};

	enter();
	return pv_mmuext(vcpu1, domu, &op);
}

static void an_abandoned_validation_keeps_its_frames_until_the_domain_dies(void)
{
	struct tree t = wide_tree(40);

	world_budget = 1;
	CU_ASSERT_EQUAL(once(MMUEXT_PIN_L4_TABLE, t.l4), -XEN_ERESTART);
	CU_ASSERT(is_table(t.l4) && ref_count(t.l4) == 2);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(t.l2)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(t.l1)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	domu->life = DOMAIN_DYING;
	for (;;) {
		int err;

		enter();
		err = pv_mmu_teardown(domu);
		CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
		if (!err) {
			break;
		}
		CU_ASSERT_EQUAL_FATAL(err, -XEN_ERESTART);
	}
	CU_ASSERT(!is_table(t.l4) && !is_table(t.l3) && !is_table(t.l2) && !is_table(t.l1));
}

static void both_roots_go_with_their_domain(void)
{
	struct tree kernel = tree_load(vcpu1);
	struct tree user = tree_build(domu);
	int err;

	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_USER_BASEPTR, user.l4.n), 0);
	domu->life = DOMAIN_DYING;
	do {
		enter();
		err = pv_mmu_teardown(domu);
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT(!is_table(kernel.l4) && !is_table(user.l4));
	CU_ASSERT_EQUAL(ref_count(user.l4), 1);
}

static void whoever_wants_the_type_goes_on_with_a_stopped_unpin(void)
{
	struct tree t = wide_tree(40);
	mfn_t root = give(domu);

	CU_ASSERT_EQUAL(pin(4, t.l4), 0);
	world_budget = 1;
	for (unsigned int i = 0; i < 12; i++) {
		CU_ASSERT_EQUAL_FATAL(once(MMUEXT_UNPIN_TABLE, t.l4), -XEN_ERESTART);
		CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	}
	/* The L3 below is half torn down; another root takes the half-dead L4's child. */
	*entry(root, 3) = pte_make(t.l3, RW);
	for (unsigned int i = 0; i < 3; i++) {
		(void)once(MMUEXT_PIN_L4_TABLE, root);
		CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
		(void)once(MMUEXT_UNPIN_TABLE, t.l4);
		CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	}
	world_budget = 0;
	CU_ASSERT_EQUAL(pin(4, root), 0);
	CU_ASSERT(is_table(t.l3) && is_table(t.l2));
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, t.l4.n), 0);
	CU_ASSERT(is_table(t.l3) && is_table(t.l2) && is_table(t.l1));
	CU_ASSERT_EQUAL(type_count(t.l3), 1);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, root.n), 0);
	CU_ASSERT(!is_table(t.l3));
}

static void a_half_unpinned_root_can_be_pinned_whole_again(void)
{
	struct tree t = wide_tree(40);

	CU_ASSERT_EQUAL(pin(4, t.l4), 0);
	world_budget = 1;
	for (unsigned int i = 0; i < 7; i++) {
		CU_ASSERT_EQUAL_FATAL(once(MMUEXT_UNPIN_TABLE, t.l4), -XEN_ERESTART);
	}
	world_budget = 0;
	enter();
	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_BASEPTR, t.l4.n), 0);
	CU_ASSERT_EQUAL(type_count(t.l4), 2);
	CU_ASSERT_EQUAL(type_count(t.l3), 1);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, t.l4.n), 0);
	CU_ASSERT(is_table(t.l1));
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void a_new_table_is_read_only_after_stale_writers_are_flushed(void)
{
	mfn_t m = give(domu);

	cpu_set_add(&domu->dirty_cpus, 2);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(m)), 0);
	sim_tlb_remember(2, m);
	pv_put_writable(domu, frame_of(m));
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), 0);
	CU_ASSERT_EQUAL(pin(1, m), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), 1);
	/* Flushed since: the way back costs nothing more. */
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, m.n), 0);
	CU_ASSERT_EQUAL(pin(1, m), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), 1);
}

/* On CPU 2, which keeps a translation of it. */
static void use_as(mfn_t m, enum frame_type type)
{
	struct frame *f = frame_of(m);

	CU_ASSERT_EQUAL(pv_type_get(domu, f, type), 0);
	sim_tlb_remember(2, m);
	if (type == TYPE_WRITABLE) {
		pv_put_writable(domu, f);
	} else {
		CU_ASSERT_EQUAL(pv_type_put(domu, f), 0);
	}
}

static void a_frame_used_since_the_last_flush_is_stale_again(void)
{
	static const enum frame_type types[] = {TYPE_WRITABLE, TYPE_SEGDESC, TYPE_L1, TYPE_L4};

	cpu_set_add(&domu->dirty_cpus, 2);
	for (unsigned int i = 0; i < array_size(types); i++) {
		enum frame_type next = types[i] == TYPE_WRITABLE ? TYPE_L1 : TYPE_WRITABLE;
		mfn_t m = give(domu);
		struct cpu_set who;

		use_as(m, types[i]);
		tlb_flush_cpus(&domu->dirty_cpus);
		use_as(m, types[i]);
		CU_ASSERT_EQUAL(pv_type_get(domu, frame_of(m), next), 0);
		who = sim_tlb_may_see(m);
		CU_ASSERT(cpu_set_is_empty(&who));
	}
}

static void bad_descriptors_make_no_descriptor_frame(void)
{
	mfn_t m = give(domu);
	uint64_t *descriptors = frame_map(m);

	descriptors[511] = 0x00008900c0000067UL; /* a task state segment */
	CU_ASSERT_EQUAL(pv_type_get(domu, frame_of(m), TYPE_SEGDESC), -XEN_EINVAL);
	CU_ASSERT_EQUAL(type_count(m), 0);
	descriptors[511] = 0;
	CU_ASSERT_EQUAL(pv_type_get(domu, frame_of(m), TYPE_SEGDESC), 0);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(m)), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_type_put(domu, frame_of(m)), 0);
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(m)), 0);
	pv_put_writable(domu, frame_of(m));
}

static void a_table_being_checked_elsewhere_is_waited_for_restartably(void)
{
	mfn_t m = give(domu);
	struct frame *f = frame_of(m);

	f->type = (uint32_t)TYPE_L3 << TYPE_SHIFT | 1;
	CU_ASSERT_EQUAL(pv_type_get(domu, f, TYPE_L3), -XEN_ERESTART);
	CU_ASSERT_EQUAL(pv_type_get(domu, f, TYPE_L2), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_get_writable(domu, f), -XEN_EINVAL);
	f->type = 0;
}

static void full_counts_are_refused(void)
{
	mfn_t m = give(domu);
	struct frame *f = frame_of(m);

	f->type = (uint32_t)TYPE_WRITABLE << TYPE_SHIFT | TYPE_VALIDATED | TYPE_COUNT_MASK;
	CU_ASSERT_EQUAL(pv_get_writable(domu, f), -XEN_EINVAL);
	f->type = 0;
	f->refs = FRAME_ALLOCATED | FRAME_REF_MASK;
	CU_ASSERT_FALSE(pv_frame_get(f, 1));
	CU_ASSERT_EQUAL(pin(2, m), -XEN_EINVAL);
	f->refs = FRAME_ALLOCATED | 1;
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_pinned_table_cannot_become_writable),
		UNIT(a_writable_frame_cannot_become_a_table_of_any_level),
		UNIT(pinning_twice_is_refused_and_takes_nothing),
		UNIT(frames_of_others_cannot_be_pinned),
		UNIT(a_tree_is_typed_at_once_and_untyped_at_once),
		UNIT(hypervisor_slots_are_overwritten_and_hold_nothing),
		UNIT(forced_bits_appear_in_the_guests_entries),
		UNIT(a_bad_entry_anywhere_leaves_no_trace),
		UNIT(validation_restarts_with_a_tiny_budget_and_ends),
		UNIT(a_late_refusal_is_undone_with_a_tiny_budget),
		UNIT(an_abandoned_validation_keeps_its_frames_until_the_domain_dies),
		UNIT(both_roots_go_with_their_domain),
		UNIT(whoever_wants_the_type_goes_on_with_a_stopped_unpin),
		UNIT(a_half_unpinned_root_can_be_pinned_whole_again),
		UNIT(a_new_table_is_read_only_after_stale_writers_are_flushed),
		UNIT(a_frame_used_since_the_last_flush_is_stale_again),
		UNIT(bad_descriptors_make_no_descriptor_frame),
		UNIT(a_table_being_checked_elsewhere_is_waited_for_restartably),
		UNIT(full_counts_are_refused),
	};

	return unit_main("pv_type", tests, array_size(tests), world_reset);
}
