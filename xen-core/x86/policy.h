/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU policy: the CPUID leaves and feature MSRs of a guest, before the bits that depend on the
 * moment (OSXSAVE, extended state sizes) are put in. There is one of the host, one each for what a
 * PV guest and an HVM guest may have at most and by default, and one per domain.
 *
 * Leaves beyond a policy's limits are kept zero.
 */
#ifndef X86_POLICY_H
#define X86_POLICY_H

#include "x86/cpuid.h"

#include <xen/arch_x86.h>

#define POLICY_BASIC_LEAVES 0xeU
#define POLICY_EXTENDED_LEAVES 0x22U
#define POLICY_CACHE_LEAVES 6U
#define POLICY_FEATURE_LEAVES 3U
#define POLICY_TOPOLOGY_LEAVES 2U
#define POLICY_XSTATE_LEAVES 63U

/* The most policy_to_leaves() makes and XEN_DOMCTL_set_cpu_policy takes. */
#define POLICY_LEAVES_MAX 0x78U
#define POLICY_MSRS 2U

/* Feature words in the order of public/arch-x86/cpufeatureset.h. */
enum policy_word {
	POLICY_1D,
	POLICY_1C,
	POLICY_E1D,
	POLICY_E1C,
	POLICY_DA1,
	POLICY_7B0,
	POLICY_7C0,
	POLICY_E7D,
	POLICY_E8B,
	POLICY_7D0,
	POLICY_7A1,
	POLICY_E21A,
	POLICY_7B1,
	POLICY_7D2,
	POLICY_7C1,
	POLICY_7D1,
	POLICY_M10A_LOW,
	POLICY_M10A_HIGH,
	POLICY_E21C,
	POLICY_WORDS,
};

enum policy_vendor {
	POLICY_VENDOR_OTHER,
	POLICY_VENDOR_INTEL,
	POLICY_VENDOR_AMD, /* and Hygon */
};

struct cpu_policy {
	struct cpuid_leaf basic[POLICY_BASIC_LEAVES]; /* 4, 7, 0xb, 0xd: below */
	struct cpuid_leaf cache[POLICY_CACHE_LEAVES];
	struct cpuid_leaf feature[POLICY_FEATURE_LEAVES];
	struct cpuid_leaf topology[POLICY_TOPOLOGY_LEAVES];
	struct cpuid_leaf xstate[POLICY_XSTATE_LEAVES];
	struct cpuid_leaf extended[POLICY_EXTENDED_LEAVES];
	uint32_t hypervisor_limit;  /* EAX of 0x40000000; 0: ours */
	uint32_t hypervisor2_limit; /* EAX of 0x40000100 */
	uint32_t arch_caps[2];
	uint64_t platform_info;
};

/* What policy_cpuid() needs to know besides the policy. */
struct policy_inputs {
	const struct cpu_policy *host;
	bool is_pv;
	bool osxsave_offered; /* forced CPUID in a PV kernel: OSXSAVE is shown with XSAVE */
	bool osxsave;	      /* the guest's CR4.OSXSAVE */
	bool show_mtrr;	      /* kernel of the hardware domain: MTRR and EIST */
	bool show_monitor;    /* ... a plain CPUID of it: MONITOR and leaf 5 */
	/* HVM only: APIC_BASE has it enabled; who asks. */
	bool apic_enabled;
	uint32_t apic_id;
	uint32_t vcpu_id;
	uint32_t domid;
	bool tsc_emulated;
	bool tsc_safe;
	uint8_t address_width; /* of machine addresses */
	uint64_t xcr0;
	uint32_t tsc_mode, tsc_khz, tsc_incarnation, host_khz;
	uint64_t tsc_offset;
	uint32_t tsc_mul;
	int8_t tsc_shift;
};

typedef void policy_read_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out);

/* Reads the host's. xcr0: the extended state the core can switch, 0 if none. */
void policy_from_host(struct cpu_policy *policy, policy_read_cpuid *read, uint64_t xcr0);
void policy_pv_max(struct cpu_policy *policy, const struct cpu_policy *host);
void policy_pv_default(struct cpu_policy *policy, const struct cpu_policy *host);
/* Of a hardware-virtualized guest: ring 0 and paging are its own; what the core does not virtualize
 * (SVM, VMX, performance counters, speculation control, protection keys) it does not see. */
void policy_hvm_max(struct cpu_policy *policy, const struct cpu_policy *host);
void policy_hvm_default(struct cpu_policy *policy, const struct cpu_policy *host);
/* Takes away what max does not have and what depends on something taken away. */
void policy_clamp(struct cpu_policy *policy, const struct cpu_policy *max);

enum policy_vendor policy_vendor(const struct cpu_policy *policy);
uint32_t policy_word(const struct cpu_policy *policy, enum policy_word word);
void policy_set_word(struct cpu_policy *policy, enum policy_word word, uint32_t value);
/* Leaf 1, eax: family, model, stepping; what RDX holds after RESET. */
static inline uint32_t policy_cpuid_signature(const struct cpu_policy *policy)
{
	return policy->basic[1].a;
}
/* XCR0 bits the guest may set; 0: no XSAVE. */
uint64_t policy_xcr0(const struct cpu_policy *policy);

struct cpuid_leaf policy_cpuid(const struct cpu_policy *policy, const struct policy_inputs *inputs,
			       uint32_t leaf, uint32_t subleaf);

/* --- XEN_SYSCTL_get_cpu_policy, XEN_DOMCTL_get_cpu_policy, set_cpu_policy -------------------- */
/* *count: room in, number out. -XEN_ENOBUFS. */
int must_check policy_to_leaves(const struct cpu_policy *policy, struct xen_cpuid_leaf *leaves,
				uint32_t *count);
int must_check policy_to_msrs(const struct cpu_policy *policy, struct xen_msr_entry *msrs,
			      uint32_t *count);
/* Merges into policy. -XEN_ERANGE: unknown, and *bad says which; policy may be half changed. */
int must_check policy_from_leaves(struct cpu_policy *policy, const struct xen_cpuid_leaf *leaves,
				  uint32_t count, uint32_t *bad_leaf, uint32_t *bad_subleaf);
/* -XEN_EINVAL: flags; -XEN_ERANGE: unknown; -XEN_EOVERFLOW: too wide. */
int must_check policy_from_msrs(struct cpu_policy *policy, const struct xen_msr_entry *msrs,
				uint32_t count, uint32_t *bad_msr);
/* Limits above the host's: -XEN_EINVAL with the culprit; ~0 in those that are not. */
int must_check policy_check(const struct cpu_policy *policy, const struct cpu_policy *max,
			    uint32_t *bad_leaf, uint32_t *bad_subleaf, uint32_t *bad_msr);
void policy_to_featureset(const struct cpu_policy *policy, uint32_t words[POLICY_WORDS]);

#endif
