/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and system calls: whose they are.
 *     from a guest            its kind's handler (pv/trap.c)
 *     at an access that may fault    the fixup
 *     at the exit IRET        the guest it was returning to
 *     anywhere else in the core      panic
 */
#include "entry/crash.h"
#include "entry/entry.h"

#include "hypercall/call.h"
#include "lib/check.h"
#include "lib/mem.h"
#include "machine/asm.h"
#include "machine/cpu.h"
#include "machine/fixup.h"
#include "pv/pv.h"
#include "x86/cr.h"
#include "x86/exception.h"

extern const char guest_iret[];
extern void noreturn_fn guest_exit_again(struct cpu_regs *regs);

void trap_entry(struct cpu_regs *regs)
{
	pv_trap(container_of(regs, struct cpu_local, regs)->current_vcpu, regs);
}

void syscall_entry(struct cpu_regs *regs)
{
	struct vcpu *v = container_of(regs, struct cpu_local, regs)->current_vcpu;

	if (v->pv->in_kernel) {
		hypercall_dispatch(v, regs);
	} else {
		pv_syscall(v, regs, (regs->cs & 0xffff) == SELECTOR_GUEST_CODE32
					    ? PV_CALLBACK_SYSCALL32
					    : PV_CALLBACK_SYSCALL);
	}
}

/*
 * IRET faulted before it left the core: the CPU pushed a frame right below the one it was reading,
 * and the stub saved the guest's registers, which IRET had already got, below that. Put them back
 * to where they belong; the two places overlap.
 */
static void noreturn_fn exit_fault(const struct cpu_regs *frame)
{
	struct cpu_regs *regs = &cpu_local()->regs;
	uint8_t vector = (uint8_t)frame->entry_vector;
	uint32_t error = frame->error_code;

	memmove(regs, frame, offsetof(struct cpu_regs, error_code));
	regs->entry_vector = vector;
	regs->error_code = error;
	pv_exit_fault(current_vcpu(), regs, vector, error);
	guest_exit_again(regs);
}

void core_trap_entry(struct cpu_regs *regs)
{
	uint64_t fixup;

	if (fixup_find(regs->rip, &fixup)) {
		if (regs->entry_vector == EXCEPTION_PF) {
			fixup_note_address(this_cpu(), cpu_read_cr2());
		}
		regs->rip = fixup;
		regs->rflags &= ~RFLAGS_AC; /* machine/smap.h */
		return;
	}
	if (regs->rip == (uint64_t)guest_iret && current_vcpu()) {
		exit_fault(regs);
	}
	crash_exception(regs);
}

/*
 * A data breakpoint of the guest's on memory the core has touched for it, or a single step over
 * SYSCALL. Both are traps: they do not come again for the same instruction, so DR7 stays. What
 * would, an instruction breakpoint, cannot lie in the core (pv_debugreg_set()).
 */
void core_debug_entry(struct cpu_regs *regs)
{
	cpu_write_dr6(0xffff0ff0);
	regs->rflags &= ~RFLAGS_TF;
}
