/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysctl: the host as the toolstack sees it. Almost all of it are questions; the request is copied
 * back with the answers. libxl asks for physinfo, topology and pools in nearly every command and
 * gives up when one of them fails.
 *
 * There is one NUMA node. CPU pools are the scheduler's (sched/sched.h); all have its only policy.
 */
#include "hypercall/cpu_bitmap.h"
#include "hvm/hvm.h"
#include "hypercall/cpu_policy.h"
#include "hypercall/host_info.h"

#include "domain/restart.h"
#include "lib/log.h"
#include "lib/math.h"
#include "machine/smp.h"
#include "mm/buddy.h"
#include "plat/clock.h"
#include "plat/console.h"
#include "pv/cpuid.h"

#include <xen/errno.h>

#define NODE_DISTANCE_SELF 10U
#define DEBUG_KEYS_MAX 64U
#define READ_PIECE 512U
#define TOPOLOGY_BATCH 16U

/* --- console, debug keys --------------------------------------------------------------------- */

/* May answer less than there is: readers ask again from the position they got. */
static int read_console(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *request = &op->u.readconsole;
	bool incremental = request->incremental != 0;
	uint32_t done = 0;

	while (done < request->count) {
		char text[READ_PIECE];
		size_t length = log_read(text, min_u32(request->count - done, sizeof(text)),
					 &request->index, request->clear != 0, incremental);

		if (length == 0) {
			break;
		}
		if (guest_out(v, guest_ptr(request->buffer + done), text, length)) {
			return -XEN_EFAULT;
		}
		done += (uint32_t)length;
		incremental = true;
		if (restart_wanted()) {
			break;
		}
	}
	request->count = done;
	return 0;
}

static int debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
	const struct xen_sysctl_debug_keys *request = &op->u.debug_keys;
	char keys[DEBUG_KEYS_MAX];

	if (request->nr_keys > sizeof(keys)) {
		return -XEN_E2BIG;
	}
	if (guest_in(v, keys, guest_ptr(request->keys), request->nr_keys)) {
		return -XEN_EFAULT;
	}
	for (uint32_t i = 0; i < request->nr_keys; i++) {
		console_press_key(keys[i]);
	}
	return 0;
}

/* --- the machine ----------------------------------------------------------------------------- */

static uint32_t cpu_id_count(void)
{
	uint32_t count = 0;
	unsigned int cpu;

	cpu_set_for_each(cpu, &cpus_online) {
		count = cpu + 1;
	}
	return count;
}

static int physinfo(struct vcpu *v unused_arg, struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *info = &op->u.physinfo;

	*info = (struct xen_sysctl_physinfo){
		.threads_per_core = host_info->threads_per_core,
		.cores_per_socket = host_info->cores_per_socket,
		.nr_cpus = cpu_set_weight(&cpus_online),
		.max_cpu_id = cpu_id_count() - 1,
		.nr_nodes = 1,
		.cpu_khz = clock_tsc_khz(),
		.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
		.total_pages = buddy_total_count(),
		.free_pages = buddy_free_count(),
		.outstanding_pages = buddy_claimed_count(),
		.max_mfn = frame_end - 1,
	};
	if (virt_ops) {
		info->capabilities |= XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap;
	}
	for (unsigned int i = 0; i < array_size(info->hw_cap); i++) {
		info->hw_cap[i] = policy_word(pv_policy_host(), (enum policy_word)i);
	}
	return 0;
}

static int cpu_topology(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *request = &op->u.cputopoinfo;
	struct xen_sysctl_cputopo entries[TOPOLOGY_BATCH];
	uint32_t count = cpu_id_count();

	if (request->cputopo == 0) {
		request->num_cpus = count;
		return 0;
	}
	request->num_cpus = min_u32(request->num_cpus, count);
	for (uint32_t i = 0; i < request->num_cpus; i++) {
		struct xen_sysctl_cputopo *entry = &entries[i % TOPOLOGY_BATCH];
		uint32_t held = i % TOPOLOGY_BATCH + 1;

		*entry = (struct xen_sysctl_cputopo){
			XEN_INVALID_CORE_ID, XEN_INVALID_SOCKET_ID, XEN_INVALID_NODE_ID};
		if (cpu_set_has(&cpus_online, i)) {
			const struct host_cpu *cpu = &host_info->cpus[i];

			*entry = (struct xen_sysctl_cputopo){cpu->core, cpu->socket, 0};
		}
		if ((held == TOPOLOGY_BATCH || i + 1 == request->num_cpus) &&
		    guest_out(v, guest_ptr_at(guest_ptr(request->cputopo), i + 1 - held,
					      sizeof(*entry)),
			      entries, held * sizeof(*entry))) {
			return -XEN_EFAULT;
		}
	}
	return 0;
}

static int numa_info(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *request = &op->u.numainfo;
	struct xen_sysctl_meminfo memory = {
		.memsize = buddy_total_count() << PAGE_SHIFT,
		.memfree = buddy_free_count() << PAGE_SHIFT,
	};
	uint32_t distance = NODE_DISTANCE_SELF;
	bool wants_count = request->meminfo == 0 && request->distance == 0;
	uint32_t room = request->num_nodes;

	request->num_nodes = wants_count || room != 0 ? 1 : 0;
	if (wants_count || room == 0) {
		return 0;
	}
	if (request->meminfo != 0 &&
	    guest_out(v, guest_ptr(request->meminfo), &memory, sizeof(memory))) {
		return -XEN_EFAULT;
	}
	if (request->distance != 0 &&
	    guest_out(v, guest_ptr(request->distance), &distance, sizeof(distance))) {
		return -XEN_EFAULT;
	}
	return 0;
}

static int cpu_idle_times(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *request = &op->u.getcpuinfo;
	uint32_t count = min_u32(request->max_cpus, cpu_id_count());

	for (uint32_t i = 0; i < count; i++) {
		struct xen_sysctl_cpuinfo info = {
			.idletime = cpu_set_has(&cpus_online, i) ? sched_idle_time(i) : 0,
		};

		if (guest_out(v, guest_ptr_at(guest_ptr(request->info), i, sizeof(info)), &info,
			      sizeof(info))) {
			return -XEN_EFAULT;
		}
	}
	request->nr_cpus = count;
	return 0;
}

/* By address width it is not known how much is free; the whole is the answer to every question. */
static int avail_heap(struct vcpu *v unused_arg, struct xen_sysctl *op)
{
	struct xen_sysctl_availheap *request = &op->u.availheap;

	request->avail_bytes = request->node > 0 ? 0 : buddy_free_count() << PAGE_SHIFT;
	return 0;
}

/* --- domains, pools, the scheduler ----------------------------------------------------------- */

static int domain_list(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *request = &op->u.getdomaininfolist;
	struct domain *d = domain_find_from(request->first_domain);
	uint32_t count = 0;

	while (d && count < request->max_domains) {
		struct xen_domctl_getdomaininfo info;

		domctl_fill_info(d, &info);
		if (guest_out(v, guest_ptr_at(guest_ptr(request->buffer), count, sizeof(info)),
			      &info, sizeof(info))) {
			return -XEN_EFAULT;
		}
		count++;
		d = domain_find_from((uint16_t)(d->id + 1U));
	}
	request->num_domains = count;
	return 0;
}

static int sched_id(struct vcpu *v unused_arg, struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = SCHED_ID_CREDIT2;
	return 0;
}

static int pool_info(struct vcpu *v, struct xen_sysctl_cpupool_op *request)
{
	struct sched_pool pool = {.exists = false};
	uint32_t id = request->cpupool_id;

	/* The first pool at or above the one asked for. */
	while (id < SCHED_POOLS && !(pool = sched_pool_info(id)).exists) {
		id++;
	}
	if (!pool.exists) {
		return -XEN_ENOENT;
	}
	request->cpupool_id = id;
	request->sched_id = SCHED_ID_CREDIT2;
	request->n_dom = pool.groups;
	return cpu_bitmap_out(v, &request->cpumap, &pool.cpus);
}

/* Whoever asks stays where it is, so dom0 never leaves pool 0. */
static int pool_move_domain(struct vcpu *v, const struct xen_sysctl_cpupool_op *request)
{
	struct domain *d = request->domid < DOMID_FIRST_RESERVED ?
		domain_find((uint16_t)request->domid) : NULL;

	if (!d) {
		return -XEN_ESRCH;
	}
	return d == v->domain || d->is_hardware ? -XEN_EPERM :
		sched_pool_move(&d->sched, request->cpupool_id);
}

static int cpupool_op(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *request = &op->u.cpupool_op;
	struct cpu_set free;

	switch (request->op) {
	case XEN_SYSCTL_CPUPOOL_OP_CREATE:
		return request->sched_id != SCHED_ID_CREDIT2 ? -XEN_ENOENT :
			sched_pool_create(&request->cpupool_id);
	case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
		return sched_pool_destroy(request->cpupool_id);
	case XEN_SYSCTL_CPUPOOL_OP_INFO:
		return pool_info(v, request);
	case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
		return sched_pool_give_cpu(SCHED_POOL_FREE, request->cpupool_id, request->cpu);
	case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
		return sched_pool_give_cpu(request->cpupool_id, SCHED_POOL_FREE, request->cpu);
	case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
		return pool_move_domain(v, request);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		free = sched_pool_info(SCHED_POOL_FREE).cpus;
		return cpu_bitmap_out(v, &request->cpumap, &free);
	default:
		return -XEN_EOPNOTSUPP;
	}
}

/* Preemption is not rate-limited: 0 is what there is, and all that can be set. */
static int scheduler_op(struct vcpu *v unused_arg, struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *request = &op->u.scheduler_op;

	if (request->cpupool_id >= SCHED_POOLS || !sched_pool_info(request->cpupool_id).exists) {
		return -XEN_ESRCH;
	}
	if (request->sched_id != SCHED_ID_CREDIT2) {
		return -XEN_EINVAL;
	}
	switch (request->cmd) {
	case XEN_SYSCTL_SCHEDOP_putinfo:
		return request->u.sched_credit2.ratelimit_us == 0 ? 0 : -XEN_EOPNOTSUPP;
	case XEN_SYSCTL_SCHEDOP_getinfo:
		request->u.sched_credit2.ratelimit_us = 0;
		return 0;
	default:
		return -XEN_EINVAL;
	}
}

/* --- dispatch -------------------------------------------------------------------------------- */

struct sysctl_row {
	int (*run)(struct vcpu *v, struct xen_sysctl *op);
	bool is_for_xenstore; /* the xenstore domain may ask, too */
};

static const struct sysctl_row rows[] = {
	[XEN_SYSCTL_readconsole] = {read_console, false},
	[XEN_SYSCTL_physinfo] = {physinfo, false},
	[XEN_SYSCTL_sched_id] = {sched_id, false},
	[XEN_SYSCTL_getdomaininfolist] = {domain_list, true},
	[XEN_SYSCTL_debug_keys] = {debug_keys, false},
	[XEN_SYSCTL_getcpuinfo] = {cpu_idle_times, false},
	[XEN_SYSCTL_availheap] = {avail_heap, false},
	[XEN_SYSCTL_cputopoinfo] = {cpu_topology, false},
	[XEN_SYSCTL_numainfo] = {numa_info, false},
	[XEN_SYSCTL_cpupool_op] = {cpupool_op, false},
	[XEN_SYSCTL_scheduler_op] = {scheduler_op, false},
	[XEN_SYSCTL_get_cpu_featureset] = {sysctl_get_cpu_featureset, false},
	[XEN_SYSCTL_get_cpu_policy] = {sysctl_get_cpu_policy, false},
};

int64_t hypercall_sysctl(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[0]);
	const struct sysctl_row *row = NULL;
	struct xen_sysctl op;
	int err;

	if (guest_in(call->v, &op, at, sizeof(op))) {
		return -XEN_EFAULT;
	}
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
		return -XEN_EACCES;
	}
	if (op.cmd < array_size(rows) && rows[op.cmd].run) {
		row = &rows[op.cmd];
	}
	err = rights_check(call->v->domain, NULL,
			   row && row->is_for_xenstore ? RIGHT_XENSTORE : RIGHT_CONTROL);
	if (err) {
		return err;
	}
	if (!row) {
		return -XEN_ENOSYS;
	}
	err = row->run(call->v, &op);
	/* Too small a buffer for feature words is told with the number that fitted. */
	if ((!err || err == -XEN_ENOBUFS) && guest_out(call->v, at, &op, sizeof(op))) {
		return -XEN_EFAULT;
	}
	return err;
}
