/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work put off from interrupts to the exit path: one pending bit per kind and CPU, one handler per
 * kind. Handlers run with interrupts off and no lock held, in the order of the enum.
 */
#ifndef SCHED_SOFTIRQ_H
#define SCHED_SOFTIRQ_H

#include "machine/atomic.h"
#include "machine/percpu.h"

enum softirq {
	SOFTIRQ_TIMER,
	SOFTIRQ_SCHEDULE,
	SOFTIRQ_NMI,
	SOFTIRQ_RETIRE, /* objects whose last readers have gone */
	SOFTIRQ_DUMP,   /* debug key: what this CPU runs */
	SOFTIRQ_COUNT,
};

void softirq_set_handler(enum softirq kind, void (*handler)(unsigned int cpu));
/* Marks it pending on a CPU; kicks that CPU if it is another one. */
void softirq_raise(unsigned int cpu, enum softirq kind);

/* One cache line for each CPU. */
struct softirq_word {
	uint32_t bits; /* (a) */
} aligned_to(64);
extern struct softirq_word softirq_words[CPUS_MAX];

static inline bool softirq_is_pending(unsigned int cpu)
{
	return atomic_read(&softirq_words[cpu].bits) != 0;
}

/* Runs all pending handlers of this CPU, again until none is pending (bounded). */
void softirq_run(unsigned int cpu);

#endif
