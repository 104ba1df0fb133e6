/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every guest's VMCB says from the start: what exits. Not everything does: CR3, INVLPG and
 * faults are the guest's own affair under nested paging; the MSRs that the VMCB holds go by the
 * permission map.
 */
#include "hvm/svm/svm.h"

static const uint8_t always[] = {
	SVM_INTERCEPT_CR_WRITE + 0,
	SVM_INTERCEPT_CR_WRITE + 4,
	SVM_INTERCEPT_CR_WRITE + 8,
	/* A guest could keep the CPU delivering these for ever: an exit gives others a turn. */
	SVM_INTERCEPT_EXCEPTION + EXCEPTION_DB,
	SVM_INTERCEPT_EXCEPTION + EXCEPTION_AC,
	/* The machine's own trouble. */
	SVM_INTERCEPT_EXCEPTION + EXCEPTION_MC,
	SVM_INTERCEPT_INTR,
	SVM_INTERCEPT_NMI,
	SVM_INTERCEPT_INIT,
	SVM_INTERCEPT_RDPMC,
	SVM_INTERCEPT_CPUID,
	SVM_INTERCEPT_INVD,
	SVM_INTERCEPT_HLT,
	SVM_INTERCEPT_INVLPGA,
	SVM_INTERCEPT_PORT,
	SVM_INTERCEPT_MSR,
	SVM_INTERCEPT_SHUTDOWN,
	SVM_INTERCEPT_VMRUN,
	SVM_INTERCEPT_VMMCALL,
	SVM_INTERCEPT_VMLOAD,
	SVM_INTERCEPT_VMSAVE,
	SVM_INTERCEPT_STGI,
	SVM_INTERCEPT_CLGI,
	SVM_INTERCEPT_SKINIT,
	SVM_INTERCEPT_WBINVD,
	SVM_INTERCEPT_MONITOR,
	SVM_INTERCEPT_MWAIT,
	SVM_INTERCEPT_MWAIT_ARMED,
	SVM_INTERCEPT_XSETBV,
	SVM_INTERCEPT_RDPRU,
};

void svm_vmcb_init(struct vmcb *vmcb, uint64_t port_map, uint64_t msr_map)
{
	for (unsigned int i = 0; i < array_size(always); i++) {
		svm_intercept(vmcb, always[i], true);
	}
	for (unsigned int i = 0; i < 16; i++) {
		svm_intercept(vmcb, SVM_INTERCEPT_DR_READ + i, true);
		svm_intercept(vmcb, SVM_INTERCEPT_DR_WRITE + i, true);
	}
	vmcb->port_map = port_map;
	vmcb->msr_map = msr_map;
	vmcb->virtual_interrupt = SVM_V_INTR_MASKING;
	vmcb->nested_paging = 1;
}
