/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel file, opened as the ELF file inside it: a bzImage's payload, a packed or a plain ELF
 * file. Reading goes by pread(), so a file that somebody cuts short under us is an error and never
 * a signal.
 */
#ifndef GUEST_IMAGE_H
#define GUEST_IMAGE_H

#include "lib/report.h"

#include <stddef.h>
#include <stdint.h>

#define IMAGE_LIMIT (1UL << 30) /* bytes of an unpacked kernel */

struct image {
	int fd;
	uint64_t size;
};

/* `cache`: directory of unpacked images, NULL for none. */
int image_open(const char *path, const char *cache, struct image *image, struct report *report);
void image_close(struct image *image);

/* All of `size` bytes from `offset`, or -errno; -ENODATA beyond the end. */
int image_read(const struct image *image, uint64_t offset, void *to, size_t size);

#endif
