/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a domain without rights gets nowhere: dom0 builds one and lets it try the control
 * calls, the frames, ports, lines and tables of dom0 and of the hypervisor. Each attempt must get
 * its refusal, and a page of dom0 full of a pattern must be as it was.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>

enum { ANY_ERROR = 1 };

/* What the child leaves for dom0; the names are addresses in the image both have. */
struct attempts {
	uint64_t count;
	struct {
		const char *name;
		int64_t got, expected;
	} row[160];
};

static struct attempts *mail;
static uint64_t *pattern;
static uint64_t dom0_pattern, dom0_l4; /* frames, as dom0 knows them */
static char *own;

static void row(const char *name, int64_t got, int64_t expected)
{
	mail->row[mail->count].name = name;
	mail->row[mail->count].got = got;
	mail->row[mail->count].expected = expected;
	mail->count++;
}

static void control_calls(void)
{
	static const uint32_t commands[] = {
		XEN_DOMCTL_createdomain,      XEN_DOMCTL_destroydomain,
		XEN_DOMCTL_pausedomain,       XEN_DOMCTL_unpausedomain,
		XEN_DOMCTL_getdomaininfo,     XEN_DOMCTL_max_mem,
		XEN_DOMCTL_setvcpucontext,    XEN_DOMCTL_getvcpucontext,
		XEN_DOMCTL_getvcpuinfo,       XEN_DOMCTL_max_vcpus,
		XEN_DOMCTL_iomem_permission,  XEN_DOMCTL_irq_permission,
		XEN_DOMCTL_getpageframeinfo3, XEN_DOMCTL_setvcpuaffinity};
	static const uint32_t host[] = {XEN_SYSCTL_physinfo,          XEN_SYSCTL_readconsole,
					XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_debug_keys,
					XEN_SYSCTL_cpupool_op,        XEN_SYSCTL_numainfo};
	struct xen_platform_op platform = {.cmd = XENPF_settime64,
					   .interface_version = XENPF_INTERFACE_VERSION};

	for (unsigned int i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		row("a_control_call_on_dom0", domctl_on(commands[i], 0), -XEN_EPERM);
	}
	for (unsigned int i = 0; i < sizeof(host) / sizeof(host[0]); i++) {
		struct xen_sysctl op = {.cmd = host[i]};

		row("a_host_call", sysctl(&op), -XEN_EPERM);
	}
	row("setting_the_clock", hypercall1(__HYPERVISOR_platform_op, &platform), -XEN_EPERM);
	row("writing_the_console", hypercall3(__HYPERVISOR_console_io, 0, 3, "no\n"), -XEN_EPERM);
	row("reading_the_console", hypercall3(__HYPERVISOR_console_io, 1, 3, own), -XEN_EPERM);
}

static int64_t memory(uint32_t command, void *arg)
{
	return hypercall2(__HYPERVISOR_memory_op, command, arg);
}

static void memory_calls(void)
{
	uint64_t frame = dom0_pattern, out = 0;
	domid_t zero = 0;
	struct xen_memory_reservation r = {.extent_start = (uint64_t)&frame, .nr_extents = 1};
	struct xen_memory_exchange x = {.in = r, .out = r};
	struct xen_memory_map map = {.nr_entries = 8, .buffer = (uint64_t)own};
	struct xen_foreign_memory_map theirs = {.map = {.nr_entries = 1, .buffer = (uint64_t)own}};
	struct xen_mem_acquire_resource table = {
		.type = XENMEM_resource_grant_table, .nr_frames = 1, .frame_list = (uint64_t)&out};

	row("taking_a_frame_of_dom0", memory(XENMEM_decrease_reservation, &r), 0);
	row("giving_dom0_one", memory(XENMEM_populate_physmap, &r), 0);
	r.domid = DOMID_SELF;
	row("giving_up_what_is_not_ones_own", memory(XENMEM_decrease_reservation, &r), 0);
	row("exchanging_for_dom0", memory(XENMEM_exchange, &x), -XEN_EPERM);
	x.out.extent_start = (uint64_t)&out;
	x.in.domid = x.out.domid = DOMID_SELF;
	row("exchanging_what_is_not_ones_own", memory(XENMEM_exchange, &x), -XEN_EINVAL);
	row("the_size_of_dom0", memory(XENMEM_current_reservation, &zero), -XEN_EPERM);
	row("the_machines_map", memory(XENMEM_machine_memory_map, &map), -XEN_EPERM);
	row("setting_dom0s_map", memory(XENMEM_set_memory_map, &theirs), -XEN_EPERM);
	row("the_grant_table_of_dom0", memory(XENMEM_acquire_resource, &table), -XEN_EPERM);
}

static void frames(void)
{
	uint64_t slot = pte_mfn(*entry_of(own, 2)) * PAGE + ((uint64_t)pte_of(own) & (PAGE - 1));
	uint64_t theirs = dom0_pattern * PAGE | PTE_RW;

	row("mapping_a_frame_of_dom0_by_name", mmu_update(slot, theirs, 0), -XEN_EPERM);
	row("or_as_ones_own", mmu_update(slot, theirs, DOMID_SELF), -XEN_EBUSY);
	row("or_read_only", mmu_update(slot, theirs & ~PTE_W, DOMID_SELF), -XEN_EBUSY);
	row("in_tables_of_dom0", mmu_update(dom0_l4 * PAGE, 0, DOMID_SELF | 1U << 16), -XEN_EPERM);
	row("writing_a_table_of_dom0", mmu_update(dom0_l4 * PAGE, 0, DOMID_SELF), -XEN_EINVAL);
	row("writing_a_page_of_dom0", mmu_update(dom0_pattern * PAGE, 0, DOMID_SELF), -XEN_EINVAL);
	row("its_m2p_entry", mmu_update(dom0_pattern * PAGE | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF),
	    -XEN_EINVAL);
	row("device_memory", mmu_update(slot, 0xb8000UL | PTE_RW, DOMID_SELF), -XEN_EPERM);
	row("device_memory_by_name", mmu_update(slot, 0xb8000UL | PTE_RW, DOMID_IO), ANY_ERROR);
	row("the_hypervisors_frames_by_name", mmu_update(slot, theirs, DOMID_XEN), ANY_ERROR);
	row("uncached_memory", remap(own, mfn_of(own), PTE_RW | 0x10), -XEN_EINVAL);
	row("pinning_for_dom0", mmuext_for(MMUEXT_PIN_L1_TABLE, dom0_pattern, 0, 0), -XEN_EPERM);
	row("pinning_a_frame_of_dom0", mmuext(MMUEXT_PIN_L1_TABLE, dom0_pattern, 0), -XEN_EINVAL);
	row("unpinning_dom0s_tables", mmuext(MMUEXT_UNPIN_TABLE, dom0_l4, 0), -XEN_EINVAL);
	row("running_on_dom0s_tables", mmuext(MMUEXT_NEW_BASEPTR, dom0_l4, 0), -XEN_EINVAL);
	row("as_user_tables", mmuext(MMUEXT_NEW_USER_BASEPTR, dom0_l4, 0), -XEN_EINVAL);
	row("clearing_a_page_of_dom0", mmuext(MMUEXT_CLEAR_PAGE, dom0_pattern, 0), -XEN_EINVAL);
	row("copying_from_it", mmuext(MMUEXT_COPY_PAGE, mfn_of(own), dom0_pattern), -XEN_EINVAL);
	row("copying_to_it", mmuext(MMUEXT_COPY_PAGE, dom0_pattern, mfn_of(own)), -XEN_EINVAL);
	row("flushing_caches", mmuext(MMUEXT_FLUSH_CACHE, 0, 0), -XEN_EACCES);
	row("flushing_all_caches", mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), -XEN_EINVAL);
	row("a_gdt_in_dom0", hypercall2(__HYPERVISOR_set_gdt, &dom0_pattern, 1), -XEN_EINVAL);
	row("a_descriptor_in_dom0",
	    hypercall2(__HYPERVISOR_update_descriptor, dom0_pattern * PAGE, 0), -XEN_EINVAL);
	row("a_vcpu_info_in_dom0",
	    hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
		       (&(struct vcpu_register_vcpu_info){.mfn = dom0_pattern})),
	    ANY_ERROR);
}

static void grants_and_events(void)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = (uint64_t)own, .flags = GNTMAP_host_map, .ref = 9};
	struct gnttab_copy copy = {.source = {.u.gmfn = dom0_pattern, .domid = 0},
				   .dest = {.u.gmfn = mfn_of(own), .domid = DOMID_SELF},
				   .len = 64};
	struct gnttab_setup_table setup = {.nr_frames = 1, .frame_list = (uint64_t)own};
	struct evtchn_alloc_unbound port = {.dom = 0, .remote_dom = DOMID_SELF};
	struct evtchn_reset reset = {.dom = 0};
	struct evtchn_status status = {.dom = 0, .port = 1};
	struct evtchn_bind_pirq pirq = {.pirq = 12};
	struct evtchn_bind_interdomain bind = {.remote_dom = 0, .remote_port = 1};

	hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &map, 1);
	row("mapping_what_was_not_granted", map.status, ANY_ERROR);
	hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_copy, &copy, 1);
	row("copying_a_frame_of_dom0", copy.status, GNTST_permission_denied);
	hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &setup, 1);
	row("the_grant_table_of_dom0_by_call", setup.status, GNTST_permission_denied);
	row("a_port_in_dom0",
	    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &port), -XEN_EPERM);
	row("resetting_dom0", hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_reset, &reset),
	    -XEN_EPERM);
	row("the_ports_of_dom0",
	    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_status, &status), -XEN_EPERM);
	row("binding_to_a_port_of_dom0",
	    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, &bind),
	    -XEN_EINVAL);
	row("an_interrupt_line",
	    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &pirq), -XEN_EPERM);
}

static void devices(void)
{
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 12, .pirq = 12};
	struct physdev_apic apic = {.apic_physbase = 0xfec00000, .reg = 1};
	struct physdev_pci_device_add pci = {.devfn = 8};
	struct physdev_setup_gsi gsi = {.gsi = 12};
	struct physdev_set_iopl iopl = {.iopl = 1};
	struct sched_remote_shutdown shutdown = {.domain_id = 0, .reason = SHUTDOWN_crash};
	struct sched_pin_override pin = {.pcpu = 0};
	uint32_t value = 0;

	row("mapping_a_line", hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &map),
	    -XEN_EPERM);
	row("reading_the_io_apic", hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_apic_read, &apic),
	    -XEN_EPERM);
	row("announcing_a_device",
	    hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, &pci), -XEN_EPERM);
	row("programming_a_line", hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_setup_gsi, &gsi),
	    -XEN_EPERM);
	row("shutting_dom0_down",
	    hypercall2(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &shutdown), -XEN_EPERM);
	row("pinning_itself", hypercall2(__HYPERVISOR_sched_op, SCHEDOP_pin_override, &pin),
	    -XEN_EPERM);
	hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
	attempt("inb $0x71, %%al", : "+a"(value)::"memory");
	row("reading_a_port", trap_seen.vector == 13 ? 0xff : value & 0xff, 0xff);
	attempt("inl %%dx, %%eax", : "+a"(value) : "d"(0xcfc) : "memory");
	row("reading_pci_configuration", trap_seen.vector == 13 ? 0xffff : value & 0xffff, 0xffff);
	attempt("rdmsr", : "+a"(value) : "c"(0xc001001a) : "rdx", "memory");
	row("an_msr_of_the_host", (int64_t)trap_seen.vector, 13);
	row("the_hypervisors_memory", (int64_t)try_read((void *)0xffff830000000000UL), 14);
	row("writing_the_m2p", (int64_t)try_write((void *)0xffff800000000000UL, 0), 14);
}

static void __attribute__((noreturn)) power_off(void)
{
	struct sched_shutdown shutdown = {.reason = SHUTDOWN_poweroff};

	for (;;) {
		hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &shutdown);
	}
}

static void hostile(void)
{
	control_calls();
	memory_calls();
	frames();
	grants_and_events();
	devices();
	power_off();
}

static void report(const struct attempts *a)
{
	claim(a->count > 60 && a->count < 160, "it_made_all_its_attempts");
	for (uint64_t i = 0; i < a->count && i < 160; i++) {
		if (a->row[i].expected == ANY_ERROR) {
			claim(a->row[i].got < 0, a->row[i].name);
		} else {
			claim_equal(a->row[i].name, a->row[i].got, a->row[i].expected);
		}
	}
}

void guest_test(void)
{
	struct attempts *seen = page_alloc();
	struct child child;
	unsigned int changed = 0;

	mail = page_alloc();
	own = page_alloc();
	pattern = page_alloc();
	memset(pattern, 0xa5, PAGE);
	dom0_pattern = mfn_of(pattern);
	dom0_l4 = mfn_of((void *)start_info->pt_base);
	claim_equal("a_child_is_built", child_build(&child, hostile), 0);
	claim_equal("it_runs_to_its_end", child_run(&child), SHUTDOWN_poweroff);
	claim_equal("its_report_is_read", child_map(&child, mail, seen), 0);
	report(seen);
	for (unsigned int i = 0; i < 512; i++) {
		changed += pattern[i] != 0xa5a5a5a5a5a5a5a5UL;
	}
	claim_equal("dom0s_pattern_is_as_it_was", changed, 0);
	remap(seen, mfn_of(seen), PTE_RW);
	claim_equal("it_is_destroyed", domain_destroy(child.domid), 0);
}
