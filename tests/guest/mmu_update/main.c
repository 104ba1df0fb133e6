/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what mmu_update answers to each kind of request, that a refused one changes nothing and
 * stops the batch there, and which bits the hypervisor adds to entries. The flags, the frames of
 * others, MMIO, tables of every level, plain frames as targets, the M2P command, the counts.
 * Xen adds G to user entries, this hypervisor never does: G is not looked at.
 */
#include "guest.h"

#include <xen/errno.h>

#define NX (1UL << 63)
#define KERNEL (1UL << 52) /* marks an entry that the guest wanted without US */
#define OTHER 1234

static uint64_t slot; /* machine address of the entry under test */
static volatile uint64_t *entry;
static char *page;

static int64_t put(uint64_t value)
{
	return mmu_update(slot, value, DOMID_SELF);
}

static void refused(const char *name, uint64_t value, int64_t error)
{
	uint64_t before = *entry;

	claim_equal(name, put(value), error);
	if (*entry != before || mmu_done != 0) {
		print("# %s: entry %lx was %lx, done %u\n", name, *entry, before, mmu_done);
		claim(false, "a_refused_update_changes_nothing");
	}
}

static void flags(void)
{
	uint64_t frame = mfn_of(page) * PAGE;

	claim_equal("an_entry_can_be_written", put(frame | PTE_RW), 0);
	claim_equal("done_counts_it", mmu_done, 1);
	claim_equal("as_written", *entry & ~PTE_G, frame | PTE_RW);
	claim_equal("a_kernel_entry_can_be_written", put(frame | 0x63), 0);
	claim_equal("it_gets_us_and_bit_52", *entry & ~PTE_G, frame | PTE_RW | KERNEL);
	claim_equal("bit_52_without_g", *entry & PTE_G, 0);
	claim_equal("nx_and_available_bits_are_kept", put(frame | PTE_RW | NX | 0xe00), 0);
	claim_equal("all_of_them", *entry & ~PTE_G, frame | PTE_RW | NX | 0xe00);
	claim_equal("high_available_bits_are_kept", put(frame | PTE_RW | 0x7fUL << 53), 0);
	claim_equal("as_written_too", *entry >> 53, 0x7f);
	claim_equal("cache_attributes_are_allowed_to_dom0", put(frame | PTE_RW | 0x98), 0);
	claim_equal("and_back", put(frame | PTE_RW), 0);
	claim_equal("not_present_is_stored_as_it_is", put(0x1234560000UL << 1), 0);
	claim_equal("with_all_bits", *entry, 0x1234560000UL << 1);
	claim_equal("present_again", put(frame | PTE_RO), 0);
	claim_equal("read_only_again", *entry & PTE_W, 0);
	claim_equal("the_page_is_read_only", try_write(page, 1), 14);
	claim_equal("writable_again", put(frame | PTE_RW), 0);
}

static void preserve(void)
{
	uint64_t frame = mfn_of(page) * PAGE;

	put(frame | PTE_RW);
	claim_equal("accessed_and_dirty_are_preserved",
		    mmu_update(slot | MMU_PT_UPDATE_PRESERVE_AD, frame | 7, DOMID_SELF), 0);
	claim_equal("both_are_still_there", *entry & 0x60, 0x60);
	claim_equal("or_not_without_that_command", put(frame | 7), 0);
	claim_equal("both_are_gone", *entry & 0x60, 0);
	claim_equal("no_translate_is_the_same_for_a_pv_guest",
		    mmu_update(slot | MMU_PT_UPDATE_NO_TRANSLATE, frame | PTE_RW, DOMID_SELF), 0);
	claim_equal("command_4_is_enosys", mmu_update(slot | 4, frame | PTE_RW, DOMID_SELF),
		    -XEN_ENOSYS);
	claim_equal("command_7_is_enosys", mmu_update(slot | 7, frame | PTE_RW, DOMID_SELF),
		    -XEN_ENOSYS);
}

static void frames(void)
{
	uint64_t frame = mfn_of(page) * PAGE, table = mfn_of((void *)start_info->pt_base);

	put(frame | PTE_RW);
	refused("a_writable_mapping_of_a_table_is_busy", table * PAGE | PTE_RW, -XEN_EBUSY);
	claim_equal("a_read_only_one_is_fine", put(table * PAGE | PTE_RO), 0);
	put(frame | PTE_RW);
	refused("a_frame_beyond_all_is_eperm", 0xffffffffe000UL | PTE_RW, -XEN_EPERM);
	refused("the_local_apic_is_eperm", 0xfee00000UL | PTE_RW, -XEN_EPERM);
	claim_equal("other_mmio_is_allowed_to_dom0", put(0xfed1c000UL | PTE_RW | 0x10), 0);
	claim_equal("vga_memory_too", put(0xb8000UL | PTE_RW | 0x10), 0);
	put(frame | PTE_RW);
	claim_equal("a_frame_of_domid_io_by_name",
		    mmu_update(slot, 0xb8000UL | PTE_RW | 0x10, DOMID_IO), 0);
	put(frame | PTE_RW);
	claim_equal("ones_own_number_is_esrch", mmu_update(slot, frame | PTE_RW, 0), -XEN_ESRCH);
	claim_equal("done_is_0_then", mmu_done, 0);
	claim_equal("an_unknown_domain_is_esrch", mmu_update(slot, frame | PTE_RW, OTHER),
		    -XEN_ESRCH);
	claim_equal("an_unknown_table_owner_is_esrch",
		    mmu_update(slot, frame | PTE_RW, DOMID_SELF | (OTHER + 1) << 16), -XEN_ESRCH);
	claim_equal("ones_own_frame_is_not_of_domid_io",
		    mmu_update(slot, mfn_of(page + PAGE) * PAGE | PTE_RW, DOMID_IO), -XEN_EBUSY);
	claim_equal("nor_was_anything_changed", pte_mfn(*entry), frame / PAGE);
}

/* The level's entry that covers unused addresses of the image's own L4 slot, or slot 5 of the L4.
 */
static void upper_levels(void)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc();
	uint64_t l4 = maddr_of((void *)start_info->pt_base);
	uint64_t l1_frame = maddr_of(l1), l2_frame = maddr_of(l2), l3_frame = maddr_of(l3);

	remap(l1, l1_frame / PAGE, PTE_RO);
	remap(l2, l2_frame / PAGE, PTE_RO);
	remap(l3, l3_frame / PAGE, PTE_RO);
	claim_equal("an_l3_can_be_linked", mmu_update(l4 + 5 * 8, l3_frame | PTE_RW, DOMID_SELF),
		    0);
	claim_equal("an_l2_under_it", mmu_update(l3_frame, l2_frame | PTE_RW, DOMID_SELF), 0);
	claim_equal("an_l1_under_that", mmu_update(l2_frame, l1_frame | PTE_RW, DOMID_SELF), 0);
	claim_equal("a_page_under_it", mmu_update(l1_frame, maddr_of(page) | PTE_RW, DOMID_SELF),
		    0);
	*(volatile uint64_t *)page = 0x1122334455667788UL;
	claim_equal("the_page_is_seen_there", *(volatile uint64_t *)(5UL << 39),
		    0x1122334455667788UL);
	claim_equal("a_superpage_is_einval",
		    mmu_update(l2_frame + 8, 0x200000UL | 0xe7, DOMID_SELF), -XEN_EINVAL);
	claim_equal("a_large_l3_entry_is_einval",
		    mmu_update(l3_frame + 8, 0x40000000UL | 0xe7, DOMID_SELF), -XEN_EINVAL);
	claim_equal("cache_bits_in_an_l2_are_einval",
		    mmu_update(l2_frame + 8, l1_frame | PTE_RW | 0x10, DOMID_SELF), -XEN_EINVAL);
	claim_equal("g_in_an_l2_is_einval",
		    mmu_update(l2_frame + 8, l1_frame | PTE_RW | PTE_G, DOMID_SELF), -XEN_EINVAL);
	claim_equal("an_l2_as_l1_is_einval",
		    mmu_update(l2_frame + 8, l2_frame | PTE_RW, DOMID_SELF), -XEN_EINVAL);
	claim_equal("a_writable_page_as_l1_is_einval",
		    mmu_update(l2_frame + 8, maddr_of(page) | PTE_RW, DOMID_SELF), -XEN_EINVAL);
	claim_equal("no_frame_at_all_as_l1_is_einval",
		    mmu_update(l2_frame + 8, 0xffffffffe000UL | PTE_RW, DOMID_SELF), -XEN_EINVAL);
	claim_equal("a_hypervisor_slot_is_einval",
		    mmu_update(l4 + 256 * 8, l3_frame | PTE_RW, DOMID_SELF), -XEN_EINVAL);
	claim_equal("its_last_slot_is_einval", mmu_update(l4 + 271 * 8, 0, DOMID_SELF),
		    -XEN_EINVAL);
	claim_equal("another_frame_owner_is_einval_here",
		    mmu_update(l2_frame + 8, l1_frame | PTE_RW, DOMID_IO), -XEN_EINVAL);
	claim_equal("flags_of_an_l2_entry_can_change",
		    mmu_update(l2_frame, l1_frame | PTE_RW | 0xe00 | NX, DOMID_SELF), 0);
	claim_equal("the_tree_can_be_unlinked", mmu_update(l4 + 5 * 8, 0, DOMID_SELF), 0);
	claim_equal("its_tables_are_memory_again", remap(l1, l1_frame / PAGE, PTE_RW), 0);
	claim_equal("all_of_them", remap(l3, l3_frame / PAGE, PTE_RW), 0);
	remap(l2, l2_frame / PAGE, PTE_RW);
}

static void targets(void)
{
	uint64_t plain = maddr_of(page) + 16;

	claim_equal("a_plain_frame_is_just_written", mmu_update(plain, ~7UL, DOMID_SELF), 0);
	claim_equal("with_the_unchecked_value", *(uint64_t *)(page + 16), ~7UL);
	claim_equal("a_foreign_target_is_einval", mmu_update(0xb8000, 0, DOMID_SELF), -XEN_EINVAL);
	claim_equal("no_frame_as_target_is_einval", mmu_update(0xffffffffe000UL, 0, DOMID_SELF),
		    -XEN_EINVAL);
}

static void machphys(void)
{
	uint64_t mfn = mfn_of(page), pfn = m2p(mfn);

	claim_equal("the_m2p_can_be_set",
		    mmu_update(mfn * PAGE | MMU_MACHPHYS_UPDATE, 0x55555, DOMID_SELF), 0);
	claim_equal("it_says_so", m2p(mfn), 0x55555);
	mmu_update(mfn * PAGE | MMU_MACHPHYS_UPDATE, pfn, DOMID_SELF);
	claim_equal("not_for_a_frame_of_others",
		    mmu_update(0xb8000 | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF), -XEN_EINVAL);
	claim_equal("not_for_no_frame",
		    mmu_update(0xffffffffe000UL | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF), -XEN_EINVAL);
}

static void batches(void)
{
	uint64_t frame = mfn_of(page) * PAGE;
	struct mmu_update r[3] = {{slot, frame | PTE_RW}, {slot, 0xfee00000UL | PTE_RW}, {slot, 0}};
	uint32_t done = 77;

	claim_equal("a_batch_stops_at_its_first_error",
		    hypercall4(__HYPERVISOR_mmu_update, r, 3, &done, DOMID_SELF), -XEN_EPERM);
	claim_equal("done_is_what_went_before", done, 1);
	claim_equal("and_nothing_after", *entry & PTE_P, 1);
	claim_equal("done_may_be_null", hypercall4(__HYPERVISOR_mmu_update, r, 1, 0, DOMID_SELF),
		    0);
	claim_equal("an_empty_batch_is_fine",
		    hypercall4(__HYPERVISOR_mmu_update, r, 0, &done, DOMID_SELF), 0);
	claim_equal("unreadable_requests_are_efault",
		    hypercall4(__HYPERVISOR_mmu_update, 0x1000, 1, &done, DOMID_SELF), -XEN_EFAULT);
	claim_equal("requests_in_the_hypervisor_are_efault",
		    hypercall4(__HYPERVISOR_mmu_update, 0xffff830000000000UL, 1, &done, DOMID_SELF),
		    -XEN_EFAULT);
}

void guest_test(void)
{
	page = page_alloc();
	page_alloc();
	entry = pte_of(page);
	slot = pte_mfn(*entry_of(page, 2)) * PAGE + ((uint64_t)entry & (PAGE - 1));
	flags();
	preserve();
	frames();
	upper_levels();
	targets();
	machphys();
	batches();
}
