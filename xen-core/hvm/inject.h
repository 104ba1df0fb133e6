/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which event a hardware-virtualized vcpu takes when it next enters the guest, and how exceptions
 * pile up: Intel SDM 3A 6.9 (priorities), 6.15 (double fault), AMD APM 2 8.2.9 and 15.20.
 *
 * `pending` is the one event that goes in without asking: an exception, a software interrupt, or
 * what an intercept broke off half delivered. Then, if the guest's flags allow:
 *
 *     NMI > callback vector (while events are pending) > local APIC
 *
 * What must wait makes a window wanted: the vcpu is to exit as soon as it could be taken.
 * Nothing here knows the virtualization hardware.
 */
#ifndef HVM_INJECT_H
#define HVM_INJECT_H

#include "lib/types.h"

/* The numbers are those of both SVM's EVENTINJ and VMX (where 4 is the software interrupt, 6 a
 * software exception), and of the pending_event field in context records. */
enum event_type {
	EVENT_INTERRUPT = 0,
	EVENT_NMI = 2,
	EVENT_EXCEPTION = 3,
	EVENT_SOFTWARE_INTERRUPT = 4,
};

struct hvm_event {
	bool exists;
	uint8_t type; /* enum event_type */
	uint8_t vector;
	bool has_error;
	uint32_t error;
};

struct hvm_inject {
	struct hvm_event pending;
	bool nmi_blocked; /* from the injection of one to the IRET after it */
};

/* What decides besides struct hvm_inject. */
struct inject_inputs {
	bool interrupts_on;    /* RFLAGS.IF */
	bool shadow;           /* the instruction after STI, MOV SS or POP SS comes next */
	bool nmi_pending;
	bool callback_pending; /* the domain has a callback vector and this vcpu's events wait */
	uint8_t callback_vector;
	int lapic_vector;      /* vlapic_due() */
};

struct inject_choice {
	struct hvm_event event; /* to be injected now */
	bool from_lapic;        /* the caller does vlapic_accept() */
	bool from_nmi;          /* the caller clears nmi_pending; nmi_blocked is set */
	bool want_interrupt_window; /* an interrupt waits for IF or the end of a shadow */
	bool want_nmi_window;       /* an NMI handler runs: its IRET is to be seen */
};

/* An exception the core raises in the guest, on top of `pending`. False: a triple fault, the guest
 * is gone. Of a page fault the caller sets CR2. */
bool must_check inject_exception(struct hvm_inject *i, uint8_t vector, uint32_t error);
/* Delivery of that event was broken off by an exit (EXITINTINFO): it is tried again unless an
 * exception comes in its place. Before inject_exception() for the same exit. */
void inject_again(struct hvm_inject *i, const struct hvm_event *event);

/* On the way in. The event has left `pending` when this returns. */
struct inject_choice inject_choose(struct hvm_inject *i, const struct inject_inputs *inputs);

/* Would anything wake a halted vcpu? As inject_choose(), but shadow and IF as after STI; HLT. */
bool must_check inject_wakes(const struct hvm_inject *i, const struct inject_inputs *inputs);

#endif
