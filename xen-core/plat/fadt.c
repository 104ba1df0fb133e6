/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding the FADT. The table grew over the years: a field counts only if the table is long
 * enough for it. A register block given twice, as port and as generic address, is taken from the
 * generic address unless that is empty.
 */
#include "plat/fadt.h"

#include "lib/mem.h"
#include "plat/acpi_table.h"

#include <xen/errno.h>

/* Offsets: ACPI 6.4, table 5.33. */
static struct acpi_gas read_gas(const uint8_t *fadt, uint32_t length, uint32_t at)
{
	struct acpi_gas gas = {0};

	if (at + 12 <= length) {
		gas.space = fadt[at];
		gas.bits = fadt[at + 1];
		gas.address = acpi_read64(fadt + at + 4);
	}
	return gas;
}

static struct acpi_gas read_block(const uint8_t *fadt, uint32_t length, uint32_t port_at,
				  uint32_t gas_at, uint8_t bits)
{
	struct acpi_gas gas = read_gas(fadt, length, gas_at);

	if (gas.address == 0) {
		gas = (struct acpi_gas){
			.space = ACPI_SPACE_IO,
			.bits = bits,
			.address = acpi_read32(fadt + port_at),
		};
	}
	return gas;
}

int fadt_parse(const void *table, uint32_t length, struct fadt *fadt)
{
	const uint8_t *byte = table;

	memset(fadt, 0, sizeof(*fadt));
	if (length < 116) { /* the ACPI 1.0 table */
		return -XEN_EINVAL;
	}
	fadt->facs = acpi_read32(byte + 36);
	fadt->dsdt = acpi_read32(byte + 40);
	fadt->sci = acpi_read16(byte + 46);
	fadt->pm1a_event = read_block(byte, length, 56, 148, 32);
	fadt->pm1b_event = read_block(byte, length, 60, 160, 32);
	fadt->pm1a_control = read_block(byte, length, 64, 172, 16);
	fadt->pm1b_control = read_block(byte, length, 68, 184, 16);
	fadt->pm_timer = read_block(byte, length, 76, 208, 32);
	fadt->pm1_event_bytes = byte[88];
	fadt->pm1_control_bytes = byte[89];
	fadt->rtc_century = byte[108];
	fadt->flags = acpi_read32(byte + 112);
	/* Reserved before revision 2, and sometimes not zero there. */
	fadt->boot_flags = byte[8] >= 2 ? acpi_read16(byte + 109) : 0;
	if (fadt->flags & FADT_FLAG_RESET && length >= 129) {
		fadt->reset = read_gas(byte, length, 116);
		fadt->reset_value = byte[128];
	}
	if (length >= 140 && acpi_read64(byte + 132) != 0) {
		fadt->facs = acpi_read64(byte + 132);
	}
	if (length >= 148 && acpi_read64(byte + 140) != 0) {
		fadt->dsdt = acpi_read64(byte + 140);
	}
	return 0;
}

uint16_t fadt_sleep_word(uint16_t control, uint8_t type)
{
	unsigned int word = control & ~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE);

	return (uint16_t)(word | (type & 7U) << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE);
}
