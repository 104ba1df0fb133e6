/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * in and out, and who may use a port. The decision belongs to the caller (IOPL, permission
 * bitmap, the domain's ports); here it only becomes #GP(0). A port access is at most four
 * bytes wide, whatever REX.W says (SDM 2A, IN).
 */
#include "emul/insn.h"

enum emul_result port_check(struct emul_context *context, uint16_t port, unsigned int bytes)
{
	bool permitted = !context->user_mode;
	enum emul_result result;

	if (context->ops->io_permitted) {
		result = context->ops->io_permitted(context, port, bytes, &permitted);
		if (result) {
			return result;
		}
	}
	return permitted ? EMUL_DONE : emul_raise(context, EXCEPTION_GP, 0);
}

static enum emul_result read_port(struct emul_context *context, const struct insn *insn,
				  uint16_t port, unsigned int bytes)
{
	uint32_t value = 0;
	enum emul_result result;

	if (!context->ops->read_port) {
		return EMUL_REFUSED;
	}
	result = context->ops->read_port(context, port, bytes, &value);
	if (!result) {
		register_write(context, insn, GPR_RAX, bytes, value);
	}
	return result;
}

enum emul_result execute_port(struct emul_context *context, const struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes > 4 ? 4 : insn->operand_bytes;
	bool immediate = insn->op == OP_IN_IMM || insn->op == OP_OUT_IMM;
	uint16_t port = (uint16_t)(immediate ? insn->immediate : context->regs->rdx);
	enum emul_result result = port_check(context, port, bytes);

	if (result) {
		return result;
	}
	if (insn->op == OP_IN_IMM || insn->op == OP_IN_DX) {
		return read_port(context, insn, port, bytes);
	}
	if (!context->ops->write_port) {
		return EMUL_REFUSED;
	}
	return context->ops->write_port(
		context, port, bytes,
		(uint32_t)register_read(context, insn, GPR_RAX, bytes));
}
