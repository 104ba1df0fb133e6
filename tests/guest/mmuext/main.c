/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves what mmuext_op does and answers: pins and unpins of each level, the base pointers, TLB
 * and cache flushes, clearing and copying of pages, the LDT, and each refusal.
 */
#include "guest.h"

#include <xen/errno.h>

#define OTHER 1234

static uint64_t *tables[5]; /* by level */

static void build(void)
{
	for (unsigned int level = 1; level <= 4; level++) {
		tables[level] = page_alloc();
		tables[level][0] = level == 1 ? 0 : maddr_of(tables[level - 1]) | PTE_RW;
		remap(tables[level], mfn_of(tables[level]), PTE_RO);
	}
}

static void pins(void)
{
	static const char *const name[] = {"", "an_l1_pins", "an_l2_pins", "an_l3_pins",
					   "an_l4_pins"};

	for (unsigned int level = 1; level <= 4; level++) {
		uint64_t mfn = mfn_of(tables[level]);

		claim_equal(name[level], mmuext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0), 0);
		claim_equal("done_is_1", mmu_done, 1);
		claim_equal("a_second_pin_is_einval",
			    mmuext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0), -XEN_EINVAL);
		claim_equal("done_is_0", mmu_done, 0);
		claim_equal("another_level_is_einval",
			    mmuext(MMUEXT_PIN_L1_TABLE + level % 4, mfn, 0), -XEN_EINVAL);
		claim_equal("it_cannot_become_writable", remap(tables[level], mfn, PTE_RW),
			    -XEN_EBUSY);
	}
	for (unsigned int level = 1; level <= 4; level++) {
		claim_equal("it_unpins", mmuext(MMUEXT_UNPIN_TABLE, mfn_of(tables[level]), 0), 0);
		claim_equal("a_second_unpin_is_einval",
			    mmuext(MMUEXT_UNPIN_TABLE, mfn_of(tables[level]), 0), -XEN_EINVAL);
	}
}

static void pin_errors(void)
{
	void *page = page_alloc();

	claim_equal("a_writable_page_cannot_be_pinned",
		    mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0), -XEN_EINVAL);
	claim_equal("nor_no_frame", mmuext(MMUEXT_PIN_L1_TABLE, 0xffffffffffUL, 0), -XEN_EINVAL);
	claim_equal("nor_io_memory", mmuext(MMUEXT_PIN_L1_TABLE, 0xb8, 0), -XEN_EINVAL);
	claim_equal("nor_unpinned_without_frame", mmuext(MMUEXT_UNPIN_TABLE, 0xffffffffffUL, 0),
		    -XEN_EINVAL);
	claim_equal("an_unknown_domain_is_esrch",
		    mmuext_for(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0, OTHER), -XEN_ESRCH);
	claim_equal("ones_own_number_is_esrch", mmuext_for(MMUEXT_PIN_L1_TABLE, mfn_of(page), 0, 0),
		    -XEN_ESRCH);
	claim_equal("an_unknown_command_is_enosys", mmuext(99, 0, 0), -XEN_ENOSYS);
	claim_equal("command_14_is_enosys", mmuext(14, 0, 0), -XEN_ENOSYS);
	claim_equal("superpages_are_not_supported", mmuext(MMUEXT_MARK_SUPER, 0, 0),
		    -XEN_EOPNOTSUPP);
	claim_equal("nor_unmarked", mmuext(MMUEXT_UNMARK_SUPER, 0, 0), -XEN_EOPNOTSUPP);
}

static void base_pointers(void)
{
	uint64_t *l4 = page_alloc(), *old = (uint64_t *)start_info->pt_base;
	uint64_t was = mfn_of(old), now = mfn_of(l4);

	memcpy(l4, old, PAGE);
	remap(l4, now, PTE_RO);
	claim_equal("a_copy_of_the_l4_becomes_the_base", mmuext(MMUEXT_NEW_BASEPTR, now, 0), 0);
	claim_equal("the_old_base_keeps_its_pin", remap(old, was, PTE_RW), -XEN_EBUSY);
	claim_equal("back_again", mmuext(MMUEXT_NEW_BASEPTR, was, 0), 0);
	claim_equal("the_unpinned_copy_is_memory_again", remap(l4, now, PTE_RW), 0);
	claim_equal("a_writable_page_is_no_base", mmuext(MMUEXT_NEW_BASEPTR, now, 0), -XEN_EINVAL);
	claim_equal("an_l1_is_no_base", mmuext(MMUEXT_NEW_BASEPTR, pte_mfn(*entry_of(l4, 2)), 0),
		    -XEN_EINVAL);
	claim_equal("no_frame_is_no_base", mmuext(MMUEXT_NEW_BASEPTR, 0xffffffffffUL, 0),
		    -XEN_EINVAL);
	claim_equal("a_user_base_may_be_none", mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	claim_equal("a_table_as_user_base", mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(tables[4]), 0),
		    0);
	claim_equal("it_holds_the_table", remap(tables[4], mfn_of(tables[4]), PTE_RW), -XEN_EBUSY);
	claim_equal("none_again", mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0);
	claim_equal("that_released_it", remap(tables[4], mfn_of(tables[4]), PTE_RW), 0);
	claim_equal("a_writable_page_is_no_user_base", mmuext(MMUEXT_NEW_USER_BASEPTR, now, 0),
		    -XEN_EINVAL);
}

static void flushes(void)
{
	uint64_t mask = 1;
	char *page = page_alloc();

	claim_equal("flush_local", mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
	claim_equal("flush_all", mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	claim_equal("flush_some", mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&mask), 0);
	claim_equal("an_unreadable_mask_is_einval", mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 0x1000),
		    -XEN_EINVAL);
	claim_equal("invlpg_local", mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)page, 0), 0);
	claim_equal("invlpg_all", mmuext(MMUEXT_INVLPG_ALL, (uint64_t)page, 0), 0);
	claim_equal("invlpg_some", mmuext(MMUEXT_INVLPG_MULTI, (uint64_t)page, (uint64_t)&mask), 0);
	claim_equal("invlpg_with_unreadable_mask",
		    mmuext(MMUEXT_INVLPG_MULTI, (uint64_t)page, 0x1000), -XEN_EINVAL);
	claim_equal("invlpg_in_the_hypervisor_is_nothing",
		    mmuext(MMUEXT_INVLPG_LOCAL, HYPERVISOR_VIRT_START + 0x300000000000UL, 0), 0);
	claim_equal("dom0_may_flush_caches", mmuext(MMUEXT_FLUSH_CACHE, 0, 0), 0);
	claim_equal("on_all_cpus", mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
}

static void pages(void)
{
	uint64_t *a = page_alloc(), *b = page_alloc();
	uint64_t table = mfn_of((void *)start_info->pt_base);

	memset(a, 0x5a, PAGE);
	claim_equal("copy_page", mmuext(MMUEXT_COPY_PAGE, mfn_of(b), mfn_of(a)), 0);
	claim_equal("it_is_a_copy", memcmp(a, b, PAGE), 0);
	claim_equal("clear_page", mmuext(MMUEXT_CLEAR_PAGE, mfn_of(a), 0), 0);
	claim(a[0] == 0 && a[511] == 0, "it_is_clear");
	claim_equal("a_table_cannot_be_cleared", mmuext(MMUEXT_CLEAR_PAGE, table, 0), -XEN_EINVAL);
	claim_equal("nor_overwritten", mmuext(MMUEXT_COPY_PAGE, table, mfn_of(b)), -XEN_EINVAL);
	claim_equal("but_be_a_source", mmuext(MMUEXT_COPY_PAGE, mfn_of(b), table), 0);
	claim_equal("no_frame_is_no_source", mmuext(MMUEXT_COPY_PAGE, mfn_of(b), 0xffffffffffUL),
		    -XEN_EINVAL);
	claim_equal("nor_target", mmuext(MMUEXT_CLEAR_PAGE, 0xffffffffffUL, 0), -XEN_EINVAL);
}

static void ldt(void)
{
	char *page = page_alloc();

	claim_equal("a_misaligned_ldt_is_einval", mmuext(MMUEXT_SET_LDT, (uint64_t)page + 8, 1),
		    -XEN_EINVAL);
	claim_equal("so_is_one_too_long", mmuext(MMUEXT_SET_LDT, (uint64_t)page, 8193),
		    -XEN_EINVAL);
	claim_equal("an_ldt_is_accepted", mmuext(MMUEXT_SET_LDT, (uint64_t)page, 8192), 0);
	claim_equal("and_none", mmuext(MMUEXT_SET_LDT, 0, 0), 0);
}

static void batches(void)
{
	struct mmuext_op op[3] = {
		{.cmd = MMUEXT_TLB_FLUSH_LOCAL}, {.cmd = 99}, {.cmd = MMUEXT_TLB_FLUSH_LOCAL}};
	uint32_t done = 77;

	claim_equal("a_batch_stops_at_its_first_error",
		    hypercall4(__HYPERVISOR_mmuext_op, op, 3, &done, DOMID_SELF), -XEN_ENOSYS);
	claim_equal("done_is_what_went_before", done, 1);
	claim_equal("unreadable_operations_are_efault",
		    hypercall4(__HYPERVISOR_mmuext_op, 0x1000, 1, &done, DOMID_SELF), -XEN_EFAULT);
	claim_equal("an_empty_batch_is_fine",
		    hypercall4(__HYPERVISOR_mmuext_op, op, 0, &done, DOMID_SELF), 0);
}

void guest_test(void)
{
	build();
	pins();
	pin_errors();
	base_pointers();
	flushes();
	pages();
	ldt();
	batches();
}
