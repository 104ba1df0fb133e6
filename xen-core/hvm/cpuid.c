/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID for translated guests: the policies, one copy per domain, and the inputs of the moment:
 * unlike a PV kernel's, what CPUID says of OSXSAVE and of the local APIC follows the vcpu's
 * registers.
 */
#include "hvm/cpuid.h"

#include "hvm/hvm.h"

#include "mm/heap.h"
#include "plat/clock.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/errno.h>

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
	d->policy = heap_new(struct cpu_policy);
	if (!d->policy) {
		return -XEN_ENOMEM;
	}
	*d->policy = default_policy;
	return 0;
}

void hvm_policy_changed(struct vcpu *v)
{
	const struct cpu_policy *policy = v->domain->policy;
	struct vlapic *lapic = &v->hvm->lapic;

	cr_limits_from_policy(&v->hvm->limits, policy);
	lapic->has_x2apic = (policy_word(policy, POLICY_1C) & CPUID_1C_X2APIC) != 0;
	lapic->has_deadline = (policy_word(policy, POLICY_1C) & CPUID_1C_TSC_DEADLINE) != 0;
}

static void tsc_inputs(struct vcpu *v, struct policy_inputs *inputs)
{
	struct domain *d = v->domain;
	struct clock_scale scale;

	clock_get_scale(&scale);
	inputs->tsc_emulated = d->tsc_emulated;
	inputs->tsc_safe = clock_tsc_is_reliable();
	inputs->host_khz = clock_tsc_khz();
	inputs->tsc_mode = d->tsc_mode;
	inputs->tsc_khz = d->tsc_khz;
	inputs->tsc_incarnation = d->tsc_incarnation;
	inputs->tsc_offset = v->tsc_offset;
	inputs->tsc_mul = scale.mul;
	inputs->tsc_shift = scale.shift;
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
		tsc_inputs(v, &inputs);
	}
	return policy_cpuid(v->domain->policy, &inputs, leaf, subleaf);
}
