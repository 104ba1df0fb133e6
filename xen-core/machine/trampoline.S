/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions of another CPU: real mode at a page below 1 MiB, copied there by smp.c, which
 * fills the words at its end. Straight to long mode on the boot page tables, then to smp_entry.
 */
#include "asm.h"

	.section .rodata
	.balign	16
	.globl	trampoline_start, trampoline_end, trampoline_cr3, trampoline_base
#define AT(symbol) ((symbol) - trampoline_start)

	.code16
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	mov	AT(trampoline_base), %ebp	/* machine address of this page */
	lea	AT(1f)(%ebp), %eax
	mov	%eax, AT(far32)
	lea	AT(gdt)(%ebp), %eax
	mov	%eax, AT(gdt_pointer) + 2
	lgdtl	AT(gdt_pointer)
	mov	AT(trampoline_cr3), %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x900, %eax			/* LME, NXE */
	wrmsr
	mov	$0x80010001, %eax		/* PG, WP, PE */
	mov	%eax, %cr0
	ljmpl	*AT(far32)
	.code64
1:	movabs	$smp_entry, %rax
	jmp	*%rax
	.balign	8
gdt:
	.quad	0
	.quad	0x00af9a000000ffff
gdt_pointer:
	.word	15
	.long	0
far32:
	.long	0
	.word	8
	.balign	4
trampoline_cr3:
	.long	0
trampoline_base:
	.long	0
trampoline_end:

	.text
	.globl	smp_entry
smp_entry:
	mov	smp_entry_cr3(%rip), %rax
	mov	%rax, %cr3
	mov	smp_entry_stack(%rip), %rsp
	xor	%ebp, %ebp
	call	smp_start
1:	hlt
	jmp	1b
	.section .note.GNU-stack, "", @progbits
