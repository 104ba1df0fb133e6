/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space and the list of announced devices. Ports 0xcf8/0xcfc reach the first 256
 * bytes of segment 0 (PCI Local Bus 3.0, 3.2.2.3.2); the rest goes through the ECAM window of its
 * segment, mapped bus by bus as buses are first used.
 *
 * One lock of rank pci for the ports, the windows and the list. A function announced is one whose
 * MSI capabilities the core knows; nothing else depends on the list.
 */
#include "plat/pci.h"

#include "machine/cpu.h"
#include "machine/lock.h"
#include "mm/map.h"
#include "plat/acpi.h"
#include "plat/acpi_table.h"

#include <xen/errno.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define BUSES 256U
#define BUS_BYTES (1UL << 20)
#define WINDOWS_MAX 8U
#define CAPABILITIES_MAX 48U /* as many as fit: a loop in the list ends */

struct window {
	struct mcfg_entry entry;
	volatile uint8_t *bus[BUSES]; /* (l) NULL: not mapped yet */
};

struct device {
	struct pci_address where;
	uint16_t msix_entries; /* in use */
	struct pci_msi_layout layout;
};

static struct spinlock lock = SPINLOCK(pci);
static struct window windows[WINDOWS_MAX];
static unsigned int window_count;
static struct device devices[PCI_DEVICES_MAX];
static unsigned int device_count;

static bool same_function(struct pci_address a, struct pci_address b)
{
	return a.segment == b.segment && a.bus == b.bus && a.devfn == b.devfn;
}

static bool covers(const struct mcfg_entry *entry, uint16_t segment, uint8_t bus)
{
	return entry->segment == segment && bus >= entry->first_bus && bus <= entry->last_bus;
}

/* NULL: no window, or no room to map it. */
static volatile uint8_t *ecam_locked(struct pci_address where, uint32_t reg)
{
	for (unsigned int i = 0; i < window_count; i++) {
		struct window *window = &windows[i];

		if (!covers(&window->entry, where.segment, where.bus)) {
			continue;
		}
		if (!window->bus[where.bus]) {
			window->bus[where.bus] = map_device(
				window->entry.address + where.bus * BUS_BYTES, BUS_BYTES,
				MAP_UNCACHED);
		}
		if (!window->bus[where.bus]) {
			return NULL;
		}
		return window->bus[where.bus] + ((uint32_t)where.devfn << 12) + reg;
	}
	return NULL;
}

static bool access_is_valid(uint32_t reg, unsigned int bytes)
{
	return reg < 4096 && (bytes == 1 || bytes == 2 || bytes == 4) && reg % bytes == 0;
}

static bool goes_by_port(struct pci_address where, uint32_t reg)
{
	return where.segment == 0 && reg < 256;
}

static uint16_t select_locked(struct pci_address where, uint32_t reg)
{
	cpu_out32(CONFIG_ADDRESS, 0x80000000U | (uint32_t)where.bus << 16 |
					  (uint32_t)where.devfn << 8 | (reg & 0xfcU));
	return (uint16_t)(CONFIG_DATA + (reg & 3));
}

static uint32_t read_locked(struct pci_address where, uint32_t reg, unsigned int bytes)
{
	volatile uint8_t *ecam;
	uint16_t port;

	if (goes_by_port(where, reg)) {
		port = select_locked(where, reg);
		return bytes == 1 ? cpu_in8(port) : bytes == 2 ? cpu_in16(port) : cpu_in32(port);
	}
	ecam = ecam_locked(where, reg);
	if (!ecam) {
		return ~0U >> (32 - 8 * bytes);
	}
	return bytes == 1   ? *ecam
	       : bytes == 2 ? *(volatile uint16_t *)ecam
			    : *(volatile uint32_t *)ecam;
}

static void write_locked(struct pci_address where, uint32_t reg, unsigned int bytes,
			 uint32_t value)
{
	bool by_port = goes_by_port(where, reg);
	uint16_t port = by_port ? select_locked(where, reg) : 0;
	volatile uint8_t *ecam = by_port ? NULL : ecam_locked(where, reg);

	switch (bytes) {
	case 1:
		if (by_port) {
			cpu_out8(port, (uint8_t)value);
		} else if (ecam) {
			*ecam = (uint8_t)value;
		}
		break;
	case 2:
		if (by_port) {
			cpu_out16(port, (uint16_t)value);
		} else if (ecam) {
			*(volatile uint16_t *)ecam = (uint16_t)value;
		}
		break;
	default:
		if (by_port) {
			cpu_out32(port, value);
		} else if (ecam) {
			*(volatile uint32_t *)ecam = value;
		}
		break;
	}
}

uint32_t pci_read(struct pci_address where, uint32_t reg, unsigned int bytes)
{
	uint32_t value;

	if (!access_is_valid(reg, bytes)) {
		return ~0U;
	}
	spin_lock(&lock);
	value = read_locked(where, reg, bytes);
	spin_unlock(&lock);
	return value;
}

void pci_write(struct pci_address where, uint32_t reg, unsigned int bytes, uint32_t value)
{
	if (access_is_valid(reg, bytes)) {
		spin_lock(&lock);
		write_locked(where, reg, bytes, value);
		spin_unlock(&lock);
	}
}

uint8_t pci_capability(struct pci_address where, uint8_t id)
{
	uint32_t at, word;

	if (!(pci_read(where, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES)) {
		return 0;
	}
	at = pci_read(where, PCI_CAPABILITIES, 1) & 0xfcU;
	for (unsigned int i = 0; i < CAPABILITIES_MAX && at >= 0x40; i++) {
		word = pci_read(where, at, 2);
		if ((word & 0xff) == id) {
			return (uint8_t)at;
		}
		at = word >> 8 & 0xfcU;
	}
	return 0;
}

static struct device *find_locked(struct pci_address where)
{
	for (unsigned int i = 0; i < device_count; i++) {
		if (same_function(devices[i].where, where)) {
			return &devices[i];
		}
	}
	return NULL;
}

void pci_guest_write(struct pci_address where, uint32_t reg, unsigned int bytes, uint32_t value)
{
	static const struct pci_msi_layout nothing;
	struct pci_access access = {.reg = reg, .bytes = bytes, .value = value};
	const struct device *device;

	if (!access_is_valid(reg, bytes)) {
		return;
	}
	spin_lock(&lock);
	device = find_locked(where);
	if (pci_config_write_allowed(device ? &device->layout : &nothing, &access)) {
		write_locked(where, access.reg, access.bytes, access.value);
	}
	spin_unlock(&lock);
}

int pci_device_add(struct pci_address where)
{
	struct pci_msi_layout layout = {0};
	struct device *device;
	uint32_t control;
	int err = 0;

	layout.msi = pci_capability(where, PCI_CAP_MSI);
	layout.msix = pci_capability(where, PCI_CAP_MSIX);
	if (layout.msi) {
		control = pci_read(where, layout.msi + MSI_CONTROL, 2);
		layout.msi_is_64bit = (control & MSI_CONTROL_64BIT) != 0;
		layout.msi_is_maskable = (control & MSI_CONTROL_MASKABLE) != 0;
	}
	spin_lock(&lock);
	device = find_locked(where);
	if (device) {
		/* Announced again: what is in use stays so. */
	} else if (device_count == PCI_DEVICES_MAX) {
		err = -XEN_ENOMEM;
	} else {
		devices[device_count++] = (struct device){.where = where, .layout = layout};
	}
	spin_unlock(&lock);
	return err;
}

int pci_device_remove(struct pci_address where)
{
	struct device *device;
	int err = -XEN_ENODEV;

	spin_lock(&lock);
	device = find_locked(where);
	if (device) {
		*device = devices[--device_count];
		err = 0;
	}
	spin_unlock(&lock);
	return err;
}

bool pci_device_exists(struct pci_address where)
{
	bool exists;

	spin_lock(&lock);
	exists = find_locked(where) != NULL;
	spin_unlock(&lock);
	return exists;
}

void pci_device_use_msi(struct pci_address where, bool is_msix, bool use)
{
	struct device *device;

	spin_lock(&lock);
	device = find_locked(where);
	if (device && !is_msix) {
		device->layout.msi_in_use = use;
		device->layout.msi_own_mask = 0;
	} else if (device && (use || device->msix_entries > 0)) {
		device->msix_entries = (uint16_t)(device->msix_entries + (use ? 1 : -1));
		device->layout.msix_in_use = device->msix_entries > 0;
	}
	spin_unlock(&lock);
}

void pci_device_own_mask(struct pci_address where, uint32_t mask)
{
	struct device *device;

	spin_lock(&lock);
	device = find_locked(where);
	if (device) {
		device->layout.msi_own_mask = mask;
	}
	spin_unlock(&lock);
}

static int add_window(const struct mcfg_entry *entry)
{
	int err = 0;

	spin_lock(&lock);
	for (unsigned int i = 0; i < window_count; i++) {
		if (covers(&windows[i].entry, entry->segment, entry->first_bus)) {
			goto out;
		}
	}
	if (window_count == WINDOWS_MAX) {
		err = -XEN_ENOMEM;
		goto out;
	}
	windows[window_count++].entry = *entry;
out:
	spin_unlock(&lock);
	return err;
}

static uint64_t window_start(const struct mcfg_entry *entry)
{
	return entry->address + entry->first_bus * BUS_BYTES;
}

static uint64_t window_bytes(const struct mcfg_entry *entry)
{
	return (entry->last_bus - entry->first_bus + 1UL) * BUS_BYTES;
}

void pci_init(bool (*is_reserved)(uint64_t start, uint64_t bytes))
{
	const struct mcfg_entry *entries;
	unsigned int count = acpi_mcfg(&entries);

	for (unsigned int i = 0; i < count; i++) {
		if (is_reserved(window_start(&entries[i]), window_bytes(&entries[i])) &&
		    add_window(&entries[i])) {
			return; /* no room for more */
		}
	}
}

int pci_ecam_add(uint64_t address, uint16_t segment, uint8_t first_bus, uint8_t last_bus)
{
	const struct mcfg_entry *entries;
	unsigned int count = acpi_mcfg(&entries);

	for (unsigned int i = 0; i < count; i++) {
		if (entries[i].address == address && entries[i].segment == segment &&
		    entries[i].first_bus == first_bus && entries[i].last_bus == last_bus) {
			return add_window(&entries[i]);
		}
	}
	return -XEN_ENODEV;
}
