/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder for gzip members (RFC 1952) holding deflate data (RFC 1951).
 *
 * Bits are taken from the low end of a 64-bit reservoir. Past the input's end the reservoir fills
 * with zeros and `borrowed` counts them; a stream that used such bits is truncated. Code words of
 * up to INFLATE_FAST_BITS are looked up, longer ones walked bit by bit through the canonical
 * counts. A code that is over-subscribed is refused when it is built, a code word that an
 * incomplete code does not have when it is met.
 */
#include "lib/inflate.h"

#include "lib/mem.h"

#include <xen/errno.h>

#define CODE_BITS_MAX 15
#define FAST_SIZE (1u << INFLATE_FAST_BITS)

#define LITERAL_SYMBOLS 288
#define DISTANCE_SYMBOLS 32
#define END_OF_BLOCK 256
#define BAD_SYMBOL UINT32_MAX

#define GZIP_HEADER_BYTES 10
#define GZIP_TRAILER_BYTES 8

/* RFC 1952 2.3.1 FLG. */
#define FLAG_HEADER_CRC 2
#define FLAG_EXTRA 4
#define FLAG_NAME 8
#define FLAG_COMMENT 16
#define FLAG_RESERVED 0xe0

struct inflater {
	const uint8_t *in;
	const uint8_t *in_end;
	uint64_t bits;
	unsigned int bit_count;
	unsigned int borrowed; /* bytes in the reservoir that the input did not have */
	uint8_t *out;
	uint8_t *out_start;
	uint8_t *out_end;
	struct inflate_workspace *workspace;
	const char **why;
};

static int fail(struct inflater *f, int err, const char *why)
{
	*f->why = why;
	return err;
}

/* At least 56 bits. */
static inline void refill(struct inflater *f)
{
	while (f->bit_count <= 56) {
		if (f->in < f->in_end) {
			f->bits |= (uint64_t)*f->in++ << f->bit_count;
		} else {
			f->borrowed++;
		}
		f->bit_count += 8;
	}
}

/* count <= 16, and no more between two refills than they promise. */
static inline uint32_t take(struct inflater *f, unsigned int count)
{
	uint32_t value = (uint32_t)(f->bits & ((UINT64_C(1) << count) - 1));

	f->bits >>= count;
	f->bit_count -= count;
	return value;
}

/* Borrowed bytes lie on top: some were used when fewer bits are left than borrowed. */
static bool is_truncated(const struct inflater *f)
{
	return f->borrowed * 8 > f->bit_count;
}

/* ---- Huffman codes --------------------------------------------------------------------- */

static uint32_t reverse_bits(uint32_t value, unsigned int count)
{
	uint32_t reversed = 0;

	for (unsigned int i = 0; i < count; i++) {
		reversed = reversed << 1 | ((value >> i) & 1);
	}
	return reversed;
}

/* Builds the canonical code of these lengths (RFC 1951 3.2.2); false if it cannot exist. */
static bool build_code(struct inflate_code *code, const uint8_t *lengths, unsigned int count)
{
	uint32_t next[CODE_BITS_MAX + 1];
	uint16_t place[CODE_BITS_MAX + 1];
	int32_t room = 1;
	uint32_t word = 0;

	memset(code->counts, 0, sizeof(code->counts));
	memset(code->fast, 0, sizeof(code->fast));
	for (unsigned int i = 0; i < count; i++) {
		code->counts[lengths[i]]++;
	}
	code->counts[0] = 0;
	place[0] = 0;
	next[0] = 0;
	for (unsigned int length = 1; length <= CODE_BITS_MAX; length++) {
		room = room * 2 - code->counts[length];
		if (room < 0) {
			return false;
		}
		word = (word + code->counts[length - 1]) << 1;
		next[length] = word;
		place[length] = (uint16_t)(place[length - 1] + code->counts[length - 1]);
	}
	for (unsigned int symbol = 0; symbol < count; symbol++) {
		unsigned int length = lengths[symbol];

		if (length == 0) {
			continue;
		}
		code->sorted[place[length]++] = (uint16_t)symbol;
		word = next[length]++;
		if (length > INFLATE_FAST_BITS) {
			continue;
		}
		for (uint32_t at = reverse_bits(word, length); at < FAST_SIZE; at += 1u << length) {
			code->fast[at] = (uint16_t)(symbol << 4 | length);
		}
	}
	return true;
}

/* Code words of one length are consecutive; `first` is the first of the length under test. */
static uint32_t decode_slowly(struct inflater *f, const struct inflate_code *code)
{
	uint32_t word = 0, first = 0, index = 0;

	for (unsigned int length = 1; length <= CODE_BITS_MAX; length++) {
		word |= take(f, 1);
		if (word - first < code->counts[length]) {
			return code->sorted[index + (word - first)];
		}
		index += code->counts[length];
		first = (first + code->counts[length]) << 1;
		word <<= 1;
	}
	return BAD_SYMBOL;
}

static inline uint32_t decode_symbol(struct inflater *f, const struct inflate_code *code)
{
	uint32_t entry = code->fast[f->bits & (FAST_SIZE - 1)];

	if (entry == 0) {
		return decode_slowly(f, code);
	}
	take(f, entry & 15);
	return entry >> 4;
}

/* ---- blocks ---------------------------------------------------------------------------- */

static int stored_block(struct inflater *f)
{
	uint32_t size, complement;

	take(f, f->bit_count % 8);
	refill(f);
	size = take(f, 16);
	complement = take(f, 16);
	if (is_truncated(f) || (size ^ complement) != 0xffff) {
		return fail(f, -XEN_EINVAL, "bad stored block");
	}
	/* Whole bytes still in the reservoir go back to the input. */
	f->in -= f->bit_count / 8 - f->borrowed;
	f->bits = 0;
	f->bit_count = 0;
	f->borrowed = 0;
	if ((size_t)(f->in_end - f->in) < size) {
		return fail(f, -XEN_EINVAL, "input ends inside a stored block");
	}
	if ((size_t)(f->out_end - f->out) < size) {
		return fail(f, -XEN_ENOSPC, "output buffer is too small");
	}
	memcpy(f->out, f->in, size);
	f->in += size;
	f->out += size;
	return 0;
}

/* RFC 1951 3.2.5: the length symbols from 257 on and the distance symbols. */
static bool read_length(struct inflater *f, uint32_t symbol, size_t *length)
{
	uint32_t n = symbol - 257;
	unsigned int extra;

	if (n >= 29) {
		return false;
	}
	if (n < 8 || n == 28) {
		*length = n == 28 ? 258 : n + 3;
		return true;
	}
	extra = n / 4 - 1;
	*length = ((4 + n % 4) << extra) + 3 + take(f, extra);
	return true;
}

static bool read_distance(struct inflater *f, uint32_t symbol, size_t *distance)
{
	unsigned int extra;

	if (symbol >= 30) {
		return false;
	}
	if (symbol < 4) {
		*distance = symbol + 1;
		return true;
	}
	extra = symbol / 2 - 1;
	*distance = ((2 + symbol % 2) << extra) + 1 + take(f, extra);
	return true;
}

static void copy_match(struct inflater *f, size_t length, size_t distance)
{
	const uint8_t *from = f->out - distance;

	while (length-- > 0) {
		*f->out++ = *from++;
	}
}

/* Refilled once per symbol: 15 + 5 + 15 + 13 bits are less than 56. */
static int coded_block(struct inflater *f)
{
	const struct inflate_code *literals = &f->workspace->literal;
	const struct inflate_code *distances = &f->workspace->distance;

	for (;;) {
		size_t length, distance;
		uint32_t symbol;

		refill(f);
		symbol = decode_symbol(f, literals);
		if (is_truncated(f)) {
			return fail(f, -XEN_EINVAL, "input ends inside a block");
		}
		if (symbol < END_OF_BLOCK) {
			if (f->out == f->out_end) {
				return fail(f, -XEN_ENOSPC, "output buffer is too small");
			}
			*f->out++ = (uint8_t)symbol;
			continue;
		}
		if (symbol == END_OF_BLOCK) {
			return 0;
		}
		if (!read_length(f, symbol, &length) ||
		    !read_distance(f, decode_symbol(f, distances), &distance)) {
			return fail(f, -XEN_EINVAL, "bad length or distance code");
		}
		if (distance > (size_t)(f->out - f->out_start)) {
			return fail(f, -XEN_EINVAL, "distance reaches before the output");
		}
		if (length > (size_t)(f->out_end - f->out)) {
			return fail(f, -XEN_ENOSPC, "output buffer is too small");
		}
		copy_match(f, length, distance);
	}
}

static void build_fixed(struct inflate_workspace *workspace)
{
	uint8_t *lengths = workspace->lengths;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	(void)build_code(&workspace->literal, lengths, LITERAL_SYMBOLS);
	memset(lengths, 5, DISTANCE_SYMBOLS);
	(void)build_code(&workspace->distance, lengths, DISTANCE_SYMBOLS);
}

/* Lengths of both codes in one run, themselves coded with repeats (RFC 1951 3.2.7). */
static bool read_lengths(struct inflater *f, unsigned int count)
{
	uint8_t *lengths = f->workspace->lengths;

	for (unsigned int i = 0; i < count;) {
		uint32_t symbol, repeat;
		uint8_t length = 0;

		refill(f);
		symbol = decode_symbol(f, &f->workspace->literal);
		if (is_truncated(f) || symbol > 18) {
			return false;
		}
		if (symbol < 16) {
			lengths[i++] = (uint8_t)symbol;
			continue;
		}
		if (symbol == 16) {
			if (i == 0) {
				return false;
			}
			length = lengths[i - 1];
			repeat = 3 + take(f, 2);
		} else {
			repeat = symbol == 17 ? 3 + take(f, 3) : 11 + take(f, 7);
		}
		if (repeat > count - i) {
			return false;
		}
		memset(lengths + i, length, repeat);
		i += repeat;
	}
	return true;
}

static bool read_dynamic(struct inflater *f)
{
	static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					  11, 4,  12, 3, 13, 2, 14, 1, 15};
	struct inflate_workspace *workspace = f->workspace;
	unsigned int literal_count, distance_count, order_count;

	refill(f);
	literal_count = take(f, 5) + 257;
	distance_count = take(f, 5) + 1;
	order_count = take(f, 4) + 4;
	memset(workspace->lengths, 0, 19);
	for (unsigned int i = 0; i < order_count; i++) {
		refill(f);
		workspace->lengths[order[i]] = (uint8_t)take(f, 3);
	}
	if (literal_count > 286 || !build_code(&workspace->literal, workspace->lengths, 19) ||
	    !read_lengths(f, literal_count + distance_count) ||
	    workspace->lengths[END_OF_BLOCK] == 0) {
		return false;
	}
	return build_code(&workspace->literal, workspace->lengths, literal_count) &&
	       build_code(&workspace->distance, workspace->lengths + literal_count,
			  distance_count);
}

static int inflate_blocks(struct inflater *f)
{
	bool is_final;

	do {
		uint32_t kind;
		int err;

		refill(f);
		is_final = take(f, 1);
		kind = take(f, 2);
		if (kind == 1) {
			build_fixed(f->workspace);
		} else if (kind == 3 || (kind == 2 && !read_dynamic(f))) {
			return fail(f, -XEN_EINVAL, "bad block header");
		}
		err = kind == 0 ? stored_block(f) : coded_block(f);
		if (err) {
			return err;
		}
	} while (!is_final);
	f->in -= f->bit_count / 8 - f->borrowed;
	return 0;
}

/* ---- the container --------------------------------------------------------------------- */

static bool skip_bytes(struct inflater *f, size_t count)
{
	if ((size_t)(f->in_end - f->in) < count) {
		return false;
	}
	f->in += count;
	return true;
}

static bool skip_string(struct inflater *f)
{
	while (f->in < f->in_end) {
		if (*f->in++ == 0) {
			return true;
		}
	}
	return false;
}

static int skip_header(struct inflater *f)
{
	const uint8_t *header = f->in;

	if (!skip_bytes(f, GZIP_HEADER_BYTES) || header[0] != 0x1f || header[1] != 0x8b ||
	    header[2] != 8 || (header[3] & FLAG_RESERVED)) {
		return fail(f, -XEN_EINVAL, "not gzip data");
	}
	if (header[3] & FLAG_EXTRA) {
		const uint8_t *length = f->in;

		if (!skip_bytes(f, 2) || !skip_bytes(f, length[0] + 256u * length[1])) {
			return fail(f, -XEN_EINVAL, "input ends inside the header");
		}
	}
	if (((header[3] & FLAG_NAME) && !skip_string(f)) ||
	    ((header[3] & FLAG_COMMENT) && !skip_string(f)) ||
	    ((header[3] & FLAG_HEADER_CRC) && !skip_bytes(f, 2))) {
		return fail(f, -XEN_EINVAL, "input ends inside the header");
	}
	return 0;
}

static int verify_trailer(struct inflater *f)
{
	uint32_t expected[2];
	size_t size = (size_t)(f->out - f->out_start);

	if ((size_t)(f->in_end - f->in) < GZIP_TRAILER_BYTES) {
		return fail(f, -XEN_EINVAL, "input ends inside the trailer");
	}
	memcpy(expected, f->in, sizeof(expected));
	crc32_prepare(&f->workspace->crc32);
	if (crc32_update(&f->workspace->crc32, 0, f->out_start, size) != expected[0] ||
	    (uint32_t)size != expected[1]) {
		return fail(f, -XEN_EINVAL, "checksum of the data is wrong");
	}
	return 0;
}

int inflate_gzip(struct inflate_workspace *workspace, const void *in, size_t in_size, void *out,
		 size_t out_size, size_t *written, const char **why)
{
	struct inflater f = {.in = in, .out = out, .out_start = out, .workspace = workspace,
			     .why = why};
	int err;

	f.in_end = f.in + in_size;
	f.out_end = f.out + out_size;
	*why = "";
	err = skip_header(&f);
	if (!err) {
		err = inflate_blocks(&f);
	}
	if (!err) {
		err = verify_trailer(&f);
	}
	if (!err) {
		*written = (size_t)(f.out - f.out_start);
	}
	return err;
}
