/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operands: registers at their widths, linear addresses, memory through the operations.
 * Writing four bytes of a register clears the upper four, writing one or two keeps the rest;
 * without REX the byte registers 4 to 7 are AH CH DH BH (SDM 1 3.4.1.1, 2A table 3-1).
 */
#include "emul/insn.h"

static bool is_high_byte(const struct insn *insn, unsigned int index, unsigned int bytes)
{
	return bytes == 1 && !insn->rex && index >= 4 && index < 8;
}

uint64_t register_read(const struct emul_context *context, const struct insn *insn,
		       unsigned int index, unsigned int bytes)
{
	if (is_high_byte(insn, index, bytes)) {
		return (*regs_gpr(context->regs, index - 4) >> 8) & 0xff;
	}
	return *regs_gpr(context->regs, index) & bytes_mask(bytes);
}

void register_write(struct emul_context *context, const struct insn *insn, unsigned int index,
		    unsigned int bytes, uint64_t value)
{
	uint64_t mask = bytes_mask(bytes);
	uint64_t *gpr;

	if (is_high_byte(insn, index, bytes)) {
		gpr = regs_gpr(context->regs, index - 4);
		*gpr = (*gpr & ~0xff00UL) | ((value & 0xff) << 8);
		return;
	}
	gpr = regs_gpr(context->regs, index);
	if (bytes >= 4) {
		*gpr = value & mask;
	} else {
		*gpr = (*gpr & ~mask) | (value & mask);
	}
}

enum emul_result linear_address(struct emul_context *context, enum emul_segment segment,
				uint64_t offset, uint64_t *linear)
{
	uint64_t base = 0;
	enum emul_result result;

	if (context->mode_bits == 64 && segment < EMUL_FS) {
		*linear = offset;
		return EMUL_DONE;
	}
	if (!context->ops->segment_base) {
		return EMUL_REFUSED;
	}
	result = context->ops->segment_base(context, segment, &base);
	*linear = base + offset;
	if (context->mode_bits != 64) {
		*linear = (uint32_t)*linear;
	}
	return result;
}

enum emul_result memory_read(struct emul_context *context, enum emul_segment segment,
			     uint64_t address, unsigned int bytes, enum emul_access access,
			     uint64_t *value)
{
	*value = 0;
	if (!context->ops->read_memory) {
		return EMUL_REFUSED;
	}
	return context->ops->read_memory(context, segment, gva(address), bytes, value, access);
}

enum emul_result memory_write(struct emul_context *context, enum emul_segment segment,
			      uint64_t address, unsigned int bytes, uint64_t value)
{
	if (!context->ops->write_memory) {
		return EMUL_REFUSED;
	}
	return context->ops->write_memory(context, segment, gva(address), bytes, &value);
}

enum emul_result rm_read(struct emul_context *context, const struct insn *insn,
			 unsigned int bytes, enum emul_access access, uint64_t *value)
{
	if (insn->memory) {
		return memory_read(context, insn->segment, insn->address, bytes, access, value);
	}
	*value = register_read(context, insn, insn->rm, bytes);
	return EMUL_DONE;
}

enum emul_result rm_write(struct emul_context *context, const struct insn *insn,
			  unsigned int bytes, uint64_t value)
{
	if (insn->memory) {
		return memory_write(context, insn->segment, insn->address, bytes, value);
	}
	register_write(context, insn, insn->rm, bytes, value);
	return EMUL_DONE;
}
