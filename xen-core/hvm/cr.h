/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a hardware-virtualized vcpu may load into its control registers and EFER, and what follows
 * from it: AMD APM 2 3.1 and 15.5.1, Intel SDM 3A 2.5 and 4.1. Pure: registers in, registers out.
 *
 * The CPU itself checks little of this on VMRUN, and what it checks it answers with an exit that
 * is our fault: so every value goes through here first.
 */
#ifndef HVM_CR_H
#define HVM_CR_H

#include "lib/types.h"

struct cpu_policy;

struct hvm_control {
	uint64_t cr0, cr3, cr4, efer; /* as the guest sees them */
	uint64_t xcr0;
};

/* What the guest's CPUID policy lets it turn on. */
struct cr_limits {
	uint64_t cr4, efer, xcr0;
	uint64_t cr3_address_mask;
};

void cr_limits_from_policy(struct cr_limits *limits, const struct cpu_policy *policy);

/* Each loads one register into c (EFER.LMA follows CR0.PG and EFER.LME); false: #GP, c is as it
 * was. cs_long: CS.L of the code that does it. */
bool must_check cr_load_cr0(struct hvm_control *c, const struct cr_limits *limits, uint64_t value,
			    bool cs_long);
bool must_check cr_load_cr3(struct hvm_control *c, const struct cr_limits *limits, uint64_t value);
bool must_check cr_load_cr4(struct hvm_control *c, const struct cr_limits *limits, uint64_t value);
bool must_check cr_load_efer(struct hvm_control *c, const struct cr_limits *limits, uint64_t value);
bool must_check cr_load_xcr0(struct hvm_control *c, const struct cr_limits *limits, uint64_t value);

/* A whole set that comes from outside (context record, VCPUOP_initialise): as if loaded. */
bool must_check cr_set_is_valid(const struct hvm_control *c, const struct cr_limits *limits);

/* The translations of the guest change in a way that needs its TLB entries dropped. */
bool must_check cr_change_flushes(const struct hvm_control *before,
				  const struct hvm_control *after);

#endif
