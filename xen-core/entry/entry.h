/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Upcalls of the entry stubs (machine/entry.S), and the way back to a guest. Each decides who
 * handles a trap or interrupt; none decides what happens.
 */
#ifndef ENTRY_ENTRY_H
#define ENTRY_ENTRY_H

#include "domain/vcpu.h"

/* From a guest; regs is cpu_local()->regs; the exit path follows. */
void trap_entry(struct cpu_regs *regs);
void irq_entry(struct cpu_regs *regs);
void syscall_entry(struct cpu_regs *regs);
/* Around a stay in a translated guest (machine/vmrun.S): what VMRUN needs, and what follows. */
uint64_t vmrun_enter(struct cpu_regs *regs);
void vmexit_entry(struct cpu_regs *regs);
/* From inside the core: a fixup, an exit IRET that faulted, or a panic. */
void core_trap_entry(struct cpu_regs *regs);
void core_debug_entry(struct cpu_regs *regs);
void nmi_entry(struct cpu_regs *regs);

/* Runs what is pending, switches vcpus, delivers events; returns when regs hold what the CPU shall
 * run next. Interrupts are off on return. */
void exit_to_guest(struct cpu_regs *regs);
/* Enters the exit path of a CPU that runs nothing yet; never returns. */
void noreturn_fn exit_start(void);
void exit_init(void);
/* Whether what one domain taught this CPU's branch predictors is dropped before another's runs. */
void exit_use_ibpb(bool use);

#endif
