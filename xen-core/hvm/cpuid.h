/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU policies of translated guests on this machine, and what CPUID answers one of their vcpus.
 */
#ifndef HVM_CPUID_H
#define HVM_CPUID_H

#include "domain/vcpu.h"
#include "x86/policy.h"

/* Once, before the first translated domain; host stays where it is. */
void hvm_policy_init(const struct cpu_policy *host);
const struct cpu_policy *hvm_policy_max(void);
const struct cpu_policy *hvm_policy_default(void);

/* Gives d a copy of the default; d->policy is the caller's to free. */
int must_check hvm_policy_create(struct domain *d);

struct cpuid_leaf hvm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf);

#endif
