/* SPDX-License-Identifier: MIT */
/*
 * Context records of translated guests: what XEN_DOMCTL_gethvmcontext gives and sethvmcontext
 * takes. A stream is descriptors, each followed by its record: HEADER first, END last.
 * Selectors' access bytes are bits 8-15 and 20-23 of a segment descriptor, moved together.
 */
#ifndef XEN_ABI_HVM_SAVE_H
#define XEN_ABI_HVM_SAVE_H

#include "assert.h"

#include <stdint.h>

#define HVM_SAVE_END 0
#define HVM_SAVE_HEADER 1
#define HVM_SAVE_CPU 2
#define HVM_SAVE_LAPIC 5
#define HVM_SAVE_LAPIC_REGS 6
#define HVM_SAVE_MTRR 14
#define HVM_SAVE_CPU_XSAVE 16
#define HVM_SAVE_VMCE_VCPU 18
#define HVM_SAVE_TSC_ADJUST 19
#define HVM_SAVE_CPU_MSR 20

struct hvm_save_descriptor {
	uint16_t typecode; /* HVM_SAVE_* */
	uint16_t instance; /* vcpu */
	uint32_t length;   /* of the record that follows */
};
XEN_ABI_SIZE(struct hvm_save_descriptor, 8);

#define HVM_FILE_MAGIC 0x54381286
#define HVM_FILE_VERSION 0x00000001

struct hvm_save_header {
	uint32_t magic;
	uint32_t version;
	uint64_t changeset; /* of the hypervisor; ~0: none */
	uint32_t cpuid;     /* leaf 1, eax, of the machine */
	uint32_t gtsc_khz;  /* of the guest's TSC */
};
XEN_ABI_SIZE(struct hvm_save_header, 24);

struct hvm_hw_cpu {
	uint8_t fpu_regs[512]; /* as by FXSAVE */
	uint64_t rax, rbx, rcx, rdx, rbp, rsi, rdi, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
	uint64_t cr0, cr2, cr3, cr4;
	uint64_t dr0, dr1, dr2, dr3, dr6, dr7;
	uint32_t cs_sel, ds_sel, es_sel, fs_sel, gs_sel, ss_sel, tr_sel, ldtr_sel;
	uint32_t cs_limit, ds_limit, es_limit, fs_limit, gs_limit, ss_limit, tr_limit, ldtr_limit;
	uint32_t idtr_limit, gdtr_limit;
	uint64_t cs_base, ds_base, es_base, fs_base, gs_base, ss_base, tr_base, ldtr_base;
	uint64_t idtr_base, gdtr_base;
	uint32_t cs_arbytes, ds_arbytes, es_arbytes, fs_arbytes, gs_arbytes, ss_arbytes, tr_arbytes,
		ldtr_arbytes;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t shadow_gs;
	uint64_t msr_flags; /* not used */
	uint64_t msr_lstar, msr_star, msr_cstar, msr_syscall_mask, msr_efer, msr_tsc_aux;
	uint64_t tsc;           /* the guest's, at the time of the record */
	uint32_t pending_event; /* vector, type << 8, error code valid << 11, valid << 31 */
	uint32_t error_code;
	uint32_t flags; /* XEN_X86_FPU_INITIALISED */
	uint32_t pad0;
};
XEN_ABI_SIZE(struct hvm_hw_cpu, 1032);

#define XEN_X86_FPU_INITIALISED (1U << 0)

struct hvm_hw_lapic {
	uint64_t apic_base_msr;
	uint32_t disabled; /* 1: by APIC_BASE, 2: by the spurious vector register */
	uint32_t timer_divisor;
	uint64_t tdt_msr;
};
XEN_ABI_SIZE(struct hvm_hw_lapic, 24);

struct hvm_hw_lapic_regs {
	uint8_t data[1024]; /* the first quarter of the register page */
};
XEN_ABI_SIZE(struct hvm_hw_lapic_regs, 1024);

#define MTRR_VCNT 8
#define NUM_FIXED_MSR 11

struct hvm_hw_mtrr {
	uint64_t msr_pat_cr;
	uint64_t msr_mtrr_var[MTRR_VCNT * 2]; /* base, mask */
	uint64_t msr_mtrr_fixed[NUM_FIXED_MSR];
	uint64_t msr_mtrr_cap;
	uint64_t msr_mtrr_def_type;
};
XEN_ABI_SIZE(struct hvm_hw_mtrr, 240);

/* Followed by the XSAVE area. */
struct hvm_hw_cpu_xsave_head {
	uint64_t xfeature_mask; /* ignored */
	uint64_t xcr0;
	uint64_t xcr0_accum; /* bits that were ever set */
};
XEN_ABI_SIZE(struct hvm_hw_cpu_xsave_head, 24);

struct hvm_vmce_vcpu {
	uint64_t caps;
	uint64_t mci_ctl2_bank0;
	uint64_t mci_ctl2_bank1;
	uint64_t mcg_ext_ctl;
};
XEN_ABI_SIZE(struct hvm_vmce_vcpu, 32);

struct hvm_tsc_adjust {
	uint64_t tsc_adjust;
};
XEN_ABI_SIZE(struct hvm_tsc_adjust, 8);

struct hvm_one_msr {
	uint32_t index;
	uint32_t _rsvd;
	uint64_t val;
};
XEN_ABI_SIZE(struct hvm_one_msr, 16);

/* Followed by that many struct hvm_one_msr. */
struct hvm_msr_head {
	uint32_t count;
	uint32_t pad0;
};
XEN_ABI_SIZE(struct hvm_msr_head, 8);

#endif
