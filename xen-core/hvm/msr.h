/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers of a hardware-virtualized vcpu that are kept in memory or are the same
 * for every guest. Not here: the local APIC's (vlapic.h), EFER (cr.h), the TSC, and those the
 * virtualization hardware switches (STAR, LSTAR, SYSENTER, FS and GS bases...).
 *
 * Everything is decided here, so nothing reaches a register of the machine. An unknown one is #GP.
 */
#ifndef HVM_MSR_H
#define HVM_MSR_H

#include "lib/types.h"

struct cpu_policy;
struct hvm_hw_mtrr;

#define HVM_MTRR_RANGES 8U
#define HVM_MTRR_FIXED 11U
#define HVM_MCE_BANKS 2U

struct hvm_msrs {
	uint64_t pat;                          /* the hardware has a copy: see msr_write() */
	uint64_t mtrr_range[2 * HVM_MTRR_RANGES]; /* base, mask */
	uint64_t mtrr_fixed[HVM_MTRR_FIXED];
	uint64_t mtrr_def_type;
	uint64_t tsc_adjust;
	uint64_t tsc_aux;                      /* likewise */
	uint64_t mcg_status;
	uint64_t mce_control[HVM_MCE_BANKS];
	uint64_t misc_enable;
};

enum msr_outcome {
	MSR_DONE,
	MSR_FAULT, /* #GP */
	MSR_OTHER, /* not kept here: see above */
};

void msr_init(struct hvm_msrs *m);
enum msr_outcome must_check msr_read(const struct hvm_msrs *m, const struct cpu_policy *policy,
				     uint32_t msr, uint64_t *value);
/* After MSR_DONE for PAT and TSC_AUX the caller loads m's copy into the hardware's. */
enum msr_outcome must_check msr_write(struct hvm_msrs *m, const struct cpu_policy *policy,
				      uint32_t msr, uint64_t value);

/* Each byte a memory type PAT knows: 0 1 4 5 6 7. */
bool must_check pat_is_valid(uint64_t pat);

/* struct hvm_hw_mtrr (xen/hvm_save.h). -XEN_EINVAL: a value no guest could have written. */
void msr_save_mtrr(const struct hvm_msrs *m, struct hvm_hw_mtrr *record);
int must_check msr_load_mtrr(struct hvm_msrs *m, const struct cpu_policy *policy,
			     const struct hvm_hw_mtrr *record);

#endif
