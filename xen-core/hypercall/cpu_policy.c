/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU policies to and from a toolstack: as lists of CPUID leaves and MSRs, and as feature words.
 * What they mean is x86/policy.h; here are the copies and the rules of the calls.
 *
 * Each half of a request is independent: a NULL list asks how long it may be. A domain's policy is
 * merged into a copy, checked, and only then taken: it is what the guest sees from its first
 * unpause on. Features above what the host offers are dropped silently, as libxl expects.
 */
#include "hypercall/cpu_policy.h"

#include "hvm/cpuid.h"
#include "hvm/hvm.h"
#include "lib/math.h"
#include "mm/heap.h"
#include "pv/cpuid.h"

#include <xen/errno.h>

/* --- out ------------------------------------------------------------------------------------- */

static int leaves_out(struct vcpu *v, const struct cpu_policy *policy, uint64_t to, uint32_t *count)
{
	struct xen_cpuid_leaf *leaves;
	int err;

	*count = min_u32(*count, POLICY_LEAVES_MAX);
	leaves = heap_alloc(POLICY_LEAVES_MAX * sizeof(*leaves));
	if (!leaves) {
		return -XEN_ENOMEM;
	}
	err = policy_to_leaves(policy, leaves, count);
	if (!err) {
		err = guest_out(v, guest_ptr(to), leaves, *count * sizeof(*leaves));
	}
	heap_free(leaves);
	return err;
}

static int msrs_out(struct vcpu *v, const struct cpu_policy *policy, uint64_t to, uint32_t *count)
{
	struct xen_msr_entry msrs[POLICY_MSRS] = {{0}};
	int err;

	*count = min_u32(*count, POLICY_MSRS);
	err = policy_to_msrs(policy, msrs, count);
	return err ? err : guest_out(v, guest_ptr(to), msrs, *count * sizeof(msrs[0]));
}

static int policy_out(struct vcpu *v, const struct cpu_policy *policy, struct policy_lists *lists)
{
	int err = 0;

	if (lists->leaves == 0) {
		lists->leaf_count = POLICY_LEAVES_MAX;
	} else {
		err = leaves_out(v, policy, lists->leaves, &lists->leaf_count);
	}
	if (err) {
		return err;
	}
	if (lists->msrs == 0) {
		lists->msr_count = POLICY_MSRS;
		return 0;
	}
	return msrs_out(v, policy, lists->msrs, &lists->msr_count);
}

int domctl_get_cpu_policy(struct domctl *c)
{
	struct xen_domctl_cpu_policy *request = &c->op.u.cpu_policy;
	struct policy_lists lists = {request->leaves, request->msrs, request->nr_leaves,
				     request->nr_msrs};
	int err;

	if (!c->d->policy) {
		return -XEN_EINVAL;
	}
	err = policy_out(c->v, c->d->policy, &lists);
	request->nr_leaves = lists.leaf_count;
	request->nr_msrs = lists.msr_count;
	return err;
}

static const struct cpu_policy *host_policy(uint32_t index)
{
	switch (index) {
	case XEN_SYSCTL_cpu_policy_raw:
	case XEN_SYSCTL_cpu_policy_host:
		return pv_policy_host();
	case XEN_SYSCTL_cpu_policy_pv_max:
		return pv_policy_max();
	case XEN_SYSCTL_cpu_policy_pv_default:
		return pv_policy_default();
	case XEN_SYSCTL_cpu_policy_hvm_max:
		return virt_ops ? hvm_policy_max() : NULL;
	case XEN_SYSCTL_cpu_policy_hvm_default:
		return virt_ops ? hvm_policy_default() : NULL;
	default:
		return NULL;
	}
}

int sysctl_get_cpu_policy(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *request = &op->u.cpu_policy;
	const struct cpu_policy *policy = host_policy(request->index);
	struct policy_lists lists = {request->leaves, request->msrs, request->nr_leaves,
				     request->nr_msrs};
	int err;

	if (request->_rsvd != 0 || request->index > XEN_SYSCTL_cpu_policy_hvm_default) {
		return -XEN_EINVAL;
	}
	if (!policy) {
		return -XEN_EOPNOTSUPP;
	}
	err = policy_out(v, policy, &lists);
	request->nr_leaves = lists.leaf_count;
	request->nr_msrs = lists.msr_count;
	return err;
}

static const struct cpu_policy *featureset_policy(uint32_t index)
{
	switch (index) {
	case XEN_SYSCTL_cpu_featureset_raw:
	case XEN_SYSCTL_cpu_featureset_host:
		return pv_policy_host();
	case XEN_SYSCTL_cpu_featureset_pv:
		return pv_policy_default();
	case XEN_SYSCTL_cpu_featureset_pv_max:
		return pv_policy_max();
	case XEN_SYSCTL_cpu_featureset_hvm:
		return virt_ops ? hvm_policy_default() : NULL;
	case XEN_SYSCTL_cpu_featureset_hvm_max:
		return virt_ops ? hvm_policy_max() : NULL;
	default:
		return NULL;
	}
}

/* -XEN_ENOBUFS still delivers what fits. */
int sysctl_get_cpu_featureset(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_featureset *request = &op->u.cpu_featureset;
	const struct cpu_policy *policy = featureset_policy(request->index);
	uint32_t room = request->nr_features;
	uint32_t words[POLICY_WORDS];

	if (request->index > XEN_SYSCTL_cpu_featureset_hvm_max) {
		return -XEN_EINVAL;
	}
	if (!policy) {
		return -XEN_EOPNOTSUPP;
	}
	request->nr_features = POLICY_WORDS;
	if (request->features == 0) {
		return 0;
	}
	policy_to_featureset(policy, words);
	request->nr_features = min_u32(room, POLICY_WORDS);
	if (guest_out(v, guest_ptr(request->features), words,
		      request->nr_features * sizeof(words[0]))) {
		return -XEN_EFAULT;
	}
	return room < POLICY_WORDS ? -XEN_ENOBUFS : 0;
}

/* --- in -------------------------------------------------------------------------------------- */

static int leaves_in(struct domctl *c, struct cpu_policy *policy)
{
	struct xen_domctl_cpu_policy *request = &c->op.u.cpu_policy;
	size_t bytes = request->nr_leaves * sizeof(struct xen_cpuid_leaf);
	struct xen_cpuid_leaf *leaves;
	int err;

	if (bytes == 0) {
		return 0;
	}
	leaves = heap_alloc(bytes);
	if (!leaves) {
		return -XEN_ENOMEM;
	}
	err = guest_in(c->v, leaves, guest_ptr(request->leaves), bytes);
	if (!err) {
		err = policy_from_leaves(policy, leaves, request->nr_leaves, &request->err_leaf,
					 &request->err_subleaf);
	}
	heap_free(leaves);
	return err;
}

static int msrs_in(struct domctl *c, struct cpu_policy *policy)
{
	struct xen_domctl_cpu_policy *request = &c->op.u.cpu_policy;
	struct xen_msr_entry msrs[POLICY_MSRS];

	if (guest_in(c->v, msrs, guest_ptr(request->msrs), request->nr_msrs * sizeof(msrs[0]))) {
		return -XEN_EFAULT;
	}
	return policy_from_msrs(policy, msrs, request->nr_msrs, &request->err_msr);
}

static int merge(struct domctl *c, struct cpu_policy *policy)
{
	const struct cpu_policy *max = c->d->is_pv ? pv_policy_max() : hvm_policy_max();
	struct xen_domctl_cpu_policy *request = &c->op.u.cpu_policy;
	int err = leaves_in(c, policy);

	if (!err) {
		err = msrs_in(c, policy);
	}
	if (!err) {
		err = policy_check(policy, max, &request->err_leaf, &request->err_subleaf,
				   &request->err_msr);
	}
	if (!err) {
		policy_clamp(policy, max);
	}
	return err;
}

static void tell_vcpus(struct domain *d)
{
	struct vcpu *v;

	if (!d->is_pv) {
		for_each_vcpu (d, v) {
			hvm_policy_changed(v);
		}
	}
}

int domctl_set_cpu_policy(struct domctl *c)
{
	struct xen_domctl_cpu_policy *request = &c->op.u.cpu_policy;
	struct cpu_policy *merged;
	int err;

	request->err_leaf = XEN_CPUID_INPUT_UNUSED;
	request->err_subleaf = XEN_CPUID_INPUT_UNUSED;
	request->err_msr = XEN_CPUID_INPUT_UNUSED;
	if (request->nr_leaves > POLICY_LEAVES_MAX || request->nr_msrs > POLICY_MSRS) {
		return -XEN_E2BIG;
	}
	if (!c->d->policy) {
		return -XEN_EINVAL;
	}
	if (c->d->life != DOMAIN_NEW) {
		return -XEN_EEXIST;
	}
	merged = heap_new(struct cpu_policy);
	if (!merged) {
		return -XEN_ENOMEM;
	}
	*merged = *c->d->policy;
	err = merge(c, merged);
	if (!err) {
		*c->d->policy = *merged;
		tell_vcpus(c->d);
	}
	heap_free(merged);
	return err;
}
