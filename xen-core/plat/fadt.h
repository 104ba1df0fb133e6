/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FADT decoded: power management registers, reset register (ACPI 6.4, 5.2.9).
 */
#ifndef PLAT_FADT_H
#define PLAT_FADT_H

#include "lib/types.h"

/* Generic address (ACPI 6.4, 5.2.3.2). */
enum acpi_space {
	ACPI_SPACE_MEMORY = 0,
	ACPI_SPACE_IO = 1,
	ACPI_SPACE_PCI = 2,
};

struct acpi_gas {
	uint64_t address; /* 0: not there */
	uint8_t space;    /* enum acpi_space or others */
	uint8_t bits;
};

struct fadt {
	struct acpi_gas pm1a_event, pm1b_event;
	struct acpi_gas pm1a_control, pm1b_control;
	struct acpi_gas pm_timer;
	struct acpi_gas reset;
	uint64_t dsdt;
	uint64_t facs;
	uint32_t flags;
	uint16_t sci;
	uint16_t boot_flags;
	uint8_t reset_value;
	uint8_t rtc_century; /* CMOS index, 0: none */
	uint8_t pm1_event_bytes, pm1_control_bytes;
	bool s5_is_known;
	uint8_t s5_type_a, s5_type_b;
};

#define FADT_FLAG_TIMER_32BIT (1U << 8)
#define FADT_FLAG_RESET (1U << 10)
#define FADT_BOOT_NO_RTC (1U << 5)

#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MASK (7U << PM1_SLEEP_TYPE_SHIFT)
#define PM1_SLEEP_ENABLE (1U << 13)

/* s5_* are not in this table: the caller adds what acpi_find_s5() says. */
int must_check fadt_parse(const void *table, uint32_t length, struct fadt *fadt);
/* PM1 control word that enters a sleep state, keeping the other bits. */
uint16_t fadt_sleep_word(uint16_t control, uint8_t type);

#endif
