/* SPDX-License-Identifier: MIT */
/*
 * memory_op: who owns how much RAM, which frames, and what a translated guest sees where.
 * Bits from 6 up of the command are the first extent of a restarted call (MEMOP_EXTENT_SHIFT);
 * a guest may forge them, so they are checked like any argument.
 */
#ifndef XEN_ABI_MEMORY_H
#define XEN_ABI_MEMORY_H

#include "base.h"
#include "physdev.h"

#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_maximum_ram_page 2
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_machphys_mfn_list 5
#define XENMEM_populate_physmap 6
#define XENMEM_add_to_physmap 7
#define XENMEM_memory_map 9
#define XENMEM_machine_memory_map 10
#define XENMEM_exchange 11
#define XENMEM_machphys_mapping 12
#define XENMEM_set_memory_map 13
#define XENMEM_maximum_gpfn 14
#define XENMEM_remove_from_physmap 15
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
#define XENMEM_get_sharing_freed_pages 18
#define XENMEM_get_sharing_shared_pages 19
#define XENMEM_paging_op 20
#define XENMEM_access_op 21
#define XENMEM_sharing_op 22
#define XENMEM_add_to_physmap_batch 23
#define XENMEM_claim_pages 24
#define XENMEM_machphys_compat_mfn_list 25
#define XENMEM_get_vnumainfo 26
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_acquire_resource 28

#define MEMOP_EXTENT_SHIFT 6
#define MEMOP_CMD_MASK ((1U << MEMOP_EXTENT_SHIFT) - 1)

/* mem_flags: bits 7-0 address width (0: any), bits 15-8 node + 1 (0: any), then flags. */
#define XENMEMF_address_bits(x) (x)
#define XENMEMF_get_address_bits(x) ((x)&0xffU)
#define XENMEMF_node(x) (((x) + 1) << 8)
#define XENMEMF_get_node(x) ((((x) >> 8) - 1) & 0xffU)
#define XENMEMF_populate_on_demand (1U << 16)
#define XENMEMF_exact_node_request (1U << 17)
#define XENMEMF_exact_node(n) (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode (1U << 18)

struct xen_memory_reservation {
	uint64_t extent_start; /* guest pointer to xen_pfn_t[nr_extents] */
	uint64_t nr_extents;
	uint32_t extent_order;
	uint32_t mem_flags; /* XENMEMF_* */
	domid_t domid;
	uint16_t pad0[3];
};
XEN_ABI_SIZE(struct xen_memory_reservation, 32);
XEN_ABI_AT(struct xen_memory_reservation, extent_order, 16);
XEN_ABI_AT(struct xen_memory_reservation, mem_flags, 20);
XEN_ABI_AT(struct xen_memory_reservation, domid, 24);

struct xen_memory_exchange {
	struct xen_memory_reservation in;
	struct xen_memory_reservation out;
	uint64_t nr_exchanged; /* out, of the input extents */
};
XEN_ABI_SIZE(struct xen_memory_exchange, 72);
XEN_ABI_AT(struct xen_memory_exchange, out, 32);
XEN_ABI_AT(struct xen_memory_exchange, nr_exchanged, 64);

struct xen_memory_domain {
	domid_t domid;
};
XEN_ABI_SIZE(struct xen_memory_domain, 2);

struct xen_machphys_mfn_list {
	uint32_t max_extents;
	uint32_t pad0;
	uint64_t extent_start; /* guest pointer to xen_pfn_t[max_extents] */
	uint32_t nr_extents;   /* out */
	uint32_t pad1;
};
XEN_ABI_SIZE(struct xen_machphys_mfn_list, 24);

struct xen_machphys_mapping {
	uint64_t v_start; /* all out */
	uint64_t v_end;
	uint64_t max_mfn;
};
XEN_ABI_SIZE(struct xen_machphys_mapping, 24);

#define XENMAPSPACE_shared_info 0
#define XENMAPSPACE_grant_table 1
#define XENMAPSPACE_gmfn 2
#define XENMAPSPACE_gmfn_range 3
#define XENMAPSPACE_gmfn_foreign 4
#define XENMAPSPACE_dev_mmio 5
#define XENMAPIDX_grant_table_status 0x80000000U

struct xen_add_to_physmap {
	domid_t domid;
	uint16_t size;  /* gmfn_range: frames still to do */
	uint32_t space; /* XENMAPSPACE_* */
	uint64_t idx;
	xen_pfn_t gpfn;
};
XEN_ABI_SIZE(struct xen_add_to_physmap, 24);
XEN_ABI_AT(struct xen_add_to_physmap, idx, 8);

union xen_add_to_physmap_batch_extra {
	domid_t foreign_domid;
	uint16_t res0;
};

struct xen_add_to_physmap_batch {
	domid_t domid;
	uint16_t space;
	uint16_t size;
	union xen_add_to_physmap_batch_extra u;
	uint64_t idxs;  /* guest pointer to uint64_t[size] */
	uint64_t gpfns; /* guest pointer to xen_pfn_t[size] */
	uint64_t errs;  /* guest pointer to int32_t[size] */
};
XEN_ABI_SIZE(struct xen_add_to_physmap_batch, 32);
XEN_ABI_AT(struct xen_add_to_physmap_batch, idxs, 8);

struct xen_remove_from_physmap {
	domid_t domid;
	uint16_t pad0[3];
	xen_pfn_t gpfn;
};
XEN_ABI_SIZE(struct xen_remove_from_physmap, 16);

struct xen_memory_map {
	uint32_t nr_entries; /* in: room, out: used */
	uint32_t pad0;
	uint64_t buffer; /* guest pointer to struct xen_e820_entry */
};
XEN_ABI_SIZE(struct xen_memory_map, 16);

/* What the buffer holds: the firmware's own 20-byte form. */
struct xen_e820_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));
XEN_ABI_SIZE(struct xen_e820_entry, 20);

struct xen_foreign_memory_map {
	domid_t domid;
	uint16_t pad0[3];
	struct xen_memory_map map;
};
XEN_ABI_SIZE(struct xen_foreign_memory_map, 24);
XEN_ABI_AT(struct xen_foreign_memory_map, map, 8);

struct xen_pod_target {
	uint64_t target_pages;
	uint64_t tot_pages; /* out, and the next two */
	uint64_t pod_cache_pages;
	uint64_t pod_entries;
	domid_t domid;
	uint16_t pad0[3];
};
XEN_ABI_SIZE(struct xen_pod_target, 40);

struct xen_reserved_device_memory {
	xen_pfn_t start_pfn;
	uint64_t nr_pages;
};
XEN_ABI_SIZE(struct xen_reserved_device_memory, 16);

#define XENMEM_RDM_ALL 1

struct xen_reserved_device_memory_map {
	uint32_t flags;
	uint32_t nr_entries; /* in: room, out: needed */
	uint64_t buffer;     /* guest pointer to struct xen_reserved_device_memory */
	union {
		struct physdev_pci_device pci;
	} dev;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct xen_reserved_device_memory_map, 24);

#define XENMEM_resource_ioreq_server 0
#define XENMEM_resource_grant_table 1
#define XENMEM_resource_vmtrace_buf 2
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))

struct xen_mem_acquire_resource {
	domid_t domid;
	uint16_t type; /* XENMEM_resource_* */
	uint32_t id;
	uint32_t nr_frames; /* with no list and 0: out, size of the resource */
	uint32_t pad;
	uint64_t frame;
	uint64_t frame_list; /* guest pointer to xen_pfn_t[nr_frames] */
};
XEN_ABI_SIZE(struct xen_mem_acquire_resource, 32);
XEN_ABI_AT(struct xen_mem_acquire_resource, nr_frames, 8);
XEN_ABI_AT(struct xen_mem_acquire_resource, frame_list, 24);

struct xen_vmemrange {
	uint64_t start;
	uint64_t end;
	uint32_t flags;
	uint32_t nid;
};
XEN_ABI_SIZE(struct xen_vmemrange, 24);

struct xen_vnuma_topology_info {
	domid_t domid;
	uint16_t pad;
	uint32_t nr_vnodes; /* these three: in room, out needed */
	uint32_t nr_vcpus;
	uint32_t nr_vmemranges;
	union {
		uint64_t h; /* guest pointer to uint32_t[nr_vnodes * nr_vnodes] */
		uint64_t pad;
	} vdistance;
	union {
		uint64_t h; /* guest pointer to uint32_t[nr_vcpus] */
		uint64_t pad;
	} vcpu_to_vnode;
	union {
		uint64_t h; /* guest pointer to struct xen_vmemrange[nr_vmemranges] */
		uint64_t pad;
	} vmemrange;
};
XEN_ABI_SIZE(struct xen_vnuma_topology_info, 40);

#endif
