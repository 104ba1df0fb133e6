/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes one Zstandard frame (RFC 8878) in a single call, such as the payload of a Linux bzImage.
 * Dictionaries are not known. Input is untrusted.
 */
#ifndef LIB_ZSTD_H
#define LIB_ZSTD_H

#include "lib/types.h"

#define ZSTD_BLOCK_MAX (128U << 10) /* 3.1.1.2.4 */
#define ZSTD_CODE_LOG_MAX 9         /* of the three kinds of codes, 3.1.1.3.2.1 */
#define ZSTD_HUFFMAN_LOG_MAX 11     /* 4.2.1 */

struct zstd_state {
	uint16_t base; /* of the next state */
	uint8_t bits;  /* to be added to it */
	uint8_t symbol;
};

/* A finite-state code. */
struct zstd_code {
	struct zstd_state states[1 << ZSTD_CODE_LOG_MAX];
	uint8_t log;
	bool is_set;
};

struct zstd_workspace {
	struct zstd_code codes[3]; /* literal lengths, offsets, match lengths */
	struct zstd_code weights;
	uint16_t huffman[1 << ZSTD_HUFFMAN_LOG_MAX]; /* symbol << 8 | bits */
	uint8_t huffman_log;                         /* 0: none yet */
	uint32_t recent[3];                          /* offsets */
	uint8_t literals[ZSTD_BLOCK_MAX];
};

/* Contract as xz_decode(): the output buffer is the window, bytes after the frame are ignored. */
int must_check zstd_decode(struct zstd_workspace *workspace, const void *in, size_t in_size,
			   void *out, size_t out_size, size_t *written, const char **why);

#endif
