/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overflow, rounding, index clamping, and time scales that neither drift nor run ahead. */
#include "lib/index.h"
#include "lib/math.h"

#include "unit/unit.h"

static void overflow_is_reported(void)
{
	uint64_t result;

	CU_ASSERT_FALSE(checked_add(UINT64_MAX, 1, &result));
	CU_ASSERT_FALSE(checked_mul(UINT64_C(1) << 32, UINT64_C(1) << 32, &result));
	CU_ASSERT(checked_mul(UINT64_C(1) << 32, 3, &result));
	CU_ASSERT_EQUAL(result, UINT64_C(3) << 32);
}

static void an_index_out_of_range_becomes_zero(void)
{
	CU_ASSERT_EQUAL(index_clamp(0, 0), 0);
	CU_ASSERT_EQUAL(index_clamp(5, 5), 0);
	CU_ASSERT_EQUAL(index_clamp(UINT64_MAX, 5), 0);
	CU_ASSERT_EQUAL(index_clamp(4, 5), 4);
	CU_ASSERT_EQUAL(index_clamp(UINT64_MAX - 1, UINT64_MAX), UINT64_MAX - 1);
}

static void orders_and_roundings_are_exact_at_the_edges(void)
{
	CU_ASSERT_EQUAL(order_of(0), 0);
	CU_ASSERT_EQUAL(order_of(1), 0);
	CU_ASSERT_EQUAL(order_of(2), 1);
	CU_ASSERT_EQUAL(order_of(3), 2);
	CU_ASSERT_EQUAL(order_of(UINT64_C(1) << 63), 63);
	CU_ASSERT_EQUAL(log2_floor(1), 0);
	CU_ASSERT_EQUAL(log2_floor(UINT64_MAX), 63);
	CU_ASSERT_EQUAL(div_round_up(UINT64_MAX, 2), UINT64_C(1) << 63);
	CU_ASSERT_EQUAL(align_up(4097, 4096), 8192);
}

static void a_second_of_ticks_is_a_second(void)
{
	static const uint64_t frequencies[] = {1,	   3579545,    10000000,   999999999,
					       1000000000, 1000000001, 2893437000, 3579545000000};

	for (size_t i = 0; i < array_size(frequencies); i++) {
		uint32_t mul;
		int8_t shift;
		uint64_t ns;

		scale_from_frequency(frequencies[i], &mul, &shift);
		CU_ASSERT(mul >= UINT32_C(1) << 31);
		ns = scale_mul(frequencies[i], mul, shift);
		CU_ASSERT(ns <= 1000000000 && ns >= 999999997);
	}
}

static const struct unit_test tests[] = {
	UNIT(overflow_is_reported),
	UNIT(an_index_out_of_range_becomes_zero),
	UNIT(orders_and_roundings_are_exact_at_the_edges),
	UNIT(a_second_of_ticks_is_a_second),
};

int main(void)
{
	return unit_main("lib/math", tests, array_size(tests), NULL);
}
