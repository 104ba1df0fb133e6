/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One instruction from start to retirement: decode, check that its class is allowed, execute,
 * then move RIP past it and clear RF, as the CPU does for each instruction that completes
 * (SDM 3B 17.3.1.1). TF is sampled before: the trap it asks for is the caller's to deliver,
 * also after each iteration of a repeated instruction.
 */
#include "emul/insn.h"

#include "x86/cr.h"

static unsigned int op_class(enum insn_op op)
{
	if (op < OP_INS) {
		return EMUL_CLASS_MEMORY;
	}
	return op < OP_CLI ? EMUL_CLASS_PORT : EMUL_CLASS_SYSTEM;
}

static enum emul_result execute(struct emul_context *context, struct insn *insn)
{
	if (insn->op == OP_CMPXCHG) {
		return execute_cmpxchg(context, insn);
	}
	if (insn->op == OP_CMPXCHG_WIDE) {
		return execute_cmpxchg_wide(context, insn);
	}
	if (insn->op <= OP_XADD) {
		return execute_alu(context, insn);
	}
	if (insn->op <= OP_MOVSXD) {
		return execute_move(context, insn);
	}
	if (insn->op <= OP_OUTS) {
		return execute_string(context, insn);
	}
	if (insn->op <= OP_OUT_DX) {
		return execute_port(context, insn);
	}
	return execute_system(context, insn);
}

static void retire(struct emul_context *context, const struct insn *insn)
{
	struct cpu_regs *regs = context->regs;

	regs->rflags &= ~RFLAGS_RF;
	if (context->repeat) {
		return;
	}
	regs->rip += insn->length;
	if (context->mode_bits != 64) {
		regs->rip &= context->mode_bits == 16 ? 0xffffUL : 0xffffffffUL;
	}
}

enum emul_result emul_step(struct emul_context *context)
{
	bool trap_flag = context->regs->rflags & RFLAGS_TF;
	struct insn insn;
	enum emul_result result;

	context->fault = (struct emul_fault){0};
	context->single_step = false;
	context->repeat = false;
	context->forced = false;
	context->length = 0;
	result = insn_decode(context, &insn);
	if (result) {
		return result;
	}
	context->length = insn.length;
	if (!(context->classes & op_class(insn.op))) {
		return EMUL_REFUSED;
	}
	result = execute(context, &insn);
	if (result) {
		return result;
	}
	context->single_step = trap_flag;
	retire(context, &insn);
	return EMUL_DONE;
}
