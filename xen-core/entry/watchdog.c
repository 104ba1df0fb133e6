/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each CPU has a timer that notes the time and looks at the note of the next CPU. Timers run on the
 * exit path, so a note gets old only when its CPU never comes there: interrupts stay off in the
 * core. Guests cannot cause it; they run with interrupts on.
 */
#include "entry/watchdog.h"

#include "entry/crash.h"
#include "lib/log.h"
#include "machine/atomic.h"
#include "machine/lapic.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "plat/clock.h"
#include "sched/timer.h"

#define PERIOD 1000000000UL
#define PATIENCE (10 * PERIOD)

static struct {
	struct timer timer;
	uint64_t alive; /* (a) */
	bool is_accused; /* (a) */
} aligned_to(64) cpus[CPUS_MAX];

static void look(void *data)
{
	unsigned int cpu = (unsigned int)(uint64_t)data;
	unsigned int next = (cpu + 1) % smp_cpu_count();
	uint64_t now = clock_now();
	uint64_t seen = atomic_read(&cpus[next].alive);

	atomic_write(&cpus[cpu].alive, now);
	if (now > seen && now - seen > PATIENCE && !atomic_exchange(&cpus[next].is_accused, true)) {
		log_error("watchdog: CPU %u has been stuck in the hypervisor for %lu seconds", next,
			  (now - seen) / PERIOD);
		lapic_send_nmi(smp_apic_id(next));
	}
	timer_set(&cpus[cpu].timer, now + PERIOD);
}

void watchdog_nmi(const struct cpu_regs *regs)
{
	if (atomic_read(&cpus[this_cpu()].is_accused)) {
		crash_exception(regs);
	}
}

void watchdog_start(void)
{
	uint64_t now = clock_now();

	if (smp_cpu_count() < 2) {
		return;
	}
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		atomic_write(&cpus[cpu].alive, now);
		timer_init(&cpus[cpu].timer, look, (void *)(uint64_t)cpu, cpu);
		timer_set(&cpus[cpu].timer, now + PERIOD);
	}
}
