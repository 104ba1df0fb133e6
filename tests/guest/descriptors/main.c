/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that descriptor tables are the guest's, except for what would give it more than ring 3:
 * set_gdt, update_descriptor and the LDT, with every sort of bad descriptor.
 */
#include "guest.h"

#include <xen/errno.h>

#define DATA3 0x00cff3000000ffffUL
#define DATA0 0x00cf93000000ffffUL
#define CODE0 0x00af9b000000ffffUL
#define TSS 0x0000890000000067UL
#define LDT 0x0000820000000fffUL
#define CALL_GATE 0x0000ec0000330000UL

static uint64_t *gdt;

static int64_t set_gdt(const void *page, unsigned int entries)
{
	uint64_t frames[16] = {mfn_of(page)};

	return hypercall2(__HYPERVISOR_set_gdt, frames, entries);
}

static int64_t update(const void *at, uint64_t descriptor)
{
	return hypercall2(__HYPERVISOR_update_descriptor, maddr_of(at), descriptor);
}

/* The limit of a selector, or ~0 when it cannot be used. */
static uint64_t limit_of(uint16_t selector)
{
	uint64_t limit = ~0UL;

	__asm__ volatile("lsl %1, %0" : "+r"(limit) : "r"((uint64_t)selector) : "cc");
	return limit;
}

static uint64_t load_ds(uint16_t selector)
{
	attempt("mov %%ax, %%ds", ::"a"(selector) : "memory");
	return trap_seen.vector;
}

static void tables(void)
{
	uint64_t *bad = page_alloc();

	claim_equal("a_writable_page_is_no_gdt", set_gdt(gdt, 16), -XEN_EINVAL);
	remap(gdt, mfn_of(gdt), PTE_RO);
	claim_equal("more_than_7168_entries_are_einval", set_gdt(gdt, 7169), -XEN_EINVAL);
	claim_equal("a_read_only_page_is_a_gdt", set_gdt(gdt, 16), 0);
	claim_equal("it_cannot_become_writable", remap(gdt, mfn_of(gdt), PTE_RW), -XEN_EBUSY);
	claim_equal("nor_a_page_table", mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(gdt), 0), -XEN_EINVAL);
	claim_equal("its_segments_can_be_loaded", load_ds(3 << 3 | 3), NO_TRAP);
	claim_equal("with_the_limit_it_gives", limit_of(3 << 3 | 3), 0xffffffff);
	claim_equal("the_reserved_ones_too", load_ds(FLAT_RING3_SS32), NO_TRAP);
	claim_equal("an_entry_beyond_the_guests_faults", load_ds(600 << 3 | 3), 13);
	claim_equal("with_its_selector", trap_seen.error, 600 << 3);

	bad[500] = TSS;
	remap(bad, mfn_of(bad), PTE_RO);
	claim_equal("a_page_with_a_bad_descriptor_is_einval", set_gdt(bad, 16), -XEN_EINVAL);
	claim_equal("the_old_gdt_stays", load_ds(3 << 3 | 3), NO_TRAP);
	claim_equal("the_bad_page_has_no_type", remap(bad, mfn_of(bad), PTE_RW), 0);
	claim_equal("no_frame_is_no_gdt",
		    hypercall2(__HYPERVISOR_set_gdt, &(uint64_t){0xffffffffffUL}, 16), -XEN_EINVAL);
	claim_equal("an_unreadable_list_is_efault", hypercall2(__HYPERVISOR_set_gdt, 0x1000, 16),
		    -XEN_EFAULT);
}

static void updates(void)
{
	uint64_t *plain = page_alloc();

	claim_equal("a_descriptor_can_be_updated", update(gdt + 5, DATA3), 0);
	claim_equal("as_given", gdt[5], DATA3);
	claim_equal("ring_0_data_is_accepted", update(gdt + 6, DATA0), 0);
	claim_equal("as_ring_3", gdt[6] >> 45 & 3, 3);
	claim_equal("ring_0_code_is_accepted", update(gdt + 7, CODE0), 0);
	claim_equal("as_ring_3_too", gdt[7] >> 45 & 3, 3);
	claim_equal("a_tss_is_einval", update(gdt + 8, TSS), -XEN_EINVAL);
	claim_equal("an_ldt_is_einval", update(gdt + 8, LDT), -XEN_EINVAL);
	claim_equal("an_interrupt_gate_is_einval", update(gdt + 8, 0x00008e0000330000UL),
		    -XEN_EINVAL);
	claim_equal("a_call_gate_is_accepted", update(gdt + 8, CALL_GATE), 0);
	claim_equal("for_ring_0_only", gdt[8] >> 45 & 3, 0);
	claim_equal("a_call_gate_cannot_be_used", load_ds(8 << 3 | 3), 13);
	claim_equal("not_present_is_anything", update(gdt + 9, 0x0000090000000067UL), 0);
	claim_equal("zero_is_fine", update(gdt + 9, 0), 0);
	claim_equal("an_unaligned_address_is_einval",
		    hypercall2(__HYPERVISOR_update_descriptor, maddr_of(gdt) + 4, 0), -XEN_EINVAL);
	claim_equal("no_frame_is_einval",
		    hypercall2(__HYPERVISOR_update_descriptor, 0xffffffffe000UL, 0), -XEN_EINVAL);
	claim_equal("a_page_table_is_einval", update((void *)start_info->pt_base, 0), -XEN_EINVAL);
	claim_equal("a_plain_page_is_written", update(plain, DATA0), 0);
	claim_equal("checked_all_the_same", plain[0] >> 45 & 3, 3);
	claim_equal("bad_ones_are_refused_there_too", update(plain, TSS), -XEN_EINVAL);
}

static void ldt(void)
{
	uint64_t *table = page_alloc();
	uint16_t selector = 2 << 3 | 4 | 3;

	table[2] = DATA3;
	claim_equal("an_ldt_is_set", mmuext(MMUEXT_SET_LDT, (uint64_t)table, 512), 0);
	claim_equal("while_its_page_is_writable_it_faults", load_ds(selector), 14);
	claim_equal("at_the_ldts_own_address", shared_info->vcpu_info[0].arch.cr2,
		    (uint64_t)(table + 2));
	remap(table, mfn_of(table), PTE_RO);
	claim_equal("read_only_it_can_be_loaded", load_ds(selector), NO_TRAP);
	claim_equal("then_it_cannot_become_writable", remap(table, mfn_of(table), PTE_RW),
		    -XEN_EBUSY);
	claim_equal("an_update_reaches_it", update(table + 3, DATA3), 0);
	claim_equal("and_is_used", load_ds(3 << 3 | 4 | 3), NO_TRAP);
	claim_equal("an_empty_entry_faults", load_ds(9 << 3 | 4 | 3), 13);
	load_ds(0);
	claim_equal("no_ldt", mmuext(MMUEXT_SET_LDT, 0, 0), 0);
	claim_equal("faults_with_the_selector", load_ds(selector), 13);
	claim_equal("as_error", trap_seen.error, selector & ~3);
	claim_equal("its_page_is_free_again", remap(table, mfn_of(table), PTE_RW), 0);
}

void guest_test(void)
{
	gdt = page_alloc();
	gdt[3] = DATA3;
	tables();
	updates();
	ldt();
	load_ds(0);
	claim_equal("the_gdt_can_be_dropped", hypercall2(__HYPERVISOR_set_gdt, 0, 0), 0);
	claim_equal("then_its_page_is_free", remap(gdt, mfn_of(gdt), PTE_RW), 0);
}
