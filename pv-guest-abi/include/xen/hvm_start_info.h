/* SPDX-License-Identifier: MIT */
/*
 * What a kernel entered by its PHYS32_ENTRY note (PVH, and the HVM loader) finds at the physical
 * address in ebx. All addresses are guest physical and below 4 GiB.
 */
#ifndef XEN_ABI_HVM_START_INFO_H
#define XEN_ABI_HVM_START_INFO_H

#include "assert.h"

#define XEN_HVM_START_MAGIC_VALUE 0x336ec578 /* "xEn3", bit 7 of the E set */

#define XEN_HVM_MEMMAP_TYPE_RAM 1
#define XEN_HVM_MEMMAP_TYPE_RESERVED 2
#define XEN_HVM_MEMMAP_TYPE_ACPI 3
#define XEN_HVM_MEMMAP_TYPE_NVS 4
#define XEN_HVM_MEMMAP_TYPE_UNUSABLE 5
#define XEN_HVM_MEMMAP_TYPE_DISABLED 6
#define XEN_HVM_MEMMAP_TYPE_PMEM 7

struct hvm_start_info {
	uint32_t magic;
	uint32_t version; /* 1: the memory map fields exist */
	uint32_t flags;   /* SIF_* */
	uint32_t nr_modules;
	uint64_t modlist_paddr;
	uint64_t cmdline_paddr;
	uint64_t rsdp_paddr;
	uint64_t memmap_paddr;
	uint32_t memmap_entries;
	uint32_t reserved;
};
XEN_ABI_SIZE(struct hvm_start_info, 0x38);
XEN_ABI_AT(struct hvm_start_info, modlist_paddr, 0x10);
XEN_ABI_AT(struct hvm_start_info, memmap_paddr, 0x28);

struct hvm_modlist_entry {
	uint64_t paddr;
	uint64_t size;
	uint64_t cmdline_paddr;
	uint64_t reserved;
};
XEN_ABI_SIZE(struct hvm_modlist_entry, 32);

struct hvm_memmap_table_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type; /* XEN_HVM_MEMMAP_TYPE_* */
	uint32_t reserved;
};
XEN_ABI_SIZE(struct hvm_memmap_table_entry, 24);

#endif
