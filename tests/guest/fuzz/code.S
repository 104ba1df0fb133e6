/* SPDX-License-Identifier: GPL-2.0-or-later */
/* code_run(): jumps to code_bytes with code_registers, on its own stack; see code.h. */
	.text
	.globl	code_run, code_over
code_run:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, code_stack
	mov	$code_registers, %r15
	mov	(%r15), %rax
	mov	8(%r15), %rcx
	mov	16(%r15), %rdx
	mov	24(%r15), %rbx
	mov	32(%r15), %rbp
	mov	40(%r15), %rsi
	mov	48(%r15), %rdi
	mov	56(%r15), %r8
	mov	64(%r15), %r9
	mov	72(%r15), %r10
	mov	80(%r15), %r11
	mov	88(%r15), %r12
	mov	96(%r15), %r13
	mov	104(%r15), %r14
	mov	112(%r15), %r15
	jmp	code_bytes
code_over:
	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	cld
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.bss
	.globl	code_bytes, code_registers, code_stack
	.balign	4096
code_bytes:
	.skip	4096
code_registers:
	.skip	15 * 8
code_stack:
	.skip	8
	.section .note.GNU-stack, "", @progbits
