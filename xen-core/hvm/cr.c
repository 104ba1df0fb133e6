/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the control registers, one function per register. Paging modes:
 *
 *     CR0.PG 0 -> 1, EFER.LME = 0    32-bit or PAE paging, as CR4.PAE says
 *     CR0.PG 0 -> 1, EFER.LME = 1    long mode: needs CR4.PAE and a CS that is not 64-bit; LMA = 1
 *     CR0.PG 1 -> 0                  not from 64-bit code, not with CR4.PCIDE; LMA = 0
 *
 * Bits that a guest may set are those its CPUID offers. Others are #GP but in CR0, whose reserved
 * lower bits are ignored (SDM 3A 2.5).
 */
#include "hvm/cr.h"

#include "lib/math.h"
#include "x86/cpuid.h"
#include "x86/cr.h"
#include "x86/policy.h"

#define CR0_KNOWN \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)
#define CR0_UPPER 0xffffffff00000000UL
#define ADDRESS_BITS_DEFAULT 36U
#define ADDRESS_BITS_MAX 52U

/* What has one CPUID bit: the register's bit, the feature's word and bit. */
struct feature_bit {
	uint64_t bit;
	enum policy_word word;
	uint32_t feature;
};

static const struct feature_bit cr4_bits[] = {
	{CR4_VME | CR4_PVI, POLICY_1D, 1U << 1},
	{CR4_DE, POLICY_1D, 1U << 2},
	{CR4_PSE, POLICY_1D, 1U << 3},
	{CR4_TSD, POLICY_1D, 1U << 4},
	{CR4_PAE, POLICY_1D, 1U << 6},
	{CR4_MCE, POLICY_1D, 1U << 7},
	{CR4_PGE, POLICY_1D, 1U << 13},
	{CR4_OSFXSR, POLICY_1D, 1U << 24},
	{CR4_OSXMMEXCPT, POLICY_1D, 1U << 25},
	{CR4_PCIDE, POLICY_1C, 1U << 17},
	{CR4_OSXSAVE, POLICY_1C, 1U << 26},
	{CR4_FSGSBASE, POLICY_7B0, 1U << 0},
	{CR4_SMEP, POLICY_7B0, 1U << 7},
	{CR4_SMAP, POLICY_7B0, 1U << 20},
	{CR4_UMIP, POLICY_7C0, 1U << 2},
	{CR4_PKE, POLICY_7C0, 1U << 3},
};

static const struct feature_bit efer_bits[] = {
	{EFER_SCE, POLICY_E1D, 1U << 11},
	{EFER_NXE, POLICY_E1D, 1U << 20},
	{EFER_FFXSR, POLICY_E1D, 1U << 25},
	{EFER_LME, POLICY_E1D, 1U << 29},
	{EFER_TCE, POLICY_E1C, 1U << 17},
};

static uint64_t bits_of(const struct cpu_policy *policy, const struct feature_bit *bits,
			unsigned int count)
{
	uint64_t result = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (policy_word(policy, bits[i].word) & bits[i].feature) {
			result |= bits[i].bit;
		}
	}
	return result;
}

void cr_limits_from_policy(struct cr_limits *limits, const struct cpu_policy *policy)
{
	uint32_t width = policy->extended[8].a & 0xff;

	width = width == 0 ? ADDRESS_BITS_DEFAULT : min_u32(width, ADDRESS_BITS_MAX);
	/* CR4.PCE has no feature bit: RDPMC has been there since before CPUID. */
	*limits = (struct cr_limits){
		.cr4 = bits_of(policy, cr4_bits, array_size(cr4_bits)) | CR4_PCE,
		.efer = bits_of(policy, efer_bits, array_size(efer_bits)),
		.xcr0 = policy_xcr0(policy),
		.cr3_address_mask = (1UL << width) - 1,
	};
}

static bool cr0_combines(uint64_t value)
{
	if ((value & CR0_PG) && !(value & CR0_PE)) {
		return false;
	}
	return !(value & CR0_NW) || (value & CR0_CD);
}

bool cr_load_cr0(struct hvm_control *c, const struct cr_limits *limits unused_arg, uint64_t value,
		 bool cs_long)
{
	bool paged = (c->cr0 & CR0_PG) != 0;

	if ((value & CR0_UPPER) || !cr0_combines(value)) {
		return false;
	}
	if (!paged && (value & CR0_PG) && (c->efer & EFER_LME)) {
		if (!(c->cr4 & CR4_PAE) || cs_long) {
			return false;
		}
		c->efer |= EFER_LMA;
	} else if (paged && !(value & CR0_PG)) {
		if ((c->cr4 & CR4_PCIDE) || ((c->efer & EFER_LMA) && cs_long)) {
			return false;
		}
		c->efer &= ~EFER_LMA;
	}
	c->cr0 = (value & CR0_KNOWN) | CR0_ET;
	return true;
}

bool cr_load_cr3(struct hvm_control *c, const struct cr_limits *limits, uint64_t value)
{
	if (!(c->efer & EFER_LMA)) {
		c->cr3 = (uint32_t)value;
		return true;
	}
	if (c->cr4 & CR4_PCIDE) {
		value &= ~CR3_NO_FLUSH;
	}
	if (value & ~limits->cr3_address_mask) {
		return false;
	}
	c->cr3 = value;
	return true;
}

bool cr_load_cr4(struct hvm_control *c, const struct cr_limits *limits, uint64_t value)
{
	bool is_long = (c->efer & EFER_LMA) != 0;

	if ((value & ~limits->cr4) || (is_long && !(value & CR4_PAE))) {
		return false;
	}
	if ((value & ~c->cr4 & CR4_PCIDE) && (!is_long || (c->cr3 & CR3_PCID_MASK))) {
		return false;
	}
	c->cr4 = value;
	return true;
}

/* LMA follows CR0.PG and LME; what is written there is ignored. */
bool cr_load_efer(struct hvm_control *c, const struct cr_limits *limits, uint64_t value)
{
	value &= ~EFER_LMA;
	if (value & ~limits->efer) {
		return false;
	}
	if ((c->cr0 & CR0_PG) && ((value ^ c->efer) & EFER_LME)) {
		return false;
	}
	c->efer = value | (c->efer & EFER_LMA);
	return true;
}

/* SDM 1 13.3: x87 always; AVX needs SSE; the three parts of AVX-512 come together and need AVX. */
bool cr_load_xcr0(struct hvm_control *c, const struct cr_limits *limits, uint64_t value)
{
	const uint64_t avx512 = XCR0_OPMASK | XCR0_ZMM_HI256 | XCR0_HI16_ZMM;

	if ((value & ~limits->xcr0) || !(value & XCR0_X87)) {
		return false;
	}
	if ((value & XCR0_AVX) && !(value & XCR0_SSE)) {
		return false;
	}
	if ((value & avx512) && ((value & avx512) != avx512 || !(value & XCR0_AVX))) {
		return false;
	}
	c->xcr0 = value;
	return true;
}

bool cr_set_is_valid(const struct hvm_control *c, const struct cr_limits *limits)
{
	bool is_long = (c->cr0 & CR0_PG) && (c->efer & EFER_LME);

	if ((c->cr0 & ~CR0_KNOWN) || !(c->cr0 & CR0_ET) || !cr0_combines(c->cr0)) {
		return false;
	}
	if ((c->cr4 & ~limits->cr4) || (c->efer & ~(limits->efer | EFER_LMA))) {
		return false;
	}
	if (is_long != ((c->efer & EFER_LMA) != 0)) {
		return false;
	}
	if (is_long) {
		return (c->cr4 & CR4_PAE) && !(c->cr3 & ~limits->cr3_address_mask);
	}
	return !(c->cr4 & CR4_PCIDE) && c->cr3 >> 32 == 0;
}

bool cr_change_flushes(const struct hvm_control *before, const struct hvm_control *after)
{
	const uint64_t cr4 =
		CR4_PSE | CR4_PAE | CR4_PGE | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE;

	return before->cr3 != after->cr3 ||
	       ((before->cr0 ^ after->cr0) & (CR0_PG | CR0_WP)) != 0 ||
	       ((before->cr4 ^ after->cr4) & cr4) != 0 ||
	       ((before->efer ^ after->efer) & (EFER_NXE | EFER_LMA)) != 0;
}
