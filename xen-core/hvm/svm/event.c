/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events on their way into the guest, in the VMCB: APM 2 15.20 (EVENTINJ, EXITINTINFO) and 15.21
 * (virtual interrupts).
 *
 *     virtual interrupt, not intercepted   an interrupt that the CPU takes as it enters the guest
 *     virtual interrupt, intercepted       a window: an exit as soon as one could be taken
 *     vmcb.event                           all else, and an interrupt when a window is wanted too
 *
 * Interrupts are given in the first way because emulated CPUs that take turns on one thread deliver
 * those of vmcb.event a second time when a turn ends there.
 */
#include "hvm/svm/svm.h"

#define VIRTUAL_INTERRUPT (SVM_V_IRQ | SVM_V_PRIORITY_MAX | SVM_V_IGNORE_TPR)

static void set_virtual_interrupt(struct vmcb *vmcb, uint64_t value)
{
	uint64_t all = VIRTUAL_INTERRUPT | SVM_V_VECTOR_MASK << SVM_V_VECTOR_SHIFT;

	vmcb->virtual_interrupt = (vmcb->virtual_interrupt & ~all) | value;
}

/* An interrupt is given and not yet taken. */
static bool gives_interrupt(const struct vmcb *vmcb)
{
	return vmcb->virtual_interrupt & SVM_V_IRQ &&
	       !svm_is_intercepted(vmcb, SVM_INTERCEPT_VINTR);
}

void svm_want_windows(struct vcpu *v, bool interrupt, bool nmi)
{
	struct vmcb *vmcb = vmcb_of(v);

	set_virtual_interrupt(vmcb, interrupt ? VIRTUAL_INTERRUPT : 0);
	svm_intercept(vmcb, SVM_INTERCEPT_VINTR, interrupt);
	svm_intercept(vmcb, SVM_INTERCEPT_IRET, nmi);
}

void svm_inject(struct vcpu *v, const struct hvm_event *event)
{
	struct vmcb *vmcb = vmcb_of(v);
	uint64_t word = SVM_EVENT_VALID | event->vector |
			(uint64_t)event->type << SVM_EVENT_TYPE_SHIFT;

	if (event->type == EVENT_INTERRUPT && !(vmcb->virtual_interrupt & SVM_V_IRQ)) {
		set_virtual_interrupt(vmcb, VIRTUAL_INTERRUPT |
						    (uint64_t)event->vector << SVM_V_VECTOR_SHIFT);
		return;
	}
	if (event->has_error) {
		word |= SVM_EVENT_HAS_ERROR | (uint64_t)event->error << SVM_EVENT_ERROR_SHIFT;
	}
	vmcb->event = word;
}

bool svm_is_injecting(const struct vcpu *v)
{
	const struct vmcb *vmcb = vmcb_of(v);

	return vmcb->event & SVM_EVENT_VALID || gives_interrupt(vmcb);
}

void svm_take_broken_off(struct vcpu *v, struct hvm_event *event)
{
	struct vmcb *vmcb = vmcb_of(v);
	uint64_t word = vmcb->exit_event;

	vmcb->exit_event = 0;
	if (gives_interrupt(vmcb)) {
		word = SVM_EVENT_VALID |
		       (vmcb->virtual_interrupt >> SVM_V_VECTOR_SHIFT & SVM_V_VECTOR_MASK);
		set_virtual_interrupt(vmcb, 0);
	}
	*event = (struct hvm_event){
		.exists = (word & SVM_EVENT_VALID) != 0,
		.type = (uint8_t)(word >> SVM_EVENT_TYPE_SHIFT & SVM_EVENT_TYPE_MASK),
		.vector = (uint8_t)word,
		.has_error = (word & SVM_EVENT_HAS_ERROR) != 0,
		.error = (uint32_t)(word >> SVM_EVENT_ERROR_SHIFT),
	};
}

bool svm_is_shadowed(const struct vcpu *v)
{
	return vmcb_of(v)->interrupt_shadow & SVM_SHADOW;
}

void svm_set_shadow(struct vcpu *v)
{
	vmcb_of(v)->interrupt_shadow |= SVM_SHADOW;
}

void svm_clear_shadow(struct vcpu *v)
{
	vmcb_of(v)->interrupt_shadow &= ~SVM_SHADOW;
}
