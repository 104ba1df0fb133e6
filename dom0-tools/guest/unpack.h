/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kernels are packed with. A format is known by the first bytes; unpacking goes from memory
 * to a file, stops where the packed stream ends, whatever follows it, and never writes more than
 * `limit` bytes, so that a few bytes cannot become a full disk.
 */
#ifndef GUEST_UNPACK_H
#define GUEST_UNPACK_H

#include <stddef.h>
#include <stdint.h>

enum unpack_format {
	UNPACK_UNKNOWN,
	UNPACK_ELF, /* not packed: copied as it is */
	UNPACK_GZIP,
	UNPACK_XZ,
	UNPACK_LZMA,
	UNPACK_ZSTD,
	UNPACK_LZ4,
	UNPACK_BZIP2, /* known by name only, as the next */
	UNPACK_LZO,
};

enum unpack_format unpack_detect(const uint8_t *data, size_t size);
const char *unpack_name(enum unpack_format format);

/* *written: bytes now in the file. On failure *why says what is wrong with the data, and is NULL
 * if the error is the file's (-ENOSPC) or memory's. -EBADMSG: damaged or truncated; -EFBIG: beyond
 * the limit; -EOPNOTSUPP: a format we do not unpack. */
int unpack(enum unpack_format format, const uint8_t *data, size_t size, int fd, uint64_t limit,
	   uint64_t *written, const char **why);

#endif
