/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moves between registers, immediates and memory, and the compare-exchanges.
 * cmpxchg needs no read of its own: comparing with the accumulator is what the atomic operation
 * does anyway, and when it fails it tells what was there. The unlocked forms go the same way.
 */
#include "emul/insn.h"

#include "x86/cr.h"

static enum emul_result load(struct emul_context *context, const struct insn *insn,
			     unsigned int source_bytes, bool is_signed)
{
	unsigned int bytes = insn->operand_bytes;
	unsigned int index = insn->op == OP_MOV_ACC_LOAD ? GPR_RAX : insn->reg;
	uint64_t value;
	enum emul_result result = rm_read(context, insn, source_bytes, EMUL_READ, &value);

	if (result) {
		return result;
	}
	if (is_signed) {
		value = sign_extend(value, source_bytes);
	}
	register_write(context, insn, index, bytes, value);
	return EMUL_DONE;
}

enum emul_result execute_move(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	unsigned int narrow = insn->opcode & 1U ? 2 : 1;
	uint64_t value;

	switch ((unsigned int)insn->op) {
	case OP_MOV_RM_REG:
		value = register_read(context, insn, insn->reg, bytes);
		return rm_write(context, insn, bytes, value);
	case OP_MOV_RM_IMM:
		return rm_write(context, insn, bytes, insn->immediate);
	case OP_MOV_ACC_STORE:
		value = register_read(context, insn, GPR_RAX, bytes);
		return rm_write(context, insn, bytes, value);
	case OP_MOV_REG_RM:
	case OP_MOV_ACC_LOAD:
		return load(context, insn, bytes, false);
	case OP_MOVZX:
		return load(context, insn, narrow, false);
	case OP_MOVSX:
		return load(context, insn, narrow, true);
	case OP_MOVSXD:
		return load(context, insn, bytes < 4 ? bytes : 4, true);
	default:
		return EMUL_REFUSED;
	}
}

static enum emul_result cmpxchg_register(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t accumulator = register_read(context, insn, GPR_RAX, bytes);
	uint64_t old = register_read(context, insn, insn->rm, bytes);
	uint64_t flags = flags_of_compare(accumulator, old, bytes);

	if (old == accumulator) {
		uint64_t value = register_read(context, insn, insn->reg, bytes);

		register_write(context, insn, insn->rm, bytes, value);
	} else {
		register_write(context, insn, GPR_RAX, bytes, old);
	}
	context->regs->rflags = (context->regs->rflags & ~RFLAGS_ARITHMETIC) | flags;
	return EMUL_DONE;
}

enum emul_result execute_cmpxchg(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t accumulator = register_read(context, insn, GPR_RAX, bytes);
	uint64_t desired = register_read(context, insn, insn->reg, bytes);
	uint64_t found = accumulator;
	uint64_t flags;
	bool swapped = false;
	enum emul_result result;

	if (!insn->memory) {
		return cmpxchg_register(context, insn);
	}
	if (!context->ops->compare_exchange) {
		return EMUL_REFUSED;
	}
	result = context->ops->compare_exchange(context, insn->segment, gva(insn->address), bytes,
						&found, &desired, &swapped);
	if (result) {
		return result;
	}
	found &= bytes_mask(bytes);
	if (!swapped) {
		register_write(context, insn, GPR_RAX, bytes, found);
	}
	flags = flags_of_compare(accumulator, swapped ? accumulator : found, bytes);
	context->regs->rflags = (context->regs->rflags & ~RFLAGS_ARITHMETIC) | flags;
	return EMUL_DONE;
}

/* Two halves of four or eight bytes, low first, as one value in memory. */
struct wide {
	uint64_t half[2];
};

static struct wide wide_make(uint64_t low, uint64_t high, unsigned int half_bytes)
{
	if (half_bytes == 8) {
		return (struct wide){{low, high}};
	}
	return (struct wide){{(low & 0xffffffffUL) | (high << 32), 0}};
}

/* cmpxchg8b, and cmpxchg16b with its alignment rule (SDM 2A, CMPXCHG8B/CMPXCHG16B). */
enum emul_result execute_cmpxchg_wide(struct emul_context *context, const struct insn *insn)
{
	struct cpu_regs *regs = context->regs;
	unsigned int half = insn->rex & REX_W ? 8 : 4;
	struct wide found = wide_make(regs->rax, regs->rdx, half);
	struct wide desired = wide_make(regs->rbx, regs->rcx, half);
	bool swapped = false;
	enum emul_result result;

	if (half == 8 && (insn->address & 15U)) {
		return emul_raise(context, EXCEPTION_GP, 0);
	}
	if (!context->ops->compare_exchange) {
		return EMUL_REFUSED;
	}
	result = context->ops->compare_exchange(context, insn->segment, gva(insn->address),
						half * 2, &found, &desired, &swapped);
	if (result) {
		return result;
	}
	if (swapped) {
		regs->rflags |= RFLAGS_ZF;
		return EMUL_DONE;
	}
	regs->rflags &= ~RFLAGS_ZF;
	regs->rax = half == 8 ? found.half[0] : (uint32_t)found.half[0];
	regs->rdx = half == 8 ? found.half[1] : found.half[0] >> 32;
	return EMUL_DONE;
}
