/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls through Linux's privcmd driver. The driver passes a call's five arguments on as they
 * are, so pointers in them are addresses of this process; the hypervisor reads through the page
 * tables and cannot wait for a page to come. Hence the arena's pages from /dev/xen/hypercall, or
 * locked ones.
 *
 * Requests and their layouts are those of Linux's include/uapi/xen/privcmd.h; that header needs
 * Linux's own <xen/interface>, so they stand here again, with their sizes checked.
 */
#include "call/privcmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct privcmd_hypercall {
	uint64_t number;
	uint64_t args[5];
};
_Static_assert(sizeof(struct privcmd_hypercall) == 48, "privcmd_hypercall");

struct privcmd_map_batch {
	uint32_t count;
	domid_t domid;
	uint16_t pad;
	uint64_t address;
	const xen_pfn_t *frames;
	int *errors;
};
_Static_assert(sizeof(struct privcmd_map_batch) == 32, "privcmd_mmapbatch_v2");

struct privcmd_map_resource {
	domid_t domid;
	uint16_t pad;
	uint32_t type;
	uint32_t id;
	uint32_t first;
	uint64_t count;
	uint64_t address;
};
_Static_assert(sizeof(struct privcmd_map_resource) == 32, "privcmd_mmap_resource");

#define PRIVCMD_HYPERCALL _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define PRIVCMD_MAP_BATCH _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_map_batch))
#define PRIVCMD_MAP_RESOURCE _IOC(_IOC_NONE, 'P', 7, sizeof(struct privcmd_map_resource))

struct privcmd {
	int fd;
	int buffer_fd; /* -1: locked memory instead */
};

static int64_t privcmd_hypercall(void *context, uint64_t number, const uint64_t args[5])
{
	const struct privcmd *privcmd = context;
	struct privcmd_hypercall request = {
		.number = number,
		.args = {args[0], args[1], args[2], args[3], args[4]},
	};
	int answer = ioctl(privcmd->fd, PRIVCMD_HYPERCALL, &request);

	return answer < 0 ? -errno : answer;
}

static int reserve(const struct privcmd *privcmd, size_t count, int prot, void **at)
{
	void *address = NULL;

	if (!count || count > SIZE_MAX / CALL_PAGE_SIZE) {
		return -EINVAL;
	}
	address = mmap(NULL, count * CALL_PAGE_SIZE, prot, MAP_SHARED, privcmd->fd, 0);
	if (address == MAP_FAILED) {
		return -errno;
	}
	*at = address;
	return 0;
}

static int privcmd_unmap(void *context, void *at, size_t count)
{
	return munmap(at, count * CALL_PAGE_SIZE) ? -errno : 0;
}

static int privcmd_map(void *context, domid_t domid, const xen_pfn_t *frames, size_t count,
		       int prot, int *errors, void **at)
{
	const struct privcmd *privcmd = context;
	struct privcmd_map_batch request = {
		.count = (uint32_t)count,
		.domid = domid,
		.frames = frames,
		.errors = errors,
	};
	void *address = NULL;
	int err;

	if (count > UINT32_MAX) {
		return -EINVAL;
	}
	err = reserve(privcmd, count, prot, &address);
	if (err) {
		return err;
	}
	request.address = call_handle(address);
	/* ENOENT: some frame is paged out; its error says so. */
	if (ioctl(privcmd->fd, PRIVCMD_MAP_BATCH, &request) < 0 && errno != ENOENT) {
		err = -errno;
		privcmd_unmap(context, address, count);
		return err;
	}
	*at = address;
	return 0;
}

static int privcmd_map_resource(void *context, domid_t domid, uint32_t type, uint32_t id,
				uint32_t first, size_t count, int prot, void **at)
{
	const struct privcmd *privcmd = context;
	struct privcmd_map_resource request = {
		.domid = domid, .type = type, .id = id, .first = first, .count = count};
	void *address = NULL;
	int err = reserve(privcmd, count, prot, &address);

	if (err) {
		return err;
	}
	request.address = call_handle(address);
	if (ioctl(privcmd->fd, PRIVCMD_MAP_RESOURCE, &request) < 0) {
		/* Kernels before 4.19 do not know the request, hypervisors before 4.11 the call. */
		err = errno == ENOTTY || errno == ENOSYS ? -EOPNOTSUPP : -errno;
		privcmd_unmap(context, address, count);
		return err;
	}
	*at = address;
	return 0;
}

static int privcmd_buffer(void *context, size_t size, void **at)
{
	const struct privcmd *privcmd = context;
	void *address = NULL;

	if (privcmd->buffer_fd >= 0) {
		address =
			mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, privcmd->buffer_fd, 0);
	} else {
		address = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	}
	if (address == MAP_FAILED) {
		return -errno;
	}
	/* A fork would make locked pages copy-on-write: absent while the hypervisor writes. */
	if (privcmd->buffer_fd < 0 && madvise(address, size, MADV_DONTFORK)) {
		int err = -errno;

		munmap(address, size);
		return err;
	}
	*at = address;
	return 0;
}

static void privcmd_unbuffer(void *context, void *at, size_t size)
{
	munmap(at, size);
}

static void privcmd_close(void *context)
{
	struct privcmd *privcmd = context;

	if (privcmd->buffer_fd >= 0) {
		close(privcmd->buffer_fd);
	}
	close(privcmd->fd);
	free(privcmd);
}

const struct call_backend privcmd_backend = {
	.hypercall = privcmd_hypercall,
	.map = privcmd_map,
	.map_resource = privcmd_map_resource,
	.unmap = privcmd_unmap,
	.buffer = privcmd_buffer,
	.unbuffer = privcmd_unbuffer,
	.close = privcmd_close,
};

int privcmd_open(void **context)
{
	struct privcmd *privcmd = malloc(sizeof(*privcmd));

	if (!privcmd) {
		return -ENOMEM;
	}
	privcmd->fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd->fd < 0) {
		int err = -errno;

		free(privcmd);
		return err;
	}
	privcmd->buffer_fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	*context = privcmd;
	return 0;
}
