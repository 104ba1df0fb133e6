/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU policies of this machine and what CPUID answers a PV vcpu.
 */
#ifndef PV_CPUID_H
#define PV_CPUID_H

#include "domain/vcpu.h"
#include "x86/policy.h"

/* Reads the host, once, after fpu_cpu_init(). */
void pv_policy_init(void);
const struct cpu_policy *pv_policy_host(void);
const struct cpu_policy *pv_policy_max(void);
const struct cpu_policy *pv_policy_default(void);

/* Domain part: gives d its own copy of the default. */
int must_check pv_policy_create(struct domain *d);

/* forced: by the prefix, not by CPUID faulting. */
struct cpuid_leaf pv_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, bool forced);

/* A page of 128 stubs of 32 bytes, for guests that have one. */
void pv_fill_hypercall_page(void *page);

#endif
