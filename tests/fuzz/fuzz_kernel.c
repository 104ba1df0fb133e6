/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel files as the domain builder reads them: whatever they are packed with, and what their ELF
 * file says. An accepted kernel's segments lie in the file and in order.
 */
#include "fuzz/fuzz.h"
#include "guest/image.h"
#include "guest/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void require(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_kernel: not so: %s\n", what);
		abort();
	}
}

static void parse(const struct image *image)
{
	struct kernel kernel;
	const char *why = NULL;
	uint64_t end = 0;

	if (kernel_parse(image, &kernel, &why)) {
		return;
	}
	require(kernel.segment_count <= KERNEL_SEGMENTS, "segments fit their table");
	for (unsigned int i = 0; i < kernel.segment_count; i++) {
		const struct kernel_segment *s = &kernel.segments[i];
		char byte;

		require(s->paddr >= end && s->paddr + s->size >= s->paddr, "segments are in order");
		require(s->file_size <= s->size, "a segment's contents fit it");
		require(s->file_size == 0 ||
				image_read(image, s->offset + s->file_size - 1, &byte, 1) == 0,
			"a segment lies in the file");
		end = s->paddr + s->size;
	}
	(void)kernel_check_pv(&kernel);
	(void)kernel_check_pvh(&kernel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = {0};
	struct image image;
	char path[32];
	int fd = memfd_create("kernel", 0);
	int err;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size, "there is memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = image_open(path, NULL, &image, &report);
	require((err != 0) == report_has_error(&report), "an error comes with a message");
	report_clear(&report);
	if (!err) {
		parse(&image);
		image_close(&image);
	}
	close(fd);
	return 0;
}
