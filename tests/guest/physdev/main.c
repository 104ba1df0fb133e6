/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what dom0 may do with interrupt lines and ports: map, route, bind and acknowledge a
 * line, and every refusal. The page of lines that need an EOI is optional: this hypervisor has
 * none, Xen does.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/physdev.h>

USER_CODE_BYTES(code_in, "in $0x80, %al\n\tsyscall");
USER_CODE_BYTES(code_in_cmos, "in $0x71, %al\n\tsyscall");
USER_CODE_BYTES(code_cli, "cli\n\tsyscall");

static struct user_space user;

static int64_t call(uint32_t command, void *arg)
{
	return hypercall2(__HYPERVISOR_physdev_op, command, arg);
}

static void lines(void)
{
	struct physdev_map_pirq map = {
		.domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = 12, .pirq = 12};
	struct physdev_irq vector = {.irq = 12};
	struct physdev_irq_status_query status = {.irq = 12};
	struct physdev_setup_gsi gsi = {.gsi = 12};
	struct physdev_eoi eoi = {.irq = 12};
	struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF, .pirq = 12};
	struct evtchn_bind_pirq bind = {.pirq = 12}, again = {.pirq = 12};

	claim_equal("a_line_is_mapped", call(PHYSDEVOP_map_pirq, &map), 0);
	claim_equal("under_the_wanted_number", map.pirq, 12);
	claim_equal("it_gets_a_vector", call(PHYSDEVOP_alloc_irq_vector, &vector), 0);
	claim_equal("its_status_is_known", call(PHYSDEVOP_irq_status_query, &status), 0);
	claim(call(PHYSDEVOP_setup_gsi, &gsi) == 0 ||
		      call(PHYSDEVOP_setup_gsi, &gsi) == -XEN_EEXIST,
	      "it_is_set_up");
	claim_equal("it_is_bound",
		    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &bind), 0);
	claim_equal("once", hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &again),
		    -XEN_EEXIST);
	claim_equal("an_eoi_with_nothing_pending", call(PHYSDEVOP_eoi, &eoi), 0);
	claim_equal("its_port_closes", close_port(bind.port), 0);
	claim_equal("it_is_unmapped", call(PHYSDEVOP_unmap_pirq, &unmap), 0);
}

static void refusals(void)
{
	struct physdev_map_pirq map = {
		.domid = 1234, .type = MAP_PIRQ_TYPE_GSI, .index = 12, .pirq = 12};
	struct physdev_eoi eoi = {.irq = 100000};
	struct physdev_irq_status_query status = {.irq = 100000};
	struct physdev_unmap_pirq unmap = {.domid = DOMID_SELF, .pirq = 100000};
	struct evtchn_bind_pirq bind = {.pirq = 100000};
	struct physdev_pci_device_add pci = {.seg = 0, .bus = 0, .devfn = 0x1f << 3};

	claim_equal("an_unknown_operation_is_enosys", call(99, &eoi), -XEN_ENOSYS);
	claim_equal("an_unreadable_argument_is_efault", call(PHYSDEVOP_eoi, (void *)0x1000),
		    -XEN_EFAULT);
	claim_equal("no_such_line_to_acknowledge", call(PHYSDEVOP_eoi, &eoi), -XEN_EINVAL);
	claim_equal("nor_to_ask_about", call(PHYSDEVOP_irq_status_query, &status), -XEN_EINVAL);
	claim(call(PHYSDEVOP_unmap_pirq, &unmap) < 0, "nor_to_unmap");
	claim(hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, &bind) < 0,
	      "nor_to_bind");
	claim_equal("for_an_unknown_domain_is_esrch", call(PHYSDEVOP_map_pirq, &map), -XEN_ESRCH);
	map.domid = DOMID_SELF;
	map.index = 5000;
	claim(call(PHYSDEVOP_map_pirq, &map) < 0, "a_wild_line_is_refused");
	map.type = 99;
	claim_equal("an_unknown_kind_is_einval", call(PHYSDEVOP_map_pirq, &map), -XEN_EINVAL);
	map = (struct physdev_map_pirq){.domid = DOMID_SELF,
					.type = MAP_PIRQ_TYPE_MSI_SEG,
					.index = -1,
					.pirq = -1,
					.bus = 77,
					.devfn = 0};
	claim(call(PHYSDEVOP_map_pirq, &map) < 0, "messages_of_no_device_are_refused");
	claim_equal("a_device_is_announced", call(PHYSDEVOP_pci_device_add, &pci), 0);
}

static void io_apic(void)
{
	struct physdev_apic apic = {.apic_physbase = 0xfec00000, .reg = 1};

	claim_equal("dom0_reads_the_io_apic", call(PHYSDEVOP_apic_read, &apic), 0);
	claim_equal("its_size_is_24_pins", apic.value >> 16 & 0xff, 23);
	apic.apic_physbase = 0x1000;
	claim(call(PHYSDEVOP_apic_read, &apic) < 0, "there_is_no_other");
}

static void user_ports(void)
{
	static uint8_t bitmap[128];
	struct physdev_set_iobitmap allow = {.bitmap = (uint64_t)bitmap, .nr_ports = 1024};
	struct physdev_set_iopl iopl = {.iopl = 3};

	memset(bitmap, 0xff, sizeof(bitmap));
	bitmap[0x71 / 8] &= (uint8_t) ~(1 << 0x71 % 8);
	USER_RUN(&user, code_in_cmos);
	claim_equal("user_code_has_no_ports", trap_seen.vector, 13);
	claim_equal("a_bitmap_is_set", call(PHYSDEVOP_set_iobitmap, &allow), 0);
	USER_RUN(&user, code_in_cmos);
	claim_equal("it_allows_its_port", trap_seen.vector, VECTOR_SYSCALL);
	USER_RUN(&user, code_in);
	claim_equal("and_no_other", trap_seen.vector, 13);
	allow.nr_ports = 65537;
	claim_equal("more_than_all_ports_are_einval", call(PHYSDEVOP_set_iobitmap, &allow),
		    -XEN_EINVAL);
	allow = (struct physdev_set_iobitmap){.bitmap = 0x1000, .nr_ports = 1024};
	claim_equal("an_unreadable_bitmap_can_be_set", call(PHYSDEVOP_set_iobitmap, &allow), 0);
	USER_RUN(&user, code_in_cmos);
	claim_equal("and_allows_nothing", trap_seen.vector, 13);
	allow = (struct physdev_set_iobitmap){0};
	call(PHYSDEVOP_set_iobitmap, &allow);
	USER_RUN(&user, code_cli);
	claim_equal("cli_needs_iopl", trap_seen.vector, 13);
	claim_equal("iopl_3", call(PHYSDEVOP_set_iopl, &iopl), 0);
	USER_RUN(&user, code_cli);
	claim_equal("makes_cli_nothing", trap_seen.vector, VECTOR_SYSCALL);
	USER_RUN(&user, code_in);
	claim_equal("and_ports_free", trap_seen.vector, VECTOR_SYSCALL);
}

static void eoi_page(void)
{
	struct physdev_pirq_eoi_gmfn page = {.gmfn = 0xffffffffffUL};
	int64_t err;

	claim(call(PHYSDEVOP_pirq_eoi_gmfn_v2, &page) < 0, "no_frame_is_no_eoi_page");
	page.gmfn = mfn_of((void *)start_info->pt_base);
	claim(call(PHYSDEVOP_pirq_eoi_gmfn_v2, &page) < 0, "nor_is_a_page_table");
	page.gmfn = mfn_of(page_alloc());
	err = call(PHYSDEVOP_pirq_eoi_gmfn_v2, &page);
	if (err == -XEN_ENOSYS) {
		return;
	}
	claim_equal("an_eoi_page", err, 0);
	claim_equal("once", call(PHYSDEVOP_pirq_eoi_gmfn_v2, &page), -XEN_EBUSY);
}

void guest_test(void)
{
	claim(user_build(&user), "a_user_address_space_is_accepted");
	lines();
	refusals();
	io_apic();
	user_ports();
	eoi_page();
}
