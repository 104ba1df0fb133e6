/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID leaves the core reads or answers, and the feature bits it makes decisions by.
 * Intel SDM 2A, CPUID; AMD APM 3 appendix E. Bits stand in their own register of the leaf.
 */
#ifndef X86_CPUID_H
#define X86_CPUID_H

#include "lib/types.h"

struct cpuid_leaf {
	uint32_t a, b, c, d;
};

#define CPUID_EXTENDED_FIRST 0x80000000U
#define CPUID_XEN_FIRST 0x40000000U
#define CPUID_0C_INTEL 0x6c65746eU /* "ntel", the end of the vendor's name */

/* leaf 1, edx */
#define CPUID_1D_APIC (1U << 9)
#define CPUID_1D_MTRR (1U << 12)
#define CPUID_1D_PAT (1U << 16)
#define CPUID_1D_HTT (1U << 28)
/* leaf 1, ecx */
#define CPUID_1C_MONITOR (1U << 3)
#define CPUID_1C_EIST (1U << 7)
#define CPUID_1C_FMA (1U << 12)
#define CPUID_1C_X2APIC (1U << 21)
#define CPUID_1C_TSC_DEADLINE (1U << 24)
#define CPUID_1C_XSAVE (1U << 26)
#define CPUID_1C_OSXSAVE (1U << 27)
#define CPUID_1C_AVX (1U << 28)
#define CPUID_1C_F16C (1U << 29)
#define CPUID_1C_HYPERVISOR (1U << 31)
/* leaf 7.0, ebx */
#define CPUID_7B_FSGSBASE (1U << 0)
#define CPUID_7B_AVX2 (1U << 5)
#define CPUID_7B_SMEP (1U << 7)
#define CPUID_7B_AVX512F (1U << 16)
#define CPUID_7B_SMAP (1U << 20)
#define CPUID_7B_AVX512_ALL 0xdc230000U /* F DQ IFMA PF ER CD BW VL */
/* leaf 7.0, ecx and edx: what AVX and AVX-512 registers carry */
#define CPUID_7C_UMIP (1U << 2)
#define CPUID_7C_AVX512_ALL 0x00005842U /* VBMI VBMI2 VNNI BITALG VPOPCNTDQ */
#define CPUID_7C_AVX_ALL 0x00000600U	/* VAES VPCLMULQDQ */
#define CPUID_7C_RDPID (1U << 22)
#define CPUID_7D_AVX512_ALL 0x0080010cU /* 4VNNIW 4FMAPS VP2INTERSECT FP16 */
#define CPUID_7D_ARCH_CAPS (1U << 29)
/* leaf 7.1, eax */
#define CPUID_7A1_AVX_VNNI (1U << 4)
#define CPUID_7A1_AVX512_BF16 (1U << 5)
/* leaf 0x80000001, edx and ecx */
#define CPUID_E1D_RDTSCP (1U << 27)
#define CPUID_E1D_COMMON 0x0183f3ffU /* AMD repeats these of leaf 1, edx */
#define CPUID_E1C_CMP_LEGACY (1U << 1)
#define CPUID_E1C_AVX_ALL 0x00018800U /* XOP LWP FMA4 */
/* leaf 0x80000007, edx; 0x80000008, ebx */
#define CPUID_E7D_ITSC (1U << 8)
#define CPUID_E8B_IBPB (1U << 12)

#endif
