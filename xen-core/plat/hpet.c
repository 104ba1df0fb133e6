/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HPET as a time source. Its comparators are not used; the block stays mapped. Accesses are 32
 * bits wide, as some implementations (QEMU) allow no others, so the counter is its low word; that
 * wraps after 40 seconds or more, far longer than a measurement.
 */
#include "plat/hpet.h"

#include "mm/map.h"
#include "plat/acpi.h"

/* IA-PC HPET 1.0a, 2.3.3, as indices of 32-bit words. */
#define HPET_PERIOD (0x004 / 4)
#define HPET_CONFIGURATION (0x010 / 4)
#define HPET_COUNTER (0x0f0 / 4)
#define CONFIGURATION_ENABLE 1U
#define FEMTOSECONDS 1000000000000000UL
#define PERIOD_MAX 100000000U /* fs: the specification's limit */

static volatile uint32_t *registers;

static uint64_t read_counter(void)
{
	return registers[HPET_COUNTER];
}

const struct time_source *hpet_source(void)
{
	static struct time_source source = {.name = "HPET", .bits = 32, .read = read_counter};
	uint64_t address = acpi_hpet_address();
	uint32_t period;

	if (address == 0) {
		return NULL;
	}
	if (!registers) {
		registers = map_device(address, 1024, MAP_UNCACHED);
	}
	if (!registers) {
		return NULL;
	}
	period = registers[HPET_PERIOD];
	if (period == 0 || period > PERIOD_MAX) {
		return NULL;
	}
	source.hz = FEMTOSECONDS / period;
	registers[HPET_CONFIGURATION] = registers[HPET_CONFIGURATION] | CONFIGURATION_ENABLE;
	return &source;
}
