/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSRs a PV kernel touches: who answers what, and which are refused. */
#include "unit/cpu_world.h"

static void make_intel(void)
{
	domain.policy->basic[0].b = 0x756e6547;
}

static void expect(uint32_t index, uint64_t wanted)
{
	uint64_t value;

	CU_ASSERT_EQUAL(pv_msr_read(&vcpu, index, &value), 0);
	CU_ASSERT_EQUAL(value, wanted);
}

static bool refuses_read(uint32_t index)
{
	uint64_t value;

	return pv_msr_read(&vcpu, index, &value) != 0;
}

static bool refuses_write(uint32_t index, uint64_t value)
{
	return pv_msr_write(&vcpu, index, value) != 0;
}

static void registers_of_the_core_are_refused(void)
{
	static const uint32_t refused[] = {
		MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_SYSENTER_CS, MSR_SYSENTER_EIP,
		MSR_X2APIC_FIRST, MSR_AMD_LS_CFG, MSR_AMD_FP_CFG, MSR_DEBUGCTL, MSR_SPEC_CTRL,
		MSR_VMX_BASIC, 0x40000001, 0x4b564d00, MSR_AMD_VM_CR, MSR_XSS,
	};

	for (unsigned int i = 0; i < array_size(refused); i++) {
		CU_ASSERT(refuses_read(refused[i]));
		CU_ASSERT(refuses_write(refused[i], 0));
	}
	CU_ASSERT(refuses_write(MSR_TSC, 0));
	CU_ASSERT(refuses_write(MSR_APIC_BASE, 0xfee00900));
	CU_ASSERT(refuses_write(MSR_AMD_UCODE_LOAD, 0));
	CU_ASSERT(refuses_write(MSR_INTEL_UCODE_LOAD, 0));
}

static void bases_must_be_canonical(void)
{
	CU_ASSERT(refuses_write(MSR_FS_BASE, 0x800000000000));
	CU_ASSERT(refuses_write(MSR_GS_BASE, 0x800000000000));
	CU_ASSERT(refuses_write(MSR_KERNEL_GS_BASE, 0x800000000000));
	CU_ASSERT_FALSE(refuses_write(MSR_GS_BASE, 0xffff888000000000));
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_GS_BASE), 0xffff888000000000);
	expect(MSR_GS_BASE, 0xffff888000000000);
}

static void efer_reads_without_svme_and_cannot_change(void)
{
	expect(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
	CU_ASSERT_FALSE(refuses_write(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE));
	CU_ASSERT(refuses_write(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA));
}

static void tsc_aux_is_32_bits_of_the_vcpu(void)
{
	CU_ASSERT(refuses_write(MSR_TSC_AUX, 1UL << 32));
	CU_ASSERT_FALSE(refuses_write(MSR_TSC_AUX, 3));
	CU_ASSERT_EQUAL(cpu_rdmsr(MSR_TSC_AUX), 3);
	expect(MSR_TSC_AUX, 3);
	policy_set_word(domain.policy, POLICY_E1D, 0);
	policy_set_word(domain.policy, POLICY_7C0, 0);
	CU_ASSERT(refuses_read(MSR_TSC_AUX));
}

static void the_platform_is_what_linux_expects(void)
{
	expect(MSR_PAT, PAT_GUEST_VALUE);
	expect(MSR_APIC_BASE, 0xfee00900);
	vcpu.id = 1;
	expect(MSR_APIC_BASE, 0xfee00800);
	expect(MSR_TSC, tsc_value);
	expect(MSR_MCG_CAP, 2);
	expect(MSR_MC0_CTL + 4, ~0UL);
	expect(MSR_MC0_STATUS + 4, 0);
	expect(MSR_XEN_HYPERCALL_PAGE, 0);
	expect(MSR_AMD_DE_CFG, 2);
	expect(MSR_AMD_HWCR, 0);
	expect(MSR_AMD_NB_CFG, 0);
}

static void counters_are_idle(void)
{
	expect(MSR_K7_EVENTSEL0, 0);
	expect(MSR_AMD_PMC5, 0);
	CU_ASSERT_FALSE(refuses_write(MSR_AMD_EVENTSEL0, 0x430000));
	CU_ASSERT(refuses_read(MSR_INTEL_FIXED_CTR_CTRL));
	make_intel();
	expect(MSR_INTEL_FIXED_CTR_CTRL, 0);
	CU_ASSERT(refuses_read(MSR_K7_EVENTSEL0));
}

static void amd_memory_registers_are_the_hardware_domains(void)
{
	sim_msr_set(MSR_AMD_SYSCFG, 0xfffff);
	sim_msr_set(MSR_AMD_TOP_MEM, 0x80000000);
	CU_ASSERT(refuses_read(MSR_AMD_SYSCFG));
	CU_ASSERT(refuses_read(MSR_AMD_TOP_MEM));
	domain.is_hardware = true;
	expect(MSR_AMD_SYSCFG, 0xc0000);
	expect(MSR_AMD_TOP_MEM, 0x80000000);
}

static void intel_has_its_own(void)
{
	CU_ASSERT(refuses_read(MSR_FEATURE_CONTROL));
	make_intel();
	expect(MSR_FEATURE_CONTROL, 1);
	expect(MSR_PERF_CAPABILITIES, 0);
	CU_ASSERT_FALSE(refuses_write(MSR_PERF_CTL, 5));
	CU_ASSERT_FALSE(refuses_write(MSR_UCODE_REVISION, 0));
	CU_ASSERT(refuses_write(MSR_UCODE_REVISION, 1));
	CU_ASSERT(refuses_read(MSR_AMD_DE_CFG));
}

static void a_hypercall_page_goes_to_a_frame_of_the_domain_only(void)
{
	mfn_t mine = give();
	mfn_t foreign = give();
	const uint8_t *page;

	frame_of(foreign)->owner = 9;
	CU_ASSERT(refuses_write(MSR_XEN_HYPERCALL_PAGE, foreign.n << 12));
	CU_ASSERT(refuses_write(MSR_XEN_HYPERCALL_PAGE, 1UL << 40));
	CU_ASSERT(refuses_write(MSR_XEN_HYPERCALL_PAGE, roots[0].n << 12));
	CU_ASSERT(refuses_write(MSR_XEN_HYPERCALL_PAGE, mine.n << 12 | 1));
	CU_ASSERT_FALSE(refuses_write(MSR_XEN_HYPERCALL_PAGE, mine.n << 12));
	page = frame_map(mine);
	CU_ASSERT_EQUAL(
		memcmp(page + 17 * 32, "\x51\x41\x53\xb8\x11\0\0\0\x0f\x05\x41\x5b\x59\xc3", 14),
		0);
	CU_ASSERT_EQUAL(memcmp(page + 23 * 32, "\x51\x41\x53\x50\xb8\x17\0\0\0\x0f\x05", 11), 0);
	CU_ASSERT_EQUAL(frame_of(mine)->refs & FRAME_REF_MASK, 1);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(mine)), 0);
}

static const struct unit_test tests[] = {
	UNIT(registers_of_the_core_are_refused),
	UNIT(bases_must_be_canonical),
	UNIT(efer_reads_without_svme_and_cannot_change),
	UNIT(tsc_aux_is_32_bits_of_the_vcpu),
	UNIT(the_platform_is_what_linux_expects),
	UNIT(counters_are_idle),
	UNIT(amd_memory_registers_are_the_hardware_domains),
	UNIT(intel_has_its_own),
	UNIT(a_hypercall_page_goes_to_a_frame_of_the_domain_only),
};

int main(void)
{
	return unit_main("pv/msr", tests, array_size(tests), world_reset);
}
