/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runtime services of EFI firmware: the hardware domain's call of them, and how it gets there.
 */
#ifndef HYPERCALL_EFI_H
#define HYPERCALL_EFI_H

#include "hypercall/call.h"

#include <xen/platform.h>

/* By the place of their pointers behind the header of the table (UEFI 2.10, 4.5). */
enum efi_service {
	EFI_GET_TIME = 0,
	EFI_SET_TIME = 1,
	EFI_GET_WAKEUP_TIME = 2,
	EFI_SET_WAKEUP_TIME = 3,
	EFI_GET_VARIABLE = 6,
	EFI_GET_NEXT_VARIABLE_NAME = 7,
	EFI_SET_VARIABLE = 8,
	EFI_NEXT_HIGH_MONOTONIC_COUNT = 9,
	EFI_RESET_SYSTEM = 10,
	EFI_QUERY_VARIABLE_INFO = 13,
	EFI_SERVICES = 14,
};

/* Calls firmware for the loaded vcpu; what args point to is the core's. Returns EFI's status.
 * NULL: there are no such services. */
extern uint64_t (*efi_runtime_hook)(struct vcpu *v, enum efi_service service,
				    const uint64_t args[5]);

/* XENPF_efi_runtime_call. */
int must_check platform_efi_call(struct vcpu *v, struct xen_platform_op *op);

#endif
