/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two decisions: what becomes of an exception that comes while another event waits, and what of
 * all that waits goes in next. inject.h has the rules' sources.
 *
 *     waiting \ new    benign       contributory   page fault
 *     benign           new          new            new
 *     contributory     new          double fault   new
 *     page fault       new          double fault   double fault
 *     double fault     new          triple fault   triple fault
 *
 * Interrupts and NMIs count as benign: a fault of their delivery takes their place, as the CPU has
 * acknowledged them by then.
 */
#include "hvm/inject.h"

#include "x86/exception.h"

enum fault_class {
	BENIGN,
	CONTRIBUTORY,
	PAGE_FAULT,
	DOUBLE_FAULT,
};

/* #DE #TS #NP #SS #GP #CP #VC (SDM 3A table 6-4; APM 2 8.2.9). */
#define CONTRIBUTORY_VECTORS \
	(1UL << EXCEPTION_DE | 1UL << EXCEPTION_TS | 1UL << EXCEPTION_NP | 1UL << EXCEPTION_SS | \
	 1UL << EXCEPTION_GP | 1UL << EXCEPTION_CP | 1UL << EXCEPTION_VC)

static enum fault_class class_of(uint8_t type, uint8_t vector)
{
	if (type != EVENT_EXCEPTION || vector >= EXCEPTION_COUNT) {
		return BENIGN;
	}
	if (vector == EXCEPTION_PF) {
		return PAGE_FAULT;
	}
	if (vector == EXCEPTION_DF) {
		return DOUBLE_FAULT;
	}
	return CONTRIBUTORY_VECTORS >> vector & 1 ? CONTRIBUTORY : BENIGN;
}

static struct hvm_event exception_event(uint8_t vector, uint32_t error)
{
	return (struct hvm_event){
		.exists = true,
		.type = EVENT_EXCEPTION,
		.vector = vector,
		.has_error = exception_has_error_code(vector),
		.error = exception_has_error_code(vector) ? error : 0,
	};
}

bool inject_exception(struct hvm_inject *i, uint8_t vector, uint32_t error)
{
	enum fault_class before = BENIGN;
	enum fault_class now = class_of(EVENT_EXCEPTION, vector);

	if (i->pending.exists) {
		before = class_of(i->pending.type, i->pending.vector);
	}
	if (before == DOUBLE_FAULT && (now == CONTRIBUTORY || now == PAGE_FAULT)) {
		i->pending.exists = false;
		return false;
	}
	if ((now == CONTRIBUTORY && (before == CONTRIBUTORY || before == PAGE_FAULT)) ||
	    (now == PAGE_FAULT && before == PAGE_FAULT)) {
		vector = EXCEPTION_DF;
		error = 0;
	}
	i->pending = exception_event(vector, error);
	return true;
}

void inject_again(struct hvm_inject *i, const struct hvm_event *event)
{
	if (event->exists && !i->pending.exists) {
		i->pending = *event;
		if (event->type == EVENT_NMI) {
			i->nmi_blocked = true;
		}
	}
}

static struct inject_choice take_interrupt(const struct inject_inputs *inputs)
{
	bool by_callback = inputs->callback_pending;

	return (struct inject_choice){
		.event = {.exists = true,
			  .type = EVENT_INTERRUPT,
			  .vector = by_callback ? inputs->callback_vector
						: (uint8_t)inputs->lapic_vector},
		.from_lapic = !by_callback,
	};
}

struct inject_choice inject_choose(struct hvm_inject *i, const struct inject_inputs *inputs)
{
	bool interrupt = inputs->callback_pending || inputs->lapic_vector >= 0;
	struct inject_choice choice = {.from_lapic = false};
	bool taken = false;

	if (i->pending.exists) {
		choice.event = i->pending;
		i->pending.exists = false;
	} else if (inputs->nmi_pending && !i->nmi_blocked && !inputs->shadow) {
		choice.event = (struct hvm_event){
			.exists = true, .type = EVENT_NMI, .vector = EXCEPTION_NMI};
		choice.from_nmi = true;
		i->nmi_blocked = true;
	} else if (interrupt && inputs->interrupts_on && !inputs->shadow) {
		choice = take_interrupt(inputs);
		taken = true;
	}
	/* Behind a callback the local APIC's own may be due; behind one of the local APIC nothing
	 * is before EOI. */
	choice.want_interrupt_window =
		interrupt && (!taken || (!choice.from_lapic && inputs->lapic_vector >= 0));
	/* Its handler's end must be seen whether or not another waits: it may come later. */
	choice.want_nmi_window = i->nmi_blocked;
	if (inputs->nmi_pending && !choice.from_nmi && !i->nmi_blocked) {
		choice.want_interrupt_window = true; /* behind a shadow */
	}
	return choice;
}

bool inject_wakes(const struct hvm_inject *i, const struct inject_inputs *inputs)
{
	if (i->pending.exists || (inputs->nmi_pending && !i->nmi_blocked)) {
		return true;
	}
	return inputs->interrupts_on && (inputs->callback_pending || inputs->lapic_vector >= 0);
}
