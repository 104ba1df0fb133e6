/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the domain builder share: struct build, made by build_prepare() and only read
 * afterwards, and struct run, one domain being built from it.
 *
 * Guest memory is written through short mappings: run_map() for pages that are filled by hand,
 * run_load() for a stretch of a file, which reads straight into the guest's frames and never maps
 * more than 32 MiB at once.
 */
#ifndef GUEST_PLAN_H
#define GUEST_PLAN_H

#include "guest/build.h"
#include "guest/image.h"
#include "guest/kernel.h"
#include "guest/pv_layout.h"
#include "guest/pvh_layout.h"

struct build {
	enum build_type type;
	uint64_t pages;
	uint64_t max_memory_kib;
	uint32_t max_vcpus;
	uint32_t online_vcpus;
	domid_t store_domid;
	domid_t console_domid;
	bool unclaimed;
	char *kernel_path;
	char *ramdisk_path; /* NULL: none */
	char *command_line; /* never NULL */
	struct image image;
	struct image ramdisk; /* fd -1: none */
	struct kernel kernel;
	struct pv_layout pv;
	struct pvh_layout pvh;
};

struct run {
	const struct build *build;
	struct call *call;
	domid_t domid;
	struct build_result *result;
	struct report *report;
	xen_pfn_t *p2m; /* PFN to MFN of a PV domain; NULL: translated, frames are PFNs */
};

/* "domain 5: <what>", with errno's text as the cause. Returns err. */
int run_failed(const struct run *run, int err, const char *what);

/* Gives the domain the PFNs first .. first + count - 1, in large extents where that is possible.
 * Fills in p2m. */
int run_populate(const struct run *run, uint64_t first, uint64_t count);

/* Frames of the domain, read-write. Undone by run_unmap(). */
int run_map(const struct run *run, uint64_t first, uint64_t count, void **at);
void run_unmap(const struct run *run, void *at, uint64_t count);

/* The first file_size of `size` bytes at a pseudo-physical address come from the file, the rest is
 * zero. `name` is for messages. */
int run_load(const struct run *run, uint64_t address, uint64_t size, const struct image *file,
	     uint64_t offset, uint64_t file_size, const char *name);
int run_load_segments(const struct run *run, uint64_t paddr_offset);
/* Whole pages, the last one padded with zeroes. */
int run_load_ramdisk(const struct run *run, uint64_t address);
int run_zero(const struct run *run, uint64_t pfn);

/* pv.c, pvh.c: everything between giving memory and seeding grants. */
int pv_run(struct run *run);
int pvh_run(struct run *run);

#endif
