/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions of PV guests.
 */
#ifndef PV_PRIV_H
#define PV_PRIV_H

#include "pv/pv.h"

/* After #GP(0): true if the instruction was emulated, or another exception is queued; false: the
 * guest gets its #GP. */
bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs);
/* After #UD: the same for the forced spelling of CPUID. */
bool pv_emulate_forced(struct vcpu *v, struct cpu_regs *regs);

#endif
