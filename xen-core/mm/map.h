/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own mappings: L4 slots 256..271, identical in every L4 table of the machine.
 *
 *     ffff800000000000  M2P, read-only, visible to guests       (slot 256)
 *     ffff828000000000  device memory and other mappings        (slot 261)
 *     ffff829000000000  M2P, writable alias
 *     ffff82a000000000  frame table
 *     ffff82d040000000  the core's image: text RX, constants R, data RW
 *     ffff82e000000000  per-CPU areas: stacks with guard pages, descriptor windows
 *     ffff830000000000  direct map of RAM, RW NX                (slots 262..271)
 *
 * W^X: no mapping is writable and executable; the image's text is read-only in the direct map.
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include "x86/pte.h"

#define M2P_START 0xffff800000000000UL
#define M2P_END 0xffff804000000000UL
#define MAP_AREA_START 0xffff828000000000UL
#define MAP_AREA_END 0xffff829000000000UL
#define M2P_ALIAS_START 0xffff829000000000UL
#define FRAME_TABLE_START 0xffff82a000000000UL
#define CORE_START 0xffff82d040000000UL
#define CPU_AREA_START 0xffff82e000000000UL
#define CPU_AREA_BYTES (1UL << 20)

#define HYPERVISOR_SLOT_FIRST 256
#define HYPERVISOR_SLOT_END 272

enum map_access {
	MAP_READ,
	MAP_WRITE,
	MAP_EXECUTE,
};

enum map_cache {
	MAP_CACHED,
	MAP_UNCACHED,
	MAP_WRITE_COMBINING,
};

/* Maps pages [address, +count) to frames from first on; 0 or -XEN_ENOMEM. Boot and ioremap. */
int must_check map_pages(uint64_t address, mfn_t first, uint64_t count, enum map_access access,
			 enum map_cache cache);
void map_remove(uint64_t address, uint64_t count);
/* The L1 entry of an address of the core's, with the tables above it; NULL: no memory. */
pte_t *must_check map_slot(uint64_t address);

/* Maps device memory for ever; returns NULL when out of space. Need not be page aligned. */
void *must_check map_device(uint64_t machine_address, uint64_t bytes, enum map_cache cache);
/* Maps any machine memory (firmware tables) readable; released by map_release(). */
const void *must_check map_firmware(uint64_t machine_address, uint64_t bytes);
void map_release(const void *pointer, uint64_t bytes);

/* Copies the 16 shared entries into an L4 table. */
void map_install_slots(pte_t *l4);
/* The core's own L4, used while no guest is loaded. */
mfn_t map_idle_root(void);

#endif
