/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest page tables of all shapes, walked as the CPU does: rights, faults, marks, bad tables. */
#include "unit/hvm_world.h"

#include "x86/pte.h"

#define LONG_CR4 CR4_PAE
#define LONG_EFER (EFER_LME | EFER_LMA | EFER_NXE)

static struct walk_mode mode;
static struct walk_fault fault;
static uint64_t physical;

/* Tables at gfn 1..4, RAM from gfn 16. */
static void tables_long(uint64_t va, uint64_t leaf)
{
	*hvm_word_at(0x1000 + l4_index(va) * 8) = 0x2000 | PTE_P | PTE_RW | PTE_US;
	*hvm_word_at(0x2000 + l3_index(va) * 8) = 0x3000 | PTE_P | PTE_RW | PTE_US;
	*hvm_word_at(0x3000 + l2_index(va) * 8) = 0x4000 | PTE_P | PTE_RW | PTE_US;
	*hvm_word_at(0x4000 + l1_index(va) * 8) = leaf;
}

static void setup(void)
{
	hvm_setup();
	for (uint64_t g = 1; g < 24; g++) {
		(void)hvm_ram_at(g);
	}
	mode = (struct walk_mode){
		.cr0 = CR0_PE | CR0_PG | CR0_WP,
		.cr3 = 0x1000,
		.cr4 = LONG_CR4,
		.efer = LONG_EFER,
	};
}

static bool go(uint64_t va, unsigned int access)
{
	physical = 0;
	fault = (struct walk_fault){0};
	return walk(hvm, &mode, gva(va), access, &physical, &fault);
}

static void without_paging_addresses_are_physical(void)
{
	mode.cr0 = CR0_PE;
	mode.efer = 0;
	CU_ASSERT(go(0x123456789, 0));
	CU_ASSERT_EQUAL(physical, 0x23456789);
	hvm_destroy();
}

static void four_levels_lead_to_a_page(void)
{
	tables_long(0xffff888000003000, 0x10000 | PTE_P | PTE_RW);
	CU_ASSERT(go(0xffff888000003abc, 0));
	CU_ASSERT_EQUAL(physical, 0x10abc);
	CU_ASSERT_FALSE(go(0xffff888000004000, 0));
	CU_ASSERT_EQUAL(fault.error, 0);
	CU_ASSERT_EQUAL(fault.address, 0xffff888000004000);
	hvm_destroy();
}

static void large_pages_end_the_walk(void)
{
	*hvm_word_at(0x1000) = 0x2000 | PTE_P | PTE_RW;
	*hvm_word_at(0x2000) = 0x3000 | PTE_P | PTE_RW;
	*hvm_word_at(0x2008) = 0x40000000 | PTE_P | PTE_PSE;
	*hvm_word_at(0x3008) = 0x600000 | PTE_P | PTE_PSE | PTE_RW;
	CU_ASSERT(go(0x212345, 0));
	CU_ASSERT_EQUAL(physical, 0x612345);
	CU_ASSERT(go(0x40000000 + 0x1234567, 0));
	CU_ASSERT_EQUAL(physical, 0x40000000 + 0x1234567);
	hvm_destroy();
}

static void rights_of_all_levels_count(void)
{
	tables_long(0x5000, 0x10000 | PTE_P | PTE_RW | PTE_US);
	CU_ASSERT(go(0x5000, WALK_USER | WALK_WRITE));
	*hvm_word_at(0x3000) &= ~PTE_RW;
	CU_ASSERT_FALSE(go(0x5000, WALK_USER | WALK_WRITE));
	CU_ASSERT_EQUAL(fault.error, PF_ERROR_PRESENT | PF_ERROR_WRITE | PF_ERROR_USER);
	CU_ASSERT(go(0x5000, WALK_USER));
	*hvm_word_at(0x1000) &= ~PTE_US;
	CU_ASSERT_FALSE(go(0x5000, WALK_USER));
	CU_ASSERT_EQUAL(fault.error, PF_ERROR_PRESENT | PF_ERROR_USER);
	CU_ASSERT(go(0x5000, 0));
	hvm_destroy();
}

static void write_protection_binds_the_kernel_by_cr0(void)
{
	tables_long(0x5000, 0x10000 | PTE_P);
	CU_ASSERT_FALSE(go(0x5000, WALK_WRITE));
	CU_ASSERT_EQUAL(fault.error, PF_ERROR_PRESENT | PF_ERROR_WRITE);
	mode.cr0 &= ~CR0_WP;
	CU_ASSERT(go(0x5000, WALK_WRITE));
	hvm_destroy();
}

static void code_is_not_fetched_from_data(void)
{
	tables_long(0x5000, 0x10000 | PTE_P | PTE_NX);
	CU_ASSERT(go(0x5000, 0));
	CU_ASSERT_FALSE(go(0x5000, WALK_FETCH));
	CU_ASSERT_EQUAL(fault.error, PF_ERROR_PRESENT | PF_ERROR_FETCH);
	/* Without NXE the bit is reserved. */
	mode.efer &= ~EFER_NXE;
	CU_ASSERT_FALSE(go(0x5000, 0));
	CU_ASSERT_EQUAL(fault.error, PF_ERROR_PRESENT | PF_ERROR_RESERVED);
	hvm_destroy();
}

static void smep_and_smap_keep_the_kernel_off_user_pages(void)
{
	tables_long(0x5000, 0x10000 | PTE_P | PTE_RW | PTE_US);
	mode.cr4 |= CR4_SMEP | CR4_SMAP;
	CU_ASSERT_FALSE(go(0x5000, WALK_FETCH));
	CU_ASSERT_FALSE(go(0x5000, 0));
	mode.rflags = RFLAGS_AC;
	CU_ASSERT(go(0x5000, 0));
	CU_ASSERT_FALSE(go(0x5000, WALK_IMPLICIT));
	mode.rflags = 0;
	CU_ASSERT(go(0x5000, WALK_NO_SMAP));
	CU_ASSERT(go(0x5000, WALK_USER));
	hvm_destroy();
}

static void use_is_marked_in_the_tables(void)
{
	tables_long(0x5000, 0x10000 | PTE_P | PTE_RW | PTE_US);
	CU_ASSERT(go(0x5000, 0));
	CU_ASSERT(*hvm_word_at(0x1000) & PTE_A);
	CU_ASSERT(*hvm_word_at(0x3000) & PTE_A);
	CU_ASSERT_EQUAL(*hvm_word_at(0x4028) & (PTE_A | PTE_D), PTE_A);
	CU_ASSERT(go(0x5000, WALK_WRITE));
	CU_ASSERT_EQUAL(*hvm_word_at(0x4028) & (PTE_A | PTE_D), PTE_A | PTE_D);
	CU_ASSERT_FALSE(*hvm_word_at(0x3000) & PTE_D);
	hvm_destroy();
}

static void a_refused_access_marks_nothing(void)
{
	tables_long(0x5000, 0x10000 | PTE_P);
	CU_ASSERT_FALSE(go(0x5000, WALK_WRITE));
	CU_ASSERT_EQUAL(*hvm_word_at(0x4028), 0x10000 | PTE_P);
	hvm_destroy();
}

static void the_two_old_shapes_are_walked(void)
{
	uint32_t *directory = (uint32_t *)(void *)hvm_word_at(0x1000);
	uint32_t *table = (uint32_t *)(void *)hvm_word_at(0x2000);

	mode.cr4 = CR4_PSE;
	mode.efer = 0;
	directory[1] = 0x2000 | (uint32_t)(PTE_P | PTE_RW);
	directory[2] = 0x00c00000 | 1U << 13 | (uint32_t)(PTE_P | PTE_PSE);
	table[3] = 0x11000 | (uint32_t)PTE_P;
	CU_ASSERT(go(0x403123, 0));
	CU_ASSERT_EQUAL(physical, 0x11123);
	CU_ASSERT(go(0x800000 + 0x3456, 0));
	CU_ASSERT_EQUAL(physical, 0x100c00000 + 0x3456);
	mode.cr4 = 0;
	CU_ASSERT_FALSE(go(0x800000, WALK_WRITE));

	mode.cr4 = CR4_PAE;
	mode.cr3 = 0x3020;
	*hvm_word_at(0x3020 + 8) = 0x4000 | PTE_P;
	*hvm_word_at(0x4000) = 0x5000 | PTE_P | PTE_RW | PTE_US;
	*hvm_word_at(0x5000 + 8) = 0x12000 | PTE_P | PTE_RW | PTE_US;
	CU_ASSERT(go(0x40001010, WALK_WRITE | WALK_USER));
	CU_ASSERT_EQUAL(physical, 0x12010);
	/* Its pointers have no accessed bit. */
	CU_ASSERT_EQUAL(*hvm_word_at(0x3020 + 8), 0x4000 | PTE_P);
	CU_ASSERT_FALSE(go(0x80001010, 0));
	hvm_destroy();
}

static void tables_outside_its_ram_are_not_present(void)
{
	mfn_t others = buddy_alloc(0, 0, BUDDY_ZERO);

	mode.cr3 = 0x7777777000;
	CU_ASSERT_FALSE(go(0x5000, 0));
	CU_ASSERT_EQUAL(fault.error, 0);
	mode.cr3 = 0x000ffffffffff000;
	CU_ASSERT_FALSE(go(0x5000, 0));
	/* A granted frame of somebody else. */
	spin_lock(&hvm->hvm->p2m.lock);
	CU_ASSERT_EQUAL(p2m_set_locked(&hvm->hvm->p2m, gfn(0x900), others, 0, P2M_GRANT), 0);
	spin_unlock(&hvm->hvm->p2m.lock);
	*(uint64_t *)frame_map(others) = 0x10000 | PTE_P;
	mode.cr3 = 0x900000;
	CU_ASSERT_FALSE(go(0, 0));
	CU_ASSERT_EQUAL(*(uint64_t *)frame_map(others), 0x10000 | PTE_P);
	buddy_free(others, 0);
	hvm_destroy();
}

static void a_table_that_points_to_itself_ends(void)
{
	*hvm_word_at(0x1000 + 511 * 8) = 0x1000 | PTE_P | PTE_RW;
	CU_ASSERT(go(0xfffffffffffff000, WALK_WRITE));
	CU_ASSERT_EQUAL(physical, 0x1000);
	hvm_destroy();
}

static void copies_cross_pages_wherever_they_lie(void)
{
	uint8_t out[100], in[100];

	for (unsigned int i = 0; i < sizeof(out); i++) {
		out[i] = (uint8_t)i;
	}
	tables_long(0x5000, 0x14000 | PTE_P | PTE_RW);
	*hvm_word_at(0x4000 + 6 * 8) = 0x10000 | PTE_P | PTE_RW;
	CU_ASSERT_EQUAL(walk_copy_out(hvm, &mode, gva(0x5fd0), out, 100, 0, &fault), 0);
	CU_ASSERT_EQUAL(walk_copy_in(hvm, &mode, in, gva(0x5fd0), 100, 0, &fault), 0);
	CU_ASSERT_EQUAL(memcmp(in, out, 100), 0);
	CU_ASSERT_EQUAL(*((uint8_t *)hvm_word_at(0x10000)), 0x30);
	/* The third page is missing: what fits is copied. */
	CU_ASSERT_EQUAL(walk_copy_out(hvm, &mode, gva(0x6fd0), out, 100, 0, &fault), 52);
	CU_ASSERT_EQUAL(fault.address, 0x7000);
	CU_ASSERT_EQUAL(walk_copy_in(hvm, &mode, in, gva(1UL << 62), 8, 0, &fault), 8);
	CU_ASSERT_EQUAL(walk_copy_in(hvm, &mode, in, gva(0x7ffffffffff8), 16, 0, &fault), 16);
	hvm_destroy();
}

static void frames_stay_as_referenced_as_they_were(void)
{
	struct p2m_entry entry;
	uint8_t bytes[64];

	tables_long(0x5000, 0x14000 | PTE_P | PTE_RW);
	CU_ASSERT_EQUAL(walk_copy_in(hvm, &mode, bytes, gva(0x5000), 64, 0, &fault), 0);
	for (uint64_t g = 1; g < 24; g++) {
		p2m_get(&hvm->hvm->p2m, gfn(g), &entry);
		CU_ASSERT_EQUAL(frame_of(entry.mfn)->refs & FRAME_REF_MASK, 1);
	}
	hvm_destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(without_paging_addresses_are_physical),
		UNIT(four_levels_lead_to_a_page),
		UNIT(large_pages_end_the_walk),
		UNIT(rights_of_all_levels_count),
		UNIT(write_protection_binds_the_kernel_by_cr0),
		UNIT(code_is_not_fetched_from_data),
		UNIT(smep_and_smap_keep_the_kernel_off_user_pages),
		UNIT(use_is_marked_in_the_tables),
		UNIT(a_refused_access_marks_nothing),
		UNIT(the_two_old_shapes_are_walked),
		UNIT(tables_outside_its_ram_are_not_present),
		UNIT(a_table_that_points_to_itself_ends),
		UNIT(copies_cross_pages_wherever_they_lie),
		UNIT(frames_stay_as_referenced_as_they_were),
	};

	return unit_main("hvm_walk", tests, array_size(tests), setup);
}
