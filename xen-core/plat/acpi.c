/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding and mapping the machine's ACPI tables. acpi_init() runs once on the boot CPU and maps
 * each table of the root table for ever; after that everything here is constant.
 *
 * A table with a bad checksum or an impossible length is left out with a warning, as if firmware
 * had not listed it.
 */
#include "plat/acpi.h"

#include "lib/log.h"
#include "lib/mem.h"
#include "mm/map.h"
#include "plat/acpi_table.h"

#include <xen/errno.h>

#define TABLES_MAX 128U
#define MCFG_MAX 16U

struct table {
	const struct acpi_header *header;
	uint64_t address;
	uint32_t length;
};

static struct table tables[TABLES_MAX];
static unsigned int table_count;
static struct madt madt;
static struct fadt fadt;
static bool has_madt, has_fadt;
static uint64_t hpet_address;
static struct mcfg_entry mcfg[MCFG_MAX];
static unsigned int mcfg_count;

/* Maps a whole table after a look at its header; NULL when it is not a good one. */
static const struct acpi_header *map_table(uint64_t address, uint32_t *length)
{
	const struct acpi_header *header;
	const void *table;

	header = map_firmware(address, sizeof(*header));
	if (!header) {
		return NULL;
	}
	*length = acpi_table_length(header);
	map_release(header, sizeof(*header));
	if (*length == 0) {
		return NULL;
	}
	table = map_firmware(address, *length);
	if (table && !acpi_table_is_good(table, *length)) {
		map_release(table, *length);
		table = NULL;
	}
	return table;
}

static bool scan_area(uint64_t start, uint64_t bytes, struct acpi_root *root)
{
	const void *area = map_firmware(start, bytes);
	bool found;

	if (!area) {
		return false;
	}
	found = acpi_scan_rsdp(area, bytes, root);
	map_release(area, bytes);
	return found;
}

/* ACPI 6.4, 5.2.5.1: the first KiB of the EBDA, whose segment is at 40:0e, and the BIOS area. */
static bool search_root(struct acpi_root *root)
{
	const uint8_t *bios_data = map_firmware(0x400, 256);
	uint64_t ebda;

	if (bios_data) {
		ebda = (uint64_t)acpi_read16(bios_data + 0xe) << 4;
		map_release(bios_data, 256);
		if (ebda >= 0x80000 && ebda < 0xa0000 && scan_area(ebda, 1024, root)) {
			return true;
		}
	}
	return scan_area(0xe0000, 0x20000, root);
}

static bool find_root(uint64_t rsdp, struct acpi_root *root)
{
	const void *pointer;
	bool good;

	if (rsdp == 0) {
		return search_root(root);
	}
	pointer = map_firmware(rsdp, ACPI_RSDP_BYTES);
	good = pointer && acpi_parse_rsdp(pointer, ACPI_RSDP_BYTES, root);
	if (pointer) {
		map_release(pointer, ACPI_RSDP_BYTES);
	}
	return good || search_root(root);
}

static void add_tables(const struct acpi_header *root, bool is_xsdt)
{
	unsigned int count = acpi_root_count(root, is_xsdt);

	for (unsigned int i = 0; i < count && table_count < TABLES_MAX; i++) {
		struct table *table = &tables[table_count];

		table->address = acpi_root_entry(root, is_xsdt, i);
		table->header = table->address ? map_table(table->address, &table->length) : NULL;
		if (table->header) {
			table_count++;
		} else {
			log_warning("ACPI: table %u at %#llx is damaged, ignored", i,
				    (unsigned long long)table->address);
		}
	}
}

static void read_dsdt(void)
{
	uint32_t length;
	const struct acpi_header *dsdt = fadt.dsdt ? map_table(fadt.dsdt, &length) : NULL;

	if (!dsdt) {
		log_warning("ACPI: no DSDT: the machine cannot be switched off");
		return;
	}
	fadt.s5_is_known = acpi_find_s5(dsdt, length, &fadt.s5_type_a, &fadt.s5_type_b);
	map_release(dsdt, length);
}

static void decode_tables(void)
{
	const void *table;
	uint32_t length;

	table = acpi_find("APIC", 0, &length);
	if (table) {
		has_madt = true;
		if (madt_parse(table, length, &madt)) {
			log_warning("ACPI: MADT is malformed, used as far as it goes");
		}
	}
	table = acpi_find("FACP", 0, &length);
	if (table && fadt_parse(table, length, &fadt) == 0) {
		has_fadt = true;
		read_dsdt();
	}
	table = acpi_find("HPET", 0, &length);
	hpet_address = table ? acpi_parse_hpet(table, length) : 0;
	table = acpi_find("MCFG", 0, &length);
	mcfg_count = table ? acpi_parse_mcfg(table, length, mcfg, MCFG_MAX) : 0;
}

int acpi_init(uint64_t rsdp)
{
	const struct acpi_header *root_table;
	struct acpi_root root;
	uint32_t length;

	if (!find_root(rsdp, &root)) {
		return -XEN_ENODEV;
	}
	root_table = map_table(root.address, &length);
	if (!root_table ||
	    memcmp(root_table->signature, root.is_xsdt ? "XSDT" : "RSDT", 4) != 0) {
		return -XEN_ENODEV;
	}
	add_tables(root_table, root.is_xsdt);
	map_release(root_table, length);
	decode_tables();
	log_info("ACPI: %u tables, %u CPUs, %u I/O APICs", table_count, madt.cpu_count,
		 madt.ioapic_count);
	return 0;
}

const void *acpi_find(const char *signature, unsigned int index, uint32_t *length)
{
	for (unsigned int i = 0; i < table_count; i++) {
		if (memcmp(tables[i].header->signature, signature, 4) == 0 && index-- == 0) {
			*length = tables[i].length;
			return tables[i].header;
		}
	}
	return NULL;
}

const struct madt *acpi_madt(void)
{
	return has_madt ? &madt : NULL;
}

const struct fadt *acpi_fadt(void)
{
	return has_fadt ? &fadt : NULL;
}

uint64_t acpi_hpet_address(void)
{
	return hpet_address;
}

unsigned int acpi_mcfg(const struct mcfg_entry **entries)
{
	*entries = mcfg;
	return mcfg_count;
}
