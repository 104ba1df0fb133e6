/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSRs and control registers of PV guests. Kernels probe far more MSRs than they need, so reads
 * of what has no use here answer as idle hardware would, and writes there vanish: performance
 * counters, machine-check banks, power states. What names memory or changes ring 0 is #GP.
 */
#include "pv/msr.h"

#include "pv/cpuid.h"

#include "domain/own_frame.h"
#include "domain/vtime.h"
#include "machine/cpu.h"
#include "machine/fault.h"
#include "machine/fpu.h"
#include "machine/frames.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/errno.h>

#define MCE_BANKS 2UL
#define MCG_CMCI (1UL << 10)
#define MCG_TES (1UL << 11)
#define MCG_SER (1UL << 24)
#define SYSCFG_MTRR_BITS 0x7c0000UL
#define FEATURE_CONTROL_LOCKED 1UL
#define MISC_ENABLE_HIDDEN (1UL << 7 | 1UL << 18)	      /* PMU, MONITOR */
#define MISC_ENABLE_SHOWN (1UL << 11 | 1UL << 12 | 1UL << 23) /* no BTS, no PEBS, no xTPR */
#define APIC_BASE_DEFAULT 0xfee00000UL

static bool is_intel(const struct vcpu *v)
{
	return policy_vendor(v->domain->policy) == POLICY_VENDOR_INTEL;
}

static bool is_amd(const struct vcpu *v)
{
	return policy_vendor(v->domain->policy) == POLICY_VENDOR_AMD;
}

static bool has_tsc_aux(const struct domain *d)
{
	return (policy_word(d->policy, POLICY_E1D) & CPUID_E1D_RDTSCP) ||
	       (policy_word(d->policy, POLICY_7C0) & CPUID_7C_RDPID);
}

/* Machine-check bank registers, of all banks there could be. */
static bool is_bank_register(uint32_t index)
{
	return index >= MSR_MC0_CTL &&
	       index < MSR_MC0_CTL + MSR_MC_BANK_REGISTERS * MSR_MC_BANK_MAX;
}

static bool is_counter(const struct vcpu *v, uint32_t index)
{
	if (is_amd(v)) {
		return (index >= MSR_K7_EVENTSEL0 && index <= MSR_K7_PMC3) ||
		       (index >= MSR_AMD_EVENTSEL0 && index <= MSR_AMD_PMC5);
	}
	return is_intel(v) &&
	       ((index >= MSR_INTEL_PMC0 && index < MSR_INTEL_PMC0 + 8) ||
		(index >= MSR_INTEL_EVENTSEL0 && index < MSR_INTEL_EVENTSEL0 + 8) ||
		(index >= MSR_INTEL_FIXED_CTR0 && index < MSR_INTEL_FIXED_CTR0 + 3) ||
		(index >= MSR_INTEL_FIXED_CTR_CTRL && index <= MSR_INTEL_PERF_GLOBAL_OVF_CTRL));
}

static uint64_t guest_efer(void)
{
	return cpu_rdmsr(MSR_EFER) & ~EFER_SVME;
}

static int read_intel(uint32_t index, uint64_t *value, const struct cpu_policy *policy)
{
	int err;

	switch (index) {
	case MSR_FEATURE_CONTROL:
		*value = FEATURE_CONTROL_LOCKED;
		return 0;
	case MSR_PLATFORM_INFO:
		*value = policy->platform_info;
		return 0;
	case MSR_MISC_FEATURES_ENABLES:
	case MSR_PERF_STATUS:
	case MSR_PERF_CTL:
	case MSR_THERM_STATUS:
	case MSR_PERF_CAPABILITIES:
		*value = 0;
		return 0;
	case MSR_PLATFORM_ID:
		return fault_rdmsr(index, value);
	case MSR_MISC_ENABLE:
		err = fault_rdmsr(index, value);
		*value = (*value & ~MISC_ENABLE_HIDDEN) | MISC_ENABLE_SHOWN;
		return err;
	default:
		return -XEN_EFAULT;
	}
}

static int read_amd(const struct vcpu *v, uint32_t index, uint64_t *value)
{
	int err;

	switch (index) {
	case MSR_AMD_DE_CFG:
		*value = DE_CFG_LFENCE_SERIALISE;
		return 0;
	case MSR_AMD_NB_CFG:
	case MSR_AMD_HWCR:
		*value = 0;
		return 0;
	case MSR_AMD_SYSCFG:
	case MSR_AMD_IORR_BASE0 ... MSR_AMD_IORR_MASK1:
	case MSR_AMD_TOP_MEM:
	case MSR_AMD_TOP_MEM2:
	case MSR_AMD_TSEG_BASE:
	case MSR_AMD_TSEG_MASK:
		err = v->domain->is_hardware ? fault_rdmsr(index, value) : -XEN_EFAULT;
		if (index == MSR_AMD_SYSCFG) {
			*value &= SYSCFG_MTRR_BITS;
		}
		return err;
	default:
		return -XEN_EFAULT;
	}
}

static int read_other(struct vcpu *v, uint32_t index, uint64_t *value)
{
	if (is_bank_register(index)) {
		*value = index % MSR_MC_BANK_REGISTERS == 0 ? ~0UL : 0;
		return 0;
	}
	if (is_counter(v, index)) {
		*value = 0;
		return 0;
	}
	if (is_intel(v)) {
		return read_intel(index, value, v->domain->policy);
	}
	return is_amd(v) ? read_amd(v, index, value) : -XEN_EFAULT;
}

int pv_msr_read(struct vcpu *v, uint32_t index, uint64_t *value)
{
	const struct cpu_policy *policy = v->domain->policy;

	*value = 0;
	switch (index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		*value = cpu_rdmsr(index);
		return 0;
	case MSR_TSC_AUX:
		*value = v->pv->tsc_aux;
		return has_tsc_aux(v->domain) ? 0 : -XEN_EFAULT;
	case MSR_TSC:
		*value = vtime_tsc(v);
		return 0;
	case MSR_APIC_BASE:
		*value = APIC_BASE_DEFAULT | APIC_BASE_ENABLE | (v->id == 0 ? APIC_BASE_BSP : 0);
		return 0;
	case MSR_UCODE_REVISION:
		return fault_rdmsr(index, value);
	case MSR_PAT:
		*value = PAT_GUEST_VALUE;
		return 0;
	case MSR_EFER:
		*value = guest_efer();
		return 0;
	case MSR_ARCH_CAPABILITIES:
		*value = policy->arch_caps[0] | (uint64_t)policy->arch_caps[1] << 32;
		return policy_word(policy, POLICY_7D0) & CPUID_7D_ARCH_CAPS ? 0 : -XEN_EFAULT;
	case MSR_MCG_CAP:
		*value = MCE_BANKS | (is_intel(v) ? MCG_SER | MCG_TES | MCG_CMCI : 0);
		return 0;
	case MSR_MCG_STATUS:
	case MSR_XEN_HYPERCALL_PAGE:
		return 0;
	default:
		return read_other(v, index, value);
	}
}

static int write_base(uint32_t index, uint64_t value)
{
	if (!address_is_canonical(value)) {
		return -XEN_EFAULT;
	}
	cpu_wrmsr(index, value);
	return 0;
}

static int write_hypercall_page(struct domain *d, uint64_t value)
{
	struct frame *f;
	void *page;

	if (page_offset(value) != 0 || own_frame_get_writable(d, gfn(value >> PAGE_SHIFT), &f)) {
		return -XEN_EFAULT;
	}
	page = frame_map(frame_mfn(f));
	pv_fill_hypercall_page(page);
	frame_unmap(page);
	own_frame_put_writable(d, f);
	return 0;
}

static int write_other(struct vcpu *v, uint32_t index, uint64_t value)
{
	uint64_t present;

	if (is_bank_register(index) || is_counter(v, index)) {
		return 0;
	}
	if (is_amd(v)) {
		return index == MSR_AMD_DE_CFG || index == MSR_AMD_NB_CFG || index == MSR_AMD_HWCR
			       ? 0
			       : -XEN_EFAULT;
	}
	if (!is_intel(v)) {
		return -XEN_EFAULT;
	}
	switch (index) {
	case MSR_PERF_CTL:
		return 0;
	case MSR_UCODE_REVISION:
	case MSR_MISC_FEATURES_ENABLES:
		return value == 0 ? 0 : -XEN_EFAULT;
	case MSR_MISC_ENABLE:
		return read_intel(index, &present, v->domain->policy) == 0 && present == value
			       ? 0
			       : -XEN_EFAULT;
	default:
		return -XEN_EFAULT;
	}
}

int pv_msr_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	switch (index) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		return write_base(index, value);
	case MSR_TSC_AUX:
		if (!has_tsc_aux(v->domain) || value >> 32) {
			return -XEN_EFAULT;
		}
		v->pv->tsc_aux = value;
		pv_tsc_aux_load(v);
		return 0;
	case MSR_EFER:
		return value == guest_efer() ? 0 : -XEN_EFAULT;
	case MSR_MCG_STATUS:
		return 0;
	case MSR_PRED_CMD:
		if (!(policy_word(v->domain->policy, POLICY_E8B) & CPUID_E8B_IBPB) || value > 1) {
			return -XEN_EFAULT;
		}
		return fault_wrmsr(index, value);
	case MSR_XEN_HYPERCALL_PAGE:
		return write_hypercall_page(v->domain, value);
	default:
		return write_other(v, index, value);
	}
}

/* --- control registers ----------------------------------------------------------------------- */

#define CR4_GUEST_FIXED (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)
#define CR4_REAL_GUEST (CR4_FSGSBASE | CR4_TSD | CR4_DE) /* those the CPU gets */

uint64_t pv_cr4_filter(const struct domain *d, uint64_t value)
{
	uint64_t allowed = CR4_TSD | CR4_DE;

	if (policy_word(d->policy, POLICY_7B0) & CPUID_7B_FSGSBASE) {
		allowed |= CR4_FSGSBASE;
	}
	if (policy_word(d->policy, POLICY_1C) & CPUID_1C_XSAVE) {
		allowed |= CR4_OSXSAVE;
	}
	return CR4_GUEST_FIXED | (value & allowed);
}

void pv_cr4_load(struct vcpu *v)
{
	uint64_t present = cpu_read_cr4();
	uint64_t wanted = (present & ~CR4_REAL_GUEST) | (v->pv->cr4 & CR4_REAL_GUEST);

	if (v->domain->tsc_emulated) {
		wanted |= CR4_TSD;
	}
	if (wanted != present) {
		cpu_write_cr4(wanted);
	}
}

void pv_set_task_switched(struct vcpu *v, bool set)
{
	v->pv->task_switched = set;
	if (set) {
		cpu_write_cr0(cpu_read_cr0() | CR0_TS);
	} else {
		cpu_clts();
	}
}

/* What each CPU's TSC_AUX holds, plus one; 0: not known. */
static uint64_t tsc_aux_loaded[CPUS_MAX];

void pv_tsc_aux_load(struct vcpu *v)
{
	uint64_t *loaded = &tsc_aux_loaded[this_cpu()];

	if (*loaded != v->pv->tsc_aux + 1 && has_tsc_aux(v->domain)) {
		cpu_wrmsr(MSR_TSC_AUX, v->pv->tsc_aux);
		*loaded = v->pv->tsc_aux + 1;
	}
}

#define XCR0_AVX512 (XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM)

int pv_xcr0_set(struct vcpu *v, uint64_t value)
{
	uint64_t wide = value & XCR0_AVX512;

	/* SDM 1 13.3: x87 always, AVX with SSE, the three of AVX-512 together and with AVX. */
	if (!(value & XCR0_X87) || (value & ~policy_xcr0(v->domain->policy)) ||
	    ((value & XCR0_AVX) && !(value & XCR0_SSE)) ||
	    (wide && (wide != XCR0_AVX512 || !(value & XCR0_AVX))) ||
	    fault_xsetbv(0, value) != 0) {
		return -XEN_EINVAL;
	}
	v->xcr0 = value;
	return 0;
}
