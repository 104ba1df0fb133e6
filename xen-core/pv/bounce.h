/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entering the guest kernel: the frames of exceptions, events and system calls.
 */
#ifndef PV_BOUNCE_H
#define PV_BOUNCE_H

#include "pv/pv.h"

/* guest_ops.deliver: see pv/callback.c. */
bool pv_deliver(struct vcpu *v);

/* callback_op, set_callbacks: -XEN_EINVAL for an address that is not canonical. */
int must_check pv_callback_set(struct vcpu *v, enum pv_callback_kind kind, uint64_t address,
			       bool masks_events);
/* The NMI handler; 0: none. flags as in struct trap_info. */
int must_check pv_nmi_set(struct vcpu *v, uint64_t address, uint8_t flags);

/* The iret hypercall: regs are the kernel's at the call, afterwards what it returns to, rax
 * included: the caller must not store a result. */
void pv_iret(struct vcpu *v, struct cpu_regs *regs);

#endif
