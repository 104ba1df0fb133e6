/* SPDX-License-Identifier: MIT */
/*
 * sysctl: what the control domain asks about, and of, the host as a whole. The version must
 * match exactly (-XEN_EACCES). Structures are here for the commands a toolstack of this version
 * sends in normal operation; the numbers are all here.
 */
#ifndef XEN_ABI_SYSCTL_H
#define XEN_ABI_SYSCTL_H

#include "base.h"
#include "domctl.h"

#define XEN_SYSCTL_INTERFACE_VERSION 0x00000015U

#define XEN_SYSCTL_readconsole 1
#define XEN_SYSCTL_tbuf_op 2
#define XEN_SYSCTL_physinfo 3
#define XEN_SYSCTL_sched_id 4
#define XEN_SYSCTL_perfc_op 5
#define XEN_SYSCTL_getdomaininfolist 6
#define XEN_SYSCTL_debug_keys 7
#define XEN_SYSCTL_getcpuinfo 8
#define XEN_SYSCTL_availheap 9
#define XEN_SYSCTL_get_pmstat 10
#define XEN_SYSCTL_cpu_hotplug 11
#define XEN_SYSCTL_pm_op 12
#define XEN_SYSCTL_page_offline_op 14
#define XEN_SYSCTL_lockprof_op 15
#define XEN_SYSCTL_cputopoinfo 16
#define XEN_SYSCTL_numainfo 17
#define XEN_SYSCTL_cpupool_op 18
#define XEN_SYSCTL_scheduler_op 19
#define XEN_SYSCTL_coverage_op 20
#define XEN_SYSCTL_psr_cmt_op 21
#define XEN_SYSCTL_pcitopoinfo 22
#define XEN_SYSCTL_psr_alloc 23
#define XEN_SYSCTL_get_cpu_levelling_caps 25
#define XEN_SYSCTL_get_cpu_featureset 26
#define XEN_SYSCTL_livepatch_op 27
#define XEN_SYSCTL_get_cpu_policy 29

struct xen_sysctl_readconsole {
	uint8_t clear;
	uint8_t incremental;
	uint8_t pad0;
	uint8_t pad1;
	uint32_t index;  /* in (incremental) and out: running position */
	uint64_t buffer; /* guest pointer */
	uint32_t count;  /* in: room, out: used */
	uint32_t pad2;
};
XEN_ABI_SIZE(struct xen_sysctl_readconsole, 24);

#define XEN_SYSCTL_PHYSCAP_hvm (1U << 0)
#define XEN_SYSCTL_PHYSCAP_pv (1U << 1)
#define XEN_SYSCTL_PHYSCAP_directio (1U << 2)
#define XEN_SYSCTL_PHYSCAP_hap (1U << 3)
#define XEN_SYSCTL_PHYSCAP_shadow (1U << 4)
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share (1U << 5)
#define XEN_SYSCTL_PHYSCAP_vmtrace (1U << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu (1U << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1 (1U << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2 (1U << 9)
#define XEN_SYSCTL_PHYSCAP_MAX XEN_SYSCTL_PHYSCAP_gnttab_v2

struct xen_sysctl_physinfo {
	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	uint32_t nr_cpus;
	uint32_t max_cpu_id;
	uint32_t nr_nodes;
	uint32_t max_node_id;
	uint32_t cpu_khz;
	uint32_t capabilities; /* XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities;
	uint32_t pad;
	uint64_t total_pages;
	uint64_t free_pages;
	uint64_t scrub_pages;
	uint64_t outstanding_pages;
	uint64_t max_mfn;
	uint32_t hw_cap[8];
};
XEN_ABI_SIZE(struct xen_sysctl_physinfo, 0x70);
XEN_ABI_AT(struct xen_sysctl_physinfo, total_pages, 0x28);
XEN_ABI_AT(struct xen_sysctl_physinfo, hw_cap, 0x50);

struct xen_sysctl_sched_id {
	uint32_t sched_id;
};
XEN_ABI_SIZE(struct xen_sysctl_sched_id, 4);

struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;
	uint16_t pad0;
	uint32_t max_domains;
	uint64_t buffer;      /* guest pointer to struct xen_domctl_getdomaininfo */
	uint32_t num_domains; /* out */
	uint32_t pad1;
};
XEN_ABI_SIZE(struct xen_sysctl_getdomaininfolist, 24);

struct xen_sysctl_debug_keys {
	uint64_t keys; /* guest pointer */
	uint32_t nr_keys;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct xen_sysctl_debug_keys, 16);

struct xen_sysctl_cpuinfo {
	uint64_t idletime;
};
XEN_ABI_SIZE(struct xen_sysctl_cpuinfo, 8);

struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;
	uint32_t pad0;
	uint64_t info;    /* guest pointer to struct xen_sysctl_cpuinfo */
	uint32_t nr_cpus; /* out */
	uint32_t pad1;
};
XEN_ABI_SIZE(struct xen_sysctl_getcpuinfo, 24);

struct xen_sysctl_availheap {
	uint32_t min_bitwidth;
	uint32_t max_bitwidth;
	int32_t node;
	uint32_t pad0;
	uint64_t avail_bytes; /* out */
};
XEN_ABI_SIZE(struct xen_sysctl_availheap, 24);

#define XEN_INVALID_CORE_ID (~0U)
#define XEN_INVALID_SOCKET_ID (~0U)
#define XEN_INVALID_NODE_ID (~0U)
#define XEN_INVALID_MEM_SZ (~0U)
#define XEN_INVALID_NODE_DIST (~0U)

struct xen_sysctl_cputopo {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};
XEN_ABI_SIZE(struct xen_sysctl_cputopo, 12);

struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;
	uint32_t pad0;
	uint64_t cputopo; /* guest pointer to struct xen_sysctl_cputopo, or 0 */
};
XEN_ABI_SIZE(struct xen_sysctl_cputopoinfo, 16);

struct xen_sysctl_meminfo {
	uint64_t memsize;
	uint64_t memfree;
};
XEN_ABI_SIZE(struct xen_sysctl_meminfo, 16);

struct xen_sysctl_numainfo {
	uint32_t num_nodes;
	uint32_t pad0;
	uint64_t meminfo;  /* guest pointer to struct xen_sysctl_meminfo, or 0 */
	uint64_t distance; /* guest pointer to uint32_t[num_nodes * num_nodes], or 0 */
};
XEN_ABI_SIZE(struct xen_sysctl_numainfo, 24);

#define XEN_SYSCTL_CPUPOOL_OP_CREATE 1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY 2
#define XEN_SYSCTL_CPUPOOL_OP_INFO 3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU 4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU 5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN 6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO 7
#define XEN_SYSCTL_CPUPOOL_PAR_ANY 0xFFFFFFFFU

struct xen_sysctl_cpupool_op {
	uint32_t op; /* XEN_SYSCTL_CPUPOOL_OP_* */
	uint32_t cpupool_id;
	uint32_t sched_id;
	uint32_t domid;
	uint32_t cpu;
	uint32_t n_dom;
	struct xenctl_bitmap cpumap;
};
XEN_ABI_SIZE(struct xen_sysctl_cpupool_op, 40);
XEN_ABI_AT(struct xen_sysctl_cpupool_op, cpumap, 24);

#define XEN_SYSCTL_SCHEDOP_putinfo 0
#define XEN_SYSCTL_SCHEDOP_getinfo 1
#define XEN_SYSCTL_SCHED_RATELIMIT_MAX 500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN 100
#define XEN_SYSCTL_CSCHED_TSLICE_MAX 1000
#define XEN_SYSCTL_CSCHED_TSLICE_MIN 1

struct xen_sysctl_credit_schedule {
	uint32_t tslice_ms;
	uint32_t ratelimit_us;
	uint32_t vcpu_migr_delay_us;
};
XEN_ABI_SIZE(struct xen_sysctl_credit_schedule, 12);

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us;
};
XEN_ABI_SIZE(struct xen_sysctl_credit2_schedule, 4);

struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id;
	uint32_t sched_id;
	uint32_t cmd; /* XEN_SYSCTL_SCHEDOP_* */
	uint32_t pad0;
	union {
		struct {
			uint64_t schedule; /* guest pointer */
		} sched_arinc653;
		struct xen_sysctl_credit_schedule sched_credit;
		struct xen_sysctl_credit2_schedule sched_credit2;
		uint64_t pad[2];
	} u;
};
XEN_ABI_SIZE(struct xen_sysctl_scheduler_op, 32);
XEN_ABI_AT(struct xen_sysctl_scheduler_op, u, 16);

#define XEN_SYSCTL_cpu_featureset_raw 0
#define XEN_SYSCTL_cpu_featureset_host 1
#define XEN_SYSCTL_cpu_featureset_pv 2
#define XEN_SYSCTL_cpu_featureset_hvm 3
#define XEN_SYSCTL_cpu_featureset_pv_max 4
#define XEN_SYSCTL_cpu_featureset_hvm_max 5

struct xen_sysctl_cpu_featureset {
	uint32_t index;
	uint32_t nr_features; /* in: room in words, out: written */
	uint64_t features;    /* guest pointer to uint32_t[] */
};
XEN_ABI_SIZE(struct xen_sysctl_cpu_featureset, 16);

struct xen_sysctl_cpu_levelling_caps {
	uint32_t caps;
};
XEN_ABI_SIZE(struct xen_sysctl_cpu_levelling_caps, 4);

#define XEN_SYSCTL_cpu_policy_raw 0
#define XEN_SYSCTL_cpu_policy_host 1
#define XEN_SYSCTL_cpu_policy_pv_max 2
#define XEN_SYSCTL_cpu_policy_hvm_max 3
#define XEN_SYSCTL_cpu_policy_pv_default 4
#define XEN_SYSCTL_cpu_policy_hvm_default 5

struct xen_sysctl_cpu_policy {
	uint32_t index;
	uint32_t nr_leaves; /* in: room, out: written; so the next */
	uint32_t nr_msrs;
	uint32_t _rsvd;
	uint64_t leaves; /* guest pointer to struct xen_cpuid_leaf */
	uint64_t msrs;   /* guest pointer to struct xen_msr_entry */
};
XEN_ABI_SIZE(struct xen_sysctl_cpu_policy, 32);
XEN_ABI_AT(struct xen_sysctl_cpu_policy, leaves, 16);

struct xen_sysctl {
	uint32_t cmd; /* XEN_SYSCTL_* */
	uint32_t interface_version;
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
		struct xen_sysctl_cpu_featureset cpu_featureset;
		struct xen_sysctl_cpu_policy cpu_policy;
		uint8_t pad[128];
	} u;
};
XEN_ABI_SIZE(struct xen_sysctl, 0x88);
XEN_ABI_AT(struct xen_sysctl, u, 8);

#endif
