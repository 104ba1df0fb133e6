/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No notes at all: the section of text that came before them. */
	.section __xen_guest, "", @progbits
	.ascii	"GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,"
	.asciz	"ELF_PADDR_OFFSET=0x0,PAE=yes,LOADER=generic"
	.section .note.GNU-stack, "", @progbits
