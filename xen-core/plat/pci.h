/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space, by ports 0xcf8/0xcfc under the lock of rank pci or by ECAM, and the
 * devices the hardware domain has announced. The hardware domain's own writes pass through
 * pci_guest_write(), which keeps it from undoing what the core wrote for MSIs.
 */
#ifndef PLAT_PCI_H
#define PLAT_PCI_H

#include "plat/pci_filter.h"

struct pci_address {
	uint16_t segment;
	uint8_t bus;
	uint8_t devfn;
};

#define PCI_DEVICES_MAX 512

/* Takes those ECAM windows of the MCFG table into use whose range the memory map reserves. */
void pci_init(bool (*is_reserved)(uint64_t start, uint64_t bytes));
/* PHYSDEVOP_pci_mmcfg_reserved. -XEN_ENODEV: no such MCFG entry. */
int must_check pci_ecam_add(uint64_t address, uint16_t segment, uint8_t first_bus,
			    uint8_t last_bus);

/* bytes: 1, 2, 4, aligned. All ones where nothing answers. */
uint32_t pci_read(struct pci_address where, uint32_t reg, unsigned int bytes);
void pci_write(struct pci_address where, uint32_t reg, unsigned int bytes, uint32_t value);
/* Offset of the first capability with that id, 0: none. */
uint8_t pci_capability(struct pci_address where, uint8_t id);

/* The hardware domain's write, from either path. */
void pci_guest_write(struct pci_address where, uint32_t reg, unsigned int bytes, uint32_t value);

/* PHYSDEVOP_pci_device_add, _remove. Adding twice is harmless. */
int must_check pci_device_add(struct pci_address where);
int must_check pci_device_remove(struct pci_address where);
bool pci_device_exists(struct pci_address where);
/* The core uses the function's MSI (or not any more); counts MSI-X entries. */
void pci_device_use_msi(struct pci_address where, bool is_msix, bool use);
void pci_device_own_mask(struct pci_address where, uint32_t mask);

#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x2U
#define PCI_STATUS 0x06
#define PCI_STATUS_CAPABILITIES 0x10U
#define PCI_BAR0 0x10
#define PCI_CAPABILITIES 0x34
#define PCI_CAP_MSI 0x05
#define PCI_CAP_MSIX 0x11

#endif
