/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page-table roots of a vcpu. Those others need are declared in pv/pv.h.
 */
#ifndef PV_ROOT_H
#define PV_ROOT_H

#include "domain/vcpu.h"

/* MMUEXT_NEW_BASEPTR and MMUEXT_NEW_USER_BASEPTR (m.n == 0: none). -XEN_ERESTART: call again.
 * The old root may become the vcpu's unfinished table. v is loaded. */
int must_check pv_root_set_kernel(struct vcpu *v, mfn_t m);
int must_check pv_root_set_user(struct vcpu *v, mfn_t m);

#endif
