/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder for LZ4's legacy frame: a magic number, then blocks, each its packed size and its data
 * (LZ4 Block Format). The output so far is the window; no copy reaches back before its block.
 */
#include "lib/lz4.h"

#include "lib/mem.h"

#include <xen/errno.h>

#define LEGACY_MAGIC 0x184c2102U
#define MATCH_MIN 4U

struct block {
	const uint8_t *in, *in_end;
	uint8_t *out, *out_start, *out_end;
};

static uint32_t read_u32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

/* 15 in the token is followed by bytes to add, the last one below 255. False: truncated. */
static bool read_length(struct block *b, size_t *length)
{
	uint8_t more = 255;

	if (*length != 15) {
		return true;
	}
	while (more == 255) {
		if (b->in == b->in_end) {
			return false;
		}
		more = *b->in++;
		*length += more;
	}
	return true;
}

static int copy_literals(struct block *b, size_t count, const char **why)
{
	if (count > (size_t)(b->in_end - b->in)) {
		*why = "the packed data is truncated";
		return -XEN_EINVAL;
	}
	if (count > (size_t)(b->out_end - b->out)) {
		*why = "the unpacked data is larger than announced";
		return -XEN_ENOSPC;
	}
	memcpy(b->out, b->in, count);
	b->in += count;
	b->out += count;
	return 0;
}

static int copy_match(struct block *b, size_t length, const char **why)
{
	size_t offset;

	if (b->in_end - b->in < 2) {
		*why = "the packed data is truncated";
		return -XEN_EINVAL;
	}
	offset = (size_t)(b->in[0] | b->in[1] << 8);
	b->in += 2;
	if (!read_length(b, &length)) {
		*why = "the packed data is truncated";
		return -XEN_EINVAL;
	}
	length += MATCH_MIN;
	if (offset == 0 || offset > (size_t)(b->out - b->out_start)) {
		*why = "a copy reaches back before the beginning";
		return -XEN_EINVAL;
	}
	if (length > (size_t)(b->out_end - b->out)) {
		*why = "the unpacked data is larger than announced";
		return -XEN_ENOSPC;
	}
	for (; length > 0; length--, b->out++) {
		*b->out = b->out[-(ptrdiff_t)offset];
	}
	return 0;
}

/* The last sequence of a block is literals only. */
static int read_block(struct block *b, const char **why)
{
	while (b->in < b->in_end) {
		uint8_t token = *b->in++;
		size_t literals = token >> 4;
		int err;

		if (!read_length(b, &literals)) {
			*why = "the packed data is truncated";
			return -XEN_EINVAL;
		}
		err = copy_literals(b, literals, why);
		if (!err && b->in < b->in_end) {
			err = copy_match(b, token & 15, why);
		}
		if (err) {
			return err;
		}
	}
	return 0;
}

int lz4_decode(const void *in, size_t in_size, void *out, size_t out_size, size_t *written,
	       const char **why)
{
	const uint8_t *at = in, *end = at + in_size;
	struct block b = {.out = out, .out_end = (uint8_t *)out + out_size};
	int err = 0;

	if (in_size < 8 || read_u32(at) != LEGACY_MAGIC) {
		*why = "this is no LZ4 legacy frame";
		return -XEN_EINVAL;
	}
	for (at += 4; end - at >= 4 && !err;) {
		uint32_t bytes = read_u32(at);

		at += 4;
		if (bytes > (size_t)(end - at)) {
			*why = "the packed data is truncated";
			return -XEN_EINVAL;
		}
		b.in = at;
		b.in_end = at + bytes;
		b.out_start = b.out;
		err = read_block(&b, why);
		at += bytes;
	}
	*written = (size_t)(b.out - (uint8_t *)out);
	return err;
}
