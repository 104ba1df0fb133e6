/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that the control domain makes, describes and unmakes domains: versions are exact, what
 * createdomain refuses leaves nothing, the fields of getdomaininfo are right at each step, frames
 * of another domain are reached by name only, and destroying gives every page back.
 */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

static void versions(void)
{
	struct xen_domctl d = {.cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14};
	struct xen_sysctl s = {.cmd = XEN_SYSCTL_physinfo, .interface_version = 0x16};

	claim_equal("another_domctl_version_is_eacces", hypercall1(__HYPERVISOR_domctl, &d),
		    -XEN_EACCES);
	claim_equal("another_sysctl_version_is_eacces", hypercall1(__HYPERVISOR_sysctl, &s),
		    -XEN_EACCES);
	claim_equal("no_structure_is_efault", hypercall1(__HYPERVISOR_domctl, 0x1000), -XEN_EFAULT);
	claim_equal("nor_for_sysctl", hypercall1(__HYPERVISOR_sysctl, 0x1000), -XEN_EFAULT);
	s.cmd = 999;
	claim_equal("an_unknown_sysctl_is_enosys", sysctl(&s), -XEN_ENOSYS);
	claim_equal("an_unknown_domctl_is_enosys", domctl_on(999, 0), -XEN_ENOSYS);
	claim_equal("a_domain_that_is_not_is_esrch", domctl_on(XEN_DOMCTL_pausedomain, 1234),
		    -XEN_ESRCH);
	claim_equal("one_cannot_pause_oneself", domctl_on(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	claim_equal("nor_destroy_oneself", domctl_on(XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
}

static void host(void)
{
	struct xen_sysctl s = {.cmd = XEN_SYSCTL_physinfo};

	claim_equal("physinfo", sysctl(&s), 0);
	claim_equal("one_cpu", s.u.physinfo.nr_cpus, 1);
	claim_equal("one_node", s.u.physinfo.nr_nodes, 1);
	claim(s.u.physinfo.free_pages > 1000 && s.u.physinfo.free_pages < s.u.physinfo.total_pages,
	      "has_free_memory");
	claim(s.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv, "and_can_run_pv");
	s.cmd = XEN_SYSCTL_sched_id;
	claim_equal("the_scheduler_has_a_number", sysctl(&s), 0);
}

static int64_t create(uint32_t flags, uint32_t vcpus, uint32_t grants)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_createdomain, .domain = 0xffff};

	op.u.createdomain.flags = flags;
	op.u.createdomain.max_vcpus = vcpus;
	op.u.createdomain.max_evtchn_port = 1023;
	op.u.createdomain.max_grant_frames = -1;
	op.u.createdomain.max_maptrack_frames = -1;
	op.u.createdomain.grant_opts = grants;
	return domctl(&op);
}

static int64_t info(uint32_t domid, struct xen_domctl_getdomaininfo *out)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = (domid_t)domid};
	int64_t err = domctl(&op);

	*out = op.u.getdomaininfo;
	return err;
}

static void refused_creations(void)
{
	uint64_t before = free_pages();

	claim_equal("unknown_flags_are_einval", create(1U << 30, 1, 1), -XEN_EINVAL);
	claim_equal("no_vcpus_are_einval", create(0, 0, 1), -XEN_EINVAL);
	claim_equal("too_many_are_einval", create(0, 100000, 1), -XEN_EINVAL);
	claim_equal("hap_without_hvm_is_einval", create(XEN_DOMCTL_CDF_hap, 1, 1), -XEN_EINVAL);
	claim_equal("no_grant_version_is_einval", create(0, 1, 0), -XEN_EINVAL);
	claim_equal("nothing_is_left_of_them", (int64_t)free_pages(), (int64_t)before);
}

/* The heap of the hypervisor may hold a page or two in hand; a leak shows in churn(). */
static bool kept(uint64_t before)
{
	int64_t missing = (int64_t)(before - free_pages());

	if (missing) {
		print("# %ld pages are missing\n", missing);
	}
	return missing >= -2 && missing <= 2;
}

static void churn(void)
{
	uint64_t before = free_pages(), mfns[16];
	unsigned int made = 0;
	uint32_t domid;

	for (unsigned int i = 0; i < 16; i++) {
		made += domain_make(16, &domid) == 0 && domain_populate(domid, mfns, 16) == 16 &&
			domain_destroy(domid) == 0;
		spin_ns(5000000);
	}
	claim_equal("sixteen_domains_one_after_the_other", made, 16);
	spin_ns(50000000);
	claim(kept(before), "leave_nothing_behind");
}

/* The frames of a domain under a dom0 that maps them. */
static void foreign(uint32_t domid, const uint64_t *mfns)
{
	uint64_t *window = page_alloc(), home = mfn_of(window);
	uint64_t slot =
		pte_mfn(*entry_of(window, 2)) * PAGE + ((uint64_t)pte_of(window) & (PAGE - 1));

	claim(mmu_update(slot, mfns[0] * PAGE | PTE_RW, DOMID_SELF) < 0,
	      "its_frame_is_not_ones_own");
	claim_equal("but_can_be_mapped_by_name", mmu_update(slot, mfns[0] * PAGE | PTE_RW, domid),
		    0);
	mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	claim(window[0] == 0 && window[511] == 0, "it_is_clean");
	window[0] = 0x1234;
	claim_equal("mapped_writable_it_cannot_be_a_table",
		    mmuext_for(MMUEXT_PIN_L4_TABLE, mfns[0], 0, domid), -XEN_EINVAL);
	claim_equal("ones_own_frame_is_not_the_domains",
		    mmu_update(slot, home * PAGE | PTE_RW, domid), -XEN_EBUSY);
	claim_equal("unmapped", mmu_update(slot, home * PAGE | PTE_RW, DOMID_SELF), 0);
	mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	claim_equal("its_m2p_can_be_set",
		    mmu_update(mfns[1] * PAGE | MMU_MACHPHYS_UPDATE, 77, domid), 0);
	claim_equal("as_asked", m2p(mfns[1]), 77);
}

static void life(void)
{
	struct xen_domctl_getdomaininfo i;
	struct evtchn_alloc_unbound port = {.remote_dom = 0};
	struct xen_domctl vcpu = {.cmd = XEN_DOMCTL_getvcpuinfo};
	struct xen_domctl context = {.cmd = XEN_DOMCTL_getvcpucontext};
	static struct vcpu_guest_context registers;
	uint64_t before = free_pages(), mfns[16];
	uint32_t domid = 0;

	claim_equal("a_domain_is_made", domain_make(16, &domid), 0);
	claim(domid > 0 && domid < DOMID_FIRST_RESERVED, "with_a_number");
	claim_equal("it_is_described", info(domid, &i), 0);
	claim_equal("by_that_number", i.domain, domid);
	claim_equal("it_is_paused", i.flags & XEN_DOMINF_paused, XEN_DOMINF_paused);
	claim_equal("it_is_pv", i.flags & XEN_DOMINF_hvm_guest, 0);
	claim(i.tot_pages <= 1 && i.max_pages == 16, "it_has_room_but_no_memory");
	claim_equal("no_vcpu_is_online", i.nr_online_vcpus, 0);
	claim_equal("it_has_vcpu_0", i.max_vcpu_id, 0);
	claim_equal("it_gets_memory", domain_populate(domid, mfns, 16), 16);
	claim_equal("no_more_than_it_may_have", domain_populate(domid, (uint64_t[1]){0}, 1), 0);
	info(domid, &i);
	claim_equal("that_counts", (int64_t)i.tot_pages, 16);
	foreign(domid, mfns);
	vcpu.domain = context.domain = (domid_t)domid;
	claim_equal("its_vcpu_is_described", domctl(&vcpu), 0);
	claim_equal("as_offline", vcpu.u.getvcpuinfo.online, 0);
	vcpu.u.getvcpuinfo.vcpu = 5;
	claim_equal("it_has_no_vcpu_5", domctl(&vcpu), -XEN_EINVAL);
	context.u.vcpucontext.ctxt = (uint64_t)&registers;
	claim_equal("no_context_was_set", domctl(&context), -XEN_ENODATA);
	port.dom = (domid_t)domid;
	claim_equal("a_port_in_it",
		    hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &port), 0);
	claim_equal("it_can_be_paused", domctl_on(XEN_DOMCTL_pausedomain, domid), 0);
	claim_equal("and_unpaused", domctl_on(XEN_DOMCTL_unpausedomain, domid), 0);
	claim_equal("the_next_number_finds_nobody", info(domid + 1, &i), -XEN_ESRCH);
	claim_equal("the_one_before_finds_it", (info(domid - 1 ? domid - 1 : 1, &i), i.domain),
		    domid);
	claim_equal("it_is_destroyed", domain_destroy(domid), 0);
	claim_equal("and_gone", info(domid, &i), -XEN_ESRCH);
	spin_ns(50000000);
	claim(kept(before), "every_page_is_back");
}

/* A frame of a dead domain stays until its last mapping goes. */
static void dead_but_mapped(void)
{
	uint64_t *window = page_alloc(), home = mfn_of(window), mfns[4], before = free_pages();
	struct xen_domctl_getdomaininfo i;
	uint32_t domid;

	claim_equal("another_domain", domain_make(4, &domid), 0);
	domain_populate(domid, mfns, 4);
	mmu_update(pte_mfn(*entry_of(window, 2)) * PAGE + ((uint64_t)pte_of(window) & (PAGE - 1)),
		   mfns[2] * PAGE | PTE_RW, domid);
	mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	window[5] = 0x5555;
	claim_equal("is_destroyed_while_mapped", domain_destroy(domid), 0);
	claim_equal("it_is_still_listed", info(domid, &i), 0);
	claim_equal("as_dying", i.flags & XEN_DOMINF_dying, XEN_DOMINF_dying);
	claim_equal("its_frame_is_as_it_was", *(volatile uint64_t *)(window + 5), 0x5555);
	claim_equal("destroying_twice_is_fine", domain_destroy(domid), 0);
	claim_equal("unmapping_the_last", remap(window, home, PTE_RW), 0);
	spin_ns(50000000);
	claim_equal("ends_it", info(domid, &i), -XEN_ESRCH);
	claim(kept(before), "and_frees_all");
}

void guest_test(void)
{
	uint32_t domid;

	versions();
	host();
	refused_creations();
	/* The first domain may leave allocator metadata behind. */
	if (domain_make(1, &domid) == 0) {
		domain_destroy(domid);
		spin_ns(50000000);
	}
	life();
	dead_but_mapped();
	churn();
}
