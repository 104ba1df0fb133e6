/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's virtualization in numbers: the virtual machine control block (VMCB), intercepts, exit
 * codes, CPUID and MSRs. AMD APM 2 chapter 15 and appendices B and C.
 *
 * The VMCB is a page of two areas: control (intercepts, injection, what the exit says) and the
 * guest's state. Both are the hardware's format; only hvm/svm/ sees it.
 */
#ifndef X86_SVM_H
#define X86_SVM_H

#include "lib/types.h"

/* CPUID */
#define CPUID_SVM_LEAF 0x8000000aU
#define CPUID_E1C_SVM (1U << 2)
#define SVM_FEATURE_NESTED_PAGING (1U << 0)
#define SVM_FEATURE_NEXT_RIP (1U << 3)

#define MSR_VM_CR 0xc0010114U
#define VM_CR_SVM_DISABLED (1U << 4)
#define MSR_VM_HSAVE_PA 0xc0010117U

/* vmcb.intercepts[]: the number is word * 32 + bit (APM 2 table B-1). */
enum svm_intercept {
	SVM_INTERCEPT_CR_READ = 0,   /* + number */
	SVM_INTERCEPT_CR_WRITE = 16,
	SVM_INTERCEPT_DR_READ = 32,
	SVM_INTERCEPT_DR_WRITE = 48,
	SVM_INTERCEPT_EXCEPTION = 64, /* + vector */
	SVM_INTERCEPT_INTR = 96,
	SVM_INTERCEPT_NMI = 97,
	SVM_INTERCEPT_SMI = 98,
	SVM_INTERCEPT_INIT = 99,
	SVM_INTERCEPT_VINTR = 100,
	SVM_INTERCEPT_RDTSC = 110,
	SVM_INTERCEPT_RDPMC = 111,
	SVM_INTERCEPT_CPUID = 114,
	SVM_INTERCEPT_IRET = 116,
	SVM_INTERCEPT_INVD = 118,
	SVM_INTERCEPT_HLT = 120,
	SVM_INTERCEPT_INVLPGA = 122,
	SVM_INTERCEPT_PORT = 123,
	SVM_INTERCEPT_MSR = 124,
	SVM_INTERCEPT_SHUTDOWN = 127,
	SVM_INTERCEPT_VMRUN = 128,
	SVM_INTERCEPT_VMMCALL = 129,
	SVM_INTERCEPT_VMLOAD = 130,
	SVM_INTERCEPT_VMSAVE = 131,
	SVM_INTERCEPT_STGI = 132,
	SVM_INTERCEPT_CLGI = 133,
	SVM_INTERCEPT_SKINIT = 134,
	SVM_INTERCEPT_RDTSCP = 135,
	SVM_INTERCEPT_WBINVD = 137,
	SVM_INTERCEPT_MONITOR = 138,
	SVM_INTERCEPT_MWAIT = 139,
	SVM_INTERCEPT_MWAIT_ARMED = 140,
	SVM_INTERCEPT_XSETBV = 141,
	SVM_INTERCEPT_RDPRU = 142,
};

/* vmcb.exit_code (APM 2 appendix C) */
enum svm_exit {
	SVM_EXIT_CR_READ = 0x00,
	SVM_EXIT_CR_WRITE = 0x10,
	SVM_EXIT_DR_READ = 0x20,
	SVM_EXIT_DR_WRITE = 0x30,
	SVM_EXIT_EXCEPTION = 0x40,
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_SMI = 0x62,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_RDTSC = 0x6e,
	SVM_EXIT_RDPMC = 0x6f,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_HLT = 0x78,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_PORT = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_RDTSCP = 0x87,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_MWAIT_ARMED = 0x8c,
	SVM_EXIT_XSETBV = 0x8d,
	SVM_EXIT_RDPRU = 0x8e,
	SVM_EXIT_NESTED_FAULT = 0x400,
};
#define SVM_EXIT_INVALID (~0UL)

/* exit_info_1 of SVM_EXIT_PORT (APM 2 15.10.2) */
#define SVM_PORT_IN (1U << 0)
#define SVM_PORT_STRING (1U << 2)
#define SVM_PORT_BYTES_SHIFT 4 /* bits 4-6: one of them, 1, 2, 4 bytes */
#define SVM_PORT_NUMBER_SHIFT 16

/* exit_info_1 of SVM_EXIT_NESTED_FAULT: a page fault's error code, low half */
#define SVM_FAULT_PRESENT (1UL << 0)
#define SVM_FAULT_WRITE (1UL << 1)
#define SVM_FAULT_FETCH (1UL << 4)

/* vmcb.event and exit_event (APM 2 15.20): bits 0-7 vector, 8-10 type, 11 error valid, 31 valid */
#define SVM_EVENT_TYPE_SHIFT 8
#define SVM_EVENT_TYPE_MASK 7U
#define SVM_EVENT_HAS_ERROR (1U << 11)
#define SVM_EVENT_VALID (1U << 31)
#define SVM_EVENT_ERROR_SHIFT 32

/* vmcb.virtual_interrupt (APM 2 15.21) */
#define SVM_V_TPR_MASK 0xffUL
#define SVM_V_IRQ (1UL << 8)
#define SVM_V_PRIORITY_MAX (15UL << 16)
#define SVM_V_IGNORE_TPR (1UL << 20)
#define SVM_V_INTR_MASKING (1UL << 24)
#define SVM_V_VECTOR_SHIFT 32
#define SVM_V_VECTOR_MASK 0xffUL

#define SVM_TLB_FLUSH_NOTHING 0
#define SVM_TLB_FLUSH_ALL 1

#define SVM_SHADOW (1UL << 0)

struct vmcb_segment {
	uint16_t selector;
	uint16_t access;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint32_t intercepts[6];
	uint8_t reserved_018[0x3c - 0x18];
	uint16_t pause_threshold, pause_count;
	uint64_t port_map;  /* machine address of 3 pages, a bit per port */
	uint64_t msr_map;   /* of 2 pages, two bits per MSR */
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control;
	uint8_t reserved_05d[3];
	uint64_t virtual_interrupt;
	uint64_t interrupt_shadow;
	uint64_t exit_code;
	uint64_t exit_info_1, exit_info_2;
	uint64_t exit_event; /* whose delivery the exit broke off */
	uint64_t nested_paging; /* bit 0: on */
	uint8_t reserved_098[0xa8 - 0x98];
	uint64_t event; /* to inject */
	uint64_t nested_cr3;
	uint64_t branch_records;
	uint32_t clean;
	uint32_t reserved_0c4;
	uint64_t next_rip;
	uint8_t fetched_bytes;
	uint8_t fetched[15];
	uint8_t reserved_0e0[0x400 - 0xe0];

	/* state */
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved_4a0[0xcb - 0xa0];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x148 - 0xd8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x1d8 - 0x180];
	uint64_t rsp;
	uint8_t reserved_5e0[0x1f8 - 0x1e0];
	uint64_t rax, star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	uint8_t reserved_648[0x268 - 0x248];
	uint64_t pat;
	uint8_t reserved_670[0xc00 - 0x270];
};

#define VMCB_AT(field, offset) \
	_Static_assert(offsetof(struct vmcb, field) == (offset), "APM 2 appendix B: " #field)
VMCB_AT(port_map, 0x40);
VMCB_AT(asid, 0x58);
VMCB_AT(virtual_interrupt, 0x60);
VMCB_AT(exit_code, 0x70);
VMCB_AT(nested_paging, 0x90);
VMCB_AT(event, 0xa8);
VMCB_AT(next_rip, 0xc8);
VMCB_AT(es, 0x400);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(cr2, 0x640);
VMCB_AT(pat, 0x668);
_Static_assert(sizeof(struct vmcb) == 4096, "a page");
#undef VMCB_AT

#endif
