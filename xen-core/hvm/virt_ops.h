/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtualization extension (SVM, later VMX) provides. hvm/ decides, these act: they hold the
 * state of a vcpu that the hardware wants in a format of its own (the VMCB) and move it.
 *
 * General registers, RIP, RSP and RFLAGS are not here: they lie in vcpu_regs(v), and the way into
 * the guest takes them from there. Unless said otherwise v is loaded on this CPU, or does not run
 * (not yet, or it is paused).
 */
#ifndef HVM_VIRT_OPS_H
#define HVM_VIRT_OPS_H

#include "hvm/inject.h"

struct cpu_regs;
struct hvm_exit;
struct vcpu;

enum hvm_segment {
	HVM_ES,
	HVM_CS,
	HVM_SS,
	HVM_DS,
	HVM_FS,
	HVM_GS,
	HVM_LDTR,
	HVM_TR,
	HVM_SEGMENTS,
};

/* access: bits 0-3 type, 4 S, 5-6 DPL, 7 P, 8 AVL, 9 L, 10 D/B, 11 G (as in AMD's VMCB and in the
 * arbytes of Xen's save records); limit in bytes, whatever G says. */
struct hvm_segment_state {
	uint16_t selector;
	uint16_t access;
	uint32_t limit;
	uint64_t base;
};

#define HVM_ACCESS_DPL_SHIFT 5
#define HVM_ACCESS_PRESENT (1U << 7)
#define HVM_ACCESS_LONG (1U << 9)
#define HVM_ACCESS_BIG (1U << 10)

struct hvm_table_state {
	uint32_t limit;
	uint64_t base;
};

/* The guest's values: what hardware forces on (SVME in EFER) is neither shown nor taken. */
struct hvm_cpu_state {
	struct hvm_segment_state segments[HVM_SEGMENTS];
	struct hvm_table_state gdtr, idtr;
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t dr6, dr7; /* dr0-3: hvm_vcpu.dr */
	uint64_t pat;
	uint64_t star, lstar, cstar, sfmask;
	uint64_t kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint8_t cpl;
	bool interrupt_shadow; /* after STI or MOV SS: no interrupt before the next instruction */
};

/* Registers that exits and policies look at one by one. */
enum hvm_register {
	HVM_CR0,
	HVM_CR2,
	HVM_CR3,
	HVM_CR4,
	HVM_EFER,
	HVM_DR6,
	HVM_DR7,
	HVM_PAT,
	HVM_STAR,
	HVM_LSTAR,
	HVM_CSTAR,
	HVM_SFMASK,
	HVM_KERNEL_GS_BASE,
	HVM_SYSENTER_CS,
	HVM_SYSENTER_ESP,
	HVM_SYSENTER_EIP,
	HVM_REGISTERS,
};

struct virt_ops {
	const char *name;

	/* On the CPU itself, once; 0 or -XEN_EOPNOTSUPP, -XEN_ENOMEM. */
	int (*cpu_enable)(unsigned int cpu);

	/* Around each stay in the guest. enter answers what the entry code needs (the VMCB's
	 * machine address); left moves registers back and says why. */
	uint64_t (*enter)(struct vcpu *v, const struct cpu_regs *regs);
	void (*left)(struct vcpu *v, struct cpu_regs *regs, struct hvm_exit *exit);

	int (*vcpu_create)(struct vcpu *v); /* in the state after RESET, intercepts set up */
	void (*vcpu_free)(struct vcpu *v);

	/* Loaded now on this CPU: translations cached for it before may be stale. */
	void (*load)(struct vcpu *v);
	void (*save)(struct vcpu *v);

	void (*get_state)(const struct vcpu *v, struct hvm_cpu_state *state);
	/* The caller has checked the values against what the guest may have. */
	void (*set_state)(struct vcpu *v, const struct hvm_cpu_state *state);

	void (*get_segment)(const struct vcpu *v, enum hvm_segment which,
			    struct hvm_segment_state *state);
	uint64_t (*read)(const struct vcpu *v, enum hvm_register which);
	void (*write)(struct vcpu *v, enum hvm_register which, uint64_t value);
	/* The guest's translations are dropped before its next entry. */
	void (*flush)(struct vcpu *v);
	unsigned int (*cpl)(const struct vcpu *v);

	/* Guest TSC = host TSC + offset; emulated: RDTSC exits. */
	void (*set_tsc)(struct vcpu *v, uint64_t offset, bool emulated);

	/* The event is taken at the next entry, once; there is room for one. An interrupt only if
	 * the guest can take it now. After want_windows(). */
	void (*inject)(struct vcpu *v, const struct hvm_event *event);
	bool (*is_injecting)(const struct vcpu *v);
	/* The event whose delivery the last exit broke off; exists false: none. Forgotten then. */
	void (*take_broken_off)(struct vcpu *v, struct hvm_event *event);
	/* STI or MOV SS went before: no external interrupt now. */
	bool (*is_shadowed)(const struct vcpu *v);
	void (*set_shadow)(struct vcpu *v);
	/* An emulated instruction ends the shadow of the one before it. */
	void (*clear_shadow)(struct vcpu *v);
	/* Exit as soon as the guest can take an interrupt (HVM_EXIT_WINDOW), or ends its NMI
	 * handler (HVM_EXIT_IRET). */
	void (*want_windows)(struct vcpu *v, bool interrupt, bool nmi);
	/* What CR8 shows: bits 0-3. Writes to it exit. */
	void (*set_tpr)(struct vcpu *v, uint8_t tpr);

	/* The debug registers are the guest's: MOV DR exits no more. */
	void (*pass_debug)(struct vcpu *v, bool pass);
};

#endif
