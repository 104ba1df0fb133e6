/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant mappings in PV page tables. The entry is found by virtual address in the kernel's tables,
 * or given by its machine address (GNTMAP_contains_pte); either way it must lie in a validated L1
 * table of the mapper's own.
 *
 * The caller's references become the entry's: from then on the entry drops them when it is
 * overwritten or its table dies, like any other. On removal they become the caller's again, who
 * drops them after the flush. So removal first checks that the entry still is that mapping.
 */
#include "pv/mmu.h"

#include "pv/pte_rules.h"
#include "pv/pv.h"
#include "pv/va.h"

#include "machine/frames.h"

#include <xen/grant_table.h>

#define AVAIL_SHIFT 9

static int find_slot(struct vcpu *v, const struct grant_mapping *mapping, struct frame **table,
		     pte_t **slot)
{
	uint64_t at = mapping->host_address;
	mfn_t m;

	if (!(mapping->flags & GNTMAP_contains_pte)) {
		return pv_va_find(v->pv->kernel_root, at, table, slot);
	}
	m = maddr_to_mfn(maddr(at));
	if (at % sizeof(pte_t) || !frame_is_valid(m)) {
		return -XEN_EINVAL;
	}
	*table = frame_of(m);
	*slot = (pte_t *)frame_map(m) + page_offset(at) / sizeof(pte_t);
	return 0;
}

/* Finds the entry and locks its table. */
static int lock_slot(struct vcpu *v, const struct grant_mapping *mapping, struct frame **table,
		     pte_t **slot)
{
	int err = find_slot(v, mapping, table, slot);

	if (err) {
		return err;
	}
	if (!pv_table_lock(*table, TYPE_L1)) {
		return -XEN_EINVAL;
	}
	if ((*table)->owner != v->domain->id) {
		pv_table_unlock(*table);
		return -XEN_EINVAL;
	}
	return 0;
}

static pte_t mapping_pte(const struct grant_mapping *mapping)
{
	uint64_t flags = PTE_P | PTE_A | PTE_D | PTE_NX | PTE_US;

	if (!mapping->readonly) {
		flags |= PTE_RW;
	}
	if (!(mapping->flags & GNTMAP_application_map)) {
		flags |= PTE_GUEST_KERNEL;
	}
	flags |= ((uint64_t)mapping->flags >> _GNTMAP_guest_avail0 << AVAIL_SHIFT) & PTE_AVAIL;
	return pte_make(mapping->mfn, flags);
}

int pv_grant_map(struct vcpu *v, const struct grant_mapping *mapping)
{
	struct frame *table;
	pte_t *slot;
	pte_t old;

	if (lock_slot(v, mapping, &table, &slot)) {
		return GNTST_general_error;
	}
	old = pte_raw(atomic_exchange(&slot->raw, mapping_pte(mapping).raw));
	pv_table_unlock(table);
	if (pte_is_present(old)) {
		pv_l1_put(v->domain, old);
	}
	return GNTST_okay;
}

int pv_grant_unmap(struct vcpu *v, const struct grant_mapping *mapping)
{
	int status = GNTST_general_error;
	struct frame *table;
	pte_t *slot;
	pte_t old;

	if (lock_slot(v, mapping, &table, &slot)) {
		return status;
	}
	old = pte_raw(atomic_read(&slot->raw));
	if (pte_is_present(old) && mfn_eq(pte_mfn(old), mapping->mfn) &&
	    pte_is_writable(old) == !mapping->readonly) {
		atomic_write(&slot->raw, 0);
		status = GNTST_okay;
	}
	pv_table_unlock(table);
	return status;
}
