/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader's only instructions that are not C: reading the paging registers, and the jump to the
 * core, which expects interrupts off, the direction flag clear and boot_info's address in RDI.
 */
	.text

	.globl	handoff_read_cr3
	.type	handoff_read_cr3, @function
handoff_read_cr3:
	mov	%cr3, %rax
	ret

	.globl	handoff_read_cr4
	.type	handoff_read_cr4, @function
handoff_read_cr4:
	mov	%cr4, %rax
	ret

/* void handoff_jump(uint64_t entry, const struct boot_info *info) */
	.globl	handoff_jump
	.type	handoff_jump, @function
handoff_jump:
	cli
	cld
	mov	%rdi, %rax
	mov	%rsi, %rdi
	xor	%ebp, %ebp
	jmp	*%rax

/* The core itself, as objcopy made it; a section of its own so that tools can find it. */
	.section .core, "aw", @progbits
	.balign	4096
	.globl	core_image_start
core_image_start:
	.incbin "core.bin"
	.globl	core_image_end
core_image_end:

	.section .note.GNU-stack, "", @progbits
