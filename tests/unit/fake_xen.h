/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hypervisor for the tests of the tools: a struct call_backend that keeps domains, their memory
 * and ports in this process, strictly. Guest memory is a memfd, so that foreign mappings are real
 * and shared. Pinning walks the page tables as a hypervisor would and refuses writable mappings
 * of tables, foreign frames and tables still mapped by the tools.
 *
 * fail_at counts every hypercall and mapping from 1: that one fails with fail_with, or does not
 * come back if `killed` is set.
 */
#ifndef UNIT_FAKE_XEN_H
#define UNIT_FAKE_XEN_H

#include "call/call.h"

#include <stdbool.h>

#include <xen/arch_x86.h>
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/hvm_params.h>
#include <xen/memory.h>
#include <xen/shared_info.h>

#define FAKE_DOMAINS 8
#define FAKE_FIRST_MFN 0x100000UL
#define FAKE_LEAVES 64
#define FAKE_PORTS 16
#define FAKE_CPUIDS 3 /* leaves 0, 1 and 7 */

struct fake_domain {
	bool exists;
	struct xen_domctl_createdomain config;
	unsigned int pauses;
	uint64_t max_pages;
	uint64_t tot_pages;
	uint64_t claimed;
	uint32_t vcpus;
	uint32_t address_size;
	xen_pfn_t *p2m; /* gfn to mfn, 0: nothing; translated domains */
	size_t p2m_size;
	xen_pfn_t shared_info;
	xen_pfn_t grant_table;
	xen_pfn_t pinned;
	uint64_t params[HVM_NR_PARAMS];
	uint64_t paging_pool;
	domid_t ports[FAKE_PORTS]; /* the remote end of port n + 1 */
	uint32_t port_count;
	struct xen_e820_entry map[16];
	uint32_t map_count;
	struct vcpu_guest_context context;
	bool has_context;
	uint8_t hvm_context[4096]; /* what was set last with a CPU record */
	uint32_t hvm_context_size;
	unsigned int hvm_context_sets;
	uint32_t shutdown_reason;
	bool is_shut_down;
	struct xen_domctl_sched_credit2 sched;
	struct xen_cpuid_leaf cpuid[FAKE_CPUIDS];
	uint64_t claims; /* how often it asked for one */
	int64_t time_offset; /* of its clock, seconds */
	uint32_t tsc_mode;
	uint8_t hard[2]; /* the first CPUs vcpus 0 and 1 may run on, and prefer */
	uint8_t soft[2];
	uint64_t held; /* pages others have mapped: with any it stays dying when it is destroyed */
	bool is_dying;
};

struct fake_xen {
	uint8_t *ram;
	int fd;
	size_t frame_count;
	size_t next_frame;
	size_t free_frames;
	domid_t *owner; /* per frame */
	xen_pfn_t *m2p; /* per frame */
	struct fake_domain domains[FAKE_DOMAINS];
	domid_t next_domid;
	size_t mapped;      /* frames in foreign mappings now */
	size_t lent;        /* arena chunks now */
	unsigned int calls; /* hypercalls and mappings so far */
	unsigned int fail_at;
	int fail_with;          /* positive errno */
	void (*killed)(void);   /* does not return */
	bool no_resources;      /* XENMEM_acquire_resource is not offered */
	unsigned int max_order; /* of one extent */
	bool closed;
};

/* A machine with that many frames for guests; *call runs on it. */
void fake_xen_open(struct fake_xen *xen, size_t frames, struct call **call);
void fake_xen_close(struct fake_xen *xen); /* after call_close() */
/* The next process: mappings and buffers of the one before are gone, domains are not. */
void fake_xen_again(struct fake_xen *xen, struct call **call);

/* A domain as createdomain would make it. */
domid_t fake_xen_domain(struct fake_xen *xen, uint32_t flags);

/* A frame's memory. */
void *fake_xen_frame(struct fake_xen *xen, xen_pfn_t mfn);
/* A translated domain's byte, or NULL. */
void *fake_xen_guest(struct fake_xen *xen, domid_t domid, uint64_t address);

/* Walks a PV domain's pinned tables: the mfn behind a virtual address, 0 if not mapped; its L1
 * entry in *pte (may be NULL). */
xen_pfn_t fake_xen_walk(struct fake_xen *xen, domid_t domid, uint64_t address, uint64_t *pte);

#endif
