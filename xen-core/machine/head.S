/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions of the core, and the header loaders read.
 *
 * entry64: long mode, identity mapped, interrupts off, RDI = struct boot_info.
 * entry32: multiboot 1 and 2 (Multiboot Specification 0.6.96, Multiboot2 Specification 2.0),
 *          protected mode, paging off, EAX = magic, EBX = information; image at
 *          CORE_IMAGE_MULTIBOOT_ADDRESS with its bss zeroed.
 * entry_pvh: the same, but EAX says nothing.
 *
 * Both end in boot_entry with the boot page tables: an identity map and a direct map of the first
 * 4 GiB, and the image at its virtual home. Everything before that jump is position independent.
 */
#include "asm.h"

	.section .head, "ax"
	.globl	core_header
core_header:
	.quad	0x65726f6378707021
	.quad	head_image_bytes
	.quad	head_memory_bytes
	.quad	head_entry64
	.quad	head_entry32
	.quad	head_entry_pvh

	.balign	4
multiboot_header:
	.long	0x1badb002
	.long	0x00000003			/* page-aligned modules, memory map */
	.long	-(0x1badb002 + 0x00000003)

	.balign	8
multiboot2_header:
	.long	0xe85250d6
	.long	0				/* i386, protected mode */
	.long	4f - multiboot2_header
	.long	-(0xe85250d6 + (4f - multiboot2_header))
	.word	6, 0				/* page-aligned modules */
	.long	8
	.word	0, 0				/* the last tag */
	.long	8
4:
	.globl	entry32, entry64, entry_pvh, entry_from32, boot_gdt, boot_gdt_pointer
	.code32
entry_pvh:
	mov	$0x336ec578, %eax		/* PVH_MAGIC: nothing is said of EAX there */
entry32:
	cli
	cld
	mov	%eax, %ebp
	mov	$head_stack_top, %esp

	/* Identity map of 4 GiB with 2 MiB pages in boot_l2, to get into long mode. */
	mov	$head_l2, %edi
	mov	$0x83, %eax
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$8, %edi
	add	$0x200000, %eax
	jnc	1b
	mov	$head_l3, %edi
	mov	$head_l2 + 3, %eax
	mov	$4, %ecx
2:	mov	%eax, (%edi)
	add	$8, %edi
	add	$0x1000, %eax
	loop	2b
	movl	$head_l3 + 3, head_l4

	mov	$head_l4, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax			/* PAE */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax			/* LME */
	wrmsr
	mov	%cr0, %eax
	or	$0x80010001, %eax		/* PG, WP, PE */
	mov	%eax, %cr0
	lgdt	head_gdt_pointer
	ljmp	$8, $head_from32

	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9a000000ffff
	.quad	0x00cf92000000ffff
boot_gdt_pointer:
	.word	23
	.long	head_gdt
	.long	0

	.code64
entry_from32:
	mov	%ebx, %edi
	mov	%ebp, %esi
	jmp	3f
entry64:
	cli
	cld
	xor	%esi, %esi			/* not multiboot */
3:	lea	boot_stack + CPU_STACK_BYTES - CPU_LOCAL_BYTES(%rip), %rsp
	push	%rdi
	push	%rsi
	lea	core_header(%rip), %rdi
	call	boot_paging
	pop	%rsi
	pop	%rdi
	mov	%rax, %cr3
	movabs	$4f, %rax
	jmp	*%rax
4:	lea	boot_stack + CPU_STACK_BYTES - CPU_LOCAL_BYTES(%rip), %rsp
	xor	%ebp, %ebp
	sub	$8, %rsp
	mov	%esi, %esi
	call	boot_entry
5:	hlt
	jmp	5b

	.section .bss, "aw", @nobits
	.balign	CPU_STACK_BYTES
	.globl	boot_stack
boot_stack:
	.skip	CPU_STACK_BYTES
	.balign	4096
	.globl	boot_l4
boot_l4:
	.skip	4096
	.globl	boot_l3_low
boot_l3_low:
	.skip	4096
	.globl	boot_l3_core
boot_l3_core:
	.skip	4096
	.globl	boot_l2
boot_l2:
	.skip	4 * 4096
	.globl	boot_l2_core
boot_l2_core:
	.skip	4096
	.section .note.GNU-stack, "", @progbits
