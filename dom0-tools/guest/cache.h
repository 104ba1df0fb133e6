/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of unpacked kernel images, so that the second domain from the same file does not
 * unpack it again.
 *
 * An image is found by what the packed file is: device, inode, size, times of last change of
 * content and of inode. A file rewritten in place, replaced or touched is another one. An image
 * appears under its name all at once, complete and never changed again; whoever has it open keeps
 * it when it is evicted.
 *
 * Trust: only a directory, and files in it, that are owned by the calling user and that no one
 * else may write. Anything else is as if there were no cache. Every failure of the cache is
 * silent: the image is unpacked anew.
 */
#ifndef GUEST_CACHE_H
#define GUEST_CACHE_H

#include <stdint.h>
#include <sys/stat.h>

#define CACHE_LIMIT (1UL << 30) /* bytes of images kept */

/* A descriptor of the directory, made if missing; -errno if it cannot be trusted or made. */
int cache_open(const char *directory);

/* The image of the file `source` describes: a descriptor to read, *size its bytes. -ENOENT: none.
 */
int cache_find(int directory, const struct stat *source, uint64_t *size);

/* A nameless file of the directory to write an image to; -errno. */
int cache_begin(int directory);

/* Gives the file its name. source was taken before reading the packed file, and the packed file is
 * looked at again through source_fd: if it changed meanwhile nothing is kept. Oldest images go
 * while all of them are more than `limit` bytes. The descriptor stays the caller's, readable. */
int cache_commit(int directory, int fd, uint64_t size, int source_fd, const struct stat *source,
		 uint64_t limit);

#endif
