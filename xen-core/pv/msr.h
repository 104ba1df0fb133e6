/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers and control registers as a PV kernel sees them. The vcpu is loaded.
 */
#ifndef PV_MSR_H
#define PV_MSR_H

#include "pv/pv.h"

/* -XEN_EFAULT: the access is #GP. */
int must_check pv_msr_read(struct vcpu *v, uint32_t index, uint64_t *value);
int must_check pv_msr_write(struct vcpu *v, uint32_t index, uint64_t value);

/* What a guest's CR4 reads after a write of value: bits it may not change stay ours. */
uint64_t pv_cr4_filter(const struct domain *d, uint64_t value);
/* Puts the guest's choices into this CPU's CR4. */
void pv_cr4_load(struct vcpu *v);
/* CR0.TS as the guest wants it, in its state and in this CPU. */
void pv_set_task_switched(struct vcpu *v, bool set);
/* Loads TSC_AUX if the guest can read it. */
void pv_tsc_aux_load(struct vcpu *v);
/* -XEN_EINVAL: not a value XCR0 can have for this guest. */
int must_check pv_xcr0_set(struct vcpu *v, uint64_t value);

#endif
