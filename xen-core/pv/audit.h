/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests, beside pv_audit() of pv/pv.h.
 */
#ifndef PV_AUDIT_H
#define PV_AUDIT_H

#include "domain/domain.h"

/*
 * References and type counts of d's frames that no page table, pin, root or allocation explains.
 * 0 for a domain whose frames are used in no other way.
 */
uint64_t pv_audit_excess(struct domain *d);

#endif
