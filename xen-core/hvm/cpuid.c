/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID for translated guests: the policies, one copy per domain, and the inputs of the moment:
 * unlike a PV kernel's, what CPUID says of OSXSAVE and of the local APIC follows the vcpu's
 * registers.
 */
#include "hvm/cpuid.h"

#include "hvm/hvm.h"

#include "domain/policy.h"
#include "x86/cr.h"
#include "x86/msr.h"

static const struct cpu_policy *host_policy;
static struct cpu_policy max_policy, default_policy;

void hvm_policy_init(const struct cpu_policy *host)
{
	host_policy = host;
	policy_hvm_max(&max_policy, host);
	policy_hvm_default(&default_policy, host);
}

const struct cpu_policy *hvm_policy_max(void)
{
	return &max_policy;
}

const struct cpu_policy *hvm_policy_default(void)
{
	return &default_policy;
}

int hvm_policy_create(struct domain *d)
{
	return domain_policy_create(d, &default_policy);
}

void hvm_policy_changed(struct vcpu *v)
{
	const struct cpu_policy *policy = v->domain->policy;
	struct vlapic *lapic = &v->hvm->lapic;

	cr_limits_from_policy(&v->hvm->limits, policy);
	lapic->has_x2apic = (policy_word(policy, POLICY_1C) & CPUID_1C_X2APIC) != 0;
	lapic->has_deadline = (policy_word(policy, POLICY_1C) & CPUID_1C_TSC_DEADLINE) != 0;
}

struct cpuid_leaf hvm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
	struct policy_inputs inputs = {
		.host = host_policy,
		.osxsave = (virt_ops->read(v, HVM_CR4) & CR4_OSXSAVE) != 0,
		.apic_enabled = (v->hvm->lapic.base & APIC_BASE_ENABLE) != 0,
		.apic_id = v->hvm->lapic.id,
		.vcpu_id = v->id,
		.domid = v->domain->id,
		.xcr0 = v->xcr0,
	};

	if (leaf == CPUID_XEN_FIRST + 3) {
		vcpu_tsc_inputs(v, &inputs);
	}
	return policy_cpuid(v->domain->policy, &inputs, leaf, subleaf);
}
