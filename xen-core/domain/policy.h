/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's copy of a CPU policy, and what is told of its TSC in it. Which policies there are:
 * pv/cpuid.h, hvm/cpuid.h.
 */
#ifndef DOMAIN_POLICY_H
#define DOMAIN_POLICY_H

#include "domain/vcpu.h"
#include "x86/policy.h"

/* Gives d a copy of its own. */
int must_check domain_policy_create(struct domain *d, const struct cpu_policy *from);
void domain_policy_free(struct domain *d);
/* The inputs of the leaf about the TSC. */
void vcpu_tsc_inputs(const struct vcpu *v, struct policy_inputs *inputs);

#endif
