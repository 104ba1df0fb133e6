/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table updates: the table of results of mmu_update, other ways to change an entry, grants. */
#include "unit/pv_world.h"

#define GRANT_PTE(application) \
	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_NX | ((application) ? 0 : PTE_GUEST_KERNEL))

static struct tree t;
static mfn_t data;

static void setup(void)
{
	world_reset();
	t = tree_load(vcpu1);
	data = give(domu);
	*(uint64_t *)frame_map(data) = 0;
}

static maddr_t at(unsigned int index)
{
	return entry_address(t.l1, index);
}

static void flags_not_allowed_are_refused(void)
{
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RW | PTE_PCD).raw), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RW | PTE_PAT).raw), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(entry_address(t.l2, 1), pte_make(give(domu), RW | PTE_PSE).raw),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(done_count(), 0);
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, 0);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void frames_that_may_not_be_mapped_have_their_errors(void)
{
	CU_ASSERT_EQUAL(update(at(0), pte_make(give(dom0), RO).raw), -XEN_EBUSY);
	CU_ASSERT_EQUAL(update(at(0), pte_make(t.l1, RW).raw), -XEN_EBUSY);
	CU_ASSERT_EQUAL(update(at(0), pte_make(mfn(0x5000000), RW).raw), -XEN_EPERM);
	CU_ASSERT_EQUAL(update(at(0), PTE_ADDRESS_MASK | RW), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(at(0), pte_make(t.l1, RO).raw), 0);
	CU_ASSERT_EQUAL(update(entry_address(t.l2, 1), pte_make(data, RW).raw), 0);
	CU_ASSERT(is_table(data));
	CU_ASSERT_EQUAL(update(at(1), pte_make(data, RW).raw), -XEN_EBUSY);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void names_of_domains_are_checked(void)
{
	uint64_t value = pte_make(data, RO).raw;

	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), value, 0, 1), -XEN_ESRCH);
	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), value, 0, 77), -XEN_ESRCH);
	CU_ASSERT_EQUAL(done_count(), 0);
	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), value, 0, 0), -XEN_EPERM);
	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), value, 0, DOMID_XEN), -XEN_EPERM);
	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), value, 0, DOMID_SELF | 1U << 16), -XEN_EPERM);
	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), value, 0, DOMID_SELF | 2U << 16), 0);
	CU_ASSERT_EQUAL(update_by(vcpu1, maddr(at(0).n + 4), value, 0, DOMID_SELF), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(run(hypercall_mmu_update, vcpu1, 0x700000, 1, 0, DOMID_SELF), -XEN_EFAULT);
}

static void the_domain_that_controls_edits_tables_of_others(void)
{
	uint64_t value = pte_make(data, RW).raw;

	CU_ASSERT_EQUAL(update_by(vcpu0, at(0), value, 0, 1 | 2U << 16), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, at(1), value, 0, DOMID_SELF | 2U << 16), -XEN_EBUSY);
	CU_ASSERT_EQUAL(type_count(data), 1);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void soft_flags_change_in_place_and_keep_references(void)
{
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RW).raw), 0);
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RW | PTE_NX | PTE_AVAIL | PTE_D).raw), 0);
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, pte_make(data, RW | PTE_NX | PTE_AVAIL | PTE_D).raw);
	CU_ASSERT_EQUAL(type_count(data), 1);
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RO).raw), 0);
	CU_ASSERT_EQUAL(type_count(data), 0);
	CU_ASSERT_EQUAL(update(at(0), 0), 0);
	CU_ASSERT_EQUAL(ref_count(data), 1);
}

static void accessed_and_dirty_are_preserved_on_request(void)
{
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RW | PTE_D | PTE_A).raw), 0);
	CU_ASSERT_EQUAL(update_by(vcpu1, at(0), pte_make(data, RO).raw, MMU_PT_UPDATE_PRESERVE_AD,
				  DOMID_SELF), 0);
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, pte_make(data, RO | PTE_A | PTE_D).raw);
	CU_ASSERT_EQUAL(update(at(0), pte_make(data, RO).raw), 0);
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, pte_make(data, RO).raw);
}

static void plain_memory_is_stored_unchecked(void)
{
	CU_ASSERT_EQUAL(update(entry_address(data, 7), 0x00008900c0000067UL), 0);
	CU_ASSERT_EQUAL(entry(data, 7)->raw, 0x00008900c0000067UL);
	CU_ASSERT_EQUAL(update(entry_address(give(dom0), 0), 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_type_get(domu, frame_of(data), TYPE_SEGDESC), -XEN_EINVAL);
	entry(data, 7)->raw = 0;
	CU_ASSERT_EQUAL(pv_type_get(domu, frame_of(data), TYPE_SEGDESC), 0);
	CU_ASSERT_EQUAL(update(entry_address(data, 0), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_type_put(domu, frame_of(data)), 0);
}

static void the_m2p_is_the_guests_to_write_for_its_frames(void)
{
	CU_ASSERT_EQUAL(update_by(vcpu1, mfn_to_maddr(data), 77, MMU_MACHPHYS_UPDATE, DOMID_SELF),
			0);
	CU_ASSERT_EQUAL(m2p_get(data), 77);
	CU_ASSERT_EQUAL(update_by(vcpu1, mfn_to_maddr(give(dom0)), 7, MMU_MACHPHYS_UPDATE,
				  DOMID_SELF), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update_by(vcpu0, mfn_to_maddr(data), 78, MMU_MACHPHYS_UPDATE, 1), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, mfn_to_maddr(data), 7, MMU_MACHPHYS_UPDATE, 5),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(m2p_get(data), 78);
}

static void device_memory_needs_the_right_and_becomes_uncached(void)
{
	struct tree mine = tree_load(vcpu0);
	maddr_t slot = entry_address(mine.l1, 3);

	CU_ASSERT_EQUAL(range_add(&dom0->iomem, 0x80000, 0x8ffff), 0);
	CU_ASSERT_EQUAL(range_add(&pv_mmio_readonly, 0x80005, 0x80005), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(mfn(0x80000), RW).raw, 0, DOMID_IO), 0);
	CU_ASSERT_EQUAL(entry(mine.l1, 3)->raw, pte_make(mfn(0x80000), RW | PTE_PCD | PTE_PWT).raw);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(mfn(0x80000), RW | PTE_PAT).raw, 0,
				  DOMID_SELF), 0);
	CU_ASSERT_EQUAL(entry(mine.l1, 3)->raw, pte_make(mfn(0x80000), RW | PTE_PAT).raw);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(mfn(0x80005), RW | PTE_PCD).raw, 0,
				  DOMID_SELF), 0);
	CU_ASSERT_FALSE(pte_is_writable(*entry(mine.l1, 3)));
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(mfn(0x90000), RW).raw, 0, DOMID_IO),
			-XEN_EPERM);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(give_heap(dom0), RW | PTE_PCD).raw, 0,
				  DOMID_SELF), -XEN_EACCES);
	CU_ASSERT_EQUAL(pv_audit_excess(dom0), 0);
}

static void device_memory_needs_the_right_of_caller_and_tables(void)
{
	uint64_t value = pte_make(mfn(0x80000), RW).raw;

	CU_ASSERT_EQUAL(range_add(&dom0->iomem, 0x80000, 0x80000), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, at(2), value, 0, DOMID_SELF | 2U << 16), -XEN_EPERM);
	CU_ASSERT_EQUAL(range_remove(&dom0->iomem, 0x80000, 0x80000), 0);
	CU_ASSERT_EQUAL(range_add(&domu->iomem, 0x80000, 0x80000), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, at(2), value, 0, DOMID_SELF | 2U << 16), -XEN_EPERM);
	CU_ASSERT_EQUAL(range_add(&dom0->iomem, 0x80000, 0x80000), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, at(2), value, 0, DOMID_SELF | 2U << 16), 0);
}

static void foreign_mappings_bind_the_owners_frames(void)
{
	struct tree mine = tree_load(vcpu0);
	maddr_t slot = entry_address(mine.l1, 0);
	mfn_t translated = give(hvm);

	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(data, RW).raw, 0, 1), 0);
	CU_ASSERT_EQUAL(extended(MMUEXT_PIN_L1_TABLE, data.n), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(data, RW | PTE_NX).raw, 0, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(t.l2, RW).raw, 0, 1), -XEN_EBUSY);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, 0, 0, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(ref_count(data), 1);
	CU_ASSERT_EQUAL(extended(MMUEXT_PIN_L1_TABLE, data.n), 0);

	CU_ASSERT_EQUAL(
		update_by(vcpu0, slot, pte_make(mfn(translated.n + 0x100000), RW).raw, 0, 5), 0);
	CU_ASSERT_EQUAL(type_count(translated), 0);
	CU_ASSERT_EQUAL(ref_count(translated), 2);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(translated, RW).raw, 0, 5), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(translated, RW).raw,
				  MMU_PT_UPDATE_NO_TRANSLATE, 5), 0);
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, 0, 0, 5), 0);
	CU_ASSERT_EQUAL(ref_count(translated), 1);
	domu->life = DOMAIN_DYING;
	CU_ASSERT_EQUAL(update_by(vcpu0, slot, pte_make(give(domu), RO).raw, 0, 1), -XEN_EBUSY);
}

static void upper_entries_take_types_and_flush_at_the_end(void)
{
	mfn_t other = give(domu);
	unsigned int before = sim_tlb_flushes(0);

	*entry(other, 9) = pte_make(data, RW);
	CU_ASSERT_EQUAL(update(entry_address(t.l2, 0), pte_make(other, RW).raw), 0);
	CU_ASSERT(!is_table(t.l1) && is_table(other));
	CU_ASSERT_EQUAL(type_count(data), 1);
	CU_ASSERT(sim_tlb_flushes(0) > before);
	CU_ASSERT_EQUAL(update_by(vcpu0, entry_address(t.l2, 1), pte_make(give(dom0), RW).raw, 0,
				  DOMID_SELF | 2U << 16), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(entry_address(t.l3, 1), pte_make(other, RW).raw), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(entry_address(t.l4, 5), pte_make(t.l4, RO).raw), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(entry_address(t.l4, 271), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void the_old_subtree_is_gone_when_the_call_returns(void)
{
	mfn_t l1[30];

	for (unsigned int i = 0; i < 30; i++) {
		l1[i] = give(domu);
		CU_ASSERT_EQUAL(update(entry_address(t.l2, 20 + i), pte_make(l1[i], RW).raw), 0);
	}
	world_budget = 1;
	CU_ASSERT_EQUAL(update(entry_address(t.l4, TREE_L4), 0), 0);
	CU_ASSERT(world_restarts > 20);
	CU_ASSERT_EQUAL(done_count(), 1);
	CU_ASSERT_PTR_NULL(vcpu1->pv->unfinished);
	CU_ASSERT(!is_table(t.l3) && !is_table(l1[0]) && !is_table(l1[29]));
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void a_batch_counts_what_it_did_across_restarts(void)
{
	struct mmu_update requests[100];

	for (unsigned int i = 0; i < 100; i++) {
		requests[i].ptr = at(i).n;
		requests[i].val = pte_make(data, RO).raw;
	}
	requests[70].val = pte_make(give(dom0), RO).raw;
	sim_guest_write(ARGS_VA, requests, sizeof(requests));
	world_budget = 1;
	CU_ASSERT_EQUAL(run(hypercall_mmu_update, vcpu1, ARGS_VA, 100, DONE_VA, DOMID_SELF),
			-XEN_EBUSY);
	CU_ASSERT(world_restarts >= 10);
	CU_ASSERT_EQUAL(done_count(), 70);
	CU_ASSERT_EQUAL(ref_count(data), 71);
	CU_ASSERT_EQUAL(sim_violations(), 0);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void update_va_mapping_finds_its_entry_or_refuses(void)
{
	uint64_t value = pte_make(data, RW).raw;

	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, TREE_VA + 0x5000, value, 0, 0), 0);
	CU_ASSERT_EQUAL(entry(t.l1, 5)->raw, value);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, 0x400000, value, 0, 0),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, HYPERVISOR_START, value, 0, 0),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, 1UL << 60, value, 0, 0),
			-XEN_EINVAL);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, TREE_VA, value, 0x700001, 0),
			-XEN_EFAULT);
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, value);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, TREE_VA, 0, UVMF_ALL | 1, 0), 0);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping_otherdomain, vcpu1, TREE_VA, value, 0, 0),
			-XEN_EPERM);
	CU_ASSERT_EQUAL(type_count(data), 1);
}

static void a_table_that_is_not_checked_yet_takes_no_entries(void)
{
	struct frame *f = frame_of(t.l1);

	f->type &= ~TYPE_VALIDATED;
	CU_ASSERT_EQUAL(
		run(hypercall_update_va_mapping, vcpu1, TREE_VA, pte_make(data, RW).raw, 0, 0),
		-XEN_EINVAL);
	f->type |= TYPE_VALIDATED;
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, 0);
}

static void tables_of_others_are_out_of_reach(void)
{
	mfn_t l1 = give(dom0);
	mfn_t l2 = give(dom0);
	mfn_t child = give(dom0);

	CU_ASSERT_EQUAL(extended_by(vcpu0, MMUEXT_PIN_L1_TABLE, l1.n, 0, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(extended_by(vcpu0, MMUEXT_PIN_L2_TABLE, l2.n, 0, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(update(entry_address(l1, 0), pte_make(data, RO).raw), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(entry_address(l2, 0), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(entry(l1, 0)->raw, 0);
	/* Frames of others are for L1 tables only: in the rest none can even be named. */
	CU_ASSERT_EQUAL(update_by(vcpu0, entry_address(l2, 0), pte_make(child, RW).raw, 0, 1),
			-XEN_EINVAL);
	CU_ASSERT(!is_table(child));
}

static void upper_entries_are_never_global_nor_outside_ram(void)
{
	uint64_t value = entry(t.l4, TREE_L4)->raw;

	CU_ASSERT_EQUAL(update(entry_address(t.l4, TREE_L4), value | PTE_G), -XEN_EINVAL);
	CU_ASSERT_EQUAL(entry(t.l4, TREE_L4)->raw, value);
	CU_ASSERT_EQUAL(update(entry_address(t.l4, 5), PTE_ADDRESS_MASK | RW), -XEN_EINVAL);
	CU_ASSERT_EQUAL(update(entry_address(t.l4, HYPERVISOR_SLOT_FIRST), 0), -XEN_EINVAL);
}

static void the_walk_ends_where_nothing_is_present(void)
{
	entry(t.l3, 0)->raw &= ~PTE_P;
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, TREE_VA, pte_make(data, RO).raw, 0,
			    0), -XEN_EINVAL);
	entry(t.l3, 0)->raw |= PTE_P;
	CU_ASSERT_EQUAL(entry(t.l1, 0)->raw, 0);
}

static void flushes_reach_the_cpus_they_name(void)
{
	uint64_t mask = 1;
	unsigned int before = sim_tlb_flushes(2);

	cpu_set_add(&domu->dirty_cpus, 2);
	CU_ASSERT_EQUAL(extended(MMUEXT_TLB_FLUSH_ALL, 0), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), before + 1);
	CU_ASSERT_EQUAL(run(hypercall_update_va_mapping, vcpu1, TREE_VA, 0,
			    UVMF_TLB_FLUSH | UVMF_ALL, 0), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), before + 2);
	sim_guest_write(MASK_VA, &mask, sizeof(mask));
	vcpu1->unit.cpu = 2;
	CU_ASSERT_EQUAL(extended_by(vcpu1, MMUEXT_TLB_FLUSH_MULTI, 0, MASK_VA, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), before + 3);
	/* Whoever edits the tables: those who use them are flushed. */
	CU_ASSERT_EQUAL(update_by(vcpu0, entry_address(t.l2, 3), 0, 0, 1 | 2U << 16), 0);
	CU_ASSERT_EQUAL(sim_tlb_flushes(2), before + 4);
}

static void a_new_root_is_loaded_and_forgets_ldt_pages(void)
{
	struct tree other = tree_build(domu);
	unsigned int before = ldt_resets;

	vcpu1->pv->ldt_entries = 1;
	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_BASEPTR, other.l4.n), 0);
	CU_ASSERT_EQUAL(ldt_resets, before + 1);
	CU_ASSERT_EQUAL(sim_cr3(0).n, other.l4.n);
	vcpu1->pv->in_kernel = false;
	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_USER_BASEPTR, t.l4.n), 0);
	CU_ASSERT_EQUAL(sim_cr3(0).n, t.l4.n);
}

static void extended_operations_answer_as_the_table_says(void)
{
	uint64_t mask = 1;

	CU_ASSERT_EQUAL(extended(14, 0), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(extended(99, 0), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(extended(MMUEXT_MARK_SUPER, 0), -XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(extended(MMUEXT_FLUSH_CACHE, 0), -XEN_EACCES);
	CU_ASSERT_EQUAL(extended(MMUEXT_FLUSH_CACHE_GLOBAL, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(extended_by(vcpu1, MMUEXT_TLB_FLUSH_MULTI, 0, 0x700000, DOMID_SELF),
			-XEN_EINVAL);
	sim_guest_write(MASK_VA, &mask, sizeof(mask));
	CU_ASSERT_EQUAL(extended_by(vcpu1, MMUEXT_TLB_FLUSH_MULTI, 0, MASK_VA, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(extended_by(vcpu0, MMUEXT_NEW_BASEPTR, t.l4.n, 0, 1), -XEN_EPERM);
	CU_ASSERT_EQUAL(extended_by(vcpu0, MMUEXT_PIN_L1_TABLE, data.n, 0, 1), 0);
	CU_ASSERT_EQUAL(extended_by(vcpu0, MMUEXT_PIN_L1_TABLE, data.n, 0, 5), -XEN_EINVAL);
	CU_ASSERT_EQUAL(extended_by(&world[2].v[0], MMUEXT_TLB_FLUSH_LOCAL, 0, 0, 1), -XEN_EPERM);
	CU_ASSERT_EQUAL(extended(MMUEXT_CLEAR_PAGE, data.n), -XEN_EINVAL);
	CU_ASSERT_EQUAL(extended(MMUEXT_UNPIN_TABLE, data.n), 0);
	memset(frame_map(data), 0x55, PAGE_SIZE);
	CU_ASSERT_EQUAL(extended(MMUEXT_CLEAR_PAGE, data.n), 0);
	CU_ASSERT_EQUAL(entry(data, 511)->raw, 0);
	CU_ASSERT_EQUAL(extended_by(vcpu1, MMUEXT_COPY_PAGE, data.n, t.l4.n, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(entry(data, TREE_L4)->raw, entry(t.l4, TREE_L4)->raw);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void roots_are_exchanged_and_the_old_one_dropped(void)
{
	struct tree next = tree_build(domu);

	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_BASEPTR, data.n + 100000), -XEN_EINVAL);
	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_USER_BASEPTR, next.l4.n), 0);
	CU_ASSERT_EQUAL(sim_cr3(0).n, t.l4.n);
	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_BASEPTR, next.l4.n), 0);
	CU_ASSERT_EQUAL(sim_cr3(0).n, next.l4.n);
	CU_ASSERT(!is_table(t.l4) && type_count(next.l4) == 2);
	CU_ASSERT_EQUAL(extended(MMUEXT_NEW_USER_BASEPTR, 0), 0);
	CU_ASSERT_EQUAL(type_count(next.l4), 1);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

/* --- grants ---------------------------------------------------------------------------------- */
static void grant_entries_carry_the_flags_asked_for(void)
{
	struct tree mine = tree_load(vcpu0);
	struct grant_mapping by_va = {TREE_VA + 0x1000, GNTMAP_host_map, data, false};
	struct grant_mapping by_pte = {entry_address(mine.l1, 2).n, 0x1001a | GNTMAP_readonly, data,
				       true};

	frame_of(data)->refs += 2;
	CU_ASSERT_EQUAL(pv_get_writable(domu, frame_of(data)), 0);
	CU_ASSERT_EQUAL(pv_grant_map(vcpu0, &by_va), GNTST_okay);
	CU_ASSERT_EQUAL(pv_grant_map(vcpu0, &by_pte), GNTST_okay);
	CU_ASSERT_EQUAL(entry(mine.l1, 1)->raw, pte_make(data, GRANT_PTE(false)).raw);
	CU_ASSERT_EQUAL(entry(mine.l1, 2)->raw,
			pte_make(data, (GRANT_PTE(true) & ~PTE_RW) | 1UL << 9).raw);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
	by_va.readonly = true;
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu0, &by_va), GNTST_general_error);
	by_va.readonly = false;
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu0, &by_va), GNTST_okay);
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu0, &by_va), GNTST_general_error);
	pv_put_writable(domu, frame_of(data));
	pv_frame_put(frame_of(data));
	CU_ASSERT_EQUAL(update_by(vcpu0, entry_address(mine.l1, 2), 0, 0, DOMID_SELF), 0);
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu0, &by_pte), GNTST_general_error);
	CU_ASSERT_EQUAL(ref_count(data), 1);
}

static void grants_go_into_own_l1_tables_only(void)
{
	struct grant_mapping m = {entry_address(t.l1, 0).n, GNTMAP_contains_pte, data, true};

	CU_ASSERT_EQUAL(pv_grant_map(vcpu0, &m), GNTST_general_error);
	m.host_address = entry_address(data, 0).n;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_general_error);
	m.host_address = entry_address(t.l2, 0).n;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_general_error);
	m.host_address = at(0).n + 4;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_general_error);
	m.flags = 0;
	m.host_address = HYPERVISOR_START;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_general_error);
}

static void a_grant_is_unmapped_only_where_it_is_mapped(void)
{
	struct grant_mapping m = {at(4).n, GNTMAP_contains_pte, give(dom0), true};
	struct grant_mapping other = m;

	frame_of(m.mfn)->refs++;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_okay);
	other.mfn = give(dom0);
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu1, &other), GNTST_general_error);
	other = m;
	other.readonly = false;
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu1, &other), GNTST_general_error);
	CU_ASSERT(mfn_eq(pte_mfn(*entry(t.l1, 4)), m.mfn));
	CU_ASSERT_EQUAL(pv_grant_unmap(vcpu1, &m), GNTST_okay);
	CU_ASSERT_EQUAL(entry(t.l1, 4)->raw, 0);
	frame_put(frame_of(m.mfn));
}

static void a_replaced_entry_drops_its_references(void)
{
	struct grant_mapping m = {at(4).n, GNTMAP_contains_pte, give(dom0), true};

	CU_ASSERT_EQUAL(update(at(4), pte_make(data, RW).raw), 0);
	frame_of(m.mfn)->refs++;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_okay);
	CU_ASSERT_EQUAL(ref_count(data), 1);
	CU_ASSERT_EQUAL(type_count(data), 0);
	CU_ASSERT_EQUAL(update(at(4), 0), 0);
	CU_ASSERT_EQUAL(ref_count(m.mfn), 1);
}

/* --- emulated writes ------------------------------------------------------------------------- */
static bool emulate(const void *code, size_t bytes, struct cpu_regs *regs)
{
	sim_guest_write(CODE_VA, code, bytes);
	regs->rip = CODE_VA;
	return pv_emulate_write(vcpu1, regs, regs->rbx, PF_ERROR_PRESENT | PF_ERROR_WRITE);
}

static const uint8_t mov_store[] = {0x48, 0x89, 0x2b};                 /* mov %rbp,(%rbx) */
static const uint8_t exchange[] = {0x48, 0x87, 0x03};                  /* xchg %rax,(%rbx) */
static const uint8_t lock_and[] = {0xf0, 0x80, 0x23, 0xfd};            /* lock andb $0xfd,(%rbx) */
static const uint8_t compare[] = {0xf0, 0x48, 0x0f, 0xb1, 0x0b}; /* lock cmpxchg %rcx,(%rbx) */

static void prepare_emulation(void)
{
	CU_ASSERT_EQUAL_FATAL(update(at(8), pte_make(t.l1, RO).raw), 0);
	domu->vm_assist = 1U << VMASST_TYPE_writable_pagetables;
}

static void kernel_writes_with(uint64_t rflags)
{
	struct cpu_regs regs = {.rbx = TREE_VA + 0x8000 + 8,
				.rbp = pte_make(data, PTE_P | PTE_RW).raw};

	regs.rflags = rflags;
	prepare_emulation();
	CU_ASSERT(emulate(mov_store, sizeof(mov_store), &regs));
	CU_ASSERT_EQUAL(regs.rip, CODE_VA + sizeof(mov_store));
	CU_ASSERT_EQUAL(entry(t.l1, 1)->raw, pte_make(data, RW | PTE_GUEST_KERNEL).raw);
	CU_ASSERT_EQUAL(type_count(data), 1);
	CU_ASSERT(emulate(lock_and, sizeof(lock_and), &regs));
	CU_ASSERT_EQUAL(entry(t.l1, 1)->raw, pte_make(data, RO | PTE_GUEST_KERNEL).raw);
	CU_ASSERT_EQUAL(type_count(data), 0);
	CU_ASSERT_EQUAL(regs.rflags & ~rflags, 0x4); /* low byte 5: even parity, not zero */
	regs.rax = 0;
	regs.rcx = 0;
	CU_ASSERT(emulate(compare, sizeof(compare), &regs));
	CU_ASSERT_EQUAL(regs.rax, pte_make(data, RO | PTE_GUEST_KERNEL).raw);
	CU_ASSERT_FALSE(regs.rflags & 0x40);
	regs.rax = 0;
	CU_ASSERT(emulate(exchange, sizeof(exchange), &regs));
	CU_ASSERT_EQUAL(regs.rax, pte_make(data, RO | PTE_GUEST_KERNEL).raw);
	CU_ASSERT_EQUAL(entry(t.l1, 1)->raw, 0);
	CU_ASSERT_EQUAL(ref_count(data), 1);
	CU_ASSERT_EQUAL(pv_audit_excess(domu), 0);
}

static void kernel_writes_to_its_l1_tables_are_carried_out(void)
{
	kernel_writes_with(0);
}

/* With TF set each instruction takes the general emulator. */
static void single_stepped_writes_do_the_same(void)
{
	kernel_writes_with(0x100);
}

static void long_forms_are_measured_right(void)
{
	/* lock andb $0xfd,0x11223344(%r12,%rax,8) and xchg %r15,0x11223344(%rip) */
	static const uint8_t and_sib[] = {0xf0, 0x41, 0x80, 0xa4, 0xc4,
					  0x44, 0x33, 0x22, 0x11, 0xfd};
	static const uint8_t xchg_rip[] = {0x4c, 0x87, 0x3d, 0x44, 0x33, 0x22, 0x11};
	struct cpu_regs regs = {.rbx = TREE_VA + 0x8000 + 8};

	prepare_emulation();
	CU_ASSERT_EQUAL(update(at(1), pte_make(data, RW).raw), 0);
	CU_ASSERT(emulate(and_sib, sizeof(and_sib), &regs));
	CU_ASSERT_EQUAL(regs.rip, CODE_VA + sizeof(and_sib));
	CU_ASSERT_EQUAL(entry(t.l1, 1)->raw, pte_make(data, RO).raw);
	CU_ASSERT(emulate(xchg_rip, sizeof(xchg_rip), &regs));
	CU_ASSERT_EQUAL(regs.rip, CODE_VA + sizeof(xchg_rip));
	CU_ASSERT_EQUAL(regs.r15, pte_make(data, RO).raw);
	CU_ASSERT_EQUAL(entry(t.l1, 1)->raw, 0);
}

static void other_faults_stay_the_guests(void)
{
	struct cpu_regs regs = {.rbx = TREE_VA + 0x8000 + 8, .rbp = pte_make(give(dom0), RO).raw};

	prepare_emulation();
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	CU_ASSERT_EQUAL(entry(t.l1, 1)->raw, 0);
	regs.rbp = 0;
	regs.rbx += 1;
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	regs.rbx -= 1;
	domu->vm_assist = 0;
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	domu->vm_assist = 1U << VMASST_TYPE_writable_pagetables;
	vcpu1->pv->in_kernel = false;
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	vcpu1->pv->in_kernel = true;
	CU_ASSERT_EQUAL(update(at(9), pte_make(data, RO).raw), 0);
	regs.rbx = TREE_VA + 0x9000;
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	CU_ASSERT_EQUAL(entry(data, 0)->raw, 0);
}

static void an_emulated_and_replaces_all_flags(void)
{
	struct cpu_regs regs = {.rbx = TREE_VA + 0x8000 + 8, .rflags = 0x8c1}; /* OF SF ZF CF */

	prepare_emulation();
	CU_ASSERT_EQUAL(update(at(1), pte_make(data, RW).raw), 0);
	CU_ASSERT(emulate(lock_and, sizeof(lock_and), &regs));
	CU_ASSERT_EQUAL(regs.rflags & 0x8c5, 0x4); /* low byte 5: even parity */
}

static void only_the_hardware_domains_device_writes_vanish(void)
{
	struct cpu_regs regs = {.rbx = TREE_VA + 0xa000};

	CU_ASSERT_EQUAL(range_add(&domu->iomem, 0x80005, 0x80005), 0);
	CU_ASSERT_EQUAL(range_add(&pv_mmio_readonly, 0x80005, 0x80005), 0);
	CU_ASSERT_EQUAL(update(at(10), pte_make(mfn(0x80005), RO | PTE_PCD).raw), 0);
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	domu->is_hardware = true;
	CU_ASSERT(emulate(mov_store, sizeof(mov_store), &regs));
	CU_ASSERT_EQUAL(regs.rip, CODE_VA + sizeof(mov_store));
}

static void foreign_entries_cannot_be_changed_by_plain_writes(void)
{
	struct grant_mapping m = {at(1).n, GNTMAP_contains_pte, give(dom0), true};
	struct cpu_regs regs = {.rbx = TREE_VA + 0x8000 + 8};

	prepare_emulation();
	frame_of(m.mfn)->refs++;
	CU_ASSERT_EQUAL(pv_grant_map(vcpu1, &m), GNTST_okay);
	regs.rbp = entry(t.l1, 1)->raw & ~PTE_A;
	CU_ASSERT_FALSE(emulate(mov_store, sizeof(mov_store), &regs));
	CU_ASSERT_EQUAL(update(at(1), regs.rbp), 0);
	regs.rbp = 0;
	CU_ASSERT(emulate(mov_store, sizeof(mov_store), &regs));
	CU_ASSERT_EQUAL(ref_count(m.mfn), 1);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(flags_not_allowed_are_refused),
		UNIT(frames_that_may_not_be_mapped_have_their_errors),
		UNIT(names_of_domains_are_checked),
		UNIT(the_domain_that_controls_edits_tables_of_others),
		UNIT(soft_flags_change_in_place_and_keep_references),
		UNIT(accessed_and_dirty_are_preserved_on_request),
		UNIT(plain_memory_is_stored_unchecked),
		UNIT(the_m2p_is_the_guests_to_write_for_its_frames),
		UNIT(device_memory_needs_the_right_and_becomes_uncached),
		UNIT(device_memory_needs_the_right_of_caller_and_tables),
		UNIT(foreign_mappings_bind_the_owners_frames),
		UNIT(upper_entries_take_types_and_flush_at_the_end),
		UNIT(the_old_subtree_is_gone_when_the_call_returns),
		UNIT(a_batch_counts_what_it_did_across_restarts),
		UNIT(update_va_mapping_finds_its_entry_or_refuses),
		UNIT(a_table_that_is_not_checked_yet_takes_no_entries),
		UNIT(tables_of_others_are_out_of_reach),
		UNIT(upper_entries_are_never_global_nor_outside_ram),
		UNIT(the_walk_ends_where_nothing_is_present),
		UNIT(flushes_reach_the_cpus_they_name),
		UNIT(a_new_root_is_loaded_and_forgets_ldt_pages),
		UNIT(extended_operations_answer_as_the_table_says),
		UNIT(roots_are_exchanged_and_the_old_one_dropped),
		UNIT(grant_entries_carry_the_flags_asked_for),
		UNIT(grants_go_into_own_l1_tables_only),
		UNIT(a_grant_is_unmapped_only_where_it_is_mapped),
		UNIT(a_replaced_entry_drops_its_references),
		UNIT(kernel_writes_to_its_l1_tables_are_carried_out),
		UNIT(single_stepped_writes_do_the_same),
		UNIT(long_forms_are_measured_right),
		UNIT(other_faults_stay_the_guests),
		UNIT(an_emulated_and_replaces_all_flags),
		UNIT(only_the_hardware_domains_device_writes_vanish),
		UNIT(foreign_entries_cannot_be_changed_by_plain_writes),
	};

	return unit_main("pv_update", tests, array_size(tests), setup);
}
