/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's registers in the VMCB's format. What differs between the guest's view and the
 * hardware's: SVME is set in EFER (VMRUN demands it); CD and NW of CR0 are kept from the CPU, whose
 * caches are everybody's; reads of CR0 exit while that makes a difference.
 */
#include "hvm/svm/svm.h"

#include "x86/cr.h"

#define CR0_KEPT (CR0_CD | CR0_NW)

static struct vmcb_segment *segment_of(struct vmcb *vmcb, enum hvm_segment which)
{
	switch (which) {
	case HVM_ES:
		return &vmcb->es;
	case HVM_CS:
		return &vmcb->cs;
	case HVM_SS:
		return &vmcb->ss;
	case HVM_DS:
		return &vmcb->ds;
	case HVM_FS:
		return &vmcb->fs;
	case HVM_GS:
		return &vmcb->gs;
	case HVM_LDTR:
		return &vmcb->ldtr;
	case HVM_TR:
	case HVM_SEGMENTS:
		break;
	}
	return &vmcb->tr;
}

void svm_get_segment(const struct vcpu *v, enum hvm_segment which, struct hvm_segment_state *state)
{
	const struct vmcb_segment *from = segment_of(vmcb_of(v), which);

	*state = (struct hvm_segment_state){
		.selector = from->selector,
		.access = from->access,
		.limit = from->limit,
		.base = from->base,
	};
}

static void set_segment(struct vmcb *vmcb, enum hvm_segment which,
			const struct hvm_segment_state *state)
{
	*segment_of(vmcb, which) = (struct vmcb_segment){
		.selector = state->selector,
		.access = state->access,
		.limit = state->limit,
		.base = state->base,
	};
}

/* The plain ones: one word of the VMCB each. NULL: one of the others. */
static uint64_t *word_of(struct vmcb *vmcb, enum hvm_register which)
{
	switch (which) {
	case HVM_CR2:
		return &vmcb->cr2;
	case HVM_CR3:
		return &vmcb->cr3;
	case HVM_CR4:
		return &vmcb->cr4;
	case HVM_DR6:
		return &vmcb->dr6;
	case HVM_DR7:
		return &vmcb->dr7;
	case HVM_PAT:
		return &vmcb->pat;
	case HVM_STAR:
		return &vmcb->star;
	case HVM_LSTAR:
		return &vmcb->lstar;
	case HVM_CSTAR:
		return &vmcb->cstar;
	case HVM_SFMASK:
		return &vmcb->sfmask;
	case HVM_KERNEL_GS_BASE:
		return &vmcb->kernel_gs_base;
	case HVM_SYSENTER_CS:
		return &vmcb->sysenter_cs;
	case HVM_SYSENTER_ESP:
		return &vmcb->sysenter_esp;
	case HVM_SYSENTER_EIP:
		return &vmcb->sysenter_eip;
	case HVM_CR0:
	case HVM_EFER:
	case HVM_REGISTERS:
		break;
	}
	return NULL;
}

/* TS and MP change without an exit on some CPUs' clts; the rest of CR0 only by exits. */
static uint64_t read_cr0(const struct svm_vcpu *s)
{
	return s->vmcb->cr0 | (s->cr0 & CR0_KEPT);
}

static void write_cr0(struct svm_vcpu *s, uint64_t value)
{
	s->cr0 = value;
	s->vmcb->cr0 = value & ~CR0_KEPT;
	svm_intercept(s->vmcb, SVM_INTERCEPT_CR_READ + 0, (value & CR0_KEPT) != 0);
}

uint64_t svm_read(const struct vcpu *v, enum hvm_register which)
{
	const uint64_t *word = word_of(vmcb_of(v), which);

	if (word) {
		return *word;
	}
	return which == HVM_CR0 ? read_cr0(svm_of(v)) : vmcb_of(v)->efer & ~EFER_SVME;
}

void svm_write(struct vcpu *v, enum hvm_register which, uint64_t value)
{
	uint64_t *word = word_of(vmcb_of(v), which);

	if (word) {
		*word = value;
	} else if (which == HVM_CR0) {
		write_cr0(svm_of(v), value);
	} else {
		vmcb_of(v)->efer = value | EFER_SVME;
	}
}

void svm_get_state(const struct vcpu *v, struct hvm_cpu_state *state)
{
	const struct vmcb *vmcb = vmcb_of(v);

	for (unsigned int i = 0; i < HVM_SEGMENTS; i++) {
		svm_get_segment(v, (enum hvm_segment)i, &state->segments[i]);
	}
	state->gdtr = (struct hvm_table_state){vmcb->gdtr.limit, vmcb->gdtr.base};
	state->idtr = (struct hvm_table_state){vmcb->idtr.limit, vmcb->idtr.base};
	state->cr0 = svm_read(v, HVM_CR0);
	state->cr2 = vmcb->cr2;
	state->cr3 = vmcb->cr3;
	state->cr4 = vmcb->cr4;
	state->efer = svm_read(v, HVM_EFER);
	state->dr6 = vmcb->dr6;
	state->dr7 = vmcb->dr7;
	state->pat = vmcb->pat;
	state->star = vmcb->star;
	state->lstar = vmcb->lstar;
	state->cstar = vmcb->cstar;
	state->sfmask = vmcb->sfmask;
	state->kernel_gs_base = vmcb->kernel_gs_base;
	state->sysenter_cs = vmcb->sysenter_cs;
	state->sysenter_esp = vmcb->sysenter_esp;
	state->sysenter_eip = vmcb->sysenter_eip;
	state->cpl = vmcb->cpl;
	state->interrupt_shadow = (vmcb->interrupt_shadow & SVM_SHADOW) != 0;
}

void svm_set_state(struct vcpu *v, const struct hvm_cpu_state *state)
{
	struct vmcb *vmcb = vmcb_of(v);

	for (unsigned int i = 0; i < HVM_SEGMENTS; i++) {
		set_segment(vmcb, (enum hvm_segment)i, &state->segments[i]);
	}
	vmcb->gdtr = (struct vmcb_segment){.limit = state->gdtr.limit, .base = state->gdtr.base};
	vmcb->idtr = (struct vmcb_segment){.limit = state->idtr.limit, .base = state->idtr.base};
	svm_write(v, HVM_CR0, state->cr0);
	vmcb->cr2 = state->cr2;
	vmcb->cr3 = state->cr3;
	vmcb->cr4 = state->cr4;
	svm_write(v, HVM_EFER, state->efer);
	vmcb->dr6 = state->dr6;
	vmcb->dr7 = state->dr7;
	vmcb->pat = state->pat;
	vmcb->star = state->star;
	vmcb->lstar = state->lstar;
	vmcb->cstar = state->cstar;
	vmcb->sfmask = state->sfmask;
	vmcb->kernel_gs_base = state->kernel_gs_base;
	vmcb->sysenter_cs = state->sysenter_cs;
	vmcb->sysenter_esp = state->sysenter_esp;
	vmcb->sysenter_eip = state->sysenter_eip;
	vmcb->cpl = state->cpl;
	vmcb->interrupt_shadow = state->interrupt_shadow ? SVM_SHADOW : 0;
	/* An event chosen for the state before is not for this one. */
	vmcb->event = 0;
	vmcb->exit_event = 0;
	svm_asid_drop(v);
}
