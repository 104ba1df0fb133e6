/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uncommon L1 entries: device memory, cache attributes, frames of others.
 *
 * Device memory is what has no struct frame, or one owned by DOMID_IO (the first MiB, firmware
 * tables). It is mapped by right, not by reference: both the caller and the owner of the tables
 * must have the frame in their iomem set. Cacheable attributes are turned into uncached there.
 * The attribute indices are those of the PAT the core programs (public ABI, abi sheet 03):
 * 0 WB, 1 WT, 2 UC-, 3 UC, 4 WC, 5 WP, 6 and 7 UC.
 */
#include "pv/pte_rules.h"

#include "lib/range.h"

#define MMIO_READONLY_RANGES 128

#define ALL_ONES_MFN (PTE_ADDRESS_MASK >> PAGE_SHIFT)

/* Attribute indices 0, 1 and 5: write-back, write-through, write-protected. */
#define CACHEABLE_INDICES ((1U << 0) | (1U << 1) | (1U << 5))

static struct range mmio_readonly_ranges[MMIO_READONLY_RANGES];

struct range_set pv_mmio_readonly = {
	.ranges = mmio_readonly_ranges,
	.capacity = MMIO_READONLY_RANGES,
};

bool pv_has_devices(const struct domain *d)
{
	return d->is_hardware || !range_is_empty(&d->iomem) || !range_is_empty(&d->ioports) ||
	       !range_is_empty(&d->irqs);
}

void pv_mapping_init(struct pv_mapping *map, struct domain *caller, struct domain *tables,
		     struct domain *owner, uint16_t owner_id)
{
	map->caller = caller;
	map->tables = tables;
	map->owner = owner;
	map->owner_id = owner_id;
	map->counts_writable = !owner || owner->is_pv;
	map->l1_refused = pv_has_devices(tables) ? 0 : PTE_CACHE_MASK;
}

static pte_t uncache(pte_t pte)
{
	unsigned int index = (pte.raw & PTE_PWT ? 1U : 0) | (pte.raw & PTE_PCD ? 2U : 0) |
			     (pte.raw & PTE_PAT ? 4U : 0);

	return CACHEABLE_INDICES >> index & 1 ? pte_set(pte, PTE_PWT | PTE_PCD) : pte;
}

static int get_device(const struct pv_mapping *map, pte_t *pte)
{
	mfn_t m = pte_mfn(*pte);

	if (m.n == ALL_ONES_MFN) {
		return -XEN_EINVAL;
	}
	if (!range_contains(&map->caller->iomem, m.n, m.n) ||
	    !range_contains(&map->tables->iomem, m.n, m.n)) {
		return -XEN_EPERM;
	}
	if (range_contains(&pv_mmio_readonly, m.n, m.n)) {
		*pte = pte_clear(*pte, PTE_RW);
	}
	*pte = pv_l1_force(uncache(*pte));
	return 0;
}

int pv_l1_get_special(const struct pv_mapping *map, pte_t *pte)
{
	mfn_t m = pte_mfn(*pte);
	struct frame *f;
	int err;

	if (pte->raw & map->l1_refused) {
		return -XEN_EINVAL;
	}
	if (!frame_is_valid(m)) {
		return get_device(map, pte);
	}
	f = frame_of(m);
	if (f->owner == DOMID_IO) {
		return get_device(map, pte);
	}
	if (f->owner != map->owner_id) {
		return -XEN_EBUSY;
	}
	if ((pte->raw & PTE_CACHE_MASK) && (atomic_read(&f->refs) & FRAME_HEAP)) {
		return -XEN_EACCES;
	}
	err = pv_l1_get_frame(map, f, pte_is_writable(*pte));
	if (!err) {
		*pte = pv_l1_force(*pte);
	}
	return err;
}

void pv_l1_put_special(struct frame *f, pte_t pte)
{
	const struct domain *owner;

	if (f->owner == DOMID_IO) {
		return;
	}
	if (pte_is_writable(pte)) {
		owner = domain_find(f->owner);
		/* The core's own frames and those of PV guests count their writable mappings. */
		if (!owner || owner->is_pv) {
			pv_writable_put(f);
		}
	}
	pv_frame_put(f);
}
