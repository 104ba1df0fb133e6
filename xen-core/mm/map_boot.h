/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How init/memory.c builds the core's page tables before there is an allocator. Order: start,
 * any of the others, load map_idle_root(), finish once heap_alloc_pages() works.
 */
#ifndef MM_MAP_BOOT_H
#define MM_MAP_BOOT_H

#include "mm/map.h"

/* page() hands out frames of RAM below 4 GiB; it panics when there are none. */
void map_boot_start(mfn_t (*page)(void));
/* RAM [first, first + count) in the direct map, with large pages where aligned. */
void map_boot_direct(mfn_t first, uint64_t count);
/* These frames read-only in the direct map (the image's text and constants). */
void map_boot_direct_split(mfn_t first, uint64_t count);
void map_boot_page(uint64_t address, mfn_t m, enum map_access access, bool for_guests);
void map_boot_finish(void);

#endif
