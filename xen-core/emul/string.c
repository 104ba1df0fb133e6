/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * movs, stos, lods, ins, outs: one element per call. With a repeat prefix the count register
 * says how many are left; step.c keeps RIP where it is while context->repeat is set. Either
 * repeat prefix repeats these (SDM 2B, REP). Index and count are as wide as addresses; the
 * destination is always in ES.
 */
#include "emul/insn.h"

#include "x86/cr.h"

static uint64_t index_read(const struct emul_context *context, const struct insn *insn,
			   unsigned int index)
{
	return *regs_gpr(context->regs, index) & bytes_mask(insn->address_bytes);
}

static void index_advance(struct emul_context *context, const struct insn *insn,
			  unsigned int index, unsigned int bytes)
{
	uint64_t value = *regs_gpr(context->regs, index);
	bool down = context->regs->rflags & RFLAGS_DF;

	register_write(context, insn, index, insn->address_bytes,
		       down ? value - bytes : value + bytes);
}

static enum emul_result read_source(struct emul_context *context, const struct insn *insn,
				    unsigned int bytes, uint64_t *value)
{
	uint64_t address;
	enum emul_result result;

	result = linear_address(context, insn->segment, index_read(context, insn, GPR_RSI),
				&address);
	if (result) {
		return result;
	}
	return memory_read(context, insn->segment, address, bytes, EMUL_READ, value);
}

static enum emul_result write_destination(struct emul_context *context, const struct insn *insn,
					  unsigned int bytes, uint64_t value)
{
	uint64_t address;
	enum emul_result result;

	result = linear_address(context, EMUL_ES, index_read(context, insn, GPR_RDI), &address);
	if (result) {
		return result;
	}
	return memory_write(context, EMUL_ES, address, bytes, value);
}

static enum emul_result movs(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t value;
	enum emul_result result = read_source(context, insn, bytes, &value);

	if (!result) {
		result = write_destination(context, insn, bytes, value);
	}
	if (!result) {
		index_advance(context, insn, GPR_RSI, bytes);
		index_advance(context, insn, GPR_RDI, bytes);
	}
	return result;
}

static enum emul_result stos(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t value = register_read(context, insn, GPR_RAX, bytes);
	enum emul_result result = write_destination(context, insn, bytes, value);

	if (!result) {
		index_advance(context, insn, GPR_RDI, bytes);
	}
	return result;
}

static enum emul_result lods(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t value;
	enum emul_result result = read_source(context, insn, bytes, &value);

	if (!result) {
		register_write(context, insn, GPR_RAX, bytes, value);
		index_advance(context, insn, GPR_RSI, bytes);
	}
	return result;
}

/*
 * Reading a port may consume what is behind it, so memory is tried first: a page fault must not
 * lose data.
 */
static enum emul_result ins(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes > 4 ? 4 : insn->operand_bytes;
	uint16_t port = (uint16_t)context->regs->rdx;
	uint64_t address, ignored;
	uint32_t value = 0;
	enum emul_result result = port_check(context, port, bytes);

	if (result) {
		return result;
	}
	if (!context->ops->read_port || !context->ops->write_memory) {
		return EMUL_REFUSED;
	}
	result = linear_address(context, EMUL_ES, index_read(context, insn, GPR_RDI), &address);
	if (!result) {
		result = memory_read(context, EMUL_ES, address, bytes, EMUL_READ_FOR_WRITE,
				     &ignored);
	}
	if (!result) {
		result = context->ops->read_port(context, port, bytes, &value);
	}
	if (!result) {
		result = memory_write(context, EMUL_ES, address, bytes, value);
	}
	if (!result) {
		index_advance(context, insn, GPR_RDI, bytes);
	}
	return result;
}

static enum emul_result outs(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes > 4 ? 4 : insn->operand_bytes;
	uint16_t port = (uint16_t)context->regs->rdx;
	uint64_t value;
	enum emul_result result = port_check(context, port, bytes);

	if (result) {
		return result;
	}
	if (!context->ops->write_port) {
		return EMUL_REFUSED;
	}
	result = read_source(context, insn, bytes, &value);
	if (!result) {
		result = context->ops->write_port(context, port, bytes, (uint32_t)value);
	}
	if (!result) {
		index_advance(context, insn, GPR_RSI, bytes);
	}
	return result;
}

static enum emul_result one_element(struct emul_context *context, const struct insn *insn)
{
	switch ((unsigned int)insn->op) {
	case OP_MOVS:
		return movs(context, insn);
	case OP_STOS:
		return stos(context, insn);
	case OP_LODS:
		return lods(context, insn);
	case OP_INS:
		return ins(context, insn);
	case OP_OUTS:
		return outs(context, insn);
	default:
		return EMUL_REFUSED;
	}
}

enum emul_result execute_string(struct emul_context *context, const struct insn *insn)
{
	uint64_t count = index_read(context, insn, GPR_RCX);
	enum emul_result result;

	if (!insn->repeat) {
		return one_element(context, insn);
	}
	if (count == 0) {
		return EMUL_DONE;
	}
	result = one_element(context, insn);
	if (result) {
		return result;
	}
	count--;
	register_write(context, insn, GPR_RCX, insn->address_bytes, count);
	context->repeat = count != 0;
	return EMUL_DONE;
}
