/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The static ACPI tables of the machine: found, checked, mapped for ever, and the few the core
 * needs decoded once. The hardware domain owns AML; nothing here interprets any.
 */
#ifndef PLAT_ACPI_H
#define PLAT_ACPI_H

#include "plat/fadt.h"
#include "plat/madt.h"

struct mcfg_entry;

/* rsdp 0: searched in the BIOS areas. -XEN_ENODEV: no ACPI; the rest then answers NULL or 0. */
int must_check acpi_init(uint64_t rsdp);
/* The whole table with its header, or NULL. index 0 is the first of that signature. */
const void *acpi_find(const char *signature, unsigned int index, uint32_t *length);

const struct madt *acpi_madt(void);
const struct fadt *acpi_fadt(void);
/* Machine address of the HPET's registers; 0: none. */
uint64_t acpi_hpet_address(void);
unsigned int acpi_mcfg(const struct mcfg_entry **entries);

#endif
