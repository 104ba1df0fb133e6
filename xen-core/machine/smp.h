/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other CPUs: who is there, how to poke one, how to start and stop them.
 */
#ifndef MACHINE_SMP_H
#define MACHINE_SMP_H

#include "lib/cpu_set.h"

/* CPUs that run the core now. Written during start-up only. */
extern struct cpu_set cpus_online;

unsigned int smp_cpu_count(void);
/* Makes the CPU leave guest mode or idle and pass its exit path. Lossless: at least one pass
 * begins after the call. A no-op for this CPU. */
void smp_kick(unsigned int cpu);
/* The local APIC's identifier of a CPU. */
uint32_t smp_apic_id(unsigned int cpu);
/* Stops all other CPUs for good (panic, reset). Safe with any lock held. */
void smp_stop_others(void);

#endif
