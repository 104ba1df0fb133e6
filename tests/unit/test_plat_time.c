/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CMOS clock's registers to seconds, and the arithmetic of the system clock.
 */
#include "lib/math.h"
#include "plat/clock_math.h"
#include "plat/rtc.h"
#include "unit/unit.h"

static const struct rtc_registers bcd = {
	.second = 0x58, .minute = 0x59, .hour = 0x23, .day = 0x29, .month = 0x02, .year = 0x24,
	.status_b = RTC_B_24HOUR,
};

static void nonsense_is_no_date(void)
{
	struct rtc_registers r;
	uint64_t seconds;

	r = bcd;
	r.second = 0x5a;
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r = bcd;
	r.hour = 0x24;
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r = bcd;
	r.month = 0;
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r = bcd;
	r.month = 0x13;
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r = bcd;
	r.year = 0x23; /* no leap year */
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r = (struct rtc_registers){0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, true};
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r = (struct rtc_registers){.status_b = RTC_B_24HOUR};
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
}

static void bcd_and_binary_say_the_same(void)
{
	struct rtc_registers r = {
		.second = 58, .minute = 59, .hour = 23, .day = 29, .month = 2, .year = 24,
		.status_b = RTC_B_24HOUR | RTC_B_BINARY,
	};
	uint64_t a, b;

	CU_ASSERT_TRUE(rtc_to_seconds(&bcd, &a));
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &b));
	CU_ASSERT_EQUAL(a, 1709251198); /* 2024-02-29 23:59:58 */
	CU_ASSERT_EQUAL(a, b);
}

static void twelve_hour_clocks_have_two_noons(void)
{
	struct rtc_registers r = {.day = 1, .month = 1, .year = 0x70};
	uint64_t seconds;

	r.hour = 0x12;
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &seconds));
	CU_ASSERT_EQUAL(seconds, 0);
	r.hour = 0x92;
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &seconds));
	CU_ASSERT_EQUAL(seconds, 12 * 3600);
	r.hour = 0x81;
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &seconds));
	CU_ASSERT_EQUAL(seconds, 13 * 3600);
	r.hour = 0;
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
	r.hour = 0x13;
	CU_ASSERT_FALSE(rtc_to_seconds(&r, &seconds));
}

static void only_a_plausible_century_counts(void)
{
	struct rtc_registers r = bcd;
	uint64_t plain, with;

	CU_ASSERT_TRUE(rtc_to_seconds(&bcd, &plain));
	r.has_century = true;
	r.century = 0x20;
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &with));
	CU_ASSERT_EQUAL(plain, with);
	r.century = 0xff;
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &with));
	CU_ASSERT_EQUAL(plain, with);
	r.century = 0x21; /* 2124, a leap year too */
	CU_ASSERT_TRUE(rtc_to_seconds(&r, &with));
	CU_ASSERT_EQUAL(with - plain, 36524UL * 86400);
}

static void counters_wrap_at_their_width(void)
{
	CU_ASSERT_EQUAL(clock_counter_delta(0xfffff0, 0x10, 24), 0x20);
	CU_ASSERT_EQUAL(clock_counter_delta(0xfffffff0, 0x10, 32), 0x20);
	CU_ASSERT_EQUAL(clock_counter_delta(~0UL, 1, 64), 2);
}

static void a_frequency_comes_out_of_a_measurement(void)
{
	/* 20 ms of a 2.9 GHz TSC against the PM timer. */
	uint64_t hz = clock_frequency(58000000, 71591, 3579545);

	CU_ASSERT(hz > 2899900000UL && hz < 2900100000UL);
	CU_ASSERT_EQUAL(clock_frequency(1000, 0, 3579545), 0);
	/* Too long for 64 bits: still right to a few parts in a million. */
	hz = clock_frequency(1UL << 50, (1UL << 50) / 30, 100000000);
	CU_ASSERT(hz > 2999990000UL && hz < 3000010000UL);
	CU_ASSERT_EQUAL(clock_frequency(~0UL, 1, ~0UL), 0);
}

static void the_median_ignores_one_bad_run(void)
{
	CU_ASSERT_EQUAL(clock_median3(5, 900, 6), 6);
	CU_ASSERT_EQUAL(clock_median3(900, 5, 6), 6);
	CU_ASSERT_EQUAL(clock_median3(6, 5, 900), 6);
	CU_ASSERT_EQUAL(clock_median3(6, 6, 0), 6);
}

static void timer_counts_are_never_zero_and_never_wrap(void)
{
	uint32_t mul;
	int8_t shift;

	scale_from_ratio(62500000, 1000000000, &mul, &shift);
	CU_ASSERT_EQUAL(clock_timer_count(1000, 1000, mul, shift), 1);
	CU_ASSERT_EQUAL(clock_timer_count(1000, 999, mul, shift), 1);
	CU_ASSERT_EQUAL(clock_timer_count(1000, 1001, mul, shift), 1);
	CU_ASSERT(clock_timer_count(0, 1000000, mul, shift) >= 62500);
	CU_ASSERT(clock_timer_count(0, 1000000, mul, shift) <= 62501);
	CU_ASSERT(clock_timer_count(0, ~0UL - 1, mul, shift) >= 249999999);
	scale_from_ratio(4000000000UL, 1000000000, &mul, &shift);
	CU_ASSERT_EQUAL(clock_timer_count(0, ~0UL - 1, mul, shift), UINT32_MAX);
}

static void a_tsc_behind_the_base_reads_as_the_base(void)
{
	struct clock_scale scale = {.tsc_base = 1000000, .ns_base = 77};

	scale_from_frequency(2000000000, &scale.mul, &scale.shift);
	CU_ASSERT_EQUAL(clock_apply(&scale, 999999), 77);
	CU_ASSERT_EQUAL(clock_apply(&scale, 1000000), 77);
	CU_ASSERT(clock_apply(&scale, 1000000 + 2000000000UL) - 77 >= 999999999);
	CU_ASSERT(clock_apply(&scale, 1000000 + 2000000000UL) - 77 <= 1000000000);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(nonsense_is_no_date),
		UNIT(bcd_and_binary_say_the_same),
		UNIT(twelve_hour_clocks_have_two_noons),
		UNIT(only_a_plausible_century_counts),
		UNIT(counters_wrap_at_their_width),
		UNIT(a_frequency_comes_out_of_a_measurement),
		UNIT(the_median_ignores_one_bad_run),
		UNIT(timer_counts_are_never_zero_and_never_wrap),
		UNIT(a_tsc_behind_the_base_reads_as_the_base),
	};

	return unit_main("plat_time", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
