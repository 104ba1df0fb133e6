/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One function per format around the format's library; see unpack.h. All of them push blocks of
 * output into a sink, which counts, limits and writes.
 *
 * lz4 is the old frame that Linux's kernels use: a magic number, then blocks of a 32-bit packed
 * size and data, each at most 8 MiB unpacked. A size that cannot be one (0, or more than what is
 * left) ends the stream: Linux puts the unpacked size behind the last block.
 */
#include "guest/unpack.h"

#define ZLIB_CONST
#include <errno.h>
#include <lz4.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define BLOCK (1U << 20)
#define LZ4_BLOCK (8U << 20)
#define XZ_MEMORY (256UL << 20)
#define ZSTD_WINDOW_LOG 28

struct sink {
	int fd;
	uint64_t limit;
	uint64_t written;
	const char *why;
};

static int damaged(struct sink *sink, const char *why)
{
	sink->why = why;
	return -EBADMSG;
}

static int sink_put(struct sink *sink, const void *data, size_t size)
{
	const uint8_t *at = data;

	if (size > sink->limit - sink->written) {
		sink->why = "it unpacks to more than a kernel can have";
		return -EFBIG;
	}
	while (size) {
		ssize_t put = write(sink->fd, at, size);

		if (put < 0 && errno == EINTR) {
			continue;
		}
		if (put < 0) {
			return -errno;
		}
		at += put;
		size -= (size_t)put;
		sink->written += (size_t)put;
	}
	return 0;
}

static int unpack_gzip(struct sink *sink, const uint8_t *data, size_t size, uint8_t *block)
{
	z_stream stream = {0};
	int status;
	int err = 0;

	if (size > UINT32_MAX || inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
		return -ENOMEM;
	}
	stream.next_in = data;
	stream.avail_in = (uInt)size;
	do {
		stream.next_out = block;
		stream.avail_out = BLOCK;
		status = inflate(&stream, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END) {
			err = status == Z_MEM_ERROR   ? -ENOMEM
			      : status == Z_BUF_ERROR ? damaged(sink, "the gzip data is truncated")
						      : damaged(sink, "the gzip data is damaged");
			break;
		}
		err = sink_put(sink, block, BLOCK - stream.avail_out);
	} while (!err && status != Z_STREAM_END);
	inflateEnd(&stream);
	return err;
}

static int xz_error(struct sink *sink, lzma_ret status)
{
	switch ((int)status) {
	case LZMA_MEM_ERROR:
		return -ENOMEM;
	case LZMA_MEMLIMIT_ERROR:
		return damaged(sink, "unpacking the xz data takes more than 256 MiB of memory");
	case LZMA_BUF_ERROR:
		return damaged(sink, "the xz data is truncated");
	default:
		return damaged(sink, "the xz data is damaged");
	}
}

static int unpack_xz(struct sink *sink, const uint8_t *data, size_t size, uint8_t *block,
		     bool is_xz)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret status = is_xz ? lzma_stream_decoder(&stream, XZ_MEMORY, 0)
				: lzma_alone_decoder(&stream, XZ_MEMORY);
	int err = 0;

	if (status != LZMA_OK) {
		return -ENOMEM;
	}
	stream.next_in = data;
	stream.avail_in = size;
	do {
		stream.next_out = block;
		stream.avail_out = BLOCK;
		status = lzma_code(&stream, LZMA_FINISH);
		if (status != LZMA_OK && status != LZMA_STREAM_END) {
			err = xz_error(sink, status);
			break;
		}
		err = sink_put(sink, block, BLOCK - stream.avail_out);
	} while (!err && status != LZMA_STREAM_END);
	lzma_end(&stream);
	return err;
}

static int unpack_zstd(struct sink *sink, const uint8_t *data, size_t size, uint8_t *block)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = {.src = data, .size = size};
	size_t left = 1;
	int err = 0;

	if (!stream) {
		return -ENOMEM;
	}
	ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
	while (!err && left) {
		ZSTD_outBuffer out = {.dst = block, .size = BLOCK};
		size_t before = in.pos;

		left = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(left)) {
			err = damaged(sink, "the zstd data is damaged");
		} else if (left && in.pos == before && !out.pos) {
			err = damaged(sink, "the zstd data is truncated");
		} else {
			err = sink_put(sink, block, out.pos);
		}
	}
	ZSTD_freeDStream(stream);
	return err;
}

static uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static int unpack_lz4(struct sink *sink, const uint8_t *data, size_t size)
{
	char *block = malloc(LZ4_BLOCK);
	size_t at = 4;
	bool short_block = false;
	int err = block ? 0 : -ENOMEM;

	while (!err && size - at > 4 && !short_block) {
		uint32_t packed = le32(data + at);
		int got;

		if (!packed || packed > size - at - 4 || packed > INT32_MAX) {
			err = damaged(sink, "the lz4 data is truncated");
			break;
		}
		got = LZ4_decompress_safe((const char *)data + at + 4, block, (int)packed,
					  LZ4_BLOCK);
		if (got < 0) {
			err = damaged(sink, "the lz4 data is damaged");
			break;
		}
		err = sink_put(sink, block, (size_t)got);
		at += 4 + packed;
		short_block = got < (int)LZ4_BLOCK;
	}
	if (!err && !sink->written) {
		err = damaged(sink, "the lz4 data is truncated");
	}
	free(block);
	return err;
}

/* --- choosing ----------------------------------------------------------------------------------
 */
static const struct {
	enum unpack_format format;
	const char *name;
	size_t length;
	uint8_t magic[9];
} formats[] = {
	{UNPACK_ELF, "ELF", 4, {0x7f, 'E', 'L', 'F'}},
	{UNPACK_GZIP, "gzip", 2, {0x1f, 0x8b}},
	{UNPACK_XZ, "xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
	{UNPACK_ZSTD, "zstd", 4, {0x28, 0xb5, 0x2f, 0xfd}},
	{UNPACK_LZ4, "lz4", 4, {0x02, 0x21, 0x4c, 0x18}},
	{UNPACK_BZIP2, "bzip2", 3, {'B', 'Z', 'h'}},
	{UNPACK_LZO, "lzo", 9, {0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a}},
	{UNPACK_LZMA, "lzma", 3, {0x5d, 0, 0}},
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

enum unpack_format unpack_detect(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (size >= formats[i].length &&
		    !memcmp(data, formats[i].magic, formats[i].length)) {
			return formats[i].format;
		}
	}
	return UNPACK_UNKNOWN;
}

const char *unpack_name(enum unpack_format format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i].format == format) {
			return formats[i].name;
		}
	}
	return "unknown";
}

static int run(enum unpack_format format, struct sink *sink, const uint8_t *data, size_t size,
	       uint8_t *block)
{
	switch (format) {
	case UNPACK_ELF:
		return sink_put(sink, data, size);
	case UNPACK_GZIP:
		return unpack_gzip(sink, data, size, block);
	case UNPACK_XZ:
		return unpack_xz(sink, data, size, block, true);
	case UNPACK_LZMA:
		return unpack_xz(sink, data, size, block, false);
	case UNPACK_ZSTD:
		return unpack_zstd(sink, data, size, block);
	case UNPACK_LZ4:
		return unpack_lz4(sink, data, size);
	case UNPACK_UNKNOWN:
	case UNPACK_BZIP2:
	case UNPACK_LZO:
		break;
	}
	sink->why = "packed in a format that is not supported (gzip, xz, lzma, zstd and lz4 are)";
	return -EOPNOTSUPP;
}

int unpack(enum unpack_format format, const uint8_t *data, size_t size, int fd, uint64_t limit,
	   uint64_t *written, const char **why)
{
	struct sink sink = {.fd = fd, .limit = limit};
	uint8_t *block = malloc(BLOCK);
	int err = block ? run(format, &sink, data, size, block) : -ENOMEM;

	free(block);
	*written = sink.written;
	*why = err ? sink.why : NULL;
	return err;
}
