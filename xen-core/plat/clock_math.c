/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic of the system clock: counter differences, frequencies from samples, timer counts.
 * No 128-bit division: there is no libgcc in the core. A quotient that does not fit loses low bits
 * of both sides, at most a few parts in 2^40.
 */
#include "plat/clock_math.h"

#include "lib/math.h"

uint64_t clock_counter_delta(uint64_t from, uint64_t to, unsigned int bits)
{
	uint64_t mask = bits >= 64 ? ~0UL : (1UL << bits) - 1;

	return (to - from) & mask;
}

uint64_t clock_frequency(uint64_t delta, uint64_t ticks, uint64_t hz)
{
	uint64_t product;

	while (ticks != 0 && !checked_mul(delta, hz, &product)) {
		delta >>= 1;
		ticks >>= 1;
	}
	return ticks == 0 ? 0 : product / ticks;
}

uint64_t clock_median3(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low = min_u64(a, b), high = max_u64(a, b);

	return max_u64(low, min_u64(high, c));
}

uint32_t clock_timer_count(uint64_t now, uint64_t expires, uint32_t mul, int8_t shift)
{
	uint64_t count;

	if (expires <= now) {
		return 1;
	}
	/* Four seconds are far enough: the timer is then set again. Keeps the shift from
	 * overflowing. */
	count = scale_mul(min_u64(expires - now, 4000000000UL), mul, shift);
	/* Rounded up, so that it does not fire just before its time. */
	return (uint32_t)min_u64(count + 1, UINT32_MAX);
}

uint64_t clock_apply(const struct clock_scale *scale, uint64_t tsc)
{
	/* Another CPU's TSC may be a little behind. */
	if ((int64_t)(tsc - scale->tsc_base) <= 0) {
		return scale->ns_base;
	}
	return scale->ns_base + scale_mul(tsc - scale->tsc_base, scale->mul, scale->shift);
}
