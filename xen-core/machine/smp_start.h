/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting the other CPUs: INIT, then two start-up IPIs (SDM 3A 8.4.4), one CPU at a time.
 */
#ifndef MACHINE_SMP_START_H
#define MACHINE_SMP_START_H

#include "x86/addr.h"

/* Remembers who the boot CPU (0) is. */
void smp_init(uint32_t boot_apic_id);
/* Puts the start-up code into the page at this machine address below 1 MiB, reached at alias. */
void smp_prepare_trampoline(uint32_t page, void *alias, uint32_t boot_root);
/* Starts the CPU with that APIC id as number cpu on that stack; the new CPU calls entry(cpu).
 * Returns -XEN_EIO when it does not come within a second. delay_us waits. */
int smp_boot_cpu(unsigned int cpu, uint32_t apic_id, uint64_t stack_top, uint64_t root,
		 void (*entry)(unsigned int cpu), void (*delay_us)(uint64_t us));
/* This CPU runs on its own tables and stack. */
void smp_mark_online(unsigned int cpu);

#endif
