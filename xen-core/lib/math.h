/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer arithmetic that says when it does not fit, rounding, and the fixed-point scaling used
 * for time. checked_*() return false on overflow and then leave *result unspecified.
 *
 * A scale is the pair of the Xen and KVM time pages: shift the value left by `shift` (right when
 * negative), multiply by mul_frac, drop 32 bits. Products are 96 bits wide inside and wrap at
 * 64 bits outside.
 */
#ifndef LIB_MATH_H
#define LIB_MATH_H

#include "lib/types.h"

static inline bool must_check checked_add(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

static inline bool must_check checked_mul(uint64_t a, uint64_t b, uint64_t *product)
{
	return !__builtin_mul_overflow(a, b, product);
}

/* alignment is a power of two; align_up() wraps above the last multiple. */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
	return (value & (alignment - 1)) == 0;
}

/* Never overflows, unlike (value + divisor - 1) / divisor. */
static inline uint64_t div_round_up(uint64_t value, uint64_t divisor)
{
	return value / divisor + (value % divisor != 0);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* value is not 0. */
static inline unsigned int log2_floor(uint64_t value)
{
	return 63u - (unsigned int)__builtin_clzll(value);
}

/* The smallest order with (1 << order) >= count; 64 above 1 << 63. order_of(0) is 0. */
static inline unsigned int order_of(uint64_t count)
{
	return count <= 1 ? 0 : log2_floor(count - 1) + 1;
}

static inline uint64_t scale_mul(uint64_t value, uint32_t mul_frac, int8_t shift)
{
	if (shift < 0) {
		value = shift > -64 ? value >> -shift : 0;
	} else {
		value = shift < 64 ? value << shift : 0;
	}
	return (uint64_t)(((unsigned __int128)value * mul_frac) >> 32);
}

/*
 * The scale of the rational numerator / denominator, both not 0, with mul_frac in [2^31, 2^32).
 * Rounds down, so a clock made of it never runs ahead.
 */
static inline void scale_from_ratio(uint64_t numerator, uint64_t denominator, uint32_t *mul_frac,
				    int8_t *shift)
{
	int exponent = 0;

	/* Bring the quotient into [1/2, 1): halve or double either side until it is there. */
	while (numerator >= denominator) {
		if (denominator >> 63) {
			numerator >>= 1;
		} else {
			denominator <<= 1;
		}
		exponent++;
	}
	while (numerator < denominator - numerator) {
		numerator <<= 1;
		exponent--;
	}
	/* numerator < denominator: the 96-by-64-bit division fits, done bit by bit to need no
	 * libgcc. */
	uint32_t quotient = 0;
	for (int bit = 0; bit < 32; bit++) {
		bool carry = numerator >> 63;

		numerator <<= 1;
		quotient <<= 1;
		if (carry || numerator >= denominator) {
			numerator -= denominator;
			quotient |= 1;
		}
	}
	*mul_frac = quotient;
	*shift = (int8_t)exponent;
}

/* ticks -> nanoseconds for a counter of that frequency (not 0). */
static inline void scale_from_frequency(uint64_t ticks_per_second, uint32_t *mul_frac,
					int8_t *shift)
{
	scale_from_ratio(1000000000u, ticks_per_second, mul_frac, shift);
}

#endif
