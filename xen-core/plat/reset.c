/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Resetting and switching off. Each way of resetting is tried in turn, the gentle ones first, with
 * time to take effect; the last cannot fail. Only the CPU that gives the order is running.
 */
#include "plat/reset.h"

#include "machine/cpu.h"
#include "machine/halt.h"
#include "mm/map.h"
#include "plat/acpi.h"
#include "plat/pci.h"

static void (*firmware_reset)(bool power_off);

void machine_set_firmware_reset(void (*reset)(bool power_off))
{
	firmware_reset = reset;
}

/* Port 0x80 is the diagnostics port: about a microsecond each, on every PC. */
static void wait_ms(unsigned int ms)
{
	for (unsigned int i = 0; i < ms * 1000; i++) {
		cpu_out8(0x80, 0);
	}
}

/* ACPI 6.4, 4.8.3.6: one byte, in I/O, memory or PCI configuration space of bus 0. */
static void reset_by_acpi(void)
{
	const struct fadt *fadt = acpi_fadt();
	struct pci_address where = {0};
	volatile uint8_t *memory;
	uint64_t address;

	if (!fadt || fadt->reset.address == 0) {
		return;
	}
	address = fadt->reset.address;
	switch (fadt->reset.space) {
	case ACPI_SPACE_IO:
		cpu_out8((uint16_t)address, fadt->reset_value);
		break;
	case ACPI_SPACE_MEMORY:
		memory = map_device(address, 1, MAP_UNCACHED);
		if (memory) {
			*memory = fadt->reset_value;
		}
		break;
	case ACPI_SPACE_PCI:
		where.devfn = (uint8_t)((address >> 32 & 31) << 3 | (address >> 16 & 7));
		pci_write(where, address & 0xfff, 1, fadt->reset_value);
		break;
	default:
		break;
	}
	wait_ms(50);
}

/* 8042: command 0xfe pulses output line 0, the CPU's reset. */
static void reset_by_keyboard(void)
{
	for (unsigned int i = 0; i < 10000 && (cpu_in8(0x64) & 2); i++) {
		cpu_pause();
	}
	cpu_out8(0x64, 0xfe);
	wait_ms(50);
}

/* The reset control register of Intel chipsets (PIIX3 datasheet, 2.5.4): full reset. */
static void reset_by_chipset(void)
{
	cpu_out8(0xcf9, 0x02);
	cpu_out8(0xcf9, 0x06);
	wait_ms(50);
}

void machine_reboot(void)
{
	if (firmware_reset) {
		firmware_reset(false);
	}
	reset_by_acpi();
	reset_by_keyboard();
	reset_by_chipset();
	cpu_triple_fault();
}

static bool pm1_port(const struct acpi_gas *gas, uint16_t *port)
{
	*port = (uint16_t)gas->address;
	return gas->space == ACPI_SPACE_IO && gas->address != 0 && gas->address <= 0xfffe;
}

void machine_enter_s5(uint16_t pm1a, uint16_t pm1b)
{
	const struct fadt *fadt = acpi_fadt();
	uint16_t port_a, port_b;

	if (!fadt || !pm1_port(&fadt->pm1a_control, &port_a)) {
		return;
	}
	/* ACPI 6.4, 16.1.7: the sleep type first, then again with the enable bit. */
	cpu_out16(port_a, (uint16_t)(pm1a & ~PM1_SLEEP_ENABLE));
	if (pm1_port(&fadt->pm1b_control, &port_b)) {
		cpu_out16(port_b, (uint16_t)(pm1b & ~PM1_SLEEP_ENABLE));
		cpu_out16(port_a, pm1a);
		cpu_out16(port_b, pm1b);
	} else {
		cpu_out16(port_a, pm1a);
	}
	wait_ms(500);
}

static uint16_t sleep_word(const struct acpi_gas *gas, uint8_t type)
{
	uint16_t port;

	return pm1_port(gas, &port) ? fadt_sleep_word(cpu_in16(port), type) : 0;
}

void machine_poweroff(void)
{
	const struct fadt *fadt = acpi_fadt();

	if (firmware_reset) {
		firmware_reset(true);
	}
	if (fadt && fadt->s5_is_known) {
		machine_enter_s5(sleep_word(&fadt->pm1a_control, fadt->s5_type_a),
				 sleep_word(&fadt->pm1b_control, fadt->s5_type_b));
	}
	machine_halt();
}

void machine_halt(void)
{
	cpu_halt_forever();
}
