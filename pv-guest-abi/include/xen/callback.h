/* SPDX-License-Identifier: MIT */
/*
 * callback_op: where a PV kernel is entered for events, failed returns, system calls and NMIs.
 * A later registration replaces an earlier one; unregistering is possible for NMI only.
 */
#ifndef XEN_ABI_CALLBACK_H
#define XEN_ABI_CALLBACK_H

#include "base.h"

#define CALLBACKOP_register 0
#define CALLBACKOP_unregister 1

#define CALLBACKTYPE_event 0
#define CALLBACKTYPE_failsafe 1
#define CALLBACKTYPE_syscall 2
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi 4
#define CALLBACKTYPE_sysenter 5
#define CALLBACKTYPE_syscall32 7

#define CALLBACKF_mask_events (1U << 0)

struct callback_register {
	uint16_t type;
	uint16_t flags; /* CALLBACKF_* */
	uint32_t pad0;
	uint64_t address;
};
XEN_ABI_SIZE(struct callback_register, 16);
XEN_ABI_AT(struct callback_register, address, 8);

struct callback_unregister {
	uint16_t type;
	uint16_t _unused;
};
XEN_ABI_SIZE(struct callback_unregister, 4);

#endif
