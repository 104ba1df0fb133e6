/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor of the tools' tests: see fake_xen.h. */
#include "unit/fake_xen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/event_channel.h>
#include <xen/hvm_op.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#define NOBODY DOMID_INVALID
#define PRESENT 1UL
#define WRITABLE 2UL
#define PTE_FRAME(pte) (((pte)&0x000ffffffffff000UL) >> 12)

static void *at_handle(uint64_t handle)
{
	return (void *)(uintptr_t)handle;
}

static struct fake_domain *find(struct fake_xen *xen, domid_t domid)
{
	return domid < FAKE_DOMAINS && xen->domains[domid].exists ? &xen->domains[domid] : NULL;
}

static bool translated(const struct fake_domain *domain)
{
	return domain->config.flags & XEN_DOMCTL_CDF_hvm;
}

static bool is_ram(const struct fake_xen *xen, xen_pfn_t mfn)
{
	return mfn >= FAKE_FIRST_MFN && mfn < FAKE_FIRST_MFN + xen->frame_count;
}

void *fake_xen_frame(struct fake_xen *xen, xen_pfn_t mfn)
{
	return is_ram(xen, mfn) ? xen->ram + (mfn - FAKE_FIRST_MFN) * CALL_PAGE_SIZE : NULL;
}

static domid_t *owner_of(struct fake_xen *xen, xen_pfn_t mfn)
{
	return &xen->owner[mfn - FAKE_FIRST_MFN];
}

/* Frames in a row, filled with rubbish: nobody may rely on zeroes. 0: none left. */
static xen_pfn_t take(struct fake_xen *xen, domid_t domid, size_t count)
{
	size_t first = (xen->next_frame + count - 1) / count * count;

	if (first + count > xen->frame_count) {
		return 0;
	}
	xen->next_frame = first + count;
	/* Leave holes, so that neighbouring PFNs are not always neighbouring frames. */
	if (count == 1 && xen->next_frame % 61 == 0) {
		xen->next_frame++;
	}
	for (size_t i = 0; i < count; i++) {
		xen->owner[first + i] = domid;
		xen->m2p[first + i] = ~0UL;
	}
	memset(xen->ram + first * CALL_PAGE_SIZE, 0xa5, count * CALL_PAGE_SIZE);
	return FAKE_FIRST_MFN + first;
}

static xen_pfn_t to_mfn(struct fake_xen *xen, domid_t domid, xen_pfn_t frame)
{
	struct fake_domain *domain = find(xen, domid);

	if (!domain) {
		return 0;
	}
	if (translated(domain)) {
		return frame < domain->p2m_size ? domain->p2m[frame] : 0;
	}
	return is_ram(xen, frame) && *owner_of(xen, frame) == domid ? frame : 0;
}

void *fake_xen_guest(struct fake_xen *xen, domid_t domid, uint64_t address)
{
	xen_pfn_t mfn = to_mfn(xen, domid, address / CALL_PAGE_SIZE);

	return mfn ? (uint8_t *)fake_xen_frame(xen, mfn) + address % CALL_PAGE_SIZE : NULL;
}

/* --- page tables -------------------------------------------------------------------------------
 */
#define TABLES_MAX 4096
struct tables {
	xen_pfn_t frame[TABLES_MAX];
	size_t count;
};

static int collect(struct fake_xen *xen, domid_t domid, xen_pfn_t table, int level,
		   struct tables *tables)
{
	const uint64_t *entries = fake_xen_frame(xen, table);

	if (!entries || *owner_of(xen, table) != domid || tables->count == TABLES_MAX) {
		return -EINVAL;
	}
	tables->frame[tables->count++] = table;
	for (int i = 0; level > 1 && i < 512; i++) {
		if (entries[i] & PRESENT) {
			int err = collect(xen, domid, PTE_FRAME(entries[i]), level - 1, tables);

			if (err) {
				return err;
			}
		}
	}
	return 0;
}

static int check_l1s(struct fake_xen *xen, domid_t domid, xen_pfn_t table, int level,
		     const bool *is_table)
{
	const uint64_t *entries = fake_xen_frame(xen, table);

	for (int i = 0; i < 512; i++) {
		xen_pfn_t mfn = PTE_FRAME(entries[i]);
		int err = 0;

		if (!(entries[i] & PRESENT)) {
			continue;
		}
		if (level > 1) {
			err = check_l1s(xen, domid, mfn, level - 1, is_table);
		} else if (!is_ram(xen, mfn) || *owner_of(xen, mfn) != domid ||
			   ((entries[i] & WRITABLE) && is_table[mfn - FAKE_FIRST_MFN])) {
			err = -EINVAL;
		}
		if (err) {
			return err;
		}
	}
	return 0;
}

static int64_t pin(struct fake_xen *xen, domid_t domid, xen_pfn_t l4)
{
	static struct tables tables;
	struct fake_domain *domain = find(xen, domid);
	bool *is_table;
	int err;

	tables.count = 0;
	if (!domain || xen->mapped) {
		return -EBUSY;
	}
	err = collect(xen, domid, l4, 4, &tables);
	if (err) {
		return err;
	}
	is_table = calloc(xen->frame_count, sizeof(*is_table));
	for (size_t i = 0; i < tables.count; i++) {
		is_table[tables.frame[i] - FAKE_FIRST_MFN] = true;
	}
	err = check_l1s(xen, domid, l4, 4, is_table);
	free(is_table);
	if (!err) {
		domain->pinned = l4;
	}
	return err;
}

xen_pfn_t fake_xen_walk(struct fake_xen *xen, domid_t domid, uint64_t address, uint64_t *result)
{
	xen_pfn_t table = find(xen, domid)->pinned;
	uint64_t pte = 0;

	for (int level = 4; level >= 1; level--) {
		const uint64_t *entries = fake_xen_frame(xen, table);

		if (!entries) {
			return 0;
		}
		pte = entries[address >> (12 + 9 * (level - 1)) & 511];
		if (!(pte & PRESENT)) {
			return 0;
		}
		table = PTE_FRAME(pte);
	}
	if (result) {
		*result = pte;
	}
	return table;
}

/* --- memory_op ---------------------------------------------------------------------------------
 */
static void p2m_set(struct fake_domain *domain, xen_pfn_t gfn, xen_pfn_t mfn)
{
	if (gfn >= domain->p2m_size) {
		size_t size = (gfn + 1024) & ~1023UL;

		domain->p2m = realloc(domain->p2m, size * sizeof(*domain->p2m));
		memset(domain->p2m + domain->p2m_size, 0,
		       (size - domain->p2m_size) * sizeof(*domain->p2m));
		domain->p2m_size = size;
	}
	domain->p2m[gfn] = mfn;
}

static int64_t populate(struct fake_xen *xen, const struct xen_memory_reservation *request)
{
	struct fake_domain *domain = find(xen, request->domid);
	xen_pfn_t *frames = at_handle(request->extent_start);
	size_t size = 1UL << request->extent_order;

	if (!domain) {
		return -ESRCH;
	}
	if (request->extent_order > xen->max_order) {
		return 0;
	}
	for (size_t i = 0; i < request->nr_extents; i++) {
		xen_pfn_t first;

		if (domain->tot_pages + size > domain->max_pages) {
			return (int64_t)i;
		}
		first = take(xen, request->domid, size);
		if (!first) {
			return (int64_t)i;
		}
		for (size_t j = 0; j < size; j++) {
			if (translated(domain)) {
				p2m_set(domain, frames[i] + j, first + j);
			} else {
				xen->m2p[first + j - FAKE_FIRST_MFN] = frames[i] + j;
			}
		}
		if (!translated(domain)) {
			frames[i] = first;
		}
		domain->tot_pages += size;
	}
	return (int64_t)request->nr_extents;
}

static int64_t claim(struct fake_xen *xen, const struct xen_memory_reservation *request)
{
	struct fake_domain *domain = find(xen, request->domid);

	if (!domain) {
		return -ESRCH;
	}
	if (request->nr_extents > xen->frame_count - xen->next_frame) {
		return -ENOMEM;
	}
	domain->claimed = request->nr_extents;
	domain->claims += request->nr_extents != 0;
	return 0;
}

static int64_t set_map(struct fake_xen *xen, const struct xen_foreign_memory_map *request)
{
	struct fake_domain *domain = find(xen, request->domid);

	if (!domain || request->map.nr_entries > 16) {
		return domain ? -EINVAL : -ESRCH;
	}
	domain->map_count = request->map.nr_entries;
	memcpy(domain->map, at_handle(request->map.buffer),
	       request->map.nr_entries * sizeof(*domain->map));
	return 0;
}

static int64_t memory_op(struct fake_xen *xen, uint64_t cmd, void *request)
{
	switch (cmd) {
	case XENMEM_populate_physmap:
		return populate(xen, request);
	case XENMEM_claim_pages:
		return claim(xen, request);
	case XENMEM_set_memory_map:
		return set_map(xen, request);
	case XENMEM_maximum_ram_page:
		return (int64_t)(FAKE_FIRST_MFN + xen->frame_count - 1);
	default:
		return -ENOSYS;
	}
}

/* --- domctl ------------------------------------------------------------------------------------
 */
/* Every bit of the host's leaves is a one; guests have the lower half of each register. */
static const struct xen_cpuid_leaf host_cpuid[FAKE_CPUIDS] = {
	{0, XEN_CPUID_NO_SUBLEAF, 13, ~0U, ~0U, ~0U},
	{1, XEN_CPUID_NO_SUBLEAF, ~0U, ~0U, ~0U, ~0U},
	{7, 0, 0, ~0U, ~0U, ~0U},
};

static int64_t create(struct fake_xen *xen, struct xen_domctl *op)
{
	domid_t domid = op->domain;
	struct fake_domain *domain;

	if (domid == 0 || domid >= DOMID_FIRST_RESERVED) {
		domid = xen->next_domid++;
	}
	if (domid >= FAKE_DOMAINS) {
		return -ENOMEM;
	}
	domain = &xen->domains[domid];
	if (domain->exists) {
		return -EEXIST;
	}
	if (!op->u.createdomain.max_vcpus || !(op->u.createdomain.grant_opts & 0xf)) {
		return -EINVAL;
	}
	*domain = (struct fake_domain){
		.exists = true, .config = op->u.createdomain, .pauses = 1, .sched.weight = 256};
	for (unsigned int i = 0; i < FAKE_CPUIDS; i++) {
		const struct xen_cpuid_leaf *host = &host_cpuid[i];

		domain->cpuid[i] = (struct xen_cpuid_leaf){
			host->leaf,       host->subleaf,    host->a & 0xffff,
			host->b & 0xffff, host->c & 0xffff, host->d & 0xffff};
	}
	domain->shared_info = take(xen, domid, 1);
	domain->grant_table = take(xen, domid, 1);
	memset(fake_xen_frame(xen, domain->grant_table), 0, CALL_PAGE_SIZE);
	op->domain = domid;
	return 0;
}

static void fill_info(const struct fake_domain *domain, domid_t domid,
		      struct xen_domctl_getdomaininfo *info)
{
	*info = (struct xen_domctl_getdomaininfo){
		.domain = domid,
		.flags = (translated(domain) ? XEN_DOMINF_hvm_guest : 0) |
			 (domain->pauses ? XEN_DOMINF_paused : 0) |
			 (domain->is_dying ? XEN_DOMINF_dying : 0) |
			 (domain->is_shut_down
				  ? XEN_DOMINF_shutdown | domain->shutdown_reason
								  << XEN_DOMINF_shutdownshift
				  : 0),
		.tot_pages = domain->tot_pages,
		.max_pages = domain->max_pages,
		.outstanding_pages = domain->claimed,
		.shared_info_frame = domain->shared_info,
		.max_vcpu_id = domain->vcpus ? domain->vcpus - 1 : XEN_INVALID_MAX_VCPU_ID,
		.nr_online_vcpus = domain->has_context || domain->hvm_context_size ? 1 : 0,
	};
	memcpy(info->handle, domain->config.handle, sizeof(info->handle));
}

static int64_t get_info(struct fake_xen *xen, struct xen_domctl *op)
{
	for (domid_t domid = op->domain; domid < FAKE_DOMAINS; domid++) {
		if (xen->domains[domid].exists) {
			fill_info(&xen->domains[domid], domid, &op->u.getdomaininfo);
			op->domain = domid;
			return 0;
		}
	}
	return -ESRCH;
}

static void destroy(struct fake_xen *xen, domid_t domid)
{
	struct fake_domain *domain = &xen->domains[domid];
	size_t owned = 0;

	for (size_t i = 0; i < xen->frame_count; i++) {
		if (xen->owner[i] == domid) {
			xen->owner[i] = NOBODY;
		}
		owned += xen->owner[i] != NOBODY;
	}
	if (!owned) {
		xen->next_frame = 0;
	}
	free(domain->p2m);
	*domain = (struct fake_domain){
		.exists = domain->held != 0,
		.is_dying = true,
		.held = domain->held,
		.tot_pages = domain->held,
	};
}

static int64_t hvm_context(struct fake_domain *domain, struct xen_domctl *op)
{
	/* A header and the MTRRs of one vcpu, both of rubbish. */
	uint8_t blob[8 + 24 + 8 + 240 + 8];
	const struct {
		uint16_t code;
		uint16_t instance;
		uint32_t length;
	} header = {1, 0, 24}, mtrr = {14, 0, 240}, end = {0, 0, 0};

	memset(blob, 0x5a, sizeof(blob));
	memcpy(blob, &header, 8);
	memcpy(blob + 32, &mtrr, 8);
	memcpy(blob + 280, &end, 8);
	if (op->cmd == XEN_DOMCTL_gethvmcontext) {
		if (!op->u.hvmcontext.buffer) {
			op->u.hvmcontext.size = 4096;
			return 0;
		}
		if (op->u.hvmcontext.size < sizeof(blob)) {
			return -ENOSPC;
		}
		memcpy(at_handle(op->u.hvmcontext.buffer), blob, sizeof(blob));
		op->u.hvmcontext.size = sizeof(blob);
		return 0;
	}
	if (op->u.hvmcontext.size > sizeof(domain->hvm_context)) {
		return -EINVAL;
	}
	domain->hvm_context_size = op->u.hvmcontext.size;
	domain->hvm_context_sets++;
	memcpy(domain->hvm_context, at_handle(op->u.hvmcontext.buffer), op->u.hvmcontext.size);
	return 0;
}

static int64_t set_context(struct fake_domain *domain, const struct xen_domctl *op)
{
	if (translated(domain) || op->u.vcpucontext.vcpu >= domain->vcpus) {
		return -EINVAL;
	}
	memcpy(&domain->context, at_handle(op->u.vcpucontext.ctxt), sizeof(domain->context));
	if (domain->context.ctrlreg[3] >> 12 != domain->pinned) {
		return -EINVAL;
	}
	domain->has_context = true;
	return 0;
}

static int64_t sched(struct fake_domain *domain, struct xen_domctl_scheduler_op *op)
{
	if (op->sched_id != XEN_SCHEDULER_CREDIT2) {
		return -EINVAL;
	}
	if (op->cmd == XEN_DOMCTL_SCHEDOP_getinfo) {
		op->u.credit2 = domain->sched;
	} else {
		domain->sched = op->u.credit2;
	}
	return 0;
}

static int64_t give_policy(const struct xen_cpuid_leaf leaves[FAKE_CPUIDS], uint32_t *count,
			   uint64_t to, uint32_t *msrs)
{
	if (*count < FAKE_CPUIDS) {
		return -ENOBUFS;
	}
	memcpy(at_handle(to), leaves, sizeof(host_cpuid));
	*count = FAKE_CPUIDS;
	*msrs = 0;
	return 0;
}

/* Leaf 0 cannot be changed. */
static int64_t set_policy(struct fake_domain *domain, struct xen_domctl_cpu_policy *policy)
{
	const struct xen_cpuid_leaf *leaves = at_handle(policy->leaves);

	for (uint32_t i = 0; i < policy->nr_leaves; i++) {
		struct xen_cpuid_leaf *mine = &domain->cpuid[leaves[i].leaf == 1 ? 1 : 2];

		policy->err_leaf = leaves[i].leaf;
		if (leaves[i].leaf == 0 || mine->leaf != leaves[i].leaf ||
		    mine->subleaf != leaves[i].subleaf) {
			return -EINVAL;
		}
		*mine = leaves[i];
	}
	policy->err_leaf = ~0U;
	return 0;
}

static void set_affinity(struct fake_domain *domain, const struct xen_domctl_vcpuaffinity *affinity)
{
	if (affinity->vcpu < 2 && affinity->flags & XEN_VCPUAFFINITY_HARD) {
		domain->hard[affinity->vcpu] =
			*(uint8_t *)(uintptr_t)affinity->cpumap_hard.bitmap;
	}
	if (affinity->vcpu < 2 && affinity->flags & XEN_VCPUAFFINITY_SOFT) {
		domain->soft[affinity->vcpu] =
			*(uint8_t *)(uintptr_t)affinity->cpumap_soft.bitmap;
	}
}

static int64_t domctl_one(struct fake_xen *xen, struct fake_domain *domain, struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		destroy(xen, op->domain);
		return 0;
	case XEN_DOMCTL_pausedomain:
		domain->pauses++;
		return 0;
	case XEN_DOMCTL_unpausedomain:
		if (!domain->pauses) {
			return -EINVAL;
		}
		domain->pauses--;
		return 0;
	case XEN_DOMCTL_max_vcpus:
		domain->vcpus = op->u.max_vcpus.max;
		return op->u.max_vcpus.max == domain->config.max_vcpus ? 0 : -EINVAL;
	case XEN_DOMCTL_max_mem:
		domain->max_pages = op->u.max_mem.max_memkb / 4;
		return 0;
	case XEN_DOMCTL_set_address_size:
		domain->address_size = op->u.address_size.size;
		return translated(domain) ? -EOPNOTSUPP : 0;
	case XEN_DOMCTL_set_paging_mempool_size:
		domain->paging_pool = op->u.paging_mempool.size;
		return translated(domain) ? 0 : -EOPNOTSUPP;
	case XEN_DOMCTL_setvcpucontext:
		return set_context(domain, op);
	case XEN_DOMCTL_gethvmcontext:
	case XEN_DOMCTL_sethvmcontext:
		return translated(domain) ? hvm_context(domain, op) : -EINVAL;
	case XEN_DOMCTL_scheduler_op:
		return sched(domain, &op->u.scheduler_op);
	case XEN_DOMCTL_settscinfo:
		domain->tsc_mode = op->u.tsc_info.tsc_mode;
		return 0;
	case XEN_DOMCTL_settimeoffset:
		domain->time_offset = op->u.settimeoffset.time_offset_seconds;
		return 0;
	case XEN_DOMCTL_setvcpuaffinity:
		set_affinity(domain, &op->u.vcpuaffinity);
		return 0;
	case XEN_DOMCTL_setnodeaffinity:
		return 0;
	case XEN_DOMCTL_get_cpu_policy:
		return give_policy(domain->cpuid, &op->u.cpu_policy.nr_leaves,
				   op->u.cpu_policy.leaves, &op->u.cpu_policy.nr_msrs);
	case XEN_DOMCTL_set_cpu_policy:
		return set_policy(domain, &op->u.cpu_policy);
	case XEN_DOMCTL_setdomainhandle:
		memcpy(domain->config.handle, op->u.setdomainhandle.handle, 16);
		return 0;
	default:
		return -ENOSYS;
	}
}

static int64_t domctl(struct fake_xen *xen, struct xen_domctl *op)
{
	struct fake_domain *domain;

	if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
		return -EACCES;
	}
	if (op->cmd == XEN_DOMCTL_createdomain) {
		return create(xen, op);
	}
	if (op->cmd == XEN_DOMCTL_getdomaininfo) {
		return get_info(xen, op);
	}
	domain = find(xen, op->domain);
	return domain ? domctl_one(xen, domain, op) : -ESRCH;
}

/* --- the rest ----------------------------------------------------------------------------------
 */
static int64_t info_list(struct fake_xen *xen, struct xen_sysctl_getdomaininfolist *list)
{
	struct xen_domctl_getdomaininfo *infos = at_handle(list->buffer);

	list->num_domains = 0;
	for (domid_t domid = list->first_domain; domid < FAKE_DOMAINS; domid++) {
		if (xen->domains[domid].exists && list->num_domains < list->max_domains) {
			fill_info(&xen->domains[domid], domid, &infos[list->num_domains++]);
		}
	}
	return 0;
}

static int64_t sysctl(struct fake_xen *xen, struct xen_sysctl *op)
{
	if (op->interface_version != XEN_SYSCTL_INTERFACE_VERSION) {
		return -EACCES;
	}
	switch (op->cmd) {
	case XEN_SYSCTL_getdomaininfolist:
		return info_list(xen, &op->u.getdomaininfolist);
	case XEN_SYSCTL_get_cpu_policy:
		return give_policy(host_cpuid, &op->u.cpu_policy.nr_leaves,
				   op->u.cpu_policy.leaves, &op->u.cpu_policy.nr_msrs);
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
		return 0;
	case XEN_SYSCTL_physinfo:
		op->u.physinfo = (struct xen_sysctl_physinfo){
			.threads_per_core = 1,
			.cores_per_socket = 2,
			.nr_cpus = 2,
			.max_cpu_id = 1,
			.nr_nodes = 1,
			.cpu_khz = 2000000,
			.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_hvm |
					XEN_SYSCTL_PHYSCAP_hap | XEN_SYSCTL_PHYSCAP_gnttab_v1,
			.total_pages = xen->frame_count,
			.free_pages = xen->frame_count - xen->next_frame,
		};
		return 0;
	default:
		return -ENOSYS;
	}
}

static int64_t alloc_unbound(struct fake_xen *xen, struct evtchn_alloc_unbound *request)
{
	struct fake_domain *domain = find(xen, request->dom);

	if (!domain || domain->port_count == FAKE_PORTS) {
		return domain ? -ENOSPC : -ESRCH;
	}
	domain->ports[domain->port_count++] = request->remote_dom;
	request->port = domain->port_count;
	return 0;
}

static int64_t hvm_op(struct fake_xen *xen, uint64_t cmd, struct xen_hvm_param *param)
{
	struct fake_domain *domain = find(xen, param->domid);

	if (!domain || !translated(domain) || param->index >= HVM_NR_PARAMS) {
		return -EINVAL;
	}
	if (cmd == HVMOP_set_param) {
		domain->params[param->index] = param->value;
		return 0;
	}
	param->value = domain->params[param->index];
	return 0;
}

static int64_t remote_shutdown(struct fake_xen *xen, const struct sched_remote_shutdown *request)
{
	struct fake_domain *domain = find(xen, request->domain_id);

	if (!domain) {
		return -ESRCH;
	}
	domain->is_shut_down = true;
	domain->shutdown_reason = request->reason;
	return 0;
}

static int64_t grant_op(struct fake_xen *xen, uint64_t cmd, struct gnttab_setup_table *request)
{
	struct fake_domain *domain = find(xen, request->dom);

	if (cmd != GNTTABOP_setup_table || !domain) {
		return -ENOSYS;
	}
	*(uint64_t *)at_handle(request->frame_list) = domain->grant_table;
	request->status = GNTST_okay;
	return 0;
}

static bool injected(struct fake_xen *xen)
{
	bool now = ++xen->calls == xen->fail_at;

	if (now && xen->killed) {
		xen->killed();
	}
	return now;
}

static int64_t fake_hypercall(void *context, uint64_t number, const uint64_t args[5])
{
	struct fake_xen *xen = context;

	if (injected(xen)) {
		return -xen->fail_with;
	}
	switch (number) {
	case __HYPERVISOR_domctl:
		return domctl(xen, at_handle(args[0]));
	case __HYPERVISOR_sysctl:
		return sysctl(xen, at_handle(args[0]));
	case __HYPERVISOR_memory_op:
		return memory_op(xen, args[0], at_handle(args[1]));
	case __HYPERVISOR_mmuext_op: {
		const struct mmuext_op *op = at_handle(args[0]);

		return op->cmd == MMUEXT_PIN_L4_TABLE ? pin(xen, (domid_t)args[3], op->arg1.mfn)
						      : -ENOSYS;
	}
	case __HYPERVISOR_event_channel_op:
		return args[0] == EVTCHNOP_alloc_unbound ? alloc_unbound(xen, at_handle(args[1]))
							 : -ENOSYS;
	case __HYPERVISOR_hvm_op:
		return hvm_op(xen, args[0], at_handle(args[1]));
	case __HYPERVISOR_sched_op:
		return args[0] == SCHEDOP_remote_shutdown ? remote_shutdown(xen, at_handle(args[1]))
							  : -ENOSYS;
	case __HYPERVISOR_grant_table_op:
		return grant_op(xen, args[0], at_handle(args[1]));
	case __HYPERVISOR_xen_version:
		return args[0] == XENVER_version ? 4 << 16 | 17 : -ENOSYS;
	default:
		return -ENOSYS;
	}
}

/* --- mappings ----------------------------------------------------------------------------------
 */
static void place(struct fake_xen *xen, uint8_t *at, xen_pfn_t mfn, int prot)
{
	void *placed = mmap(at, CALL_PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED, xen->fd,
			    (off_t)((mfn - FAKE_FIRST_MFN) * CALL_PAGE_SIZE));

	if (placed == MAP_FAILED) {
		abort();
	}
}

static int fake_map(void *context, domid_t domid, const xen_pfn_t *frames, size_t count, int prot,
		    int *errors, void **result)
{
	struct fake_xen *xen = context;
	uint8_t *at;

	if (injected(xen)) {
		return -xen->fail_with;
	}
	at = mmap(NULL, count * CALL_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		return -errno;
	}
	for (size_t i = 0; i < count; i++) {
		xen_pfn_t mfn = to_mfn(xen, domid, frames[i]);

		errors[i] = mfn ? 0 : -EINVAL;
		if (mfn) {
			place(xen, at + i * CALL_PAGE_SIZE, mfn, prot);
		}
	}
	xen->mapped += count;
	*result = at;
	return 0;
}

static int fake_map_resource(void *context, domid_t domid, uint32_t type, uint32_t id,
			     uint32_t first, size_t count, int prot, void **result)
{
	struct fake_xen *xen = context;
	struct fake_domain *domain = find(xen, domid);

	if (xen->no_resources) {
		return -EOPNOTSUPP;
	}
	if (!domain || type != XENMEM_resource_grant_table || first || count != 1) {
		return -EINVAL;
	}
	if (injected(xen)) {
		return -xen->fail_with;
	}
	*result = mmap(NULL, CALL_PAGE_SIZE, prot, MAP_SHARED, xen->fd,
		       (off_t)((domain->grant_table - FAKE_FIRST_MFN) * CALL_PAGE_SIZE));
	xen->mapped++;
	return *result == MAP_FAILED ? -errno : 0;
}

static int fake_unmap(void *context, void *at, size_t count)
{
	struct fake_xen *xen = context;

	xen->mapped -= count;
	return munmap(at, count * CALL_PAGE_SIZE) ? -errno : 0;
}

static int fake_buffer(void *context, size_t size, void **at)
{
	struct fake_xen *xen = context;

	*at = aligned_alloc(CALL_PAGE_SIZE, size);
	xen->lent += *at != NULL;
	return *at ? 0 : -ENOMEM;
}

static void fake_unbuffer(void *context, void *at, size_t size)
{
	struct fake_xen *xen = context;

	xen->lent--;
	free(at);
}

static void fake_close(void *context)
{
	struct fake_xen *xen = context;

	xen->closed = true;
}

static const struct call_backend fake_backend = {
	.hypercall = fake_hypercall,
	.map = fake_map,
	.map_resource = fake_map_resource,
	.unmap = fake_unmap,
	.buffer = fake_buffer,
	.unbuffer = fake_unbuffer,
	.close = fake_close,
};

void fake_xen_open(struct fake_xen *xen, size_t frames, struct call **call)
{
	*xen = (struct fake_xen){.frame_count = frames, .next_domid = 1, .max_order = 9};
	xen->fd = memfd_create("guest memory", MFD_CLOEXEC);
	if (xen->fd < 0 || ftruncate(xen->fd, (off_t)(frames * CALL_PAGE_SIZE))) {
		abort();
	}
	xen->ram =
		mmap(NULL, frames * CALL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, xen->fd, 0);
	xen->owner = malloc(frames * sizeof(*xen->owner));
	xen->m2p = malloc(frames * sizeof(*xen->m2p));
	if (xen->ram == MAP_FAILED || !xen->owner || !xen->m2p) {
		abort();
	}
	for (size_t i = 0; i < frames; i++) {
		xen->owner[i] = NOBODY;
		xen->m2p[i] = ~0UL;
	}
	xen->domains[0] = (struct fake_domain){.exists = true, .vcpus = 1};
	fake_xen_again(xen, call);
}

void fake_xen_again(struct fake_xen *xen, struct call **call)
{
	xen->mapped = 0;
	xen->lent = 0;
	if (call_open_with(&fake_backend, xen, call)) {
		abort();
	}
}

void fake_xen_close(struct fake_xen *xen)
{
	for (domid_t domid = 0; domid < FAKE_DOMAINS; domid++) {
		free(xen->domains[domid].p2m);
	}
	munmap(xen->ram, xen->frame_count * CALL_PAGE_SIZE);
	close(xen->fd);
	free(xen->owner);
	free(xen->m2p);
}

domid_t fake_xen_domain(struct fake_xen *xen, uint32_t flags)
{
	struct xen_domctl op = {
		.domain = 0xffff,
		.u.createdomain = {.flags = flags, .max_vcpus = 2, .grant_opts = 1},
	};

	if (create(xen, &op)) {
		abort();
	}
	return op.domain;
}
