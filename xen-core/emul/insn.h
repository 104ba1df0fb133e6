/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One decoded instruction, and what the parts of the emulator share. Private to emul/.
 * Decoding resolves everything encoding can hide: groups, prefixes, operand width, and the
 * linear address of a memory operand. Execution then only looks at op, alu and operands.
 */
#ifndef EMUL_INSN_H
#define EMUL_INSN_H

#include "emul/emul.h"

/* The order of the first eight is that of the opcodes and of the reg field of group 1. */
enum alu_op {
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR,
	ALU_CMP,
	ALU_TEST,
	ALU_INC,
	ALU_DEC,
	ALU_NOT,
	ALU_NEG,
	ALU_BT,
	ALU_BTS,
	ALU_BTR,
	ALU_BTC,
	ALU_XCHG,
};

/* Sorted by class; op_class() depends on it. */
enum insn_op {
	OP_REFUSED,
	OP_ALU_RM_REG,
	OP_ALU_REG_RM,
	OP_ALU_RM_IMM,
	OP_ALU_ACC_IMM,
	OP_ALU_RM,
	OP_BIT_REG,
	OP_BIT_IMM,
	OP_XCHG,
	OP_XADD,
	OP_CMPXCHG,
	OP_CMPXCHG_WIDE,
	OP_MOV_RM_REG,
	OP_MOV_REG_RM,
	OP_MOV_RM_IMM,
	OP_MOV_ACC_LOAD,
	OP_MOV_ACC_STORE,
	OP_MOVZX,
	OP_MOVSX,
	OP_MOVSXD,
	OP_MOVS,
	OP_STOS,
	OP_LODS,

	OP_INS,
	OP_OUTS,
	OP_IN_IMM,
	OP_IN_DX,
	OP_OUT_IMM,
	OP_OUT_DX,

	OP_CLI,
	OP_STI,
	OP_CLTS,
	OP_HLT,
	OP_INVD,
	OP_WBINVD,
	OP_MOV_FROM_CR,
	OP_MOV_TO_CR,
	OP_MOV_FROM_DR,
	OP_MOV_TO_DR,
	OP_RDMSR,
	OP_WRMSR,
	OP_RDTSC,
	OP_RDTSCP,
	OP_RDPMC,
	OP_CPUID,
	OP_XSETBV,
	OP_SGDT,
	OP_SIDT,
	OP_SLDT,
	OP_STR,
	OP_SMSW,

	/* Only inside the decoder: the ModRM byte or more bytes tell what it is. */
	OP_GROUP1,
	OP_GROUP3,
	OP_GROUP4,
	OP_GROUP6,
	OP_GROUP7,
	OP_GROUP8,
	OP_GROUP9,
	OP_GROUP11,
	OP_MOVNTI,
	OP_FORCED,
};

#define REX_B 1U
#define REX_X 2U
#define REX_R 4U
#define REX_W 8U
#define REX_PRESENT 0x40U

struct insn {
	uint64_t offset;    /* of the memory operand within its segment */
	uint64_t address;   /* the same, linear */
	uint64_t immediate; /* sign-extended */
	enum insn_op op;
	enum alu_op alu;
	enum emul_segment segment; /* of the memory operand, or of a string's source */
	uint8_t length;		   /* bytes consumed */
	uint8_t fetched;
	uint8_t rex; /* with REX_PRESENT, or 0 */
	uint8_t opcode;
	uint8_t modrm;
	uint8_t reg; /* extended by REX.R */
	uint8_t rm;  /* extended by REX.B; a register unless memory */
	uint8_t operand_bytes;
	uint8_t address_bytes;
	bool memory;
	bool lock;
	bool repeat; /* F2 or F3 */
	bool operand_prefix;
	bool address_prefix;
	bool segment_prefix;
	bool rip_relative;
	uint8_t bytes[16];
};

/* decode.c */
must_check enum emul_result insn_decode(struct emul_context *context, struct insn *insn);

/* operand.c */
uint64_t register_read(const struct emul_context *context, const struct insn *insn,
		       unsigned int index, unsigned int bytes);
void register_write(struct emul_context *context, const struct insn *insn, unsigned int index,
		    unsigned int bytes, uint64_t value);
must_check enum emul_result linear_address(struct emul_context *context,
					   enum emul_segment segment, uint64_t offset,
					   uint64_t *linear);
must_check enum emul_result memory_read(struct emul_context *context, enum emul_segment segment,
					uint64_t address, unsigned int bytes,
					enum emul_access access, uint64_t *value);
must_check enum emul_result memory_write(struct emul_context *context, enum emul_segment segment,
					 uint64_t address, unsigned int bytes, uint64_t value);
/* The operand the ModRM byte names: a register or memory. */
must_check enum emul_result rm_read(struct emul_context *context, const struct insn *insn,
				    unsigned int bytes, enum emul_access access, uint64_t *value);
must_check enum emul_result rm_write(struct emul_context *context, const struct insn *insn,
				     unsigned int bytes, uint64_t value);

static inline uint64_t bytes_mask(unsigned int bytes)
{
	return bytes >= 8 ? ~0UL : (1UL << (bytes * 8)) - 1;
}

static inline uint64_t sign_extend(uint64_t value, unsigned int bytes)
{
	unsigned int shift = 64 - bytes * 8;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* alu.c. flags_of_compare: the arithmetic flags of a - b. */
uint64_t flags_of_compare(uint64_t a, uint64_t b, unsigned int bytes);
must_check enum emul_result execute_alu(struct emul_context *context, struct insn *insn);

/* move.c: moves and compare-exchanges. */
must_check enum emul_result execute_move(struct emul_context *context, const struct insn *insn);
must_check enum emul_result execute_cmpxchg(struct emul_context *context,
					    const struct insn *insn);
must_check enum emul_result execute_cmpxchg_wide(struct emul_context *context,
						 const struct insn *insn);

/* string.c: also the port forms. */
must_check enum emul_result execute_string(struct emul_context *context,
					   const struct insn *insn);

/* port.c */
must_check enum emul_result port_check(struct emul_context *context, uint16_t port,
				       unsigned int bytes);
must_check enum emul_result execute_port(struct emul_context *context, const struct insn *insn);

/* system.c */
must_check enum emul_result execute_system(struct emul_context *context,
					   const struct insn *insn);

#endif
