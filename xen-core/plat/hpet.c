/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HPET as a time source. Its comparators are not used; the block stays mapped. A 32-bit
 * counter is read as such; of a 64-bit one the whole register, one access (IA-PC HPET 1.0a, 2.4.7).
 */
#include "plat/hpet.h"

#include "mm/map.h"
#include "plat/acpi.h"

#define HPET_CAPABILITIES 0
#define HPET_CONFIGURATION 2 /* register 0x10 */
#define HPET_COUNTER 30 /* register 0xf0, in 64-bit words */
#define CAPABILITY_64BIT (1UL << 13)
#define CONFIGURATION_ENABLE 1UL
#define FEMTOSECONDS 1000000000000000UL
#define PERIOD_MAX 100000000U /* fs: the specification's limit */

static volatile uint64_t *registers;

static uint64_t read_counter(void)
{
	return registers[HPET_COUNTER];
}

const struct time_source *hpet_source(void)
{
	static struct time_source source = {.name = "HPET", .read = read_counter};
	uint64_t address = acpi_hpet_address(), capabilities, period;

	if (address == 0) {
		return NULL;
	}
	if (!registers) {
		registers = map_device(address, 1024, MAP_UNCACHED);
	}
	if (!registers) {
		return NULL;
	}
	capabilities = registers[HPET_CAPABILITIES];
	period = capabilities >> 32;
	if (period == 0 || period > PERIOD_MAX) {
		return NULL;
	}
	source.hz = FEMTOSECONDS / period;
	source.bits = capabilities & CAPABILITY_64BIT ? 64 : 32;
	if (!(registers[HPET_CONFIGURATION] & CONFIGURATION_ENABLE)) {
		registers[HPET_CONFIGURATION] = registers[HPET_CONFIGURATION] | CONFIGURATION_ENABLE;
	}
	return &source;
}
