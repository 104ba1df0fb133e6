/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into translated guests and out of them: whose an exit is.
 *
 *     interrupt of the machine    the interrupt window, at once
 *     VMMCALL                     a hypercall
 *     anything else               hvm/exit.c
 */
#include "entry/entry.h"

#include "hvm/exit.h"
#include "hvm/hvm.h"
#include "hypercall/call.h"
#include "machine/irqflag.h"

uint64_t vmrun_enter(struct cpu_regs *regs)
{
	return virt_ops->enter(container_of(regs, struct cpu_local, regs)->current_vcpu, regs);
}

static void vmmcall(struct vcpu *v, struct cpu_regs *regs)
{
	if (virt_ops->cpl(v) != 0) {
		/* A program's: its kernel has not asked. */
		hvm_inject_exception(v, EXCEPTION_UD, 0);
	} else {
		hypercall_vmmcall(v, regs);
	}
}

void vmexit_entry(struct cpu_regs *regs)
{
	struct vcpu *v = container_of(regs, struct cpu_local, regs)->current_vcpu;
	struct hvm_exit exit;

	virt_ops->left(v, regs, &exit);
	if (exit.reason == HVM_EXIT_HOST) {
		irq_window();
	}
	hvm_exit(v, regs, &exit);
	if (exit.reason == HVM_EXIT_HYPERCALL) {
		vmmcall(v, regs);
	}
}
