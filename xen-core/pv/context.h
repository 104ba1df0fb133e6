/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The complete state of a PV vcpu, in and out: see struct guest_ops.
 */
#ifndef PV_CONTEXT_H
#define PV_CONTEXT_H

#include "pv/pv.h"

int must_check pv_set_context(struct vcpu *v, const void *context);
void pv_get_context(struct vcpu *v, void *context);
int must_check pv_reset_context(struct vcpu *v);
/* The registers of a vcpu nobody has initialised. */
void pv_context_init(struct vcpu *v);
/* Moves everything but general registers between the vcpu and this CPU. */
void pv_load(struct vcpu *v);
void pv_save(struct vcpu *v);

#endif
