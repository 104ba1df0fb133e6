/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested page tables: tables of the long-mode format whose input is a guest physical address (APM 2
 * 15.25). The hardware treats guest accesses as user accesses, so entries need US. Bits 52-55 are
 * not the hardware's: they hold what the entry is (enum p2m_kind), also of entries not present.
 *
 * Here: the entries, and finding and splitting them in the tree. Who may change what, and when, is
 * p2m.c's. Tables are only ever added while a domain lives; a large entry is replaced by a table
 * that says the same in one store, so a reader sees either.
 */
#ifndef HVM_NPT_H
#define HVM_NPT_H

#include "hvm/p2m.h"
#include "x86/pte.h"

#define NPT_LEVELS 4U

/* Frames an entry of that level stands for. */
static inline unsigned int npt_level_order(unsigned int level)
{
	return PT_INDEX_BITS * (level - 1);
}

/* What the hardware lets the guest do there: P, RW, US, NX, and how it caches; 0 for a hole. */
uint64_t npt_access(enum p2m_kind kind);
/* level 1 or 2. */
pte_t npt_make(mfn_t first, enum p2m_kind kind, unsigned int level);
/* Of a leaf, or of an entry not present (P2M_HOLE). */
enum p2m_kind npt_kind(pte_t entry);
/* An entry of that level that points to a table. */
static inline bool npt_is_table(pte_t entry, unsigned int level)
{
	return level > 1 && pte_is_present(entry) && !pte_is_large(entry);
}

/* Where g's entry is, at least at level stop; *level: where it was found. Read once: *entry. */
pte_t *npt_find(mfn_t root, uint64_t g, unsigned int stop, unsigned int *level, pte_t *entry);

/* The slot of g at level, making tables and splitting large entries on the way; NULL: no memory.
 * *tables counts the tables made. */
pte_t *npt_make_slot(mfn_t root, uint64_t g, unsigned int level, uint64_t *tables);

mfn_t npt_create_root(void);
/* Frees tables, at most budget of them: how many are left of it. Tables below a freed one are gone
 * before it. */
unsigned int npt_free(mfn_t root, unsigned int budget);
void npt_free_root(mfn_t root);

#endif
