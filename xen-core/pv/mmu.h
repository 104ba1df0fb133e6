/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory parts of pv_guest_ops, with their contracts in domain/guest_ops.h.
 */
#ifndef PV_MMU_H
#define PV_MMU_H

#include "pv/type.h"

#include "domain/guest_ops.h"

/* A PV guest's frame numbers are machine frames. */
int must_check pv_translate(struct domain *d, gfn_t g, mfn_t *m);
int must_check pv_grant_map(struct vcpu *v, const struct grant_mapping *mapping);
int must_check pv_grant_unmap(struct vcpu *v, const struct grant_mapping *mapping);
/* Roots, unfinished tables, pins and stopped validations of a dying domain. No CPU may have one
 * of its roots loaded. Restartable. */
int must_check pv_mmu_teardown(struct domain *d);

#endif
