/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits of the control registers, EFER, RFLAGS, XCR0 and the debug registers.
 * Intel SDM 3A 2.3 (RFLAGS), 2.5 (CRn), 2.6 (XCR0), 2.2.1 (EFER), 3B 17.2 (DRn);
 * AMD APM 2 3.1 and 13.1.
 */
#ifndef X86_CR_H
#define X86_CR_H

#include "lib/types.h"

#define CR0_PE (1UL << 0)
#define CR0_MP (1UL << 1)
#define CR0_EM (1UL << 2)
#define CR0_TS (1UL << 3)
#define CR0_ET (1UL << 4)
#define CR0_NE (1UL << 5)
#define CR0_WP (1UL << 16)
#define CR0_AM (1UL << 18)
#define CR0_NW (1UL << 29)
#define CR0_CD (1UL << 30)
#define CR0_PG (1UL << 31)

#define CR3_PCID_MASK 0xfffUL
#define CR3_ADDRESS_MASK 0x000ffffffffff000UL
#define CR3_NO_FLUSH (1UL << 63)

#define CR4_VME (1UL << 0)
#define CR4_PVI (1UL << 1)
#define CR4_TSD (1UL << 2)
#define CR4_DE (1UL << 3)
#define CR4_PSE (1UL << 4)
#define CR4_PAE (1UL << 5)
#define CR4_MCE (1UL << 6)
#define CR4_PGE (1UL << 7)
#define CR4_PCE (1UL << 8)
#define CR4_OSFXSR (1UL << 9)
#define CR4_OSXMMEXCPT (1UL << 10)
#define CR4_UMIP (1UL << 11)
#define CR4_LA57 (1UL << 12)
#define CR4_VMXE (1UL << 13)
#define CR4_SMXE (1UL << 14)
#define CR4_FSGSBASE (1UL << 16)
#define CR4_PCIDE (1UL << 17)
#define CR4_OSXSAVE (1UL << 18)
#define CR4_SMEP (1UL << 20)
#define CR4_SMAP (1UL << 21)
#define CR4_PKE (1UL << 22)
#define CR4_CET (1UL << 23)
#define CR4_PKS (1UL << 24)

#define EFER_SCE (1UL << 0)
#define EFER_LME (1UL << 8)
#define EFER_LMA (1UL << 10)
#define EFER_NXE (1UL << 11)
#define EFER_SVME (1UL << 12)
#define EFER_FFXSR (1UL << 14)
#define EFER_TCE (1UL << 15)

#define RFLAGS_CF (1UL << 0)
#define RFLAGS_FIXED (1UL << 1)
#define RFLAGS_PF (1UL << 2)
#define RFLAGS_AF (1UL << 4)
#define RFLAGS_ZF (1UL << 6)
#define RFLAGS_SF (1UL << 7)
#define RFLAGS_TF (1UL << 8)
#define RFLAGS_IF (1UL << 9)
#define RFLAGS_DF (1UL << 10)
#define RFLAGS_OF (1UL << 11)
#define RFLAGS_IOPL_SHIFT 12
#define RFLAGS_IOPL (3UL << RFLAGS_IOPL_SHIFT)
#define RFLAGS_NT (1UL << 14)
#define RFLAGS_RF (1UL << 16)
#define RFLAGS_VM (1UL << 17)
#define RFLAGS_AC (1UL << 18)
#define RFLAGS_ARITHMETIC \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

#define XCR0_X87 (1UL << 0)
#define XCR0_SSE (1UL << 1)
#define XCR0_AVX (1UL << 2)
#define XCR0_OPMASK (1UL << 5)
#define XCR0_ZMM_HI256 (1UL << 6)
#define XCR0_HI16_ZMM (1UL << 7)

/* DR6: the bits that read as one, those that read as zero are all others not named. */
#define DR6_RESERVED_ONE 0xffff0ff0UL
#define DR6_B_ALL 0xfUL
#define DR6_BD (1UL << 13)
#define DR6_BS (1UL << 14)
#define DR6_BT (1UL << 15)
#define DR6_RTM (1UL << 16)

#define DR7_RESERVED_ONE (1UL << 10)
#define DR7_RESERVED_ZERO 0xffffffff0000d000UL
#define DR7_ENABLE_MASK 0xffUL
#define DR7_RTM (1UL << 11)
#define DR7_GD (1UL << 13)
#define DR7_CONTROL_SHIFT 16
#define DR7_CONTROL_BITS 4
#define DR7_RW_IO 2U

#endif
