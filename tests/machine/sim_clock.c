/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time of the simulated machine moves only by hand. The TSC counts SIM_TSC_PER_NS per nanosecond,
 * so that mixing up ticks and nanoseconds shows.
 */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/check.h"
#include "machine/percpu.h"
#include "plat/clock.h"

#define WALLCLOCK 1700000000UL

static uint64_t now;
static bool is_reliable;
static uint64_t programmed[CPUS_MAX];

void sim_clock_reset(void)
{
	now = 1000000000UL;
	is_reliable = true;
	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		programmed[i] = ~0UL;
	}
}

void sim_clock_set(uint64_t ns)
{
	now = ns;
}

void sim_clock_advance(uint64_t ns)
{
	now += ns;
}

uint64_t sim_clock_programmed(unsigned int cpu)
{
	return programmed[cpu];
}

void sim_clock_set_reliable(bool reliable)
{
	is_reliable = reliable;
}

uint64_t cpu_rdtsc(void)
{
	return now * SIM_TSC_PER_NS;
}

void clock_init(void)
{
}

uint64_t clock_now(void)
{
	return now;
}

uint32_t clock_tsc_khz(void)
{
	return 1000000U * SIM_TSC_PER_NS;
}

bool clock_tsc_is_reliable(void)
{
	return is_reliable;
}

void clock_get_scale(struct clock_scale *scale)
{
	*scale = (struct clock_scale){.mul = 0x80000000U, .shift = 0};
}

void clock_program(uint64_t expires)
{
	programmed[this_cpu()] = expires;
}

uint64_t clock_boot_wallclock(void)
{
	return WALLCLOCK;
}
