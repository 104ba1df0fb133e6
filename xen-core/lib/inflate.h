/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes one gzip member (RFC 1952, RFC 1951) in a single call. Input is untrusted.
 */
#ifndef LIB_INFLATE_H
#define LIB_INFLATE_H

#include "lib/crc.h"

/* One Huffman code: a table for the short code words, counts and symbols for the long ones. */
#define INFLATE_FAST_BITS 10

struct inflate_code {
	uint16_t fast[1 << INFLATE_FAST_BITS]; /* symbol << 4 | length; 0: longer than the table */
	uint16_t counts[16];
	uint16_t sorted[288];
};

struct inflate_workspace {
	struct inflate_code literal;
	struct inflate_code distance;
	uint8_t lengths[320];
	struct crc32_tables crc32;
};

/* Contract as xz_decode(): the output buffer is the window, bytes after the member are ignored. */
int must_check inflate_gzip(struct inflate_workspace *workspace, const void *in, size_t in_size,
			    void *out, size_t out_size, size_t *written, const char **why);

#endif
