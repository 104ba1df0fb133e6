/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes one .xz stream (LZMA2, optionally behind the x86 branch filter) in a single call, such
 * as the payload of a Linux bzImage. Input is untrusted.
 */
#ifndef LIB_XZ_H
#define LIB_XZ_H

#include "lib/crc.h"

/* Match lengths: short ones by position, long ones for all. */
struct xz_length_model {
	uint16_t choice[2];
	uint16_t low[16][8];
	uint16_t middle[16][8];
	uint16_t high[256];
};

/* The probabilities of one LZMA state; nothing but uint16_t inside. */
struct xz_model {
	uint16_t is_match[12][16];
	uint16_t is_rep[12];
	uint16_t is_rep0[12];
	uint16_t is_rep1[12];
	uint16_t is_rep2[12];
	uint16_t is_rep0_long[12][16];
	uint16_t distance_slot[4][64];
	uint16_t distance_special[114];
	uint16_t distance_align[16];
	struct xz_length_model match_length;
	struct xz_length_model rep_length;
	uint16_t literal[16][768]; /* lc + lp <= 4 in LZMA2 */
};

struct xz_workspace {
	struct xz_model model;
	struct crc32_tables crc32;
	uint64_t crc64[256];
};

/*
 * The output buffer is also the dictionary, so it must hold the whole result. Bytes after the
 * stream are ignored. On error (-XEN_EINVAL malformed, -XEN_ENOSPC output full, -XEN_EOPNOTSUPP
 * unknown filter or check) *why says what is wrong and the output is garbage.
 */
int must_check xz_decode(struct xz_workspace *workspace, const void *in, size_t in_size, void *out,
			 size_t out_size, size_t *written, const char **why);

#endif
