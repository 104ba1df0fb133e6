/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control calls: nobody but the control domain makes one, versions are exact, and the details
 * libxl relies on. Sysctl and platform_op are tried here too, by the same rows.
 */
#include "mm/map.h"
#include "unit/call_world.h"

#include <xen/domctl.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

static struct xen_domctl op;
static struct xen_sysctl sys;

/* No page table of a guest is made here. */
void map_install_slots(pte_t *l4 unused_arg)
{
}

static int64_t domctl_units(struct domain *by, uint32_t cmd, uint16_t domid, unsigned int units)
{
	int64_t result;

	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = domid;
	put(WORLD_VA, &op, sizeof(op));
	result = call_units(by, hypercall_domctl, WORLD_VA, 0, 0, units);
	get(&op, WORLD_VA, sizeof(op));
	return result;
}

static int64_t domctl(uint32_t cmd, uint16_t domid)
{
	return domctl_units(dom0, cmd, domid, RESTART_UNITS);
}

static int64_t sysctl(struct domain *by, uint32_t cmd)
{
	int64_t result;

	sys.cmd = cmd;
	sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	put(WORLD_VA, &sys, sizeof(sys));
	result = call_as(by, hypercall_sysctl, WORLD_VA, 0, 0);
	get(&sys, WORLD_VA, sizeof(sys));
	return result;
}

static void setup(void)
{
	world_reset();
	memset(&op, 0, sizeof(op));
	memset(&sys, 0, sizeof(sys));
}

static void an_unprivileged_domain_controls_nothing(void)
{
	for (uint32_t cmd = 0; cmd < 100; cmd++) {
		CU_ASSERT_EQUAL(domctl_units(dom1, cmd, 1, RESTART_UNITS), -XEN_EPERM);
		CU_ASSERT_EQUAL(domctl_units(dom1, cmd, 0, RESTART_UNITS), -XEN_EPERM);
		CU_ASSERT_EQUAL(sysctl(dom1, cmd), -XEN_EPERM);
	}
	CU_ASSERT_EQUAL(dom1->frame_max, 2048);
}

static void another_version_is_refused_first(void)
{
	struct xen_platform_op platform = {.cmd = XENPF_settime64, .interface_version = 1};

	op.interface_version = 1;
	put(WORLD_VA, &op, sizeof(op));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_domctl, WORLD_VA, 0, 0), -XEN_EACCES);
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_sysctl, WORLD_VA, 0, 0), -XEN_EACCES);
	put(WORLD_VA, &platform, sizeof(platform));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_platform_op, WORLD_VA, 0, 0), -XEN_EACCES);
	platform.interface_version = XENPF_INTERFACE_VERSION;
	put(WORLD_VA, &platform, sizeof(platform));
	CU_ASSERT_EQUAL(call_as(dom1, hypercall_platform_op, WORLD_VA, 0, 0), -XEN_EPERM);
}

static void unknown_commands_and_domains_are_told_apart(void)
{
	CU_ASSERT_EQUAL(domctl(0, 1), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(domctl(1000, 1), -XEN_ENOSYS);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_pausedomain, 9), -XEN_ESRCH);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sysctl(dom0, 99), -XEN_ENOSYS);
}

static void ask_for_a_domain(void)
{
	op.u.createdomain = (struct xen_domctl_createdomain){
		.max_vcpus = 2, .max_evtchn_port = 1023, .max_grant_frames = -1,
		.max_maptrack_frames = -1, .grant_opts = 1};
}

static void a_new_domain_is_paused_once_and_empty(void)
{
	ask_for_a_domain();
	CU_ASSERT_EQUAL_FATAL(domctl(XEN_DOMCTL_createdomain, 0xffff), 0);
	uint16_t id = op.domain;

	CU_ASSERT_TRUE(id >= 2 && id < DOMID_FIRST_RESERVED);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getdomaininfo, id), 0);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.domain, id);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.flags,
			XEN_DOMINF_paused | XEN_DOMINF_blocked | 0xffU << XEN_DOMINF_shutdownshift);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.max_vcpu_id, XEN_INVALID_MAX_VCPU_ID);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.tot_pages, 0);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.max_pages, 0);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.shared_info_frame,
			pointer_to_mfn(domain_find(id)->shared).n);
	op.u.max_vcpus.max = 1;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_max_vcpus, id), -XEN_EINVAL);
	op.u.max_vcpus.max = 2;
	CU_ASSERT_EQUAL(domctl_units(dom0, XEN_DOMCTL_max_vcpus, id, 1), 0);
	CU_ASSERT_EQUAL(world_stays, 2);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_unpausedomain, id), 0);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_unpausedomain, id), -XEN_EINVAL);
	CU_ASSERT_EQUAL(domctl_units(dom0, XEN_DOMCTL_destroydomain, id, 1), 0);
}

static void bad_wishes_create_nothing(void)
{
	static const struct {
		size_t offset;
		uint32_t value;
	} rows[] = {
		{offsetof(struct xen_domctl_createdomain, flags), XEN_DOMCTL_CDF_hvm},
		{offsetof(struct xen_domctl_createdomain, flags), XEN_DOMCTL_CDF_hap},
		{offsetof(struct xen_domctl_createdomain, flags), XEN_DOMCTL_CDF_iommu},
		{offsetof(struct xen_domctl_createdomain, flags), 1U << 31},
		{offsetof(struct xen_domctl_createdomain, iommu_opts), 1},
		{offsetof(struct xen_domctl_createdomain, max_vcpus), 0},
		{offsetof(struct xen_domctl_createdomain, max_vcpus), 129},
		{offsetof(struct xen_domctl_createdomain, grant_opts), 0},
		{offsetof(struct xen_domctl_createdomain, grant_opts), 2},
		{offsetof(struct xen_domctl_createdomain, max_grant_frames), 0},
		{offsetof(struct xen_domctl_createdomain, max_grant_frames), 100000},
		{offsetof(struct xen_domctl_createdomain, cpupool_id), 1},
		{offsetof(struct xen_domctl_createdomain, arch), 1},
	};

	for (size_t i = 0; i < array_size(rows); i++) {
		ask_for_a_domain();
		memcpy((char *)&op.u.createdomain + rows[i].offset, &rows[i].value, 4);
		CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
	}
	ask_for_a_domain();
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_createdomain, 1), -XEN_EEXIST);
	CU_ASSERT_PTR_NULL(domain_find_from(2));
}

static void info_is_about_the_next_domain(void)
{
	ask_for_a_domain();
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_createdomain, 40), 0);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getdomaininfo, 2), 0);
	CU_ASSERT_EQUAL(op.domain, 40);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getdomaininfo, 41), -XEN_ESRCH);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getdomaininfo, 0x7ff0), -XEN_EINVAL);
	sys.u.getdomaininfolist = (struct xen_sysctl_getdomaininfolist){
		.first_domain = 0, .max_domains = 8, .buffer = LIST_VA};
	CU_ASSERT_EQUAL(sysctl(dom0, XEN_SYSCTL_getdomaininfolist), 0);
	CU_ASSERT_EQUAL(sys.u.getdomaininfolist.num_domains, 3);
}

static void a_context_that_restarts_is_set_in_the_end(void)
{
	struct vcpu_guest_context context = {.flags = VGCF_online};

	put(LIST_VA, &context, sizeof(context));
	op.u.vcpucontext.ctxt = LIST_VA;
	op.u.vcpucontext.vcpu = 2;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpucontext, 1), -XEN_EINVAL);
	op.u.vcpucontext.vcpu = 1;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getvcpucontext, 1), -XEN_ENODATA);
	world_contexts = 5;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpucontext, 1), 0);
	CU_ASSERT_EQUAL(world_stays, 6);
	CU_ASSERT_EQUAL(dom1->vcpus[1]->pause_flags & VCPU_DOWN, 0);
	CU_ASSERT_EQUAL(dom1->pause_count, 0);
}

static void affinity_reads_short_maps_and_writes_back_what_holds(void)
{
	uint8_t map = 0xfe, soft = 0x06;

	put(LIST_VA, &map, 1);
	put(LIST_VA + 8, &soft, 1);
	op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){
		.flags = 3, .cpumap_hard = {LIST_VA, 8, 0}, .cpumap_soft = {LIST_VA + 8, 5, 0}};
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuaffinity, 1), 0);
	get(&map, LIST_VA, 1);
	CU_ASSERT_EQUAL(map, 0x0e);
	op.u.vcpuaffinity.flags = 0;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
	map = 0xf0;
	put(LIST_VA, &map, 1);
	op.u.vcpuaffinity.flags = 1;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
}

static void frame_types_survive_restarts(void)
{
	uint64_t frames[3] = {~0UL >> 1, pointer_to_mfn(dom1->shared).n, 0};
	mfn_t m;

	CU_ASSERT_EQUAL_FATAL(memory_allocate(dom1, 0, 0, 0, &m), 0);
	frames[2] = m.n;
	frame_of(m)->type = (uint32_t)TYPE_L4 << TYPE_SHIFT | TYPE_PINNED | 1;
	put(LIST_VA, frames, sizeof(frames));
	op.u.getpageframeinfo3 = (struct xen_domctl_getpageframeinfo3){3, LIST_VA};
	CU_ASSERT_EQUAL(domctl_units(dom0, XEN_DOMCTL_getpageframeinfo3, 1, 1), 0);
	CU_ASSERT_EQUAL(world_stays, 3);
	get(frames, LIST_VA, sizeof(frames));
	CU_ASSERT_EQUAL(frames[0], XEN_DOMCTL_PFINFO_XTAB);
	CU_ASSERT_EQUAL(frames[1], XEN_DOMCTL_PFINFO_XTAB);
	CU_ASSERT_EQUAL(frames[2], XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB);
	frame_of(m)->type = 0;
	op.u.getpageframeinfo3.num = 1025;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getpageframeinfo3, 1), -XEN_E2BIG);
}

static void shares_and_sizes_are_as_libxl_sets_them(void)
{
	op.u.scheduler_op = (struct xen_domctl_scheduler_op){.sched_id = 5, .cmd = 1};
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_scheduler_op, 1), -XEN_EINVAL);
	op.u.scheduler_op.sched_id = SCHED_ID_CREDIT2;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_scheduler_op, 1), 0);
	CU_ASSERT_EQUAL(op.u.scheduler_op.u.credit2.weight, SCHED_WEIGHT_DEFAULT);
	op.u.max_mem.max_memkb = 4096;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_max_mem, 1), 0);
	CU_ASSERT_EQUAL(dom1->frame_max, 1024);
	op.u.address_size.size = 32;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_set_address_size, 1), -XEN_EOPNOTSUPP);
	op.u.address_size.size = 64;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_set_address_size, 1), 0);
}

static int64_t pool(uint32_t what, uint32_t id, uint32_t cpu, uint32_t domid)
{
	sys.u.cpupool_op = (struct xen_sysctl_cpupool_op){
		.op = what, .cpupool_id = id, .cpu = cpu, .domid = domid,
		.sched_id = SCHED_ID_CREDIT2, .cpumap = {LIST_VA, 64, 0}};
	return sysctl(dom0, XEN_SYSCTL_cpupool_op);
}

static uint64_t cpus_of(uint32_t id)
{
	uint64_t map;

	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, id, 0, 0), 0);
	CU_ASSERT_EQUAL(sys.u.cpupool_op.cpupool_id, id);
	get(&map, LIST_VA, sizeof(map));
	return map;
}

static void the_host_looks_like_one_node_and_one_pool(void)
{
	sys.u.cputopoinfo = (struct xen_sysctl_cputopoinfo){0, 0, 0};
	CU_ASSERT_EQUAL(sysctl(dom0, XEN_SYSCTL_cputopoinfo), 0);
	CU_ASSERT_EQUAL(sys.u.cputopoinfo.num_cpus, 4);
	memset(&sys, 0, sizeof(sys));
	CU_ASSERT_EQUAL(sysctl(dom0, XEN_SYSCTL_numainfo), 0);
	CU_ASSERT_EQUAL(sys.u.numainfo.num_nodes, 1);
	CU_ASSERT_EQUAL(cpus_of(0), 0xf);
	CU_ASSERT_EQUAL(sys.u.cpupool_op.n_dom, 2);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_INFO, 1, 0, 0), -XEN_ENOENT);
}

static void a_pool_is_made_filled_emptied_and_gone(void)
{
	uint64_t map;

	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, XEN_SYSCTL_CPUPOOL_PAR_ANY, 0, 0), 0);
	CU_ASSERT_EQUAL(sys.u.cpupool_op.cpupool_id, 1);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 1, 0, 0), -XEN_EEXIST);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, SCHED_POOLS, 0, 0), -XEN_ENOMEM);
	sys.u.cpupool_op.sched_id = SCHED_ID_CREDIT2 - 1;
	CU_ASSERT_EQUAL(sysctl(dom0, XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 3, 0), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_FREEINFO, 0, 0, 0), 0);
	get(&map, LIST_VA, sizeof(map));
	CU_ASSERT_EQUAL(map, 8);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 2, 0), -XEN_ENODEV);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 4, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 2, 3, 0), -XEN_ENOENT);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, SCHED_POOL_FREE, 3, 0), -XEN_ENOENT);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 1, 3, 0), 0);
	CU_ASSERT_EQUAL(cpus_of(0), 7);
	CU_ASSERT_EQUAL(cpus_of(1), 8);
	CU_ASSERT_EQUAL(sys.u.cpupool_op.sched_id, SCHED_ID_CREDIT2);
	sys.u.scheduler_op = (struct xen_sysctl_scheduler_op){
		.cpupool_id = 1, .sched_id = SCHED_ID_CREDIT2, .cmd = XEN_SYSCTL_SCHEDOP_getinfo};
	CU_ASSERT_EQUAL(sysctl(dom0, XEN_SYSCTL_scheduler_op), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 0, 0, 0), -XEN_EBUSY);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0), -XEN_EBUSY);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 1, 3, 0), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_DESTROY, 1, 0, 0), -XEN_ENOENT);
}

static void domains_are_born_in_pools_and_move_but_not_dom0(void)
{
	uint64_t map;

	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_CREATE, 5, 0, 0), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5, 0, 1), -XEN_ENOENT);
	ask_for_a_domain();
	op.u.createdomain.cpupool_id = 5;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_createdomain, 7), -XEN_EINVAL);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 0, 3, 0), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_ADDCPU, 5, 3, 0), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5, 0, 0), -XEN_EPERM);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5, 0, 9), -XEN_ESRCH);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5, 0, 0x10001), -XEN_ESRCH);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 6, 0, 1), -XEN_ENOENT);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 0, 0, 1), 0);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, 5, 0, 1), 0);
	ask_for_a_domain();
	op.u.createdomain.cpupool_id = 5;
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_createdomain, 7), 0);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_getdomaininfo, 7), 0);
	CU_ASSERT_EQUAL(op.u.getdomaininfo.cpupool, 5);
	CU_ASSERT_EQUAL(cpus_of(5), 8);
	CU_ASSERT_EQUAL(sys.u.cpupool_op.n_dom, 2);
	CU_ASSERT_EQUAL(pool(XEN_SYSCTL_CPUPOOL_OP_RMCPU, 5, 3, 0), -XEN_EBUSY);
	/* Affinity is echoed as far as the pool has its CPUs, and refused where it has none. */
	put(LIST_VA, &(uint64_t){0xc}, 8);
	op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){
		.flags = XEN_VCPUAFFINITY_HARD, .cpumap_hard = {LIST_VA, 64, 0}};
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuaffinity, 1), 0);
	get(&map, LIST_VA, sizeof(map));
	CU_ASSERT_EQUAL(map, 8);
	put(LIST_VA, &(uint64_t){0x4}, 8);
	CU_ASSERT_EQUAL(domctl(XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(an_unprivileged_domain_controls_nothing),
		UNIT(another_version_is_refused_first),
		UNIT(unknown_commands_and_domains_are_told_apart),
		UNIT(a_new_domain_is_paused_once_and_empty),
		UNIT(bad_wishes_create_nothing),
		UNIT(info_is_about_the_next_domain),
		UNIT(a_context_that_restarts_is_set_in_the_end),
		UNIT(affinity_reads_short_maps_and_writes_back_what_holds),
		UNIT(frame_types_survive_restarts),
		UNIT(shares_and_sizes_are_as_libxl_sets_them),
		UNIT(the_host_looks_like_one_node_and_one_pool),
		UNIT(a_pool_is_made_filled_emptied_and_gone),
		UNIT(domains_are_born_in_pools_and_move_but_not_dom0),
	};

	return unit_main("hypercall_domctl", tests, array_size(tests), setup);
}
