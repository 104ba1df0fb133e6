/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the guest's registers to the function of a call and back. The table is made from
 * def/hypercall.def; a number without a row answers -XEN_ENOSYS.
 *
 * This is the hottest path of the core: a bounds check, six argument moves, one indirect call, one
 * store. Both exceptions are told by the result: -XEN_ERESTART rewinds the guest to its call
 * instruction with the arguments the handler left, CALL_LOADED_REGISTERS stores nothing.
 */
#include "hypercall/dispatch.h"

#include "lib/index.h"

#include <xen/base.h>
#include <xen/errno.h>

/* SYSCALL is 0f 05 (Intel SDM 2B). */
#define CALL_INSTRUCTION_BYTES 2

/* A handler of its own for each kind of guest: only PV guests get here. */
#define PV 1
#define HVM 0
#define HYPERCALL(number, name, kinds, nargs) [number] = ((kinds) & PV) ? hypercall_##name : NULL,

static hypercall_handler *const calls[HYPERCALL_NUMBERS] = {
#include <hypercall.def>
};

#undef HYPERCALL
#undef HVM
#undef PV

static inline int64_t run(struct hypercall *call, uint64_t number)
{
	hypercall_handler *handler;

	if (number >= HYPERCALL_NUMBERS) {
		return -XEN_ENOSYS;
	}
	handler = calls[index_clamp(number, HYPERCALL_NUMBERS)];
	if (!handler) {
		return -XEN_ENOSYS;
	}
	if (number == __HYPERVISOR_iret) {
		(void)handler(call);
		return CALL_LOADED_REGISTERS;
	}
	return handler(call);
}

int64_t hypercall_run(struct hypercall *call, uint64_t number)
{
	return run(call, number);
}

static void restart(const struct hypercall *call, struct cpu_regs *regs, uint64_t number)
{
	regs->rip -= CALL_INSTRUCTION_BYTES;
	regs->rax = number;
	regs->rdi = call->args[0];
	regs->rsi = call->args[1];
	regs->rdx = call->args[2];
	regs->r10 = call->args[3];
	regs->r8 = call->args[4];
	regs->r9 = call->args[5];
}

void hypercall_dispatch(struct vcpu *v, struct cpu_regs *regs)
{
	struct hypercall call = {
		.v = v,
		.args = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
	};
	uint64_t number = regs->rax;
	int64_t result;

	v->hypercall_count++;
	result = run(&call, number);
	if (__builtin_expect(result == -XEN_ERESTART, 0)) {
		restart(&call, regs, number);
	} else if (__builtin_expect(result != CALL_LOADED_REGISTERS, 1)) {
		regs->rax = (uint64_t)result;
	}
}
