/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU policies. What a PV guest may see is an upper bound per feature word, ANDed with the host:
 * the bounds leave out what needs ring 0, paging modes, or state the core does not switch
 * (speculation control, protection keys, CET). An HVM guest gets ring 0 and paging back, and a
 * local APIC, which is ours whatever the machine has. Features that need registers a policy lacks
 * go with them. The bits of the moment are added when a leaf is answered.
 */
#include "x86/policy.h"

#include "x86/cr.h"
#include "x86/msr.h"

#include "lib/math.h"
#include "lib/mem.h"

#include <xen/errno.h>

#define XEN_LEAF_MAX_PV 5U
#define XEN_HVM_LEAF 4U
#define XEN_VERSION_LEAF 0x00040011U /* 4.17 */
#define XSAVE_LEGACY_BYTES 576U	     /* legacy region and header (SDM 1 13.4) */
#define XSTATE_ALIGNED 2U	     /* leaf 0xd.n, ecx: compacted at a multiple of 64 */

static const uint16_t word_offset[POLICY_WORDS] = {
	[POLICY_1D] = offsetof(struct cpu_policy, basic[1].d),
	[POLICY_1C] = offsetof(struct cpu_policy, basic[1].c),
	[POLICY_E1D] = offsetof(struct cpu_policy, extended[1].d),
	[POLICY_E1C] = offsetof(struct cpu_policy, extended[1].c),
	[POLICY_DA1] = offsetof(struct cpu_policy, xstate[1].a),
	[POLICY_7B0] = offsetof(struct cpu_policy, feature[0].b),
	[POLICY_7C0] = offsetof(struct cpu_policy, feature[0].c),
	[POLICY_E7D] = offsetof(struct cpu_policy, extended[7].d),
	[POLICY_E8B] = offsetof(struct cpu_policy, extended[8].b),
	[POLICY_7D0] = offsetof(struct cpu_policy, feature[0].d),
	[POLICY_7A1] = offsetof(struct cpu_policy, feature[1].a),
	[POLICY_E21A] = offsetof(struct cpu_policy, extended[0x21].a),
	[POLICY_7B1] = offsetof(struct cpu_policy, feature[1].b),
	[POLICY_7D2] = offsetof(struct cpu_policy, feature[2].d),
	[POLICY_7C1] = offsetof(struct cpu_policy, feature[1].c),
	[POLICY_7D1] = offsetof(struct cpu_policy, feature[1].d),
	[POLICY_M10A_LOW] = offsetof(struct cpu_policy, arch_caps[0]),
	[POLICY_M10A_HIGH] = offsetof(struct cpu_policy, arch_caps[1]),
	[POLICY_E21C] = offsetof(struct cpu_policy, extended[0x21].c),
};

/* Bounds of a PV guest. */
static const uint32_t pv_bound[POLICY_WORDS] = {
	[POLICY_1D] = 0x1fc9cbf5,  [POLICY_1C] = 0xf6d83203,  [POLICY_E1D] = 0xea500800,
	[POLICY_E1C] = 0x042109e3, [POLICY_DA1] = 0x00000007, [POLICY_7B0] = 0xfdaf0b29,
	[POLICY_7C0] = 0x02405f43, [POLICY_E7D] = 0,	      [POLICY_E8B] = 0x64001005,
	[POLICY_7D0] = 0x2000441c, [POLICY_7A1] = 0x00001c30, [POLICY_E21A] = 0x78000064,
	[POLICY_7B1] = 0,	   [POLICY_7D2] = 0x00000020, [POLICY_7C1] = 0,
	[POLICY_7D1] = 0,	   [POLICY_M10A_LOW] = 0x1d12e173, [POLICY_M10A_HIGH] = 0x40000000,
	[POLICY_E21C] = 0x00000006,
};

/* Bounds of an HVM guest. */
static const uint32_t hvm_bound[POLICY_WORDS] = {
	[POLICY_1D] = 0x1fcbfbff,  [POLICY_1C] = 0xf7fa3203,  [POLICY_E1D] = 0xee500800,
	[POLICY_E1C] = 0x002109e3, [POLICY_DA1] = 0x00000007, [POLICY_7B0] = 0xfdbf0fa9,
	[POLICY_7C0] = 0x02405f47, [POLICY_E7D] = 0,	      [POLICY_E8B] = 0x24000005,
	[POLICY_7D0] = 0x2000441c, [POLICY_7A1] = 0x00001c30, [POLICY_E21A] = 0x78000064,
	[POLICY_7B1] = 0,	   [POLICY_7D2] = 0x00000020, [POLICY_7C1] = 0,
	[POLICY_7D1] = 0,	   [POLICY_M10A_LOW] = 0x1d12e173, [POLICY_M10A_HIGH] = 0x40000000,
	[POLICY_E21C] = 0x00000006,
};

uint32_t policy_word(const struct cpu_policy *policy, enum policy_word word)
{
	return *(const uint32_t *)(const void *)((const char *)policy + word_offset[word]);
}

void policy_set_word(struct cpu_policy *policy, enum policy_word word, uint32_t value)
{
	*(uint32_t *)(void *)((char *)policy + word_offset[word]) = value;
}

static void clear_bits(struct cpu_policy *policy, enum policy_word word, uint32_t bits)
{
	policy_set_word(policy, word, policy_word(policy, word) & ~bits);
}

enum policy_vendor policy_vendor(const struct cpu_policy *policy)
{
	uint32_t b = policy->basic[0].b;

	if (b == 0x756e6547) { /* "Genu" */
		return POLICY_VENDOR_INTEL;
	}
	/* "Auth", "Hygo" */
	return b == 0x68747541 || b == 0x6f677948 ? POLICY_VENDOR_AMD : POLICY_VENDOR_OTHER;
}

/* --- reading the host ------------------------------------------------------------------------ */

static uint32_t extended_limit(const struct cpu_policy *policy)
{
	uint32_t a = policy->extended[0].a;

	return a >> 16 == 0x8000 ? min_u32(a & 0xffff, POLICY_EXTENDED_LEAVES - 1) : 0;
}

static uint32_t basic_limit(const struct cpu_policy *policy)
{
	return min_u32(policy->basic[0].a, POLICY_BASIC_LEAVES - 1);
}

static bool has_subleaves(uint32_t leaf)
{
	return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

static void read_subleaves(struct cpu_policy *policy, policy_read_cpuid *read, uint64_t xcr0)
{
	for (uint32_t i = 0; i < POLICY_CACHE_LEAVES && policy->basic[0].a >= 4; i++) {
		read(4, i, &policy->cache[i]);
		if ((policy->cache[i].a & 0x1f) == 0) {
			break;
		}
	}
	if (policy->basic[0].a >= 7) {
		read(7, 0, &policy->feature[0]);
		policy->feature[0].a = min_u32(policy->feature[0].a, POLICY_FEATURE_LEAVES - 1);
		for (uint32_t i = 1; i <= policy->feature[0].a; i++) {
			read(7, i, &policy->feature[i]);
		}
	}
	for (uint32_t i = 0; i < POLICY_TOPOLOGY_LEAVES && policy->basic[0].a >= 0xb; i++) {
		read(0xb, i, &policy->topology[i]);
	}
	if (policy->basic[0].a < 0xd || !(policy->basic[1].c & CPUID_1C_XSAVE) || xcr0 == 0) {
		return;
	}
	read(0xd, 0, &policy->xstate[0]);
	read(0xd, 1, &policy->xstate[1]);
	policy->xstate[0].a &= (uint32_t)xcr0;
	policy->xstate[0].d &= (uint32_t)(xcr0 >> 32);
	for (uint32_t i = 2; i < POLICY_XSTATE_LEAVES; i++) {
		if (xcr0 >> i & 1) {
			read(0xd, i, &policy->xstate[i]);
		}
	}
}

void policy_from_host(struct cpu_policy *policy, policy_read_cpuid *read, uint64_t xcr0)
{
	memset(policy, 0, sizeof(*policy));
	read(0, 0, &policy->basic[0]);
	for (uint32_t i = 1; i <= basic_limit(policy); i++) {
		if (!has_subleaves(i)) {
			read(i, 0, &policy->basic[i]);
		}
	}
	read_subleaves(policy, read, xcr0);
	read(CPUID_EXTENDED_FIRST, 0, &policy->extended[0]);
	for (uint32_t i = 1; i <= extended_limit(policy); i++) {
		read(CPUID_EXTENDED_FIRST + i, 0, &policy->extended[i]);
	}
	policy->basic[0].a = basic_limit(policy);
	policy->extended[0].a = CPUID_EXTENDED_FIRST + extended_limit(policy);
	if (xcr0 == 0) {
		clear_bits(policy, POLICY_1C, CPUID_1C_XSAVE);
	}
	policy->hypervisor_limit = CPUID_XEN_FIRST + XEN_LEAF_MAX_PV;
}

/* --- bounds and dependencies ----------------------------------------------------------------- */

static void drop_avx512(struct cpu_policy *policy)
{
	clear_bits(policy, POLICY_7B0, CPUID_7B_AVX512_ALL);
	clear_bits(policy, POLICY_7C0, CPUID_7C_AVX512_ALL);
	clear_bits(policy, POLICY_7D0, CPUID_7D_AVX512_ALL);
	clear_bits(policy, POLICY_7A1, CPUID_7A1_AVX512_BF16);
}

static void drop_avx(struct cpu_policy *policy)
{
	clear_bits(policy, POLICY_1C, CPUID_1C_AVX | CPUID_1C_FMA | CPUID_1C_F16C);
	clear_bits(policy, POLICY_7B0, CPUID_7B_AVX2);
	clear_bits(policy, POLICY_7C0, CPUID_7C_AVX_ALL);
	clear_bits(policy, POLICY_7A1, CPUID_7A1_AVX_VNNI);
	clear_bits(policy, POLICY_E1C, CPUID_E1C_AVX_ALL);
	drop_avx512(policy);
}

static uint64_t xstate_mask(const struct cpu_policy *policy)
{
	return policy->xstate[0].a | (uint64_t)policy->xstate[0].d << 32;
}

static uint64_t xcr0_of_features(const struct cpu_policy *policy)
{
	uint64_t mask = XCR0_X87 | XCR0_SSE;

	if (policy_word(policy, POLICY_1C) & CPUID_1C_AVX) {
		mask |= XCR0_AVX;
	}
	if (policy_word(policy, POLICY_7B0) & CPUID_7B_AVX512F) {
		mask |= XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM;
	}
	return mask;
}

static void fix_dependencies(struct cpu_policy *policy)
{
	uint64_t mask = xstate_mask(policy);

	if (!(policy_word(policy, POLICY_1C) & CPUID_1C_XSAVE) || !(mask & XCR0_AVX) ||
	    !(policy_word(policy, POLICY_1C) & CPUID_1C_AVX)) {
		drop_avx(policy);
	}
	if (!(mask & XCR0_ZMM_HI256) || !(policy_word(policy, POLICY_7B0) & CPUID_7B_AVX512F) ||
	    !(policy_word(policy, POLICY_7B0) & CPUID_7B_AVX2)) {
		drop_avx512(policy);
	}
	if (!(policy_word(policy, POLICY_1C) & CPUID_1C_XSAVE)) {
		memset(policy->xstate, 0, sizeof(policy->xstate));
		return;
	}
	mask &= xcr0_of_features(policy);
	policy->xstate[0].a = (uint32_t)mask;
	policy->xstate[0].d = (uint32_t)(mask >> 32);
	policy->xstate[1].b = policy->xstate[1].c = policy->xstate[1].d = 0;
	for (uint32_t i = 2; i < POLICY_XSTATE_LEAVES; i++) {
		if (!(mask >> i & 1)) {
			policy->xstate[i] = (struct cpuid_leaf){0, 0, 0, 0};
		}
	}
}

/* Leaves that describe what a guest does not have, or whose rest is not described. */
static void clear_hidden_leaves(struct cpu_policy *policy)
{
	static const uint8_t basic[] = {3, 5, 6, 8, 9, 0xa, 0xc};
	static const uint8_t extended[] = {0x9,  0xa,  0xb,  0xc,  0xd,  0xe,  0xf,  0x10,
					   0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
					   0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20};
	const struct cpuid_leaf none = {0, 0, 0, 0};

	for (unsigned int i = 0; i < array_size(basic); i++) {
		policy->basic[basic[i]] = none;
	}
	for (unsigned int i = 0; i < array_size(extended); i++) {
		policy->extended[extended[i]] = none;
	}
	memset(policy->topology, 0, sizeof(policy->topology));
	policy->basic[1].b &= 0x00ffffff;
	policy->extended[7].a = policy->extended[7].b = policy->extended[7].c = 0;
	policy->extended[8].a &= 0xffff;
	policy->extended[8].c &= 0xf0ff;
	policy->extended[8].d = 0;
	policy->extended[0x21].b = policy->extended[0x21].d = 0;
}

static void copy_common(struct cpu_policy *policy)
{
	uint32_t e1d = policy_word(policy, POLICY_E1D) & ~CPUID_E1D_COMMON;

	/* AMD repeats leaf 1 there, in which the bounds hold already (APM 3 E.4.2). */
	if (policy_vendor(policy) == POLICY_VENDOR_AMD) {
		e1d |= policy_word(policy, POLICY_1D) & CPUID_E1D_COMMON;
	}
	policy_set_word(policy, POLICY_E1D, e1d);
}

static void set_bits(struct cpu_policy *policy, enum policy_word word, uint32_t bits)
{
	policy_set_word(policy, word, policy_word(policy, word) | bits);
}

static void bound(struct cpu_policy *policy, const struct cpu_policy *host,
		  const uint32_t bounds[POLICY_WORDS], uint32_t e7d)
{
	*policy = *host;
	for (unsigned int i = 0; i < POLICY_WORDS; i++) {
		uint32_t allowed = bounds[i] | (i == POLICY_E7D ? e7d : 0);

		policy_set_word(policy, i, policy_word(host, i) & allowed);
	}
	set_bits(policy, POLICY_1D, CPUID_1D_APIC);
	set_bits(policy, POLICY_1C, CPUID_1C_HYPERVISOR);
	if (bounds == hvm_bound) {
		set_bits(policy, POLICY_1C, CPUID_1C_X2APIC);
	}
	clear_hidden_leaves(policy);
	fix_dependencies(policy);
	copy_common(policy);
	policy->hypervisor_limit = CPUID_XEN_FIRST + XEN_LEAF_MAX_PV;
	policy->hypervisor2_limit = 0;
	policy->platform_info = 0;
}

void policy_pv_max(struct cpu_policy *policy, const struct cpu_policy *host)
{
	bound(policy, host, pv_bound, CPUID_E7D_ITSC);
}

void policy_pv_default(struct cpu_policy *policy, const struct cpu_policy *host)
{
	bound(policy, host, pv_bound, 0);
}

/* Numbers of cores and threads are the toolstack's to make up. */
void policy_hvm_max(struct cpu_policy *policy, const struct cpu_policy *host)
{
	bound(policy, host, hvm_bound, CPUID_E7D_ITSC);
	set_bits(policy, POLICY_1D, CPUID_1D_HTT);
	if (policy_vendor(policy) == POLICY_VENDOR_AMD) {
		set_bits(policy, POLICY_E1C, CPUID_E1C_CMP_LEGACY);
	}
}

void policy_hvm_default(struct cpu_policy *policy, const struct cpu_policy *host)
{
	bound(policy, host, hvm_bound, 0);
}

void policy_clamp(struct cpu_policy *policy, const struct cpu_policy *max)
{
	uint64_t mask = xstate_mask(max);

	copy_common(policy);
	for (unsigned int i = 0; i < POLICY_WORDS; i++) {
		policy_set_word(policy, i, policy_word(policy, i) & policy_word(max, i));
	}
	clear_hidden_leaves(policy);
	/* Sizes and offsets of components are the machine's. */
	memcpy(&policy->xstate[2], &max->xstate[2],
	       sizeof(policy->xstate) - 2 * sizeof(max->xstate[0]));
	policy->xstate[0].a = (uint32_t)mask;
	policy->xstate[0].d = (uint32_t)(mask >> 32);
	fix_dependencies(policy);
	copy_common(policy);
}

uint64_t policy_xcr0(const struct cpu_policy *policy)
{
	return policy_word(policy, POLICY_1C) & CPUID_1C_XSAVE ? xstate_mask(policy) : 0;
}

/* --- answering ------------------------------------------------------------------------------- */

static uint32_t xstate_bytes(const struct cpu_policy *policy, uint64_t xcr0, bool compacted)
{
	uint32_t bytes = XSAVE_LEGACY_BYTES;

	for (uint32_t i = 2; i < POLICY_XSTATE_LEAVES; i++) {
		const struct cpuid_leaf *leaf = &policy->xstate[i];

		if (!(xcr0 >> i & 1)) {
			continue;
		}
		if (compacted) {
			if (leaf->c & XSTATE_ALIGNED) {
				bytes = (uint32_t)align_up(bytes, 64);
			}
			bytes += leaf->a;
		} else {
			bytes = max_u32(bytes, leaf->a + leaf->b);
		}
	}
	return bytes;
}

static struct cpuid_leaf xstate_leaf(const struct cpu_policy *policy,
				     const struct policy_inputs *inputs, uint32_t subleaf)
{
	struct cpuid_leaf leaf = {0, 0, 0, 0};

	if (policy_xcr0(policy) == 0 || subleaf >= POLICY_XSTATE_LEAVES) {
		return leaf;
	}
	leaf = policy->xstate[subleaf];
	if (subleaf == 0) {
		leaf.b = xstate_bytes(policy, inputs->xcr0, false);
		leaf.c = xstate_bytes(policy, policy_xcr0(policy), false);
	} else if (subleaf == 1 && (leaf.a & 2)) {
		leaf.b = xstate_bytes(policy, inputs->xcr0, true);
	}
	return leaf;
}

static struct cpuid_leaf leaf_one(const struct cpu_policy *policy,
				  const struct policy_inputs *inputs)
{
	struct cpuid_leaf leaf = policy->basic[1];

	leaf.b &= 0x00ffffff; /* APIC id 0 on every vcpu */
	leaf.c &= ~CPUID_1C_OSXSAVE;
	if ((leaf.c & CPUID_1C_XSAVE) && (inputs->osxsave_offered || inputs->osxsave)) {
		leaf.c |= CPUID_1C_OSXSAVE;
	}
	leaf.c |= CPUID_1C_HYPERVISOR;
	leaf.d |= CPUID_1D_APIC;
	if (inputs->show_mtrr) {
		leaf.c |= inputs->host->basic[1].c & CPUID_1C_EIST;
		leaf.d |= inputs->host->basic[1].d & CPUID_1D_MTRR;
	}
	if (inputs->show_monitor) {
		leaf.c |= inputs->host->basic[1].c & CPUID_1C_MONITOR;
	}
	return leaf;
}

static struct cpuid_leaf hvm_leaf_one(const struct cpu_policy *policy,
				      const struct policy_inputs *inputs)
{
	struct cpuid_leaf leaf = policy->basic[1];

	leaf.b = (leaf.b & 0x00ffffff) | inputs->apic_id << 24;
	leaf.c &= ~CPUID_1C_OSXSAVE;
	if ((leaf.c & CPUID_1C_XSAVE) && inputs->osxsave) {
		leaf.c |= CPUID_1C_OSXSAVE;
	}
	if (!inputs->apic_enabled) {
		leaf.d &= ~CPUID_1D_APIC;
	}
	return leaf;
}

static struct cpuid_leaf extended_leaf(const struct cpu_policy *policy,
				       const struct policy_inputs *inputs, uint32_t index)
{
	struct cpuid_leaf leaf = policy->extended[index];

	if (index == 1 && !inputs->is_pv && !inputs->apic_enabled) {
		leaf.d &= ~CPUID_1D_APIC; /* AMD repeats it there; no other vendor has the bit */
	}
	return leaf;
}

static struct cpuid_leaf basic_leaf(const struct cpu_policy *policy,
				    const struct policy_inputs *inputs, uint32_t leaf,
				    uint32_t subleaf)
{
	const struct cpuid_leaf none = {0, 0, 0, 0};

	switch (leaf) {
	case 1:
		return inputs->is_pv ? leaf_one(policy, inputs) : hvm_leaf_one(policy, inputs);
	case 4:
		return subleaf < POLICY_CACHE_LEAVES ? policy->cache[subleaf] : none;
	case 5:
		return inputs->show_monitor ? inputs->host->basic[5] : none;
	case 7:
		return subleaf <= policy->feature[0].a && subleaf < POLICY_FEATURE_LEAVES
			       ? policy->feature[subleaf]
			       : none;
	case 0xb:
		return subleaf < POLICY_TOPOLOGY_LEAVES ? policy->topology[subleaf] : none;
	case 0xd:
		return xstate_leaf(policy, inputs, subleaf);
	default:
		return policy->basic[leaf];
	}
}

static struct cpuid_leaf tsc_leaf(const struct cpu_policy *policy,
				  const struct policy_inputs *inputs, uint32_t subleaf)
{
	struct cpuid_leaf leaf = {0, 0, 0, 0};

	switch (subleaf) {
	case 0:
		leaf.a = (inputs->tsc_emulated ? 1U : 0) | (inputs->tsc_safe ? 2U : 0);
		if (policy_word(policy, POLICY_E1D) & CPUID_E1D_RDTSCP) {
			leaf.a |= 4;
		}
		leaf.b = inputs->tsc_mode;
		leaf.c = inputs->tsc_khz;
		leaf.d = inputs->tsc_incarnation;
		break;
	case 1:
		leaf.a = (uint32_t)inputs->tsc_offset;
		leaf.b = (uint32_t)(inputs->tsc_offset >> 32);
		leaf.c = inputs->tsc_mul;
		leaf.d = (uint32_t)(int32_t)inputs->tsc_shift;
		break;
	case 2:
		leaf.a = inputs->host_khz;
		break;
	default:
		break;
	}
	return leaf;
}

static struct cpuid_leaf xen_leaf(const struct cpu_policy *policy,
				  const struct policy_inputs *inputs, uint32_t index,
				  uint32_t subleaf)
{
	struct cpuid_leaf leaf = {0, 0, 0, 0};
	uint32_t limit = policy->hypervisor_limit & 0xff;

	limit = limit >= 2 && limit < XEN_LEAF_MAX_PV ? limit : XEN_LEAF_MAX_PV;
	if (index > limit) {
		return leaf;
	}
	switch (index) {
	case 0:
		return (struct cpuid_leaf){CPUID_XEN_FIRST + limit, XEN_CPUID_SIGNATURE_EBX,
					   XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX};
	case 1:
		leaf.a = XEN_VERSION_LEAF;
		return leaf;
	case 2:
		return (struct cpuid_leaf){1, MSR_XEN_HYPERCALL_PAGE,
					   inputs->is_pv
						   ? XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD
						   : 0,
					   0};
	case 3:
		return tsc_leaf(policy, inputs, subleaf);
	case XEN_HVM_LEAF:
		if (!inputs->is_pv) {
			leaf.a = XEN_HVM_CPUID_IOMMU_MAPPINGS |
				 XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT |
				 XEN_HVM_CPUID_UPCALL_VECTOR;
			leaf.b = inputs->vcpu_id;
			leaf.c = inputs->domid;
		}
		return leaf;
	case 5:
		leaf.b = inputs->is_pv ? inputs->address_width : 0;
		return leaf;
	default:
		return leaf;
	}
}

struct cpuid_leaf policy_cpuid(const struct cpu_policy *policy, const struct policy_inputs *inputs,
			       uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_leaf none = {0, 0, 0, 0};
	uint32_t index = leaf & 0xffff;

	switch (leaf >> 16) {
	case 0:
		return index <= basic_limit(policy) ? basic_leaf(policy, inputs, leaf, subleaf)
						    : none;
	case CPUID_XEN_FIRST >> 16:
		return index < 0x100 ? xen_leaf(policy, inputs, index, subleaf) : none;
	case CPUID_EXTENDED_FIRST >> 16:
		return index <= extended_limit(policy) ? extended_leaf(policy, inputs, index)
						       : none;
	default:
		return none;
	}
}

/* --- to and from control calls --------------------------------------------------------------- */

struct leaf_writer {
	struct xen_cpuid_leaf *leaves;
	uint32_t room, count;
};

static void write_leaf(struct leaf_writer *writer, uint32_t leaf, uint32_t subleaf,
		       const struct cpuid_leaf *value)
{
	if (writer->count < writer->room) {
		writer->leaves[writer->count] = (struct xen_cpuid_leaf){
			leaf, subleaf, value->a, value->b, value->c, value->d,
		};
	}
	writer->count++;
}

static void write_leaves(struct leaf_writer *writer, uint32_t leaf, const struct cpuid_leaf *values,
			 uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		write_leaf(writer, leaf, i, &values[i]);
	}
}

static void write_xstate(struct leaf_writer *writer, const struct cpu_policy *policy)
{
	uint64_t mask = policy_xcr0(policy);

	write_leaves(writer, 0xd, policy->xstate, 2);
	for (uint32_t i = 2; i < POLICY_XSTATE_LEAVES; i++) {
		if (mask >> i & 1) {
			write_leaf(writer, 0xd, i, &policy->xstate[i]);
		}
	}
}

int policy_to_leaves(const struct cpu_policy *policy, struct xen_cpuid_leaf *leaves,
		     uint32_t *count)
{
	struct leaf_writer writer = {leaves, *count, 0};
	struct cpuid_leaf limit = {policy->hypervisor_limit, 0, 0, 0};

	for (uint32_t i = 0; i <= basic_limit(policy); i++) {
		switch (i) {
		case 4:
			write_leaves(&writer, i, policy->cache, POLICY_CACHE_LEAVES);
			break;
		case 7:
			write_leaves(&writer, i, policy->feature,
				     min_u32(policy->feature[0].a, POLICY_FEATURE_LEAVES - 1) + 1);
			break;
		case 0xb:
			write_leaves(&writer, i, policy->topology, POLICY_TOPOLOGY_LEAVES);
			break;
		case 0xd:
			write_xstate(&writer, policy);
			break;
		default:
			write_leaf(&writer, i, XEN_CPUID_NO_SUBLEAF, &policy->basic[i]);
			break;
		}
	}
	write_leaf(&writer, CPUID_XEN_FIRST, XEN_CPUID_NO_SUBLEAF, &limit);
	limit.a = policy->hypervisor2_limit;
	write_leaf(&writer, CPUID_XEN_FIRST + 0x100, XEN_CPUID_NO_SUBLEAF, &limit);
	for (uint32_t i = 0; i <= extended_limit(policy); i++) {
		write_leaf(&writer, CPUID_EXTENDED_FIRST + i, XEN_CPUID_NO_SUBLEAF,
			   &policy->extended[i]);
	}
	*count = writer.count;
	return writer.count > writer.room ? -XEN_ENOBUFS : 0;
}

int policy_to_msrs(const struct cpu_policy *policy, struct xen_msr_entry *msrs, uint32_t *count)
{
	uint32_t room = *count;

	*count = POLICY_MSRS;
	if (room < POLICY_MSRS) {
		return -XEN_ENOBUFS;
	}
	msrs[0] = (struct xen_msr_entry){MSR_PLATFORM_INFO, 0, policy->platform_info};
	msrs[1] = (struct xen_msr_entry){
		MSR_ARCH_CAPABILITIES, 0,
		policy->arch_caps[0] | (uint64_t)policy->arch_caps[1] << 32};
	return 0;
}

/* Where a leaf of the ABI is kept; NULL: there is no such leaf. */
static struct cpuid_leaf *leaf_place(struct cpu_policy *policy, uint32_t leaf, uint32_t subleaf)
{
	if (leaf < POLICY_BASIC_LEAVES && has_subleaves(leaf)) {
		switch (leaf) {
		case 4:
			return subleaf < POLICY_CACHE_LEAVES ? &policy->cache[subleaf] : NULL;
		case 7:
			return subleaf < POLICY_FEATURE_LEAVES ? &policy->feature[subleaf] : NULL;
		case 0xb:
			return subleaf < POLICY_TOPOLOGY_LEAVES ? &policy->topology[subleaf] : NULL;
		default:
			return subleaf < POLICY_XSTATE_LEAVES ? &policy->xstate[subleaf] : NULL;
		}
	}
	if (subleaf != XEN_CPUID_NO_SUBLEAF) {
		return NULL;
	}
	if (leaf < POLICY_BASIC_LEAVES) {
		return &policy->basic[leaf];
	}
	if (leaf >= CPUID_EXTENDED_FIRST && leaf - CPUID_EXTENDED_FIRST < POLICY_EXTENDED_LEAVES) {
		return &policy->extended[leaf - CPUID_EXTENDED_FIRST];
	}
	return NULL;
}

int policy_from_leaves(struct cpu_policy *policy, const struct xen_cpuid_leaf *leaves,
		       uint32_t count, uint32_t *bad_leaf, uint32_t *bad_subleaf)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct xen_cpuid_leaf *leaf = &leaves[i];
		struct cpuid_leaf *place = leaf_place(policy, leaf->leaf, leaf->subleaf);

		if (place) {
			*place = (struct cpuid_leaf){leaf->a, leaf->b, leaf->c, leaf->d};
		} else if (leaf->leaf == CPUID_XEN_FIRST && leaf->subleaf == XEN_CPUID_NO_SUBLEAF) {
			policy->hypervisor_limit = leaf->a;
		} else if (leaf->leaf == CPUID_XEN_FIRST + 0x100 &&
			   leaf->subleaf == XEN_CPUID_NO_SUBLEAF) {
			policy->hypervisor2_limit = leaf->a;
		} else {
			*bad_leaf = leaf->leaf;
			*bad_subleaf = leaf->subleaf;
			return -XEN_ERANGE;
		}
	}
	return 0;
}

static int set_msr(struct cpu_policy *policy, const struct xen_msr_entry *msr)
{
	if (msr->flags != 0) {
		return -XEN_EINVAL;
	}
	switch (msr->idx) {
	case MSR_PLATFORM_INFO:
		if (msr->val >> 32) {
			return -XEN_EOVERFLOW;
		}
		policy->platform_info = msr->val;
		return 0;
	case MSR_ARCH_CAPABILITIES:
		policy->arch_caps[0] = (uint32_t)msr->val;
		policy->arch_caps[1] = (uint32_t)(msr->val >> 32);
		return 0;
	default:
		return -XEN_ERANGE;
	}
}

int policy_from_msrs(struct cpu_policy *policy, const struct xen_msr_entry *msrs, uint32_t count,
		     uint32_t *bad_msr)
{
	for (uint32_t i = 0; i < count; i++) {
		int err = set_msr(policy, &msrs[i]);

		if (err) {
			*bad_msr = msrs[i].idx;
			return err;
		}
	}
	return 0;
}

int policy_check(const struct cpu_policy *policy, const struct cpu_policy *max, uint32_t *bad_leaf,
		 uint32_t *bad_subleaf, uint32_t *bad_msr)
{
	*bad_leaf = *bad_subleaf = *bad_msr = ~0U;
	if (policy->basic[0].a > max->basic[0].a) {
		*bad_leaf = 0;
		return -XEN_EINVAL;
	}
	if (policy->feature[0].a > max->feature[0].a) {
		*bad_leaf = 7;
		*bad_subleaf = 0;
		return -XEN_EINVAL;
	}
	if (policy->extended[0].a > max->extended[0].a) {
		*bad_leaf = CPUID_EXTENDED_FIRST;
		return -XEN_EINVAL;
	}
	if (policy->platform_info & ~max->platform_info) {
		*bad_msr = MSR_PLATFORM_INFO;
		return -XEN_EINVAL;
	}
	return 0;
}

void policy_to_featureset(const struct cpu_policy *policy, uint32_t words[POLICY_WORDS])
{
	for (unsigned int i = 0; i < POLICY_WORDS; i++) {
		words[i] = policy_word(policy, i);
	}
}
