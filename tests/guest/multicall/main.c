/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves multicall: calls are made in order, each with its own result, a failing one stops
 * nothing, long lists are resumed where they stopped, and what is no list is refused.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/sched.h>
#include <xen/version.h>

#define MANY 4000

static struct multicall_entry many[MANY];

static int64_t call(const struct multicall_entry *list, uint64_t count)
{
	return hypercall2(__HYPERVISOR_multicall, list, count);
}

void guest_test(void)
{
	uint64_t *page = page_alloc(), *other = page_alloc();
	unsigned int wrong = 0;
	struct multicall_entry list[5] = {
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {(uint64_t)page, maddr_of(other) | PTE_RW, UVMF_INVLPG}},
		{.op = __HYPERVISOR_xen_version, .args = {XENVER_version}},
		{.op = 63},
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {(uint64_t)page, maddr_of(page) | PTE_RW, UVMF_INVLPG}},
		{.op = __HYPERVISOR_xen_version, .args = {XENVER_pagesize}}};

	claim_equal("a_list_is_carried_out", call(list, 5), 0);
	claim_equal("the_first_has_its_result", (int64_t)list[0].result, 0);
	claim_equal("the_second_too", (int64_t)list[1].result, 4 << 16 | 17);
	claim_equal("an_unknown_call_is_enosys", (int64_t)list[2].result, -XEN_ENOSYS);
	claim_equal("it_stops_nothing", (int64_t)list[4].result, 4096);
	claim_equal("they_are_made_in_order", pte_mfn(*pte_of(page)), mfn_of(page));
	claim_equal("an_empty_list_is_fine", call(list, 0), 0);
	claim_equal("an_unreadable_list_is_efault", call((void *)0x1000, 1), -XEN_EFAULT);
	claim_equal("a_list_in_the_hypervisor_is_efault", call((void *)0xffff830000000000UL, 1),
		    -XEN_EFAULT);
	list[0] = (struct multicall_entry){.op = __HYPERVISOR_multicall,
					   .args = {(uint64_t)(list + 1), 1}};
	claim_equal("a_list_within_a_list", call(list, 1), 0);
	claim_equal("is_einval", (int64_t)list[0].result, -XEN_EINVAL);
	list[0] = (struct multicall_entry){.op = ~0UL};
	claim_equal("a_wild_call", call(list, 1), 0);
	claim_equal("is_enosys", (int64_t)list[0].result, -XEN_ENOSYS);

	for (unsigned int i = 0; i < MANY; i++) {
		many[i] = (struct multicall_entry){.op = __HYPERVISOR_update_va_mapping,
						   .result = 1,
						   .args = {(uint64_t)page,
							    maddr_of(i & 1 ? page : other) | PTE_RW,
							    UVMF_INVLPG}};
	}
	claim_equal("a_long_list_is_carried_out", call(many, MANY), 0);
	for (unsigned int i = 0; i < MANY; i++) {
		wrong += many[i].result != 0;
	}
	claim_equal("all_of_it", wrong, 0);
	claim_equal("to_its_end", pte_mfn(*pte_of(page)), mfn_of(page));
	list[0] = (struct multicall_entry){.op = __HYPERVISOR_sched_op, .args = {SCHEDOP_yield}};
	list[1] =
		(struct multicall_entry){.op = __HYPERVISOR_xen_version, .args = {XENVER_version}};
	claim_equal("a_list_that_yields", call(list, 2), 0);
	claim_equal("goes_on", (int64_t)list[1].result, 4 << 16 | 17);
	remap(other, mfn_of(other), PTE_RO);
	claim_equal("results_that_cannot_be_written_are_efault",
		    (memcpy(page, list, sizeof(list)), remap(page, mfn_of(page), PTE_RO),
		     call((struct multicall_entry *)page, 2)),
		    -XEN_EFAULT);
}
