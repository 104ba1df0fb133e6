/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables of a PVH domain: RSDP, XSDT, FADT, FACS, MADT and a DSDT that names its
 * processors. They describe a machine with local APICs and nothing else.
 */
#ifndef GUEST_ACPI_H
#define GUEST_ACPI_H

#include <stddef.h>
#include <stdint.h>

#define ACPI_VCPUS_MAX 512U

/* Writes the tables to memory[size], which the guest will see at `address`; vcpus: with offline
 * ones. *rsdp becomes the guest physical address of the root pointer. -ENOSPC: they do not fit. */
int acpi_build(uint8_t *memory, size_t size, uint64_t address, uint32_t vcpus,
	       uint64_t *rsdp);

#endif
