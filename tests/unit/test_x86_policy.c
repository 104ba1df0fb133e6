/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU policies: bounds, dependencies, answers, and the lists control calls carry. */
#include "unit/unit.h"
#include "x86/cr.h"
#include "x86/policy.h"

#include <xen/errno.h>

#include <string.h>

static struct cpu_policy host, max, normal, work;
static struct policy_inputs inputs;
static struct xen_cpuid_leaf leaves[POLICY_LEAVES_MAX];

/* A CPU that has everything but the hypervisor bit. */
static void read_cpu(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
	const struct cpuid_leaf all = {~0U, ~0U, ~0U, ~0U};
	const struct cpuid_leaf none = {0, 0, 0, 0};

	*out = all;
	switch (leaf) {
	case 0:
		*out = (struct cpuid_leaf){0x20, 0x756e6547, 0x6c65746e, 0x49656e69};
		break;
	case 1:
		*out = (struct cpuid_leaf){0x306c3, 0xff100800, 0x7fffffff, ~0U};
		break;
	case 4:
		*out = subleaf < 3 ? (struct cpuid_leaf){0x121 + subleaf, 1, 2, 3} : none;
		break;
	case 7:
		out->a = subleaf == 0 ? 9 : ~0U;
		break;
	case 0xd:
		*out = subleaf == 0   ? (struct cpuid_leaf){0xe7, 0x340, 0xa80, 0}
		       : subleaf == 1 ? (struct cpuid_leaf){0xf, 0x340, 0, 0}
		       : subleaf == 2 ? (struct cpuid_leaf){256, 576, 0, 0}
		       : subleaf == 5 ? (struct cpuid_leaf){64, 1088, 0, 0}
		       : subleaf == 6 ? (struct cpuid_leaf){512, 1152, 2, 0}
		       : subleaf == 7 ? (struct cpuid_leaf){1024, 1664, 2, 0}
				      : none;
		break;
	case 0x80000000:
		*out = (struct cpuid_leaf){0x80000030, 0, 0, 0};
		break;
	default:
		break;
	}
}

static void setup(void)
{
	policy_from_host(&host, read_cpu, 0xe7);
	policy_pv_max(&max, &host);
	policy_pv_default(&normal, &host);
	work = normal;
	inputs = (struct policy_inputs){
		.host = &host, .is_pv = true, .address_width = 39, .xcr0 = 3};
}

static struct cpuid_leaf ask(uint32_t leaf, uint32_t subleaf)
{
	return policy_cpuid(&work, &inputs, leaf, subleaf);
}

static bool is_zero(struct cpuid_leaf leaf)
{
	return (leaf.a | leaf.b | leaf.c | leaf.d) == 0;
}

static void what_paging_or_ring_0_needs_is_hidden(void)
{
	struct cpuid_leaf one = ask(1, 0);

	CU_ASSERT_EQUAL(one.d & (1U << 1 | 1U << 3 | 1U << 12 | 1U << 13 | 1U << 17), 0);
	CU_ASSERT_EQUAL(one.c & (1U << 3 | 1U << 5 | 1U << 7 | 1U << 17 | 1U << 21 | 1U << 24), 0);
	CU_ASSERT_EQUAL(one.c & CPUID_1C_OSXSAVE, 0);
	CU_ASSERT(one.b < 1U << 24);
	CU_ASSERT((one.c & CPUID_1C_HYPERVISOR) != 0);
	CU_ASSERT(one.d & CPUID_1D_APIC);
	CU_ASSERT_EQUAL(ask(7, 0).b & (1U << 7 | 1U << 10 | 1U << 20), 0);
	CU_ASSERT_EQUAL(ask(7, 0).c & (1U << 2 | 1U << 3 | 1U << 7 | 1U << 16), 0);
	CU_ASSERT_EQUAL(ask(7, 0).d & (1U << 20 | 1U << 26 | 1U << 27 | 1U << 31), 0);
	CU_ASSERT_EQUAL(ask(0x80000001, 0).d & (1U << 26), 0);
	CU_ASSERT_EQUAL(ask(0x80000007, 0).d, 0);
}

static void leaves_without_meaning_here_are_zero(void)
{
	static const uint32_t empty[] = {3, 5, 6, 9, 0xa, 0xb, 0x21, 0x8000000a, 0x8000001e,
					 0x80000022, 0x40000006, 0x40000100, 0x40000200, 0x4000ff00,
					 0x20000000, 0xffffffff};

	for (unsigned int i = 0; i < array_size(empty); i++) {
		CU_ASSERT(is_zero(ask(empty[i], 0)));
	}
	CU_ASSERT(is_zero(ask(4, 6)));
	CU_ASSERT(is_zero(ask(7, 3)));
	CU_ASSERT(is_zero(ask(0xd, 63)));
	CU_ASSERT(is_zero(ask(0xd, 9)));
}

static void limits_are_those_we_describe(void)
{
	CU_ASSERT_EQUAL(ask(0, 0).a, 0xd);
	CU_ASSERT_EQUAL(ask(7, 0).a, 2);
	CU_ASSERT_EQUAL(ask(0x80000000, 0).a, 0x80000021);
}

static void osxsave_follows_who_asks(void)
{
	inputs.osxsave_offered = true;
	CU_ASSERT(ask(1, 0).c & CPUID_1C_OSXSAVE);
	policy_set_word(&work, POLICY_1C, policy_word(&work, POLICY_1C) & ~CPUID_1C_XSAVE);
	CU_ASSERT_EQUAL(ask(1, 0).c & CPUID_1C_OSXSAVE, 0);
}

static void dom0s_kernel_sees_mtrr_and_eist(void)
{
	inputs.show_mtrr = true;
	CU_ASSERT(ask(1, 0).d & CPUID_1D_MTRR);
	CU_ASSERT(ask(1, 0).c & CPUID_1C_EIST);
	CU_ASSERT_EQUAL(ask(1, 0).c & CPUID_1C_MONITOR, 0);
	inputs.show_monitor = true;
	CU_ASSERT(ask(1, 0).c & CPUID_1C_MONITOR);
	CU_ASSERT_FALSE(is_zero(ask(5, 0)));
}

static void xstate_sizes_follow_xcr0(void)
{
	CU_ASSERT_EQUAL(ask(0xd, 0).a, 0xe7);
	CU_ASSERT_EQUAL(ask(0xd, 0).b, 576);
	CU_ASSERT_EQUAL(ask(0xd, 0).c, 2688);
	inputs.xcr0 = 7;
	CU_ASSERT_EQUAL(ask(0xd, 0).b, 832);
	CU_ASSERT_EQUAL(ask(0xd, 1).b, 832);
	CU_ASSERT_EQUAL(ask(0xd, 1).a, 7);
	inputs.xcr0 = 0xe7;
	CU_ASSERT_EQUAL(ask(0xd, 1).b, 576 + 256 + 64 + 512 + 1024);
}

static void features_go_with_what_they_need(void)
{
	policy_set_word(&work, POLICY_1C, policy_word(&work, POLICY_1C) & ~CPUID_1C_XSAVE);
	policy_clamp(&work, &max);
	CU_ASSERT_EQUAL(policy_xcr0(&work), 0);
	CU_ASSERT_EQUAL(policy_word(&work, POLICY_1C) & (CPUID_1C_AVX | CPUID_1C_FMA), 0);
	CU_ASSERT_EQUAL(policy_word(&work, POLICY_7B0) & (CPUID_7B_AVX2 | CPUID_7B_AVX512_ALL), 0);
	CU_ASSERT(is_zero(ask(0xd, 0)));
	work = normal;
	policy_set_word(&work, POLICY_7B0, policy_word(&work, POLICY_7B0) & ~CPUID_7B_AVX512F);
	policy_clamp(&work, &max);
	CU_ASSERT_EQUAL(policy_xcr0(&work), 7);
	CU_ASSERT(policy_word(&work, POLICY_7B0) & CPUID_7B_AVX2);
}

static void features_above_the_maximum_are_dropped_silently(void)
{
	for (unsigned int i = 0; i < POLICY_WORDS; i++) {
		policy_set_word(&work, i, ~0U);
	}
	policy_clamp(&work, &max);
	for (unsigned int i = 0; i < POLICY_WORDS; i++) {
		CU_ASSERT_EQUAL(policy_word(&work, i) & ~policy_word(&max, i), 0);
	}
	CU_ASSERT(policy_word(&work, POLICY_E7D) & CPUID_E7D_ITSC);
	CU_ASSERT_EQUAL(policy_word(&normal, POLICY_E7D), 0);
}

static void the_hypervisors_leaves(void)
{
	struct cpuid_leaf leaf = ask(0x40000000, 0);

	CU_ASSERT_EQUAL(leaf.a, 0x40000005);
	CU_ASSERT_EQUAL(leaf.b, 0x566e6558);
	CU_ASSERT_EQUAL(leaf.c, 0x65584d4d);
	CU_ASSERT_EQUAL(leaf.d, 0x4d4d566e);
	CU_ASSERT_EQUAL(ask(0x40000001, 0).a, 0x40011);
	CU_ASSERT_EQUAL(ask(0x40000002, 0).b, 0x40000000);
	CU_ASSERT_EQUAL(ask(0x40000002, 0).c, 1);
	CU_ASSERT_EQUAL(ask(0x40000005, 0).b, 39);
	CU_ASSERT(is_zero(ask(0x40000004, 0)));
	inputs.tsc_emulated = true;
	inputs.tsc_khz = 1000;
	inputs.host_khz = 2000;
	CU_ASSERT_EQUAL(ask(0x40000003, 0).a & 1, 1);
	CU_ASSERT_EQUAL(ask(0x40000003, 0).c, 1000);
	CU_ASSERT_EQUAL(ask(0x40000003, 2).a, 2000);
}

static void lists_that_are_too_short_say_how_long(void)
{
	uint32_t count = 3;

	CU_ASSERT_EQUAL(policy_to_leaves(&host, leaves, &count), -XEN_ENOBUFS);
	CU_ASSERT(count > 3 && count <= POLICY_LEAVES_MAX);
}

static void a_policy_survives_the_lists(void)
{
	struct xen_msr_entry msrs[POLICY_MSRS];
	uint32_t count = POLICY_LEAVES_MAX, msr_count = POLICY_MSRS, bad, bad_sub;

	CU_ASSERT_EQUAL(policy_to_leaves(&normal, leaves, &count), 0);
	CU_ASSERT_EQUAL(policy_to_msrs(&normal, msrs, &msr_count), 0);
	memset(&work, 0, sizeof(work));
	CU_ASSERT_EQUAL(policy_from_leaves(&work, leaves, count, &bad, &bad_sub), 0);
	CU_ASSERT_EQUAL(policy_from_msrs(&work, msrs, msr_count, &bad), 0);
	CU_ASSERT_EQUAL(memcmp(&work, &normal, sizeof(work)), 0);
	for (uint32_t i = 1; i < count; i++) {
		CU_ASSERT(leaves[i - 1].leaf < leaves[i].leaf ||
			  leaves[i - 1].subleaf < leaves[i].subleaf);
	}
}

static void unknown_leaves_are_named(void)
{
	static const struct xen_cpuid_leaf unknown[] = {
		{0xe, ~0U, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0},	    {7, 3, 0, 0, 0, 0},
		{7, ~0U, 0, 0, 0, 0},	{0xd, 63, 0, 0, 0, 0},	    {0x40000001, ~0U, 0, 0, 0, 0},
		{4, 6, 0, 0, 0, 0},	{0x80000022, ~0U, 0, 0, 0, 0},
	};
	uint32_t bad, bad_sub;

	for (unsigned int i = 0; i < array_size(unknown); i++) {
		CU_ASSERT_EQUAL(policy_from_leaves(&work, &unknown[i], 1, &bad, &bad_sub),
				-XEN_ERANGE);
		CU_ASSERT_EQUAL(bad, unknown[i].leaf);
		CU_ASSERT_EQUAL(bad_sub, unknown[i].subleaf);
	}
}

static void bad_msrs_have_their_errors(void)
{
	struct xen_msr_entry msr = {0xce, 1, 0};
	uint32_t bad = 0;

	CU_ASSERT_EQUAL(policy_from_msrs(&work, &msr, 1, &bad), -XEN_EINVAL);
	msr = (struct xen_msr_entry){0xce, 0, 1UL << 32};
	CU_ASSERT_EQUAL(policy_from_msrs(&work, &msr, 1, &bad), -XEN_EOVERFLOW);
	msr = (struct xen_msr_entry){0x1a0, 0, 0};
	CU_ASSERT_EQUAL(policy_from_msrs(&work, &msr, 1, &bad), -XEN_ERANGE);
	CU_ASSERT_EQUAL(bad, 0x1a0);
}

static void limits_above_the_maximum_are_errors(void)
{
	uint32_t bad, bad_sub, bad_msr;

	CU_ASSERT_EQUAL(policy_check(&work, &max, &bad, &bad_sub, &bad_msr), 0);
	CU_ASSERT((bad & bad_sub & bad_msr) == ~0U);
	work.feature[0].a = 3;
	CU_ASSERT_EQUAL(policy_check(&work, &max, &bad, &bad_sub, &bad_msr), -XEN_EINVAL);
	CU_ASSERT_EQUAL(bad, 7);
	work.basic[0].a = 0xe;
	CU_ASSERT_EQUAL(policy_check(&work, &max, &bad, &bad_sub, &bad_msr), -XEN_EINVAL);
	CU_ASSERT_EQUAL(bad, 0);
}

static void hostile_limits_read_nothing_outside(void)
{
	work.basic[0].a = ~0U;
	work.feature[0].a = ~0U;
	work.extended[0].a = ~0U;
	CU_ASSERT(is_zero(ask(0xe, 0)));
	CU_ASSERT(is_zero(ask(7, 0x7fffffff)));
	CU_ASSERT(is_zero(ask(0x80000022, 0)));
	CU_ASSERT(is_zero(ask(0x8000ffff, 0)));
}

/* --- hardware-virtualized guests ------------------------------------------------------------- */

static void hvm_setup(void)
{
	policy_hvm_max(&max, &host);
	policy_hvm_default(&normal, &host);
	work = normal;
	inputs = (struct policy_inputs){
		.host = &host, .apic_enabled = true,
		.apic_id = 6, .vcpu_id = 3, .domid = 7, .xcr0 = 3};
}

static void an_hvm_guest_has_its_own_paging_and_apic(void)
{
	hvm_setup();
	struct cpuid_leaf one = ask(1, 0), seven = ask(7, 0), extended = ask(0x80000001, 0);
	const uint32_t paging = 1U << 1 | 1U << 3 | 1U << 6 | 1U << 12 | 1U << 13 | 1U << 16;

	CU_ASSERT_EQUAL(one.d & (paging | CPUID_1D_APIC), paging | CPUID_1D_APIC);
	CU_ASSERT_EQUAL(one.c & (1U << 17 | CPUID_1C_X2APIC), 1U << 17 | CPUID_1C_X2APIC);
	CU_ASSERT_EQUAL(seven.b & (1U << 7 | 1U << 20), 1U << 7 | 1U << 20);
	CU_ASSERT_EQUAL(extended.d & (1U << 20 | 1U << 26 | 1U << 29),
			1U << 20 | 1U << 26 | 1U << 29);
	CU_ASSERT_EQUAL(one.b >> 24, 6);
}

static void what_is_not_virtualized_is_hidden_from_hvm_guests(void)
{
	hvm_setup();
	struct cpuid_leaf one = ask(1, 0), seven = ask(7, 0);

	CU_ASSERT_EQUAL(one.c & (1U << 3 | 1U << 5 | 1U << 6 | 1U << 15), 0); /* MONITOR VMX SMX */
	CU_ASSERT_EQUAL(ask(0x80000001, 0).c & (1U << 2 | 1U << 4 | 1U << 12), 0); /* SVM SKINIT */
	CU_ASSERT_EQUAL(seven.c & (1U << 3 | 1U << 4 | 1U << 16), 0); /* PKU LA57 */
	CU_ASSERT_EQUAL(seven.d & (1U << 26 | 1U << 27 | 1U << 31), 0); /* IBRS STIBP SSBD */
	CU_ASSERT_EQUAL(ask(0x80000008, 0).b & CPUID_E8B_IBPB, 0);
	CU_ASSERT(is_zero(ask(0xa, 0)));
	CU_ASSERT(is_zero(ask(0x8000000a, 0)));
}

static void hvm_bits_of_the_moment_follow_the_registers(void)
{
	hvm_setup();
	CU_ASSERT_EQUAL(ask(1, 0).c & CPUID_1C_OSXSAVE, 0);
	inputs.osxsave = true;
	CU_ASSERT_EQUAL(ask(1, 0).c & CPUID_1C_OSXSAVE, CPUID_1C_OSXSAVE);
	inputs.apic_enabled = false;
	CU_ASSERT_EQUAL(ask(1, 0).d & CPUID_1D_APIC, 0);
}

static void the_hvm_leaf_says_who_asks(void)
{
	hvm_setup();
	struct cpuid_leaf leaf = ask(0x40000004, 0);

	CU_ASSERT_EQUAL(leaf.a, 0x5c);
	CU_ASSERT_EQUAL(leaf.b, 3);
	CU_ASSERT_EQUAL(leaf.c, 7);
	CU_ASSERT_EQUAL(ask(0x40000002, 0).c, 0);
	CU_ASSERT_EQUAL(ask(0x40000002, 0).b, 0x40000000);
	CU_ASSERT_EQUAL(ask(0x40000000, 0).a, 0x40000005);
	CU_ASSERT_EQUAL(ask(0x40000005, 0).b, 0);
	inputs.is_pv = true;
	CU_ASSERT(is_zero(ask(0x40000004, 0)));
}

static void the_x2apic_is_ours_whatever_the_machine_has(void)
{
	host.basic[1].c &= ~CPUID_1C_X2APIC;
	hvm_setup();
	CU_ASSERT_EQUAL(ask(1, 0).c & CPUID_1C_X2APIC, CPUID_1C_X2APIC);
	policy_pv_max(&max, &host);
	CU_ASSERT_EQUAL(policy_word(&max, POLICY_1C) & CPUID_1C_X2APIC, 0);
}

static const struct unit_test tests[] = {
	UNIT(what_paging_or_ring_0_needs_is_hidden),
	UNIT(leaves_without_meaning_here_are_zero),
	UNIT(limits_are_those_we_describe),
	UNIT(osxsave_follows_who_asks),
	UNIT(dom0s_kernel_sees_mtrr_and_eist),
	UNIT(xstate_sizes_follow_xcr0),
	UNIT(features_go_with_what_they_need),
	UNIT(features_above_the_maximum_are_dropped_silently),
	UNIT(the_hypervisors_leaves),
	UNIT(lists_that_are_too_short_say_how_long),
	UNIT(a_policy_survives_the_lists),
	UNIT(unknown_leaves_are_named),
	UNIT(bad_msrs_have_their_errors),
	UNIT(limits_above_the_maximum_are_errors),
	UNIT(hostile_limits_read_nothing_outside),
	UNIT(an_hvm_guest_has_its_own_paging_and_apic),
	UNIT(what_is_not_virtualized_is_hidden_from_hvm_guests),
	UNIT(hvm_bits_of_the_moment_follow_the_registers),
	UNIT(the_hvm_leaf_says_who_asks),
	UNIT(the_x2apic_is_ours_whatever_the_machine_has),
};

int main(void)
{
	return unit_main("x86/policy", tests, array_size(tests), setup);
}
