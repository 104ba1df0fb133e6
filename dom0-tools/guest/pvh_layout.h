/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything goes in a new PVH domain, in guest physical addresses:
 *
 *     0 .. low RAM                RAM; up to 4032 MiB of it
 *         kernel                  where its segments say
 *         ramdisk, start_info     behind the kernel, page aligned
 *     0xfc000000                  ACPI tables
 *     0xfeff8000 .. 0xfeffffff    eight special pages
 *     4 GiB ..                    the rest of RAM
 *
 * Linux loads nothing itself, so only its own segments must be kept free.
 */
#ifndef GUEST_PVH_LAYOUT_H
#define GUEST_PVH_LAYOUT_H

#include "guest/kernel.h"

#include <xen/memory.h>

#define PVH_ACPI 0xfc000000UL
#define PVH_ACPI_PAGES 16UL
#define PVH_HIGH_RAM 0x100000000UL
#define PVH_SPECIAL_PAGES 8UL
#define PVH_MAP_ENTRIES 4

enum pvh_special {
	PVH_PAGING = 0xfeff8,
	PVH_ACCESS = 0xfeff9,
	PVH_SHARING = 0xfeffa,
	PVH_BUFIOREQ = 0xfeffb,
	PVH_STORE = 0xfeffc,
	PVH_IOREQ = 0xfeffd,
	PVH_IDENT_PT = 0xfeffe,
	PVH_CONSOLE = 0xfefff,
};

struct pvh_layout {
	uint64_t low_ram;  /* bytes from 0 */
	uint64_t high_ram; /* bytes from 4 GiB */
	uint64_t ramdisk;
	uint64_t ramdisk_size;
	uint64_t start_info; /* one page, and the command line behind it */
	uint64_t start_info_pages;
	uint64_t used; /* bytes of low RAM taken */
	struct xen_e820_entry map[PVH_MAP_ENTRIES];
	uint32_t map_count;
};

/* -ENOSPC: too little memory, layout->used bytes are needed. */
int pvh_layout_make(const struct kernel *kernel, uint64_t ramdisk_size, uint64_t command_line_size,
		    uint64_t pages, struct pvh_layout *layout);

#endif
