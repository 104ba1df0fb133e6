/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building a domain: from a kernel file and a few numbers to a paused domain whose vcpu 0 stands
 * at its first instruction. Two steps, so that what is wrong with the files is known before
 * anything exists:
 *
 *     build_prepare   opens kernel and ramdisk, unpacks, checks, lays memory out. No hypercall.
 *     build_run       does it to a domain that call_domain_create() made.
 *
 * build_run() sets the maxima of vcpus and memory, makes the store's and console's ports, gives
 * memory, loads, and offers the two pages as grants 0 and 1. What is left to the caller: affinity,
 * scheduling, the store's nodes and introduction, devices, unpausing; and after a failure
 * destroying the domain, which undoes all of it.
 *
 * One struct build belongs to one thread; any number may be prepared and run side by side.
 */
#ifndef GUEST_BUILD_H
#define GUEST_BUILD_H

#include "call/call.h"
#include "lib/report.h"

#include <stdbool.h>
#include <stdint.h>

#include <xen/domctl.h>

#define BUILD_CACHE_DIRECTORY "/var/cache/proxenos/images"

enum build_type {
	BUILD_PV,
	BUILD_PVH,
};

/* Strings are only read during build_prepare(). */
struct build_spec {
	enum build_type type;
	const char *kernel;
	const char *ramdisk;      /* NULL: none */
	const char *command_line; /* NULL: empty */
	uint64_t memory_kib;      /* what the domain starts with */
	uint64_t max_memory_kib;  /* what it may grow to; 0 or less than memory: the same */
	uint32_t max_vcpus;
	uint32_t online_vcpus; /* how many of them start online; 0: all */
	domid_t store_domid;   /* who serves the store and the console: 0 */
	domid_t console_domid;
	const char *cache; /* directory of unpacked images; NULL: none is kept */
	bool unclaimed;    /* take memory page by page, without reserving it first */
};

struct build_result {
	xen_pfn_t store_frame; /* MFN of a PV domain, GFN of a translated one: ring-ref nodes */
	xen_pfn_t console_frame;
	uint32_t store_port; /* the domain's own ports: port nodes, introduction */
	uint32_t console_port;
	uint64_t pages; /* how many it was given */
};

struct build;

/* 0, or -errno with a report that names the file and the reason. */
int build_prepare(const struct build_spec *spec, struct build **build, struct report *report);

/* Fills in what depends on the type: flags, max_vcpus, emulation flags. Everything else of
 * *config starts as zero and defaults (grant table and port limits as upstream's toolstack sets
 * them); the caller overwrites handle, pool and what its user asked for. `capabilities` is
 * physinfo's: it picks the grant table version. */
void build_fill_config(const struct build *build, uint32_t capabilities,
		       struct xen_domctl_createdomain *config);

/* On failure the domain is half made and good for nothing but call_domain_destroy(). */
int build_run(const struct build *build, struct call *call, domid_t domid,
	      struct build_result *result, struct report *report);

/* KiB of free memory the host must have for build_run() to succeed, without the hypervisor's own
 * tables for the domain. */
uint64_t build_needs_kib(const struct build *build);

void build_free(struct build *build); /* NULL: nothing */

#endif
