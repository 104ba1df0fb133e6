/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is behind the ports of the machine: the instructions, CMOS, PCI configuration space. */
#include "pv/port.h"

#include "machine/cpu.h"
#include "plat/pci.h"
#include "plat/rtc.h"

static uint32_t read_port(uint16_t port, unsigned int bytes)
{
	switch (bytes) {
	case 1:
		return cpu_in8(port);
	case 2:
		return cpu_in16(port);
	default:
		return cpu_in32(port);
	}
}

static void write_port(uint16_t port, unsigned int bytes, uint32_t value)
{
	switch (bytes) {
	case 1:
		cpu_out8(port, (uint8_t)value);
		break;
	case 2:
		cpu_out16(port, (uint16_t)value);
		break;
	default:
		cpu_out32(port, value);
		break;
	}
}

static struct pci_address address_of(uint16_t function)
{
	return (struct pci_address){
		.segment = 0,
		.bus = (uint8_t)(function >> 8),
		.devfn = (uint8_t)function,
	};
}

/* The data port cannot be crossed, but an access inside it may be unaligned: bytewise then. */
static uint32_t read_config(uint16_t function, uint32_t reg, unsigned int bytes)
{
	uint32_t value = 0;

	if (reg % bytes == 0) {
		return pci_read(address_of(function), reg, bytes);
	}
	for (unsigned int i = 0; i < bytes; i++) {
		value |= (pci_read(address_of(function), reg + i, 1) & 0xff) << (8 * i);
	}
	return value;
}

static void write_config(uint16_t function, uint32_t reg, unsigned int bytes, uint32_t value)
{
	if (reg % bytes == 0) {
		pci_guest_write(address_of(function), reg, bytes, value);
		return;
	}
	for (unsigned int i = 0; i < bytes; i++) {
		pci_guest_write(address_of(function), reg + i, 1, (value >> (8 * i)) & 0xff);
	}
}

const struct pv_port_ops pv_port_hw = {
	.read = read_port,
	.write = write_port,
	.cmos_read = rtc_cmos_read,
	.cmos_write = rtc_cmos_write,
	.config_read = read_config,
	.config_write = write_config,
};
