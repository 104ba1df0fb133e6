/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which CPU is this, and its own words. Both GS bases belong to PV guests, so per-CPU data is found
 * from the stack: stacks are STACK_BYTES big and aligned, struct cpu_local sits at the top of each.
 * The saved registers of the guest always lie there: entry.S pushes into cpu_local.regs.
 *
 * Modules keep per-CPU data in arrays indexed by this_cpu().
 */
#ifndef MACHINE_PERCPU_H
#define MACHINE_PERCPU_H

#include "lib/cpu_set.h"
#include "x86/regs.h"

#define STACK_PAGES 8
#define STACK_BYTES (STACK_PAGES * 4096UL)

struct vcpu;

/* Offsets are known to entry.S. The size makes &regs.es 16-byte aligned (the CPU aligns RSP0). */
struct cpu_local {
	struct cpu_regs regs;
	uint64_t cpu;
	struct vcpu *current_vcpu; /* the vcpu whose registers are loaded; NULL: idle */
	uint64_t units_spent; /* domain/restart.h */
	uint64_t host_state; /* machine address, for machine/vmrun.S */
};

static inline struct cpu_local *cpu_local(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu_local *)((sp | (STACK_BYTES - 1)) + 1) - 1;
}

static inline unsigned int this_cpu(void)
{
	return (unsigned int)cpu_local()->cpu;
}

#endif
