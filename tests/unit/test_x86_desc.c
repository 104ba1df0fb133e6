/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment descriptors: what a PV guest may store, and how one is taken apart. */
#include "unit/unit.h"
#include "x86/desc.h"
#include "x86/exception.h"
#include "x86/pte.h"
#include "x86/regs.h"

#include <xen/errno.h>

static void a_guest_may_not_have_system_segments(void)
{
	uint64_t fixed;

	CU_ASSERT_EQUAL(desc_guest_check(0x0000890000000067UL, &fixed), -XEN_EINVAL); /* TSS */
	CU_ASSERT_EQUAL(desc_guest_check(0x0000820000000067UL, &fixed), -XEN_EINVAL); /* LDT */
	CU_ASSERT_EQUAL(desc_guest_check(0x0000ee0000000000UL, &fixed), -XEN_EINVAL); /* gate */
}

static void what_is_not_present_is_harmless(void)
{
	uint64_t fixed;

	CU_ASSERT_EQUAL(desc_guest_check(0x0000090000000067UL, &fixed), 0);
	CU_ASSERT_EQUAL(fixed, 0x0000090000000067UL);
	CU_ASSERT_EQUAL(desc_guest_check(0, &fixed), 0);
	CU_ASSERT_EQUAL(desc_guest_check(DESC_PRESENT, &fixed), 0);
}

static void code_and_data_are_raised_to_ring_three(void)
{
	uint64_t fixed;

	CU_ASSERT_EQUAL(desc_guest_check(0x00af9b000000ffffUL, &fixed), 0);
	CU_ASSERT_EQUAL(fixed, 0x00affb000000ffffUL);
	CU_ASSERT_EQUAL(desc_guest_check(0x00cf93000000ffffUL, &fixed), 0);
	CU_ASSERT_EQUAL(fixed, 0x00cff3000000ffffUL);
}

static void a_call_gate_is_closed_to_ring_three(void)
{
	uint64_t fixed;

	CU_ASSERT_EQUAL(desc_guest_check(0x1234ec0000335678UL, &fixed), 0);
	CU_ASSERT_EQUAL(fixed, 0x12348c0000335678UL);
}

static void a_descriptor_is_taken_apart(void)
{
	struct desc desc = desc_decode(0x12cffb345678ffffUL);

	CU_ASSERT_EQUAL(desc.base, 0x12345678);
	CU_ASSERT_EQUAL(desc.limit, 0xffffffffU);
	CU_ASSERT_TRUE(desc.segment && desc.present && desc.big && !desc.long_mode);
	CU_ASSERT_TRUE(desc_is_code(&desc) && desc.dpl == 3 && desc.type == 0xb);
	CU_ASSERT_EQUAL(selector_guest_fix(0x10), 0x13);
	CU_ASSERT_EQUAL(selector_guest_fix(0), 0);
}

static void registers_are_found_by_number(void)
{
	struct cpu_regs regs = {.rax = 0, .rcx = 1, .rdx = 2, .rbx = 3, .rsp = 4, .rbp = 5,
				.rsi = 6, .rdi = 7, .r8 = 8, .r9 = 9, .r10 = 10, .r11 = 11,
				.r12 = 12, .r13 = 13, .r14 = 14, .r15 = 15};

	for (unsigned int i = 0; i < GPR_COUNT; i++) {
		CU_ASSERT_EQUAL(*regs_gpr(&regs, i), i);
	}
}

static void an_entry_keeps_frame_and_flags_apart(void)
{
	pte_t pte = pte_make(mfn(0xabcde12345), PTE_P | PTE_NX | PTE_GUEST_KERNEL);

	CU_ASSERT_EQUAL(pte_mfn(pte).n, 0xabcde12345);
	CU_ASSERT_EQUAL(pte_flags(pte), PTE_P | PTE_NX | PTE_GUEST_KERNEL);
	CU_ASSERT_EQUAL(pt_index(HYPERVISOR_START, 4), 256);
	CU_ASSERT_EQUAL(l1_index(0x7ff000), l1_index(0x1ff000));
}

static void error_codes_belong_to_their_vectors(void)
{
	CU_ASSERT_TRUE(exception_has_error_code(EXCEPTION_DF));
	CU_ASSERT_TRUE(exception_has_error_code(EXCEPTION_PF));
	CU_ASSERT_TRUE(exception_has_error_code(EXCEPTION_CP));
	CU_ASSERT_FALSE(exception_has_error_code(EXCEPTION_UD));
	CU_ASSERT_FALSE(exception_has_error_code(EXCEPTION_MC));
	CU_ASSERT_FALSE(exception_has_error_code(200));
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_guest_may_not_have_system_segments),
		UNIT(what_is_not_present_is_harmless),
		UNIT(code_and_data_are_raised_to_ring_three),
		UNIT(a_call_gate_is_closed_to_ring_three),
		UNIT(a_descriptor_is_taken_apart),
		UNIT(registers_are_found_by_number),
		UNIT(an_entry_keeps_frame_and_flags_apart),
		UNIT(error_codes_belong_to_their_vectors),
	};

	return unit_main("x86_desc", tests, array_size(tests), NULL);
}
