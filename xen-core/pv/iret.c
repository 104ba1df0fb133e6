/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The iret hypercall: the only way from guest kernel to guest user mode, and how a kernel returns
 * from its handlers. RPL 3 in the frame's CS means user. The frame of the call decides everything;
 * RCX and R11 of the SYSCALL that made it are dead.
 */
#include "pv/bounce.h"

#include "pv/mode.h"

#include "machine/asm.h"
#include "machine/fault_word.h"
#include "machine/shared.h"
#include "x86/cr.h"

#define WORD_AT(sp, field) ((sp) + offsetof(struct iret_context, field))

/* RIP, RFLAGS, RSP, SS and RAX straight into regs; cs and flags for the caller to judge. */
static inline bool read_frame(struct cpu_regs *regs, uint64_t sp, uint64_t *cs, uint64_t *flags)
{
	uint64_t ss;

	smap_open();
	if (!fault_load_word(WORD_AT(sp, cs), cs) || !fault_load_word(WORD_AT(sp, flags), flags) ||
	    !fault_load_word(WORD_AT(sp, rip), &regs->rip) ||
	    !fault_load_word(WORD_AT(sp, rax), &regs->rax) ||
	    !fault_load_word(WORD_AT(sp, rflags), &regs->rflags) ||
	    !fault_load_word(WORD_AT(sp, ss), &ss) ||
	    !fault_load_word(WORD_AT(sp, rsp), &regs->rsp)) {
		return false;
	}
	smap_close();
	regs->ss = (uint16_t)ss | 3;
	return true;
}

/* As after SYSRET: RCX and R11 hold RIP and RFLAGS, and the selectors are the flat ones. */
static inline void return_from_syscall(struct cpu_regs *regs, uint64_t cs)
{
	regs->rcx = regs->rip;
	regs->r11 = regs->rflags;
	regs->ss = FLAT_USER_SS64;
	if ((uint16_t)(cs | 3) == FLAT_USER_CS32) {
		/* The exit path's SYSRET is the 64-bit one; IRET does the same. */
		regs->cs = FLAT_USER_CS32;
		regs->entry_vector = 0;
		return;
	}
	regs->cs = FLAT_USER_CS64;
	regs->entry_vector = ENTRY_SYSCALL;
}

static inline bool return_from_trap(struct cpu_regs *regs, uint64_t sp, uint64_t cs)
{
	bool read;

	regs->cs = (uint16_t)cs | 3;
	regs->entry_vector = 0;
	smap_open();
	read = fault_load_word(WORD_AT(sp, rcx), &regs->rcx) &&
	       fault_load_word(WORD_AT(sp, r11), &regs->r11);
	smap_close();
	return read;
}

static void crash_unreadable(struct vcpu *v, uint64_t sp)
{
	domain_crash(v->domain, "vcpu %u: iret frame at %#lx cannot be read", v->id, sp);
}

void pv_iret(struct vcpu *v, struct cpu_regs *regs)
{
	uint64_t sp = regs->rsp;
	uint64_t cs, flags, rflags;

	if (address_is_hypervisor(sp) ||
	    address_is_hypervisor(sp + sizeof(struct iret_context) - 1) ||
	    !read_frame(regs, sp, &cs, &flags)) {
		crash_unreadable(v, sp);
		return;
	}
	rflags = regs->rflags;
	regs->rflags = (rflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF | RFLAGS_FIXED;
	if (flags & VGCF_in_syscall) {
		return_from_syscall(regs, cs);
	} else if (!return_from_trap(regs, sp, cs)) {
		crash_unreadable(v, sp);
		return;
	}
	if (v->domain->vm_assist & 1U << VMASST_TYPE_architectural_iopl) {
		v->pv->iopl = (uint8_t)((rflags & RFLAGS_IOPL) >> RFLAGS_IOPL_SHIFT);
	}
	shared_write(&v->info->evtchn_upcall_mask, !(rflags & RFLAGS_IF));
	v->nmi_blocked = false;
	if ((cs & 3) != 3) {
		return;
	}
	if (__builtin_expect(mfn_is_none(v->pv->user_root), 0)) {
		domain_crash(v->domain, "vcpu %u: iret to user mode without page tables", v->id);
		return;
	}
	pv_enter_user_mode(v);
}
