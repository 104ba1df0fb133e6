/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves the rule that carries paravirtual memory: a frame is a page table or writable, never
 * both. A hostile kernel tries to get a table it can write: by pinning what it can write, by
 * mapping what is pinned, by entries of every kind inside a table, and by loops.
 */
#include "guest.h"

#include <xen/errno.h>

static uint64_t *l1, *l2, *l3, *l4;

static int64_t pin(unsigned int level, const void *table)
{
	return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, mfn_of(table), 0);
}

static int64_t unpin(const void *table)
{
	return mmuext(MMUEXT_UNPIN_TABLE, mfn_of(table), 0);
}

static int64_t protect(const void *page)
{
	return remap(page, mfn_of(page), PTE_RO);
}

static int64_t expose(const void *page)
{
	return remap(page, mfn_of(page), PTE_RW);
}

static void writable_page(void)
{
	uint64_t *alias = page_alloc(), was = mfn_of(alias);

	claim_equal("a_writable_page_cannot_become_a_table", pin(1, l1), -XEN_EINVAL);
	protect(l1);
	remap(alias, mfn_of(l1), PTE_RW);
	claim_equal("nor_with_one_writable_alias_left", pin(1, l1), -XEN_EINVAL);
	remap(alias, was, PTE_RW);
	claim_equal("without_it_can", pin(1, l1), 0);
	claim_equal("then_no_alias_can_be_made", remap(alias, mfn_of(l1), PTE_RW), -XEN_EBUSY);
	claim_equal("but_a_read_only_one", remap(alias, mfn_of(l1), PTE_RO), 0);
	claim_equal("which_takes_no_bad_entry",
		    try_write(alias, maddr_of((void *)start_info->pt_base) | PTE_RW), 14);
	remap(alias, was, PTE_RW);
	claim_equal("the_last_pin_frees_it", unpin(l1), 0);
	claim_equal("for_writing", expose(l1), 0);
}

/* What a table must not hold when it is validated. */
static void bad_contents(void)
{
	uint64_t kernel = maddr_of((void *)start_info->pt_base);
	const uint64_t bad[] = {kernel | PTE_RW, 0xfee00000UL | PTE_RW, 0xffffffffe000UL | PTE_RW,
				maddr_of(l1) | PTE_RW};

	for (unsigned int i = 0; i < 4; i++) {
		memset(l1, 0, PAGE);
		l1[0] = maddr_of(l2) | PTE_RW;
		l1[511] = bad[i];
		protect(l1);
		claim(pin(1, l1) < 0, "an_l1_with_a_bad_entry_does_not_pin");
		claim_equal("it_keeps_no_type", expose(l1), 0);
		claim_equal("its_good_entry_left_no_reference", protect(l2), 0);
		claim_equal("so_that_page_can_be_a_table", pin(1, l2), 0);
		unpin(l2);
		expose(l2);
	}
	memset(l1, 0, PAGE);
}

static void tree(void)
{
	l2[0] = maddr_of(l1) | PTE_RW;
	l3[0] = maddr_of(l2) | PTE_RW;
	l4[0] = maddr_of(l3) | PTE_RW;
	protect(l4);
	protect(l3);
	protect(l2);
	claim_equal("a_tree_with_a_writable_leaf_table_is_einval", pin(4, l4), -XEN_EINVAL);
	claim_equal("nothing_of_it_keeps_a_type", expose(l3), 0);
	protect(l3);
	protect(l1);
	claim_equal("a_whole_tree_pins", pin(4, l4), 0);
	claim_equal("its_l1_is_a_table", expose(l1), -XEN_EBUSY);
	claim_equal("its_l2_is_a_table", expose(l2), -XEN_EBUSY);
	claim_equal("its_l3_is_a_table", expose(l3), -XEN_EBUSY);
	claim_equal("a_linked_table_can_be_pinned_too", pin(1, l1), 0);
	claim_equal("unpinning_the_root_frees_the_tree", unpin(l4), 0);
	claim_equal("l4_at_once", expose(l4), 0);
	claim_equal("l3_at_once", expose(l3), 0);
	claim_equal("l2_at_once", expose(l2), 0);
	claim_equal("but_not_what_is_pinned_itself", expose(l1), -XEN_EBUSY);
	unpin(l1);
	claim_equal("until_that_is_undone", expose(l1), 0);
}

/* Writes to 256..271 of one's own L4 before it is validated are overwritten, not obeyed. */
static void hypervisor_slots(void)
{
	uint64_t kernel = ((uint64_t *)start_info->pt_base)[260];

	memset(l4, 0, PAGE);
	l4[260] = maddr_of(l3) | PTE_RW;
	l4[271] = 0x7fff000 | PTE_RW;
	protect(l4);
	claim_equal("an_l4_with_foul_hypervisor_slots_pins", pin(4, l4), 0);
	claim(l4[260] != (maddr_of(l3) | PTE_RW), "they_are_replaced");
	claim(((l4[260] ^ kernel) & PTE_FRAME) == 0 || (l4[260] & PTE_U) == 0,
	      "by_what_every_l4_has");
	claim_equal("the_l3_named_there_is_still_writable", expose(l3), 0);
	unpin(l4);
	expose(l4);
}

static void loops(void)
{
	memset(l4, 0, PAGE);
	memset(l2, 0, PAGE);
	memset(l3, 0, PAGE);
	l4[0] = maddr_of(l3) | PTE_RW;
	l3[0] = maddr_of(l3) | PTE_RW;
	protect(l4);
	protect(l3);
	claim_equal("a_writable_self_link_is_einval", pin(4, l4), -XEN_EINVAL);
	expose(l3);
	expose(l4);
	l3[0] = maddr_of(l4) | PTE_RW;
	protect(l3);
	protect(l4);
	claim_equal("an_l4_under_an_l3_is_einval", pin(4, l4), -XEN_EINVAL);
	claim_equal("it_leaves_no_type", expose(l4), 0);
	expose(l3);
}

static void superpages(void)
{
	memset(l2, 0, PAGE);
	l2[0] = (maddr_of(l1) & ~0x1fffffUL) | 0xe7;
	protect(l2);
	claim_equal("an_l2_with_a_superpage_is_einval", pin(2, l2), -XEN_EINVAL);
	expose(l2);
	memset(l2, 0, PAGE);
	memset(l3, 0, PAGE);
	l3[0] = 0xe7;
	protect(l3);
	claim_equal("an_l3_with_a_gigabyte_page_is_einval", pin(3, l3), -XEN_EINVAL);
	expose(l3);
}

/* A table in use as the other kind: the count, not the first use, decides. */
static void shared_table(void)
{
	uint64_t *second = page_alloc();

	memset(l2, 0, PAGE);
	memset(l1, 0, PAGE);
	l2[0] = maddr_of(l1) | PTE_RW;
	l2[1] = maddr_of(l1) | PTE_RW;
	second[0] = maddr_of(l1) | PTE_RW;
	protect(l1);
	protect(l2);
	protect(second);
	claim_equal("one_l1_in_two_slots", pin(2, l2), 0);
	claim_equal("and_in_another_l2", pin(2, second), 0);
	claim_equal("not_as_an_l2_itself", pin(2, l1), -XEN_EINVAL);
	unpin(l2);
	claim_equal("one_user_left_holds_it", expose(l1), -XEN_EBUSY);
	unpin(second);
	claim_equal("none_left_frees_it", expose(l1), 0);
}

void guest_test(void)
{
	l1 = page_alloc();
	l2 = page_alloc();
	l3 = page_alloc();
	l4 = page_alloc();
	writable_page();
	bad_contents();
	tree();
	hypervisor_slots();
	loops();
	superpages();
	shared_table();
}
