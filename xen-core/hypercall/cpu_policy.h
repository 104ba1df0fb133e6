/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU policies for both control calls, domctl (declared in domctl.h) and sysctl.
 */
#ifndef HYPERCALL_CPU_POLICY_H
#define HYPERCALL_CPU_POLICY_H

#include "hypercall/domctl.h"

#include <xen/sysctl.h>

/* The common part of both requests: addresses of the lists, and room in, entries out. */
struct policy_lists {
	uint64_t leaves, msrs;
	uint32_t leaf_count, msr_count;
};

int sysctl_get_cpu_policy(struct vcpu *v, struct xen_sysctl *op);
int sysctl_get_cpu_featureset(struct vcpu *v, struct xen_sysctl *op);

#endif
