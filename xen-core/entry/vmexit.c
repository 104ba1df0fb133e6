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
#include "x86/cr.h"

uint64_t vmrun_enter(struct cpu_regs *regs)
{
	return virt_ops->enter(container_of(regs, struct cpu_local, regs)->current_vcpu, regs);
}

static bool is_64_bit(const struct vcpu *v)
{
	struct hvm_segment_state cs;

	virt_ops->get_segment(v, HVM_CS, &cs);
	return (cs.access & HVM_ACCESS_LONG) && (virt_ops->read(v, HVM_EFER) & EFER_LMA);
}

static void vmmcall(struct vcpu *v, struct cpu_regs *regs)
{
	if (virt_ops->cpl(v) != 0) {
		/* A program's: its kernel has not asked. */
		hvm_inject_exception(v, EXCEPTION_UD, 0);
	} else if (is_64_bit(v)) {
		hypercall_vmmcall(v, regs);
	} else {
		hypercall_vmmcall32(v, regs);
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
