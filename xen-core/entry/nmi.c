/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NMI, machine check and double fault, on stacks of their own. An NMI touches only this CPU's
 * counters and raises a softirq; the others end the machine.
 */
#include "entry/crash.h"
#include "entry/entry.h"
#include "entry/watchdog.h"

#include "sched/softirq.h"
#include "x86/exception.h"

static uint64_t nmi_counts[CPUS_MAX];

void nmi_entry(struct cpu_regs *regs)
{
	if (regs->entry_vector != EXCEPTION_NMI) {
		crash_exception(regs);
	}
	watchdog_nmi(regs);
	nmi_counts[this_cpu()]++;
	softirq_raise(this_cpu(), SOFTIRQ_NMI);
}
