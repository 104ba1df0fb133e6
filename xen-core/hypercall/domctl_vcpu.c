/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control calls about vcpus: making them, their contexts, where and how much they run.
 *
 * A context is copied whole into the core before any of it is used. Setting one may validate a
 * whole tree of page tables: then the call comes again with the same request, and set_context goes
 * on where it stopped.
 */
#include "hypercall/domctl.h"

#include "domain/guest_ops.h"
#include "domain/restart.h"
#include "domain/vtime.h"
#include "hypercall/cpu_bitmap.h"
#include "lib/mem.h"
#include "machine/smp.h"
#include "mm/heap.h"
#include "pv/pv.h"

#include <xen/errno.h>
#include <xen/shared_info.h>

/* Creating one. */
#define UNITS_PER_VCPU 5

struct vcpu *domctl_vcpu(const struct domctl *c, uint32_t id)
{
	return vcpu_find(c->d, id);
}

/* --- creation and contexts ------------------------------------------------------------------- */

int domctl_max_vcpus(struct domctl *c)
{
	struct domain *d = c->d;

	if (c->op.u.max_vcpus.max != d->max_vcpus) {
		return -XEN_EINVAL;
	}
	for (uint32_t i = 0; i < d->max_vcpus; i++) {
		int err;

		if (d->vcpus[i]) {
			continue;
		}
		err = vcpu_create(d, i);
		if (err) {
			return err;
		}
		restart_spend(UNITS_PER_VCPU - 1);
		if (restart_wanted() && i + 1 < d->max_vcpus) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

static void set_state(struct vcpu *v, bool initialised, bool online)
{
	spin_lock(&v->domain->lock);
	v->is_initialised = initialised;
	spin_unlock(&v->domain->lock);
	if (online) {
		vcpu_clear_flag(v, VCPU_DOWN);
	} else {
		vcpu_set_flag(v, VCPU_DOWN);
	}
}

static int set_context(struct domctl *c, struct vcpu *v, struct vcpu_guest_context *context)
{
	struct guest_ptr from = guest_ptr(c->op.u.vcpucontext.ctxt);
	int err;

	if (guest_in(c->v, context, from, sizeof(*context))) {
		return -XEN_EFAULT;
	}
	domain_pause(c->d);
	err = c->d->ops->set_context(v, context);
	if (!err) {
		set_state(v, true, (context->flags & VGCF_online) != 0);
	}
	domain_unpause(c->d);
	return err;
}

static int reset_context(struct domctl *c, struct vcpu *v)
{
	int err;

	domain_pause(c->d);
	err = c->d->ops->reset_context(v);
	if (!err) {
		set_state(v, false, false);
	}
	domain_unpause(c->d);
	return err;
}

int domctl_setvcpucontext(struct domctl *c)
{
	struct vcpu *v = domctl_vcpu(c, c->op.u.vcpucontext.vcpu);
	struct vcpu_guest_context *context;
	int err;

	if (!v) {
		return -XEN_EINVAL;
	}
	if (c->op.u.vcpucontext.ctxt == 0) {
		return reset_context(c, v);
	}
	if (!c->d->is_pv) {
		/* Its state travels in records: hvm/context.h. */
		return -XEN_EOPNOTSUPP;
	}
	context = heap_new(struct vcpu_guest_context);
	if (!context) {
		return -XEN_ENOMEM;
	}
	err = set_context(c, v, context);
	heap_free(context);
	return err;
}

int domctl_getvcpucontext(struct domctl *c)
{
	struct vcpu *v = domctl_vcpu(c, c->op.u.vcpucontext.vcpu);
	struct vcpu_guest_context *context;
	int err;

	if (!v) {
		return -XEN_ESRCH;
	}
	if (!c->d->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	if (!v->is_initialised) {
		return -XEN_ENODATA;
	}
	context = heap_new(struct vcpu_guest_context);
	if (!context) {
		return -XEN_ENOMEM;
	}
	vcpu_pause(v);
	c->d->ops->get_context(v, context);
	vcpu_unpause(v);
	err = guest_out(c->v, guest_ptr(c->op.u.vcpucontext.ctxt), context, sizeof(*context));
	heap_free(context);
	return err;
}

int domctl_getvcpuinfo(struct domctl *c)
{
	struct xen_domctl_getvcpuinfo *info = &c->op.u.getvcpuinfo;
	struct vcpu_runstate times;
	uint32_t pauses;
	struct vcpu *v;

	if (info->vcpu >= c->d->max_vcpus) {
		return -XEN_EINVAL;
	}
	v = domctl_vcpu(c, info->vcpu);
	if (!v) {
		return -XEN_ESRCH;
	}
	pauses = atomic_read(&v->pause_flags);
	vtime_get_runstate(v, &times);
	info->online = (pauses & VCPU_DOWN) == 0;
	info->blocked = (pauses & VCPU_BLOCKED) != 0;
	info->running = sched_is_running(&v->unit);
	info->cpu_time = times.time[RUNSTATE_running];
	info->cpu = atomic_read(&v->unit.cpu);
	info->pad0 = 0;
	info->pad1 = 0;
	return 0;
}

/* --- affinity -------------------------------------------------------------------------------- */

#define AFFINITY_KINDS (XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT)

static int affinity_vcpu(const struct domctl *c, struct vcpu **v)
{
	const struct xen_domctl_vcpuaffinity *request = &c->op.u.vcpuaffinity;

	if ((request->flags & AFFINITY_KINDS) == 0 ||
	    (request->flags & ~(AFFINITY_KINDS | XEN_VCPUAFFINITY_FORCE)) != 0 ||
	    request->vcpu >= c->d->max_vcpus) {
		return -XEN_EINVAL;
	}
	*v = domctl_vcpu(c, request->vcpu);
	return *v ? 0 : -XEN_ESRCH;
}

/* What the sets come to on the CPUs of the pool; libxl compares it with what it asked for. */
static int report_effective(struct domctl *c, const struct vcpu *v)
{
	const struct xen_domctl_vcpuaffinity *request = &c->op.u.vcpuaffinity;
	struct cpu_set soft, hard = sched_pool_info(c->d->sched.pool).cpus;
	int err = 0;

	cpu_set_and(&hard, &v->unit.hard, &hard);
	cpu_set_and(&soft, &v->unit.soft, &hard);
	if (request->flags & XEN_VCPUAFFINITY_HARD) {
		err = cpu_bitmap_out(c->v, &request->cpumap_hard, &hard);
	}
	if (!err && (request->flags & XEN_VCPUAFFINITY_SOFT)) {
		err = cpu_bitmap_out(c->v, &request->cpumap_soft, &soft);
	}
	return err;
}

int domctl_setvcpuaffinity(struct domctl *c)
{
	const struct xen_domctl_vcpuaffinity *request = &c->op.u.vcpuaffinity;
	struct cpu_set hard, soft;
	struct vcpu *v;
	int err = affinity_vcpu(c, &v);

	if (err) {
		return err;
	}
	hard = v->unit.hard;
	soft = v->unit.soft;
	if (request->flags & XEN_VCPUAFFINITY_HARD) {
		err = cpu_bitmap_in(c->v, &request->cpumap_hard, &hard);
	}
	if (!err && (request->flags & XEN_VCPUAFFINITY_SOFT)) {
		err = cpu_bitmap_in(c->v, &request->cpumap_soft, &soft);
	}
	if (!err) {
		err = sched_set_affinity(&v->unit, &hard, &soft);
	}
	return err ? err : report_effective(c, v);
}

int domctl_getvcpuaffinity(struct domctl *c)
{
	const struct xen_domctl_vcpuaffinity *request = &c->op.u.vcpuaffinity;
	struct vcpu *v;
	int err = affinity_vcpu(c, &v);

	if (!err && (request->flags & XEN_VCPUAFFINITY_HARD)) {
		err = cpu_bitmap_out(c->v, &request->cpumap_hard, &v->unit.hard);
	}
	if (!err && (request->flags & XEN_VCPUAFFINITY_SOFT)) {
		err = cpu_bitmap_out(c->v, &request->cpumap_soft, &v->unit.soft);
	}
	return err;
}

/* --- shares of the CPUs ---------------------------------------------------------------------- */

int domctl_scheduler_op(struct domctl *c)
{
	struct xen_domctl_scheduler_op *request = &c->op.u.scheduler_op;
	struct xen_domctl_sched_credit2 *shares = &request->u.credit2;
	struct sched_group *group = &c->d->sched;

	if (request->sched_id != SCHED_ID_CREDIT2) {
		return -XEN_EINVAL;
	}
	switch (request->cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		/* Weight 0 keeps the present one. */
		return sched_group_set(group, shares->weight ? shares->weight : group->weight,
				       shares->cap);
	case XEN_DOMCTL_SCHEDOP_getinfo:
		shares->weight = group->weight;
		shares->cap = group->cap;
		return 0;
	default:
		return -XEN_EINVAL;
	}
}

/* --- the callbacks of 32-bit entries, which the context has no room for ---------------------- */

#define EXT_CONTEXT_BYTES offsetof(struct xen_domctl_ext_vcpucontext, vmce)

int domctl_set_ext_vcpucontext(struct domctl *c)
{
	const struct xen_domctl_ext_vcpucontext *context = &c->op.u.ext_vcpucontext;
	struct vcpu *v = domctl_vcpu(c, context->vcpu);

	if (!v) {
		return -XEN_ESRCH;
	}
	if (!v->pv) {
		return -XEN_EOPNOTSUPP;
	}
	if (context->size < EXT_CONTEXT_BYTES ||
	    !address_is_canonical(context->syscall32_callback_eip) ||
	    !address_is_canonical(context->sysenter_callback_eip)) {
		return -XEN_EINVAL;
	}
	vcpu_pause(v);
	v->pv->callbacks[PV_CALLBACK_SYSCALL32] = (struct pv_callback){
		context->syscall32_callback_eip, context->syscall32_disables_events != 0};
	v->pv->callbacks[PV_CALLBACK_SYSENTER] = (struct pv_callback){
		context->sysenter_callback_eip, context->sysenter_disables_events != 0};
	vcpu_unpause(v);
	return 0;
}

int domctl_get_ext_vcpucontext(struct domctl *c)
{
	struct xen_domctl_ext_vcpucontext *context = &c->op.u.ext_vcpucontext;
	struct vcpu *v = domctl_vcpu(c, context->vcpu);
	struct pv_callback syscall32, sysenter;

	if (!v) {
		return -XEN_ESRCH;
	}
	if (!v->pv) {
		return -XEN_EOPNOTSUPP;
	}
	vcpu_pause(v);
	syscall32 = v->pv->callbacks[PV_CALLBACK_SYSCALL32];
	sysenter = v->pv->callbacks[PV_CALLBACK_SYSENTER];
	vcpu_unpause(v);
	*context = (struct xen_domctl_ext_vcpucontext){
		.vcpu = v->id,
		.size = sizeof(*context),
		.syscall32_callback_eip = syscall32.address,
		.sysenter_callback_eip = sysenter.address,
		.syscall32_disables_events = syscall32.masks_events,
		.sysenter_disables_events = sysenter.masks_events,
	};
	return 0;
}
