/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMAP: the core reaches pages of the guest's address space only between smap_open() and
 * smap_close() (SDM 3A 4.6.1). A stray pointer into guest memory faults.
 *
 * Not every CPU knows stac and clac, so the places where they belong hold two different NOPs of
 * their length, and .smap_sites lists them. smap_patch() turns them into the instructions, once,
 * while the boot page tables still let text be written; set_control_registers() turns SMAP on.
 * SYSCALL clears RFLAGS.AC (MSR_SFMASK); the gates do not, so entry.S does. A fault inside a
 * window that has a fixup leaves it closed (core_trap_entry()).
 */
#ifndef MACHINE_SMAP_H
#define MACHINE_SMAP_H

#ifdef __ASSEMBLER__

	.macro	smap_site modrm
9900:	.byte	0x0f, 0x1f, \modrm
	.pushsection .smap_sites, "a"
	.long	9900b - .
	.popsection
	.endm
	.macro	smap_open
	smap_site 0x03				/* nopl (%rbx) */
	.endm
	.macro	smap_close
	smap_site 0x00				/* nopl (%rax) */
	.endm

#else

#include "lib/types.h"

#define SMAP_SITE(modrm)                        \
	"9900: .byte 0x0f, 0x1f, " modrm "\n\t" \
	".pushsection .smap_sites, \"a\"\n\t"   \
	".long 9900b - .\n\t"                   \
	".popsection"

static inline void smap_open(void)
{
	__asm__ volatile(SMAP_SITE("0x03")::: "memory");
}

static inline void smap_close(void)
{
	__asm__ volatile(SMAP_SITE("0x00")::: "memory");
}

/* Before the image's text is protected, and before any other CPU runs. */
void smap_patch(void);
/* Whether the sites are patched, so that CR4.SMAP may be set. */
bool smap_is_patched(void);

#endif
#endif
