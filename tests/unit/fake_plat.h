/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What platform modules answer where the real calls run on a simulated machine: what start-up found
 * out about the host, interrupts, devices.
 */
#ifndef UNIT_FAKE_PLAT_H
#define UNIT_FAKE_PLAT_H

#include "hypercall/host_info.h"
#include "plat/ioapic.h"
#include "plat/irq.h"
#include "plat/pci.h"

#include <xen/errno.h>

#include <string.h>

static const struct xen_e820_entry world_e820[] = {{0, 0x9f000, 1}, {0x100000, 0x2000000, 1}};
static const struct host_info world_host = {
	.e820 = world_e820,
	.e820_count = array_size(world_e820),
	.command_line = "secret",
	.threads_per_core = 1,
	.cores_per_socket = 4,
	.is_efi = false,
	.efi_vendor = "vendor",
};

/* --- the machine's interrupts and devices: 24 lines, any MSI, one I/O APIC register ---------- */

static bool world_mapped[PIRQ_MAX];
static unsigned int world_eois, world_devices;

unsigned int irq_gsi_count(void)
{
	return 24;
}

bool irq_is_mapped(uint32_t pirq)
{
	return pirq < PIRQ_MAX && world_mapped[pirq];
}

int irq_map_gsi(uint32_t gsi)
{
	world_mapped[gsi] = true;
	return 0;
}

int irq_setup_gsi(uint32_t gsi unused_arg, bool level, bool active_low)
{
	return level == active_low ? 0 : -XEN_EEXIST;
}

int irq_map_msi(const struct msi_request *request, uint32_t *pirq)
{
	if (request->segment != 0) {
		return -XEN_ENODEV;
	}
	*pirq = PIRQ_MAX - 1 - request->entry;
	world_mapped[*pirq] = true;
	return 0;
}

int irq_unmap(uint32_t pirq)
{
	world_mapped[pirq] = false;
	return 0;
}

bool irq_needs_eoi(uint32_t pirq)
{
	return pirq >= 16;
}

void irq_eoi(uint32_t pirq unused_arg)
{
	world_eois++;
}

int ioapic_read_register(uint64_t address, uint32_t reg, uint32_t *value)
{
	*value = reg + 1;
	return address == 0xfec00000 ? 0 : -XEN_EINVAL;
}

int pci_device_add(struct pci_address where unused_arg)
{
	world_devices++;
	return 0;
}

int pci_device_remove(struct pci_address where unused_arg)
{
	world_devices--;
	return 0;
}

int pci_ecam_add(uint64_t address unused_arg, uint16_t segment, uint8_t first_bus unused_arg,
		 uint8_t last_bus unused_arg)
{
	return segment == 0 ? 0 : -XEN_ENODEV;
}

static void plat_reset(void)
{
	host_info = &world_host;
	memset(world_mapped, 0, sizeof(world_mapped));
	world_eois = world_devices = 0;
}

#endif
