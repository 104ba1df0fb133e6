/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening kernel files: see image.h. The decision goes by magic numbers:
 *
 *     7f ELF at 0                     the file itself
 *     HdrS at 0x202, protocol 2.08+   payload_offset, payload_length (Linux's boot protocol,
 *                                     Documentation/x86/boot.rst), unpacked
 *     a packer's magic at 0           the whole file, unpacked
 *
 * What is unpacked goes to the cache, or to a memory file without one.
 */
#include "guest/image.h"
#include "guest/cache.h"
#include "guest/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD_SIZE 0x268
#define PACKED_LIMIT (512UL << 20)

struct payload {
	uint64_t offset;
	uint64_t size;
};

int image_read(const struct image *image, uint64_t offset, void *to, size_t size)
{
	uint8_t *at = to;

	if (offset > image->size || size > image->size - offset) {
		return -ENODATA;
	}
	while (size) {
		ssize_t got = pread(image->fd, at, size, (off_t)offset);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return got ? -errno : -ENODATA;
		}
		at += got;
		offset += (uint64_t)got;
		size -= (size_t)got;
	}
	return 0;
}

void image_close(struct image *image)
{
	if (image->fd >= 0) {
		close(image->fd);
	}
	image->fd = -1;
}

static uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static int not_a_kernel(struct report *report, const char *path, const char *why)
{
	int err = report_error(report, ENOEXEC, "kernel '%s'", path);

	report_why(report, "%s", why);
	return err;
}

/* Where the packed kernel lies in the file. */
static int find_payload(const char *path, const uint8_t *head, uint64_t file_size,
			struct payload *payload, struct report *report)
{
	uint64_t setup_sectors = head[0x1f1] ? head[0x1f1] : 4;

	*payload = (struct payload){.size = file_size};
	if (unpack_detect(head, HEAD_SIZE) != UNPACK_UNKNOWN) {
		return 0;
	}
	if (memcmp(head + 0x202, "HdrS", 4)) {
		return not_a_kernel(report, path, "neither a Linux bzImage nor an ELF file");
	}
	if ((le32(head + 0x206) & 0xffff) < 0x208) {
		return not_a_kernel(report, path, "a bzImage of before Linux 2.6.24");
	}
	payload->offset = (setup_sectors + 1) * 512 + le32(head + 0x248);
	payload->size = le32(head + 0x24c);
	if (payload->size < 4 || payload->offset > file_size ||
	    payload->size > file_size - payload->offset) {
		return not_a_kernel(report, path, "the bzImage is truncated");
	}
	return 0;
}

/* Unpacks file's payload into `fd`; *size becomes its length. */
static int unpack_payload(const char *path, const struct image *file, const struct payload *payload,
			  int fd, uint64_t *size, struct report *report)
{
	uint8_t *packed;
	const char *why = NULL;
	enum unpack_format format = UNPACK_UNKNOWN;
	int err;

	if (payload->size > PACKED_LIMIT) {
		return not_a_kernel(report, path, "the packed kernel is larger than 512 MiB");
	}
	packed = malloc(payload->size);
	if (!packed) {
		return report_error(report, ENOMEM, "kernel '%s'", path);
	}
	err = image_read(file, payload->offset, packed, payload->size);
	if (!err) {
		format = unpack_detect(packed, payload->size);
		err = unpack(format, packed, payload->size, fd, IMAGE_LIMIT, size, &why);
	}
	free(packed);
	if (err) {
		report_error(report, -err, "unpacking kernel '%s' (%s)", path, unpack_name(format));
		if (why) {
			report_why(report, "%s", why);
		}
	}
	return err;
}

static int open_unpacked(const char *path, const struct image *file, const struct stat *source,
			 const struct payload *payload, int directory, struct image *image,
			 struct report *report)
{
	int fd = directory < 0 ? -ENOENT : cache_begin(directory);
	bool cached = fd >= 0;
	int err;

	if (fd < 0) {
		fd = memfd_create("kernel", MFD_CLOEXEC);
	}
	if (fd < 0) {
		return report_error(report, errno, "memory for kernel '%s'", path);
	}
	err = unpack_payload(path, file, payload, fd, &image->size, cached ? NULL : report);
	if (err && cached) {
		/* The cache's disk may be full: once more, in memory, and then with a report. */
		close(fd);
		return open_unpacked(path, file, source, payload, -1, image, report);
	}
	if (err) {
		close(fd);
		return err;
	}
	if (cached) {
		err = cache_commit(directory, fd, image->size, file->fd, source, CACHE_LIMIT);
		if (err) {
			report_detail(report, "kernel '%s' is not cached: %s", path,
				      strerror(-err));
		}
	}
	image->fd = fd;
	return 0;
}

static int open_packed(const char *path, const char *cache, const struct image *file,
		       const struct stat *source, const struct payload *payload,
		       struct image *image, struct report *report)
{
	int directory = cache ? cache_open(cache) : -ENOENT;
	int fd = directory < 0 ? directory : cache_find(directory, source, &image->size);
	int err = 0;

	if (cache && directory < 0) {
		report_detail(report, "image cache '%s': %s", cache, strerror(-directory));
	}
	if (fd >= 0) {
		image->fd = fd;
	} else {
		err = open_unpacked(path, file, source, payload, directory, image, report);
	}
	if (directory >= 0) {
		close(directory);
	}
	return err;
}

/* Takes over file->fd: it is the image's, or closed. */
static int open_file(const char *path, const char *cache, struct image *file, struct image *image,
		     struct report *report)
{
	uint8_t head[HEAD_SIZE];
	struct payload payload;
	struct stat source;
	int err = 0;

	if (fstat(file->fd, &source)) {
		err = report_error(report, errno, "kernel '%s'", path);
	} else if (!S_ISREG(source.st_mode)) {
		err = not_a_kernel(report, path, "not a regular file");
	} else {
		file->size = (uint64_t)source.st_size;
		if (image_read(file, 0, head, sizeof(head))) {
			err = not_a_kernel(report, path, "too short to be a kernel");
		}
	}
	if (!err) {
		err = find_payload(path, head, file->size, &payload, report);
	}
	if (!err && unpack_detect(head, sizeof(head)) == UNPACK_ELF) {
		*image = *file;
		return 0;
	}
	if (!err) {
		err = open_packed(path, cache, file, &source, &payload, image, report);
	}
	image_close(file);
	return err;
}

int image_open(const char *path, const char *cache, struct image *image, struct report *report)
{
	/* O_NONBLOCK: somebody's FIFO must not hang us. */
	struct image file = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};

	*image = (struct image){.fd = -1};
	if (file.fd < 0) {
		return report_error(report, errno, "kernel '%s'", path);
	}
	return open_file(path, cache, &file, image, report);
}
