/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's CPUID instruction tells: the policy the hypervisor gave the domain, with the bits
 * that cpuid= names changed. 0 and 1 are meant as they stand, k and s are the host's bits, x is
 * what the policy has. Only changed leaves are sent.
 */
#include "control/cpuid.h"

#include "call/domain.h"
#include "call/host.h"
#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>

#include <xen/sysctl.h>

#define LEAVES 256U
#define MSRS   64U

struct policy {
	struct xen_cpuid_leaf leaves[LEAVES];
	struct xen_msr_entry msrs[MSRS];
	uint32_t leaf_count;
	uint32_t msr_count;
};

struct policies {
	struct policy own; /* the domain's */
	struct policy host;
	struct xen_cpuid_leaf changed[LEAVES];
	uint32_t changed_count;
};

static struct xen_cpuid_leaf *find(struct policy *policy, const struct vm_cpuid *wanted)
{
	for (uint32_t i = 0; i < policy->leaf_count; i++) {
		struct xen_cpuid_leaf *leaf = &policy->leaves[i];

		if (leaf->leaf == wanted->leaf &&
		    (leaf->subleaf == wanted->subleaf ||
		     (leaf->subleaf == 0 && wanted->subleaf == XEN_CPUID_NO_SUBLEAF))) {
			return leaf;
		}
	}
	return NULL;
}

static uint32_t change(uint32_t value, uint32_t host, const char *bits)
{
	for (unsigned int i = 0; bits && i < 32; i++) {
		uint32_t bit = 1U << (31 - i);

		if (bits[i] == 'k' || bits[i] == 's') {
			value = (value & ~bit) | (host & bit);
		} else if (bits[i] != 'x') {
			value = bits[i] == '1' ? value | bit : value & ~bit;
		}
	}
	return value;
}

static void apply(struct policies *policies, const struct vm_cpuid *wanted, struct report *report)
{
	static const struct xen_cpuid_leaf nothing;
	struct xen_cpuid_leaf *leaf = find(&policies->own, wanted);
	const struct xen_cpuid_leaf *host = find(&policies->host, wanted);

	if (!leaf) {
		report_warning(report, "cpuid= names leaf %#x, which the guest does not have",
			       wanted->leaf);
		report_next(report, "take it out: it has no effect on this host");
		return;
	}
	host = host ? host : &nothing;
	leaf->a = change(leaf->a, host->a, wanted->reg[0]);
	leaf->b = change(leaf->b, host->b, wanted->reg[1]);
	leaf->c = change(leaf->c, host->c, wanted->reg[2]);
	leaf->d = change(leaf->d, host->d, wanted->reg[3]);
	policies->changed[policies->changed_count++] = *leaf;
}

static int fetch(struct call *call, domid_t domid, struct policies *policies)
{
	struct policy *own = &policies->own;
	struct policy *host = &policies->host;
	int err;

	own->leaf_count = host->leaf_count = LEAVES;
	own->msr_count = host->msr_count = MSRS;
	err = call_domain_get_cpu_policy(call, domid, own->leaves, &own->leaf_count, own->msrs,
					 &own->msr_count);
	return err ? err
		   : call_host_cpu_policy(call, XEN_SYSCTL_cpu_policy_host, host->leaves,
					  &host->leaf_count, host->msrs, &host->msr_count);
}

int control_cpuid_apply(struct control *control, domid_t domid, const struct vm_config *config,
			struct report *report)
{
	struct policies *policies;
	uint32_t bad = ~0U;
	int err;

	if (!config->cpuids) {
		return 0;
	}
	policies = calloc(1, sizeof(*policies));
	if (!policies) {
		return report_error(report, ENOMEM, "cpuid= of guest '%s'", config->name);
	}
	err = fetch(control->call, domid, policies);
	if (err) {
		control_failed(report, err, "domctl get_cpu_policy", "cpuid= of guest '%s'",
			       config->name);
	}
	for (unsigned int i = 0; !err && i < config->cpuids && i < LEAVES; i++) {
		apply(policies, &config->cpuid[i], report);
	}
	if (!err && policies->changed_count) {
		err = call_domain_set_cpu_policy(control->call, domid, policies->changed,
						 policies->changed_count, &bad);
		if (err) {
			control_failed(report, err, "domctl set_cpu_policy", "cpuid= of guest '%s'",
				       config->name);
		}
		if (err && bad != ~0U) {
			report_why(report, "the hypervisor does not take leaf %#x so", bad);
			report_next(report, "take it out of cpuid=");
		}
	}
	free(policies);
	return err;
}
