/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pending bits are one word per CPU, set by anybody, taken all at once by the CPU itself before it
 * runs the handlers: what is raised while they run is seen in the next round. Whoever sets a bit
 * that was clear kicks the CPU; one that finds it set knows that somebody else has or will.
 */
#include "sched/softirq.h"

#include "lib/check.h"
#include "machine/atomic.h"
#include "machine/percpu.h"
#include "machine/smp.h"

/* The exit path looks again after softirq_run(), with an interrupt window between. */
#define ROUNDS 4

struct softirq_word softirq_words[CPUS_MAX];

static void (*handlers[SOFTIRQ_COUNT])(unsigned int cpu);

void softirq_set_handler(enum softirq kind, void (*handler)(unsigned int cpu))
{
	handlers[kind] = handler;
}

void softirq_raise(unsigned int cpu, enum softirq kind)
{
	uint32_t bit = 1U << kind;

	if ((atomic_or(&softirq_words[cpu].bits, bit) & bit) == 0 && cpu != this_cpu()) {
		smp_kick(cpu);
	}
}

void softirq_run(unsigned int cpu)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t bits;

		if (!softirq_is_pending(cpu)) {
			return;
		}
		bits = atomic_exchange(&softirq_words[cpu].bits, 0);
		while (bits) {
			unsigned int kind = (unsigned int)__builtin_ctz(bits);

			bits &= bits - 1;
			if (handlers[kind]) {
				handlers[kind](cpu);
			}
		}
	}
}
