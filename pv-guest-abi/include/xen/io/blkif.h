/* SPDX-License-Identifier: MIT */
/*
 * Block device requests and responses. Sectors are 512 bytes on the wire whatever the disk's are.
 * A segment is a run of sectors in one granted page; an indirect request lists pages that hold
 * its segments.
 */
#ifndef XEN_ABI_IO_BLKIF_H
#define XEN_ABI_IO_BLKIF_H

#include "ring.h"

#define BLKIF_OP_READ 0
#define BLKIF_OP_WRITE 1
#define BLKIF_OP_WRITE_BARRIER 2
#define BLKIF_OP_FLUSH_DISKCACHE 3
#define BLKIF_OP_RESERVED_1 4
#define BLKIF_OP_DISCARD 5
#define BLKIF_OP_INDIRECT 6

#define BLKIF_MAX_SEGMENTS_PER_REQUEST 11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST 8

#define BLKIF_DISCARD_SECURE (1 << 0)

#define BLKIF_RSP_EOPNOTSUPP (-2)
#define BLKIF_RSP_ERROR (-1)
#define BLKIF_RSP_OKAY 0

/* the "info" key of a device */
#define VDISK_CDROM 0x1
#define VDISK_REMOVABLE 0x2
#define VDISK_READONLY 0x4

struct blkif_request_segment {
	uint32_t gref;
	uint8_t first_sect; /* both inclusive, within the page */
	uint8_t last_sect;
	uint16_t pad0;
};
XEN_ABI_SIZE(struct blkif_request_segment, 8);

struct blkif_request {
	uint8_t operation;
	uint8_t nr_segments;
	uint16_t handle;
	uint32_t pad0;
	uint64_t id;
	uint64_t sector_number;
	struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};
XEN_ABI_SIZE(struct blkif_request, 112);
XEN_ABI_AT(struct blkif_request, id, 8);
XEN_ABI_AT(struct blkif_request, seg, 24);

struct blkif_request_discard {
	uint8_t operation;
	uint8_t flag;
	uint16_t handle;
	uint32_t pad0;
	uint64_t id;
	uint64_t sector_number;
	uint64_t nr_sectors;
};
XEN_ABI_SIZE(struct blkif_request_discard, 32);
XEN_ABI_AT(struct blkif_request_discard, nr_sectors, 24);

struct blkif_request_indirect {
	uint8_t operation;
	uint8_t indirect_op;
	uint16_t nr_segments;
	uint32_t pad0;
	uint64_t id;
	uint64_t sector_number;
	uint16_t handle;
	uint16_t pad1;
	uint32_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	uint32_t pad2;
};
XEN_ABI_SIZE(struct blkif_request_indirect, 64);
XEN_ABI_AT(struct blkif_request_indirect, handle, 24);
XEN_ABI_AT(struct blkif_request_indirect, indirect_grefs, 28);

struct blkif_response {
	uint64_t id;
	uint8_t operation;
	uint8_t pad0;
	int16_t status; /* BLKIF_RSP_* */
	uint32_t pad1;
};
XEN_ABI_SIZE(struct blkif_response, 16);
XEN_ABI_AT(struct blkif_response, status, 10);

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

#endif
