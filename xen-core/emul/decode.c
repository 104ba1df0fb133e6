/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bytes to struct insn. Instruction formats: Intel SDM 2A chapter 2 and 2D appendix A.
 * One table per opcode map; an opcode without a row is refused. Bytes come in as few fetches as
 * pages allow, and never more than fifteen: what would be longer is #GP, which also bounds the
 * prefix loop. A LOCK prefix where the CPU does not take one is #UD (SDM 2A, LOCK).
 *
 * The forced cpuid is ud2, the letters "xen", cpuid (public/arch-x86/xen.h): a spelling of
 * cpuid that always faults.
 */
#include "emul/insn.h"

enum row_flag {
	MODRM = 1 << 0,
	WBIT = 1 << 1,	 /* bit 0 of the opcode clear: byte operands */
	IMM8 = 1 << 2,	 /* one byte, sign-extended */
	IMMZ = 1 << 3,	 /* operand width but at most four bytes, sign-extended */
	MOFFS = 1 << 4,	 /* an absolute offset of address width */
	LOCKS = 1 << 5,	 /* may be locked if its destination is memory */
	NO_EA = 1 << 6,	 /* mod is ignored: both operands are registers */
	IMM_U8 = 1 << 7, /* one byte, not extended */
};

struct row {
	uint8_t op;
	uint8_t alu;
	uint8_t flags;
};

#define ALU_ROWS(first, name) \
	[(first) + 0] = {OP_ALU_RM_REG, name, MODRM | WBIT | LOCKS}, \
	[(first) + 1] = {OP_ALU_RM_REG, name, MODRM | WBIT | LOCKS}, \
	[(first) + 2] = {OP_ALU_REG_RM, name, MODRM | WBIT}, \
	[(first) + 3] = {OP_ALU_REG_RM, name, MODRM | WBIT}, \
	[(first) + 4] = {OP_ALU_ACC_IMM, name, WBIT | IMMZ}, \
	[(first) + 5] = {OP_ALU_ACC_IMM, name, WBIT | IMMZ}

static const struct row map_one[256] = {
	ALU_ROWS(0x00, ALU_ADD),
	ALU_ROWS(0x08, ALU_OR),
	ALU_ROWS(0x10, ALU_ADC),
	ALU_ROWS(0x18, ALU_SBB),
	ALU_ROWS(0x20, ALU_AND),
	ALU_ROWS(0x28, ALU_SUB),
	ALU_ROWS(0x30, ALU_XOR),
	ALU_ROWS(0x38, ALU_CMP),
	[0x63] = {OP_MOVSXD, 0, MODRM},
	[0x6c ... 0x6d] = {OP_INS, 0, WBIT},
	[0x6e ... 0x6f] = {OP_OUTS, 0, WBIT},
	[0x80 ... 0x81] = {OP_GROUP1, 0, MODRM | WBIT | IMMZ | LOCKS},
	[0x83] = {OP_GROUP1, 0, MODRM | WBIT | IMM8 | LOCKS},
	[0x84 ... 0x85] = {OP_ALU_RM_REG, ALU_TEST, MODRM | WBIT},
	[0x86 ... 0x87] = {OP_XCHG, ALU_XCHG, MODRM | WBIT | LOCKS},
	[0x88 ... 0x89] = {OP_MOV_RM_REG, 0, MODRM | WBIT},
	[0x8a ... 0x8b] = {OP_MOV_REG_RM, 0, MODRM | WBIT},
	[0xa0 ... 0xa1] = {OP_MOV_ACC_LOAD, 0, MOFFS | WBIT},
	[0xa2 ... 0xa3] = {OP_MOV_ACC_STORE, 0, MOFFS | WBIT},
	[0xa4 ... 0xa5] = {OP_MOVS, 0, WBIT},
	[0xa8 ... 0xa9] = {OP_ALU_ACC_IMM, ALU_TEST, WBIT | IMMZ},
	[0xaa ... 0xab] = {OP_STOS, 0, WBIT},
	[0xac ... 0xad] = {OP_LODS, 0, WBIT},
	[0xc6 ... 0xc7] = {OP_GROUP11, 0, MODRM | WBIT | IMMZ},
	[0xe4 ... 0xe5] = {OP_IN_IMM, 0, WBIT | IMM_U8},
	[0xe6 ... 0xe7] = {OP_OUT_IMM, 0, WBIT | IMM_U8},
	[0xec ... 0xed] = {OP_IN_DX, 0, WBIT},
	[0xee ... 0xef] = {OP_OUT_DX, 0, WBIT},
	[0xf4] = {OP_HLT, 0, 0},
	[0xf6 ... 0xf7] = {OP_GROUP3, 0, MODRM | WBIT | LOCKS},
	[0xfa] = {OP_CLI, 0, 0},
	[0xfb] = {OP_STI, 0, 0},
	[0xfe ... 0xff] = {OP_GROUP4, 0, MODRM | WBIT | LOCKS},
};

/* After 0F. */
static const struct row map_two[256] = {
	[0x00] = {OP_GROUP6, 0, MODRM},
	[0x01] = {OP_GROUP7, 0, MODRM},
	[0x06] = {OP_CLTS, 0, 0},
	[0x08] = {OP_INVD, 0, 0},
	[0x09] = {OP_WBINVD, 0, 0},
	[0x0b] = {OP_FORCED, 0, 0},
	[0x20] = {OP_MOV_FROM_CR, 0, MODRM | NO_EA},
	[0x21] = {OP_MOV_FROM_DR, 0, MODRM | NO_EA},
	[0x22] = {OP_MOV_TO_CR, 0, MODRM | NO_EA},
	[0x23] = {OP_MOV_TO_DR, 0, MODRM | NO_EA},
	[0x30] = {OP_WRMSR, 0, 0},
	[0x31] = {OP_RDTSC, 0, 0},
	[0x32] = {OP_RDMSR, 0, 0},
	[0x33] = {OP_RDPMC, 0, 0},
	[0xa2] = {OP_CPUID, 0, 0},
	[0xa3] = {OP_BIT_REG, ALU_BT, MODRM},
	[0xab] = {OP_BIT_REG, ALU_BTS, MODRM | LOCKS},
	[0xb0 ... 0xb1] = {OP_CMPXCHG, 0, MODRM | WBIT | LOCKS},
	[0xb3] = {OP_BIT_REG, ALU_BTR, MODRM | LOCKS},
	[0xb6 ... 0xb7] = {OP_MOVZX, 0, MODRM},
	[0xba] = {OP_GROUP8, 0, MODRM | IMM_U8 | LOCKS},
	[0xbb] = {OP_BIT_REG, ALU_BTC, MODRM | LOCKS},
	[0xbe ... 0xbf] = {OP_MOVSX, 0, MODRM},
	[0xc0 ... 0xc1] = {OP_XADD, ALU_ADD, MODRM | WBIT | LOCKS},
	[0xc3] = {OP_MOVNTI, 0, MODRM},
	[0xc7] = {OP_GROUP9, 0, MODRM | LOCKS},
};

/* Gets more instruction bytes; the caller has checked that fewer than fifteen are here. */
static enum emul_result refill(struct emul_context *context, struct insn *insn)
{
	unsigned int wanted = EMUL_INSN_MAX - insn->fetched;
	unsigned int got = 0;
	uint64_t offset = context->regs->rip + insn->fetched;
	uint64_t linear;
	enum emul_result result;

	if (!context->ops->fetch) {
		return EMUL_REFUSED;
	}
	if (context->mode_bits != 64) {
		offset = context->mode_bits == 16 ? (uint16_t)offset : (uint32_t)offset;
	}
	result = linear_address(context, EMUL_CS, offset, &linear);
	if (result) {
		return result;
	}
	result = context->ops->fetch(context, gva(linear), wanted, insn->bytes + insn->fetched,
				     &got);
	if (result) {
		return result;
	}
	if (got == 0 || got > wanted) {
		return EMUL_REFUSED;
	}
	insn->fetched = (uint8_t)(insn->fetched + got);
	return EMUL_DONE;
}

static enum emul_result take_slow(struct emul_context *context, struct insn *insn,
				  unsigned int end)
{
	enum emul_result result;

	if (end > EMUL_INSN_MAX) {
		return emul_raise(context, EXCEPTION_GP, 0);
	}
	while (end > insn->fetched) {
		result = refill(context, insn);
		if (result) {
			return result;
		}
	}
	return EMUL_DONE;
}

/* The next one, two, four or eight bytes, sign-extended. */
static inline enum emul_result take(struct emul_context *context, struct insn *insn,
				    unsigned int bytes, uint64_t *value)
{
	unsigned int end = insn->length + bytes;
	const uint8_t *from = insn->bytes + insn->length;

	if (end > insn->fetched) {
		enum emul_result result = take_slow(context, insn, end);

		if (result) {
			return result;
		}
	}
	if (bytes == 1) {
		*value = (uint64_t)(int8_t)from[0];
	} else if (bytes == 2) {
		int16_t half;
		__builtin_memcpy(&half, from, 2);
		*value = (uint64_t)half;
	} else if (bytes == 4) {
		int32_t word;
		__builtin_memcpy(&word, from, 4);
		*value = (uint64_t)word;
	} else {
		__builtin_memcpy(value, from, 8);
	}
	insn->length = (uint8_t)end;
	return EMUL_DONE;
}

/* In 64-bit mode the overrides of segments without a base do nothing (SDM 2A 2.1.1). */
static void override_segment(const struct emul_context *context, struct insn *insn,
			     enum emul_segment segment)
{
	if (context->mode_bits == 64 && segment < EMUL_FS) {
		return;
	}
	insn->segment = segment;
	insn->segment_prefix = true;
}

static bool apply_prefix(const struct emul_context *context, struct insn *insn, uint8_t byte)
{
	switch (byte) {
	case 0x26:
		override_segment(context, insn, EMUL_ES);
		return true;
	case 0x2e:
		override_segment(context, insn, EMUL_CS);
		return true;
	case 0x36:
		override_segment(context, insn, EMUL_SS);
		return true;
	case 0x3e:
		override_segment(context, insn, EMUL_DS);
		return true;
	case 0x64:
		override_segment(context, insn, EMUL_FS);
		return true;
	case 0x65:
		override_segment(context, insn, EMUL_GS);
		return true;
	case 0x66:
		insn->operand_prefix = true;
		return true;
	case 0x67:
		insn->address_prefix = true;
		return true;
	case 0xf0:
		insn->lock = true;
		return true;
	case 0xf2:
	case 0xf3:
		insn->repeat = true;
		return true;
	default:
		return false;
	}
}

/* A REX prefix counts only directly before the opcode (SDM 2A 2.2.1). */
static enum emul_result decode_prefixes(struct emul_context *context, struct insn *insn)
{
	uint64_t byte;
	enum emul_result result;

	for (;;) {
		result = take(context, insn, 1, &byte);
		if (result) {
			return result;
		}
		insn->opcode = (uint8_t)byte;
		if (context->mode_bits == 64 && (byte & 0xf0) == REX_PRESENT) {
			insn->rex = insn->opcode;
		} else if (apply_prefix(context, insn, insn->opcode)) {
			insn->rex = 0;
		} else {
			return EMUL_DONE;
		}
	}
}

static void decode_widths(const struct emul_context *context, struct insn *insn)
{
	if (context->mode_bits == 64) {
		insn->operand_bytes = insn->operand_prefix ? 2 : 4;
		if (insn->rex & REX_W) {
			insn->operand_bytes = 8;
		}
		insn->address_bytes = insn->address_prefix ? 4 : 8;
	} else {
		bool small = context->mode_bits == 16;

		insn->operand_bytes = small != insn->operand_prefix ? 2 : 4;
		insn->address_bytes = small != insn->address_prefix ? 2 : 4;
	}
}

static void default_segment(struct insn *insn, enum emul_segment segment)
{
	if (!insn->segment_prefix) {
		insn->segment = segment;
	}
}

/* 16-bit addressing (SDM 2A table 2-1). */
static enum emul_result decode_address16(struct emul_context *context, struct insn *insn)
{
	static const uint8_t base[8] = {GPR_RBX, GPR_RBX, GPR_RBP, GPR_RBP,
					GPR_RSI, GPR_RDI, GPR_RBP, GPR_RBX};
	unsigned int mod = insn->modrm >> 6, rm = insn->modrm & 7U;
	uint64_t displacement = 0;
	enum emul_result result = EMUL_DONE;

	if (mod == 0 && rm == 6) {
		return take(context, insn, 2, &insn->offset);
	}
	if (base[rm] == GPR_RBP) {
		default_segment(insn, EMUL_SS);
	}
	insn->offset = *regs_gpr(context->regs, base[rm]);
	if (rm < 4) {
		insn->offset += *regs_gpr(context->regs, rm & 1U ? GPR_RDI : GPR_RSI);
	}
	if (mod) {
		result = take(context, insn, mod, &displacement);
	}
	insn->offset += displacement;
	return result;
}

static void add_base(struct emul_context *context, struct insn *insn, unsigned int index)
{
	if (index == GPR_RSP || index == GPR_RBP) {
		default_segment(insn, EMUL_SS);
	}
	insn->offset += *regs_gpr(context->regs, index);
}

/* *no_base: only a displacement follows. */
static enum emul_result decode_sib(struct emul_context *context, struct insn *insn, bool *no_base)
{
	unsigned int index, base, extend = insn->rex & REX_B ? 8 : 0;
	uint64_t sib;
	enum emul_result result = take(context, insn, 1, &sib);

	if (result) {
		return result;
	}
	index = ((unsigned int)(sib >> 3) & 7U) | (insn->rex & REX_X ? 8U : 0U);
	base = sib & 7U;
	if (index != GPR_RSP) {
		insn->offset = *regs_gpr(context->regs, index) << ((sib >> 6) & 3U);
	}
	if (base == GPR_RBP && insn->modrm < 0x40) {
		*no_base = true;
	} else {
		add_base(context, insn, base | extend);
	}
	return EMUL_DONE;
}

/* 32- and 64-bit addressing (SDM 2A tables 2-2, 2-3 and 2.2.1.6). */
static enum emul_result decode_address(struct emul_context *context, struct insn *insn)
{
	unsigned int mod = insn->modrm >> 6, rm = insn->modrm & 7U;
	uint64_t displacement = 0;
	bool no_base = false;
	enum emul_result result = EMUL_DONE;

	if (rm == GPR_RSP) {
		result = decode_sib(context, insn, &no_base);
	} else if (mod == 0 && rm == GPR_RBP) {
		no_base = true;
		insn->rip_relative = context->mode_bits == 64;
	} else {
		add_base(context, insn, insn->rm);
	}
	if (result) {
		return result;
	}
	if (mod == 1) {
		result = take(context, insn, 1, &displacement);
	} else if (mod == 2 || no_base) {
		result = take(context, insn, 4, &displacement);
	}
	insn->offset += displacement;
	return result;
}

static enum emul_result decode_modrm(struct emul_context *context, struct insn *insn,
				     const struct row *row)
{
	uint64_t modrm;
	enum emul_result result = take(context, insn, 1, &modrm);

	if (result) {
		return result;
	}
	insn->modrm = (uint8_t)modrm;
	insn->reg = (uint8_t)(((insn->modrm >> 3) & 7U) | (insn->rex & REX_R ? 8U : 0U));
	insn->rm = (uint8_t)((insn->modrm & 7U) | (insn->rex & REX_B ? 8U : 0U));
	insn->memory = insn->modrm < 0xc0 && !(row->flags & NO_EA);
	if (!insn->memory) {
		return EMUL_DONE;
	}
	return insn->address_bytes == 2 ? decode_address16(context, insn)
					: decode_address(context, insn);
}

static enum emul_result decode_immediate(struct emul_context *context, struct insn *insn,
					 unsigned int flags)
{
	unsigned int bytes = insn->operand_bytes > 4 ? 4 : insn->operand_bytes;
	enum emul_result result;

	/* Of group 3 only the two spellings of test have one. */
	if (insn->op == OP_GROUP3 && !(insn->modrm & 0x30)) {
		flags |= IMMZ;
	}
	if (flags & MOFFS) {
		insn->memory = true;
		return take(context, insn, insn->address_bytes, &insn->offset);
	}
	if (flags & IMMZ) {
		return take(context, insn, bytes, &insn->immediate);
	}
	if (!(flags & (IMM8 | IMM_U8))) {
		return EMUL_DONE;
	}
	result = take(context, insn, 1, &insn->immediate);
	if (flags & IMM_U8) {
		insn->immediate &= 0xff;
	}
	return result;
}

/* The rest of ud2 "xen" cpuid. Anything else is a plain ud2, whatever follows it in memory. */
static enum emul_result decode_forced(struct emul_context *context, struct insn *insn)
{
	static const uint8_t rest[5] = {'x', 'e', 'n', 0x0f, 0xa2};
	uint64_t byte;

	insn->op = OP_REFUSED;
	if (insn->length != 2) {
		return EMUL_DONE;
	}
	for (unsigned int i = 0; i < array_size(rest); i++) {
		if (take(context, insn, 1, &byte) || (uint8_t)byte != rest[i]) {
			return EMUL_DONE;
		}
	}
	insn->op = OP_CPUID;
	context->forced = true;
	return EMUL_DONE;
}

static void resolve_group3(struct insn *insn, unsigned int reg)
{
	static const uint8_t alu[4] = {ALU_TEST, ALU_TEST, ALU_NOT, ALU_NEG};

	if (reg > 3) {
		insn->op = OP_REFUSED;
		return;
	}
	insn->op = reg < 2 ? OP_ALU_RM_IMM : OP_ALU_RM;
	insn->alu = alu[reg];
}

static void resolve_group7(struct insn *insn, unsigned int reg)
{
	bool plain = !insn->operand_prefix && !insn->repeat;

	if (plain && insn->modrm == 0xd1) {
		insn->op = OP_XSETBV;
	} else if (plain && insn->modrm == 0xf9) {
		insn->op = OP_RDTSCP;
	} else if (reg < 2 && insn->memory) {
		insn->op = reg ? OP_SIDT : OP_SGDT;
	} else if (reg == 4) {
		insn->op = OP_SMSW;
	} else {
		insn->op = OP_REFUSED;
	}
}

/* Turns what only the ModRM byte can tell into a final op. */
static void resolve_group(const struct emul_context *context, struct insn *insn)
{
	unsigned int reg = (insn->modrm >> 3) & 7U;

	switch ((unsigned int)insn->op) {
	case OP_GROUP1:
		insn->op = OP_ALU_RM_IMM;
		insn->alu = (enum alu_op)reg;
		break;
	case OP_GROUP3:
		resolve_group3(insn, reg);
		break;
	case OP_GROUP4:
		insn->op = reg < 2 ? OP_ALU_RM : OP_REFUSED;
		insn->alu = reg ? ALU_DEC : ALU_INC;
		break;
	case OP_GROUP6:
		insn->op = reg == 0 ? OP_SLDT : reg == 1 ? OP_STR : OP_REFUSED;
		break;
	case OP_GROUP7:
		resolve_group7(insn, reg);
		break;
	case OP_GROUP8:
		insn->op = reg >= 4 ? OP_BIT_IMM : OP_REFUSED;
		insn->alu = (enum alu_op)(ALU_BT + (reg & 3U));
		break;
	case OP_GROUP9:
		insn->op = reg == 1 && insn->memory ? OP_CMPXCHG_WIDE : OP_REFUSED;
		break;
	case OP_GROUP11:
		insn->op = reg == 0 ? OP_MOV_RM_IMM : OP_REFUSED;
		break;
	case OP_MOVNTI:
		insn->op = insn->memory && !insn->operand_prefix ? OP_MOV_RM_REG : OP_REFUSED;
		break;
	case OP_MOVSXD:
		if (context->mode_bits != 64) {
			insn->op = OP_REFUSED;
		}
		break;
	default:
		break;
	}
}

static bool alu_only_reads(enum alu_op alu)
{
	return alu == ALU_CMP || alu == ALU_TEST || alu == ALU_BT;
}

static enum emul_result check_lock(struct emul_context *context, struct insn *insn,
				   const struct row *row)
{
	bool arithmetic = insn->op <= OP_BIT_IMM;

	if (insn->lock && (!(row->flags & LOCKS) || !insn->memory ||
			   (arithmetic && alu_only_reads(insn->alu)))) {
		return emul_raise(context, EXCEPTION_UD, 0);
	}
	/* XCHG with memory is always locked (SDM 2D, XCHG). */
	if (insn->op == OP_XCHG && insn->memory) {
		insn->lock = true;
	}
	return EMUL_DONE;
}

/* The register forms of bt, bts, btr, btc reach beyond the operand (SDM 2A 3.1.1.9). */
static void move_to_bit(struct emul_context *context, struct insn *insn)
{
	unsigned int bytes = insn->operand_bytes;
	uint64_t bit = sign_extend(register_read(context, insn, insn->reg, bytes), bytes);

	insn->offset += (uint64_t)((int64_t)bit >> 3) & ~(uint64_t)(bytes - 1);
}

static enum emul_result finish_memory(struct emul_context *context, struct insn *insn)
{
	if (insn->rip_relative) {
		insn->offset += context->regs->rip + insn->length;
	}
	if (insn->op == OP_BIT_REG) {
		move_to_bit(context, insn);
	}
	insn->offset &= bytes_mask(insn->address_bytes);
	return linear_address(context, insn->segment, insn->offset, &insn->address);
}

static enum emul_result decode_operands(struct emul_context *context, struct insn *insn,
					const struct row *row)
{
	enum emul_result result = EMUL_DONE;

	if (row->flags & MODRM) {
		result = decode_modrm(context, insn, row);
	}
	if (!result && insn->op == OP_FORCED) {
		result = decode_forced(context, insn);
	}
	if (!result) {
		result = decode_immediate(context, insn, row->flags);
	}
	if (result) {
		return result;
	}
	resolve_group(context, insn);
	if (insn->op == OP_REFUSED) {
		return EMUL_REFUSED;
	}
	result = check_lock(context, insn, row);
	if (!result && insn->memory) {
		result = finish_memory(context, insn);
	}
	return result;
}

enum emul_result insn_decode(struct emul_context *context, struct insn *insn)
{
	const struct row *row;
	uint64_t byte;
	enum emul_result result;

	*insn = (struct insn){.segment = EMUL_DS};
	result = decode_prefixes(context, insn);
	if (result) {
		return result;
	}
	decode_widths(context, insn);
	row = &map_one[insn->opcode];
	if (insn->opcode == 0x0f) {
		result = take(context, insn, 1, &byte);
		if (result) {
			return result;
		}
		insn->opcode = (uint8_t)byte;
		row = &map_two[insn->opcode];
	}
	if (row->op == OP_REFUSED) {
		return EMUL_REFUSED;
	}
	insn->op = (enum insn_op)row->op;
	insn->alu = (enum alu_op)row->alu;
	if ((row->flags & WBIT) && !(insn->opcode & 1U)) {
		insn->operand_bytes = 1;
	}
	return decode_operands(context, insn, row);
}
