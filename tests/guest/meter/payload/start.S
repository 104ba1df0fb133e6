/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Into long mode with the first 4 GiB mapped one to one, and no further: whatever traps here ends
 * the domain. Also the start of PVH microguests that are dom0 (tests/guest/run-all).
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
	movl	$(l3 + 7), l4
	mov	$l2 + 7, %eax
	mov	$4, %ecx
	xor	%edi, %edi
1:	mov	%eax, l3(,%edi,8)
	add	$0x1000, %eax
	inc	%edi
	loop	1b
	mov	$0x87, %eax		/* 2 MiB pages */
	xor	%edi, %edi
2:	mov	%eax, l2(,%edi,8)
	inc	%edi
	add	$0x200000, %eax
	jnc	2b
	mov	$0x6a0, %eax		/* PAE, PGE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$l4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	mov	$0x100, %eax		/* LME */
	xor	%edx, %edx
	wrmsr
	mov	$0x80010013, %eax	/* PG, WP, ET, MP, PE */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $3f
	.code64
3:	mov	%ebx, %edi		/* its start information */
	call	pvh_main
4:	hlt
	jmp	4b

	.data
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff
gdt_pointer:
	.word	15
	.long	gdt

	.bss
	.balign	4096
l4:	.skip	4096
l3:	.skip	4096
l2:	.skip	4 * 4096
	.skip	8192
stack_end:

	.section .note.GNU-stack, "", @progbits
