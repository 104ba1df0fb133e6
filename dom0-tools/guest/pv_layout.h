/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything goes in a new PV domain. Pure arithmetic on page frame numbers; PFN n of the
 * bootstrap area is mapped at VIRT_BASE + n pages.
 *
 *     0 .. kernel                   nothing, but mapped
 *     kernel
 *     [ramdisk] [P2M list]          if the kernel has no notes to have them elsewhere
 *     start_info, store, console
 *     page tables, stack            L4, L3s, L2s, L1s
 *     padding                       at least 512 KiB, up to a multiple of 4 MiB: the mapped area
 *     [ramdisk]                     unmapped
 *     [P2M list, its L3s L2s L1s]   mapped at INIT_P2M
 *     free memory
 */
#ifndef GUEST_PV_LAYOUT_H
#define GUEST_PV_LAYOUT_H

#include "guest/kernel.h"

struct pv_extent {
	uint64_t first; /* PFN */
	uint64_t count;
};

/* Tables for one stretch of addresses below one L4 entry or more. */
struct pv_tables {
	uint64_t address; /* first that is mapped; page aligned */
	uint64_t pages;   /* how many */
	uint64_t l3_count;
	uint64_t l2_count;
	uint64_t l1_count;
};

struct pv_layout {
	uint64_t virt_base;
	uint64_t pages; /* of the domain */
	struct pv_extent kernel;
	struct pv_extent ramdisk; /* count 0: none */
	bool ramdisk_is_mapped;
	struct pv_extent p2m; /* the list alone */
	bool p2m_is_mapped;   /* within the bootstrap area */
	uint64_t start_info;
	uint64_t store;
	uint64_t console;
	struct pv_extent tables; /* the L4 first */
	uint64_t stack;
	uint64_t mapped; /* pages of the bootstrap area */
	struct pv_tables bootstrap;
	struct pv_extent p2m_tables; /* empty if p2m_is_mapped; right behind the list */
	struct pv_tables p2m_map;
	uint64_t used; /* PFNs taken from 0 on */
};

/* How many tables of each level a stretch needs. */
struct pv_tables pv_tables_for(uint64_t address, uint64_t pages);

/* -ENOSPC: `pages` are too few, layout->used says how many it takes. -ENOEXEC: the kernel's
 * address space cannot hold it all. */
int pv_layout_make(const struct kernel *kernel, uint64_t ramdisk_size, uint64_t pages,
		   struct pv_layout *layout);

/* The virtual address of a PFN of the bootstrap area. */
uint64_t pv_layout_address(const struct pv_layout *layout, uint64_t pfn);

#endif
