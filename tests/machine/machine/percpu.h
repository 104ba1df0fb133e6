/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU words of the simulated machine: one host thread plays all CPUs in turn, sim_set_cpu()
 * says which one it is now.
 */
#ifndef MACHINE_PERCPU_H
#define MACHINE_PERCPU_H

#include "lib/cpu_set.h"
#include "x86/regs.h"

#define STACK_PAGES 8
#define STACK_BYTES (STACK_PAGES * 4096UL)

struct vcpu;

struct cpu_local {
	struct cpu_regs regs;
	uint64_t cpu;
	struct vcpu *current_vcpu;
	uint64_t units_spent; /* domain/restart.h */
	uint64_t host_state; /* machine address, for machine/vmrun.S */
};

struct cpu_local *cpu_local(void);
unsigned int this_cpu(void);

#endif
