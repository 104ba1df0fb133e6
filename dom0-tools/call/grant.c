/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants: see grant.h. gntdev maps in two steps, a slot in the device's offset space and an mmap of
 * it; a mapping is undone by munmap and giving back the slot, found by its address. Numbers:
 * include/uapi/xen/gntdev.h.
 *
 * Seeding maps the new domain's first grant frame, by XENMEM_acquire_resource. Where that is not
 * offered, GNTTABOP_setup_table tells a PV domain's frame, which is mapped like any of its frames.
 */
#include "call/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/memory.h>

struct gntdev_ref {
	uint32_t domid;
	uint32_t ref;
};

struct gntdev_map {
	uint32_t count;
	uint32_t pad;
	uint64_t index; /* out */
	struct gntdev_ref refs[1];
};
_Static_assert(sizeof(struct gntdev_map) == 24, "ioctl_gntdev_map_grant_ref");

struct gntdev_unmap {
	uint64_t index;
	uint32_t count;
	uint32_t pad;
};

struct gntdev_find {
	uint64_t address;
	uint64_t index; /* out */
	uint32_t count; /* out */
	uint32_t pad;
};

#define GNTDEV_MAP _IOC(_IOC_NONE, 'G', 0, sizeof(struct gntdev_map))
#define GNTDEV_UNMAP _IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap))
#define GNTDEV_FIND _IOC(_IOC_NONE, 'G', 2, sizeof(struct gntdev_find))

int grant_open(void)
{
	int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void slot_free(int fd, uint64_t index, uint32_t count)
{
	struct gntdev_unmap request = {.index = index, .count = count};

	ioctl(fd, GNTDEV_UNMAP, &request);
}

int grant_map(int fd, domid_t domid, const uint32_t *refs, size_t count, int prot, void **at)
{
	size_t size = sizeof(struct gntdev_map) + count * sizeof(struct gntdev_ref);
	struct gntdev_map *request;
	void *address;
	int err = 0;

	if (!count || count > UINT16_MAX) {
		return -EINVAL;
	}
	request = calloc(1, size);
	if (!request) {
		return -ENOMEM;
	}
	request->count = (uint32_t)count;
	for (size_t i = 0; i < count; i++) {
		request->refs[i] = (struct gntdev_ref){.domid = domid, .ref = refs[i]};
	}
	if (ioctl(fd, GNTDEV_MAP, request) < 0) {
		err = -errno;
		free(request);
		return err;
	}
	address = mmap(NULL, count * CALL_PAGE_SIZE, prot, MAP_SHARED, fd, (off_t)request->index);
	if (address == MAP_FAILED) {
		err = -errno;
		slot_free(fd, request->index, request->count);
	} else {
		*at = address;
	}
	free(request);
	return err;
}

int grant_unmap(int fd, void *at, size_t count)
{
	struct gntdev_find request = {.address = call_handle(at)};

	if (ioctl(fd, GNTDEV_FIND, &request) < 0) {
		return -errno;
	}
	if (request.count != count) {
		return -EINVAL;
	}
	if (munmap(at, count * CALL_PAGE_SIZE)) {
		return -errno;
	}
	slot_free(fd, request.index, request.count);
	return 0;
}

/* --- seeding -----------------------------------------------------------------------------------
 */
static int table_frame(struct call *call, domid_t domid, xen_pfn_t *frame)
{
	size_t mark = call_mark(call);
	struct gnttab_setup_table *request = call_take(call, sizeof(*request));
	uint64_t *list = call_take(call, sizeof(*list));
	int64_t answer = -ENOMEM;

	if (request && list) {
		request->dom = domid;
		request->nr_frames = 1;
		request->frame_list = call_handle(list);
		answer = call_hypercall(call, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
					call_handle(request), 1, 0, 0);
		if (!answer && request->status != GNTST_okay) {
			answer = -EIO;
		}
		*frame = *list;
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

static int table_map(struct call *call, domid_t domid, void **table)
{
	xen_pfn_t frame;
	int err = call_map_resource(call, domid, XENMEM_resource_grant_table,
				    XENMEM_resource_grant_table_id_shared, 0, 1,
				    PROT_READ | PROT_WRITE, table);

	if (err != -EOPNOTSUPP) {
		return err;
	}
	err = table_frame(call, domid, &frame);
	return err ? err : call_map(call, domid, &frame, 1, PROT_READ | PROT_WRITE, table, NULL);
}

int grant_seed(struct call *call, domid_t domid, const struct grant_seed *seeds, size_t count)
{
	struct grant_entry_v1 *entries;
	void *table;
	int err;

	for (size_t i = 0; i < count; i++) {
		if (seeds[i].ref >= CALL_PAGE_SIZE / sizeof(*entries) ||
		    seeds[i].frame > UINT32_MAX) {
			return -ERANGE;
		}
	}
	err = table_map(call, domid, &table);
	if (err) {
		return err;
	}
	entries = table;
	for (size_t i = 0; i < count; i++) {
		struct grant_entry_v1 *entry = &entries[seeds[i].ref];

		entry->domid = seeds[i].to;
		entry->frame = (uint32_t)seeds[i].frame;
		/* The flags make the entry valid: they come last. */
		__atomic_store_n(&entry->flags, (uint16_t)GTF_permit_access, __ATOMIC_RELEASE);
	}
	call_unmap(call, table, 1);
	return 0;
}
