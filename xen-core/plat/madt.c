/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding the MADT: a list of entries, each with type and length in its first two bytes. An entry
 * whose length does not fit ends the walk; types we have no use for are skipped. A processor is
 * listed as LAPIC (8-bit id) or x2APIC (32-bit id), by some firmware as both: the first counts.
 */
#include "plat/madt.h"

#include "lib/mem.h"
#include "plat/acpi_table.h"

#include <xen/errno.h>

/* ACPI 6.4, table 5.45 */
enum madt_type {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_NMI = 4,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
	MADT_X2APIC_NMI = 10,
};

#define MADT_ENTRIES 44U
#define CPU_ENABLED 1U
#define CPU_ONLINE_CAPABLE 2U

static void add_cpu(struct madt *madt, uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
	if (!(flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE))) {
		return;
	}
	for (uint32_t i = 0; i < madt->cpu_count; i++) {
		if (madt->cpus[i].apic_id == apic_id) {
			return;
		}
	}
	if (madt->cpu_count == CPUS_MAX) {
		madt->dropped++;
		return;
	}
	madt->cpus[madt->cpu_count++] = (struct madt_cpu){
		.apic_id = apic_id,
		.acpi_id = acpi_id,
		.is_enabled = (flags & CPU_ENABLED) != 0,
	};
}

static void add_ioapic(struct madt *madt, const uint8_t *entry)
{
	if (madt->ioapic_count == MADT_IOAPICS_MAX) {
		madt->dropped++;
		return;
	}
	madt->ioapics[madt->ioapic_count++] = (struct madt_ioapic){
		.id = entry[2],
		.address = acpi_read32(entry + 4),
		.gsi_base = acpi_read32(entry + 8),
	};
}

/* MPS INTI flags, ACPI 6.4 table 5.50; 0 means as on the ISA bus: edge, active high. */
static void add_override(struct madt *madt, const uint8_t *entry)
{
	uint16_t flags = acpi_read16(entry + 8);

	if (entry[2] != 0 || entry[3] > 15) {
		return; /* not the ISA bus */
	}
	if (madt->override_count == MADT_OVERRIDES_MAX) {
		madt->dropped++;
		return;
	}
	madt->overrides[madt->override_count++] = (struct madt_override){
		.source = entry[3],
		.gsi = acpi_read32(entry + 4),
		.is_active_low = (flags & 3) == 3,
		.is_level = (flags >> 2 & 3) == 3,
	};
}

static uint32_t least_length(uint8_t type)
{
	switch (type) {
	case MADT_LAPIC:
		return 8;
	case MADT_IOAPIC:
	case MADT_LAPIC_ADDRESS:
	case MADT_X2APIC_NMI:
		return 12;
	case MADT_OVERRIDE:
		return 10;
	case MADT_LAPIC_NMI:
		return 6;
	case MADT_X2APIC:
		return 16;
	default:
		return 2;
	}
}

static void add_entry(struct madt *madt, const uint8_t *entry)
{
	switch (entry[0]) {
	case MADT_LAPIC:
		add_cpu(madt, entry[3], entry[2], acpi_read32(entry + 4));
		break;
	case MADT_X2APIC:
		add_cpu(madt, acpi_read32(entry + 4), acpi_read32(entry + 12),
			acpi_read32(entry + 8));
		break;
	case MADT_IOAPIC:
		add_ioapic(madt, entry);
		break;
	case MADT_OVERRIDE:
		add_override(madt, entry);
		break;
	case MADT_LAPIC_NMI:
		madt->nmi_line_is_1 |= entry[5] == 1;
		break;
	case MADT_X2APIC_NMI:
		madt->nmi_line_is_1 |= entry[8] == 1;
		break;
	case MADT_LAPIC_ADDRESS:
		madt->lapic_address = acpi_read64(entry + 4);
		break;
	default:
		break;
	}
}

int madt_parse(const void *table, uint32_t length, struct madt *madt)
{
	const uint8_t *byte = table;
	uint32_t at = MADT_ENTRIES;

	memset(madt, 0, sizeof(*madt));
	if (length < MADT_ENTRIES) {
		return -XEN_EINVAL;
	}
	madt->lapic_address = acpi_read32(byte + 36);
	madt->has_8259 = (acpi_read32(byte + 40) & 1) != 0;
	while (length - at >= 2) {
		uint8_t bytes = byte[at + 1];

		if (bytes < least_length(byte[at]) || bytes > length - at) {
			return -XEN_EINVAL;
		}
		add_entry(madt, byte + at);
		at += bytes;
	}
	return at == length ? 0 : -XEN_EINVAL;
}
