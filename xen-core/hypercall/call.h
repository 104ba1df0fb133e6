/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a hypercall reaches its function and how a long one stops half way.
 *
 * A handler gets the call: who makes it and the six argument registers. It returns the guest's
 * result. A long handler calls restart_wanted() once per unit of work (about a thousand
 * instructions); when that says yes it stores its progress in call->args (or in its object), and
 * returns -XEN_ERESTART: the guest's registers are set so that it issues the call again with the
 * new arguments, after interrupts and events have had their turn. Those arguments are guest data
 * again and are checked again. Inside a multicall the entry in guest memory is rewritten.
 */
#ifndef HYPERCALL_CALL_H
#define HYPERCALL_CALL_H

#include "domain/guest.h"
#include "domain/vcpu.h"

struct hypercall {
	struct vcpu *v;
	uint64_t args[6];
};

typedef int64_t hypercall_handler(struct hypercall *call);

#define HYPERCALL_NUMBERS 64

/* Runs the hypercall the registers ask for: number in rax, arguments rdi rsi rdx r10 r8 r9. */
void hypercall_dispatch(struct vcpu *v, struct cpu_regs *regs);
/* The same for VMMCALL of a translated guest, 64-bit code; RIP is at the instruction. */
void hypercall_vmmcall(struct vcpu *v, struct cpu_regs *regs);
/* ... of 32-bit code: compat32.c. */
void hypercall_vmmcall32(struct vcpu *v, struct cpu_regs *regs);
/* One call by number, for dispatch and multicall. */
int64_t hypercall_run(struct hypercall *call, uint64_t number);

/* handlers, one file per family */
hypercall_handler hypercall_set_trap_table, hypercall_mmu_update, hypercall_set_gdt,
	hypercall_stack_switch, hypercall_set_callbacks, hypercall_fpu_taskswitch,
	hypercall_platform_op, hypercall_set_debugreg, hypercall_get_debugreg,
	hypercall_update_descriptor, hypercall_memory_op, hypercall_multicall,
	hypercall_update_va_mapping, hypercall_set_timer_op, hypercall_xen_version,
	hypercall_console_io, hypercall_grant_table_op, hypercall_vm_assist,
	hypercall_update_va_mapping_otherdomain, hypercall_iret, hypercall_vcpu_op,
	hypercall_set_segment_base, hypercall_mmuext_op, hypercall_nmi_op, hypercall_sched_op,
	hypercall_callback_op, hypercall_event_channel_op, hypercall_physdev_op, hypercall_hvm_op,
	hypercall_sysctl, hypercall_domctl, hypercall_mca;

/* Names a domain for a call: DOMID_SELF or an id. Borrowed. NULL: none. */
struct domain *call_target(struct hypercall *call, uint16_t domid);

/* Who may do it to whom (docs/hypercalls.md). */
enum right {
	RIGHT_ANY,
	RIGHT_TARGET,  /* oneself, or a domain the caller controls */
	RIGHT_DM,      /* a domain the caller controls, not oneself */
	RIGHT_CONTROL, /* the control domain only */
	RIGHT_HARDWARE,
	RIGHT_XENSTORE, /* the target itself, the control domain, or the xenstore domain */
};
/* 0 or -XEN_EPERM. target may be NULL for CONTROL and HARDWARE. */
int must_check rights_check(const struct domain *caller, const struct domain *target,
			    enum right right);
/* Both: the domain a call names, if the caller has that right over it. 0, -XEN_ESRCH or -XEN_EPERM;
 * *d is borrowed, and only good with 0. */
int must_check call_find(struct hypercall *call, uint16_t domid, enum right right,
			 struct domain **d);

#endif
