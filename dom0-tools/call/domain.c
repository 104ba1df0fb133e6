/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domctl and its neighbours: see domain.h. Every function follows one pattern: mark the arena,
 * take what the hypervisor reads or writes, call, copy results out, release the mark.
 */
#include "call/domain.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <xen/event_channel.h>
#include <xen/hvm_op.h>
#include <xen/sysctl.h>

#define LIST_STEP 256U

/* op's handles must point into the arena already. Results come back in *op. */
static int domctl(struct call *call, domid_t domid, uint32_t cmd, struct xen_domctl *op)
{
	size_t mark = call_mark(call);
	struct xen_domctl *buffer = call_take(call, sizeof(*buffer));
	int64_t answer;

	if (!buffer) {
		return -ENOMEM;
	}
	*buffer = *op;
	buffer->cmd = cmd;
	buffer->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	buffer->domain = domid;
	answer = call_hypercall(call, __HYPERVISOR_domctl, call_handle(buffer), 0, 0, 0, 0);
	*op = *buffer;
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

static int domctl_plain(struct call *call, domid_t domid, uint32_t cmd)
{
	struct xen_domctl op = {0};

	return domctl(call, domid, cmd, &op);
}

/* A copy of `bytes` bytes in the arena; NULL stays 0 with *err unchanged. */
static uint64_t lend(struct call *call, const void *bytes, size_t size, int *err)
{
	void *copy;

	if (!bytes || *err) {
		return 0;
	}
	copy = call_take(call, size);
	if (!copy) {
		*err = -ENOMEM;
		return 0;
	}
	memcpy(copy, bytes, size);
	return call_handle(copy);
}

static void fetch(void *to, uint64_t handle, size_t size)
{
	if (to && handle) {
		memcpy(to, (const void *)(uintptr_t)handle, size);
	}
}

/* --- life ------------------------------------------------------------------------------------ */
int call_domain_create(struct call *call, const struct xen_domctl_createdomain *config,
		       domid_t *domid)
{
	struct xen_domctl op = {.u.createdomain = *config};
	size_t mark = call_mark(call);
	struct xen_domctl *buffer = call_take(call, sizeof(*buffer));
	int64_t answer;

	if (!buffer) {
		return -ENOMEM;
	}
	/* The one domctl whose answer stands in the header, which domctl() does not hand back. */
	op.cmd = XEN_DOMCTL_createdomain;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = *domid == DOMID_INVALID ? (domid_t)0xffff : *domid;
	*buffer = op;
	answer = call_hypercall(call, __HYPERVISOR_domctl, call_handle(buffer), 0, 0, 0, 0);
	if (answer >= 0) {
		*domid = buffer->domain;
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_domain_destroy(struct call *call, domid_t domid)
{
	int err;

	for (;;) {
		err = domctl_plain(call, domid, XEN_DOMCTL_destroydomain);
		if (err != -EAGAIN && err != -ERESTART) {
			return err;
		}
		sched_yield();
	}
}

int call_domain_pause(struct call *call, domid_t domid)
{
	return domctl_plain(call, domid, XEN_DOMCTL_pausedomain);
}

int call_domain_unpause(struct call *call, domid_t domid)
{
	return domctl_plain(call, domid, XEN_DOMCTL_unpausedomain);
}

int call_domain_resume(struct call *call, domid_t domid)
{
	return domctl_plain(call, domid, XEN_DOMCTL_resumedomain);
}

int call_domain_shutdown(struct call *call, domid_t domid, uint32_t reason)
{
	size_t mark = call_mark(call);
	struct sched_remote_shutdown *request = call_take(call, sizeof(*request));
	int64_t answer;

	if (!request) {
		return -ENOMEM;
	}
	request->domain_id = domid;
	request->reason = reason;
	answer = call_hypercall(call, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
				call_handle(request), 0, 0, 0);
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_domain_info(struct call *call, domid_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = {0};
	int err = domctl(call, domid, XEN_DOMCTL_getdomaininfo, &op);

	if (err) {
		return err;
	}
	if (op.u.getdomaininfo.domain != domid) {
		return -ESRCH;
	}
	*info = op.u.getdomaininfo;
	return 0;
}

int call_domain_list(struct call *call, domid_t first, struct xen_domctl_getdomaininfo *infos,
		     uint32_t room, uint32_t *count)
{
	size_t mark = call_mark(call);
	struct xen_sysctl *op = call_take(call, sizeof(*op));
	struct xen_domctl_getdomaininfo *buffer = call_take(call, room * sizeof(*buffer));
	int64_t answer = -ENOMEM;

	if (op && buffer) {
		op->cmd = XEN_SYSCTL_getdomaininfolist;
		op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
		op->u.getdomaininfolist.first_domain = first;
		op->u.getdomaininfolist.max_domains = room;
		op->u.getdomaininfolist.buffer = call_handle(buffer);
		answer = call_hypercall(call, __HYPERVISOR_sysctl, call_handle(op), 0, 0, 0, 0);
	}
	if (answer >= 0) {
		uint32_t found = op->u.getdomaininfolist.num_domains;

		*count = found < room ? found : room;
		memcpy(infos, buffer, *count * sizeof(*infos));
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_domain_list_all(struct call *call, struct xen_domctl_getdomaininfo **result,
			 uint32_t *total)
{
	struct xen_domctl_getdomaininfo *infos = NULL;
	uint32_t used = 0;
	uint32_t got = LIST_STEP;
	domid_t next = 0;

	while (got == LIST_STEP) {
		struct xen_domctl_getdomaininfo *more =
			reallocarray(infos, used + LIST_STEP, sizeof(*infos));
		int err = more ? 0 : -ENOMEM;

		if (more) {
			infos = more;
			err = call_domain_list(call, next, infos + used, LIST_STEP, &got);
		}
		if (err) {
			free(infos);
			return err;
		}
		used += got;
		if (used) {
			next = (domid_t)(infos[used - 1].domain + 1);
		}
	}
	*result = infos;
	*total = used;
	return 0;
}

int call_domain_set_handle(struct call *call, domid_t domid, const xen_domain_handle_t handle)
{
	struct xen_domctl op = {0};

	memcpy(op.u.setdomainhandle.handle, handle, sizeof(op.u.setdomainhandle.handle));
	return domctl(call, domid, XEN_DOMCTL_setdomainhandle, &op);
}

int call_domain_set_max_vcpus(struct call *call, domid_t domid, uint32_t count)
{
	struct xen_domctl op = {.u.max_vcpus.max = count};

	return domctl(call, domid, XEN_DOMCTL_max_vcpus, &op);
}

int call_domain_set_max_mem(struct call *call, domid_t domid, uint64_t kib)
{
	struct xen_domctl op = {.u.max_mem.max_memkb = kib};

	return domctl(call, domid, XEN_DOMCTL_max_mem, &op);
}

int call_domain_set_address_size(struct call *call, domid_t domid, uint32_t bits)
{
	struct xen_domctl op = {.u.address_size.size = bits};

	return domctl(call, domid, XEN_DOMCTL_set_address_size, &op);
}

int call_domain_get_address_size(struct call *call, domid_t domid, uint32_t *bits)
{
	struct xen_domctl op = {0};
	int err = domctl(call, domid, XEN_DOMCTL_get_address_size, &op);

	if (!err) {
		*bits = op.u.address_size.size;
	}
	return err;
}

int call_domain_set_tsc(struct call *call, domid_t domid, const struct xen_domctl_tsc_info *info)
{
	struct xen_domctl op = {.u.tsc_info = *info};

	return domctl(call, domid, XEN_DOMCTL_settscinfo, &op);
}

int call_domain_get_tsc(struct call *call, domid_t domid, struct xen_domctl_tsc_info *info)
{
	struct xen_domctl op = {0};
	int err = domctl(call, domid, XEN_DOMCTL_gettscinfo, &op);

	if (!err) {
		*info = op.u.tsc_info;
	}
	return err;
}

int call_domain_set_time_offset(struct call *call, domid_t domid, int64_t seconds)
{
	struct xen_domctl op = {.u.settimeoffset.time_offset_seconds = seconds};

	return domctl(call, domid, XEN_DOMCTL_settimeoffset, &op);
}

int call_domain_set_paging_pool(struct call *call, domid_t domid, uint64_t bytes)
{
	struct xen_domctl op = {.u.paging_mempool.size = bytes};

	return domctl(call, domid, XEN_DOMCTL_set_paging_mempool_size, &op);
}

int call_domain_get_paging_pool(struct call *call, domid_t domid, uint64_t *bytes)
{
	struct xen_domctl op = {0};
	int err = domctl(call, domid, XEN_DOMCTL_get_paging_mempool_size, &op);

	if (!err) {
		*bytes = op.u.paging_mempool.size;
	}
	return err;
}

int call_domain_send_trigger(struct call *call, domid_t domid, uint32_t trigger, uint32_t vcpu)
{
	struct xen_domctl op = {.u.sendtrigger = {.trigger = trigger, .vcpu = vcpu}};

	return domctl(call, domid, XEN_DOMCTL_sendtrigger, &op);
}

int call_domain_subscribe_suspend(struct call *call, domid_t domid, uint32_t port)
{
	struct xen_domctl op = {.u.subscribe.port = port};

	return domctl(call, domid, XEN_DOMCTL_subscribe, &op);
}

static struct xenctl_bitmap lend_bitmap(struct call *call, const uint8_t *map, size_t bytes,
					int *err)
{
	return (struct xenctl_bitmap){
		.bitmap = lend(call, map, bytes, err),
		.nr_bits = map ? (uint32_t)(bytes * 8) : 0,
	};
}

int call_domain_set_nodes(struct call *call, domid_t domid, const uint8_t *nodes, size_t bytes)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {.u.nodeaffinity.nodemap = lend_bitmap(call, nodes, bytes, &err)};

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_setnodeaffinity, &op);
	}
	call_release(call, mark);
	return err;
}

int call_domain_get_nodes(struct call *call, domid_t domid, uint8_t *nodes, size_t bytes)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {.u.nodeaffinity.nodemap = lend_bitmap(call, nodes, bytes, &err)};
	uint64_t map = op.u.nodeaffinity.nodemap.bitmap;

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_getnodeaffinity, &op);
	}
	if (!err) {
		fetch(nodes, map, bytes);
	}
	call_release(call, mark);
	return err;
}

/* --- hardware -------------------------------------------------------------------------------- */
int call_domain_permit_irq(struct call *call, domid_t domid, uint32_t pirq, bool allow)
{
	struct xen_domctl op = {.u.irq_permission = {.pirq = pirq, .allow_access = allow}};

	return domctl(call, domid, XEN_DOMCTL_irq_permission, &op);
}

int call_domain_permit_iomem(struct call *call, domid_t domid, uint64_t first_mfn, uint64_t count,
			     bool allow)
{
	struct xen_domctl op = {.u.iomem_permission = {.first_mfn = first_mfn,
						       .nr_mfns = count,
						       .allow_access = allow}};

	return domctl(call, domid, XEN_DOMCTL_iomem_permission, &op);
}

int call_domain_permit_ioports(struct call *call, domid_t domid, uint32_t first, uint32_t count,
			       bool allow)
{
	struct xen_domctl op = {.u.ioport_permission = {.first_port = first,
							.nr_ports = count,
							.allow_access = allow}};

	return domctl(call, domid, XEN_DOMCTL_ioport_permission, &op);
}

int call_domain_set_cpu_policy(struct call *call, domid_t domid,
			       const struct xen_cpuid_leaf *leaves, uint32_t count,
			       uint32_t *bad_leaf)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {.u.cpu_policy = {
					.nr_leaves = count,
					.leaves = lend(call, leaves, count * sizeof(*leaves), &err),
				}};

	*bad_leaf = ~0U;
	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_set_cpu_policy, &op);
		*bad_leaf = err ? op.u.cpu_policy.err_leaf : ~0U;
	}
	call_release(call, mark);
	return err;
}

int call_domain_get_cpu_policy(struct call *call, domid_t domid, struct xen_cpuid_leaf *leaves,
			       uint32_t *leaf_count, struct xen_msr_entry *msrs,
			       uint32_t *msr_count)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {
		.u.cpu_policy = {
			.nr_leaves = *leaf_count,
			.nr_msrs = *msr_count,
			.leaves = lend(call, leaves, *leaf_count * sizeof(*leaves), &err),
			.msrs = lend(call, msrs, *msr_count * sizeof(*msrs), &err),
		}};
	uint64_t leaf_buffer = op.u.cpu_policy.leaves;
	uint64_t msr_buffer = op.u.cpu_policy.msrs;

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_get_cpu_policy, &op);
	}
	if (!err &&
	    (op.u.cpu_policy.nr_leaves > *leaf_count || op.u.cpu_policy.nr_msrs > *msr_count)) {
		err = -ENOBUFS;
	}
	if (!err) {
		*leaf_count = op.u.cpu_policy.nr_leaves;
		*msr_count = op.u.cpu_policy.nr_msrs;
		fetch(leaves, leaf_buffer, *leaf_count * sizeof(*leaves));
		fetch(msrs, msr_buffer, *msr_count * sizeof(*msrs));
	}
	call_release(call, mark);
	return err;
}

/* --- vcpus ----------------------------------------------------------------------------------- */
int call_vcpu_info(struct call *call, domid_t domid, uint32_t vcpu,
		   struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = {.u.getvcpuinfo.vcpu = vcpu};
	int err = domctl(call, domid, XEN_DOMCTL_getvcpuinfo, &op);

	if (!err) {
		*info = op.u.getvcpuinfo;
	}
	return err;
}

int call_vcpu_set_affinity(struct call *call, domid_t domid, uint32_t vcpu, const uint8_t *hard,
			   const uint8_t *soft, size_t bytes, bool force)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {.u.vcpuaffinity = {
					.vcpu = vcpu,
					.flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) |
						 (soft ? XEN_VCPUAFFINITY_SOFT : 0) |
						 (force ? XEN_VCPUAFFINITY_FORCE : 0),
					.cpumap_hard = lend_bitmap(call, hard, bytes, &err),
					.cpumap_soft = lend_bitmap(call, soft, bytes, &err),
				}};

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_setvcpuaffinity, &op);
	}
	call_release(call, mark);
	return err;
}

int call_vcpu_get_affinity(struct call *call, domid_t domid, uint32_t vcpu, uint8_t *hard,
			   uint8_t *soft, size_t bytes)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {.u.vcpuaffinity = {
					.vcpu = vcpu,
					.flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) |
						 (soft ? XEN_VCPUAFFINITY_SOFT : 0),
					.cpumap_hard = lend_bitmap(call, hard, bytes, &err),
					.cpumap_soft = lend_bitmap(call, soft, bytes, &err),
				}};
	uint64_t hard_map = op.u.vcpuaffinity.cpumap_hard.bitmap;
	uint64_t soft_map = op.u.vcpuaffinity.cpumap_soft.bitmap;

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_getvcpuaffinity, &op);
	}
	if (!err) {
		fetch(hard, hard_map, bytes);
		fetch(soft, soft_map, bytes);
	}
	call_release(call, mark);
	return err;
}

int call_vcpu_set_context(struct call *call, domid_t domid, uint32_t vcpu,
			  const struct vcpu_guest_context *context)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {.u.vcpucontext = {
					.vcpu = vcpu,
					.ctxt = lend(call, context, sizeof(*context), &err),
				}};

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_setvcpucontext, &op);
	}
	call_release(call, mark);
	return err;
}

int call_vcpu_get_context(struct call *call, domid_t domid, uint32_t vcpu,
			  struct vcpu_guest_context *context)
{
	size_t mark = call_mark(call);
	struct vcpu_guest_context *buffer = call_take(call, sizeof(*buffer));
	struct xen_domctl op = {.u.vcpucontext = {.vcpu = vcpu, .ctxt = call_handle(buffer)}};
	int err = -ENOMEM;

	if (buffer) {
		err = domctl(call, domid, XEN_DOMCTL_getvcpucontext, &op);
	}
	if (!err) {
		*context = *buffer;
	}
	call_release(call, mark);
	return err;
}

/* --- scheduling ------------------------------------------------------------------------------ */
int call_domain_sched(struct call *call, domid_t domid, struct xen_domctl_scheduler_op *request)
{
	struct xen_domctl op = {.u.scheduler_op = *request};
	int err = domctl(call, domid, XEN_DOMCTL_scheduler_op, &op);

	if (!err) {
		*request = op.u.scheduler_op;
	}
	return err;
}

int call_domain_sched_vcpus(struct call *call, domid_t domid, uint32_t sched_id, uint32_t cmd,
			    struct xen_domctl_schedparam_vcpu *vcpus, uint32_t count)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {
		.u.scheduler_op = {.sched_id = sched_id,
				   .cmd = cmd,
				   .u.v = {
					   .vcpus = lend(call, vcpus, count * sizeof(*vcpus), &err),
					   .nr_vcpus = count,
				   }}};
	uint64_t buffer = op.u.scheduler_op.u.v.vcpus;

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_scheduler_op, &op);
	}
	if (!err) {
		fetch(vcpus, buffer, count * sizeof(*vcpus));
	}
	call_release(call, mark);
	return err;
}

/* --- translated domains ------------------------------------------------------------------------
 */
static int hvm_param(struct call *call, domid_t domid, uint32_t sub_op, uint32_t index,
		     uint64_t *value)
{
	size_t mark = call_mark(call);
	struct xen_hvm_param *param = call_take(call, sizeof(*param));
	int64_t answer;

	if (!param) {
		return -ENOMEM;
	}
	*param = (struct xen_hvm_param){.domid = domid, .index = index, .value = *value};
	answer = call_hypercall(call, __HYPERVISOR_hvm_op, sub_op, call_handle(param), 0, 0, 0);
	if (answer >= 0) {
		*value = param->value;
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_domain_set_param(struct call *call, domid_t domid, uint32_t index, uint64_t value)
{
	return hvm_param(call, domid, HVMOP_set_param, index, &value);
}

int call_domain_get_param(struct call *call, domid_t domid, uint32_t index, uint64_t *value)
{
	*value = 0;
	return hvm_param(call, domid, HVMOP_get_param, index, value);
}

int call_domain_get_hvm_context(struct call *call, domid_t domid, void *buffer, uint32_t *size)
{
	size_t mark = call_mark(call);
	uint32_t room = buffer ? *size : 0;
	void *lent = buffer ? call_take(call, room) : NULL;
	struct xen_domctl op = {.u.hvmcontext = {.size = room, .buffer = call_handle(lent)}};
	int err = buffer && !lent ? -ENOMEM : domctl(call, domid, XEN_DOMCTL_gethvmcontext, &op);

	if (!err && buffer && op.u.hvmcontext.size > room) {
		err = -ENOSPC;
	}
	if (!err) {
		*size = op.u.hvmcontext.size;
		fetch(buffer, call_handle(lent), *size);
	}
	call_release(call, mark);
	return err;
}

int call_domain_set_hvm_context(struct call *call, domid_t domid, const void *buffer, uint32_t size)
{
	size_t mark = call_mark(call);
	int err = 0;
	struct xen_domctl op = {
		.u.hvmcontext = {.size = size, .buffer = lend(call, buffer, size, &err)}};

	if (!err) {
		err = domctl(call, domid, XEN_DOMCTL_sethvmcontext, &op);
	}
	call_release(call, mark);
	return err;
}

/* --- event channels of others ------------------------------------------------------------------
 */
int call_domain_alloc_port(struct call *call, domid_t domid, domid_t remote, uint32_t *port)
{
	size_t mark = call_mark(call);
	struct evtchn_alloc_unbound *request = call_take(call, sizeof(*request));
	int64_t answer;

	if (!request) {
		return -ENOMEM;
	}
	request->dom = domid;
	request->remote_dom = remote;
	answer = call_hypercall(call, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound,
				call_handle(request), 0, 0, 0);
	if (answer >= 0) {
		*port = request->port;
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_domain_reset_ports(struct call *call, domid_t domid)
{
	size_t mark = call_mark(call);
	struct evtchn_reset *request = call_take(call, sizeof(*request));
	int64_t answer;

	if (!request) {
		return -ENOMEM;
	}
	request->dom = domid;
	answer = call_hypercall(call, __HYPERVISOR_event_channel_op, EVTCHNOP_reset,
				call_handle(request), 0, 0, 0);
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}
