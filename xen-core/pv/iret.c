/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The iret hypercall: the only way from guest kernel to guest user mode, and how a kernel returns
 * from its handlers. RPL 3 in the frame's CS means user. The frame of the call decides everything;
 * RCX and R11 of the SYSCALL that made it are dead.
 */
#include "pv/bounce.h"

#include "machine/asm.h"
#include "machine/fault.h"
#include "machine/shared.h"
#include "x86/cr.h"

/* As after SYSRET: RCX and R11 hold RIP and RFLAGS, and the selectors are the flat ones. */
static void return_from_syscall(struct cpu_regs *regs, uint64_t cs)
{
	regs->rcx = regs->rip;
	regs->r11 = regs->rflags;
	regs->ss = FLAT_USER_SS64;
	if ((uint16_t)cs == FLAT_USER_CS32) {
		/* The exit path's SYSRET is the 64-bit one; IRET does the same. */
		regs->entry_vector = 0;
		return;
	}
	regs->cs = FLAT_USER_CS64;
	regs->entry_vector = ENTRY_SYSCALL;
}

void pv_iret(struct vcpu *v, struct cpu_regs *regs)
{
	struct iret_context frame;
	uint64_t sp = regs->rsp;

	if (address_is_hypervisor(sp) || address_is_hypervisor(sp + sizeof(frame) - 1) ||
	    fault_copy_in(&frame, sp, sizeof(frame)) != 0) {
		domain_crash(v->domain, "vcpu %u: iret frame at %#lx cannot be read", v->id, sp);
		return;
	}
	if ((frame.cs & 3) == 3) {
		if (mfn_is_none(v->pv->user_root)) {
			domain_crash(v->domain, "vcpu %u: iret to user mode without page tables",
				     v->id);
			return;
		}
		pv_toggle_mode(v);
	}
	if (v->domain->vm_assist & 1U << VMASST_TYPE_architectural_iopl) {
		v->pv->iopl = (uint8_t)((frame.rflags & RFLAGS_IOPL) >> RFLAGS_IOPL_SHIFT);
	}
	shared_write(&v->info->evtchn_upcall_mask, !(frame.rflags & RFLAGS_IF));
	v->nmi_blocked = false;
	regs->rip = frame.rip;
	regs->cs = (uint16_t)frame.cs | 3;
	regs->ss = (uint16_t)frame.ss | 3;
	regs->rsp = frame.rsp;
	regs->rflags = (frame.rflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF | RFLAGS_FIXED;
	regs->rax = frame.rax;
	if (frame.flags & VGCF_in_syscall) {
		return_from_syscall(regs, (uint16_t)(frame.cs | 3));
	} else {
		regs->rcx = frame.rcx;
		regs->r11 = frame.r11;
		regs->entry_vector = 0;
	}
}
