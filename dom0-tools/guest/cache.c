/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image cache: see cache.h. An image file is the image and, behind it, a trailer that repeats
 * whose image it is and how long; without one (a power cut before the data reached the disk) the
 * file is none of ours and is removed. Use sets the file's time, eviction goes by it.
 *
 * Names appear by linking a nameless file (O_TMPFILE): two that unpack the same kernel both
 * succeed, the second finds the name taken and needs nothing more.
 */
#include "guest/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE 160
#define SUFFIX ".image"
/* Times of files advance in steps: within one, a change leaves no trace. */
#define FINE_STEP_NS 20000000L
#define COARSE_STEP_S 2

struct identity {
	uint64_t device;
	uint64_t inode;
	uint64_t size;
	int64_t mtime_s;
	int64_t mtime_ns;
	int64_t ctime_s;
	int64_t ctime_ns;
};

struct trailer {
	char magic[8];
	uint64_t size;
	struct identity identity;
};
_Static_assert(sizeof(struct trailer) == 72, "trailer has no padding");

static const char trailer_magic[8] = "PXNIMG1";

static struct identity identify(const struct stat *source)
{
	return (struct identity){
		.device = source->st_dev,
		.inode = source->st_ino,
		.size = (uint64_t)source->st_size,
		.mtime_s = source->st_mtim.tv_sec,
		.mtime_ns = source->st_mtim.tv_nsec,
		.ctime_s = source->st_ctim.tv_sec,
		.ctime_ns = source->st_ctim.tv_nsec,
	};
}

static void name_of(const struct stat *source, char name[NAME_SIZE])
{
	struct identity id = identify(source);

	snprintf(name, NAME_SIZE, "%lx-%lx-%lx-%lx.%lx-%lx.%lx" SUFFIX, (unsigned long)id.device,
		 (unsigned long)id.inode, (unsigned long)id.size, (unsigned long)id.mtime_s,
		 (unsigned long)id.mtime_ns, (unsigned long)id.ctime_s, (unsigned long)id.ctime_ns);
}

static bool only_ours(const struct stat *status)
{
	return status->st_uid == geteuid() && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static void make_directories(const char *directory)
{
	char path[PATH_MAX];

	if (strlen(directory) >= sizeof(path)) {
		return;
	}
	strcpy(path, directory);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	mkdir(path, 0700);
}

int cache_open(const char *directory)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(directory, flags);
	struct stat status;
	int err = 0;

	if (fd < 0 && errno == ENOENT) {
		make_directories(directory);
		fd = open(directory, flags);
	}
	if (fd < 0) {
		return -errno;
	}
	if (fstat(fd, &status)) {
		err = -errno;
	} else if (!only_ours(&status)) {
		err = -EPERM;
	}
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static bool is_image_of(int fd, const struct stat *source, uint64_t *size)
{
	struct identity wanted = identify(source);
	struct trailer trailer;
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || !only_ours(&status) ||
	    status.st_size < (off_t)sizeof(trailer)) {
		return false;
	}
	*size = (uint64_t)status.st_size - sizeof(trailer);
	return pread(fd, &trailer, sizeof(trailer), (off_t)*size) == sizeof(trailer) &&
	       !memcmp(trailer.magic, trailer_magic, sizeof(trailer.magic)) &&
	       trailer.size == *size && !memcmp(&trailer.identity, &wanted, sizeof(wanted));
}

int cache_find(int directory, const struct stat *source, uint64_t *size)
{
	static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	char name[NAME_SIZE];
	int fd;

	name_of(source, name);
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		return -errno;
	}
	if (!is_image_of(fd, source, size)) {
		unlinkat(directory, name, 0);
		close(fd);
		return -ENOENT;
	}
	futimens(fd, now);
	return fd;
}

int cache_begin(int directory)
{
	int fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* --- eviction ----------------------------------------------------------------------------------
 */
struct image {
	char name[NAME_SIZE];
	struct timespec used;
	uint64_t size;
};

static int older_first(const void *a, const void *b)
{
	const struct image *one = a;
	const struct image *other = b;

	if (one->used.tv_sec != other->used.tv_sec) {
		return one->used.tv_sec < other->used.tv_sec ? -1 : 1;
	}
	return one->used.tv_nsec < other->used.tv_nsec ? -1 : 1;
}

static bool is_image_name(const char *name)
{
	size_t length = strlen(name);

	return length < NAME_SIZE && length > strlen(SUFFIX) &&
	       !strcmp(name + length - strlen(SUFFIX), SUFFIX);
}

static struct image *list_images(int directory, size_t *count, uint64_t *total)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct image *images = NULL;
	const struct dirent *entry;

	*count = 0;
	*total = 0;
	if (!stream) {
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	while ((entry = readdir(stream))) {
		struct stat status;
		struct image *more;

		if (!is_image_name(entry->d_name) ||
		    fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) {
			continue;
		}
		more = reallocarray(images, *count + 1, sizeof(*images));
		if (!more) {
			break;
		}
		images = more;
		images[*count].used = status.st_mtim;
		images[*count].size = (uint64_t)status.st_size;
		strcpy(images[*count].name, entry->d_name);
		*total += images[*count].size;
		++*count;
	}
	closedir(stream);
	return images;
}

/* Makes room for `size` bytes more. */
static void evict(int directory, uint64_t size, uint64_t limit)
{
	size_t count;
	uint64_t total;
	struct image *images = list_images(directory, &count, &total);

	if (images) {
		qsort(images, count, sizeof(*images), older_first);
	}
	for (size_t i = 0; i < count && total + size > limit; i++) {
		if (!unlinkat(directory, images[i].name, 0)) {
			total -= images[i].size;
		}
	}
	free(images);
}

/* --- keeping -----------------------------------------------------------------------------------
 */
/* Whether a change of the file since `source` was taken would show in its times. */
static bool settled(const struct stat *source)
{
	struct timespec now;
	int64_t age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - source->st_ctim.tv_sec) * 1000000000L + now.tv_nsec -
	      source->st_ctim.tv_nsec;
	return age > (source->st_ctim.tv_nsec ? FINE_STEP_NS : COARSE_STEP_S * 1000000000L);
}

static bool unchanged(int source_fd, const struct stat *source)
{
	struct identity before = identify(source);
	struct identity after;
	struct stat status;

	if (fstat(source_fd, &status)) {
		return false;
	}
	after = identify(&status);
	return !memcmp(&before, &after, sizeof(before)) && settled(source);
}

static int write_trailer(int fd, uint64_t size, const struct stat *source)
{
	struct trailer trailer = {.size = size, .identity = identify(source)};
	ssize_t put;

	memcpy(trailer.magic, trailer_magic, sizeof(trailer.magic));
	put = pwrite(fd, &trailer, sizeof(trailer), (off_t)size);
	if (put != sizeof(trailer)) {
		return put < 0 ? -errno : -ENOSPC;
	}
	/* What the name promises must be on the disk before the name. */
	return fdatasync(fd) ? -errno : 0;
}

int cache_commit(int directory, int fd, uint64_t size, int source_fd, const struct stat *source,
		 uint64_t limit)
{
	char name[NAME_SIZE];
	char link[64];
	int err;

	if (size + sizeof(struct trailer) > limit) {
		return -EFBIG;
	}
	err = write_trailer(fd, size, source);
	if (err) {
		return err;
	}
	if (!unchanged(source_fd, source)) {
		return -EBUSY;
	}
	evict(directory, size + sizeof(struct trailer), limit);
	name_of(source, name);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, link, directory, name, AT_SYMLINK_FOLLOW) && errno != EEXIST) {
		return -errno;
	}
	return 0;
}
