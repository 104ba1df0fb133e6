/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bitmaps over 64-bit words, bit n in word n / 64. Nothing here is atomic. `bits` is the length of
 * the bitmap; bits of the last word beyond it are never looked at, and searches answer `bits` when
 * there is none.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_WORDS(bits) (((size_t)(bits) + 63) / 64)

static inline void bitmap_set(uint64_t *words, size_t bit)
{
	words[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline void bitmap_clear(uint64_t *words, size_t bit)
{
	words[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

static inline bool bitmap_test(const uint64_t *words, size_t bit)
{
	return (words[bit / 64] >> (bit % 64)) & 1;
}

/* The bits of word `index` that belong to a bitmap of `bits` bits. */
static inline uint64_t bitmap_word_mask(size_t index, size_t bits)
{
	return bits - index * 64 >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << (bits % 64)) - 1;
}

static inline void bitmap_zero(uint64_t *words, size_t bits)
{
	for (size_t i = 0; i < BITMAP_WORDS(bits); i++) {
		words[i] = 0;
	}
}

/* Sets the first `bits` bits and clears the rest of the last word. */
static inline void bitmap_fill(uint64_t *words, size_t bits)
{
	for (size_t i = 0; i < BITMAP_WORDS(bits); i++) {
		words[i] = bitmap_word_mask(i, bits);
	}
}

/* The first set bit that is >= from. */
static inline size_t bitmap_next_set(const uint64_t *words, size_t bits, size_t from)
{
	size_t i = from / 64;
	uint64_t mask = ~UINT64_C(0) << (from % 64);

	if (from >= bits) {
		return bits;
	}
	for (; i < BITMAP_WORDS(bits); i++) {
		uint64_t word = words[i] & mask & bitmap_word_mask(i, bits);

		if (word) {
			return i * 64 + (size_t)__builtin_ctzll(word);
		}
		mask = ~UINT64_C(0);
	}
	return bits;
}

static inline size_t bitmap_first_set(const uint64_t *words, size_t bits)
{
	return bitmap_next_set(words, bits, 0);
}

/* Adds pairs, then nibbles, then bytes: the core may not assume POPCNT. */
static inline unsigned int bitmap_word_weight(uint64_t word)
{
	word -= (word >> 1) & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + ((word >> 2) & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned int)((word * UINT64_C(0x0101010101010101)) >> 56);
}

static inline size_t bitmap_weight(const uint64_t *words, size_t bits)
{
	size_t weight = 0;

	for (size_t i = 0; i < BITMAP_WORDS(bits); i++) {
		weight += bitmap_word_weight(words[i] & bitmap_word_mask(i, bits));
	}
	return weight;
}

#endif
