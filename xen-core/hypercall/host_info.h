/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What init/ found out about the host, for the calls that report it. Filled in before the first
 * guest runs and constant from then on.
 *
 * The memory map is the one the hardware domain gets: the firmware's, with reserved lines added
 * for the holes it may not map (local APIC and MSI window, I/O APICs).
 */
#ifndef HYPERCALL_HOST_INFO_H
#define HYPERCALL_HOST_INFO_H

#include "lib/cpu_set.h"

#include <xen/memory.h>

struct host_cpu {
	uint32_t apic_id;
	uint32_t acpi_id;
	uint32_t core;   /* within the machine */
	uint32_t socket;
};

struct host_info {
	const struct xen_e820_entry *e820;
	uint32_t e820_count;
	const char *command_line; /* the hypervisor's own */

	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	struct host_cpu cpus[CPUS_MAX]; /* valid for CPUs online */

	/* Guests of this CPU could read the core through Meltdown: none but dom0 are made. */
	bool pv_is_unsafe;

	bool is_efi;
	uint64_t efi_config_table; /* machine address */
	uint32_t efi_config_count;
	uint32_t efi_revision; /* of the system table */
	uint32_t efi_firmware_revision;
	const char *efi_vendor; /* ASCII */
};

extern const struct host_info *host_info;

/* XENPF_enter_acpi_sleep for S5: the PM1 words of the hardware domain; may return when it failed.
 * NULL: sleep states are refused. */
extern void (*platform_sleep_hook)(uint16_t pm1a, uint16_t pm1b);

#endif
