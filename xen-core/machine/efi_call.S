/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * efi_call(function, args): a call of firmware, which has a convention of its own (UEFI 2.10,
 * 2.3.4): four arguments in rcx, rdx, r8, r9, the fifth on the stack behind room for those four,
 * the stack aligned to 16 bytes. rdi, rsi and all that C here expects to survive survive. The
 * branch is predicted to a place that does nothing, like every indirect branch of the core.
 */
	.text
	.globl	efi_call
	.balign	16
efi_call:
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	sub	$48, %rsp
	mov	%rdi, %rax
	mov	32(%rsi), %rcx
	mov	%rcx, 32(%rsp)
	mov	(%rsi), %rcx
	mov	8(%rsi), %rdx
	mov	16(%rsi), %r8
	mov	24(%rsi), %r9
	call	10f
	leave
	ret
10:	call	12f
11:	pause
	lfence
	jmp	11b
12:	mov	%rax, (%rsp)
	ret

	.section .note.GNU-stack, "", @progbits
