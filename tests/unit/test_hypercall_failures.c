/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever fails, once, in whatever call, costs that call its success and nothing else. Each
 * scenario is a list of calls on the whole core. It is run once to count the points where something
 * may fail: an allocation, a copy from or to guest memory, a translation, a type, a mapping, the
 * route of an interrupt. Then it is run once for each of them, with that one failing. The books are
 * audited after the call that met it; at the end every domain is destroyed, and all memory must
 * have come back.
 *
 * All that is done a second time with calls that stop for others after each unit of work.
 */
#include "unit/whole_world.h"

#include "unit/unit.h"

#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/hvm_op.h>
#include <xen/hvm_params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/virq.h>

#include <stdio.h>

/* Places: arguments, and a list they may name. */
#define ARG 0U
#define LIST 1U
#define LIST2 2U
/* A place that is one of these for each of the scenarios that need tables or descriptors. */
#define TABLES 4U

static uint64_t failing;

static int64_t call(unsigned int n, uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t e)
{
	struct domain *d = domain_find((uint16_t)n);
	uint64_t before = sim_points();
	int64_t result;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	result = whole_call(d->vcpus[0], number, (uint64_t[6]){a, b, c, e});
	CU_ASSERT_NOT_EQUAL(result, -XEN_ERESTART);
	CU_ASSERT_EQUAL(sim_violations(), 0);
	if (before < failing && sim_points() >= failing) {
		whole_audit();
	}
	if (failing == 0 && result < 0) {
		printf("# call %lu of domain %u, %lx %lx: %ld\n", number, n, a, b, result);
		CU_FAIL("a call fails by itself");
	}
	return result;
}

/* With one structure as the argument. */
static int64_t with(unsigned int n, uint64_t number, uint64_t cmd, void *arg, size_t bytes)
{
	int64_t result;

	memcpy(place(n, ARG), arg, bytes);
	result = call(n, number, cmd, place_va(n, ARG), 1, 0);
	memcpy(arg, place(n, ARG), bytes);
	return result;
}

static uint64_t *list(unsigned int n)
{
	return place(n, LIST);
}

/* --- memory ---------------------------------------------------------------------------------- */

static int64_t reserve(unsigned int n, uint64_t cmd, uint16_t domid, uint64_t count, uint32_t order)
{
	struct xen_memory_reservation r = {.extent_start = place_va(n, LIST),
					   .nr_extents = count,
					   .extent_order = order,
					   .domid = domid};

	return with(n, __HYPERVISOR_memory_op, cmd, &r, sizeof(r));
}

static void exchange(unsigned int n, uint64_t in, uint32_t in_order, uint64_t out,
		     uint32_t out_order)
{
	struct xen_memory_exchange x = {
		.in = {place_va(n, LIST), in, in_order, 0, DOMID_SELF, {0}},
		.out = {place_va(n, LIST2), out, out_order, 0, DOMID_SELF, {0}},
	};

	for (uint64_t i = 0; i < out; i++) {
		((uint64_t *)place(n, LIST2))[i] = 0x300 + i;
	}
	(void)with(n, __HYPERVISOR_memory_op, XENMEM_exchange, &x, sizeof(x));
}

static void claim(uint64_t frames)
{
	struct xen_memory_reservation r = {.nr_extents = frames, .domid = 1};

	(void)with(0, __HYPERVISOR_memory_op, XENMEM_claim_pages, &r, sizeof(r));
}

static void reservations_and_exchanges(void)
{
	for (uint64_t i = 0; i < 8; i++) {
		list(1)[i] = 0x200 + i;
	}
	(void)reserve(1, XENMEM_populate_physmap, DOMID_SELF, 8, 0);
	exchange(1, 8, 0, 1, 3);
	list(1)[0] = 0x210;
	(void)reserve(1, XENMEM_increase_reservation, DOMID_SELF, 2, 1);
	(void)reserve(1, XENMEM_decrease_reservation, DOMID_SELF, 1, 1);
	list(0)[0] = 0x700;
	(void)reserve(0, XENMEM_populate_physmap, 1, 1, 2);
	claim(64);
	(void)reserve(0, XENMEM_populate_physmap, 1, 1, 4);
	claim(0);
}

static void maps_and_resources(void)
{
	struct xen_mem_acquire_resource r = {.domid = 1,
					     .type = XENMEM_resource_grant_table,
					     .nr_frames = 4,
					     .frame_list = place_va(0, LIST)};
	struct xen_foreign_memory_map f = {
		.domid = 1, .map = {.nr_entries = 2, .buffer = place_va(0, LIST)}};
	struct xen_memory_map m = {.nr_entries = 8, .buffer = place_va(1, LIST)};
	struct xen_e820_entry e[2] = {{0, 0x1000000, 1}, {0x1000000, 0x1000, 2}};

	(void)with(0, __HYPERVISOR_memory_op, XENMEM_acquire_resource, &r, sizeof(r));
	memcpy(list(0), e, sizeof(e));
	(void)with(0, __HYPERVISOR_memory_op, XENMEM_set_memory_map, &f, sizeof(f));
	(void)with(0, __HYPERVISOR_memory_op, XENMEM_set_memory_map, &f, sizeof(f));
	(void)with(1, __HYPERVISOR_memory_op, XENMEM_memory_map, &m, sizeof(m));
	m.buffer = place_va(0, LIST);
	(void)with(0, __HYPERVISOR_memory_op, XENMEM_machine_memory_map, &m, sizeof(m));
}

static int64_t place_at(uint32_t space, uint64_t index, uint64_t g)
{
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = (uint16_t)space, .idx = index, .gpfn = g};

	return with(2, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a, sizeof(a));
}

static void a_translated_guests_map(void)
{
	struct xen_remove_from_physmap r = {.domid = DOMID_SELF, .gpfn = 0x900};

	list(2)[0] = 0x7000000;
	(void)reserve(2, XENMEM_populate_physmap, DOMID_SELF, 1, 0);
	list(2)[0] = 0x800;
	list(2)[1] = 0x40000;
	(void)reserve(2, XENMEM_populate_physmap, DOMID_SELF, 2, 2);
	(void)place_at(XENMAPSPACE_shared_info, 0, 0x801);
	(void)place_at(XENMAPSPACE_grant_table, 3, 0x900);
	(void)place_at(XENMAPSPACE_gmfn, 0x802, 0x9000000);
	(void)place_at(XENMAPSPACE_gmfn, 0x7000000, 0x803);
	(void)with(2, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &r, sizeof(r));
	list(2)[0] = 0x40000;
	(void)reserve(2, XENMEM_decrease_reservation, DOMID_SELF, 1, 1);
}

static void a_large_page_is_split(void)
{
	list(0)[0] = 0x100000;
	(void)reserve(0, XENMEM_populate_physmap, 2, 1, 9);
	list(2)[0] = 0x100003;
	(void)reserve(2, XENMEM_decrease_reservation, DOMID_SELF, 1, 0);
}

static void foreign_frames(void)
{
	struct xen_remove_from_physmap r = {.domid = 2, .gpfn = 0x900};
	struct xen_add_to_physmap_batch b = {.domid = 2,
					     .space = XENMAPSPACE_gmfn_foreign,
					     .size = 3,
					     .u = {1},
					     .idxs = place_va(0, LIST),
					     .gpfns = place_va(0, LIST2),
					     .errs = place_va(0, 3)};

	for (unsigned int i = 0; i < 3; i++) {
		list(0)[i] = whole_places[1][8 + i].n;
		((uint64_t *)place(0, LIST2))[i] = i == 2 ? 0x9000000 : 0x900 + i;
	}
	(void)with(0, __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, &b, sizeof(b));
	(void)with(0, __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, &r, sizeof(r));
}

/* --- event channels -------------------------------------------------------------------------- */

static int64_t event(unsigned int n, uint64_t cmd, void *arg, size_t bytes)
{
	return with(n, __HYPERVISOR_event_channel_op, cmd, arg, bytes);
}

static void ports_of(unsigned int a, unsigned int b)
{
	struct evtchn_alloc_unbound u = {.dom = DOMID_SELF, .remote_dom = (uint16_t)b};
	struct evtchn_bind_interdomain i = {.remote_dom = (uint16_t)a};
	struct evtchn_bind_virq v = {.virq = VIRQ_DEBUG, .vcpu = 1};
	struct evtchn_bind_ipi p = {.vcpu = 1};
	struct evtchn_bind_vcpu to;
	struct evtchn_status status = {.dom = DOMID_SELF};
	struct evtchn_reset reset = {.dom = DOMID_SELF};
	uint32_t port;

	(void)event(a, EVTCHNOP_alloc_unbound, &u, sizeof(u));
	i.remote_port = u.port;
	(void)event(b, EVTCHNOP_bind_interdomain, &i, sizeof(i));
	(void)event(a, EVTCHNOP_bind_virq, &v, sizeof(v));
	(void)event(a, EVTCHNOP_bind_ipi, &p, sizeof(p));
	to = (struct evtchn_bind_vcpu){.port = u.port, .vcpu = 1};
	(void)event(a, EVTCHNOP_bind_vcpu, &to, sizeof(to));
	(void)event(b, EVTCHNOP_send, &i.local_port, sizeof(i.local_port));
	(void)event(a, EVTCHNOP_unmask, &u.port, sizeof(u.port));
	status.port = u.port;
	(void)event(a, EVTCHNOP_status, &status, sizeof(status));
	(void)event(b, EVTCHNOP_close, &i.local_port, sizeof(i.local_port));
	/* Beyond the first page of ports, without asking for each. */
	for (unsigned int k = 0; k < 300; k++) {
		(void)!evtchn_bind_ipi(domain_find((uint16_t)b), 0, &port);
	}
	(void)event(a, EVTCHNOP_reset, &reset, sizeof(reset));
}

static void event_channels(void)
{
	ports_of(1, 0);
	ports_of(2, 1);
}

static void fifo_of_a_guest(unsigned int n)
{
	struct evtchn_init_control c = {.control_gfn = place_gfn(n, TABLES)};
	struct evtchn_expand_array e = {.array_gfn = place_gfn(n, TABLES + 1)};
	struct evtchn_bind_ipi p = {.vcpu = 1};
	struct evtchn_set_priority s = {.priority = 3};

	(void)event(n, EVTCHNOP_bind_ipi, &p, sizeof(p));
	(void)event(n, EVTCHNOP_init_control, &c, sizeof(c));
	c.vcpu = 1;
	c.offset = 128;
	(void)event(n, EVTCHNOP_init_control, &c, sizeof(c));
	(void)event(n, EVTCHNOP_expand_array, &e, sizeof(e));
	s.port = p.port;
	(void)event(n, EVTCHNOP_set_priority, &s, sizeof(s));
	(void)event(n, EVTCHNOP_send, &p.port, sizeof(p.port));
	(void)event(n, EVTCHNOP_close, &p.port, sizeof(p.port));
}

static void event_queues(void)
{
	fifo_of_a_guest(1);
	fifo_of_a_guest(2);
}

static void interrupts_of_devices(void)
{
	struct physdev_map_pirq m = {.domid = DOMID_SELF, .type = 1, .index = 17, .pirq = 17};
	struct evtchn_bind_pirq b = {.pirq = 17};
	struct physdev_unmap_pirq u = {.domid = DOMID_SELF, .pirq = 17};
	struct physdev_setup_gsi g = {.gsi = 17, .triggering = 1, .polarity = 1};

	(void)!range_add(&domain_find(0)->irqs, 17, 17);
	(void)with(0, __HYPERVISOR_physdev_op, 21, &g, sizeof(g));
	(void)with(0, __HYPERVISOR_physdev_op, 13, &m, sizeof(m));
	(void)event(0, EVTCHNOP_bind_pirq, &b, sizeof(b));
	(void)event(0, EVTCHNOP_close, &b.port, sizeof(b.port));
	(void)with(0, __HYPERVISOR_physdev_op, 14, &u, sizeof(u));
}

/* --- grants ---------------------------------------------------------------------------------- */

static void offer(unsigned int n, uint32_t ref, uint16_t to, unsigned int which, uint16_t flags)
{
	struct domain *d = domain_find((uint16_t)n);
	struct gnttab_setup_table s = {
		.dom = DOMID_SELF, .nr_frames = 1, .frame_list = place_va(n, LIST)};
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .gpfn = 0xa00};
	struct grant_entry_v1 *entries;

	if (d->is_pv) {
		(void)with(n, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, sizeof(s));
	} else {
		(void)with(n, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a, sizeof(a));
	}
	entries = frame_map(grant_frame(d, 0));
	entries[ref] = (struct grant_entry_v1){
		.flags = flags, .domid = to, .frame = (uint32_t)place_gfn(n, which)};
}

static void mapped(unsigned int by, unsigned int from, uint32_t ref, uint32_t flags, uint64_t at)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = at, .flags = flags, .ref = ref, .dom = (uint16_t)from};
	struct gnttab_unmap_grant_ref u = {.host_addr = at};

	m.status = -99;
	(void)with(by, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &m, sizeof(m));
	u.handle = m.handle;
	u.dev_bus_addr = flags & GNTMAP_device_map ? m.dev_bus_addr : 0;
	(void)with(by, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, sizeof(u));
}

/* Four levels in places TABLES.., for slot 300; the L1 maps nothing. */
static uint64_t build_tables(unsigned int n)
{
	static const uint64_t flags = PTE_P | PTE_US | PTE_RW | PTE_A;

	for (unsigned int level = 0; level < 3; level++) {
		pte_t *table = place(n, TABLES + level);

		table[level ? 0 : 300] = pte_make(whole_places[n][TABLES + level + 1], flags);
	}
	return place_gfn(n, TABLES);
}

static int64_t extended(unsigned int n, uint32_t cmd, uint64_t mfn)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};

	memcpy(place(n, ARG), &op, sizeof(op));
	return call(n, __HYPERVISOR_mmuext_op, place_va(n, ARG), 1, 0, DOMID_SELF);
}

static void grants_into_page_tables(void)
{
	uint64_t l1;

	(void)extended(0, MMUEXT_NEW_BASEPTR, build_tables(0));
	l1 = mfn_to_maddr(whole_places[0][TABLES + 3]).n;
	offer(1, 8, 0, 9, GTF_permit_access);
	offer(2, 9, 0, 9, GTF_permit_access | GTF_readonly);
	mapped(0, 1, 8, GNTMAP_host_map | GNTMAP_contains_pte, l1 + 8);
	mapped(0, 1, 8, GNTMAP_host_map | GNTMAP_device_map, 0xffff000000000000UL | 300UL << 39);
	mapped(0, 2, 9, GNTMAP_host_map | GNTMAP_readonly | GNTMAP_contains_pte, l1 + 16);
	mapped(2, 1, 8, GNTMAP_host_map, 0xb00000);
	offer(0, 8, 2, 9, GTF_permit_access);
	mapped(2, 0, 8, GNTMAP_host_map, 0x3fff0000000);
}

static void grant_copies(void)
{
	struct gnttab_copy c[2] = {
		{.source = {.u.ref = 8, .domid = 1},
		 .dest = {.u.gmfn = place_gfn(0, 9), .domid = DOMID_SELF},
		 .len = 100,
		 .flags = GNTCOPY_source_gref},
		{.source = {.u.gmfn = place_gfn(0, 9), .domid = DOMID_SELF},
		 .dest = {.u.ref = 8, .domid = 2},
		 .len = 100,
		 .flags = GNTCOPY_dest_gref},
	};

	offer(1, 8, 0, 9, GTF_permit_access);
	offer(2, 8, 0, 9, GTF_permit_access);
	memcpy(place(0, ARG), c, sizeof(c));
	(void)call(0, __HYPERVISOR_grant_table_op, GNTTABOP_copy, place_va(0, ARG), 2, 0);
}

static void the_table_grows(void)
{
	struct gnttab_setup_table s = {
		.dom = 1, .nr_frames = 4, .frame_list = place_va(0, LIST)};
	struct gnttab_query_size q = {.dom = 1};

	(void)with(0, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &s, sizeof(s));
	(void)with(0, __HYPERVISOR_grant_table_op, GNTTABOP_query_size, &q, sizeof(q));
}

/* --- page tables ----------------------------------------------------------------------------- */

static void update(unsigned int n, uint64_t at, uint64_t value)
{
	struct mmu_update u[2] = {{at, value}, {at + 8, value ? value + 0x1000 : 0}};

	memcpy(place(n, ARG), u, sizeof(u));
	(void)call(n, __HYPERVISOR_mmu_update, place_va(n, ARG), 2, place_va(n, LIST), DOMID_SELF);
}

static void page_tables(void)
{
	uint64_t l4 = build_tables(1), l1 = mfn_to_maddr(whole_places[1][TABLES + 3]).n;
	uint64_t page = mfn_to_maddr(whole_places[1][9]).n | PTE_P | PTE_US;
	uint64_t va = 0xffff000000000000UL | 300UL << 39;

	(void)extended(1, MMUEXT_PIN_L4_TABLE, l4);
	(void)extended(1, MMUEXT_NEW_BASEPTR, l4);
	(void)extended(1, MMUEXT_NEW_USER_BASEPTR, l4);
	update(1, l1, page | PTE_RW);
	(void)call(1, __HYPERVISOR_update_va_mapping, va + 0x3000, page, 2, 0);
	(void)extended(0, MMUEXT_NEW_BASEPTR, build_tables(0));
	(void)call(0, __HYPERVISOR_update_va_mapping_otherdomain, va, page, 0, 1);
	update(1, l1, 0);
	update(1, mfn_to_maddr(whole_places[1][TABLES + 2]).n, 0);
	(void)extended(1, MMUEXT_CLEAR_PAGE, place_gfn(1, 10));
	(void)extended(1, MMUEXT_NEW_USER_BASEPTR, 0);
	(void)extended(1, MMUEXT_UNPIN_TABLE, l4);
	(void)extended(1, MMUEXT_PIN_L1_TABLE, place_gfn(1, 9));
}

static void descriptors(void)
{
	uint64_t gdt = place_gfn(1, 9);

	*list(1) = gdt;
	(void)call(1, __HYPERVISOR_set_gdt, place_va(1, LIST), 512, 0, 0);
	(void)call(1, __HYPERVISOR_update_descriptor, gdt << 12, 0x00cffb000000ffffUL, 0, 0);
	(void)extended(1, MMUEXT_TLB_FLUSH_ALL, 0);
	(void)call(1, __HYPERVISOR_set_gdt, place_va(1, LIST), 0, 0, 0);
	(void)call(1, __HYPERVISOR_set_trap_table, place_va(1, LIST), 0, 0, 0);
}

/* In places LIST2 and the next: longer than a page. */
static void put_context(unsigned int n, uint64_t root, uint64_t gdt)
{
	struct vcpu_guest_context context = {.flags = VGCF_online | VGCF_in_kernel,
					     .gdt_frames = {gdt},
					     .gdt_ents = 512,
					     .ctrlreg = {[3] = root << PAGE_SHIFT}};

	sim_guest_write(place_va(n, LIST2), &context, sizeof(context));
}

/* --- birth and death ------------------------------------------------------------------------- */

static struct xen_domctl op;

static int64_t domctl(uint32_t cmd, uint16_t domid)
{
	int64_t result;

	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = domid;
	memcpy(place(0, ARG), &op, sizeof(op));
	result = call(0, __HYPERVISOR_domctl, place_va(0, ARG), 0, 0, 0);
	memcpy(&op, place(0, ARG), sizeof(op));
	return result;
}

static bool born(uint32_t flags, uint32_t emulation)
{
	memset(&op, 0, sizeof(op));
	op.u.createdomain = (struct xen_domctl_createdomain){
		.flags = flags,
		.max_vcpus = 2,
		.max_evtchn_port = 1023,
		.max_grant_frames = 4,
		.max_maptrack_frames = 4,
		.grant_opts = 1,
		.arch.emulation_flags = emulation};
	if (domctl(XEN_DOMCTL_createdomain, 40) || !domain_find(40)) {
		return domain_find(40) != NULL;
	}
	return true;
}

static void dressed(void)
{
	op.u.max_vcpus.max = 2;
	(void)domctl(XEN_DOMCTL_max_vcpus, 40);
	op.u.max_mem.max_memkb = 4096;
	(void)domctl(XEN_DOMCTL_max_mem, 40);
	for (uint64_t i = 0; i < 8; i++) {
		list(0)[i] = 0x100 + i;
	}
	(void)reserve(0, XENMEM_populate_physmap, 40, 8, 0);
}

static void died(void)
{
	(void)domctl(XEN_DOMCTL_getdomaininfo, 40);
	(void)domctl(XEN_DOMCTL_unpausedomain, 40);
	(void)domctl(XEN_DOMCTL_pausedomain, 40);
	(void)domctl(XEN_DOMCTL_destroydomain, 40);
	whole_exit_paths();
}

static void a_paravirtual_guests_life(void)
{
	if (!born(0, 0)) {
		return;
	}
	dressed();
	/* Its first frame is an L4 that maps nothing, its second a descriptor table. */
	put_context(0, list(0)[0], list(0)[1]);
	op.u.vcpucontext = (struct xen_domctl_vcpucontext){.vcpu = 0, .ctxt = place_va(0, LIST2)};
	(void)domctl(XEN_DOMCTL_setvcpucontext, 40);
	op.u.vcpucontext = (struct xen_domctl_vcpucontext){.vcpu = 0, .ctxt = place_va(0, LIST2)};
	(void)domctl(XEN_DOMCTL_getvcpucontext, 40);
	op.u.getpageframeinfo3 = (struct xen_domctl_getpageframeinfo3){8, place_va(0, LIST)};
	(void)domctl(XEN_DOMCTL_getpageframeinfo3, 40);
	died();
}

static void a_translated_guests_life(void)
{
	if (!born(XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, XEN_X86_EMU_LAPIC)) {
		return;
	}
	dressed();
	op.u.paging_mempool.size = 1 << 20;
	(void)domctl(XEN_DOMCTL_set_paging_mempool_size, 40);
	op.u.hvmcontext = (struct xen_domctl_hvmcontext){.size = 8192,
							.buffer = place_va(0, LIST)};
	(void)domctl(XEN_DOMCTL_gethvmcontext, 40);
	op.u.hvmcontext.buffer = place_va(0, LIST);
	(void)domctl(XEN_DOMCTL_sethvmcontext, 40);
	died();
}

static void policies_and_affinities(void)
{
	if (!born(0, 0)) {
		return;
	}
	memset(&op, 0, sizeof(op));
	op.u.cpu_policy = (struct xen_domctl_cpu_policy){
		.nr_leaves = 64, .nr_msrs = 8, .leaves = place_va(0, LIST),
		.msrs = place_va(0, LIST2)};
	(void)domctl(XEN_DOMCTL_get_cpu_policy, 40);
	op.u.cpu_policy.leaves = place_va(0, LIST);
	op.u.cpu_policy.msrs = place_va(0, LIST2);
	(void)domctl(XEN_DOMCTL_set_cpu_policy, 40);
	memset(&op, 0, sizeof(op));
	op.u.vcpuaffinity = (struct xen_domctl_vcpuaffinity){
		.flags = 3, .cpumap_hard = {place_va(0, LIST), 8, 0},
		.cpumap_soft = {place_va(0, LIST2), 8, 0}};
	(void)domctl(XEN_DOMCTL_getvcpuaffinity, 1);
	op.u.vcpuaffinity.flags = 3;
	(void)domctl(XEN_DOMCTL_setvcpuaffinity, 1);
}

static void permissions(void)
{
	memset(&op, 0, sizeof(op));
	for (unsigned int i = 0; i < 12; i++) {
		op.u.iomem_permission.first_mfn = 0xfe000 + i * 2;
		op.u.iomem_permission.nr_mfns = 1;
		op.u.iomem_permission.allow_access = 1;
		(void)domctl(XEN_DOMCTL_iomem_permission, 1);
	}
	memset(&op, 0, sizeof(op));
	for (unsigned int i = 0; i < 2; i++) {
		op.u.iomem_permission = (struct xen_domctl_iomem_permission){
			.first_mfn = 0xfd000, .nr_mfns = 8, .allow_access = 1};
		(void)domctl(XEN_DOMCTL_iomem_permission, i == 0 ? 0 : 2);
	}
	op.u.memory_mapping = (struct xen_domctl_memory_mapping){
		.first_gfn = 0x71ffffe, .first_mfn = 0xfd000, .nr_mfns = 8, .add_mapping = 1};
	(void)domctl(XEN_DOMCTL_memory_mapping, 2);
	memset(&op, 0, sizeof(op));
	op.u.ioport_permission.first_port = 0x3f8;
	op.u.ioport_permission.nr_ports = 8;
	op.u.ioport_permission.allow_access = 1;
	(void)domctl(XEN_DOMCTL_ioport_permission, 1);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void vcpus_of(unsigned int n)
{
	struct vcpu_register_vcpu_info info = {.mfn = place_gfn(n, 9), .offset = 64};
	uint64_t address = place_va(n, 10);
	struct evtchn_bind_ipi ipi = {.vcpu = 0};
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = 5000000000UL};
	struct sched_poll poll = {
		.ports = place_va(n, LIST), .nr_ports = 1, .timeout = 5000000000UL};

	memcpy(place(n, ARG), &info, sizeof(info));
	(void)call(n, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 1, place_va(n, ARG), 0);
	memcpy(place(n, ARG), &address, sizeof(address));
	(void)call(n, __HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0,
		   place_va(n, ARG), 0);
	(void)call(n, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0,
		   place_va(n, ARG), 0);
	memcpy(place(n, ARG), &t, sizeof(t));
	(void)call(n, __HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, place_va(n, ARG), 0);
	(void)call(n, __HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, 1, place_va(n, ARG), 0);
	(void)event(n, EVTCHNOP_bind_ipi, &ipi, sizeof(ipi));
	*(uint32_t *)(void *)list(n) = ipi.port;
	(void)with(n, __HYPERVISOR_sched_op, SCHEDOP_poll, &poll, sizeof(poll));
}

static void vcpus_and_their_areas(void)
{
	vcpus_of(1);
	vcpus_of(2);
}

static void a_second_vcpu_starts(void)
{
	put_context(1, build_tables(1), place_gfn(1, 9));
	(void)call(1, __HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, place_va(1, LIST2), 0);
	(void)call(1, __HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0, 0);
	(void)call(1, __HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0, 0);
}

static void a_list_of_calls(void)
{
	struct multicall_entry *entries = place(1, ARG);
	struct evtchn_bind_ipi *ipi = place(1, LIST);

	for (unsigned int i = 0; i < 4; i++) {
		entries[i] = (struct multicall_entry){
			.op = i % 2 ? __HYPERVISOR_event_channel_op : __HYPERVISOR_xen_version,
			.args = {i % 2 ? EVTCHNOP_bind_ipi : XENVER_version,
				 place_va(1, LIST) + i * sizeof(*ipi)}};
		ipi[i].vcpu = 0;
	}
	(void)call(1, __HYPERVISOR_multicall, place_va(1, ARG), 4, 0, 0);
}

static void lists_of_the_host(void)
{
	struct xen_sysctl s = {.interface_version = XEN_SYSCTL_INTERFACE_VERSION};
	static const uint32_t commands[] = {
		XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_physinfo, XEN_SYSCTL_cputopoinfo,
		XEN_SYSCTL_numainfo, XEN_SYSCTL_get_cpu_policy, XEN_SYSCTL_get_cpu_featureset};

	for (unsigned int i = 0; i < array_size(commands); i++) {
		uint64_t *words = (uint64_t *)&s.u;

		memset(&s.u, 0, sizeof(s.u));
		s.cmd = commands[i];
		words[0] = 64UL << 32;
		words[1] = place_va(0, LIST);
		words[2] = place_va(0, LIST2);
		memcpy(place(0, ARG), &s, sizeof(s));
		(void)call(0, __HYPERVISOR_sysctl, place_va(0, ARG), 0, 0, 0);
	}
}

static void parameters_of_translated_guests(void)
{
	struct xen_hvm_param p = {.domid = 2, .index = HVM_PARAM_STORE_PFN, .value = 0x800};
	struct xen_hvm_evtchn_upcall_vector vector = {.vcpu = 0, .vector = 0xf3};

	(void)with(0, __HYPERVISOR_hvm_op, HVMOP_set_param, &p, sizeof(p));
	p.index = HVM_PARAM_CALLBACK_IRQ;
	p.value = 2UL << 56 | 0xf3;
	p.domid = DOMID_SELF;
	(void)with(2, __HYPERVISOR_hvm_op, HVMOP_set_param, &p, sizeof(p));
	(void)with(2, __HYPERVISOR_hvm_op, HVMOP_get_param, &p, sizeof(p));
	(void)with(2, __HYPERVISOR_hvm_op, HVMOP_set_evtchn_upcall_vector, &vector, sizeof(vector));
}

/* --- the sweep ------------------------------------------------------------------------------- */

static uint64_t total_points;

static uint64_t run_failing(void (*scenario)(void), unsigned int units, uint64_t n)
{
	uint64_t points;

	whole_start();
	whole_units = units;
	failing = n;
	sim_fail_point(n);
	scenario();
	points = sim_points();
	sim_fail_point(0);
	failing = 0;
	whole_audit();
	CU_ASSERT_EQUAL(whole_end(), 0);
	return points;
}

static void sweep(void (*scenario)(void))
{
	static const unsigned int units[] = {RESTART_UNITS, 1};

	for (unsigned int i = 0; i < array_size(units); i++) {
		uint64_t points = run_failing(scenario, units[i], 0);

		CU_ASSERT_NOT_EQUAL(points, 0);
		total_points += points;
		for (uint64_t n = 1; n <= points; n++) {
			unsigned int before = CU_get_number_of_failures();

			(void)run_failing(scenario, units[i], n);
			if (CU_get_number_of_failures() != before) {
				printf("# with %u units, failing point %lu of %lu\n", units[i], n,
				       points);
			}
		}
	}
}

#define SWEEP(scenario, claim)           \
	static void claim(void)          \
	{                                \
		sweep(scenario);         \
	}

SWEEP(reservations_and_exchanges, memory_is_counted_right_whatever_fails_in_a_reservation)
SWEEP(maps_and_resources, a_failing_map_or_resource_call_leaves_nothing)
SWEEP(a_translated_guests_map, a_translated_guests_map_stays_whole_whatever_fails)
SWEEP(a_large_page_is_split, a_large_page_is_whole_or_split_whatever_fails)
SWEEP(foreign_frames, a_foreign_frame_is_held_or_not)
SWEEP(event_channels, ports_stay_whole_whatever_fails)
SWEEP(event_queues, event_queues_stay_whole_whatever_fails)
SWEEP(interrupts_of_devices, a_devices_interrupt_is_bound_or_not)
SWEEP(grants_into_page_tables, a_grant_is_mapped_or_not)
SWEEP(grant_copies, a_failed_copy_pins_nothing)
SWEEP(the_table_grows, a_grant_table_grows_or_stays)
SWEEP(page_tables, page_tables_stay_counted_whatever_fails)
SWEEP(descriptors, descriptor_frames_are_given_back_whatever_fails)
SWEEP(a_paravirtual_guests_life, a_paravirtual_guest_can_die_whatever_failed_at_its_birth)
SWEEP(a_translated_guests_life, a_translated_guest_can_die_whatever_failed_at_its_birth)
SWEEP(policies_and_affinities, policies_and_affinities_survive_failures)
SWEEP(permissions, permissions_survive_failures)
SWEEP(vcpus_and_their_areas, areas_of_a_vcpu_are_registered_or_not)
SWEEP(a_second_vcpu_starts, a_vcpu_is_started_or_not)
SWEEP(a_list_of_calls, a_multicall_survives_failures)
SWEEP(lists_of_the_host, lists_of_the_host_survive_failures)
SWEEP(parameters_of_translated_guests, parameters_survive_failures)

static void every_scenario_has_failed_at_each_of_its_points(void)
{
	printf("# failures injected: %lu, calls: %lu\n", total_points, whole_calls);
	CU_ASSERT_TRUE(total_points > 1500);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(memory_is_counted_right_whatever_fails_in_a_reservation),
		UNIT(a_failing_map_or_resource_call_leaves_nothing),
		UNIT(a_translated_guests_map_stays_whole_whatever_fails),
		UNIT(a_large_page_is_whole_or_split_whatever_fails),
		UNIT(a_foreign_frame_is_held_or_not),
		UNIT(ports_stay_whole_whatever_fails),
		UNIT(event_queues_stay_whole_whatever_fails),
		UNIT(a_devices_interrupt_is_bound_or_not),
		UNIT(a_grant_is_mapped_or_not),
		UNIT(a_failed_copy_pins_nothing),
		UNIT(a_grant_table_grows_or_stays),
		UNIT(page_tables_stay_counted_whatever_fails),
		UNIT(descriptor_frames_are_given_back_whatever_fails),
		UNIT(a_paravirtual_guest_can_die_whatever_failed_at_its_birth),
		UNIT(a_translated_guest_can_die_whatever_failed_at_its_birth),
		UNIT(policies_and_affinities_survive_failures),
		UNIT(permissions_survive_failures),
		UNIT(areas_of_a_vcpu_are_registered_or_not),
		UNIT(a_vcpu_is_started_or_not),
		UNIT(a_multicall_survives_failures),
		UNIT(lists_of_the_host_survive_failures),
		UNIT(parameters_survive_failures),
		UNIT(every_scenario_has_failed_at_each_of_its_points),
	};

	return unit_main("hypercall_failures", tests, array_size(tests), NULL);
}
