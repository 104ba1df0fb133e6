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

#include "pv/mode.h"

#include "machine/asm.h"
#include "machine/atomic.h"
#include "machine/fault_word.h"
#include "machine/shared.h"
#include "x86/cr.h"
#include "x86/exception.h"

#include <xen/errno.h>

#define FRAME_WORDS 7
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

/* Writes a frame with extra_count words in the middle, in place and from registers: a third of what
 * building it and copying it costs. */
static inline __attribute__((always_inline)) bool
write_frame(struct vcpu *v, const struct cpu_regs *regs, uint64_t at, uint64_t cs, uint8_t masked,
	    const uint64_t *extra, unsigned int extra_count)
{
	uint64_t rest = at + extra_count * sizeof(uint64_t);
	bool written;

	smap_open();
	for (unsigned int i = 0; i < extra_count; i++) {
		if (!fault_store_word(at + i * sizeof(uint64_t), 16, extra[i])) {
			return false;
		}
	}
	written = fault_store_word(at, 0, regs->rcx) && fault_store_word(at, 8, regs->r11) &&
		  fault_store_word(rest, 16, regs->rip) &&
		  fault_store_word(rest, 24, cs | (uint64_t)masked << UPCALL_MASK_SHIFT) &&
		  fault_store_word(rest, 32, virtual_rflags(v, regs, masked)) &&
		  fault_store_word(rest, 40, regs->rsp) && fault_store_word(rest, 48, regs->ss);
	smap_close();
	return written;
}

static void __attribute__((noinline)) crash_stackless(struct vcpu *v, uint64_t sp, uint64_t handler,
						      uint64_t rip)
{
	domain_crash(v->domain, "vcpu %u: no stack at %#lx to enter %#lx from %#lx", v->id, sp,
		     handler, rip);
	shared_write(&v->info->evtchn_upcall_mask, 1);
}

/* The second half, in kernel mode. Of a domain that crashes events are masked, so that the exit
 * path finds nothing to do. Always inline: the number of extra words becomes a constant. */
static inline __attribute__((always_inline)) void
enter_handler(struct vcpu *v, struct cpu_regs *regs, uint64_t handler, bool masks_events,
	      const uint64_t *extra, unsigned int extra_count, bool from_kernel)
{
	uint8_t masked = shared_read(&v->info->evtchn_upcall_mask);
	uint64_t sp = from_kernel ? regs->rsp : v->pv->kernel_sp;
	uint64_t cs = from_kernel ? regs->cs & ~3UL : regs->cs;

	sp = (sp & ~15UL) - (FRAME_WORDS + extra_count) * sizeof(uint64_t);
	if (address_is_hypervisor(sp) ||
	    !write_frame(v, regs, sp, cs, masked, extra, extra_count)) {
		crash_stackless(v, sp, handler, regs->rip);
		return;
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
}

static inline __attribute__((always_inline)) void
bounce(struct vcpu *v, struct cpu_regs *regs, uint64_t handler, bool masks_events,
       const uint64_t *extra, unsigned int extra_count)
{
	bool from_kernel = v->pv->in_kernel;

	if (!from_kernel) {
		pv_enter_kernel_mode(v);
	}
	enter_handler(v, regs, handler, masks_events, extra, extra_count, from_kernel);
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
		domain_crash(
			v->domain,
			"vcpu %u: no handler for exception %u, error %#x, %s rip %#lx, cr2 %#lx",
			v->id, trap->vector, trap->error, v->pv->in_kernel ? "kernel" : "user",
			regs->rip, v->pv->cr2);
		return;
	}
	if (trap->has_error) {
		bounce(v, regs, handler->address, handler->flags & TI_MASK_EVENTS, &error, 1);
	} else {
		bounce(v, regs, handler->address, handler->flags & TI_MASK_EVENTS, NULL, 0);
	}
}

static void deliver_callback(struct vcpu *v, struct cpu_regs *regs, enum pv_callback_kind kind,
			     bool masks_events, const uint64_t *extra, unsigned int count)
{
	const struct pv_callback *callback = &v->pv->callbacks[kind];

	if (callback->address == 0) {
		domain_crash(v->domain, "vcpu %u: %s due but no callback registered, rip %#lx",
			     v->id, kind == PV_CALLBACK_EVENT ? "event" : "failsafe", regs->rip);
		shared_write(&v->info->evtchn_upcall_mask, 1);
		return;
	}
	bounce(v, regs, callback->address, masks_events, extra, count);
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
	bounce(v, regs, handler->address, handler->flags & TI_MASK_EVENTS, NULL, 0);
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
	return false;
}

/* --- system calls of guest user mode --------------------------------------------------------- */

/* The uncommon ones: 32-bit, SYSENTER, those nobody handles, and those with more to do at entry. */
static void __attribute__((noinline))
other_call(struct vcpu *v, struct cpu_regs *regs, enum pv_callback_kind kind)
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
		bounce(v, regs, callback->address, masks_events, NULL, 0);
		regs->rflags &= ~RFLAGS_DF;
	} else if (kind == PV_CALLBACK_SYSENTER) {
		pv_inject(v, EXCEPTION_GP, 0);
	} else {
		regs->rip -= 2;
		pv_inject(v, EXCEPTION_UD, 0);
	}
}

/* The 64-bit call of a user program: no function is called, so no register needs to be saved. */
void pv_syscall(struct vcpu *v, struct cpu_regs *regs, enum pv_callback_kind kind)
{
	const struct pv_callback *callback = &v->pv->callbacks[PV_CALLBACK_SYSCALL];
	uint64_t handler = callback->address;

	if (__builtin_expect(kind != PV_CALLBACK_SYSCALL || handler == 0 ||
				     !pv_kernel_entry_is_plain(v), 0)) {
		other_call(v, regs, kind);
		return;
	}
	pv_enter_kernel_mode_plainly(v);
	enter_handler(v, regs, handler, callback->masks_events, NULL, 0, false);
	regs->rflags &= ~RFLAGS_DF;
}

/* --- registration ---------------------------------------------------------------------------- */

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
