/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves memory_op as a PV dom0 uses it: frames given and taken, exchanged for contiguous ones,
 * the maps of machine and M2P, sizes; and that a call that cannot go on says how far it came.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/memory.h>

static int64_t call(uint32_t command, const void *arg)
{
	return hypercall2(__HYPERVISOR_memory_op, command, arg);
}

static struct xen_memory_reservation list(uint64_t *frames, uint64_t count, uint32_t order)
{
	return (struct xen_memory_reservation){.extent_start = (uint64_t)frames,
					       .nr_extents = count,
					       .extent_order = order,
					       .domid = DOMID_SELF};
}

static int64_t pages_held(void)
{
	domid_t self = DOMID_SELF;

	return call(XENMEM_current_reservation, &self);
}

static void sizes(void)
{
	domid_t self = DOMID_SELF, none = 1234;

	claim_equal("the_reservation_is_what_start_info_says", pages_held(),
		    (int64_t)start_info->nr_pages);
	claim(call(XENMEM_maximum_reservation, &self) >= pages_held(), "the_maximum_is_not_less");
	claim_equal("an_unknown_domain_is_esrch", call(XENMEM_current_reservation, &none),
		    -XEN_ESRCH);
	claim(call(XENMEM_maximum_ram_page, NULL) > pages_held(), "the_last_frame_of_ram_is_known");
	claim_equal("an_unknown_operation_is_enosys", call(63, NULL), -XEN_ENOSYS);
	claim_equal("an_unreadable_argument_is_efault",
		    call(XENMEM_current_reservation, (void *)0x1000), -XEN_EFAULT);
}

static void give_and_take(void)
{
	uint64_t frames[4], held = (uint64_t)pages_held();
	struct xen_memory_reservation r;
	uint64_t *page = page_alloc(), old = mfn_of(page);

	frames[0] = spare_mfn();
	frames[1] = spare_mfn();
	r = list(frames, 2, 0);
	claim_equal("unmapped_frames_can_be_given_back", call(XENMEM_decrease_reservation, &r), 2);
	claim_equal("they_are_gone", pages_held(), (int64_t)held - 2);
	claim(remap(page, frames[0], PTE_RW) < 0, "they_cannot_be_mapped");
	claim_equal("twice_is_refused", call(XENMEM_decrease_reservation, &r), 0);
	r = list(frames, 1, 0);
	frames[0] = 0xffffffffffUL;
	claim_equal("no_frame_is_refused", call(XENMEM_decrease_reservation, &r), 0);
	frames[0] = 0xb8;
	claim_equal("nor_one_of_others", call(XENMEM_decrease_reservation, &r), 0);

	frames[0] = 0x7001;
	frames[1] = 0x7002;
	r = list(frames, 2, 0);
	claim_equal("populate_gives_frames", call(XENMEM_populate_physmap, &r), 2);
	claim_equal("they_count", pages_held(), (int64_t)held);
	claim_equal("the_m2p_has_the_wanted_place", m2p(frames[0]), 0x7001);
	claim_equal("of_each", m2p(frames[1]), 0x7002);
	claim_equal("they_can_be_mapped", remap(page, frames[0], PTE_RW), 0);
	claim(page[0] == 0 && page[511] == 0, "they_hold_nothing_of_others");

	claim_equal("a_mapped_frame_can_be_given_up", call(XENMEM_decrease_reservation, &r), 2);
	claim_equal("it_counts_until_unmapped", pages_held(), (int64_t)held - 1);
	page[0] = 1;
	claim_equal("and_is_there_until_then", *(volatile uint64_t *)page, 1);
	claim_equal("unmapping_it", remap(page, old, PTE_RW), 0);
	claim_equal("drops_it", pages_held(), (int64_t)held - 2);

	frames[0] = 0x7001;
	frames[1] = 0x7002;
	claim_equal("room_for_two_again", call(XENMEM_populate_physmap, &r), 2);
	frames[2] = 0x7003;
	r = list(frames + 2, 1, 0);
	claim_equal("above_the_maximum_is_0", call(XENMEM_populate_physmap, &r), 0);
	claim_equal("so_is_increase", call(XENMEM_increase_reservation, &r), 0);
	r.extent_order = 60;
	claim_equal("so_is_a_wild_order", call(XENMEM_populate_physmap, &r), 0);
	r = list((uint64_t *)0x1000, 1, 0);
	claim_equal("so_is_an_unreadable_list", call(XENMEM_decrease_reservation, &r), 0);
	r = list(frames, ~0UL, 0);
	claim(call(XENMEM_populate_physmap, &r) <= 0, "a_wild_count_is_refused");
}

static void exchange(void)
{
	uint64_t in[4], out = 0x7010, held = (uint64_t)pages_held(), *page = page_alloc();
	struct xen_memory_exchange x = {.in = list(in, 4, 0), .out = list(&out, 1, 2)};

	for (unsigned int i = 0; i < 4; i++) {
		in[i] = spare_mfn();
	}
	claim_equal("four_frames_for_one_extent", call(XENMEM_exchange, &x), 0);
	claim_equal("all_four_counted", (int64_t)x.nr_exchanged, 4);
	claim_equal("aligned", (int64_t)(out & 3), 0);
	claim_equal("contiguous_in_the_m2p", m2p(out + 3), 0x7013);
	claim_equal("as_many_as_before", pages_held(), (int64_t)held);
	claim_equal("the_new_ones_can_be_mapped", remap(page, out + 3, PTE_RW), 0);
	claim(page[0] == 0, "and_are_clean");
	x.nr_exchanged = 0;
	claim_equal("the_old_ones_cannot_be_exchanged_again", call(XENMEM_exchange, &x),
		    -XEN_EINVAL);
	claim_equal("none_counted", (int64_t)x.nr_exchanged, 0);
	in[0] = out;
	in[1] = out + 1;
	in[2] = out + 2;
	in[3] = out + 3;
	claim_equal("a_mapped_frame_cannot", call(XENMEM_exchange, &x), -XEN_EINVAL);
	claim_equal("the_mapping_stays", pte_mfn(*pte_of(page)), out + 3);
	claim_equal("the_others_are_still_there", pages_held(), (int64_t)held);
	x.out.nr_extents = 2;
	claim_equal("different_sizes_are_einval", call(XENMEM_exchange, &x), -XEN_EINVAL);
	x.out.nr_extents = 1;
	x.nr_exchanged = 5;
	claim_equal("a_wild_start_is_einval", call(XENMEM_exchange, &x), -XEN_EINVAL);
	x.nr_exchanged = 0;
	x.out.domid = 1234;
	claim_equal("different_domains_are_einval", call(XENMEM_exchange, &x), -XEN_EINVAL);
	x.out.domid = DOMID_SELF;
	x.in = list(in, 1, 40);
	x.out = list(&out, 1, 40);
	claim_equal("a_wild_order_is_eperm", call(XENMEM_exchange, &x), -XEN_EPERM);
}

static void maps(void)
{
	static struct xen_e820_entry entries[64];
	struct xen_memory_map map = {.nr_entries = 64, .buffer = (uint64_t)entries};
	struct xen_machphys_mapping m2p_map;
	uint64_t ram = 0;

	claim_equal("the_machines_map", call(XENMEM_machine_memory_map, &map), 0);
	for (unsigned int i = 0; i < map.nr_entries; i++) {
		ram += entries[i].type == 1 ? entries[i].size : 0;
	}
	claim(map.nr_entries > 2 && ram > 400UL << 20 && ram <= 512UL << 20, "has_the_ram");
	map.nr_entries = 1;
	claim_equal("with_too_little_room_is_einval", call(XENMEM_machine_memory_map, &map),
		    -XEN_EINVAL);
	map.buffer = 0;
	map.nr_entries = 0;
	claim_equal("its_size_alone", call(XENMEM_machine_memory_map, &map), 0);
	claim(map.nr_entries > 2, "can_be_asked");
	map = (struct xen_memory_map){.nr_entries = 64, .buffer = (uint64_t)entries};
	claim_equal("dom0_has_no_map_of_its_own", call(XENMEM_memory_map, &map), -XEN_ENOSYS);
	claim_equal("where_the_m2p_is", call(XENMEM_machphys_mapping, &m2p_map), 0);
	claim_equal("is_as_the_abi_says", (int64_t)m2p_map.v_start, (int64_t)MACH2PHYS_VIRT_START);
	claim(m2p_map.max_mfn >= mfn_of(entries), "it_covers_the_frames");
	claim_equal("the_m2p_cannot_be_written", try_write((void *)MACH2PHYS_VIRT_START, 0), 14);
	claim_equal("a_physmap_entry_is_not_for_pv",
		    call(XENMEM_add_to_physmap,
			 &(struct xen_add_to_physmap){.domid = DOMID_SELF, .gpfn = 0x100}),
		    -XEN_EACCES);
}

void guest_test(void)
{
	sizes();
	give_and_take();
	exchange();
	maps();
}
