/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dom0's kernel file made into an ELF image: a plain ELF64, or one inside a Linux bzImage,
 * unpacked where needed (xz, gzip).
 */
#ifndef INIT_DOM0_IMAGE_H
#define INIT_DOM0_IMAGE_H

#include "lib/elf.h"

struct dom0_image {
	struct elf_image elf;
	struct elf_xen_notes notes;
	void *unpacked; /* pages to free, or NULL: the file itself was the image */
	unsigned int unpacked_order;
};

/* 0, or -XEN_EINVAL and *why: what is wrong with the file. */
int must_check dom0_image_open(struct dom0_image *image, const void *file, size_t bytes,
			       const char **why);
void dom0_image_close(struct dom0_image *image);

#endif
