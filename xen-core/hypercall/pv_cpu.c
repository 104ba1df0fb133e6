/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls by which a PV kernel sets up and runs its virtual CPU: handlers, callbacks, stacks,
 * descriptor tables, debug registers. All concern the calling vcpu, except vm_assist, which is the
 * domain's.
 */
#include "hypercall/call.h"

#include "domain/restart.h"
#include "pv/bounce.h"
#include "pv/debugreg.h"
#include "pv/desc.h"
#include "pv/msr.h"
#include "pv/segment.h"
#include "x86/desc.h"
#include "x86/exception.h"

#include "lib/math.h"
#include "lib/mem.h"
#include "machine/atomic.h"

#include <xen/arch_x86.h>
#include <xen/callback.h>
#include <xen/errno.h>
#include <xen/nmi.h>

#define TRAP_VECTORS 256U
#define TRAPS_PER_READ 8U
#define VM_ASSIST_PV 0x3fUL /* types 0-5, and 32 */
#define VM_ASSIST_HVM (1UL << VMASST_TYPE_runstate_update_flag)

/* --- exceptions ------------------------------------------------------------------------------ */

static int set_trap(struct vcpu *v, const struct trap_info *info)
{
	uint8_t flags = info->flags & (TI_DPL_MASK | TI_MASK_EVENTS);

	if (info->vector == EXCEPTION_NMI) {
		return pv_nmi_set(v, info->address, flags);
	}
	if (!address_is_canonical(info->address)) {
		return -XEN_EINVAL;
	}
	v->pv->traps[info->vector] = (struct pv_trap_handler){info->address, flags};
	return 0;
}

int64_t hypercall_set_trap_table(struct hypercall *call)
{
	struct guest_ptr list = guest_ptr(call->args[0]);
	struct trap_info info;
	unsigned int count;

	if (guest_ptr_is_null(list)) {
		memset(call->v->pv->traps, 0, TRAP_VECTORS * sizeof(*call->v->pv->traps));
		return 0;
	}
	for (count = 0;; count++) {
		int err = guest_in(call->v, &info, guest_ptr_at(list, count, sizeof(info)),
				   sizeof(info));

		if (err) {
			return err;
		}
		if (info.address == 0) {
			return 0;
		}
		err = set_trap(call->v, &info);
		if (err) {
			return err;
		}
		if (count % TRAPS_PER_READ == TRAPS_PER_READ - 1 && restart_wanted()) {
			call->args[0] += (count + 1) * sizeof(info);
			return -XEN_ERESTART;
		}
	}
}

int64_t hypercall_nmi_op(struct hypercall *call)
{
	struct xennmi_callback callback;
	int err;

	switch (call->args[0]) {
	case XENNMI_register_callback:
		err = guest_in(call->v, &callback, guest_ptr(call->args[1]), sizeof(callback));
		return err ? err : pv_nmi_set(call->v, callback.handler_address, TI_MASK_EVENTS);
	case XENNMI_unregister_callback:
		return pv_nmi_set(call->v, 0, 0);
	default:
		return -XEN_ENOSYS;
	}
}

/* --- callbacks ------------------------------------------------------------------------------- */

static int register_callback(struct vcpu *v, const struct callback_register *wanted)
{
	bool masks_events = wanted->flags & CALLBACKF_mask_events;

	if (!address_is_canonical(wanted->address)) {
		return -XEN_EINVAL;
	}
	switch (wanted->type) {
	case CALLBACKTYPE_event:
		return pv_callback_set(v, PV_CALLBACK_EVENT, wanted->address, true);
	case CALLBACKTYPE_failsafe:
		return pv_callback_set(v, PV_CALLBACK_FAILSAFE, wanted->address, masks_events);
	case CALLBACKTYPE_syscall:
		return pv_callback_set(v, PV_CALLBACK_SYSCALL, wanted->address, masks_events);
	case CALLBACKTYPE_syscall32:
		return pv_callback_set(v, PV_CALLBACK_SYSCALL32, wanted->address, masks_events);
	case CALLBACKTYPE_sysenter:
		return pv_callback_set(v, PV_CALLBACK_SYSENTER, wanted->address, masks_events);
	case CALLBACKTYPE_nmi:
		return pv_nmi_set(v, wanted->address, TI_MASK_EVENTS);
	default:
		return -XEN_ENOSYS;
	}
}

static int unregister_callback(struct vcpu *v, const struct callback_unregister *wanted)
{
	switch (wanted->type) {
	case CALLBACKTYPE_nmi:
		return pv_nmi_set(v, 0, 0);
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
	case CALLBACKTYPE_syscall32:
	case CALLBACKTYPE_sysenter:
		return -XEN_EINVAL;
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hypercall_callback_op(struct hypercall *call)
{
	struct guest_ptr argument = guest_ptr(call->args[1]);
	struct callback_register wanted;
	struct callback_unregister unwanted;
	int err;

	switch (call->args[0]) {
	case CALLBACKOP_register:
		err = guest_in(call->v, &wanted, argument, sizeof(wanted));
		return err ? err : register_callback(call->v, &wanted);
	case CALLBACKOP_unregister:
		err = guest_in(call->v, &unwanted, argument, sizeof(unwanted));
		return err ? err : unregister_callback(call->v, &unwanted);
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hypercall_set_callbacks(struct hypercall *call)
{
	static const enum pv_callback_kind kinds[] = {
		PV_CALLBACK_EVENT, PV_CALLBACK_FAILSAFE, PV_CALLBACK_SYSCALL,
	};

	for (unsigned int i = 0; i < array_size(kinds); i++) {
		int err = pv_callback_set(call->v, kinds[i], call->args[i],
					  kinds[i] == PV_CALLBACK_EVENT);

		if (err) {
			return err;
		}
	}
	return 0;
}

/* --- stack, mode, FPU, segments -------------------------------------------------------------- */

int64_t hypercall_stack_switch(struct hypercall *call)
{
	call->v->pv->kernel_ss = selector_guest_fix((uint16_t)call->args[0]);
	call->v->pv->kernel_sp = call->args[1];
	return 0;
}

/* The dispatcher calls pv_iret() itself: there is no result to store. Here from a multicall. */
int64_t hypercall_iret(struct hypercall *call)
{
	struct cpu_regs *regs = vcpu_regs(call->v);

	pv_iret(call->v, regs);
	return (int64_t)regs->rax;
}

int64_t hypercall_fpu_taskswitch(struct hypercall *call)
{
	pv_set_task_switched(call->v, call->args[0] != 0);
	return 0;
}

int64_t hypercall_set_segment_base(struct hypercall *call)
{
	return pv_segment_base_set(call->v, call->args[0], call->args[1]);
}

/* --- debug registers ------------------------------------------------------------------------- */

int64_t hypercall_set_debugreg(struct hypercall *call)
{
	return pv_debugreg_set(call->v, call->args[0], call->args[1]);
}

int64_t hypercall_get_debugreg(struct hypercall *call)
{
	uint64_t value;
	int err = pv_debugreg_get(call->v, call->args[0], &value);

	return err ? -XEN_EINVAL : (int64_t)value;
}

/* --- descriptor tables ----------------------------------------------------------------------- */

int64_t hypercall_set_gdt(struct hypercall *call)
{
	uint64_t frames[GDT_GUEST_FRAMES];
	uint64_t entries = call->args[1];
	int err;

	if (entries > GDT_ENTRIES_MAX) {
		return -XEN_EINVAL;
	}
	err = guest_in(call->v, frames, guest_ptr(call->args[0]),
		       div_round_up(entries, 512) * sizeof(frames[0]));
	return err ? err : pv_set_gdt(call->v, frames, entries);
}

int64_t hypercall_update_descriptor(struct hypercall *call)
{
	return pv_update_descriptor(call->v->domain, maddr(call->args[0]), call->args[1]);
}

/* --- vm_assist ------------------------------------------------------------------------------- */

static int assist(struct domain *d, bool enable, uint64_t type)
{
	uint64_t valid = d->is_pv ? VM_ASSIST_PV : VM_ASSIST_HVM;

	if (type == VMASST_TYPE_m2p_strict && d->is_pv) {
		(void)(enable ? atomic_or(&d->vm_assist_high, 1UL)
			      : atomic_and(&d->vm_assist_high, ~1UL));
		return 0;
	}
	if (type >= 32 || !(valid >> type & 1)) {
		return -XEN_EINVAL;
	}
	(void)(enable ? atomic_or(&d->vm_assist, 1U << type)
		      : atomic_and(&d->vm_assist, ~(1U << type)));
	return 0;
}

int64_t hypercall_vm_assist(struct hypercall *call)
{
	switch (call->args[0]) {
	case VMASST_CMD_enable:
		return assist(call->v->domain, true, call->args[1]);
	case VMASST_CMD_disable:
		return assist(call->v->domain, false, call->args[1]);
	default:
		return -XEN_ENOSYS;
	}
}
