/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes one gzip member (RFC 1952, RFC 1951) in a single call. Input is untrusted.
 */
#ifndef LIB_INFLATE_H
#define LIB_INFLATE_H

#include "lib/types.h"

struct inflate_workspace {
	uint32_t literal_table[1 << 10];
	uint32_t distance_table[1 << 8];
	uint16_t literal_sorted[288];
	uint16_t distance_sorted[32];
	uint16_t literal_counts[16];
	uint16_t distance_counts[16];
	uint8_t lengths[320];
	uint32_t crc32[256];
};

/* Contract as xz_decode(): the output buffer is the window, bytes after the member are ignored. */
int must_check inflate_gzip(struct inflate_workspace *workspace, const void *in, size_t in_size,
			    void *out, size_t out_size, size_t *written, const char **why);

#endif
