/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One row per flaw. Bits of IA32_ARCH_CAPABILITIES: Intel SDM 4, table 2-2, MSR 10AH; CPUID
 * 0x80000021.EAX: AMD APM 3, E.4.18. A maker not known here is taken to have everything.
 */
#include "x86/flaws.h"

#define CAP_RDCL_NO (1UL << 0)
#define CAP_SSB_NO (1UL << 4)
#define CAP_MDS_NO (1UL << 5)
#define CAP_TAA_NO (1UL << 8)
#define CAP_SBDR_SSDP_NO (1UL << 13)
#define CAP_FBSDP_NO (1UL << 14)
#define CAP_PSDP_NO (1UL << 15)
#define CAP_GDS_NO (1UL << 26)
#define CAP_RFDS_NO (1UL << 27)
#define CAP_STALE_DATA_NO (CAP_SBDR_SSDP_NO | CAP_FBSDP_NO | CAP_PSDP_NO)
#define EXT_SRSO_NO (1U << 29)

static bool lacks(const struct flaws_input *in, uint64_t capabilities)
{
	return (in->arch_capabilities & capabilities) != capabilities;
}

bool flaws_need_isolation(const struct flaws_input *in)
{
	return !in->is_amd && lacks(in, CAP_RDCL_NO);
}

static enum flaw_state open_if(bool affected)
{
	return affected ? FLAW_OPEN : FLAW_ABSENT;
}

static bool is_zen(const struct flaws_input *in)
{
	return in->is_amd && in->family >= 0x17 && in->family <= 0x19;
}

unsigned int flaws_find(const struct flaws_input *in, struct flaw flaws[FLAWS_MAX])
{
	bool not_amd = !in->is_amd;
	unsigned int n = 0;

	flaws[n++] = (struct flaw){"Spectre v1", "guest indices are clamped", FLAW_MITIGATED};
	flaws[n++] = (struct flaw){"Spectre v2 against the core", "retpolines", FLAW_MITIGATED};
	flaws[n++] = in->has_ibpb ? (struct flaw){"Spectre v2 between guests", "IBPB at a switch",
						  FLAW_MITIGATED}
				  : (struct flaw){"Spectre v2 between guests",
						  "the CPU has no IBPB", FLAW_OPEN};
	flaws[n++] = (struct flaw){"Meltdown", "page tables are not isolated",
				   open_if(flaws_need_isolation(in))};
	flaws[n++] = (struct flaw){"L1TF", "entries not present are not checked",
				   open_if(not_amd && lacks(in, CAP_RDCL_NO))};
	flaws[n++] = (struct flaw){"MDS", "buffers are not cleared",
				   open_if(not_amd && lacks(in, CAP_MDS_NO))};
	flaws[n++] = (struct flaw){"TAA", "buffers are not cleared",
				   open_if(not_amd && in->has_tsx && lacks(in, CAP_TAA_NO))};
	flaws[n++] = (struct flaw){"MMIO stale data, RFDS", "buffers are not cleared",
				   open_if(not_amd && lacks(in, CAP_STALE_DATA_NO | CAP_RFDS_NO))};
	flaws[n++] = (struct flaw){"GDS", "left to the microcode",
				   open_if(not_amd && lacks(in, CAP_GDS_NO))};
	flaws[n++] = (struct flaw){"SSB", "guests are not told of the switch",
				   open_if(lacks(in, CAP_SSB_NO))};
	flaws[n++] = (struct flaw){"Retbleed", "returns are not protected",
				   open_if(in->is_amd && in->family >= 0x15 && in->family <= 0x17)};
	flaws[n++] = (struct flaw){"SRSO", "returns are not protected",
				   open_if(is_zen(in) && !(in->extended_21_a & EXT_SRSO_NO))};
	return n;
}
