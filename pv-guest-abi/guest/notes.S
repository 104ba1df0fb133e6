/* SPDX-License-Identifier: MIT */
/*
 * What a microguest says about itself (xen/elfnote.h). A guest with a notes.S of its own is built
 * with that instead.
 */
	.section .note.Xen, "a", @note
	.macro	note type, data:vararg
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\data
2:	.balign	4
	.endm
	note	1, .quad guest_start
	note	3, .quad 0xffffffff80000000
	note	4, .quad 0
	note	5, .asciz "xen-3.0"
	note	6, .asciz "linux"
	note	8, .asciz "generic"
	note	9, .asciz "yes"
	note	17, .long 0x801

	.section .note.GNU-stack, "", @progbits
