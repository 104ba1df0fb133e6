/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel's ELF file says to a domain builder: the segments to load, at which
 * pseudo-physical addresses, and the notes of owner "Xen" by which it describes the address space
 * it expects. Everything is checked here: segments lie in the file and do not wrap or overlap,
 * notes have the size of what they mean. Nothing is judged: whether it suits a PV or a PVH domain
 * is kernel_check_pv() and kernel_check_pvh().
 */
#ifndef GUEST_KERNEL_H
#define GUEST_KERNEL_H

#include "guest/image.h"

#include <stdbool.h>

#define KERNEL_SEGMENTS 16
#define KERNEL_TEXT 128

struct kernel_segment {
	uint64_t offset; /* in the file */
	uint64_t file_size;
	uint64_t paddr;
	uint64_t size; /* in memory: at least file_size */
};

/* A numeric note; texts stay empty when absent. */
struct kernel_note {
	bool given;
	uint64_t value;
};

struct kernel {
	bool is_64bit;
	uint64_t elf_entry;
	struct kernel_segment segments[KERNEL_SEGMENTS]; /* by address */
	unsigned int segment_count;
	uint64_t start; /* lowest paddr */
	uint64_t end;   /* behind the highest */
	bool has_notes; /* any of owner "Xen" */
	struct kernel_note entry;
	struct kernel_note hypercall_page;
	struct kernel_note virt_base;
	struct kernel_note paddr_offset;
	struct kernel_note init_p2m;
	struct kernel_note mod_start_pfn;
	struct kernel_note phys32_entry;
	char xen_version[KERNEL_TEXT];
	char guest_os[KERNEL_TEXT];
	char loader[KERNEL_TEXT];
	char features[KERNEL_TEXT];
};

/* 0, or -errno with *why: what is wrong with the file, NULL if reading it failed. */
int kernel_parse(const struct image *image, struct kernel *kernel, const char **why);

/* NULL: fit for such a domain; else the reason why not. */
const char *kernel_check_pv(const struct kernel *kernel);
const char *kernel_check_pvh(const struct kernel *kernel);

/* Virtual address of a paddr, in the address space the notes describe. */
uint64_t kernel_virtual(const struct kernel *kernel, uint64_t paddr);
uint64_t kernel_pv_entry(const struct kernel *kernel);

#endif
