/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control domain asks about the machine and the hypervisor: sysctl, xen_version and
 * platform_op. Thin: one hypercall each unless a comment says otherwise; 0 or -errno.
 */
#ifndef CALL_HOST_H
#define CALL_HOST_H

#include "call/call.h"

#include <stdbool.h>

#include <xen/arch_x86.h>
#include <xen/platform.h>
#include <xen/sysctl.h>
#include <xen/version.h>

/* --- xen_version ------------------------------------------------------------------------------ */
int call_host_version(struct call *call, unsigned int *major, unsigned int *minor);
/* All texts end with NUL, whatever the hypervisor sent. */
int call_host_extraversion(struct call *call, char text[XEN_EXTRAVERSION_LEN]);
int call_host_capabilities(struct call *call, char text[XEN_CAPABILITIES_INFO_LEN]);
int call_host_changeset(struct call *call, char text[XEN_CHANGESET_INFO_LEN]);
int call_host_command_line(struct call *call, char text[XEN_COMMANDLINE_LEN]);
int call_host_compile_info(struct call *call, struct xen_compile_info *info);
int call_host_virt_start(struct call *call, uint64_t *address);
int call_host_page_size(struct call *call, uint32_t *bytes);
int call_host_features(struct call *call, uint32_t submap_index, uint32_t *submap);
/* At most `room` bytes; *size is what the build id has (-ENODATA: none). */
int call_host_build_id(struct call *call, uint8_t *id, uint32_t room, uint32_t *size);

/* --- the machine ------------------------------------------------------------------------------ */
int call_host_physinfo(struct call *call, struct xen_sysctl_physinfo *info);
/* Entries by CPU id; ids without a CPU have XEN_INVALID_*. *count in: room, out: entries. With
 * cpus NULL *count is set to the number of ids. */
int call_host_cpu_topology(struct call *call, struct xen_sysctl_cputopo *cpus, uint32_t *count);
/* nodes has room for *count, distances for *count squared (either may be NULL: only counts). */
int call_host_numa(struct call *call, struct xen_sysctl_meminfo *nodes, uint32_t *distances,
		   uint32_t *count);
int call_host_cpu_idle(struct call *call, struct xen_sysctl_cpuinfo *cpus, uint32_t *count);
/* Free bytes with addresses of min..max bits (0: any) on a node (-1: any). */
int call_host_free_heap(struct call *call, uint32_t min_bits, uint32_t max_bits, int32_t node,
			uint64_t *bytes);
int call_host_max_mfn(struct call *call, uint64_t *mfn);
/* Frames saved by sharing, and shared; -ENOSYS where there is no sharing. */
int call_host_sharing(struct call *call, uint64_t *freed, uint64_t *shared);
/* XEN_SYSCTL_cpu_featureset_*; *count in: room in words, out: words known. A shorter buffer than
 * the hypervisor's list is no error here. */
int call_host_featureset(struct call *call, uint32_t index, uint32_t *words, uint32_t *count);
/* XEN_SYSCTL_cpu_policy_*; leaves NULL (then msrs NULL): both counts become the room needed. msrs
 * NULL otherwise: MSRs are not asked for. */
int call_host_cpu_policy(struct call *call, uint32_t index, struct xen_cpuid_leaf *leaves,
			 uint32_t *leaf_count, struct xen_msr_entry *msrs, uint32_t *msr_count);

/* --- scheduling ------------------------------------------------------------------------------- */
int call_host_scheduler(struct call *call, uint32_t *sched_id);
/* The first pool with an id at or above pool->cpupool_id; -ENOENT past the last. cpus (bytes may
 * be 0) gets its CPUs as a bitmap. */
int call_host_pool(struct call *call, struct xen_sysctl_cpupool_op *pool, uint8_t *cpus,
		   size_t bytes);
/* The CPUs that are in no pool. */
int call_host_free_cpus(struct call *call, uint8_t *cpus, size_t bytes);
/* XEN_SYSCTL_CPUPOOL_OP_* that have no map. */
int call_host_pool_change(struct call *call, struct xen_sysctl_cpupool_op *pool);
int call_host_sched(struct call *call, struct xen_sysctl_scheduler_op *op);

/* --- console, keys ---------------------------------------------------------------------------- */
/* Reads the hypervisor's log into text (size bytes, not terminated). *index NULL: from the start;
 * else from *index on, which becomes the position to go on from. */
int call_host_read_console(struct call *call, char *text, uint32_t size, bool clear,
			   uint32_t *index, uint32_t *length);
int call_host_send_keys(struct call *call, const char *keys);

/* platform_op; cmd and the union are the caller's. */
int call_host_platform(struct call *call, struct xen_platform_op *op);

#endif
