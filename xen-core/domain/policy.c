/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU policies of domains. The scale of its TSC is told to every domain but the paravirtual
 * hardware domain, which has the machine's.
 */
#include "domain/policy.h"

#include "mm/heap.h"
#include "plat/clock.h"

#include <xen/errno.h>

int domain_policy_create(struct domain *d, const struct cpu_policy *from)
{
	d->policy = heap_new(struct cpu_policy);
	if (!d->policy) {
		return -XEN_ENOMEM;
	}
	*d->policy = *from;
	return 0;
}

void domain_policy_free(struct domain *d)
{
	heap_free(d->policy);
	d->policy = NULL;
}

void vcpu_tsc_inputs(const struct vcpu *v, struct policy_inputs *inputs)
{
	const struct domain *d = v->domain;
	struct clock_scale scale;

	inputs->tsc_emulated = d->tsc_emulated;
	inputs->tsc_safe = clock_tsc_is_reliable();
	inputs->host_khz = clock_tsc_khz();
	inputs->tsc_mode = d->tsc_mode;
	inputs->tsc_khz = d->tsc_khz;
	inputs->tsc_incarnation = d->tsc_incarnation;
	if (!d->is_pv || !d->is_hardware) {
		clock_get_scale(&scale);
		inputs->tsc_offset = v->tsc_offset;
		inputs->tsc_mul = scale.mul;
		inputs->tsc_shift = scale.shift;
	}
}
