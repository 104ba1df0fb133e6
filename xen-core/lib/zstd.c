/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder for Zstandard frames (RFC 8878; section numbers below are its).
 *
 * A block's literals are decoded into the workspace, then its sequences copy from there and from
 * what was written before. Codes are read backwards from the end of their stream: `bits` counts
 * what is left in front of the reading place, and a stream that is right ends at 0.
 *
 * Errors are sticky: the first one is noted in the decoder, and every loop looks for it.
 */
#include "lib/zstd.h"

#include "lib/mem.h"

#include <xen/errno.h>

#define FRAME_MAGIC 0xfd2fb528U

#define LITERAL_LENGTHS 0
#define OFFSETS 1
#define MATCH_LENGTHS 2
#define SYMBOLS_MAX 53

struct decoder {
	const uint8_t *in, *in_end;
	uint8_t *out, *out_start, *out_end;
	struct zstd_workspace *workspace;
	int err;
	const char **why;
};

/* --- reading --------------------------------------------------------------------------------- */

static void fail(struct decoder *d, int err, const char *why)
{
	if (!d->err) {
		d->err = err;
		*d->why = why;
	}
}

static void malformed(struct decoder *d, const char *why)
{
	fail(d, -XEN_EINVAL, why);
}

/* The next bytes of the input, NULL after failing. */
static const uint8_t *take(struct decoder *d, size_t bytes)
{
	const uint8_t *from = d->in;

	if (d->err || (size_t)(d->in_end - d->in) < bytes) {
		malformed(d, "the packed data is truncated");
		return NULL;
	}
	d->in += bytes;
	return from;
}

static uint64_t little_endian(const uint8_t *from, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++) {
		value |= (uint64_t)from[i] << i * 8;
	}
	return value;
}

/* 0 after failing. */
static uint64_t take_number(struct decoder *d, unsigned int bytes)
{
	const uint8_t *from = take(d, bytes);

	return from ? little_endian(from, bytes) : 0;
}

/* A stream of bits read from its end. */
struct backwards {
	const uint8_t *from;
	size_t bytes;
	int64_t bits; /* not read yet; negative when more was asked for than there was */
};

static void backwards_open(struct decoder *d, struct backwards *b, const uint8_t *from,
			   size_t bytes)
{
	*b = (struct backwards){from, bytes, 0};
	if (bytes == 0 || from[bytes - 1] == 0) {
		malformed(d, "a stream of bits has no end mark");
		return;
	}
	b->bits = (int64_t)bytes * 8 - 8 + (31 - __builtin_clz(from[bytes - 1]));
}

/* The next `count` bits, at most 56, not consumed; zeros follow the stream's beginning. */
static inline uint64_t peek(const struct backwards *b, unsigned int count)
{
	int64_t start = b->bits - count;
	unsigned int missing = 0;
	uint64_t word = 0;
	size_t at;

	if (start < 0) {
		missing = (unsigned int)(start < -64 ? 64 : -start);
		start = 0;
	}
	if (missing >= count) {
		return 0;
	}
	at = (size_t)start / 8;
	if (at + 8 <= b->bytes) {
		memcpy(&word, b->from + at, 8);
	} else {
		word = little_endian(b->from + at, (unsigned int)(b->bytes - at));
	}
	word = word >> (start & 7) & ((1UL << (count - missing)) - 1);
	return word << missing;
}

static inline uint64_t read_bits(struct backwards *b, unsigned int count)
{
	uint64_t value = peek(b, count);

	b->bits -= count;
	return value;
}

/* --- finite-state codes (4.1) ---------------------------------------------------------------- */

/* Marks the states of the symbols by how likely they are: -1 is less than one. */
static void spread(struct decoder *d, struct zstd_code *code, const int16_t *odds,
		   unsigned int symbols)
{
	uint32_t size = 1U << code->log, high = size, at = 0;
	uint32_t step = (size >> 1) + (size >> 3) + 3;

	for (unsigned int s = 0; s < symbols; s++) {
		if (odds[s] == -1) {
			code->states[--high].symbol = (uint8_t)s;
		}
	}
	for (unsigned int s = 0; s < symbols; s++) {
		for (int i = 0; i < odds[s]; i++) {
			code->states[at].symbol = (uint8_t)s;
			do {
				at = (at + step) & (size - 1);
			} while (at >= high);
		}
	}
	if (at != 0) {
		malformed(d, "a code does not fill its table");
	}
}

/* The odds add up to 1 << log. */
static void build_code(struct decoder *d, struct zstd_code *code, unsigned int log,
		       const int16_t *odds, unsigned int symbols)
{
	uint16_t next[SYMBOLS_MAX];

	code->log = (uint8_t)log;
	code->is_set = true;
	spread(d, code, odds, symbols);
	for (unsigned int s = 0; s < symbols; s++) {
		next[s] = odds[s] == -1 ? 1 : (uint16_t)odds[s];
	}
	for (uint32_t i = 0; i < 1U << log && !d->err; i++) {
		struct zstd_state *state = &code->states[i];
		uint32_t x = next[state->symbol]++;

		state->bits = (uint8_t)(log - (31 - (unsigned int)__builtin_clz(x)));
		state->base = (uint16_t)((x << state->bits) - (1U << log));
	}
}

/* Bits from the low end of bytes, for the descriptions of codes. */
struct forwards {
	const uint8_t *from;
	size_t bytes;
	size_t bit;
};

static uint32_t read_forwards(struct forwards *f, unsigned int count)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < count; i++, f->bit++) {
		if (f->bit / 8 < f->bytes) {
			value |= (uint32_t)(f->from[f->bit / 8] >> f->bit % 8 & 1) << i;
		}
	}
	return value;
}

/* One number from 0 to `remaining` + 1 (4.1.1): the small ones take a bit less. */
static uint32_t read_odd(struct forwards *f, uint32_t remaining)
{
	unsigned int bits = 32 - (unsigned int)__builtin_clz(remaining + 1);
	uint32_t short_ones = (1U << bits) - 1 - (remaining + 1);
	uint32_t value = read_forwards(f, bits - 1);

	if (value < short_ones) {
		return value;
	}
	value |= read_forwards(f, 1) << (bits - 1);
	return value >= 1U << (bits - 1) ? value - short_ones : value;
}

/* A described code: at most `bytes` at `from`, the bytes it took are returned. */
static size_t read_code(struct decoder *d, struct zstd_code *code, const uint8_t *from,
			size_t bytes, unsigned int log_max, unsigned int symbols_max)
{
	struct forwards f = {from, bytes, 0};
	unsigned int log = read_forwards(&f, 4) + 5, symbols = 0, zeros;
	int32_t remaining = 1 << log;
	int16_t odds[SYMBOLS_MAX];

	if (log > log_max) {
		malformed(d, "a code is larger than allowed");
		return 0;
	}
	while (remaining > 0 && symbols < symbols_max) {
		odds[symbols] = (int16_t)(read_odd(&f, (uint32_t)remaining) - 1);
		remaining -= odds[symbols] == -1 ? 1 : odds[symbols];
		if (odds[symbols++] != 0) {
			continue;
		}
		do {
			zeros = read_forwards(&f, 2);
			for (unsigned int i = 0; i < zeros && symbols < symbols_max; i++) {
				odds[symbols++] = 0;
			}
		} while (zeros == 3 && symbols < symbols_max);
	}
	if (remaining != 0 || (f.bit + 7) / 8 > bytes) {
		malformed(d, "the description of a code is damaged");
		return 0;
	}
	build_code(d, code, log, odds, symbols);
	return (f.bit + 7) / 8;
}

static inline uint32_t next_state(struct backwards *b, const struct zstd_state *state)
{
	return state->base + (uint32_t)read_bits(b, state->bits);
}

/* --- literals (3.1.1.3.1) -------------------------------------------------------------------- */

/* Weights packed by a code of their own, two states taking turns; how many there are. */
static unsigned int read_packed_weights(struct decoder *d, const uint8_t *from, size_t bytes,
					uint8_t weights[256])
{
	struct zstd_code *code = &d->workspace->weights;
	size_t head = read_code(d, code, from, bytes, 6, 12);
	unsigned int count = 0, turn = 0;
	struct backwards b;
	uint32_t states[2];

	if (d->err) {
		return 0;
	}
	backwards_open(d, &b, from + head, bytes - head);
	states[0] = (uint32_t)read_bits(&b, code->log);
	states[1] = (uint32_t)read_bits(&b, code->log);
	while (!d->err && count < 254) {
		const struct zstd_state *state = &code->states[states[turn]];

		weights[count++] = state->symbol;
		states[turn] = next_state(&b, state);
		turn ^= 1;
		if (b.bits < 0) {
			weights[count++] = code->states[states[turn]].symbol;
			return count;
		}
	}
	malformed(d, "there are too many literals in a code");
	return 0;
}

/* One symbol's places in the table, all of the same length; the place behind them. */
static uint32_t fill_huffman(struct zstd_workspace *workspace, uint32_t at, unsigned int symbol,
			     unsigned int weight)
{
	uint16_t entry = (uint16_t)(symbol << 8 | (workspace->huffman_log + 1U - weight));

	for (uint32_t end = at + (1U << (weight - 1)); at < end; at++) {
		workspace->huffman[at] = entry;
	}
	return at;
}

/* The last weight is what is missing to a power of two (4.2.1.3). */
static void build_huffman(struct decoder *d, uint8_t weights[256], unsigned int count)
{
	uint32_t sum = 0, missing, at = 0;
	unsigned int log;

	for (unsigned int i = 0; i < count; i++) {
		sum += weights[i] ? 1U << (weights[i] - 1) : 0;
	}
	log = sum ? 32 - (unsigned int)__builtin_clz(sum) : 0;
	missing = (1U << log) - sum;
	if (!sum || log > ZSTD_HUFFMAN_LOG_MAX || (missing & (missing - 1)) != 0) {
		malformed(d, "a code of literals is damaged");
		return;
	}
	weights[count] = (uint8_t)(32 - __builtin_clz(missing));
	d->workspace->huffman_log = (uint8_t)log;
	for (unsigned int weight = 1; weight <= log; weight++) {
		for (unsigned int i = 0; i <= count; i++) {
			if (weights[i] == weight) {
				at = fill_huffman(d->workspace, at, i, weight);
			}
		}
	}
}

static size_t read_huffman(struct decoder *d, const uint8_t *from, size_t bytes)
{
	unsigned int head = bytes ? from[0] : 0, count = head - 127;
	uint8_t weights[256];
	size_t taken = 1 + (head < 128 ? head : (count + 1) / 2);

	if (taken > bytes || head == 0) {
		malformed(d, "a code of literals is truncated");
		return 0;
	}
	if (head < 128) {
		count = read_packed_weights(d, from + 1, head, weights);
	} else {
		for (unsigned int i = 0; i < count; i++) {
			weights[i] = from[1 + i / 2] >> (i % 2 ? 0 : 4) & 15;
		}
	}
	if (!d->err) {
		build_huffman(d, weights, count);
	}
	return taken;
}

static void read_stream(struct decoder *d, const uint8_t *from, size_t bytes, uint8_t *to,
			size_t count)
{
	unsigned int log = d->workspace->huffman_log;
	struct backwards b;

	backwards_open(d, &b, from, bytes);
	for (size_t i = 0; i < count && b.bits >= 0; i++) {
		uint16_t entry = d->workspace->huffman[peek(&b, log)];

		to[i] = (uint8_t)(entry >> 8);
		b.bits -= entry & 0xff;
	}
	if (b.bits != 0) {
		malformed(d, "literals are damaged");
	}
}

/* Four streams of the same number of literals, the last one the rest. */
static void read_four_streams(struct decoder *d, const uint8_t *from, size_t bytes, size_t count)
{
	size_t each = (count + 3) / 4, at = 6;

	if (bytes < 6 || count < 6) {
		malformed(d, "literals are truncated");
		return;
	}
	for (unsigned int i = 0; i < 4 && !d->err; i++) {
		size_t size = i < 3 ? (size_t)little_endian(from + i * 2, 2) : bytes - at;

		if (size > bytes - at || each * i > count) {
			malformed(d, "literals are truncated");
			return;
		}
		read_stream(d, from + at, size, d->workspace->literals + each * i,
			    i < 3 ? each : count - each * 3);
		at += size;
	}
}

static void read_packed_literals(struct decoder *d, const uint8_t *from, size_t bytes, size_t count,
				 bool has_code, bool four)
{
	size_t head = has_code ? read_huffman(d, from, bytes) : 0;

	if (d->err) {
		return;
	}
	if (!d->workspace->huffman_log) {
		malformed(d, "literals come before their code");
	} else if (four) {
		read_four_streams(d, from + head, bytes - head, count);
	} else {
		read_stream(d, from + head, bytes - head, d->workspace->literals, count);
	}
}

/* Fills workspace->literals; how many. */
static size_t read_literals(struct decoder *d)
{
	static const uint8_t packed_head[] = {3, 3, 4, 5}, packed_bits[] = {10, 10, 14, 18};
	unsigned int first = d->in < d->in_end ? *d->in : 0, format = first >> 2 & 3;
	bool packed = (first & 2) != 0;
	size_t head = packed ? packed_head[format] : format == 1 ? 2 : format == 3 ? 3 : 1;
	uint64_t word = take_number(d, (unsigned int)head);
	unsigned int bits = packed ? packed_bits[format] : 20;
	size_t count = word >> (packed || (format & 1) ? 4 : 3) & ((1U << bits) - 1);
	size_t bytes = packed ? word >> (4 + bits) & ((1U << bits) - 1) : first & 1 ? 1 : count;
	const uint8_t *from = take(d, bytes);

	if (count > ZSTD_BLOCK_MAX) {
		malformed(d, "a block has too many literals");
	}
	if (d->err) {
		return 0;
	}
	if (packed) {
		read_packed_literals(d, from, bytes, count, (first & 1) == 0, format != 0);
	} else if (first & 1) {
		memset(d->workspace->literals, *from, count);
	} else {
		memcpy(d->workspace->literals, from, count);
	}
	return count;
}

/* --- sequences (3.1.1.3.2) ------------------------------------------------------------------- */

struct length_code {
	uint32_t base;
	uint8_t bits;
};

static struct length_code literal_length(uint32_t code)
{
	static const struct length_code table[] = {
		{16, 1},    {18, 1},    {20, 1},     {22, 1},     {24, 2},
		{28, 2},    {32, 3},    {40, 3},     {48, 4},     {64, 6},
		{128, 7},   {256, 8},   {512, 9},    {1024, 10},  {2048, 11},
		{4096, 12}, {8192, 13}, {16384, 14}, {32768, 15}, {65536, 16}};

	return code < 16 ? (struct length_code){code, 0} : table[code - 16];
}

static struct length_code match_length(uint32_t code)
{
	static const struct length_code table[] = {
		{35, 1},     {37, 1},     {39, 1},    {41, 1},    {43, 2},    {47, 2},
		{51, 3},     {59, 3},     {67, 4},    {83, 4},    {99, 5},    {131, 7},
		{259, 8},    {515, 9},    {1027, 10}, {2051, 11}, {4099, 12}, {8195, 13},
		{16387, 14}, {32771, 15}, {65539, 16}};

	return code < 32 ? (struct length_code){code + 3, 0} : table[code - 32];
}

/* The codes that need no description (3.1.1.3.2.2). */
static void build_default(struct decoder *d, unsigned int kind)
{
	static const int16_t literal_lengths[36] = {4, 3, 2, 2, 2, 2, 2, 2, 2,  2,  2,  2,
						    2, 1, 1, 1, 2, 2, 2, 2, 2,  2,  2,  2,
						    2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
	static const int16_t offsets[29] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,  1,  1,  1, 1,
					    1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};
	static const int16_t match_lengths[53] = {1, 4, 3, 2, 2,  2,  2,  2,  2,  1,  1, 1, 1, 1,
						  1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1, 1, 1,
						  1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1, 1, 1,
						  1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
	static const int16_t *const odds[] = {literal_lengths, offsets, match_lengths};
	static const uint8_t logs[] = {6, 5, 6}, symbols[] = {36, 29, 53};

	build_code(d, &d->workspace->codes[kind], logs[kind], odds[kind], symbols[kind]);
}

static void read_sequence_code(struct decoder *d, unsigned int kind, unsigned int mode)
{
	static const uint8_t log_max[] = {9, 8, 9}, symbols_max[] = {36, 32, 53};
	struct zstd_code *code = &d->workspace->codes[kind];
	uint32_t symbol;

	switch (mode) {
	case 0:
		build_default(d, kind);
		break;
	case 1: /* always the same */
		symbol = (uint32_t)take_number(d, 1);
		if (symbol >= symbols_max[kind]) {
			malformed(d, "a sequence has an unknown code");
			return;
		}
		code->log = 0;
		code->is_set = true;
		code->states[0] = (struct zstd_state){0, 0, (uint8_t)symbol};
		break;
	case 2:
		d->in += read_code(d, code, d->in, (size_t)(d->in_end - d->in), log_max[kind],
				   symbols_max[kind]);
		break;
	default:
		if (!code->is_set) {
			malformed(d, "a code is used again that was not there");
		}
		break;
	}
}

/* From what is coded to how far back; the recent ones move up. */
static uint32_t take_offset(struct decoder *d, uint64_t coded, bool no_literals)
{
	uint32_t *recent = d->workspace->recent;
	unsigned int which = (unsigned int)coded - 1 + no_literals;
	uint32_t offset;

	if (coded > 3) {
		offset = (uint32_t)(coded - 3);
		which = 3;
	} else {
		offset = which < 3 ? recent[which] : recent[0] - 1;
	}
	if (which >= 2) {
		recent[2] = recent[1];
	}
	if (which >= 1) {
		recent[1] = recent[0];
	}
	recent[0] = offset;
	return offset;
}

static void copy_sequence(struct decoder *d, const uint8_t *literals, size_t count, uint32_t offset,
			  size_t match)
{
	size_t room = (size_t)(d->out_end - d->out);

	if (count > room || match > room - count) {
		fail(d, -XEN_ENOSPC, "the unpacked data is larger than announced");
		return;
	}
	memcpy(d->out, literals, count);
	d->out += count;
	if (offset == 0 || offset > (size_t)(d->out - d->out_start)) {
		malformed(d, "a copy reaches back before the beginning");
		return;
	}
	if (offset >= match) {
		memcpy(d->out, d->out - offset, match);
		d->out += match;
		return;
	}
	for (const uint8_t *from = d->out - offset; match > 0; match--) {
		*d->out++ = *from++;
	}
}

static void run_sequences(struct decoder *d, struct backwards *b, uint32_t count, size_t literals)
{
	const struct zstd_code *codes = d->workspace->codes;
	const uint8_t *from = d->workspace->literals;
	const struct zstd_state *states[3];
	uint32_t at[3];

	for (unsigned int kind = 0; kind < 3; kind++) {
		at[kind] = (uint32_t)read_bits(b, codes[kind].log);
	}
	for (uint32_t i = 0; i < count && !d->err; i++) {
		struct length_code run, match;
		uint64_t coded;

		for (unsigned int kind = 0; kind < 3; kind++) {
			states[kind] = &codes[kind].states[at[kind]];
		}
		run = literal_length(states[LITERAL_LENGTHS]->symbol);
		match = match_length(states[MATCH_LENGTHS]->symbol);
		coded = (1UL << states[OFFSETS]->symbol) + read_bits(b, states[OFFSETS]->symbol);
		match.base += (uint32_t)read_bits(b, match.bits);
		run.base += (uint32_t)read_bits(b, run.bits);
		if (run.base > literals || b->bits < 0) {
			malformed(d, "sequences are damaged");
			return;
		}
		copy_sequence(d, from, run.base, take_offset(d, coded, run.base == 0), match.base);
		from += run.base;
		literals -= run.base;
		if (i + 1 < count) {
			at[LITERAL_LENGTHS] = next_state(b, states[LITERAL_LENGTHS]);
			at[MATCH_LENGTHS] = next_state(b, states[MATCH_LENGTHS]);
			at[OFFSETS] = next_state(b, states[OFFSETS]);
		}
	}
	if (b->bits != 0) {
		malformed(d, "sequences are damaged");
	}
	if (literals > (size_t)(d->out_end - d->out)) {
		fail(d, -XEN_ENOSPC, "the unpacked data is larger than announced");
	}
	if (!d->err) {
		memcpy(d->out, from, literals);
		d->out += literals;
	}
}

static uint32_t read_sequence_count(struct decoder *d)
{
	uint32_t count = (uint32_t)take_number(d, 1);

	if (count < 128) {
		return count;
	}
	if (count < 255) {
		return (count - 128) << 8 | (uint32_t)take_number(d, 1);
	}
	return 0x7f00 + (uint32_t)take_number(d, 2);
}

/* The input is one block. */
static void read_block(struct decoder *d)
{
	size_t literals = read_literals(d);
	uint32_t count = read_sequence_count(d), modes;
	struct backwards b = {NULL, 0, 0};

	if (count) {
		modes = (uint32_t)take_number(d, 1);
		if (modes & 3) {
			malformed(d, "a block has unknown codes");
		}
		for (unsigned int kind = 0; kind < 3 && !d->err; kind++) {
			read_sequence_code(d, kind, modes >> (6 - 2 * kind) & 3);
		}
		if (!d->err) {
			backwards_open(d, &b, d->in, (size_t)(d->in_end - d->in));
		}
		if (!d->err) {
			run_sequences(d, &b, count, literals);
		}
	} else if (!d->err) {
		if (d->in != d->in_end) {
			malformed(d, "a block is longer than its content");
		} else if (literals > (size_t)(d->out_end - d->out)) {
			fail(d, -XEN_ENOSPC, "the unpacked data is larger than announced");
		} else {
			memcpy(d->out, d->workspace->literals, literals);
			d->out += literals;
		}
	}
}

/* --- frame (3.1.1) --------------------------------------------------------------------------- */

static uint64_t rotate(uint64_t value, unsigned int by)
{
	return value << by | value >> (64 - by);
}

/* XXH64 with seed 0, of which a frame keeps the low half. */
static uint64_t checksum(const uint8_t *from, size_t bytes)
{
	const uint64_t p1 = 0x9e3779b185ebca87UL, p2 = 0xc2b2ae3d27d4eb4fUL,
		       p3 = 0x165667b19e3779f9UL, p4 = 0x85ebca77c2b2ae63UL,
		       p5 = 0x27d4eb2f165667c5UL;
	uint64_t lanes[4] = {p1 + p2, p2, 0, -p1}, hash = p5;
	size_t left = bytes;

	for (; left >= 32; left -= 32) {
		for (unsigned int i = 0; i < 4; i++, from += 8) {
			lanes[i] = rotate(lanes[i] + little_endian(from, 8) * p2, 31) * p1;
		}
	}
	if (bytes >= 32) {
		hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
		       rotate(lanes[3], 18);
		for (unsigned int i = 0; i < 4; i++) {
			hash = (hash ^ rotate(lanes[i] * p2, 31) * p1) * p1 + p4;
		}
	}
	hash += bytes;
	for (; left >= 8; left -= 8, from += 8) {
		hash ^= rotate(little_endian(from, 8) * p2, 31) * p1;
		hash = rotate(hash, 27) * p1 + p4;
	}
	if (left >= 4) {
		hash = rotate(hash ^ little_endian(from, 4) * p1, 23) * p2 + p3;
		left -= 4;
		from += 4;
	}
	for (; left > 0; left--, from++) {
		hash = rotate(hash ^ *from * p5, 11) * p1;
	}
	hash = (hash ^ hash >> 33) * p2;
	hash = (hash ^ hash >> 29) * p3;
	return hash ^ hash >> 32;
}

/* Whether a checksum follows the blocks. */
static bool read_frame_header(struct decoder *d)
{
	static const uint8_t id_bytes[] = {0, 1, 2, 4}, size_bytes[] = {0, 2, 4, 8};
	uint32_t flags;
	bool single;

	if (take_number(d, 4) != FRAME_MAGIC) {
		malformed(d, "this is no Zstandard frame");
	}
	flags = (uint32_t)take_number(d, 1);
	single = (flags & 0x20) != 0;
	if (flags & 8) {
		malformed(d, "the frame uses what is not defined yet");
	}
	(void)take_number(d, single ? 0 : 1); /* window: the whole output is */
	if (take_number(d, id_bytes[flags & 3])) {
		fail(d, -XEN_EOPNOTSUPP, "the frame needs a dictionary");
	}
	(void)take_number(d, flags >> 6 == 0 ? single : size_bytes[flags >> 6]);
	return (flags & 4) != 0;
}

static void read_one_block(struct decoder *d, unsigned int type, size_t size)
{
	const uint8_t *end = d->in_end, *from = take(d, type == 1 ? 1 : size);

	if (d->err) {
		return;
	}
	if (type == 2) {
		d->in = from;
		d->in_end = from + size;
		read_block(d);
		d->in = from + size;
		d->in_end = end;
	} else if (type == 3) {
		malformed(d, "a block has an unknown type");
	} else if (size > (size_t)(d->out_end - d->out)) {
		fail(d, -XEN_ENOSPC, "the unpacked data is larger than announced");
	} else {
		if (type == 1) {
			memset(d->out, *from, size);
		} else {
			memcpy(d->out, from, size);
		}
		d->out += size;
	}
}

int zstd_decode(struct zstd_workspace *workspace, const void *in, size_t in_size, void *out,
		size_t out_size, size_t *written, const char **why)
{
	struct decoder d = {
		.in = in,
		.in_end = (const uint8_t *)in + in_size,
		.out = out,
		.out_start = out,
		.out_end = (uint8_t *)out + out_size,
		.workspace = workspace,
		.why = why,
	};
	bool has_checksum = read_frame_header(&d), last = false;

	workspace->huffman_log = 0;
	for (unsigned int kind = 0; kind < 3; kind++) {
		workspace->codes[kind].is_set = false;
	}
	workspace->recent[0] = 1;
	workspace->recent[1] = 4;
	workspace->recent[2] = 8;
	while (!d.err && !last) {
		uint32_t head = (uint32_t)take_number(&d, 3);

		last = (head & 1) != 0;
		read_one_block(&d, head >> 1 & 3, head >> 3);
	}
	*written = (size_t)(d.out - d.out_start);
	if (has_checksum && take_number(&d, 4) != (uint32_t)checksum(out, *written)) {
		malformed(&d, "the checksum does not match");
	}
	return d.err;
}
