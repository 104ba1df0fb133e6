/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of ranges; each row says which CPUs have the register and who answers. A register no
 * row names is #GP. Some read a constant and drop what is written: guests touch them on every CPU
 * of that vendor, and nothing they could turn on there is theirs.
 *
 * Sources of the numbers: Intel SDM 4 table 2-2; AMD APM 2 appendix A and BKDG/PPR; memory types:
 * SDM 3A 11.11 and 11.12 (now 12), machine checks: 3B 15.3.
 */
#include "hvm/msr.h"

#include "lib/math.h"
#include "lib/mem.h"
#include "x86/cpuid.h"
#include "x86/msr.h"
#include "x86/policy.h"

#include <xen/errno.h>
#include <xen/hvm_save.h>

#define MTRR_CAP_VALUE (HVM_MTRR_RANGES | 1U << 8 | 1U << 10) /* fixed ranges, write combining */
#define MTRR_DEF_WRITABLE 0xcffUL
#define MTRR_DEF_ENABLE 0x800UL
#define MTRR_MASK_VALID 0x800UL
#define MEMORY_TYPE_WB 6U
#define PAT_RESET 0x0007040600070406UL
#define HWCR_TSC_FREQ_SELECT (1UL << 24)
#define VM_CR_LOCKED_OFF 0x18UL /* LOCK, SVMDIS */
#define FEATURE_CONTROL_LOCKED 1UL
#define DEBUGCTL_IGNORED 3UL /* LBR, BTF: neither is there */
#define MISC_ENABLE_VALUE (1UL << 0 | 1UL << 11 | 1UL << 12) /* fast strings; no BTS, no PEBS */
#define FIXED_16K_COUNT 2U

enum msr_for {
	FOR_ALL,
	FOR_INTEL,
	FOR_AMD,
	FOR_MTRR,
	FOR_PAT,
	FOR_ARCH_CAPS,
	FOR_TSC_AUX,
};

struct row {
	uint32_t first, last;
	enum msr_for who;
	bool (*read)(const struct hvm_msrs *m, const struct cpu_policy *policy, uint32_t msr,
		     uint64_t *value);
	/* NULL: what is written is dropped. */
	bool (*write)(struct hvm_msrs *m, const struct cpu_policy *policy, uint32_t msr,
		      uint64_t value);
};

/* --- memory types ---------------------------------------------------------------------------- */

static bool type_is_valid(uint64_t type)
{
	return type <= 6 && type != 2 && type != 3;
}

bool pat_is_valid(uint64_t pat)
{
	for (unsigned int i = 0; i < 8; i++) {
		uint64_t type = pat >> i * 8 & 0xff;

		if (!type_is_valid(type) && type != 7) {
			return false;
		}
	}
	return true;
}

static bool fixed_is_valid(uint64_t value)
{
	for (unsigned int i = 0; i < 8; i++) {
		if (!type_is_valid(value >> i * 8 & 0xff)) {
			return false;
		}
	}
	return true;
}

static uint64_t address_mask(const struct cpu_policy *policy)
{
	uint32_t width = policy->extended[8].a & 0xff;

	return (1UL << (width < 32 || width > 52 ? 36 : width)) - 1;
}

/* Even: base and type; odd: mask and valid bit. */
static bool range_is_valid(const struct cpu_policy *policy, unsigned int index, uint64_t value)
{
	if (value & ~address_mask(policy)) {
		return false;
	}
	if (index % 2 == 0) {
		return (value & 0xf00) == 0 && type_is_valid(value & 0xff);
	}
	return (value & 0xfff & ~MTRR_MASK_VALID) == 0;
}

static unsigned int fixed_index(uint32_t msr)
{
	if (msr >= MSR_MTRR_FIX_4K_C0000) {
		return 1 + FIXED_16K_COUNT + (msr - MSR_MTRR_FIX_4K_C0000);
	}
	return msr == MSR_MTRR_FIX_64K_00000 ? 0 : 1 + (msr - MSR_MTRR_FIX_16K_80000);
}

static bool read_pat(const struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
		     uint32_t msr unused_arg, uint64_t *value)
{
	*value = m->pat;
	return true;
}

static bool write_pat(struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
		      uint32_t msr unused_arg, uint64_t value)
{
	if (!pat_is_valid(value)) {
		return false;
	}
	m->pat = value;
	return true;
}

static bool read_mtrr(const struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
		      uint32_t msr, uint64_t *value)
{
	if (msr == MSR_MTRR_CAP) {
		*value = MTRR_CAP_VALUE;
	} else if (msr == MSR_MTRR_DEF_TYPE) {
		*value = m->mtrr_def_type;
	} else if (msr >= MSR_MTRR_FIX_64K_00000) {
		*value = m->mtrr_fixed[fixed_index(msr)];
	} else {
		*value = m->mtrr_range[msr - MSR_MTRR_PHYS_BASE0];
	}
	return true;
}

static bool write_mtrr(struct hvm_msrs *m, const struct cpu_policy *policy, uint32_t msr,
		       uint64_t value)
{
	if (msr == MSR_MTRR_CAP) {
		return false;
	}
	if (msr == MSR_MTRR_DEF_TYPE) {
		if ((value & ~MTRR_DEF_WRITABLE) || !type_is_valid(value & 0xff)) {
			return false;
		}
		m->mtrr_def_type = value;
	} else if (msr >= MSR_MTRR_FIX_64K_00000) {
		if (!fixed_is_valid(value)) {
			return false;
		}
		m->mtrr_fixed[fixed_index(msr)] = value;
	} else {
		if (!range_is_valid(policy, msr - MSR_MTRR_PHYS_BASE0, value)) {
			return false;
		}
		m->mtrr_range[msr - MSR_MTRR_PHYS_BASE0] = value;
	}
	return true;
}

/* --- machine checks: banks that never report ------------------------------------------------- */

static bool read_mcg(const struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
		     uint32_t msr, uint64_t *value)
{
	*value = msr == MSR_MCG_CAP ? HVM_MCE_BANKS : m->mcg_status;
	return true;
}

static bool write_mcg(struct hvm_msrs *m, const struct cpu_policy *policy unused_arg, uint32_t msr,
		      uint64_t value)
{
	if (msr == MSR_MCG_STATUS) {
		m->mcg_status = value;
	}
	return true;
}

static bool read_bank(const struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
		      uint32_t msr, uint64_t *value)
{
	uint32_t index = msr - MSR_MC0_CTL;

	*value = index % MSR_MC_BANK_REGISTERS == 0 ? m->mce_control[index / MSR_MC_BANK_REGISTERS]
						    : 0;
	return true;
}

/* Status, address and the rest: zero clears them, anything else is #GP (SDM 3B 15.3.2.2). */
static bool write_bank(struct hvm_msrs *m, const struct cpu_policy *policy unused_arg, uint32_t msr,
		       uint64_t value)
{
	uint32_t index = msr - MSR_MC0_CTL;

	if (index % MSR_MC_BANK_REGISTERS != 0) {
		return value == 0;
	}
	m->mce_control[index / MSR_MC_BANK_REGISTERS] = value;
	return true;
}

/* --- the rest -------------------------------------------------------------------------------- */

static bool read_zero(const struct hvm_msrs *m unused_arg, const struct cpu_policy *p unused_arg,
		      uint32_t msr unused_arg, uint64_t *value)
{
	*value = 0;
	return true;
}

static bool read_constant(const struct hvm_msrs *m unused_arg, const struct cpu_policy *policy,
			  uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_FEATURE_CONTROL:
		*value = FEATURE_CONTROL_LOCKED;
		break;
	case MSR_ARCH_CAPABILITIES:
		*value = policy->arch_caps[0] | (uint64_t)policy->arch_caps[1] << 32;
		break;
	case MSR_PLATFORM_INFO:
		*value = policy->platform_info;
		break;
	case MSR_AMD_HWCR:
		*value = HWCR_TSC_FREQ_SELECT;
		break;
	case MSR_AMD_DE_CFG:
		*value = DE_CFG_LFENCE_SERIALISE;
		break;
	case MSR_AMD_VM_CR:
		*value = VM_CR_LOCKED_OFF;
		break;
	default:
		return false;
	}
	return true;
}

static bool refuse(struct hvm_msrs *m unused_arg, const struct cpu_policy *policy unused_arg,
		   uint32_t msr unused_arg, uint64_t value unused_arg)
{
	return false;
}

static bool write_debugctl(struct hvm_msrs *m unused_arg, const struct cpu_policy *p unused_arg,
			   uint32_t msr unused_arg, uint64_t value)
{
	return (value & ~DEBUGCTL_IGNORED) == 0;
}

static bool read_misc_enable(const struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
			     uint32_t msr unused_arg, uint64_t *value)
{
	*value = m->misc_enable;
	return true;
}

static bool read_tsc_aux(const struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
			 uint32_t msr unused_arg, uint64_t *value)
{
	*value = m->tsc_aux;
	return true;
}

static bool write_tsc_aux(struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
			  uint32_t msr unused_arg, uint64_t value)
{
	if (value >> 32) {
		return false;
	}
	m->tsc_aux = value;
	return true;
}

static const struct row rows[] = {
	{MSR_PLATFORM_ID, MSR_PLATFORM_ID, FOR_INTEL, read_zero, refuse},
	{MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, FOR_INTEL, read_constant, refuse},
	{MSR_UCODE_REVISION, MSR_UCODE_REVISION, FOR_ALL, read_zero, NULL},
	{MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, FOR_INTEL, read_constant, refuse},
	{MSR_MTRR_CAP, MSR_MTRR_CAP, FOR_MTRR, read_mtrr, write_mtrr},
	{MSR_ARCH_CAPABILITIES, MSR_ARCH_CAPABILITIES, FOR_ARCH_CAPS, read_constant, refuse},
	{MSR_MCG_CAP, MSR_MCG_STATUS, FOR_ALL, read_mcg, write_mcg},
	{MSR_MISC_ENABLE, MSR_MISC_ENABLE, FOR_INTEL, read_misc_enable, NULL},
	{MSR_DEBUGCTL, MSR_DEBUGCTL, FOR_ALL, read_zero, write_debugctl},
	{MSR_LAST_BRANCH_FROM, MSR_LAST_INT_TO, FOR_ALL, read_zero, NULL},
	{MSR_MTRR_PHYS_BASE0, MSR_MTRR_PHYS_BASE0 + 2 * HVM_MTRR_RANGES - 1, FOR_MTRR, read_mtrr,
	 write_mtrr},
	{MSR_MTRR_FIX_64K_00000, MSR_MTRR_FIX_64K_00000, FOR_MTRR, read_mtrr, write_mtrr},
	{MSR_MTRR_FIX_16K_80000, MSR_MTRR_FIX_16K_A0000, FOR_MTRR, read_mtrr, write_mtrr},
	{MSR_MTRR_FIX_4K_C0000, MSR_MTRR_FIX_4K_F8000, FOR_MTRR, read_mtrr, write_mtrr},
	{MSR_PAT, MSR_PAT, FOR_PAT, read_pat, write_pat},
	{MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, FOR_MTRR, read_mtrr, write_mtrr},
	{MSR_MC0_CTL, MSR_MC0_CTL + HVM_MCE_BANKS * MSR_MC_BANK_REGISTERS - 1, FOR_ALL, read_bank,
	 write_bank},
	{MSR_TSC_AUX, MSR_TSC_AUX, FOR_TSC_AUX, read_tsc_aux, write_tsc_aux},
	{MSR_K7_EVENTSEL0, MSR_K7_PMC3, FOR_AMD, read_zero, NULL},
	{MSR_AMD_SYSCFG, MSR_AMD_SYSCFG, FOR_AMD, read_zero, NULL},
	{MSR_AMD_HWCR, MSR_AMD_HWCR, FOR_AMD, read_constant, NULL},
	{MSR_AMD_NB_CFG, MSR_AMD_NB_CFG, FOR_AMD, read_zero, NULL},
	{MSR_AMD_VM_CR, MSR_AMD_VM_CR, FOR_AMD, read_constant, refuse},
	{MSR_AMD_DE_CFG, MSR_AMD_DE_CFG, FOR_AMD, read_constant, NULL},
};

static bool is_for(enum msr_for who, const struct cpu_policy *policy)
{
	switch (who) {
	case FOR_ALL:
		return true;
	case FOR_INTEL:
		return policy_vendor(policy) == POLICY_VENDOR_INTEL;
	case FOR_AMD:
		return policy_vendor(policy) == POLICY_VENDOR_AMD;
	case FOR_MTRR:
		return (policy_word(policy, POLICY_1D) & CPUID_1D_MTRR) != 0;
	case FOR_PAT:
		return (policy_word(policy, POLICY_1D) & CPUID_1D_PAT) != 0;
	case FOR_ARCH_CAPS:
		return (policy_word(policy, POLICY_7D0) & CPUID_7D_ARCH_CAPS) != 0;
	case FOR_TSC_AUX:
		return (policy_word(policy, POLICY_E1D) & CPUID_E1D_RDTSCP) != 0 ||
		       (policy_word(policy, POLICY_7C0) & CPUID_7C_RDPID) != 0;
	}
	return false;
}

static bool is_elsewhere(uint32_t msr)
{
	switch (msr) {
	case MSR_TSC:
	case MSR_TSC_ADJUST:
	case MSR_APIC_BASE:
	case MSR_SYSENTER_CS:
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
	case MSR_TSC_DEADLINE:
	case MSR_X2APIC_FIRST ... MSR_X2APIC_LAST:
	case MSR_HYPERVISOR_FIRST ... MSR_HYPERVISOR_LAST:
	case MSR_EFER ... MSR_SFMASK:
	case MSR_FS_BASE ... MSR_KERNEL_GS_BASE:
		return true;
	default:
		return false;
	}
}

static const struct row *find(const struct cpu_policy *policy, uint32_t msr)
{
	for (unsigned int i = 0; i < array_size(rows); i++) {
		if (msr >= rows[i].first && msr <= rows[i].last) {
			return is_for(rows[i].who, policy) ? &rows[i] : NULL;
		}
	}
	return NULL;
}

enum msr_outcome msr_read(const struct hvm_msrs *m, const struct cpu_policy *policy, uint32_t msr,
			  uint64_t *value)
{
	const struct row *row = find(policy, msr);

	if (!row) {
		return is_elsewhere(msr) ? MSR_OTHER : MSR_FAULT;
	}
	return row->read(m, policy, msr, value) ? MSR_DONE : MSR_FAULT;
}

enum msr_outcome msr_write(struct hvm_msrs *m, const struct cpu_policy *policy, uint32_t msr,
			   uint64_t value)
{
	const struct row *row = find(policy, msr);

	if (!row) {
		return is_elsewhere(msr) ? MSR_OTHER : MSR_FAULT;
	}
	return !row->write || row->write(m, policy, msr, value) ? MSR_DONE : MSR_FAULT;
}

void msr_init(struct hvm_msrs *m)
{
	memset(m, 0, sizeof(*m));
	m->pat = PAT_RESET;
	m->mtrr_def_type = MTRR_DEF_ENABLE | MEMORY_TYPE_WB;
	m->misc_enable = MISC_ENABLE_VALUE;
}

/* --- records --------------------------------------------------------------------------------- */

void msr_save_mtrr(const struct hvm_msrs *m, struct hvm_hw_mtrr *record)
{
	*record = (struct hvm_hw_mtrr){
		.msr_pat_cr = m->pat,
		.msr_mtrr_cap = MTRR_CAP_VALUE,
		.msr_mtrr_def_type = m->mtrr_def_type,
	};
	memcpy(record->msr_mtrr_var, m->mtrr_range, sizeof(m->mtrr_range));
	memcpy(record->msr_mtrr_fixed, m->mtrr_fixed, sizeof(m->mtrr_fixed));
}

/* Only bits: a record may come from a machine with wider addresses than the policy shows here. */
int msr_load_mtrr(struct hvm_msrs *m, const struct cpu_policy *policy unused_arg,
		  const struct hvm_hw_mtrr *record)
{
	if ((record->msr_mtrr_cap & 0xff) > HVM_MTRR_RANGES || !pat_is_valid(record->msr_pat_cr) ||
	    (record->msr_mtrr_def_type & ~MTRR_DEF_WRITABLE) ||
	    !type_is_valid(record->msr_mtrr_def_type & 0xff)) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < HVM_MTRR_FIXED; i++) {
		if (!fixed_is_valid(record->msr_mtrr_fixed[i])) {
			return -XEN_EINVAL;
		}
	}
	for (unsigned int i = 0; i < 2 * HVM_MTRR_RANGES; i += 2) {
		if (!type_is_valid(record->msr_mtrr_var[i] & 0xff)) {
			return -XEN_EINVAL;
		}
	}
	m->pat = record->msr_pat_cr;
	m->mtrr_def_type = record->msr_mtrr_def_type;
	memcpy(m->mtrr_range, record->msr_mtrr_var, sizeof(m->mtrr_range));
	memcpy(m->mtrr_fixed, record->msr_mtrr_fixed, sizeof(m->mtrr_fixed));
	return 0;
}
