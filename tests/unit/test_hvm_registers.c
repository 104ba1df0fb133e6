/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control registers and MSRs of hardware-virtualized vcpus: what may be loaded and what it does. */
#include "unit/unit.h"

#include "hvm/cr.h"
#include "hvm/msr.h"

#include "x86/cr.h"
#include "x86/msr.h"
#include "x86/policy.h"

#include <xen/errno.h>
#include <xen/hvm_save.h>

#include <string.h>

static struct cpu_policy policy;
static struct cr_limits limits;
static struct hvm_control c;
static struct hvm_msrs m;

static void read_cpu(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
	*out = (struct cpuid_leaf){~0U, ~0U, ~0U, ~0U};
	switch (leaf) {
	case 0:
		*out = (struct cpuid_leaf){0xd, 0x68747541, 0x444d4163, 0x69746e65};
		break;
	case 0xd:
		*out = subleaf == 0   ? (struct cpuid_leaf){0xe7, 0x340, 0xa80, 0}
		       : subleaf == 1 ? (struct cpuid_leaf){7, 0, 0, 0}
				      : (struct cpuid_leaf){64, 576 + 64 * subleaf, 0, 0};
		break;
	case 0x80000000:
		out->a = 0x80000021;
		break;
	case 0x80000008:
		out->a = 0x3028;
		break;
	default:
		break;
	}
}

static void setup(void)
{
	struct cpu_policy host;

	policy_from_host(&host, read_cpu, 0xe7);
	policy_hvm_max(&policy, &host);
	cr_limits_from_policy(&limits, &policy);
	c = (struct hvm_control){.cr0 = CR0_ET | CR0_PE, .xcr0 = XCR0_X87};
	msr_init(&m);
}

static void go_long(void)
{
	CU_ASSERT_TRUE(cr_load_cr4(&c, &limits, CR4_PAE));
	CU_ASSERT_TRUE(cr_load_efer(&c, &limits, EFER_LME | EFER_SCE | EFER_NXE));
	CU_ASSERT_TRUE(cr_load_cr0(&c, &limits, CR0_PG | CR0_PE, false));
	CU_ASSERT_EQUAL(c.efer & EFER_LMA, EFER_LMA);
}

/* --- control registers ----------------------------------------------------------------------- */

static void impossible_cr0_values_are_refused(void)
{
	const uint64_t bad[] = {CR0_PG, CR0_NW, CR0_NW | CR0_PE, 1UL << 32, ~0UL};

	for (unsigned int i = 0; i < array_size(bad); i++) {
		struct hvm_control before = c;

		CU_ASSERT_FALSE(cr_load_cr0(&c, &limits, bad[i], false));
		CU_ASSERT_EQUAL(memcmp(&before, &c, sizeof(c)), 0);
	}
	CU_ASSERT_TRUE(cr_load_cr0(&c, &limits, CR0_NW | CR0_CD | 1UL << 6 | 1UL << 20, false));
	CU_ASSERT_EQUAL(c.cr0, CR0_NW | CR0_CD | CR0_ET);
}

static void long_mode_is_entered_and_left_by_the_rules(void)
{
	CU_ASSERT_TRUE(cr_load_efer(&c, &limits, EFER_LME));
	CU_ASSERT_FALSE(cr_load_cr0(&c, &limits, CR0_PG | CR0_PE, false)); /* no PAE */
	CU_ASSERT_TRUE(cr_load_cr4(&c, &limits, CR4_PAE));
	CU_ASSERT_FALSE(cr_load_cr0(&c, &limits, CR0_PG | CR0_PE, true)); /* CS.L */
	go_long();
	CU_ASSERT_FALSE(cr_load_cr4(&c, &limits, 0));
	CU_ASSERT_FALSE(cr_load_efer(&c, &limits, 0));
	CU_ASSERT_TRUE(cr_load_efer(&c, &limits, EFER_LME)); /* LMA stays without being written */
	CU_ASSERT_EQUAL(c.efer, EFER_LME | EFER_LMA);
	CU_ASSERT_FALSE(cr_load_cr0(&c, &limits, CR0_PE, true));
	CU_ASSERT_TRUE(cr_load_cr0(&c, &limits, CR0_PE, false));
	CU_ASSERT_EQUAL(c.efer, EFER_LME);
	CU_ASSERT_TRUE(cr_load_efer(&c, &limits, 0));
	CU_ASSERT_TRUE(cr_load_cr0(&c, &limits, CR0_PG | CR0_PE, true)); /* PAE paging, no LME */
	CU_ASSERT_EQUAL(c.efer, 0);
	CU_ASSERT_FALSE(cr_load_efer(&c, &limits, EFER_LME));
}

static void pcid_needs_long_mode_and_a_clean_cr3(void)
{
	CU_ASSERT_FALSE(cr_load_cr4(&c, &limits, CR4_PCIDE));
	go_long();
	CU_ASSERT_TRUE(cr_load_cr3(&c, &limits, 0x1005));
	CU_ASSERT_FALSE(cr_load_cr4(&c, &limits, CR4_PAE | CR4_PCIDE));
	CU_ASSERT_FALSE(cr_load_cr3(&c, &limits, 0x1000 | CR3_NO_FLUSH));
	CU_ASSERT_TRUE(cr_load_cr3(&c, &limits, 0x1000));
	CU_ASSERT_TRUE(cr_load_cr4(&c, &limits, CR4_PAE | CR4_PCIDE));
	CU_ASSERT_TRUE(cr_load_cr3(&c, &limits, 0x2001 | CR3_NO_FLUSH));
	CU_ASSERT_EQUAL(c.cr3, 0x2001);
	CU_ASSERT_FALSE(cr_load_cr0(&c, &limits, CR0_PE, false));
}

static void bits_without_feature_are_refused(void)
{
	const uint64_t never4[] = {CR4_VMXE, CR4_SMXE, CR4_LA57, CR4_CET,
				   CR4_PKE,  CR4_PKS,  1UL << 40};

	for (unsigned int i = 0; i < array_size(never4); i++) {
		CU_ASSERT_FALSE(cr_load_cr4(&c, &limits, never4[i]));
	}
	CU_ASSERT_FALSE(cr_load_efer(&c, &limits, EFER_SVME));
	CU_ASSERT_FALSE(cr_load_efer(&c, &limits, 1UL << 30));
	CU_ASSERT_TRUE(cr_load_cr4(&c, &limits, CR4_SMEP | CR4_SMAP | CR4_FSGSBASE | CR4_OSXSAVE));
	memset(&policy, 0, sizeof(policy));
	cr_limits_from_policy(&limits, &policy);
	CU_ASSERT_EQUAL(limits.cr4, CR4_PCE);
	CU_ASSERT_EQUAL(limits.efer, 0);
	CU_ASSERT_EQUAL(limits.cr3_address_mask, 0xfffffffffUL);
}

static void cr3_holds_addresses_the_guest_has(void)
{
	CU_ASSERT_TRUE(cr_load_cr3(&c, &limits, 0xffff123456789000UL));
	CU_ASSERT_EQUAL(c.cr3, 0x56789000);
	go_long();
	CU_ASSERT_FALSE(cr_load_cr3(&c, &limits, 1UL << 40));
	CU_ASSERT_TRUE(cr_load_cr3(&c, &limits, (1UL << 40) - 4096));
}

static void xcr0_comes_in_whole_parts(void)
{
	const uint64_t bad[] = {0, 2, 5, 0x27, 0xe3, 0x67, 0x207, 1UL << 63 | 1};
	const uint64_t good[] = {1, 3, 7, 0xe7};

	for (unsigned int i = 0; i < array_size(bad); i++) {
		CU_ASSERT_FALSE(cr_load_xcr0(&c, &limits, bad[i]));
		CU_ASSERT_EQUAL(c.xcr0, XCR0_X87);
	}
	for (unsigned int i = 0; i < array_size(good); i++) {
		CU_ASSERT_TRUE(cr_load_xcr0(&c, &limits, good[i]));
	}
	limits.xcr0 = 0; /* no XSAVE */
	CU_ASSERT_FALSE(cr_load_xcr0(&c, &limits, 1));
}

static void a_set_from_outside_is_checked_whole(void)
{
	struct hvm_control good;

	CU_ASSERT_TRUE(cr_set_is_valid(&c, &limits)); /* as a PVH guest begins */
	go_long();
	good = c;
	CU_ASSERT_TRUE(cr_set_is_valid(&c, &limits));
	c.efer &= ~EFER_LMA;
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
	c = good;
	c.cr4 = 0;
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
	c = good;
	c.cr0 &= ~CR0_ET;
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
	c = good;
	c.cr3 = 1UL << 52;
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
	c = good;
	c.efer |= EFER_SVME;
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
	c = (struct hvm_control){.cr0 = CR0_ET, .cr4 = CR4_PCIDE};
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
	c = (struct hvm_control){.cr0 = CR0_ET, .efer = EFER_LMA | EFER_LME};
	CU_ASSERT_FALSE(cr_set_is_valid(&c, &limits));
}

static void changes_of_translations_ask_for_a_flush(void)
{
	struct hvm_control after = c;

	CU_ASSERT_FALSE(cr_change_flushes(&c, &after));
	after.cr0 ^= CR0_TS;
	after.cr4 ^= CR4_OSFXSR;
	after.efer ^= EFER_SCE;
	CU_ASSERT_FALSE(cr_change_flushes(&c, &after));
	after = c;
	after.cr0 ^= CR0_WP;
	CU_ASSERT_TRUE(cr_change_flushes(&c, &after));
	after = c;
	after.cr4 ^= CR4_PGE;
	CU_ASSERT_TRUE(cr_change_flushes(&c, &after));
	after = c;
	after.efer ^= EFER_NXE;
	CU_ASSERT_TRUE(cr_change_flushes(&c, &after));
}

/* --- MSRs ------------------------------------------------------------------------------------ */

static enum msr_outcome get(uint32_t msr, uint64_t *value)
{
	*value = 0xdead;
	return msr_read(&m, &policy, msr, value);
}

static enum msr_outcome put(uint32_t msr, uint64_t value)
{
	return msr_write(&m, &policy, msr, value);
}

static void memory_types_are_those_there_are(void)
{
	uint64_t value;

	CU_ASSERT_EQUAL(get(MSR_PAT, &value), MSR_DONE);
	CU_ASSERT_EQUAL(value, 0x0007040600070406UL);
	CU_ASSERT_EQUAL(put(MSR_PAT, 0x0007040600070402UL), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_PAT, 0x0007040600070408UL), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_PAT, 0x0407050600070106UL), MSR_DONE);
	CU_ASSERT_EQUAL(m.pat, 0x0407050600070106UL);
	CU_ASSERT_EQUAL(get(MSR_MTRR_CAP, &value), MSR_DONE);
	CU_ASSERT_EQUAL(value, 0x508);
	CU_ASSERT_EQUAL(put(MSR_MTRR_CAP, 0x508), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_MTRR_DEF_TYPE, 0xc06), MSR_DONE);
	CU_ASSERT_EQUAL(put(MSR_MTRR_DEF_TYPE, 0xc02), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_MTRR_DEF_TYPE, 0x1000), MSR_FAULT);
	CU_ASSERT_EQUAL(put(0x200, 0x80000006), MSR_DONE);
	CU_ASSERT_EQUAL(put(0x200, 0x80000106), MSR_FAULT);
	CU_ASSERT_EQUAL(put(0x201, 0xff80000800UL), MSR_DONE);
	CU_ASSERT_EQUAL(put(0x201, 0x1ff80000800UL), MSR_FAULT);
	CU_ASSERT_EQUAL(put(0x210, 0), MSR_FAULT);
	CU_ASSERT_EQUAL(put(0x26f, 0x0606060606060606UL), MSR_DONE);
	CU_ASSERT_EQUAL(put(0x26f, 0x0606060606060603UL), MSR_FAULT);
	CU_ASSERT_EQUAL(get(0x26f, &value), MSR_DONE);
	CU_ASSERT_EQUAL(value, 0x0606060606060606UL);
	CU_ASSERT_EQUAL(get(0x251, &value), MSR_FAULT);
	policy_set_word(&policy, POLICY_1D, 0);
	CU_ASSERT_EQUAL(get(MSR_MTRR_CAP, &value), MSR_FAULT);
	CU_ASSERT_EQUAL(get(MSR_PAT, &value), MSR_FAULT);
}

static void machine_check_banks_never_report(void)
{
	uint64_t value;

	CU_ASSERT_EQUAL(get(MSR_MCG_CAP, &value), MSR_DONE);
	CU_ASSERT_EQUAL(value & 0xff, 2);
	for (uint32_t msr = 0x400; msr < 0x408; msr++) {
		CU_ASSERT_EQUAL(get(msr, &value), MSR_DONE);
		CU_ASSERT_EQUAL(value, 0);
		CU_ASSERT_EQUAL(put(msr, 0), MSR_DONE);
	}
	CU_ASSERT_EQUAL(put(0x404, ~0UL), MSR_DONE);
	CU_ASSERT_EQUAL(put(0x401, 1), MSR_FAULT);
	CU_ASSERT_EQUAL(get(0x408, &value), MSR_FAULT);
	CU_ASSERT_EQUAL(get(MSR_MCG_CTL, &value), MSR_FAULT);
}

static void the_early_registers_of_an_amd_guest_do_not_fault(void)
{
	static const uint32_t touched[] = {MSR_UCODE_REVISION, MSR_AMD_HWCR, MSR_AMD_SYSCFG,
					   MSR_AMD_DE_CFG, MSR_K7_EVENTSEL0, MSR_K7_PMC0,
					   MSR_AMD_VM_CR, MSR_DEBUGCTL, MSR_TSC_AUX};
	uint64_t value;

	for (unsigned int i = 0; i < array_size(touched); i++) {
		CU_ASSERT_EQUAL(get(touched[i], &value), MSR_DONE);
		CU_ASSERT_NOT_EQUAL(value, 0xdead);
	}
	CU_ASSERT_EQUAL(get(MSR_AMD_DE_CFG, &value), MSR_DONE);
	CU_ASSERT_EQUAL(value, DE_CFG_LFENCE_SERIALISE);
	CU_ASSERT_EQUAL(put(MSR_AMD_DE_CFG, 0), MSR_DONE);
	CU_ASSERT_EQUAL(put(MSR_AMD_VM_CR, 0), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_DEBUGCTL, 0x40), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_TSC_AUX, 1UL << 32), MSR_FAULT);
	CU_ASSERT_EQUAL(put(MSR_TSC_AUX, 5), MSR_DONE);
	CU_ASSERT_EQUAL(m.tsc_aux, 5);
	CU_ASSERT_EQUAL(get(MSR_MISC_ENABLE, &value), MSR_FAULT);
	CU_ASSERT_EQUAL(get(MSR_FEATURE_CONTROL, &value), MSR_FAULT);
}

static void what_reaches_the_machine_is_not_there(void)
{
	static const uint32_t dangerous[] = {MSR_SPEC_CTRL, MSR_PRED_CMD, MSR_FLUSH_CMD,
					     MSR_INTEL_UCODE_LOAD, MSR_AMD_UCODE_LOAD, MSR_TSX_CTRL,
					     MSR_VMX_BASIC, MSR_AMD_VM_HSAVE_PA, MSR_TSC_RATIO,
					     MSR_AMD_TSEG_MASK, MSR_AMD_LS_CFG, MSR_XSS,
					     MSR_AMD_VIRT_SPEC_CTRL};
	uint64_t value;

	for (unsigned int i = 0; i < array_size(dangerous); i++) {
		CU_ASSERT_EQUAL(get(dangerous[i], &value), MSR_FAULT);
		CU_ASSERT_EQUAL(put(dangerous[i], 0), MSR_FAULT);
	}
}

static void every_number_has_an_answer(void)
{
	static const uint32_t bases[] = {0, 0x40000000, 0xc0000000, 0xc0010000, 0xc0011000,
					 0xfffff000};
	uint64_t value;

	for (unsigned int i = 0; i < array_size(bases); i++) {
		for (uint32_t msr = bases[i]; msr - bases[i] < 0x1000; msr++) {
			enum msr_outcome read = get(msr, &value);

			CU_ASSERT_EQUAL(value == 0xdead, read != MSR_DONE);
			for (unsigned int j = 0; j < 2; j++) {
				enum msr_outcome wrote = put(msr, j ? ~0UL : 0);

				CU_ASSERT_EQUAL(read == MSR_OTHER, wrote == MSR_OTHER);
			}
		}
	}
	CU_ASSERT_EQUAL(get(MSR_EFER, &value), MSR_OTHER);
	CU_ASSERT_EQUAL(get(MSR_APIC_BASE, &value), MSR_OTHER);
	CU_ASSERT_EQUAL(get(0x40000000, &value), MSR_OTHER);
}

static void the_mtrr_record_is_checked(void)
{
	struct hvm_hw_mtrr record, again;

	CU_ASSERT_EQUAL(put(0x202, 0x80000006), MSR_DONE);
	msr_save_mtrr(&m, &record);
	CU_ASSERT_EQUAL(record.msr_mtrr_def_type, 0x806);
	CU_ASSERT_EQUAL(record.msr_mtrr_cap, 0x508);
	msr_init(&m);
	CU_ASSERT_EQUAL(msr_load_mtrr(&m, &policy, &record), 0);
	msr_save_mtrr(&m, &again);
	CU_ASSERT_EQUAL(memcmp(&record, &again, sizeof(record)), 0);
	again.msr_pat_cr = 2;
	CU_ASSERT_EQUAL(msr_load_mtrr(&m, &policy, &again), -XEN_EINVAL);
	again = record;
	again.msr_mtrr_cap = 0x509;
	CU_ASSERT_EQUAL(msr_load_mtrr(&m, &policy, &again), -XEN_EINVAL);
	again = record;
	again.msr_mtrr_fixed[3] = 0xff;
	CU_ASSERT_EQUAL(msr_load_mtrr(&m, &policy, &again), -XEN_EINVAL);
	again = record;
	again.msr_mtrr_var[4] = 3;
	CU_ASSERT_EQUAL(msr_load_mtrr(&m, &policy, &again), -XEN_EINVAL);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(impossible_cr0_values_are_refused),
		UNIT(long_mode_is_entered_and_left_by_the_rules),
		UNIT(pcid_needs_long_mode_and_a_clean_cr3),
		UNIT(bits_without_feature_are_refused),
		UNIT(cr3_holds_addresses_the_guest_has),
		UNIT(xcr0_comes_in_whole_parts),
			UNIT(a_set_from_outside_is_checked_whole),
		UNIT(changes_of_translations_ask_for_a_flush),
		UNIT(memory_types_are_those_there_are),
		UNIT(machine_check_banks_never_report),
		UNIT(the_early_registers_of_an_amd_guest_do_not_fault),
		UNIT(what_reaches_the_machine_is_not_there),
		UNIT(every_number_has_an_answer),
		UNIT(the_mtrr_record_is_checked),
	};

	return unit_main("hvm_registers", tests, array_size(tests), setup);
}
