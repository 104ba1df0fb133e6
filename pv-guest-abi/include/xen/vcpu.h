/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op: bringing vcpus up and down, their timers, and the memory areas a guest registers to
 * be kept informed. Timers are absolute system time; the periodic one is a relic.
 */
#ifndef XEN_ABI_VCPU_H
#define XEN_ABI_VCPU_H

#include "shared_info.h"

#define VCPUOP_initialise 0
#define VCPUOP_up 1
#define VCPUOP_down 2
#define VCPUOP_is_up 3
#define VCPUOP_get_runstate_info 4
#define VCPUOP_register_runstate_memory_area 5
#define VCPUOP_set_periodic_timer 6
#define VCPUOP_stop_periodic_timer 7
#define VCPUOP_set_singleshot_timer 8
#define VCPUOP_stop_singleshot_timer 9
#define VCPUOP_register_vcpu_info 10
#define VCPUOP_send_nmi 11
#define VCPUOP_get_physid 12
#define VCPUOP_register_vcpu_time_memory_area 13

#define VCPU_SSHOTTMR_future (1U << 0)

/* Both areas are virtual addresses in the registering vcpu's address space. */
struct vcpu_register_runstate_memory_area {
	union {
		uint64_t h;
		uint64_t v;
		uint64_t p;
	} addr;
};
XEN_ABI_SIZE(struct vcpu_register_runstate_memory_area, 8);

struct vcpu_register_time_memory_area {
	union {
		uint64_t h;
		uint64_t v;
		uint64_t p;
	} addr;
};
XEN_ABI_SIZE(struct vcpu_register_time_memory_area, 8);

struct vcpu_set_periodic_timer {
	uint64_t period_ns;
};
XEN_ABI_SIZE(struct vcpu_set_periodic_timer, 8);

struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;
	uint32_t flags; /* VCPU_SSHOTTMR_* */
	uint32_t pad0;
};
XEN_ABI_SIZE(struct vcpu_set_singleshot_timer, 16);

struct vcpu_register_vcpu_info {
	uint64_t mfn;
	uint32_t offset; /* within the frame */
	uint32_t rsvd;
};
XEN_ABI_SIZE(struct vcpu_register_vcpu_info, 16);

struct vcpu_get_physid {
	uint64_t phys_id; /* low half APIC id, high half ACPI id */
};
XEN_ABI_SIZE(struct vcpu_get_physid, 8);

#endif
