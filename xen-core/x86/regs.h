/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The saved registers of a guest: what the entry stubs push and the exit path pops.
 * The layout is the public cpu_user_regs of 64-bit x86 (public/arch-x86/xen-x86_64.h), so a
 * frame is also what vcpu contexts carry. Lowest address first: callee-saved registers, the
 * others, error code and vector, then what the CPU itself pushes (Intel SDM 3A 6.14.2), then
 * the data selectors, which only context switches and failsafe callbacks fill.
 */
#ifndef X86_REGS_H
#define X86_REGS_H

#include "lib/types.h"

struct cpu_regs {
	uint64_t r15;
	uint64_t r14;
	uint64_t r13;
	uint64_t r12;
	uint64_t rbp;
	uint64_t rbx;
	uint64_t r11;
	uint64_t r10;
	uint64_t r9;
	uint64_t r8;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rsi;
	uint64_t rdi;
	uint32_t error_code;
	uint32_t entry_vector;
	uint64_t rip;
	uint16_t cs;
	uint16_t pad0;
	uint8_t saved_upcall_mask;
	uint8_t pad1[3];
	uint64_t rflags;
	uint64_t rsp;
	uint16_t ss;
	uint16_t pad2[3];
	uint16_t es;
	uint16_t pad3[3];
	uint16_t ds;
	uint16_t pad4[3];
	uint16_t fs;
	uint16_t pad5[3];
	uint16_t gs;
	uint16_t pad6[3];
};

#define REGS_OFFSET(field, offset) \
	_Static_assert(offsetof(struct cpu_regs, field) == (offset), "layout of " #field)

REGS_OFFSET(r15, 0);
REGS_OFFSET(r14, 8);
REGS_OFFSET(r13, 16);
REGS_OFFSET(r12, 24);
REGS_OFFSET(rbp, 32);
REGS_OFFSET(rbx, 40);
REGS_OFFSET(r11, 48);
REGS_OFFSET(r10, 56);
REGS_OFFSET(r9, 64);
REGS_OFFSET(r8, 72);
REGS_OFFSET(rax, 80);
REGS_OFFSET(rcx, 88);
REGS_OFFSET(rdx, 96);
REGS_OFFSET(rsi, 104);
REGS_OFFSET(rdi, 112);
REGS_OFFSET(error_code, 120);
REGS_OFFSET(entry_vector, 124);
REGS_OFFSET(rip, 128);
REGS_OFFSET(cs, 136);
REGS_OFFSET(saved_upcall_mask, 140);
REGS_OFFSET(rflags, 144);
REGS_OFFSET(rsp, 152);
REGS_OFFSET(ss, 160);
REGS_OFFSET(es, 168);
REGS_OFFSET(ds, 176);
REGS_OFFSET(fs, 184);
REGS_OFFSET(gs, 192);
_Static_assert(sizeof(struct cpu_regs) == 200, "cpu_user_regs is 200 bytes");

/* The numbers instructions use for general registers (SDM 2A 2.2.1.2, table 2-4). */
enum gpr_index {
	GPR_RAX = 0,
	GPR_RCX = 1,
	GPR_RDX = 2,
	GPR_RBX = 3,
	GPR_RSP = 4,
	GPR_RBP = 5,
	GPR_RSI = 6,
	GPR_RDI = 7,
	GPR_R8 = 8,
	GPR_R15 = 15,
	GPR_COUNT = 16,
};

/* index is taken modulo 16, so that a register field of an instruction is always safe. */
static inline uint64_t *regs_gpr(struct cpu_regs *regs, unsigned int index)
{
	static const uint8_t offset[GPR_COUNT] = {
		80, 88, 96, 40, 152, 32, 104, 112, 72, 64, 56, 48, 24, 16, 8, 0,
	};

	return (uint64_t *)(void *)((char *)regs + offset[index & (GPR_COUNT - 1)]);
}

#endif
