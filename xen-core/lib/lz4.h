/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decodes LZ4 in its legacy frame (LZ4 Frame Format 1.6, "Legacy frame"), the one Linux packs
 * kernels with. It has no checksum. Input is untrusted.
 */
#ifndef LIB_LZ4_H
#define LIB_LZ4_H

#include "lib/types.h"

/* Contract as xz_decode(); the frame reaches to the end of the input. */
int must_check lz4_decode(const void *in, size_t in_size, void *out, size_t out_size,
			  size_t *written, const char **why);

#endif
