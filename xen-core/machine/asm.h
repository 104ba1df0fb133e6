/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers entry.S and head.S share with C. tables.c asserts the offsets.
 */
#ifndef MACHINE_ASM_H
#define MACHINE_ASM_H

#define REGS_RCX 0x58
#define REGS_R11 0x30
#define REGS_ERROR 0x78
#define REGS_VECTOR 0x7c
#define REGS_RIP 0x80
#define REGS_CS 0x88
#define REGS_RFLAGS 0x90
#define REGS_RSP 0x98
#define REGS_SS 0xa0
#define REGS_BYTES 0xc8
#define CPU_LOCAL_BYTES 0xe8
#define CPU_HOST_STATE 0xe0
#define CPU_STACK_BYTES 0x8000

/* cpu_regs.entry_vector of a SYSCALL; also the exit path's note that SYSRET may be used. */
#define ENTRY_SYSCALL 0x100
/* ... of a translated guest: the way back is VMRUN. */
#define ENTRY_VMRUN 0x200

#define SELECTOR_CORE_CODE 0xe008
#define SELECTOR_CORE_DATA 0xe010
#define SELECTOR_TSS 0xe040
#define SELECTOR_LDT 0xe050
#define SELECTOR_GUEST_CODE32 0xe023
#define SELECTOR_GUEST_DATA 0xe02b
#define SELECTOR_GUEST_CODE64 0xe033

#define CORE_LINK_ADDRESS 0xffff82d040000000
#define MULTIBOOT_LOAD_ADDRESS 0x200000

#endif
