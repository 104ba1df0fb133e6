/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a front door (EFI loader, multiboot 1 and 2, PVH) hands to the core: one versioned
 * structure, machine addresses only, no firmware types. The EFI loader builds it in memory below
 * 4 GiB that the memory map it carries marks as BOOT_MEM_LOADER, jumps to the core's 64-bit entry
 * with its machine address in RDI, and is never heard of again; the others are init/door.c.
 *
 * All addresses are machine addresses; all strings are NUL-terminated inside their arrays.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "lib/types.h"

#define BOOT_INFO_MAGIC 0x6f6e656e65786f72UL
#define BOOT_INFO_VERSION 1U
#define BOOT_MODULES_MAX 4
#define BOOT_MEMORY_MAX 256
#define BOOT_CMDLINE_MAX 2048

enum boot_front_door {
	BOOT_FROM_MULTIBOOT = 1,
	BOOT_FROM_EFI = 2,
	BOOT_FROM_MULTIBOOT2 = 3,
	BOOT_FROM_PVH = 4,
};

/* Types 1..5 are the ACPI E820 numbers (ACPI 6.4, 15.3); LOADER is RAM to be freed after boot. */
enum boot_memory_type {
	BOOT_MEM_RAM = 1,
	BOOT_MEM_RESERVED = 2,
	BOOT_MEM_ACPI = 3,
	BOOT_MEM_NVS = 4,
	BOOT_MEM_UNUSABLE = 5,
	BOOT_MEM_LOADER = 0x1001, /* RAM holding boot_info and modules: RAM for the guest's map */
	BOOT_MEM_EFI_RUNTIME = 0x1002, /* runtime code or data: reserved for the guest's map */
};

#define BOOT_MEMORY_CODE (1U << 31) /* attribute: runtime services' code */

struct boot_memory_range {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
	uint32_t attributes; /* EFI attribute bits 0..30, 0 when not from EFI */
};

enum boot_module_kind {
	BOOT_MODULE_KERNEL = 1,
	BOOT_MODULE_RAMDISK = 2,
	BOOT_MODULE_UCODE = 3,
};

struct boot_module {
	uint64_t start; /* page aligned */
	uint64_t bytes;
	uint32_t kind;
	uint32_t reserved;
	char cmdline[BOOT_CMDLINE_MAX];
};

struct boot_framebuffer {
	uint64_t base; /* 0: none */
	uint64_t bytes;
	uint32_t width, height, pitch, bits_per_pixel;
	uint8_t red_position, red_bits, green_position, green_bits;
	uint8_t blue_position, blue_bits, reserved_position, reserved_bits;
};

struct boot_info {
	uint64_t magic;
	uint32_t version;
	uint32_t front_door;
	uint64_t core_start; /* where the core image lies in memory now, and its extent */
	uint64_t core_bytes;
	uint64_t rsdp;             /* 0: search the BIOS area */
	uint64_t efi_system_table; /* 0: not EFI */
	uint64_t efi_config_table;
	uint64_t efi_config_count;
	uint32_t efi_revision;
	uint32_t efi_runtime_mapped;
	char efi_vendor[64]; /* ASCII */
	struct boot_framebuffer framebuffer;
	uint32_t module_count;
	uint32_t memory_count;
	struct boot_module modules[BOOT_MODULES_MAX];
	struct boot_memory_range memory[BOOT_MEMORY_MAX];
	char cmdline[BOOT_CMDLINE_MAX]; /* the hypervisor's own options, without the program name */
};

static inline bool boot_info_is_valid(const struct boot_info *info)
{
	return info->magic == BOOT_INFO_MAGIC && info->version == BOOT_INFO_VERSION &&
	       info->module_count <= BOOT_MODULES_MAX && info->memory_count <= BOOT_MEMORY_MAX;
}

#endif
