/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves update_va_mapping: what it maps, which addresses and values it refuses, and that each
 * way to flush takes effect where it must.
 */
#include "guest.h"

#include <xen/errno.h>

static int64_t update(const void *address, uint64_t value, uint64_t flags)
{
	return hypercall3(__HYPERVISOR_update_va_mapping, address, value, flags);
}

void guest_test(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc(), mask = 1;
	uint64_t *hole = (uint64_t *)(7UL << 39);
	uint64_t table = maddr_of((void *)start_info->pt_base), was;

	a[0] = 1;
	b[0] = 2;
	claim_equal("a_page_can_be_mapped_elsewhere", update(a, maddr_of(b) | PTE_RW, UVMF_INVLPG),
		    0);
	claim_equal("invlpg_makes_it_seen", *(volatile uint64_t *)a, 2);
	claim_equal("and_back", update(a, maddr_of(a) | PTE_RW, UVMF_TLB_FLUSH), 0);
	claim_equal("a_flush_makes_it_seen", *(volatile uint64_t *)a, 1);
	claim_equal("on_all_cpus", update(a, maddr_of(b) | PTE_RW, UVMF_INVLPG | UVMF_ALL), 0);
	claim_equal("it_is_seen_too", *(volatile uint64_t *)a, 2);
	claim_equal("by_mask", update(a, maddr_of(a) | PTE_RW, UVMF_INVLPG | (uint64_t)&mask), 0);
	claim_equal("it_is_seen_again", *(volatile uint64_t *)a, 1);
	claim_equal("flush_by_mask",
		    update(a, maddr_of(b) | PTE_RW, UVMF_TLB_FLUSH | (uint64_t)&mask), 0);
	claim_equal("an_unreadable_mask_is_efault",
		    update(a, maddr_of(a) | PTE_RW, UVMF_TLB_FLUSH | 0x1000), -XEN_EFAULT);
	claim_equal("after_the_change", pte_mfn(*pte_of(a)), mfn_of(a));
	update(a, maddr_of(a) | PTE_RW, UVMF_TLB_FLUSH | UVMF_ALL);

	claim_equal("zero_unmaps", update(a, 0, UVMF_INVLPG), 0);
	claim_equal("a_read_faults", try_read(a), 14);
	claim_equal("with_error_0", trap_seen.error, 0);
	claim_equal("mapped_again", update(a, maddr_of(a) | PTE_RW, 0), 0);
	claim_equal("and_readable", try_read(a), NO_TRAP);
	claim_equal("read_only", update(a, maddr_of(a) | PTE_RO, UVMF_INVLPG), 0);
	claim_equal("a_write_faults", try_write(a, 3), 14);
	claim_equal("with_error_3", trap_seen.error, 3);
	claim_equal("nothing_was_written", *(volatile uint64_t *)a, 1);
	update(a, maddr_of(a) | PTE_RW, UVMF_INVLPG);

	was = *pte_of(a);
	claim_equal("an_address_without_l1_is_einval", update(hole, maddr_of(a) | PTE_RW, 0),
		    -XEN_EINVAL);
	claim_equal("the_hypervisors_is_einval",
		    update((void *)HYPERVISOR_VIRT_START, maddr_of(a) | PTE_RW, 0), -XEN_EINVAL);
	claim_equal("a_table_writable_is_ebusy", update(a, table | PTE_RW, 0), -XEN_EBUSY);
	claim_equal("the_local_apic_is_eperm", update(a, 0xfee00000UL | PTE_RW, 0), -XEN_EPERM);
	claim_equal("nothing_changed", *pte_of(a), was);
	claim_equal("a_page_inside_is_named_too", update((char *)a + 123, maddr_of(b) | PTE_RW, 2),
		    0);
	claim_equal("the_whole_page_moved", *(volatile uint64_t *)a, 2);

	claim_equal("otherdomain_takes_self",
		    hypercall4(__HYPERVISOR_update_va_mapping_otherdomain, a, maddr_of(a) | PTE_RW,
			       UVMF_INVLPG, DOMID_SELF),
		    0);
	claim_equal("otherdomain_unknown_is_esrch",
		    hypercall4(__HYPERVISOR_update_va_mapping_otherdomain, a, maddr_of(a) | PTE_RW,
			       UVMF_INVLPG, 1234),
		    -XEN_ESRCH);
}
