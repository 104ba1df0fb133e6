/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts: the core's own vectors here, all others to plat/irq.c. The flush and kick vectors
 * need no work beyond being taken: the exit path does the rest.
 */
#include "entry/entry.h"

#include "lib/log.h"
#include "machine/lapic.h"
#include "machine/tlb.h"
#include "plat/irq.h"
#include "sched/timer.h"

void irq_entry(struct cpu_regs *regs)
{
	unsigned int cpu = this_cpu();
	uint8_t vector = (uint8_t)regs->entry_vector;

	switch (vector) {
	case VECTOR_TIMER:
		lapic_eoi();
		timers_interrupt(cpu);
		break;
	case VECTOR_FLUSH:
		lapic_eoi();
		tlb_poll();
		break;
	case VECTOR_KICK:
		lapic_eoi();
		break;
	case VECTOR_SPURIOUS:
		break;
	case VECTOR_ERROR:
		lapic_eoi();
		log_warning("local APIC error on CPU %u", cpu);
		break;
	default:
		if (!irq_dispatch(cpu, vector)) {
			log_warning("unexpected interrupt %u on CPU %u", vector, cpu);
		}
	}
}
