/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot page tables, made by code that still runs at the image's machine address: nothing here
 * may use an absolute address. Identity and direct map of the first 4 GiB share their L2 tables;
 * the image is mapped at its virtual home with 2 MiB pages.
 */
#include "machine/frames.h"
#include "x86/pte.h"

extern pte_t boot_l4[], boot_l3_low[], boot_l3_core[], boot_l2[], boot_l2_core[];
extern const char core_image_start[], core_image_end[];

uint64_t boot_paging(uint64_t image);

#define TABLE (PTE_P | PTE_RW)
#define LARGE (PTE_P | PTE_RW | PTE_PSE)

static uint64_t table_at(const pte_t *table)
{
	return (uint64_t)table;
}

/* image: machine address of the image's first byte, 2 MiB aligned. Returns the root. */
uint64_t boot_paging(uint64_t image)
{
	uint64_t core = (uint64_t)0xffff82d040000000UL;
	uint64_t bytes = (uint64_t)(core_image_end - core_image_start);

	for (uint64_t i = 0; i < 4 * PT_ENTRIES; i++) {
		boot_l2[i].raw = i << L2_SHIFT | LARGE;
	}
	for (unsigned int i = 0; i < 4; i++) {
		boot_l3_low[i].raw = (table_at(boot_l2) + i * PAGE_SIZE) | TABLE;
	}
	boot_l4[0].raw = table_at(boot_l3_low) | TABLE;
	boot_l4[DIRECT_MAP_START >> L4_SHIFT & 511].raw = table_at(boot_l3_low) | TABLE;
	for (uint64_t offset = 0; offset < bytes; offset += 1UL << L2_SHIFT) {
		boot_l2_core[(core + offset) >> L2_SHIFT & 511].raw = (image + offset) | LARGE;
	}
	boot_l3_core[core >> L3_SHIFT & 511].raw = table_at(boot_l2_core) | TABLE;
	boot_l4[core >> L4_SHIFT & 511].raw = table_at(boot_l3_core) | TABLE;
	return table_at(boot_l4);
}
