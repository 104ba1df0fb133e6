/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map in struct boot_info: kept sorted, disjoint and merged while it is built. */
#ifndef BOOT_MEMMAP_H
#define BOOT_MEMMAP_H

#include "boot/boot_info.h"

/* The boot type of an EFI memory descriptor (UEFI 2.10, 7.2.3). */
enum boot_memory_type memmap_efi_type(uint32_t efi_type, uint64_t attributes);

/* Adds one range. False: BOOT_MEMORY_MAX would be exceeded, or the range wraps. */
bool must_check memmap_add(struct boot_info *info, struct boot_memory_range range);

/* Marks RAM in [start, start + bytes) as BOOT_MEM_LOADER. False: as above, or it is not all RAM. */
bool must_check memmap_claim(struct boot_info *info, uint64_t start, uint64_t bytes);

#endif
