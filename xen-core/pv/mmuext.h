/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of HYPERVISOR_mmuext_op, and where the flush flags of update_va_mapping go.
 */
#ifndef PV_MMUEXT_H
#define PV_MMUEXT_H

#include "domain/vcpu.h"

#include <xen/base.h>

/* One operation for caller v on frames of owner (PV). -XEN_ERESTART: call again with the same. The
 * vcpu must have no unfinished table; it may have one afterwards. */
int must_check pv_mmuext(struct vcpu *v, struct domain *owner, const struct mmuext_op *op);

/* UVMF_*: after a successful change of the entry for va. */
int must_check pv_flush_va(struct vcpu *v, uint64_t va, uint64_t flags);

#endif
