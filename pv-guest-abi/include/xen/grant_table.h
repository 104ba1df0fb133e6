/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op, and the tables in which a domain offers frames to others.
 * A version 1 entry is 8 bytes with its status bits in the flags word; version 2 is 16 bytes,
 * has 64-bit frames, and keeps reading/writing in a separate array of status words.
 * Entries are written by the guest at any time: flags and domid are examined as one 32-bit word.
 * Grant references and handles are uint32_t.
 */
#ifndef XEN_ABI_GRANT_TABLE_H
#define XEN_ABI_GRANT_TABLE_H

#include "base.h"

#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE 0
#define GNTTAB_RESERVED_XENSTORE 1

/* --- entry flags: bits 1-0 the type, the rest depending on it --------------------------------- */
#define GTF_invalid 0U
#define GTF_permit_access 1U
#define GTF_accept_transfer 2U
#define GTF_transitive 3U
#define GTF_type_mask 3U

#define GTF_readonly (1U << 2)
#define GTF_reading (1U << 3) /* set and cleared by the hypervisor */
#define GTF_writing (1U << 4) /* likewise */
#define GTF_PWT (1U << 5)
#define GTF_PCD (1U << 6)
#define GTF_PAT (1U << 7)
#define GTF_sub_page (1U << 8)

#define GTF_transfer_committed (1U << 2)
#define GTF_transfer_completed (1U << 3)

struct grant_entry_v1 {
	uint16_t flags;
	domid_t domid;
	uint32_t frame;
};
XEN_ABI_SIZE(struct grant_entry_v1, 8);
XEN_ABI_AT(struct grant_entry_v1, frame, 4);

struct grant_entry_header {
	uint16_t flags;
	domid_t domid;
};
XEN_ABI_SIZE(struct grant_entry_header, 4);

union grant_entry_v2 {
	struct grant_entry_header hdr;
	struct {
		struct grant_entry_header hdr;
		uint32_t pad0;
		uint64_t frame;
	} full_page;
	struct {
		struct grant_entry_header hdr;
		uint16_t page_off;
		uint16_t length;
		uint64_t frame;
	} sub_page;
	struct {
		struct grant_entry_header hdr;
		domid_t trans_domid;
		uint16_t pad0;
		uint32_t gref;
	} transitive;
	uint32_t __spacer[4];
};
XEN_ABI_SIZE(union grant_entry_v2, 16);
XEN_ABI_AT(union grant_entry_v2, full_page.frame, 8);
XEN_ABI_AT(union grant_entry_v2, sub_page.length, 6);
XEN_ABI_AT(union grant_entry_v2, transitive.gref, 8);

/* --- operations ------------------------------------------------------------------------------ */
#define GNTTABOP_map_grant_ref 0
#define GNTTABOP_unmap_grant_ref 1
#define GNTTABOP_setup_table 2
#define GNTTABOP_dump_table 3
#define GNTTABOP_transfer 4
#define GNTTABOP_copy 5
#define GNTTABOP_query_size 6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version 8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version 10
#define GNTTABOP_swap_grant_ref 11
#define GNTTABOP_cache_flush 12

#define GNTMAP_device_map (1U << 0)
#define GNTMAP_host_map (1U << 1)
#define GNTMAP_readonly (1U << 2)
#define GNTMAP_application_map (1U << 3) /* user space of a PV guest may use it */
#define GNTMAP_contains_pte (1U << 4)    /* host_addr is the machine address of the PTE */
#define _GNTMAP_guest_avail0 16
#define GNTMAP_guest_avail_mask (~0U << _GNTMAP_guest_avail0) /* to PTE bits 9-11 */

/* Status of one operation; the call as a whole usually answers 0. */
#define GNTST_okay 0
#define GNTST_general_error (-1)
#define GNTST_bad_domain (-2)
#define GNTST_bad_gntref (-3)
#define GNTST_bad_handle (-4)
#define GNTST_bad_virt_addr (-5)
#define GNTST_bad_dev_addr (-6)
#define GNTST_no_device_space (-7)
#define GNTST_permission_denied (-8)
#define GNTST_bad_page (-9)
#define GNTST_bad_copy_arg (-10)
#define GNTST_address_too_big (-11)
#define GNTST_eagain (-12)
#define GNTST_no_space (-13)

struct gnttab_map_grant_ref {
	uint64_t host_addr;
	uint32_t flags; /* GNTMAP_* */
	uint32_t ref;
	domid_t dom;
	int16_t status; /* out, and all that follows */
	uint32_t handle;
	uint64_t dev_bus_addr;
};
XEN_ABI_SIZE(struct gnttab_map_grant_ref, 32);
XEN_ABI_AT(struct gnttab_map_grant_ref, status, 18);
XEN_ABI_AT(struct gnttab_map_grant_ref, dev_bus_addr, 24);

struct gnttab_unmap_grant_ref {
	uint64_t host_addr;
	uint64_t dev_bus_addr;
	uint32_t handle;
	int16_t status; /* out */
	uint16_t pad0;
};
XEN_ABI_SIZE(struct gnttab_unmap_grant_ref, 24);
XEN_ABI_AT(struct gnttab_unmap_grant_ref, status, 20);

struct gnttab_setup_table {
	domid_t dom;
	uint16_t pad0;
	uint32_t nr_frames;
	int16_t status; /* out */
	uint16_t pad1[3];
	uint64_t frame_list; /* guest pointer to xen_pfn_t[nr_frames] */
};
XEN_ABI_SIZE(struct gnttab_setup_table, 24);
XEN_ABI_AT(struct gnttab_setup_table, frame_list, 16);

struct gnttab_dump_table {
	domid_t dom;
	int16_t status; /* out */
};
XEN_ABI_SIZE(struct gnttab_dump_table, 4);

struct gnttab_transfer {
	xen_pfn_t mfn;
	domid_t domid;
	uint16_t pad0;
	uint32_t ref;
	int16_t status; /* out */
	uint16_t pad1[3];
};
XEN_ABI_SIZE(struct gnttab_transfer, 24);

#define GNTCOPY_source_gref (1U << 0)
#define GNTCOPY_dest_gref (1U << 1)

struct gnttab_copy_ptr {
	union {
		uint32_t ref;
		xen_pfn_t gmfn;
	} u;
	domid_t domid;
	uint16_t offset;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct gnttab_copy_ptr, 16);

struct gnttab_copy {
	struct gnttab_copy_ptr source;
	struct gnttab_copy_ptr dest;
	uint16_t len;
	uint16_t flags; /* GNTCOPY_* */
	int16_t status; /* out */
	uint16_t pad0;
};
XEN_ABI_SIZE(struct gnttab_copy, 40);
XEN_ABI_AT(struct gnttab_copy, dest, 16);
XEN_ABI_AT(struct gnttab_copy, status, 36);

struct gnttab_query_size {
	domid_t dom;
	uint16_t pad0;
	uint32_t nr_frames; /* out, and all that follows */
	uint32_t max_nr_frames;
	int16_t status;
	uint16_t pad1;
};
XEN_ABI_SIZE(struct gnttab_query_size, 16);

struct gnttab_unmap_and_replace {
	uint64_t host_addr;
	uint64_t new_addr;
	uint32_t handle;
	int16_t status; /* out */
	uint16_t pad0;
};
XEN_ABI_SIZE(struct gnttab_unmap_and_replace, 24);

struct gnttab_set_version {
	uint32_t version; /* in: wanted, out: in force */
};
XEN_ABI_SIZE(struct gnttab_set_version, 4);

struct gnttab_get_status_frames {
	uint32_t nr_frames;
	domid_t dom;
	int16_t status;      /* out */
	uint64_t frame_list; /* guest pointer to uint64_t[nr_frames] */
};
XEN_ABI_SIZE(struct gnttab_get_status_frames, 16);

struct gnttab_get_version {
	domid_t dom;
	uint16_t pad;
	uint32_t version; /* out */
};
XEN_ABI_SIZE(struct gnttab_get_version, 8);

struct gnttab_swap_grant_ref {
	uint32_t ref_a;
	uint32_t ref_b;
	int16_t status; /* out */
	uint16_t pad0;
};
XEN_ABI_SIZE(struct gnttab_swap_grant_ref, 12);

#define GNTTAB_CACHE_CLEAN (1U << 0)
#define GNTTAB_CACHE_INVAL (1U << 1)
#define GNTTAB_CACHE_SOURCE_GREF (1U << 31)

struct gnttab_cache_flush {
	union {
		uint64_t dev_bus_addr;
		uint32_t ref;
	} a;
	uint16_t offset;
	uint16_t length;
	uint32_t op;
};
XEN_ABI_SIZE(struct gnttab_cache_flush, 16);

#endif
