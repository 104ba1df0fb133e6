/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System time from the TSC. At start-up the TSC and the local APIC timer are measured against the
 * best counter the machine has (HPET, ACPI PM timer, PIT), three times 20 ms, the median counts.
 * After clock_init() all variables are constant: no locks.
 *
 * The TSCs of all CPUs are taken to be in step, as every machine of the last decade resets them;
 * a CPU slightly behind reads a time slightly late, never before the base.
 */
#include "plat/clock.h"

#include "lib/log.h"
#include "lib/math.h"
#include "machine/cpu.h"
#include "machine/lapic.h"
#include "plat/acpi.h"
#include "plat/acpi_pm.h"
#include "plat/clock_math.h"
#include "plat/hpet.h"
#include "plat/nested.h"
#include "plat/pit.h"
#include "plat/rtc.h"

#define CALIBRATION_MS 20U
#define FALLBACK_TSC_HZ 2000000000UL
#define FALLBACK_LAPIC_HZ 62500000UL

struct measurement {
	uint64_t tsc_hz;
	uint64_t lapic_hz;
};

static struct clock_scale scale;
static uint64_t tsc_hz;
static uint32_t tsc_mul; /* nanoseconds to TSC ticks */
static int8_t tsc_shift;
static uint32_t lapic_mul; /* nanoseconds to timer counts */
static int8_t lapic_shift;
static bool has_deadline;
static uint64_t boot_wallclock;

static struct measurement measure(const struct time_source *source)
{
	uint64_t wanted = source->hz * CALIBRATION_MS / 1000;
	uint64_t start, tsc_start, tsc_end, ticks;
	uint32_t counted;

	lapic_timer_set(UINT32_MAX);
	start = source->read();
	tsc_start = cpu_rdtsc();
	do {
		ticks = clock_counter_delta(start, source->read(), source->bits);
		tsc_end = cpu_rdtsc();
		/* A counter that stands still must not hang the machine: 2^36 cycles are 10 s at
		 * least. */
	} while (ticks < wanted && tsc_end - tsc_start < 1UL << 36);
	counted = UINT32_MAX - lapic_timer_count();
	lapic_timer_set(0);
	return (struct measurement){
		.tsc_hz = clock_frequency(tsc_end - tsc_start, ticks, source->hz),
		.lapic_hz = clock_frequency(counted, ticks, source->hz),
	};
}

static const struct time_source *best_source(void)
{
	const struct time_source *source = nested_tsc();

	source = source ? source : hpet_source();
	source = source ? source : acpi_pm_source();
	return source ? source : pit_source();
}

static void calibrate(uint64_t *lapic_hz)
{
	const struct time_source *source = best_source();
	struct measurement m[3];

	if (!source) {
		log_error("clock: nothing to measure the TSC against; time will be wrong");
		tsc_hz = FALLBACK_TSC_HZ;
		*lapic_hz = FALLBACK_LAPIC_HZ;
		return;
	}
	for (unsigned int i = 0; i < array_size(m); i++) {
		m[i] = measure(source);
	}
	tsc_hz = clock_median3(m[0].tsc_hz, m[1].tsc_hz, m[2].tsc_hz);
	*lapic_hz = clock_median3(m[0].lapic_hz, m[1].lapic_hz, m[2].lapic_hz);
	if (tsc_hz < 1000000) {
		log_error("clock: the %s does not count; time will be wrong", source->name);
		tsc_hz = FALLBACK_TSC_HZ;
	}
	if (*lapic_hz < 100000) {
		*lapic_hz = FALLBACK_LAPIC_HZ;
	}
	log_info("clock: TSC %llu kHz, APIC timer %llu kHz, by %s",
		 (unsigned long long)tsc_hz / 1000, (unsigned long long)*lapic_hz / 1000,
		 source->name);
}

void clock_init(void)
{
	const struct fadt *fadt = acpi_fadt();
	uint64_t lapic_hz;

	/* Calibration uses the one-shot mode; deadline mode is entered by the first deadline. */
	calibrate(&lapic_hz);
	has_deadline = lapic_has_deadline();
	scale_from_ratio(lapic_hz, 1000000000u, &lapic_mul, &lapic_shift);
	scale_from_ratio(tsc_hz, 1000000000u, &tsc_mul, &tsc_shift);
	scale_from_frequency(tsc_hz, &scale.mul, &scale.shift);
	boot_wallclock = nested_wallclock();
	if (!boot_wallclock && (!fadt || !(fadt->boot_flags & FADT_BOOT_NO_RTC))) {
		boot_wallclock = rtc_read_seconds(fadt ? fadt->rtc_century : 0);
	}
	scale.ns_base = 0;
	scale.tsc_base = cpu_rdtsc();
}

uint64_t clock_now(void)
{
	return clock_apply(&scale, cpu_rdtsc());
}

uint32_t clock_tsc_khz(void)
{
	return (uint32_t)(tsc_hz / 1000);
}

bool clock_tsc_is_reliable(void)
{
	if (cpu_cpuid(0x80000000U, 0).a < 0x80000007U) {
		return false;
	}
	return (cpu_cpuid(0x80000007U, 0).d >> 8 & 1) != 0;
}

void clock_get_scale(struct clock_scale *result)
{
	*result = scale;
}

void clock_program(uint64_t expires)
{
	uint64_t now;

	if (expires == ~0UL) {
		if (has_deadline) {
			lapic_timer_deadline(0);
		} else {
			lapic_timer_set(0);
		}
		return;
	}
	now = clock_now();
	if (!has_deadline) {
		lapic_timer_set(clock_timer_count(now, expires, lapic_mul, lapic_shift));
		return;
	}
	if (expires <= now) {
		lapic_timer_deadline(1);
	} else {
		/* The scales round down, by less than 2^-31 each: aim as much behind the time. */
		uint64_t ticks = scale_mul(min_u64(expires - now, 1UL << 42), tsc_mul, tsc_shift);

		lapic_timer_deadline(cpu_rdtsc() + ticks + (ticks >> 30) + 1);
	}
}

uint64_t clock_boot_wallclock(void)
{
	return boot_wallclock;
}
