/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of nested page tables. Levels count from 4, the root, down to 1. A table is a page of
 * the heap, zeroed, so every entry begins as a hole.
 *
 *     hole -> table        npt_make_slot() on its way down
 *     large -> table       likewise: 512 entries that say the same, then one store
 *
 * Accessed and dirty bits are the CPU's to set at any moment: entries change by atomic exchange,
 * and what a split loses of them means nothing to anybody yet.
 */
#include "hvm/npt.h"

#include "machine/atomic.h"
#include "machine/frames.h"
#include "mm/heap.h"

#define KIND_SHIFT 52
#define KIND_MASK 15UL

uint64_t npt_access(enum p2m_kind kind)
{
	switch (kind) {
	case P2M_HOLE:
		return 0;
	case P2M_RAM:
	case P2M_SHARED:
		return PTE_P | PTE_RW | PTE_US;
	case P2M_RAM_RO:
		return PTE_P | PTE_US;
	case P2M_GRANT:
	case P2M_FOREIGN:
		return PTE_P | PTE_RW | PTE_US | PTE_NX;
	case P2M_GRANT_RO:
	case P2M_FOREIGN_RO:
		return PTE_P | PTE_US | PTE_NX;
	case P2M_MMIO:
		/* Index 3 of the core's PAT: UC (APM 2 15.25.8 combines it with the guest's). */
		return PTE_P | PTE_RW | PTE_US | PTE_NX | PTE_PWT | PTE_PCD;
	}
	return 0;
}

pte_t npt_make(mfn_t first, enum p2m_kind kind, unsigned int level)
{
	if (kind == P2M_HOLE) {
		return PTE_NONE;
	}
	return pte_make(first, npt_access(kind) | PTE_A | PTE_D | (uint64_t)kind << KIND_SHIFT |
				       (level > 1 ? PTE_PSE : 0));
}

enum p2m_kind npt_kind(pte_t entry)
{
	return pte_is_present(entry) ? (enum p2m_kind)(entry.raw >> KIND_SHIFT & KIND_MASK)
				     : P2M_HOLE;
}

static pte_t *slot_in(mfn_t table, uint64_t g, unsigned int level)
{
	return (pte_t *)frame_map(table) + pt_index(g << PAGE_SHIFT, level);
}

pte_t *npt_find(mfn_t root, uint64_t g, unsigned int stop, unsigned int *level, pte_t *entry)
{
	mfn_t table = root;
	pte_t *slot;

	for (*level = NPT_LEVELS;; (*level)--) {
		slot = slot_in(table, g, *level);
		*entry = pte_raw(atomic_read(&slot->raw));
		if (*level == stop || !npt_is_table(*entry, *level)) {
			return slot;
		}
		table = pte_mfn(*entry);
	}
}

/* A table for the slot's place that says what the slot said. */
static pte_t *make_table(pte_t *slot, pte_t old, unsigned int level)
{
	pte_t *table = heap_alloc_pages(0);
	pte_t entry;

	if (!table) {
		return NULL;
	}
	if (pte_is_present(old)) {
		for (unsigned int i = 0; i < PT_ENTRIES; i++) {
			entry = npt_make(mfn_add(pte_mfn(old), (uint64_t)i
								       << npt_level_order(level - 1)),
					 npt_kind(old), level - 1);
			table[i] = entry;
		}
	}
	atomic_write_release(&slot->raw,
			     pte_make(pointer_to_mfn(table), PTE_P | PTE_RW | PTE_US | PTE_A).raw);
	return table;
}

pte_t *npt_make_slot(mfn_t root, uint64_t g, unsigned int level, uint64_t *tables)
{
	mfn_t table = root;

	for (unsigned int at = NPT_LEVELS; at > level; at--) {
		pte_t *slot = slot_in(table, g, at);
		pte_t entry = pte_raw(atomic_read(&slot->raw));

		if (!npt_is_table(entry, at)) {
			pte_t *made = make_table(slot, entry, at);

			if (!made) {
				return NULL;
			}
			(*tables)++;
			table = pointer_to_mfn(made);
		} else {
			table = pte_mfn(entry);
		}
	}
	return slot_in(table, g, level);
}

mfn_t npt_create_root(void)
{
	void *root = heap_alloc_pages(0);

	return root ? pointer_to_mfn(root) : MFN_NONE;
}

/* The tables of level below this one; each freed table's slot becomes a hole. */
static unsigned int free_below(pte_t *table, unsigned int level, unsigned int budget)
{
	for (unsigned int i = 0; i < PT_ENTRIES && budget; i++) {
		pte_t entry = table[i];
		pte_t *child;

		if (!npt_is_table(entry, level)) {
			continue;
		}
		child = frame_map(pte_mfn(entry));
		if (level > 2) {
			budget = free_below(child, level - 1, budget);
			if (!budget) {
				return 0;
			}
		}
		table[i] = PTE_NONE;
		heap_free_pages(child, 0);
		budget--;
	}
	return budget;
}

unsigned int npt_free(mfn_t root, unsigned int budget)
{
	return free_below(frame_map(root), NPT_LEVELS, budget);
}

void npt_free_root(mfn_t root)
{
	heap_free_pages(frame_map(root), 0);
}
