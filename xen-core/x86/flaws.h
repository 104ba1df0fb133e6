/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flaws of speculating CPUs: which of them this CPU has, and what this core does about each.
 * A pure function of what CPUID and IA32_ARCH_CAPABILITIES say; boot prints its answers.
 */
#ifndef X86_FLAWS_H
#define X86_FLAWS_H

#include "lib/types.h"

enum flaw_state {
	FLAW_ABSENT,    /* the CPU says, or its maker, that it does not have it */
	FLAW_MITIGATED, /* the core does what is needed */
	FLAW_OPEN,      /* it has it, and the core does too little */
};

struct flaws_input {
	bool is_intel, is_amd;
	uint32_t family;             /* with the extended family added */
	bool has_tsx;                /* CPUID 7.0.EBX[11] */
	bool has_ibpb;               /* CPUID 7.0.EDX[26] or 0x80000008.EBX[12] */
	uint64_t arch_capabilities;  /* MSR 0x10a, 0 where there is none */
	uint32_t extended_21_a;      /* CPUID 0x80000021.EAX */
};

struct flaw {
	const char *name;
	const char *measure; /* what is done, or what is missing */
	enum flaw_state state;
};

#define FLAWS_MAX 12

/* Fills flaws[]; returns how many. */
unsigned int flaws_find(const struct flaws_input *input, struct flaw flaws[FLAWS_MAX]);
/* PV guests share page tables with the core: without isolation they can read it on such a CPU. */
bool flaws_need_isolation(const struct flaws_input *input);

#endif
