/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a kernel may write its L1 tables with ordinary instructions: each form Linux and
 * others use is carried out on the entry, checked like an update; a refused value, a table of a
 * higher level or an unaligned write is the guest's page fault and changes nothing.
 * Xen adds G to user entries, this hypervisor never does: G is not looked at.
 */
#include "guest.h"

#include <xen/errno.h>

static volatile uint64_t *entry;
static uint64_t frame, other;
static char *page;

static void reset(uint64_t value)
{
	remap(page, pte_mfn(value), value & ~PTE_FRAME);
}

static void stores(void)
{
	uint64_t value = frame | PTE_RW, got;

	claim_equal("mov_to_an_entry", try_write(entry, other | PTE_RW), NO_TRAP);
	claim_equal("it_is_written", *entry & ~PTE_G, other | PTE_RW);
	attempt("movl $0, 4(%0)", ::"r"(entry) : "memory");
	claim(trap_seen.vector == NO_TRAP || trap_seen.vector == 14, "half_an_entry_is_decided");
	reset(value);
	attempt("movq $0, (%0)", ::"r"(entry) : "memory");
	claim_equal("mov_of_an_immediate", trap_seen.vector, NO_TRAP);
	claim_equal("unmaps_the_page", *entry, 0);
	claim_equal("mov_maps_it_again", try_write(entry, value), NO_TRAP);
	claim_equal("the_page_works", try_write(page, 1), NO_TRAP);
	got = 0;
	attempt("xchgq %0, (%1)", : "+r"(got) : "r"(entry) : "memory");
	claim_equal("xchg", trap_seen.vector, NO_TRAP);
	claim_equal("gives_the_old_entry", got & ~(PTE_G | 0x60UL), value & ~0x60UL);
	claim_equal("stores_the_new_one", *entry, 0);
	reset(value);
}

static void locked(void)
{
	uint64_t value = frame | PTE_RW, old = 0, new;
	uint8_t flag = 0;

	attempt("lock andb $0xfd, (%0)", ::"r"(entry) : "memory");
	claim_equal("lock_and_of_a_byte", trap_seen.vector, NO_TRAP);
	claim_equal("write_protects", *entry & PTE_W, 0);
	claim_equal("the_page_is_read_only", try_write(page, 1), 14);
	attempt("lock orq $2, (%0)", ::"r"(entry) : "memory");
	claim_equal("lock_or", trap_seen.vector, NO_TRAP);
	claim_equal("makes_it_writable", *entry & PTE_W, PTE_W);
	attempt("lock btrq $6, (%1)\n\tsetc %0", : "+q"(flag) : "r"(entry) : "memory");
	claim_equal("lock_btr", trap_seen.vector, NO_TRAP);
	claim_equal("carry_is_the_old_bit", flag, 1);
	claim_equal("the_bit_is_clear", *entry & PTE_D, 0);
	attempt("lock btsq $6, (%1)\n\tsetc %0", : "+q"(flag) : "r"(entry) : "memory");
	claim_equal("lock_bts", trap_seen.vector, NO_TRAP);
	claim(flag == 0 && (*entry & PTE_D), "sets_it");
	old = *entry;
	new = other | PTE_RW;
	attempt("lock cmpxchgq %2, (%3)\n\tsetz %1",
		: "+a"(old), "+q"(flag)
		: "r"(new), "r"(entry)
		: "memory");
	claim(trap_seen.vector == NO_TRAP && flag == 1, "cmpxchg_succeeds");
	claim_equal("the_new_entry_is_there", pte_mfn(*entry) * PAGE, other);
	old = 0x1234;
	attempt("lock cmpxchgq %2, (%3)\n\tsetz %1",
		: "+a"(old), "+q"(flag)
		: "r"(new), "r"(entry)
		: "memory");
	claim(trap_seen.vector == NO_TRAP && flag == 0, "cmpxchg_fails_without_fault");
	claim_equal("rax_is_the_entry", old, *entry);
	attempt("andq $~2, (%0)", ::"r"(entry) : "memory");
	claim_equal("and_without_lock", trap_seen.vector, NO_TRAP);
	reset(value);
}

static void refused(const char *name, volatile void *at, uint64_t value)
{
	uint64_t before = *entry;

	claim_equal(name, try_write(at, value), 14);
	claim_equal("error_says_protection_and_write", trap_seen.error, 3);
	claim_equal("cr2_is_the_entry", shared_info->vcpu_info[0].arch.cr2, (uint64_t)at);
	claim_equal("nothing_changed", *entry, before);
}

static void refusals(void)
{
	uint64_t table = maddr_of((void *)start_info->pt_base);
	uint64_t *plain = page_alloc();

	refused("a_table_cannot_be_mapped_writable", entry, table | PTE_RW);
	refused("nor_the_local_apic", entry, 0xfee00000UL | PTE_RW);
	refused("nor_no_frame", entry, 0xffffffffe000UL | PTE_RW);
	refused("an_unaligned_write_is_refused", (char *)entry + 1, 0);
	refused("an_l2_is_not_written_this_way", entry_of(page, 2), 0);
	refused("nor_an_l3", entry_of(page, 3), 0);
	refused("nor_an_l4", entry_of(page, 4), 0);
	remap(plain, mfn_of(plain), PTE_RO);
	refused("nor_a_read_only_page_that_is_no_table", plain, 0);
	claim_equal("a_read_only_mapping_of_a_table_is_fine", try_write(entry, table | PTE_RO),
		    NO_TRAP);
	reset(frame | PTE_RW);
}

void guest_test(void)
{
	page = page_alloc();
	frame = maddr_of(page);
	other = maddr_of(page_alloc());
	entry = pte_of(page);
	claim_equal("the_emulator_can_be_asked_for",
		    hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			       VMASST_TYPE_writable_pagetables),
		    0);
	claim_equal("an_unknown_assist_is_einval",
		    hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 31), -XEN_EINVAL);
	claim_equal("an_unknown_command_is_enosys", hypercall2(__HYPERVISOR_vm_assist, 7, 2),
		    -XEN_ENOSYS);
	try_write(page, 1);
	stores();
	locked();
	refusals();
}
