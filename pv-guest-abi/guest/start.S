/* SPDX-License-Identifier: MIT */
/*
 * First instructions of a microguest. Calls are made by SYSCALL. The exception stubs bring the
 * bounce frame into struct trap_frame and leave by the iret hypercall.
 */
	.text
	.globl	guest_start
guest_start:
	cld
	lea	stack_end(%rip), %rsp
	xor	%ebp, %ebp
	mov	%rsi, %rdi
	call	guest_main
1:	jmp	1b

	/* Exceptions without and with an error code; event callback; syscall callback. */
	.macro	stub vector, has_error
	.balign	16
	pop	%rcx
	pop	%r11
	.if	!\has_error
	push	$0
	.endif
	push	$\vector
	jmp	trap_common
	.endm

	.globl	trap_stubs
	.balign	16
trap_stubs:
	.set	n, 0
	.rept	34
	.if	n == 8 || n == 10 || n == 11 || n == 12 || n == 13 || n == 14 || n == 17
	stub	n, 1
	.else
	stub	n, 0
	.endif
	.set	n, n + 1
	.endr

trap_common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	call	guest_trap
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	/* iret frame: rax, r11, rcx, flags, then rip, cs, rflags, rsp, ss are there already */
	push	$0
	push	%rcx
	push	%r11
	push	%rax
	mov	$23, %eax
	syscall
	ud2

	/* user_enter(frame): callee-saved registers wait on this stack for user_leave. */
	.globl	user_enter, user_leave, user_saved
user_enter:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, user_saved(%rip)
	.irp	slot, 64, 56, 48, 40, 32, 24, 16, 8, 0
	pushq	\slot(%rdi)
	.endr
	mov	$23, %eax
	syscall
	ud2
user_leave:
	xor	%eax, %eax
	xchg	%rax, user_saved(%rip)
	mov	%rax, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	.section .bss, "aw", @nobits
	.balign	8
user_saved:
	.skip	8
	.section .bss, "aw", @nobits
	.balign	4096
	.skip	65536
stack_end:
	.section .note.GNU-stack, "", @progbits
