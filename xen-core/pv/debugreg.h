/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers of a PV vcpu.
 */
#ifndef PV_DEBUGREG_H
#define PV_DEBUGREG_H

#include "pv/pv.h"

/* -XEN_EPERM, -XEN_EINVAL: the value is refused; -XEN_ENODEV: no such register. */
int must_check pv_debugreg_set(struct vcpu *v, uint64_t index, uint64_t value);
int must_check pv_debugreg_get(struct vcpu *v, uint64_t index, uint64_t *value);
/* Takes over what the CPU reports in DR6 at a #DB. */
void pv_debug_merge_status(struct vcpu *v);
/* An emulated port access: true if a breakpoint of the guest's covers it; DR6 is set then. */
bool pv_debug_port_hit(struct vcpu *v, uint16_t port, unsigned int bytes);
void pv_debug_save(struct vcpu *v);
void pv_debug_load(struct vcpu *v);

#endif
