/* SPDX-License-Identifier: MIT */
/*
 * The page a domain shares with the hypervisor: event bits, wall clock, per-vcpu time and the
 * upcall flag. Both sides write it at any moment, so neither may trust a second read.
 * A version field (time, wall clock) is odd while the hypervisor is writing; readers retry.
 * vcpus from XEN_LEGACY_MAX_VCPUS on have no slot here and must register a vcpu_info.
 */
#ifndef XEN_ABI_SHARED_INFO_H
#define XEN_ABI_SHARED_INFO_H

#include "base.h"

#define XEN_LEGACY_MAX_VCPUS 32
#define EVTCHN_2L_NR_CHANNELS (sizeof(uint64_t) * sizeof(uint64_t) * 64)

#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0)
#define XEN_PVCLOCK_GUEST_STOPPED (1 << 1)

struct vcpu_time_info {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time; /* ns since boot of the host, at tsc_timestamp */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad1[2];
};
XEN_ABI_SIZE(struct vcpu_time_info, 32);
XEN_ABI_AT(struct vcpu_time_info, tsc_to_system_mul, 24);
XEN_ABI_AT(struct vcpu_time_info, flags, 29);

struct arch_vcpu_info {
	uint64_t cr2; /* of the last page fault bounced to a PV kernel */
	uint64_t pad;
};
XEN_ABI_SIZE(struct arch_vcpu_info, 16);

struct vcpu_info {
	uint8_t evtchn_upcall_pending;
	uint8_t evtchn_upcall_mask;
	uint8_t pad0[6];
	uint64_t evtchn_pending_sel;
	struct arch_vcpu_info arch;
	struct vcpu_time_info time;
};
XEN_ABI_SIZE(struct vcpu_info, 64);
XEN_ABI_AT(struct vcpu_info, evtchn_pending_sel, 8);
XEN_ABI_AT(struct vcpu_info, arch, 16);
XEN_ABI_AT(struct vcpu_info, time, 32);

/* Filled in by the guest for save, restore and dump tools; nmi_reason comes from us. */
struct arch_shared_info {
	uint64_t max_pfn;
	xen_pfn_t pfn_to_mfn_frame_list_list;
	uint64_t nmi_reason;
	uint64_t p2m_cr3;
	uint64_t p2m_vaddr;
	uint64_t p2m_generation;
};
XEN_ABI_SIZE(struct arch_shared_info, 48);

struct shared_info {
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	uint64_t evtchn_pending[64];
	uint64_t evtchn_mask[64];
	uint32_t wc_version;
	uint32_t wc_sec; /* wall clock at system time 0 */
	uint32_t wc_nsec;
	uint32_t wc_sec_hi;
	struct arch_shared_info arch;
};
XEN_ABI_SIZE(struct shared_info, 0xc40);
XEN_ABI_AT(struct shared_info, evtchn_pending, 0x800);
XEN_ABI_AT(struct shared_info, evtchn_mask, 0xa00);
XEN_ABI_AT(struct shared_info, wc_version, 0xc00);
XEN_ABI_AT(struct shared_info, arch, 0xc10);

#define RUNSTATE_running 0
#define RUNSTATE_runnable 1
#define RUNSTATE_blocked 2
#define RUNSTATE_offline 3

/* Set in state_entry_time while the area is being rewritten, if that vm_assist is on. */
#define XEN_RUNSTATE_UPDATE (1ULL << 63)

struct vcpu_runstate_info {
	int32_t state; /* RUNSTATE_* */
	uint32_t pad0;
	uint64_t state_entry_time;
	uint64_t time[4]; /* ns spent in each state */
};
XEN_ABI_SIZE(struct vcpu_runstate_info, 48);
XEN_ABI_AT(struct vcpu_runstate_info, state_entry_time, 8);
XEN_ABI_AT(struct vcpu_runstate_info, time, 16);

#endif
