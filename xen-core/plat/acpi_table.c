/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walking ACPI tables in memory: root pointer, root tables, MCFG, HPET, and the search for \_S5.
 *
 * A table is trusted only after acpi_table_is_good(): the length its header claims is at most what
 * is mapped, and its bytes add up to zero. Nothing is read behind that length. AML is not
 * interpreted: \_S5 is by convention a package of constants, which a scan can recognize.
 */
#include "plat/acpi_table.h"

#include "lib/mem.h"

uint16_t acpi_read16(const void *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

uint32_t acpi_read32(const void *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

uint64_t acpi_read64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

bool acpi_checksum_is_good(const void *data, size_t bytes)
{
	const uint8_t *byte = data;
	unsigned int sum = 0;

	for (size_t i = 0; i < bytes; i++) {
		sum += byte[i];
	}
	return (sum & 0xff) == 0;
}

/* ACPI 6.4, 5.2.5.3: 20 bytes, from revision 2 on 36 and a second checksum over all. */
bool acpi_parse_rsdp(const void *at, size_t bytes, struct acpi_root *root)
{
	const uint8_t *rsdp = at;
	uint32_t length;

	if (bytes < 20 || memcmp(rsdp, "RSD PTR ", 8) != 0 || !acpi_checksum_is_good(rsdp, 20)) {
		return false;
	}
	root->is_xsdt = false;
	root->address = acpi_read32(rsdp + 16);
	if (rsdp[15] >= 2 && bytes >= ACPI_RSDP_BYTES) {
		length = acpi_read32(rsdp + 20);
		if (length >= ACPI_RSDP_BYTES && length <= bytes &&
		    acpi_checksum_is_good(rsdp, length) && acpi_read64(rsdp + 24) != 0) {
			root->is_xsdt = true;
			root->address = acpi_read64(rsdp + 24);
		}
	}
	return root->address != 0;
}

bool acpi_scan_rsdp(const void *area, size_t bytes, struct acpi_root *root)
{
	const uint8_t *byte = area;

	for (size_t at = 0; at + 20 <= bytes; at += 16) {
		if (acpi_parse_rsdp(byte + at, bytes - at, root)) {
			return true;
		}
	}
	return false;
}

uint32_t acpi_table_length(const struct acpi_header *header)
{
	uint32_t length = header->length;

	return length >= sizeof(*header) && length <= ACPI_TABLE_BYTES_MAX ? length : 0;
}

bool acpi_table_is_good(const void *table, size_t available)
{
	uint32_t length;

	if (available < sizeof(struct acpi_header)) {
		return false;
	}
	length = acpi_table_length(table);
	return length != 0 && length <= available && acpi_checksum_is_good(table, length);
}

unsigned int acpi_root_count(const void *table, bool is_xsdt)
{
	uint32_t length = acpi_table_length(table);

	if (length == 0) {
		return 0;
	}
	return (length - (uint32_t)sizeof(struct acpi_header)) / (is_xsdt ? 8 : 4);
}

uint64_t acpi_root_entry(const void *table, bool is_xsdt, unsigned int index)
{
	const uint8_t *entries = (const uint8_t *)table + sizeof(struct acpi_header);

	if (index >= acpi_root_count(table, is_xsdt)) {
		return 0;
	}
	return is_xsdt ? acpi_read64(entries + index * 8) : acpi_read32(entries + index * 4);
}

/* One element of a package: a constant (ACPI 6.4, 20.2.3). Returns its bytes, 0 if none. */
static uint32_t read_constant(const uint8_t *aml, uint32_t available, uint8_t *value)
{
	if (available == 0) {
		return 0;
	}
	switch (aml[0]) {
	case 0x00: /* ZeroOp */
	case 0x01: /* OneOp */
		*value = aml[0];
		return 1;
	case 0x0a: /* BytePrefix */
		if (available < 2) {
			return 0;
		}
		*value = aml[1];
		return 2;
	case 0x0b: /* WordPrefix: only the low byte is a sleep type */
		if (available < 3) {
			return 0;
		}
		*value = aml[1];
		return 3;
	case 0x0c: /* DWordPrefix */
		if (available < 5) {
			return 0;
		}
		*value = aml[1];
		return 5;
	default:
		return 0;
	}
}

/* PackageOp PkgLength NumElements element element ... (ACPI 6.4, 20.2.5.4). */
static bool read_s5_package(const uint8_t *aml, uint32_t available, uint8_t *type_a,
			    uint8_t *type_b)
{
	uint32_t at = 1, used;

	if (available < 4 || aml[0] != 0x12) {
		return false;
	}
	at += 1 + (aml[1] >> 6); /* PkgLength: its top bits count the bytes that follow */
	if (at >= available || aml[at] == 0) {
		return false;
	}
	at++;
	used = read_constant(aml + at, available - at, type_a);
	if (used == 0) {
		return false;
	}
	at += used;
	if (read_constant(aml + at, available - at, type_b) == 0) {
		*type_b = *type_a; /* one element only */
	}
	return *type_a < 8 && *type_b < 8;
}

bool acpi_find_s5(const void *dsdt, uint32_t length, uint8_t *type_a, uint8_t *type_b)
{
	const uint8_t *aml = dsdt;

	for (uint32_t at = sizeof(struct acpi_header); at + 8 <= length; at++) {
		bool is_name;

		if (memcmp(aml + at, "_S5_", 4) != 0) {
			continue;
		}
		/* NameOp, perhaps with a root prefix in between. */
		is_name = aml[at - 1] == 0x08 || (aml[at - 1] == '\\' && aml[at - 2] == 0x08);
		if (is_name && read_s5_package(aml + at + 4, length - at - 4, type_a, type_b)) {
			return true;
		}
	}
	return false;
}

/* PCI Firmware 3.2, 4.1.2: 8 reserved bytes, then 16 per window. */
unsigned int acpi_parse_mcfg(const void *table, uint32_t length, struct mcfg_entry *entries,
			     unsigned int entries_max)
{
	const uint8_t *byte = table;
	unsigned int count = 0;

	for (uint32_t at = 44; at + 16 <= length && count < entries_max; at += 16) {
		struct mcfg_entry entry = {
			.address = acpi_read64(byte + at),
			.segment = acpi_read16(byte + at + 8),
			.first_bus = byte[at + 10],
			.last_bus = byte[at + 11],
		};

		if (entry.address != 0 && (entry.address & 0xfffff) == 0 &&
		    entry.first_bus <= entry.last_bus) {
			entries[count++] = entry;
		}
	}
	return count;
}

/* IA-PC HPET 1.0a, 3.2.4: a generic address at 40. */
uint64_t acpi_parse_hpet(const void *table, uint32_t length)
{
	const uint8_t *byte = table;

	if (length < 52 || byte[40] != 0) {
		return 0;
	}
	return acpi_read64(byte + 44);
}
