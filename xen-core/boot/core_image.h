/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first bytes of core.bin, the flat image both front doors load. machine/head.S writes this
 * header; the EFI loader and wrap32 read it. Offsets count from the image's first byte. The image
 * runs at any 2 MiB aligned machine address below 4 GiB.
 *
 * entry64: long mode, identity mapping, interrupts off, RDI = machine address of struct boot_info.
 * entry32: multiboot 1 or 2 machine state; the image lies at CORE_IMAGE_MULTIBOOT_ADDRESS.
 * pvh: the PVH entry's machine state (xen/hvm_start_info.h), the image there as well.
 */
#ifndef BOOT_CORE_IMAGE_H
#define BOOT_CORE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define CORE_IMAGE_MAGIC 0x65726f6378707021UL
#define CORE_IMAGE_ALIGNMENT 0x200000UL
#define CORE_IMAGE_MULTIBOOT_ADDRESS 0x200000UL

struct core_image_header {
	uint64_t magic;
	uint64_t image_bytes;  /* what the file holds */
	uint64_t memory_bytes; /* with bss, which the front door zeroes */
	uint64_t entry64_offset;
	uint64_t entry32_offset;
	uint64_t pvh_offset;
};

_Static_assert(sizeof(struct core_image_header) == 48, "written by machine/head.S");

/* NULL if file_bytes of core.bin under this header can be loaded, else what is wrong. */
static inline const char *core_image_fault(const struct core_image_header *header,
					   uint64_t file_bytes)
{
	if (file_bytes < sizeof(*header) || header->magic != CORE_IMAGE_MAGIC) {
		return "no core image header";
	}
	if (header->image_bytes < file_bytes || header->memory_bytes < header->image_bytes ||
	    header->memory_bytes > 0x40000000UL) {
		return "sizes in the core image header do not fit the file";
	}
	if (header->entry64_offset >= file_bytes || header->entry32_offset >= file_bytes ||
	    header->pvh_offset >= file_bytes) {
		return "an entry point of the core lies outside its image";
	}
	return NULL;
}

#endif
