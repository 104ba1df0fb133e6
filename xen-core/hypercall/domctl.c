/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctl: from the request to the function of the command. The rows say what all commands have in
 * common: whether the caller may be the target, whether there are outputs, who may call.
 *
 * One control call at a time: they pause domains and take them apart, and two about the same
 * domain would see each other's half-done work. Guest memory is copied meanwhile, which no spin
 * lock allows, so the lock is a word that is tried: a loser issues its call again.
 */
#include "hypercall/domctl.h"

#include "domain/restart.h"
#include "machine/atomic.h"

#include <xen/errno.h>

static uint32_t domctl_busy;

#define NO_TARGET (1U << 0)  /* finds its domain itself */
#define NOT_SELF (1U << 1)   /* -XEN_EINVAL on the caller */
#define OUT (1U << 2)        /* copied back on success */
#define OUT_ALWAYS (1U << 3) /* ... on errors too */
#define XENSTORE (1U << 4)   /* for the xenstore domain too */

struct domctl_row {
	domctl_handler *run;
	unsigned int flags;
};

static const struct domctl_row rows[] = {
	[XEN_DOMCTL_createdomain] = {domctl_createdomain, NO_TARGET | OUT},
	[XEN_DOMCTL_destroydomain] = {domctl_destroydomain, NOT_SELF},
	[XEN_DOMCTL_pausedomain] = {domctl_pausedomain, NOT_SELF},
	[XEN_DOMCTL_unpausedomain] = {domctl_unpausedomain, NOT_SELF},
	[XEN_DOMCTL_getdomaininfo] = {domctl_getdomaininfo, NO_TARGET | OUT | XENSTORE},
	[XEN_DOMCTL_setvcpuaffinity] = {domctl_setvcpuaffinity, 0},
	[XEN_DOMCTL_shadow_op] = {domctl_no_paging, 0},
	[XEN_DOMCTL_max_mem] = {domctl_max_mem, 0},
	[XEN_DOMCTL_setvcpucontext] = {domctl_setvcpucontext, NOT_SELF},
	[XEN_DOMCTL_getvcpucontext] = {domctl_getvcpucontext, NOT_SELF},
	[XEN_DOMCTL_getvcpuinfo] = {domctl_getvcpuinfo, OUT},
	[XEN_DOMCTL_max_vcpus] = {domctl_max_vcpus, NOT_SELF},
	[XEN_DOMCTL_scheduler_op] = {domctl_scheduler_op, OUT},
	[XEN_DOMCTL_setdomainhandle] = {domctl_setdomainhandle, 0},
	[XEN_DOMCTL_setdebugging] = {domctl_no_paging, NOT_SELF},
	[XEN_DOMCTL_gethvmcontext] = {domctl_gethvmcontext, NOT_SELF | OUT},
	[XEN_DOMCTL_sethvmcontext] = {domctl_sethvmcontext, NOT_SELF},
	[XEN_DOMCTL_gethvmcontext_partial] = {domctl_gethvmcontext_partial, NOT_SELF | OUT},
	[XEN_DOMCTL_irq_permission] = {domctl_irq_permission, 0},
	[XEN_DOMCTL_iomem_permission] = {domctl_iomem_permission, 0},
	[XEN_DOMCTL_ioport_permission] = {domctl_ioport_permission, 0},
	[XEN_DOMCTL_memory_mapping] = {domctl_memory_mapping, 0},
	[XEN_DOMCTL_hypercall_init] = {domctl_hypercall_init, 0},
	[XEN_DOMCTL_settimeoffset] = {domctl_settimeoffset, 0},
	[XEN_DOMCTL_getvcpuaffinity] = {domctl_getvcpuaffinity, 0},
	[XEN_DOMCTL_resumedomain] = {domctl_resumedomain, NOT_SELF},
	[XEN_DOMCTL_subscribe] = {domctl_subscribe, 0},
	[XEN_DOMCTL_set_address_size] = {domctl_set_address_size, 0},
	[XEN_DOMCTL_get_address_size] = {domctl_get_address_size, OUT},
	[XEN_DOMCTL_set_ext_vcpucontext] = {domctl_set_ext_vcpucontext, NOT_SELF},
	[XEN_DOMCTL_get_ext_vcpucontext] = {domctl_get_ext_vcpucontext, NOT_SELF | OUT},
	[XEN_DOMCTL_gettscinfo] = {domctl_gettscinfo, NOT_SELF | OUT},
	[XEN_DOMCTL_settscinfo] = {domctl_settscinfo, NOT_SELF},
	[XEN_DOMCTL_getpageframeinfo3] = {domctl_getpageframeinfo3, 0},
	[XEN_DOMCTL_setvcpuextstate] = {domctl_setvcpuextstate, NOT_SELF},
	[XEN_DOMCTL_getvcpuextstate] = {domctl_getvcpuextstate, NOT_SELF | OUT},
	[XEN_DOMCTL_set_virq_handler] = {domctl_set_virq_handler, 0},
	[XEN_DOMCTL_setnodeaffinity] = {domctl_setnodeaffinity, 0},
	[XEN_DOMCTL_getnodeaffinity] = {domctl_getnodeaffinity, 0},
	[XEN_DOMCTL_get_vcpu_msrs] = {domctl_get_vcpu_msrs, NOT_SELF | OUT},
	[XEN_DOMCTL_set_vcpu_msrs] = {domctl_set_vcpu_msrs, NOT_SELF},
	[XEN_DOMCTL_get_cpu_policy] = {domctl_get_cpu_policy, OUT},
	[XEN_DOMCTL_set_cpu_policy] = {domctl_set_cpu_policy, NOT_SELF | OUT_ALWAYS},
	[XEN_DOMCTL_get_paging_mempool_size] = {domctl_get_paging_mempool_size, OUT},
	[XEN_DOMCTL_set_paging_mempool_size] = {domctl_set_paging_mempool_size, 0},
};

static int find_target(struct domctl *c, unsigned int flags)
{
	if (flags & NO_TARGET) {
		return 0;
	}
	c->d = c->op.domain == DOMID_SELF ? c->v->domain : domain_find(c->op.domain);
	if (!c->d) {
		return -XEN_ESRCH;
	}
	return (flags & NOT_SELF) && c->d == c->v->domain ? -XEN_EINVAL : 0;
}

static int run_locked(struct domctl *c, const struct domctl_row *row)
{
	int err = find_target(c, row->flags);

	if (err) {
		return err;
	}
	err = row->run(c);
	if ((row->flags & OUT_ALWAYS) || (!err && (row->flags & OUT))) {
		if (guest_out(c->v, c->at, &c->op, sizeof(c->op))) {
			return -XEN_EFAULT;
		}
	}
	return err;
}

static int run(struct domctl *c, const struct domctl_row *row)
{
	int err;

	if (atomic_exchange(&domctl_busy, 1) != 0) {
		/* Out of budget: the exit path has its turn, and so has the holder. */
		restart_spend(RESTART_UNITS);
		return -XEN_ERESTART;
	}
	err = run_locked(c, row);
	atomic_write_release(&domctl_busy, 0);
	return err;
}

int64_t hypercall_domctl(struct hypercall *call)
{
	struct domctl c = {.v = call->v, .d = NULL, .at = guest_ptr(call->args[0])};
	const struct domctl_row *row = NULL;
	enum right right = RIGHT_CONTROL;
	int err;

	if (guest_in(c.v, &c.op, c.at, sizeof(c.op))) {
		return -XEN_EFAULT;
	}
	if (c.op.interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
		return -XEN_EACCES;
	}
	if (c.op.cmd < array_size(rows) && rows[c.op.cmd].run) {
		row = &rows[c.op.cmd];
		right = row->flags & XENSTORE ? RIGHT_XENSTORE : RIGHT_CONTROL;
	}
	err = rights_check(c.v->domain, NULL, right);
	if (err) {
		return err;
	}
	return row ? run(&c, row) : -XEN_ENOSYS;
}
