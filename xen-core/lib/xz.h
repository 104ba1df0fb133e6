/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes one .xz stream (LZMA2, optionally behind the x86 branch filter) in a single call, such
 * as the payload of a Linux bzImage. Input is untrusted.
 */
#ifndef LIB_XZ_H
#define LIB_XZ_H

#include "lib/types.h"

/* LZMA2 allows lc + lp <= 4: 1846 fixed probabilities and 768 << 4 for literals, and 2 spare. */
#define XZ_PROBABILITIES (1848 + (768 << 4))

struct xz_workspace {
	uint16_t probabilities[XZ_PROBABILITIES];
	uint32_t crc32[256];
	uint64_t crc64[256];
};

#define XZ_WORKSPACE_BYTES sizeof(struct xz_workspace)

/*
 * The output buffer is also the dictionary, so it must hold the whole result. Bytes after the
 * stream are ignored. On error (-XEN_EINVAL malformed, -XEN_ENOSPC output full, -XEN_EOPNOTSUPP
 * unknown filter or check) *why says what is wrong and the output is garbage.
 */
int must_check xz_decode(struct xz_workspace *workspace, const void *in, size_t in_size, void *out,
			 size_t out_size, size_t *written, const char **why);

#endif
