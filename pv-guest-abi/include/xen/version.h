/* SPDX-License-Identifier: MIT */
/*
 * xen_version: who the hypervisor is and what it can do. Sub-op 0 doubles as the cheapest call
 * there is, which guests use to have pending events delivered.
 */
#ifndef XEN_ABI_VERSION_H
#define XEN_ABI_VERSION_H

#include "base.h"
#include "features.h"

#define XENVER_version 0 /* answer: major << 16 | minor */
#define XENVER_extraversion 1
#define XENVER_compile_info 2
#define XENVER_capabilities 3
#define XENVER_changeset 4
#define XENVER_platform_parameters 5
#define XENVER_get_features 6
#define XENVER_pagesize 7 /* answer: 4096 */
#define XENVER_guest_handle 8
#define XENVER_commandline 9
#define XENVER_build_id 10

#define XEN_EXTRAVERSION_LEN 16
#define XEN_CAPABILITIES_INFO_LEN 1024
#define XEN_CHANGESET_INFO_LEN 64
#define XEN_COMMANDLINE_LEN 1024

typedef char xen_extraversion_t[XEN_EXTRAVERSION_LEN];
typedef char xen_capabilities_info_t[XEN_CAPABILITIES_INFO_LEN];
typedef char xen_changeset_info_t[XEN_CHANGESET_INFO_LEN];
typedef char xen_commandline_t[XEN_COMMANDLINE_LEN];

struct xen_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};
XEN_ABI_SIZE(struct xen_compile_info, 0x90);

struct xen_platform_parameters {
	uint64_t virt_start; /* first address a PV guest must not use */
};
XEN_ABI_SIZE(struct xen_platform_parameters, 8);

struct xen_feature_info {
	uint32_t submap_idx; /* in: which 32 features */
	uint32_t submap;     /* out */
};
XEN_ABI_SIZE(struct xen_feature_info, 8);

struct xen_build_id {
	uint32_t len;
	uint8_t buf[];
};
XEN_ABI_SIZE(struct xen_build_id, 4);

#endif
