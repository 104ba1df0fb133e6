/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System time: nanoseconds since boot, from the TSC, calibrated at start-up against the best other
 * source (HPET, ACPI PM timer, PIT). The same scale goes into guests' time tuples.
 */
#ifndef PLAT_CLOCK_H
#define PLAT_CLOCK_H

#include "lib/types.h"

struct clock_scale {
	uint64_t tsc_base;  /* TSC value at ns_base */
	uint64_t ns_base;
	uint32_t mul;       /* (tsc - tsc_base) shifted, times mul, >> 32, plus ns_base */
	int8_t shift;
};

void clock_init(void);
uint64_t clock_now(void);
uint32_t clock_tsc_khz(void);
/* The TSC counts at one rate on all CPUs, always (invariant TSC, CPUID 0x80000007.EDX[8]). */
bool clock_tsc_is_reliable(void);
void clock_get_scale(struct clock_scale *scale);
/* Arms this CPU's timer interrupt for system time ns (~0: disarm). */
void clock_program(uint64_t expires);
/* UTC in seconds from the CMOS clock (or EFI), read once at boot. */
uint64_t clock_boot_wallclock(void);

#endif
