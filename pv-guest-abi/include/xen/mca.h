/* SPDX-License-Identifier: MIT */
/*
 * mca (hypercall arch_0): how dom0 fetches machine-check records. Only the requests that dom0's
 * record collector makes are described.
 */
#ifndef XEN_ABI_MCA_H
#define XEN_ABI_MCA_H

#include "base.h"

#define XEN_MCA_INTERFACE_VERSION 0x01ecc003

#define XEN_MC_fetch 1
#define XEN_MC_notifydomain 2
#define XEN_MC_physcpuinfo 3
#define XEN_MC_msrinject 4
#define XEN_MC_mceinject 5
#define XEN_MC_inject_v2 6

/* fetch, in: which queue, or acknowledge; out: result */
#define XEN_MC_NONURGENT 0x0001
#define XEN_MC_URGENT 0x0002
#define XEN_MC_ACK 0x0004
#define XEN_MC_OK 0x0
#define XEN_MC_FETCHFAILED 0x1
#define XEN_MC_NODATA 0x2
#define XEN_MC_NOMATCH 0x4

struct xen_mc_fetch {
	uint32_t flags;
	uint32_t _pad0;
	uint64_t fetch_id;
	uint64_t data; /* guest pointer */
};
XEN_ABI_SIZE(struct xen_mc_fetch, 24);

#define MC_NCAPS 7
#define __MC_MSR_ARRAYSIZE 8

struct mcinfo_msr {
	uint64_t reg;
	uint64_t value;
};

/* One host CPU; of the fields only numbers are of use to a collector of records. */
struct mcinfo_logical_cpu {
	uint32_t mc_cpunr;
	uint32_t mc_chipid;
	uint16_t mc_coreid;
	uint16_t mc_threadid;
	uint32_t mc_apicid;
	uint32_t mc_clusterid;
	uint32_t mc_ncores;
	uint32_t mc_ncores_active;
	uint32_t mc_nthreads;
	int32_t mc_cpuid_level;
	uint32_t mc_family;
	uint32_t mc_vendor;
	uint32_t mc_model;
	uint32_t mc_step;
	char mc_vendorid[16];
	char mc_brandid[64];
	uint32_t mc_cpu_caps[MC_NCAPS];
	uint32_t mc_cache_size;
	uint32_t mc_cache_alignment;
	int32_t mc_nmsrvals;
	struct mcinfo_msr mc_msrvalues[__MC_MSR_ARRAYSIZE];
};
XEN_ABI_SIZE(struct mcinfo_logical_cpu, 304);
XEN_ABI_AT(struct mcinfo_logical_cpu, mc_vendorid, 52);
XEN_ABI_AT(struct mcinfo_logical_cpu, mc_msrvalues, 176);

struct xen_mc_physcpuinfo {
	uint32_t ncpus; /* in: room, out: present */
	uint32_t _pad0;
	uint64_t info; /* guest pointer, or 0 */
};
XEN_ABI_SIZE(struct xen_mc_physcpuinfo, 16);

struct xen_mc {
	uint32_t cmd;
	uint32_t interface_version;
	union {
		struct xen_mc_fetch mc_fetch;
		struct xen_mc_physcpuinfo mc_physcpuinfo;
		uint8_t pad[144]; /* room of the largest request, which injects MSRs */
	} u;
};
XEN_ABI_SIZE(struct xen_mc, 152);
XEN_ABI_AT(struct xen_mc, u, 8);

#endif
