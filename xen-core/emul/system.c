/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions. Those the CPU allows at privilege level 0 only are #GP(0) in user mode
 * before anything else is looked at; cli, sti, cpuid, rdtsc, rdtscp, rdpmc and the stores of tables
 * depend on state only the caller knows (IOPL, CR4.TSD, CR4.PCE, CPUID faulting, CR4.UMIP), so its
 * operations decide.
 */
#include "emul/insn.h"

static uint64_t pair(uint64_t high, uint64_t low)
{
	return (high << 32) | (uint32_t)low;
}

static void set_pair(struct cpu_regs *regs, uint64_t value)
{
	regs->rax = (uint32_t)value;
	regs->rdx = value >> 32;
}

/* CR1, CR5 to CR7 and CR9 to CR15 do not exist (SDM 2B, MOV to/from control registers). */
static bool cr_exists(unsigned int index)
{
	return index == 0 || (index >= 2 && index <= 4) || index == 8;
}

static unsigned int full_width(const struct emul_context *context)
{
	return context->mode_bits == 64 ? 8 : 4;
}

static enum emul_result mov_system(struct emul_context *context, const struct insn *insn)
{
	const struct emul_ops *ops = context->ops;
	bool control = insn->op == OP_MOV_TO_CR || insn->op == OP_MOV_FROM_CR;
	unsigned int bytes = full_width(context);
	emul_register_read *read = control ? ops->read_cr : ops->read_dr;
	emul_register_write *write = control ? ops->write_cr : ops->write_dr;
	uint64_t value = 0;
	enum emul_result result;

	if (control ? !cr_exists(insn->reg) : insn->reg > 7) {
		return emul_raise(context, EXCEPTION_UD, 0);
	}
	if (insn->op == OP_MOV_TO_CR || insn->op == OP_MOV_TO_DR) {
		value = register_read(context, insn, insn->rm, bytes);
		return write ? write(context, insn->reg, value) : EMUL_REFUSED;
	}
	result = read ? read(context, insn->reg, &value) : EMUL_REFUSED;
	if (!result) {
		register_write(context, insn, insn->rm, bytes, value);
	}
	return result;
}

static enum emul_result rdmsr(struct emul_context *context)
{
	struct cpu_regs *regs = context->regs;
	uint64_t value = 0;
	enum emul_result result;

	if (!context->ops->read_msr) {
		return EMUL_REFUSED;
	}
	result = context->ops->read_msr(context, (uint32_t)regs->rcx, &value);
	if (!result) {
		set_pair(regs, value);
	}
	return result;
}

static enum emul_result wrmsr(struct emul_context *context)
{
	struct cpu_regs *regs = context->regs;

	if (!context->ops->write_msr) {
		return EMUL_REFUSED;
	}
	return context->ops->write_msr(context, (uint32_t)regs->rcx, pair(regs->rdx, regs->rax));
}

static enum emul_result xsetbv(struct emul_context *context)
{
	struct cpu_regs *regs = context->regs;

	if (!context->ops->xsetbv) {
		return EMUL_REFUSED;
	}
	return context->ops->xsetbv(context, (uint32_t)regs->rcx, pair(regs->rdx, regs->rax));
}

static enum emul_result rdtsc(struct emul_context *context, bool with_aux)
{
	uint64_t tsc = 0;
	uint32_t aux = 0;
	enum emul_result result;

	if (!context->ops->read_tsc) {
		return EMUL_REFUSED;
	}
	result = context->ops->read_tsc(context, &tsc, with_aux ? &aux : NULL);
	if (result) {
		return result;
	}
	set_pair(context->regs, tsc);
	if (with_aux) {
		context->regs->rcx = aux;
	}
	return EMUL_DONE;
}

static enum emul_result rdpmc(struct emul_context *context)
{
	uint64_t value = 0;
	enum emul_result result;

	if (!context->ops->read_pmc) {
		return EMUL_REFUSED;
	}
	result = context->ops->read_pmc(context, (uint32_t)context->regs->rcx, &value);
	if (!result) {
		set_pair(context->regs, value);
	}
	return result;
}

static enum emul_result cpuid(struct emul_context *context)
{
	struct cpu_regs *regs = context->regs;
	struct cpuid_leaf out = {0};
	enum emul_result result;

	if (!context->ops->cpuid) {
		return EMUL_REFUSED;
	}
	result = context->ops->cpuid(context, (uint32_t)regs->rax, (uint32_t)regs->rcx, &out);
	if (result) {
		return result;
	}
	regs->rax = out.a;
	regs->rbx = out.b;
	regs->rcx = out.c;
	regs->rdx = out.d;
	return EMUL_DONE;
}

/* sgdt and sidt: two bytes of limit, then the base (SDM 2B, SGDT). */
static enum emul_result store_table(struct emul_context *context, const struct insn *insn,
				    enum emul_table table)
{
	uint64_t base = 0;
	uint16_t limit = 0;
	enum emul_result result;

	if (!context->ops->read_table) {
		return EMUL_REFUSED;
	}
	result = context->ops->read_table(context, table, &base, &limit);
	if (!result) {
		result = memory_write(context, insn->segment, insn->address, 2, limit);
	}
	if (!result) {
		result = memory_write(context, insn->segment, insn->address + 2,
				      full_width(context), base);
	}
	return result;
}

/* sldt, str, smsw: two bytes in memory, the operand's width in a register. */
static enum emul_result store_word(struct emul_context *context, const struct insn *insn,
				   enum emul_table table)
{
	uint64_t base = 0;
	uint16_t word = 0;
	enum emul_result result;

	if (!context->ops->read_table) {
		return EMUL_REFUSED;
	}
	result = context->ops->read_table(context, table, &base, &word);
	if (result) {
		return result;
	}
	return rm_write(context, insn, insn->memory ? 2 : insn->operand_bytes, word);
}

static enum emul_result call(struct emul_context *context,
			     enum emul_result (*operation)(struct emul_context *))
{
	return operation ? operation(context) : EMUL_REFUSED;
}

static bool is_privileged(enum insn_op op)
{
	return op != OP_CLI && op != OP_STI && op != OP_CPUID && op != OP_RDTSC &&
	       op != OP_RDTSCP && op != OP_RDPMC && op < OP_SGDT;
}

enum emul_result execute_system(struct emul_context *context, const struct insn *insn)
{
	const struct emul_ops *ops = context->ops;

	if (context->user_mode && is_privileged(insn->op)) {
		return emul_raise(context, EXCEPTION_GP, 0);
	}
	switch ((unsigned int)insn->op) {
	case OP_CLI:
	case OP_STI:
		return ops->set_interrupt_flag
			       ? ops->set_interrupt_flag(context, insn->op == OP_STI)
			       : EMUL_REFUSED;
	case OP_CLTS:
		return call(context, ops->clts);
	case OP_HLT:
		return call(context, ops->halt);
	case OP_INVD:
		return call(context, ops->invd);
	case OP_WBINVD:
		return call(context, ops->wbinvd);
	case OP_MOV_FROM_CR:
	case OP_MOV_TO_CR:
	case OP_MOV_FROM_DR:
	case OP_MOV_TO_DR:
		return mov_system(context, insn);
	case OP_RDMSR:
		return rdmsr(context);
	case OP_WRMSR:
		return wrmsr(context);
	case OP_RDTSC:
		return rdtsc(context, false);
	case OP_RDTSCP:
		return rdtsc(context, true);
	case OP_RDPMC:
		return rdpmc(context);
	case OP_CPUID:
		return cpuid(context);
	case OP_XSETBV:
		return xsetbv(context);
	case OP_SGDT:
		return store_table(context, insn, EMUL_GDT);
	case OP_SIDT:
		return store_table(context, insn, EMUL_IDT);
	case OP_SLDT:
		return store_word(context, insn, EMUL_LDT);
	case OP_STR:
		return store_word(context, insn, EMUL_TASK);
	case OP_SMSW:
		return store_word(context, insn, EMUL_STATUS_WORD);
	default:
		return EMUL_REFUSED;
	}
}
