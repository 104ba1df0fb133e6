/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic, logic, bit instructions, xchg and xadd: all of them read an operand, compute, and
 * perhaps write it back. Flags as the instruction pages of SDM 2A to 2D have them; where a flag
 * is undefined it is cleared (AF of logic operations) or kept (bit instructions), as CPUs do.
 *
 * Locked forms compute again whenever another CPU changed the memory in between. After
 * LOCKED_TRIES losses the guest is sent round again, so that it cannot hold us here.
 */
#include "emul/insn.h"

#include "x86/cr.h"

#define LOCKED_TRIES 8

static uint64_t result_flags(uint64_t value, unsigned int bytes)
{
	uint64_t flags = 0;
	unsigned int fold = (unsigned int)(value ^ (value >> 4)) & 0xfU;

	if ((0x9669U >> fold) & 1U) {
		flags |= RFLAGS_PF;
	}
	if (!value) {
		flags |= RFLAGS_ZF;
	}
	if ((value >> (bytes * 8 - 1)) & 1U) {
		flags |= RFLAGS_SF;
	}
	return flags;
}

static uint64_t add(uint64_t a, uint64_t b, uint64_t carry, unsigned int bytes, uint64_t *flags)
{
	uint64_t sum = (a + b + carry) & bytes_mask(bytes);
	unsigned int sign = bytes * 8 - 1;

	*flags = result_flags(sum, bytes) | ((a ^ b ^ sum) & RFLAGS_AF);
	if ((((a & b) | ((a | b) & ~sum)) >> sign) & 1U) {
		*flags |= RFLAGS_CF;
	}
	if (((~(a ^ b) & (a ^ sum)) >> sign) & 1U) {
		*flags |= RFLAGS_OF;
	}
	return sum;
}

static uint64_t subtract(uint64_t a, uint64_t b, uint64_t borrow, unsigned int bytes,
			 uint64_t *flags)
{
	uint64_t difference = (a - b - borrow) & bytes_mask(bytes);
	unsigned int sign = bytes * 8 - 1;

	*flags = result_flags(difference, bytes) | ((a ^ b ^ difference) & RFLAGS_AF);
	if ((((~a & b) | ((~a | b) & difference)) >> sign) & 1U) {
		*flags |= RFLAGS_CF;
	}
	if ((((a ^ b) & (a ^ difference)) >> sign) & 1U) {
		*flags |= RFLAGS_OF;
	}
	return difference;
}

uint64_t flags_of_compare(uint64_t a, uint64_t b, unsigned int bytes)
{
	uint64_t flags;

	subtract(a, b, 0, bytes, &flags);
	return flags;
}

static uint64_t logic(uint64_t value, unsigned int bytes, uint64_t *flags)
{
	*flags = result_flags(value, bytes);
	return value;
}

/* One of the bit instructions: the old bit goes to the carry flag, the others stay. */
static uint64_t change_bit(enum alu_op alu, uint64_t a, uint64_t bit, uint64_t *flags)
{
	uint64_t mask = 1UL << bit;

	*flags = (*flags & ~RFLAGS_CF) | (a & mask ? RFLAGS_CF : 0);
	if (alu == ALU_BTS) {
		return a | mask;
	}
	if (alu == ALU_BTR) {
		return a & ~mask;
	}
	return alu == ALU_BTC ? a ^ mask : a;
}

/* a and b are cut to bytes. *flags: the arithmetic flags before, then after. */
static uint64_t compute(enum alu_op alu, uint64_t a, uint64_t b, unsigned int bytes,
			uint64_t *flags)
{
	uint64_t carry = *flags & RFLAGS_CF;
	uint64_t value;

	switch (alu) {
	case ALU_ADD:
		return add(a, b, 0, bytes, flags);
	case ALU_OR:
		return logic(a | b, bytes, flags);
	case ALU_ADC:
		return add(a, b, carry, bytes, flags);
	case ALU_SBB:
		return subtract(a, b, carry, bytes, flags);
	case ALU_AND:
	case ALU_TEST:
		return logic(a & b, bytes, flags);
	case ALU_SUB:
	case ALU_CMP:
		return subtract(a, b, 0, bytes, flags);
	case ALU_XOR:
		return logic(a ^ b, bytes, flags);
	case ALU_INC:
		value = add(a, 1, 0, bytes, flags);
		*flags = (*flags & ~RFLAGS_CF) | carry;
		return value;
	case ALU_DEC:
		value = subtract(a, 1, 0, bytes, flags);
		*flags = (*flags & ~RFLAGS_CF) | carry;
		return value;
	case ALU_NOT:
		return ~a & bytes_mask(bytes);
	case ALU_NEG:
		return subtract(0, a, 0, bytes, flags);
	case ALU_BT:
	case ALU_BTS:
	case ALU_BTR:
	case ALU_BTC:
		return change_bit(alu, a, b & (bytes * 8 - 1), flags);
	case ALU_XCHG:
		return b;
	}
	return a;
}

static bool is_read_only(enum alu_op alu)
{
	return alu == ALU_CMP || alu == ALU_TEST || alu == ALU_BT;
}

struct change {
	uint64_t old;
	uint64_t new;
	uint64_t flags;
};

static enum emul_result write_locked(struct emul_context *context, const struct insn *insn,
				     uint64_t operand, struct change *change)
{
	uint64_t before = change->flags;
	unsigned int bytes = insn->operand_bytes;
	bool swapped = false;
	enum emul_result result;

	if (!context->ops->compare_exchange) {
		return EMUL_REFUSED;
	}
	for (unsigned int i = 0; i < LOCKED_TRIES; i++) {
		change->flags = before;
		change->new = compute(insn->alu, change->old, operand, bytes, &change->flags);
		result = context->ops->compare_exchange(context, insn->segment,
							gva(insn->address), bytes, &change->old,
							&change->new, &swapped);
		if (result || swapped) {
			return result;
		}
		change->old &= bytes_mask(bytes);
	}
	return EMUL_RETRY;
}

/* Reads the ModRM operand, computes, writes it back; the flags are left to the caller. */
static enum emul_result modify(struct emul_context *context, const struct insn *insn,
			       uint64_t operand, struct change *change)
{
	bool read_only = is_read_only(insn->alu);
	unsigned int bytes = insn->operand_bytes;
	enum emul_result result;

	result = rm_read(context, insn, bytes, read_only ? EMUL_READ : EMUL_READ_FOR_WRITE,
			 &change->old);
	if (result) {
		return result;
	}
	change->flags = context->regs->rflags & RFLAGS_ARITHMETIC;
	if (insn->lock) {
		return write_locked(context, insn, operand, change);
	}
	change->new = compute(insn->alu, change->old, operand, bytes, &change->flags);
	return read_only ? EMUL_DONE : rm_write(context, insn, bytes, change->new);
}

static void set_flags(struct emul_context *context, uint64_t flags)
{
	context->regs->rflags = (context->regs->rflags & ~RFLAGS_ARITHMETIC) | flags;
}

/* The register is the destination: nothing is written to memory. */
static enum emul_result change_register(struct emul_context *context, const struct insn *insn,
					unsigned int index, uint64_t operand)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t flags = context->regs->rflags & RFLAGS_ARITHMETIC;
	uint64_t value = register_read(context, insn, index, bytes);

	value = compute(insn->alu, value, operand, bytes, &flags);
	if (!is_read_only(insn->alu)) {
		register_write(context, insn, index, bytes, value);
	}
	set_flags(context, flags);
	return EMUL_DONE;
}

enum emul_result execute_alu(struct emul_context *context, struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t operand = insn->immediate & bytes_mask(bytes);
	struct change change;
	enum emul_result result;

	if (insn->op == OP_ALU_ACC_IMM) {
		return change_register(context, insn, GPR_RAX, operand);
	}
	if (insn->op == OP_ALU_REG_RM) {
		result = rm_read(context, insn, bytes, EMUL_READ, &operand);
		return result ? result : change_register(context, insn, insn->reg, operand);
	}
	if (insn->op != OP_ALU_RM_IMM && insn->op != OP_BIT_IMM && insn->op != OP_ALU_RM) {
		operand = register_read(context, insn, insn->reg, bytes);
	}
	result = modify(context, insn, operand, &change);
	if (result) {
		return result;
	}
	if (insn->op == OP_XCHG || insn->op == OP_XADD) {
		register_write(context, insn, insn->reg, bytes, change.old);
	}
	/* xadd of a register with itself: the sum wins (SDM 2D, XADD). */
	if (insn->op == OP_XADD && !insn->memory) {
		register_write(context, insn, insn->rm, bytes, change.new);
	}
	set_flags(context, change.flags);
	return EMUL_DONE;
}
