/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading ACPI tables that lie in memory. Firmware is not hostile but often wrong: each length is
 * checked against what was mapped before anything behind it is read. All functions are pure.
 */
#ifndef PLAT_ACPI_TABLE_H
#define PLAT_ACPI_TABLE_H

#include "lib/types.h"

/* ACPI 6.4, 5.2.6 */
struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} packed_struct;
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 6.4 table 5.29");

#define ACPI_TABLE_BYTES_MAX (16U << 20)
#define ACPI_RSDP_BYTES 36U

struct acpi_root {
	uint64_t address;
	bool is_xsdt;
};

struct mcfg_entry {
	uint64_t address; /* of bus 0's registers, even if first_bus is not 0 */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

/* Little-endian words at any alignment. */
uint16_t acpi_read16(const void *at);
uint32_t acpi_read32(const void *at);
uint64_t acpi_read64(const void *at);

bool acpi_checksum_is_good(const void *data, size_t bytes);
/* Looks at bytes of memory from at on: is there a root pointer right here? */
bool acpi_parse_rsdp(const void *at, size_t bytes, struct acpi_root *root);
/* The same at each 16-byte boundary; true and the first that is good. */
bool acpi_scan_rsdp(const void *area, size_t bytes, struct acpi_root *root);
/* Length the header claims, 0 if no table can have it. */
uint32_t acpi_table_length(const struct acpi_header *header);
/* Header, length and checksum; available is how much is mapped. */
bool acpi_table_is_good(const void *table, size_t available);

/* Entries of an RSDT or XSDT that passed acpi_table_is_good(). */
unsigned int acpi_root_count(const void *table, bool is_xsdt);
uint64_t acpi_root_entry(const void *table, bool is_xsdt, unsigned int index);

/* Finds the package \_S5 in a DSDT: SLP_TYPa and SLP_TYPb (ACPI 6.4, 7.4.2). */
bool acpi_find_s5(const void *dsdt, uint32_t length, uint8_t *type_a, uint8_t *type_b);
unsigned int acpi_parse_mcfg(const void *table, uint32_t length, struct mcfg_entry *entries,
			     unsigned int entries_max);
/* Address of the register block; 0: none in memory space. */
uint64_t acpi_parse_hpet(const void *table, uint32_t length);

#endif
