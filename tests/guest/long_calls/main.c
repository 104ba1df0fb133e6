/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that calls about much at once do what they say however often they are interrupted: big
 * extents given, exchanged and taken, a domain of 128 vcpus and a thousand ports, grown grant
 * tables, lists of dear calls. How long each keeps the CPU is measured by tests/meter/stays-run.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

#define BIG 9U
#define BIG_FRAMES (1UL << BIG)
#define VCPUS 128
#define PORTS 1000
#define DOMAINS 24
#define CALLS 64

static uint64_t *big, *single;
static uint32_t child;

static struct xen_memory_reservation list(uint64_t *frames, uint64_t count, uint32_t order)
{
	return (struct xen_memory_reservation){.extent_start = (uint64_t)frames,
					       .nr_extents = count,
					       .extent_order = order,
					       .domid = (domid_t)child};
}

static int64_t memory(uint32_t command, uint64_t *frames, uint64_t count, uint32_t order)
{
	struct xen_memory_reservation r = list(frames, count, order);

	return hypercall2(__HYPERVISOR_memory_op, command, &r);
}

static int64_t held(void)
{
	domid_t id = (domid_t)child;

	return hypercall2(__HYPERVISOR_memory_op, XENMEM_current_reservation, &id);
}

static void give(void)
{
	big[0] = 0;
	big[1] = BIG_FRAMES;
	claim_equal("two_big_extents_are_given",
		    memory(XENMEM_populate_physmap, big, 2, BIG), 2);
	claim((big[0] | big[1]) % BIG_FRAMES == 0, "they_are_aligned");
	claim_equal("the_m2p_has_their_first", m2p(big[1]), (int64_t)BIG_FRAMES);
	claim_equal("and_their_last", m2p(big[1] + BIG_FRAMES - 1), 2 * (int64_t)BIG_FRAMES - 1);
	claim_equal("they_count", held(), 2 * (int64_t)BIG_FRAMES);
	single[0] = 4096;
	claim_equal("the_biggest_is_given", memory(XENMEM_populate_physmap, single, 1, 11), 1);
	claim_equal("and_taken", memory(XENMEM_decrease_reservation, single, 1, 11), 1);
	claim_equal("above_the_maximum_nothing_is",
		    memory(XENMEM_populate_physmap, single, 3, 11), 2);
	claim_equal("which_is_held", held(), 2 * (int64_t)BIG_FRAMES + 4096);
}

static void exchange(void)
{
	struct xen_memory_exchange x = {.in = list(big, 1, BIG),
					.out = list(single, BIG_FRAMES, 0)};

	for (uint64_t i = 0; i < BIG_FRAMES; i++) {
		single[i] = 10000 + i;
	}
	claim_equal("a_big_extent_becomes_singles",
		    hypercall2(__HYPERVISOR_memory_op, XENMEM_exchange, &x), 0);
	claim_equal("in_one", (int64_t)x.nr_exchanged, 1);
	claim_equal("each_where_it_is_wanted", m2p(single[BIG_FRAMES - 1]),
		    10000 + (int64_t)BIG_FRAMES - 1);
	x = (struct xen_memory_exchange){.in = list(single, BIG_FRAMES, 0),
					 .out = list(big, 1, BIG)};
	big[0] = 0;
	claim_equal("singles_become_a_big_extent",
		    hypercall2(__HYPERVISOR_memory_op, XENMEM_exchange, &x), 0);
	claim_equal("all_of_them", (int64_t)x.nr_exchanged, (int64_t)BIG_FRAMES);
	claim_equal("into_place", m2p(big[0] + 7), 7);
	claim_equal("big_extents_are_taken", memory(XENMEM_decrease_reservation, big, 2, BIG), 2);
	claim_equal("and_gone", held(), 4096);
}

static void grow(void)
{
	struct gnttab_setup_table setup = {
		.dom = DOMID_SELF, .nr_frames = 32, .frame_list = (uint64_t)single};

	claim_equal("a_grant_table_grows",
		    hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &setup, 1), 0);
	claim_equal("to_what_is_wanted", setup.status, 0);
}

static uint32_t ports_of(uint32_t domid)
{
	uint32_t count = 0;

	while (count < PORTS) {
		struct evtchn_alloc_unbound alloc = {.dom = (domid_t)domid, .remote_dom = 0};

		if (hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc)) {
			break;
		}
		count++;
	}
	return count;
}

static void crowd(void)
{
	struct xen_domctl create = {.cmd = XEN_DOMCTL_createdomain, .domain = 0xffff};
	struct xen_domctl vcpus = {.cmd = XEN_DOMCTL_max_vcpus};

	create.u.createdomain.max_vcpus = VCPUS;
	create.u.createdomain.max_evtchn_port = 1023;
	create.u.createdomain.max_grant_frames = 64;
	create.u.createdomain.max_maptrack_frames = 1024;
	create.u.createdomain.grant_opts = 1;
	claim_equal("a_domain_for_many_vcpus", domctl(&create), 0);
	vcpus.domain = create.domain;
	vcpus.u.max_vcpus.max = VCPUS;
	claim_equal("gets_them", domctl(&vcpus), 0);
	claim_equal("and_a_thousand_ports", ports_of(create.domain), PORTS);
	claim_equal("it_is_described", domctl_on(XEN_DOMCTL_getdomaininfo, create.domain), 0);
	claim_equal("paused", domctl_on(XEN_DOMCTL_pausedomain, create.domain), 0);
	claim_equal("and_destroyed", domain_destroy(create.domain), 0);
}

static void many_domains(void)
{
	static struct xen_domctl_getdomaininfo infos[DOMAINS + 1];
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_getdomaininfolist};
	uint32_t domids[DOMAINS], made = 0;

	while (made < DOMAINS && domain_make(16, &domids[made]) == 0) {
		made++;
	}
	claim_equal("domains_are_made", made, DOMAINS);
	op.u.getdomaininfolist.max_domains = DOMAINS + 1;
	op.u.getdomaininfolist.buffer = (uint64_t)infos;
	claim_equal("and_listed", sysctl(&op), 0);
	claim_equal("all_of_them", op.u.getdomaininfolist.num_domains, DOMAINS + 1);
	while (made-- > 0) {
		domain_destroy(domids[made]);
	}
}

static void dear_list(void)
{
	static struct multicall_entry entries[CALLS];
	unsigned int done = 0;

	for (unsigned int i = 0; i < CALLS; i++) {
		entries[i] = (struct multicall_entry){
			.op = __HYPERVISOR_set_trap_table, .args = {(uint64_t)guest_traps}};
	}
	claim_equal("a_list_of_dear_calls", hypercall2(__HYPERVISOR_multicall, entries, CALLS), 0);
	while (done < CALLS && entries[done].result == 0) {
		done++;
	}
	claim_equal("is_done_to_its_end", done, CALLS);
}

void guest_test(void)
{
	uint64_t before;

	big = page_alloc();
	single = page_alloc();
	grow();
	before = free_pages();
	claim_equal("a_domain_is_made", domain_make(2 * BIG_FRAMES + 4096, &child), 0);
	give();
	exchange();
	domain_destroy(child);
	crowd();
	many_domains();
	dear_list();
	sleep_ns(100000000);
	claim((int64_t)(before - free_pages()) <= 3, "their_memory_is_back");
}
