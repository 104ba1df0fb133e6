/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MADT decoded: processors, I/O APICs, and how ISA lines reach them (ACPI 6.4, 5.2.12).
 */
#ifndef PLAT_MADT_H
#define PLAT_MADT_H

#include "lib/cpu_set.h"

#define MADT_IOAPICS_MAX 16
#define MADT_OVERRIDES_MAX 32

struct madt_cpu {
	uint32_t apic_id;
	uint32_t acpi_id;
	bool is_enabled; /* else it can be enabled later at most */
};

struct madt_ioapic {
	uint32_t address;
	uint32_t gsi_base;
	uint8_t id;
};

struct madt_override {
	uint32_t gsi;
	uint8_t source; /* ISA line */
	bool is_level;
	bool is_active_low;
};

struct madt {
	uint64_t lapic_address;
	bool has_8259;
	bool nmi_line_is_1;  /* LINT1 carries NMI on all processors: the usual wiring */
	uint32_t cpu_count;
	uint32_t ioapic_count;
	uint32_t override_count;
	uint32_t dropped; /* entries too many for the arrays */
	struct madt_cpu cpus[CPUS_MAX];
	struct madt_ioapic ioapics[MADT_IOAPICS_MAX];
	struct madt_override overrides[MADT_OVERRIDES_MAX];
};

/* -XEN_EINVAL if the table cannot be walked to its end; what came before stays in *madt. */
int must_check madt_parse(const void *table, uint32_t length, struct madt *madt);

#endif
