/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's virtualization: what the files of hvm/svm share. A vcpu has a VMCB; permission maps are one
 * for all. See x86/svm.h for the format.
 */
#ifndef HVM_SVM_SVM_H
#define HVM_SVM_SVM_H

#include "hvm/exit.h"
#include "hvm/hvm.h"

#include "x86/svm.h"

struct svm_vcpu {
	struct vmcb *vmcb;

	/* (v) the guest's CR0 where the hardware's differs: CD and NW are not passed on */
	uint64_t cr0;

	/* (v) the address space identifier it has, as long as all this still holds: asid.c */
	unsigned int asid_cpu;
	uint64_t asid_round;
	uint32_t asid_flushed;
	uint64_t asid_generation;
};

static inline struct svm_vcpu *svm_of(const struct vcpu *v)
{
	return v->hvm->arch;
}

static inline struct vmcb *vmcb_of(const struct vcpu *v)
{
	return svm_of(v)->vmcb;
}

static inline void svm_intercept(struct vmcb *vmcb, unsigned int what, bool wanted)
{
	uint32_t bit = 1U << (what & 31);

	vmcb->intercepts[what >> 5] = (vmcb->intercepts[what >> 5] & ~bit) | (wanted ? bit : 0);
}

static inline bool svm_is_intercepted(const struct vmcb *vmcb, unsigned int what)
{
	return vmcb->intercepts[what >> 5] >> (what & 31) & 1;
}

extern const struct virt_ops svm_ops;

/* On the boot CPU: what CPUID and the firmware say. -XEN_EOPNOTSUPP with *why in words; *features:
 * SVM_FEATURE_*. */
int must_check svm_detect(const char **why, uint32_t *features, uint32_t *asids);

/* vmcb.c: the intercepts every guest has. */
void svm_vmcb_init(struct vmcb *vmcb, uint64_t port_map, uint64_t msr_map);

/* asid.c: before each entry. Sets asid and tlb_control. */
void svm_asid_init(unsigned int cpu, uint32_t count);
void svm_asid_choose(struct vcpu *v);
void svm_asid_drop(struct vcpu *v);

/* event.c: the operations of virt_ops on events. */
void svm_inject(struct vcpu *v, const struct hvm_event *event);
bool svm_is_injecting(const struct vcpu *v);
void svm_take_broken_off(struct vcpu *v, struct hvm_event *event);
bool svm_is_shadowed(const struct vcpu *v);
void svm_set_shadow(struct vcpu *v);
void svm_clear_shadow(struct vcpu *v);
void svm_want_windows(struct vcpu *v, bool interrupt, bool nmi);

/* exit.c: what the VMCB says of the last exit. */
void svm_decode_exit(const struct vmcb *vmcb, struct hvm_exit *exit);

/* state.c */
void svm_get_state(const struct vcpu *v, struct hvm_cpu_state *state);
void svm_set_state(struct vcpu *v, const struct hvm_cpu_state *state);
void svm_get_segment(const struct vcpu *v, enum hvm_segment which, struct hvm_segment_state *state);
uint64_t svm_read(const struct vcpu *v, enum hvm_register which);
void svm_write(struct vcpu *v, enum hvm_register which, uint64_t value);

#endif
