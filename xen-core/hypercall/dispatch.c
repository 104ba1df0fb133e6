/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the guest's registers to the function of a call and back. The table is made from
 * def/hypercall.def; a number without a row answers -XEN_ENOSYS.
 *
 * This is the hottest path of the core: a bounds check, six argument moves, one indirect call, one
 * store. Every second call is an iret, which has no arguments and answers nothing: it goes first.
 * Both exceptions are told by the result: -XEN_ERESTART rewinds the guest to its call
 * instruction with the arguments the handler left, CALL_LOADED_REGISTERS stores nothing.
 */
#include "hypercall/dispatch.h"

#include "pv/bounce.h"

#include <xen/base.h>
#include <xen/errno.h>

/* SYSCALL is 0f 05 (Intel SDM 2B). */
#define CALL_INSTRUCTION_BYTES 2

/* VMMCALL is 0f 01 d9 (AMD APM 3). */
#define VMMCALL_INSTRUCTION_BYTES 3

/* A table of its own for each kind of guest. */
#define PV 1
#define HVM 2
#define HYPERCALL(number, name, kinds, nargs) [number] = ((kinds) & PV) ? hypercall_##name : NULL,

static hypercall_handler *const calls[HYPERCALL_NUMBERS] = {
#include <hypercall.def>
};

#undef HYPERCALL
#define HYPERCALL(number, name, kinds, nargs) [number] = ((kinds) & HVM) ? hypercall_##name : NULL,

static hypercall_handler *const translated_calls[HYPERCALL_NUMBERS] = {
#include <hypercall.def>
};

#undef HYPERCALL
#undef HVM
#undef PV

/* NULL: there is no such call. The number of rows is a power of two: masking binds speculation. */
static inline hypercall_handler *find_in(hypercall_handler *const *table, uint64_t number)
{
	_Static_assert((HYPERCALL_NUMBERS & (HYPERCALL_NUMBERS - 1)) == 0, "a mask of it");

	return number < HYPERCALL_NUMBERS ? table[number & (HYPERCALL_NUMBERS - 1)] : NULL;
}

static inline hypercall_handler *find(uint64_t number)
{
	return find_in(calls, number);
}

int64_t hypercall_run(struct hypercall *call, uint64_t number)
{
	hypercall_handler *handler =
		find_in(call->v->domain->is_pv ? calls : translated_calls, number);

	if (!handler) {
		return -XEN_ENOSYS;
	}
	if (number == __HYPERVISOR_iret) {
		(void)handler(call);
		return CALL_LOADED_REGISTERS;
	}
	return handler(call);
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

/* Both results that are none of the guest's lie side by side. */
static inline bool is_special(int64_t result)
{
	_Static_assert(CALL_LOADED_REGISTERS == -XEN_ERESTART - 1, "one comparison for both");

	return (uint64_t)(result - CALL_LOADED_REGISTERS) <= 1;
}

static inline void dispatch(struct vcpu *v, struct cpu_regs *regs, uint64_t number)
{
	struct hypercall call = {
		.v = v,
		.args = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
	};
	hypercall_handler *handler = find(number);
	int64_t result = -XEN_ENOSYS;

	if (handler) {
		result = handler(&call);
	}
	if (__builtin_expect(!is_special(result), 1)) {
		regs->rax = (uint64_t)result;
	} else if (result == -XEN_ERESTART) {
		restart(&call, regs, number);
	}
}

/* The instruction is passed unless it is to be run again. */
void hypercall_vmmcall(struct vcpu *v, struct cpu_regs *regs)
{
	uint64_t number = regs->rax;
	struct hypercall call = {
		.v = v,
		.args = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
	};
	int64_t result = hypercall_run(&call, number);

	v->hypercall_count++;
	regs->rip += VMMCALL_INSTRUCTION_BYTES;
	if (result == -XEN_ERESTART) {
		restart(&call, regs, number);
		regs->rip -= VMMCALL_INSTRUCTION_BYTES - CALL_INSTRUCTION_BYTES;
	} else {
		regs->rax = (uint64_t)result;
	}
}

void hypercall_dispatch(struct vcpu *v, struct cpu_regs *regs)
{
	v->hypercall_count++;
	if (regs->rax == __HYPERVISOR_iret) {
		pv_iret(v, regs);
	} else {
		dispatch(v, regs, regs->rax);
	}
}
