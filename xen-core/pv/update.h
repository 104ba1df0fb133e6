/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing one entry of a page table in use. See update.c for the order of things.
 */
#ifndef PV_UPDATE_H
#define PV_UPDATE_H

#include "pv/pte_rules.h"

#include "domain/vcpu.h"

enum pv_write_mode {
	PV_WRITE_STORE,
	PV_WRITE_KEEP_AD, /* new |= old & (A | D), atomically */
	PV_WRITE_COMPARE, /* only if the entry equals expected */
};

struct pv_write {
	pte_t new;
	pte_t expected; /* COMPARE: in what it must be, out what it was if not swapped */
	enum pv_write_mode mode;
	bool from_scratch; /* the new entry must be mappable whatever was there before */
	bool swapped;      /* out, COMPARE */
};

/* An entry of an L1 table of map->tables: -XEN_EINVAL if it is none, or pv_l1_get()'s errors. */
int must_check pv_l1_write(const struct pv_mapping *map, struct frame *table, pte_t *slot,
			   struct pv_write *write);

/*
 * mmu_update's commands 0, 2 and 3: at is the machine address of the entry, in any frame of
 * map->tables. *upper is set if an L2..L4 entry was changed. -XEN_ERESTART: nothing changed yet.
 * The vcpu must have no unfinished table; it may have one afterwards.
 */
int must_check pv_entry_update(struct vcpu *v, const struct pv_mapping *map, maddr_t at, pte_t new,
			       bool keep_ad, bool *upper);

/* Drops a table reference and the type that goes with it; what takes too long now becomes the
 * vcpu's unfinished table. */
void pv_table_drop(struct vcpu *v, struct domain *d, struct frame *f);
/* Goes on with it: 0 when there is none left, else -XEN_ERESTART. */
int must_check pv_finish_table(struct vcpu *v);

#endif
