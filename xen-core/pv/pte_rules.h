/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which entries a PV guest may have in its page tables, what is forced into them, and what
 * references an L1 entry holds. The way of an ordinary entry, a mapping of a frame of the named
 * owner, is inline; device memory and cache attributes are in pte_rules.c.
 *
 *     entry in L1          flags: all but, without devices, PWT PCD PAT; G is taken off
 *     entry in L2..L4      flags: all but PWT PCD PSE G
 *     not present          anything goes
 *     forced               US at all levels; A in L4; bit 52 in L1 where the guest left US 0
 *
 *     L1 maps              general ref   writable ref
 *     a frame read-only    yes           no
 *     a frame read-write   yes           yes, unless its owner is translated
 *     device memory        no            no
 */
#ifndef PV_PTE_RULES_H
#define PV_PTE_RULES_H

#include "pv/type.h"

#include "domain/domain.h"
#include "x86/pte.h"

#include <xen/base.h>

#define PTE_UPPER_REFUSED (PTE_PWT | PTE_PCD | PTE_PSE | PTE_G)
/* Flags that may change in place without looking at the frame again. */
#define PTE_FLEXIBLE (PTE_NX | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_G | PTE_A | PTE_D | PTE_US)

/* Device frames no guest may write: their entries silently lose RW. Filled at boot. */
extern struct range_set pv_mmio_readonly;

/* Whose frames are mapped in whose tables. */
struct pv_mapping {
	struct domain *caller;
	struct domain *tables;
	struct domain *owner; /* of the frames; NULL: owner_id is DOMID_IO or DOMID_XEN */
	uint16_t owner_id;
	bool counts_writable; /* the owner is PV */
	uint64_t l1_refused;  /* flags */
};

void pv_mapping_init(struct pv_mapping *map, struct domain *caller, struct domain *tables,
		     struct domain *owner, uint16_t owner_id);
/* Whether the domain drives hardware: cache attributes and cache flushes make sense to it. */
bool pv_has_devices(const struct domain *d);

int must_check pv_l1_get_special(const struct pv_mapping *map, pte_t *pte);
void pv_l1_put_special(struct frame *f, pte_t pte);

static inline pte_t pv_l1_force(pte_t pte)
{
	uint64_t raw = pte.raw;

	/* US is bit 2, the kernel's mark bit 52. */
	raw |= (~raw & PTE_US) << 50;
	return pte_raw((raw | PTE_US) & ~PTE_G);
}

static inline pte_t pv_upper_force(pte_t pte, enum frame_type type)
{
	return pte_raw(pte.raw | (type == TYPE_L4 ? PTE_US | PTE_A : PTE_US));
}

/* References to a frame one has found to be RAM of map->owner_id. */
static inline int pv_l1_get_frame(const struct pv_mapping *map, struct frame *f, bool writable)
{
	if (!pv_frame_get(f, map->owner_id)) {
		return -XEN_EBUSY;
	}
	if (writable && map->counts_writable && !pv_type_get_fast(f, TYPE_WRITABLE) &&
	    (!map->owner || pv_type_get(map->owner, f, TYPE_WRITABLE))) {
		pv_frame_put(f);
		return -XEN_EBUSY;
	}
	return 0;
}

/*
 * Takes the references of a present L1 entry and makes it what will be stored. -XEN_EINVAL (a
 * flag), -XEN_EBUSY (the frame), -XEN_EPERM (device memory), -XEN_EACCES (cache attribute).
 */
static inline int pv_l1_get(const struct pv_mapping *map, pte_t *pte)
{
	uint64_t raw = pte->raw;
	mfn_t m = pte_mfn(*pte);
	struct frame *f;
	int err;

	if (__builtin_expect(!(raw & (map->l1_refused | PTE_CACHE_MASK)) && frame_is_valid(m), 1)) {
		f = frame_of(m);
		if (__builtin_expect(f->owner == map->owner_id, 1) && f->owner != DOMID_IO) {
			err = pv_l1_get_frame(map, f, raw & PTE_RW);
			if (!err) {
				*pte = pv_l1_force(*pte);
			}
			return err;
		}
	}
	return pv_l1_get_special(map, pte);
}

/* Drops what a present L1 entry of d's tables held. */
static inline void pv_l1_put(const struct domain *d, pte_t pte)
{
	mfn_t m = pte_mfn(pte);
	struct frame *f;

	if (!frame_is_valid(m)) {
		return;
	}
	f = frame_of(m);
	if (__builtin_expect(f->owner != d->id, 0)) {
		pv_l1_put_special(f, pte);
		return;
	}
	if (pte_is_writable(pte)) {
		pv_writable_put(f);
	}
	pv_frame_put(f);
}

#endif
