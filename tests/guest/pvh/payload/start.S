/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First instructions of a PVH microguest: from 32-bit code without paging into long mode with the
 * first 4 GiB mapped one to one in 2 MiB pages; a second CPU goes the same way from real mode.
 * Exceptions and interrupts come to trap() with what the CPU pushed.
 */
	.section .note, "a"
	.balign	4
	.long	4, 8, 18	/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	pvh_entry

	.text
	.code32
	.globl	pvh_entry
pvh_entry:
	cld
	mov	$stack_end, %esp
	mov	%ebx, start_info_address
	/* L4 -> L3 -> four L2 tables of 512 entries. */
	movl	$(l3 + 7), l4
	mov	$l2 + 7, %eax
	mov	$l3, %edi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	mov	$0x87, %eax
	mov	$l2, %edi
	mov	$2048, %ecx
2:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	2b
	call	enable_long_mode
	ljmp	$8, $long_mode

/* Uses eax, ecx, edx. */
enable_long_mode:
	mov	$0x6a0, %eax	/* PAE, PGE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$l4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x901, %eax	/* NXE, LME, SCE */
	wrmsr
	mov	%cr0, %eax
	or	$0x80010003, %eax	/* PG, WP, MP, PE */
	and	$0x9fffffff, %eax	/* not CD, not NW */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ret

	.code64
long_mode:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	lidt	idt_pointer(%rip)
	mov	start_info_address(%rip), %edi
	call	pvh_main
1:	hlt
	jmp	1b

/* --- the second CPU: copied to the page a SIPI names ----------------------------------------- */
	.globl	ap_start, ap_end
	.code16
	.balign	16
ap_start:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	ap_gdt_pointer - ap_start
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x18, $ap_protected
ap_gdt_pointer:
	.word	0x27
	.long	gdt
ap_end:

	.code32
ap_protected:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$ap_stack_end, %esp
	call	enable_long_mode
	ljmp	$8, $ap_long_mode

	.code64
ap_long_mode:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	lidt	idt_pointer(%rip)
	call	ap_main
1:	hlt
	jmp	1b

/* --- a hypercall of 32-bit code: (number, ebx, ecx), from 64-bit code ------------------------- */
	.globl	call_32
call_32:
	push	%rbx
	mov	%edi, %eax
	mov	%esi, %ebx
	mov	%edx, %ecx
	pushq	$0x18
	pushq	$1f
	lretq
	.code32
1:	vmmcall
	ljmp	$8, $2f
	.code64
2:	mov	%eax, %eax
	pop	%rbx
	ret

/* --- code that ends by a trap: (code, segment) ----------------------------------------------- */
	.globl	run_code, run_over
run_code:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	movl	$-1, last_vector
	mov	%esi, %eax
	and	$3, %eax
	lea	0x10(%rax,%rax,8), %eax	/* 0x10, or of programs 0x2b */
	push	%rax
	pushq	$run_stack_end - 64
	pushq	$0x202
	push	%rsi
	push	%rdi
	mov	$run_registers, %r15
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
	cli
	mov	%rsp, run_stack
	addq	$40, run_stack
	iretq
run_over:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	cld
	ret

/* --- traps ----------------------------------------------------------------------------------- */
	.macro	stub vector
	.balign	16
	.if	\vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21
	.else
	push	$0
	.endif
	.byte	0x68	/* push, always with four bytes */
	.long	\vector
	jmp	trap_common
	.endm

	.globl	stubs
	.balign	16
stubs:
	.set	n, 0
	.rept	256
	stub	n
	.set	n, n + 1
	.endr

trap_common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	lea	72(%rsp), %rdi
	cld
	call	trap
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.data
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x10: data */
	.quad	0x00cf9b000000ffff	/* 0x18: 32-bit code */
	.quad	0x00affb000000ffff	/* 0x20: 64-bit code of programs */
	.quad	0x00cff3000000ffff	/* 0x28: their data */
	.globl	gdt_tss
gdt_tss:
	.quad	0, 0			/* 0x30: TSS */
	.quad	0
gdt_pointer:
	.word	0x47
	.quad	gdt
	.globl	idt_pointer
idt_pointer:
	.word	0xfff
	.quad	idt
start_info_address:
	.long	0

	.bss
	.balign	4096
l4:	.skip	4096
l3:	.skip	4096
l2:	.skip	4 * 4096
	.globl	idt, hypercall_page, run_registers, trap_stack_end
run_registers:
	.skip	15 * 8
	.skip	4096
run_stack_end:
	.balign	4096
	.skip	8192
trap_stack_end:
idt:	.skip	4096
hypercall_page:
	.skip	4096
	.skip	16384
stack_end:
	.skip	8192
ap_stack_end:

	.section .note.GNU-stack, "", @progbits
