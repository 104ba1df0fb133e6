/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ordinary notes and one more: a page for the hypervisor to fill with calls. The entry is the
 * ELF file's own, as kernels without that note have it.
 */
	.section .note.Xen, "a", @note
	.macro	note type, data:vararg
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\data
2:	.balign	4
	.endm
	note	2, .quad hypercall_page
	note	3, .quad 0xffffffff80000000
	note	4, .quad 0
	note	5, .asciz "xen-3.0"
	note	6, .asciz "linux"
	note	8, .asciz "generic"
	note	9, .asciz "yes"
	note	17, .long 0x801

	.section .note.GNU-stack, "", @progbits

	.bss
	.balign	4096
	.globl	hypercall_page
hypercall_page:
	.skip	4096
