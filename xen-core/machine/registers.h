/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For assembly only: the general registers onto the stack and back, in the order of x86/regs.h.
 * vmrun.S loads all but rax, which is the VMCB's.
 */
#ifndef MACHINE_REGISTERS_H
#define MACHINE_REGISTERS_H

#ifdef __ASSEMBLER__

	.macro	push_registers
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	.endm

	.macro	pop_upper_registers
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	.endm

	.macro	pop_lower_registers
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	.endm

	.macro	pop_registers
	pop_upper_registers
	pop	%rax
	pop_lower_registers
	.endm

#endif
#endif
