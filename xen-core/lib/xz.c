/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder for .xz streams: container, LZMA2 chunks, LZMA, the x86 branch filter (the .xz file
 * format 1.1.0, and the LZMA specification of the LZMA SDK).
 *
 * Model: one pass, three layers. decode_block() walks LZMA2 chunks and appends to the output, which
 * doubles as the dictionary; when the block is complete the branch filter rewrites it in place, and
 * the check is computed over the result.
 *
 * Speed comes from deciding bounds rarely:
 * - Input. One LZMA symbol consumes at most 21 bytes: 22 modelled bits of at most log2(2048/31)
 *   bits each and 26 direct ones are 160 bits, and the normalization in progress. A chunk is
 *   therefore only decoded when SYMBOL_BYTES follow it in the input (in a valid stream the end
 * marker, index and footer do), and the position is compared with the chunk's end once per symbol.
 * What a bad stream decodes from beyond the end is garbage but inside the input.
 * - Output. A symbol's length is compared with the room left in the chunk, and the chunk's
 *   with the output. Copies by words may scribble up to 7 bytes ahead, still inside the output.
 * - Every probability index is built from a bounded number of decoded bits.
 * Coder state lives in a local structure whose address never leaves the inlined functions, so the
 * compiler keeps it in registers.
 */
#include "lib/xz.h"

#include "lib/math.h"
#include "lib/mem.h"

#include <xen/errno.h>

#define hot_inline inline __attribute__((always_inline))

#define SYMBOL_BYTES 21

#define PROBABILITY_BITS 11
#define PROBABILITY_ONE (1u << PROBABILITY_BITS)
#define PROBABILITY_SHIFT 5
#define RANGE_MIN (UINT32_C(1) << 24)

#define MATCH_LENGTH_MIN 2
#define LITERAL_STATES 7 /* states below: the last symbol was a literal */

#define FILTER_X86 0x04
#define FILTER_LZMA2 0x21

#define CHECK_NONE 0
#define CHECK_CRC32 1
#define CHECK_CRC64 4

#define FOOTER_BYTES 12

/* The range decoder: code < range always; normalizing reads one byte of input. */
struct coder {
	uint32_t range;
	uint32_t code;
	const uint8_t *in;
};

struct lzma {
	struct xz_model *model;
	uint32_t state;
	uint32_t distances[4]; /* of the last four matches, minus one */
	uint32_t lc;
	uint32_t lp_mask;
	uint32_t pb_mask;
	const uint8_t *dictionary; /* first output byte matches may reach */
};

struct reader {
	const uint8_t *in;
	const uint8_t *in_end;
	uint8_t *out;
	uint8_t *out_end;
	const char **why;
};

static int fail(struct reader *reader, int err, const char *why)
{
	*reader->why = why;
	return err;
}

static size_t bytes_left(const struct reader *reader)
{
	return (size_t)(reader->in_end - reader->in);
}

/* ---- LZMA ------------------------------------------------------------------------------ */

static hot_inline void normalize(struct coder *c)
{
	if (c->range < RANGE_MIN) {
		c->range <<= 8;
		c->code = (c->code << 8) | *c->in++;
	}
}

static hot_inline uint32_t decode_bit(struct coder *c, uint16_t *probability)
{
	uint32_t p = *probability;
	uint32_t bound;

	normalize(c);
	bound = (c->range >> PROBABILITY_BITS) * p;
	if (c->code < bound) {
		c->range = bound;
		/* p += (ONE - p) >> SHIFT, as one shift of a negative number */
		*probability = (uint16_t)(p - (uint32_t)((int32_t)(p - (PROBABILITY_ONE - 31)) >>
							 PROBABILITY_SHIFT));
		return 0;
	}
	c->range -= bound;
	c->code -= bound;
	*probability = (uint16_t)(p - (p >> PROBABILITY_SHIFT));
	return 1;
}

/* Appends one bit to `symbol`, the path so far through a tree of probabilities. */
static hot_inline uint32_t descend(struct coder *c, uint16_t *tree, uint32_t symbol)
{
	if (decode_bit(c, &tree[symbol])) {
		return symbol * 2 + 1;
	}
	return symbol * 2;
}

/* A number of `bits` bits, highest first. */
static hot_inline uint32_t decode_tree(struct coder *c, uint16_t *tree, unsigned int bits)
{
	uint32_t symbol = 1;

	for (unsigned int i = 0; i < bits; i++) {
		symbol = descend(c, tree, symbol);
	}
	return symbol - (1u << bits);
}

/* The same, lowest bit first; tree[1] is the root. */
static hot_inline uint32_t decode_reverse(struct coder *c, uint16_t *tree, unsigned int bits)
{
	uint32_t symbol = 1;
	uint32_t number = 0;

	for (unsigned int i = 0; i < bits; i++) {
		uint32_t bit = decode_bit(c, &tree[symbol]);

		symbol = symbol * 2 + bit;
		number |= bit << i;
	}
	return number;
}

/* Bits without a model, each one half of the range. */
static hot_inline uint32_t decode_direct(struct coder *c, unsigned int bits)
{
	uint32_t number = 0;

	for (unsigned int i = 0; i < bits; i++) {
		uint32_t mask;

		normalize(c);
		c->range >>= 1;
		c->code -= c->range;
		mask = 0 - (c->code >> 31);
		c->code += c->range & mask;
		number = number * 2 + mask + 1;
	}
	return number;
}

static hot_inline uint8_t decode_literal(struct coder *c, uint16_t *tree)
{
	uint32_t symbol = 1;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		symbol = descend(c, tree, symbol);
	}
	return (uint8_t)symbol;
}

/*
 * A literal after a match: the byte the match would have continued with selects among three
 * trees, until the first bit that differs from it.
 */
static hot_inline uint8_t decode_matched_literal(struct coder *c, uint16_t *tree,
						 uint32_t match_byte)
{
	uint32_t symbol = 1;
	uint32_t offset = 0x100;

#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) {
		uint32_t match_bit;

		match_byte <<= 1;
		match_bit = match_byte & offset;
		if (decode_bit(c, &tree[offset + match_bit + symbol])) {
			symbol = symbol * 2 + 1;
			offset = match_bit;
		} else {
			symbol = symbol * 2;
			offset &= ~match_bit;
		}
	}
	return (uint8_t)symbol;
}

static hot_inline uint32_t decode_length(struct coder *c, struct xz_length_model *model,
					 uint32_t position)
{
	if (!decode_bit(c, &model->choice[0])) {
		return MATCH_LENGTH_MIN + decode_tree(c, model->low[position], 3);
	}
	if (!decode_bit(c, &model->choice[1])) {
		return MATCH_LENGTH_MIN + 8 + decode_tree(c, model->middle[position], 3);
	}
	return MATCH_LENGTH_MIN + 16 + decode_tree(c, model->high, 8);
}

/* A distance minus one: its two top bits and their place from a tree, then the bits below. */
static hot_inline uint32_t decode_distance(struct coder *c, struct xz_model *model,
					   uint32_t length)
{
	uint32_t length_class = length < MATCH_LENGTH_MIN + 4 ? length - MATCH_LENGTH_MIN : 3;
	uint32_t slot = decode_tree(c, model->distance_slot[length_class], 6);
	uint32_t distance;
	unsigned int low_bits;

	if (slot < 4) {
		return slot;
	}
	low_bits = (slot >> 1) - 1;
	distance = (2 | (slot & 1)) << low_bits;
	if (slot < 14) {
		/* The trees of slots 4 to 13 lie one behind the other, roots at index 1. */
		uint16_t *tree = model->distance_special + distance - slot;
		uint32_t symbol = 1;

		for (unsigned int i = 0; i < low_bits; i++) {
			uint32_t bit = decode_bit(c, &tree[symbol - 1]);

			symbol = symbol * 2 + bit;
			distance += bit << i;
		}
		return distance;
	}
	distance += decode_direct(c, low_bits - 4) << 4;
	return distance + decode_reverse(c, model->distance_align, 4);
}

static hot_inline uint64_t load_word(const uint8_t *at)
{
	uint64_t word;

	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

static hot_inline void store_word(uint8_t *at, uint64_t word)
{
	__builtin_memcpy(at, &word, sizeof(word));
}

/* The caller checked distance against the dictionary and length against the output. */
static hot_inline void copy_match(uint8_t *out, const uint8_t *out_end, size_t distance,
				  size_t length)
{
	const uint8_t *from = out - distance;
	uint8_t *end = out + length;

	if ((size_t)(out_end - out) < length + 8) {
		while (out < end) {
			*out++ = *from++;
		}
		return;
	}
	if (distance < 8) {
		/* The text repeats every `distance` bytes: after 8 of them step back far enough. */
		for (int i = 0; i < 8; i++) {
			*out++ = *from++;
		}
		from = out - (8 + distance - 1) / distance * distance;
	}
	while (out < end) {
		store_word(out, load_word(from));
		out += 8;
		from += 8;
	}
}

static hot_inline uint32_t state_after_literal(uint32_t state)
{
	return state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
}

/*
 * One match: finds its length and distance, updates the last four. Length 1 is the short
 * repetition.
 */
static hot_inline uint32_t decode_match(struct coder *c, struct xz_model *model, uint32_t *state,
					uint32_t distances[4], uint32_t position)
{
	uint32_t distance, length;
	bool after_literal = *state < LITERAL_STATES;

	if (!decode_bit(c, &model->is_rep[*state])) {
		*state = after_literal ? 7 : 10;
		length = decode_length(c, &model->match_length, position);
		distances[3] = distances[2];
		distances[2] = distances[1];
		distances[1] = distances[0];
		distances[0] = decode_distance(c, model, length);
		return length;
	}
	if (!decode_bit(c, &model->is_rep0[*state])) {
		if (!decode_bit(c, &model->is_rep0_long[*state][position])) {
			*state = after_literal ? 9 : 11;
			return 1;
		}
	} else {
		if (!decode_bit(c, &model->is_rep1[*state])) {
			distance = distances[1];
		} else {
			if (!decode_bit(c, &model->is_rep2[*state])) {
				distance = distances[2];
			} else {
				distance = distances[3];
				distances[3] = distances[2];
			}
			distances[2] = distances[1];
		}
		distances[1] = distances[0];
		distances[0] = distance;
	}
	*state = after_literal ? 8 : 11;
	return decode_length(c, &model->rep_length, position);
}

/*
 * Decodes symbols until [out, chunk_end) is full. NULL, or what is wrong. The locals shadow *lzma
 * so that stores to the output do not force them to be read again.
 */
static const char *decode_symbols(struct lzma *lzma, struct coder *coder, const uint8_t *in_end,
				  uint8_t *out, uint8_t *chunk_end, const uint8_t *out_end)
{
	struct coder c = *coder;
	struct xz_model *model = lzma->model;
	const uint8_t *dictionary = lzma->dictionary;
	uint32_t distances[4] = {lzma->distances[0], lzma->distances[1], lzma->distances[2],
				 lzma->distances[3]};
	uint32_t state = lzma->state;
	uint32_t lc = lzma->lc, lp_mask = lzma->lp_mask, pb_mask = lzma->pb_mask;
	/* Decoded before any byte is in the dictionary, a literal's predecessor is 0. */
	uint32_t previous = out > dictionary ? out[-1] : 0;

	while (out < chunk_end) {
		size_t position = (size_t)(out - dictionary);
		uint32_t pb_position = (uint32_t)position & pb_mask;
		uint32_t length;

		if (c.in > in_end) {
			return "LZMA chunk is truncated";
		}
		if (!decode_bit(&c, &model->is_match[state][pb_position])) {
			uint16_t *tree = model->literal[((position & lp_mask) << lc) +
							(previous >> (8 - lc))];

			if (state < LITERAL_STATES) {
				previous = decode_literal(&c, tree);
			} else if (distances[0] < position) {
				const uint8_t *match = out - distances[0] - 1;

				previous = decode_matched_literal(&c, tree, *match);
			} else {
				return "LZMA distance reaches before the dictionary";
			}
			*out++ = (uint8_t)previous;
			state = state_after_literal(state);
			continue;
		}
		length = decode_match(&c, model, &state, distances, pb_position);
		if (distances[0] >= position) {
			return "LZMA distance reaches before the dictionary";
		}
		if (length > (size_t)(chunk_end - out)) {
			return "LZMA match reaches beyond its chunk";
		}
		copy_match(out, out_end, (size_t)distances[0] + 1, length);
		out += length;
		previous = out[-1];
	}
	normalize(&c);
	*coder = c;
	memcpy(lzma->distances, distances, sizeof(distances));
	lzma->state = state;
	return NULL;
}

/* ---- LZMA2 chunks ---------------------------------------------------------------------- */

static void reset_state(struct lzma *lzma)
{
	uint16_t *probability = (uint16_t *)(void *)lzma->model;

	for (size_t i = 0; i < sizeof(*lzma->model) / sizeof(*probability); i++) {
		probability[i] = PROBABILITY_ONE / 2;
	}
	memset(lzma->distances, 0, sizeof(lzma->distances));
	lzma->state = 0;
}

static bool set_properties(struct lzma *lzma, uint32_t byte)
{
	uint32_t lc = byte % 9, lp = byte / 9 % 5, pb = byte / 45;

	if (pb > 4 || lc + lp > 4) {
		return false;
	}
	lzma->lc = lc;
	lzma->lp_mask = (1u << lp) - 1;
	lzma->pb_mask = (1u << pb) - 1;
	return true;
}

/* in_size bytes at reader->in become out_size bytes at reader->out. */
static int decode_lzma_chunk(struct reader *reader, struct lzma *lzma, size_t in_size,
			     size_t out_size)
{
	const uint8_t *in = reader->in;
	struct coder coder = {.range = UINT32_MAX};
	const char *why;

	if (in_size < 5 || bytes_left(reader) < in_size + SYMBOL_BYTES) {
		return fail(reader, -XEN_EINVAL, "input ends inside an LZMA chunk");
	}
	if (in[0] != 0) {
		return fail(reader, -XEN_EINVAL, "LZMA chunk does not begin with 0");
	}
	for (int i = 1; i < 5; i++) {
		coder.code = (coder.code << 8) | in[i];
	}
	coder.in = in + 5;
	why = decode_symbols(lzma, &coder, in + in_size, reader->out, reader->out + out_size,
			     reader->out_end);
	if (why) {
		return fail(reader, -XEN_EINVAL, why);
	}
	if (coder.in != in + in_size || coder.code != 0) {
		return fail(reader, -XEN_EINVAL, "LZMA chunk does not end where it says");
	}
	reader->in += in_size;
	reader->out += out_size;
	return 0;
}

static int copy_chunk(struct reader *reader, size_t size)
{
	if (bytes_left(reader) < size) {
		return fail(reader, -XEN_EINVAL, "input ends inside a stored chunk");
	}
	memcpy(reader->out, reader->in, size);
	reader->in += size;
	reader->out += size;
	return 0;
}

/* What the chunks so far have set up, as chunks may only build on it in this order. */
enum chunk_needs { NEEDS_DICTIONARY, NEEDS_PROPERTIES, NEEDS_NOTHING };

/*
 * An LZMA chunk with `control` 80-ff: bits 5-6 say how much is reset (1 state, 2 and properties, 3
 * and dictionary), bits 0-4 are the top of the output size. reader->in is behind the two
 * sizes. */
static int prepare_lzma_chunk(struct reader *reader, struct lzma *lzma, uint32_t control,
			      enum chunk_needs needs)
{
	uint32_t reset = (control >> 5) & 3;

	if (reset >= 2) {
		if (bytes_left(reader) < 1 || !set_properties(lzma, *reader->in++)) {
			return fail(reader, -XEN_EINVAL, "bad LZMA properties");
		}
	} else if (needs != NEEDS_NOTHING) {
		return fail(reader, -XEN_EINVAL, "LZMA chunk without properties");
	}
	if (reset >= 1) {
		reset_state(lzma);
	}
	return 0;
}

static int decode_chunks(struct reader *reader, struct lzma *lzma)
{
	enum chunk_needs needs = NEEDS_DICTIONARY;

	for (;;) {
		uint32_t control;
		size_t out_size, in_size;
		int err;

		if (bytes_left(reader) < 1 + SYMBOL_BYTES) {
			return fail(reader, -XEN_EINVAL, "input ends between LZMA2 chunks");
		}
		control = *reader->in++;
		if (control == 0) {
			return 0;
		}
		if (control == 1 || control >= 0xe0) {
			lzma->dictionary = reader->out;
			needs = NEEDS_PROPERTIES;
		} else if (needs == NEEDS_DICTIONARY || (control > 2 && control < 0x80)) {
			return fail(reader, -XEN_EINVAL, "bad LZMA2 chunk");
		}
		out_size = ((size_t)reader->in[0] << 8) + reader->in[1] + 1;
		reader->in += 2;
		if (control < 0x80) {
			if ((size_t)(reader->out_end - reader->out) < out_size) {
				return fail(reader, -XEN_ENOSPC, "output buffer is too small");
			}
			err = copy_chunk(reader, out_size);
			if (err) {
				return err;
			}
			continue;
		}
		out_size += (size_t)(control & 0x1f) << 16;
		in_size = ((size_t)reader->in[0] << 8) + reader->in[1] + 1;
		reader->in += 2;
		if ((size_t)(reader->out_end - reader->out) < out_size) {
			return fail(reader, -XEN_ENOSPC, "output buffer is too small");
		}
		err = prepare_lzma_chunk(reader, lzma, control, needs);
		needs = NEEDS_NOTHING;
		if (!err) {
			err = decode_lzma_chunk(reader, lzma, in_size, out_size);
		}
		if (err) {
			return err;
		}
	}
}

/* ---- the x86 branch filter ------------------------------------------------------------- */

/* CALL or JMP with a 32-bit displacement. */
static hot_inline bool is_branch(uint8_t byte)
{
	return (byte & 0xfe) == 0xe8;
}

/* A displacement of less than 16 MiB either way: its top byte is its sign. */
static hot_inline bool is_sign(uint32_t byte)
{
	return byte == 0x00 || byte == 0xff;
}

/* Offset of the next branch opcode at or after i; `end` if none. */
static size_t find_branch(const uint8_t *code, size_t i, size_t end)
{
	while (end - i >= 8) {
		/* A zero byte where the opcode is; the classic test finds the lowest one
		 * exactly. */
		uint64_t x = (load_word(code + i) & UINT64_C(0xfefefefefefefefe)) ^
			     UINT64_C(0xe8e8e8e8e8e8e8e8);
		uint64_t zero = (x - UINT64_C(0x0101010101010101)) & ~x &
				UINT64_C(0x8080808080808080);

		if (zero) {
			return i + (size_t)__builtin_ctzll(zero) / 8;
		}
		i += 8;
	}
	while (i < end && !is_branch(code[i])) {
		i++;
	}
	return i;
}

/*
 * The absolute target at `field` (behind the opcode at position) becomes a displacement again.
 * near: 0, or how many bytes before this opcode an unconverted one stands. Its operand overlaps
 * ours, so the encoder repeated the conversion until that operand's top byte was no sign.
 */
static void restore_displacement(uint8_t *field, uint32_t position, unsigned int near)
{
	uint32_t target, value;

	__builtin_memcpy(&target, field, sizeof(target));
	for (;;) {
		unsigned int shift = 24 - 8 * near;

		value = target - (position + 5);
		if (near == 0 || !is_sign((value >> shift) & 0xff)) {
			break;
		}
		target = value ^ ((UINT32_C(1) << (shift + 8)) - 1);
	}
	/* Bit 24 is the sign. */
	value &= 0x01ffffff;
	value |= 0 - (value & 0x01000000);
	__builtin_memcpy(field, &value, sizeof(value));
}

/*
 * Undoes the filter over one block. recent: bit k says that an opcode not converted stands k + 1
 * bytes before. An opcode is converted when its top byte is a sign and at most one unconverted one
 * overlaps it, whose own top byte (as it stands) is no sign.
 */
static void unfilter_x86(uint8_t *code, size_t size)
{
	size_t end = size < 5 ? 0 : size - 4;
	size_t last = 0;
	uint32_t recent = 0;

	for (size_t i = find_branch(code, 0, end); i < end; i = find_branch(code, i, end)) {
		/* Indexed by a mask with one bit: how far back; 4 marks "more than one". */
		static const uint8_t near_of_mask[8] = {0, 1, 2, 4, 3, 4, 4, 4};
		size_t step = i - last;
		unsigned int near;

		recent = step > 3 ? 0 : (recent << step >> 1) & 7;
		last = i;
		near = near_of_mask[recent];
		if (near < 4 && (near == 0 || !is_sign(code[i + 4 - near])) &&
		    is_sign(code[i + 4])) {
			restore_displacement(code + i + 1, (uint32_t)i, near);
			recent = 0;
			i += 5;
		} else {
			recent = (recent << 1) | 1;
			i++;
		}
	}
}

/* ---- the container --------------------------------------------------------------------- */

static uint32_t load_u32(const uint8_t *at)
{
	uint32_t value;

	__builtin_memcpy(&value, at, sizeof(value));
	return value;
}

/* A number in groups of seven bits, lowest first, at most nine bytes. */
static bool read_number(const uint8_t **at, const uint8_t *end, uint64_t *number)
{
	*number = 0;
	for (unsigned int shift = 0; shift < 63 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

struct block_header {
	bool has_packed_size, has_size, x86;
	uint64_t packed_size, size;
};

/* The filters: LZMA2 last, at most one x86 filter (start offset 0) before it. */
static bool read_filters(const uint8_t **at, const uint8_t *end, unsigned int count,
			 struct block_header *header)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t id, properties;

		if (!read_number(at, end, &id) || !read_number(at, end, &properties) ||
		    properties > (uint64_t)(end - *at)) {
			return false;
		}
		*at += properties;
		if (i + 1 == count) {
			return id == FILTER_LZMA2 && properties == 1;
		}
		if (id != FILTER_X86 || properties != 0 || i > 0) {
			return false;
		}
		header->x86 = true;
	}
	return false;
}

static int read_block_header(struct reader *reader, const struct crc32_tables *crc32,
			     struct block_header *header)
{
	size_t size = ((size_t)reader->in[0] + 1) * 4;
	const uint8_t *at = reader->in + 2;
	const uint8_t *end;
	uint8_t flags;

	*header = (struct block_header){0};
	if (bytes_left(reader) < size) {
		return fail(reader, -XEN_EINVAL, "input ends inside a block header");
	}
	end = reader->in + size - 4;
	if (crc32_update(crc32, 0, reader->in, size - 4) != load_u32(end)) {
		return fail(reader, -XEN_EINVAL, "block header checksum is wrong");
	}
	flags = reader->in[1];
	header->has_packed_size = flags & 0x40;
	header->has_size = flags & 0x80;
	if ((header->has_packed_size && !read_number(&at, end, &header->packed_size)) ||
	    (header->has_size && !read_number(&at, end, &header->size))) {
		return fail(reader, -XEN_EINVAL, "bad size in a block header");
	}
	if ((flags & 0x3c) || !read_filters(&at, end, (flags & 3u) + 1, header)) {
		return fail(reader, -XEN_EOPNOTSUPP, "only LZMA2 with or without the x86 filter");
	}
	reader->in += size;
	return 0;
}

static void prepare_crc64(uint64_t table[256])
{
	for (uint64_t byte = 0; byte < 256; byte++) {
		uint64_t crc = byte;

		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ (crc & 1 ? UINT64_C(0xc96c5795d7870f42) : 0);
		}
		table[byte] = crc;
	}
}

static uint64_t crc64_of(const uint64_t table[256], const uint8_t *data, size_t size)
{
	uint64_t crc = ~UINT64_C(0);

	for (size_t i = 0; i < size; i++) {
		crc = (crc >> 8) ^ table[(crc ^ data[i]) & 0xff];
	}
	return ~crc;
}

static size_t check_size(uint8_t check)
{
	return check == CHECK_CRC64 ? 8 : check == CHECK_CRC32 ? 4 : 0;
}

/* The check field behind a block, whose output is data. */
static int verify_check(struct reader *reader, struct xz_workspace *workspace, uint8_t check,
			const uint8_t *data, size_t size)
{
	bool right = true;

	if (bytes_left(reader) < check_size(check)) {
		return fail(reader, -XEN_EINVAL, "input ends inside a check");
	}
	if (check == CHECK_CRC32) {
		right = crc32_update(&workspace->crc32, 0, data, size) == load_u32(reader->in);
	} else if (check == CHECK_CRC64) {
		prepare_crc64(workspace->crc64);
		right = crc64_of(workspace->crc64, data, size) == load_word(reader->in);
	}
	reader->in += check_size(check);
	return right ? 0 : fail(reader, -XEN_EINVAL, "checksum of the data is wrong");
}

/* Sums over all blocks, to be compared with those over the index. */
struct totals {
	uint64_t blocks;
	uint64_t unpadded;
	uint64_t size;
};

/* Chunk data is followed by zeros up to a multiple of four from the block's start. */
static int skip_padding(struct reader *reader, const uint8_t *start)
{
	while ((reader->in - start) % 4 != 0) {
		if (bytes_left(reader) == 0 || *reader->in++ != 0) {
			return fail(reader, -XEN_EINVAL, "bad padding");
		}
	}
	return 0;
}

static int decode_block(struct reader *reader, struct xz_workspace *workspace, uint8_t check,
			struct totals *totals)
{
	const uint8_t *block = reader->in;
	const uint8_t *packed;
	uint8_t *data = reader->out;
	struct lzma lzma = {.model = &workspace->model};
	struct block_header header;
	size_t packed_size, size;
	int err = read_block_header(reader, &workspace->crc32, &header);

	if (err) {
		return err;
	}
	packed = reader->in;
	err = decode_chunks(reader, &lzma);
	if (err) {
		return err;
	}
	packed_size = (size_t)(reader->in - packed);
	size = (size_t)(reader->out - data);
	if ((header.has_packed_size && header.packed_size != packed_size) ||
	    (header.has_size && header.size != size)) {
		return fail(reader, -XEN_EINVAL, "block size is not what its header says");
	}
	totals->blocks++;
	totals->unpadded += (uint64_t)(reader->in - block) + check_size(check);
	totals->size += size;
	err = skip_padding(reader, block);
	if (err) {
		return err;
	}
	if (header.x86) {
		unfilter_x86(data, size);
	}
	return verify_check(reader, workspace, check, data, size);
}

static int verify_index(struct reader *reader, const struct crc32_tables *crc32,
			const struct totals *totals)
{
	const uint8_t *index = reader->in++;
	struct totals listed = {0};
	uint64_t count;
	int err;

	if (!read_number(&reader->in, reader->in_end, &count) || count != totals->blocks) {
		return fail(reader, -XEN_EINVAL, "index has another number of blocks");
	}
	for (uint64_t i = 0; i < count; i++) {
		uint64_t unpadded, size;

		if (!read_number(&reader->in, reader->in_end, &unpadded) ||
		    !read_number(&reader->in, reader->in_end, &size)) {
			return fail(reader, -XEN_EINVAL, "bad index");
		}
		listed.unpadded += unpadded;
		listed.size += size;
	}
	if (listed.unpadded != totals->unpadded || listed.size != totals->size) {
		return fail(reader, -XEN_EINVAL, "index does not match the blocks");
	}
	err = skip_padding(reader, index);
	if (err) {
		return err;
	}
	if (bytes_left(reader) < 4 + FOOTER_BYTES ||
	    crc32_update(crc32, 0, index, (size_t)(reader->in - index)) != load_u32(reader->in)) {
		return fail(reader, -XEN_EINVAL, "index checksum is wrong");
	}
	reader->in += 4;
	return 0;
}

static int read_stream_header(struct reader *reader, const struct crc32_tables *crc32,
			      uint8_t *check)
{
	static const uint8_t magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};

	if (bytes_left(reader) < 12 || memcmp(reader->in, magic, sizeof(magic)) != 0) {
		return fail(reader, -XEN_EINVAL, "not an xz stream");
	}
	if (crc32_update(crc32, 0, reader->in + 6, 2) != load_u32(reader->in + 8)) {
		return fail(reader, -XEN_EINVAL, "stream header checksum is wrong");
	}
	*check = reader->in[7];
	if (reader->in[6] != 0 ||
	    (*check != CHECK_NONE && *check != CHECK_CRC32 && *check != CHECK_CRC64)) {
		return fail(reader, -XEN_EOPNOTSUPP, "unknown kind of check");
	}
	reader->in += 12;
	return 0;
}

static int verify_footer(struct reader *reader, const struct crc32_tables *crc32, uint8_t check,
			 size_t index_size)
{
	const uint8_t *footer = reader->in;

	if (crc32_update(crc32, 0, footer + 4, 6) != load_u32(footer) ||
	    ((uint64_t)load_u32(footer + 4) + 1) * 4 != index_size || footer[8] != 0 ||
	    footer[9] != check || footer[10] != 'Y' || footer[11] != 'Z') {
		return fail(reader, -XEN_EINVAL, "bad stream footer");
	}
	return 0;
}

int xz_decode(struct xz_workspace *workspace, const void *in, size_t in_size, void *out,
	      size_t out_size, size_t *written, const char **why)
{
	struct reader reader = {.in = in, .out = out, .why = why};
	struct totals totals = {0};
	const uint8_t *index;
	uint8_t check;
	int err;

	reader.in_end = reader.in + in_size;
	reader.out_end = reader.out + out_size;
	*why = "";
	crc32_prepare(&workspace->crc32);
	err = read_stream_header(&reader, &workspace->crc32, &check);
	if (err) {
		return err;
	}
	for (;;) {
		if (bytes_left(&reader) == 0) {
			return fail(&reader, -XEN_EINVAL, "input ends between blocks");
		}
		if (*reader.in == 0) {
			break;
		}
		err = decode_block(&reader, workspace, check, &totals);
		if (err) {
			return err;
		}
	}
	index = reader.in;
	err = verify_index(&reader, &workspace->crc32, &totals);
	if (!err) {
		err = verify_footer(&reader, &workspace->crc32, check, (size_t)(reader.in - index));
	}
	if (!err) {
		*written = (size_t)(reader.out - (uint8_t *)out);
	}
	return err;
}
