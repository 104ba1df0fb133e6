/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounces: the guest kernel is entered at a handler with a frame on its stack (sheet of the ABI:
 * xen/arch_x86.h; the layout is what native handlers find, with RCX and R11 below it).
 *
 *     rcx r11 [error | ds es fs gs] rip cs|mask<<32 rflags rsp ss
 *
 * From user mode the stack is the registered kernel stack, from kernel mode the present one. The
 * saved CS of a kernel context has RPL 0: that is how the guest tells the two apart. The event
 * mask of before goes into bits 32-39 of CS and, inverted, into RFLAGS.IF. The handler starts with
 * all registers as they were except RCX and R11, so the way out may be SYSRET.
 *
 * Order of delivery: exception, failsafe callback, NMI, event. A frame that cannot be written
 * crashes the domain. Handler addresses were checked to be canonical when registered.
 */
#include "pv/bounce.h"

#include "machine/asm.h"
#include "machine/atomic.h"
#include "machine/fault.h"
#include "machine/shared.h"
#include "x86/cr.h"
#include "x86/exception.h"

#include <xen/errno.h>

#define FRAME_WORDS_MAX 11
#define ENTRY_CLEARS (RFLAGS_AC | RFLAGS_VM | RFLAGS_RF | RFLAGS_NT | RFLAGS_TF)
#define UPCALL_MASK_SHIFT 32

static inline uint64_t virtual_rflags(struct vcpu *v, const struct cpu_regs *regs, uint8_t masked)
{
	uint64_t rflags = regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL);

	if (masked == 0) {
		rflags |= RFLAGS_IF;
	}
	if (v->domain->vm_assist & 1U << VMASST_TYPE_architectural_iopl) {
		rflags |= (uint64_t)v->pv->iopl << RFLAGS_IOPL_SHIFT;
	}
	return rflags;
}

/* False: the domain has crashed; events are masked, so that the exit path finds nothing to do. */
static inline bool bounce(struct vcpu *v, struct cpu_regs *regs, uint64_t handler, bool masks_events,
			  const uint64_t *extra, unsigned int extra_count)
{
	struct pv_vcpu *p = v->pv;
	uint8_t masked = shared_read(&v->info->evtchn_upcall_mask);
	uint64_t sp = regs->rsp;
	uint64_t cs = regs->cs;
	uint64_t frame[FRAME_WORDS_MAX];
	uint64_t *end = frame;
	size_t bytes;

	if (p->in_kernel) {
		cs &= ~3UL;
	} else {
		pv_toggle_mode(v);
		sp = p->kernel_sp;
	}
	*end++ = regs->rcx;
	*end++ = regs->r11;
	for (unsigned int i = 0; i < extra_count; i++) {
		*end++ = extra[i];
	}
	*end++ = regs->rip;
	*end++ = cs | (uint64_t)masked << UPCALL_MASK_SHIFT;
	*end++ = virtual_rflags(v, regs, masked);
	*end++ = regs->rsp;
	*end++ = regs->ss;
	bytes = (size_t)((char *)end - (char *)frame);
	sp = (sp & ~15UL) - bytes;
	if (address_is_hypervisor(sp) || fault_copy_out(sp, frame, bytes) != 0) {
		domain_crash(v->domain, "vcpu %u: no stack at %#lx to enter %#lx from %#lx", v->id, sp,
			     handler, regs->rip);
		shared_write(&v->info->evtchn_upcall_mask, 1);
		return false;
	}
	regs->rip = handler;
	regs->cs = FLAT_KERNEL_CS64;
	regs->ss = FLAT_KERNEL_SS64;
	regs->rsp = sp;
	regs->rflags = (regs->rflags & ~ENTRY_CLEARS) | RFLAGS_IF | RFLAGS_FIXED;
	regs->entry_vector |= ENTRY_SYSCALL;
	if (masks_events) {
		shared_write(&v->info->evtchn_upcall_mask, masked | 1);
	}
	return true;
}

static void deliver_trap(struct vcpu *v, struct cpu_regs *regs)
{
	const struct pv_trap *trap = &v->pv->pending;
	const struct pv_trap_handler *handler = &v->pv->traps[trap->vector];
	uint64_t error = trap->error;

	v->trap_pending = false;
	if (trap->vector == EXCEPTION_PF) {
		v->pv->cr2 = trap->cr2;
		shared_write(&v->info->arch.cr2, trap->cr2);
	}
	if (handler->address == 0) {
		domain_crash(v->domain,
			     "vcpu %u: no handler for exception %u, error %#x, %s rip %#lx, cr2 %#lx",
			     v->id, trap->vector, trap->error, v->pv->in_kernel ? "kernel" : "user",
			     regs->rip, v->pv->cr2);
		return;
	}
	(void)bounce(v, regs, handler->address, handler->flags & TI_MASK_EVENTS, &error,
		     trap->has_error ? 1 : 0);
}

static void deliver_callback(struct vcpu *v, struct cpu_regs *regs, enum pv_callback_kind kind,
			     bool masks_events, const uint64_t *extra, unsigned int count)
{
	const struct pv_callback *callback = &v->pv->callbacks[kind];

	if (callback->address == 0) {
		domain_crash(v->domain, "vcpu %u: %s due but no callback registered, rip %#lx", v->id,
			     kind == PV_CALLBACK_EVENT ? "event" : "failsafe", regs->rip);
		shared_write(&v->info->evtchn_upcall_mask, 1);
		return;
	}
	(void)bounce(v, regs, callback->address, masks_events, extra, count);
}

static void deliver_failsafe(struct vcpu *v, struct cpu_regs *regs)
{
	struct pv_vcpu *p = v->pv;
	uint64_t selectors[4] = {p->failsafe_ds, p->failsafe_es, p->failsafe_fs, p->failsafe_gs};

	p->failsafe_pending = false;
	deliver_callback(v, regs, PV_CALLBACK_FAILSAFE,
			 p->callbacks[PV_CALLBACK_FAILSAFE].masks_events, selectors, 4);
}

static bool nmi_is_due(const struct vcpu *v)
{
	return atomic_read(&v->nmi_pending) && !v->nmi_blocked;
}

/* False: there is no handler, the NMI is dropped. */
static bool deliver_nmi(struct vcpu *v, struct cpu_regs *regs)
{
	const struct pv_trap_handler *handler = &v->pv->traps[EXCEPTION_NMI];

	atomic_write(&v->nmi_pending, false);
	if (handler->address == 0) {
		return false;
	}
	v->nmi_blocked = true;
	(void)bounce(v, regs, handler->address, handler->flags & TI_MASK_EVENTS, NULL, 0);
	return true;
}

bool pv_deliver(struct vcpu *v)
{
	struct cpu_regs *regs = vcpu_regs(v);

	if (v->trap_pending) {
		deliver_trap(v, regs);
		return true;
	}
	if (v->pv->failsafe_pending) {
		deliver_failsafe(v, regs);
		return true;
	}
	if (nmi_is_due(v) && deliver_nmi(v, regs)) {
		return true;
	}
	if (vcpu_events_deliverable(v)) {
		deliver_callback(v, regs, PV_CALLBACK_EVENT, true, NULL, 0);
		return true;
	}
	/* SYSRET to such an address faults in ring 0 on Intel (SDM 2B, SYSRET). */
	if (!address_is_canonical(regs->rip)) {
		regs->entry_vector &= ~(uint32_t)ENTRY_SYSCALL;
	}
	return false;
}

/* --- system calls of guest user mode ------------------------------------------------------------ */

void pv_syscall(struct vcpu *v, struct cpu_regs *regs, enum pv_callback_kind kind)
{
	const struct pv_callback *callback = &v->pv->callbacks[kind];
	bool masks_events = callback->masks_events;

	if (kind == PV_CALLBACK_SYSENTER) {
		/* SYSENTER tells nobody where it came from (SDM 2B, SYSENTER). */
		regs->rip = 0;
		regs->rsp = 0;
		regs->cs = 3;
		regs->ss = FLAT_USER_SS64;
	} else {
		/* The 32-bit call masks as the 64-bit one says. */
		masks_events = v->pv->callbacks[PV_CALLBACK_SYSCALL].masks_events;
	}
	if (callback->address != 0) {
		if (bounce(v, regs, callback->address, masks_events, NULL, 0)) {
			regs->rflags &= ~RFLAGS_DF;
		}
	} else if (kind == PV_CALLBACK_SYSENTER) {
		pv_inject(v, EXCEPTION_GP, 0);
	} else {
		regs->rip -= 2;
		pv_inject(v, EXCEPTION_UD, 0);
	}
}

/* --- registration ------------------------------------------------------------------------------- */

int pv_callback_set(struct vcpu *v, enum pv_callback_kind kind, uint64_t address, bool masks_events)
{
	if (!address_is_canonical(address)) {
		return -XEN_EINVAL;
	}
	v->pv->callbacks[kind] = (struct pv_callback){address, masks_events};
	return 0;
}

int pv_nmi_set(struct vcpu *v, uint64_t address, uint8_t flags)
{
	if (!address_is_canonical(address)) {
		return -XEN_EINVAL;
	}
	v->pv->traps[EXCEPTION_NMI] = (struct pv_trap_handler){address, flags};
	/* The reason was shown before anybody listened: tell it now. */
	if (address && v->id == 0 && shared_read(&v->domain->shared->arch.nmi_reason) != 0) {
		atomic_write(&v->nmi_pending, true);
	}
	return 0;
}
