/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which writes of the hardware domain to configuration space pass. Outside the MSI capabilities
 * all; inside an MSI-X capability only its control word, inside a maskable MSI in use only its
 * control word and its mask register, both with the core's own mask bits added.
 */
#ifndef PLAT_PCI_FILTER_H
#define PLAT_PCI_FILTER_H

#include "lib/types.h"

struct pci_msi_layout {
	uint8_t msi;  /* offsets of the capabilities, 0: none */
	uint8_t msix;
	bool msi_is_64bit;
	bool msi_is_maskable;
	bool msi_in_use;
	bool msix_in_use;
	bool msix_mask_all;   /* the core wants MASKALL */
	uint32_t msi_own_mask; /* the core wants these masked */
};

struct pci_access {
	uint32_t reg;
	uint32_t bytes;
	uint32_t value;
};

#define MSI_CONTROL 2U
#define MSI_CONTROL_ENABLE 0x0001U
#define MSI_CONTROL_64BIT 0x0080U
#define MSI_CONTROL_MASKABLE 0x0100U
#define MSI_ADDRESS 4U
#define MSIX_CONTROL_COUNT 0x07ffU
#define MSIX_CONTROL_MASK_ALL 0x4000U
#define MSIX_CONTROL_ENABLE 0x8000U
#define MSIX_TABLE 4U
#define MSIX_CAPABILITY_BYTES 12U

/* Offset of the data register and the mask register from the capability. */
static inline unsigned int msi_data_offset(bool is_64bit)
{
	return is_64bit ? 12U : 8U;
}

static inline unsigned int msi_mask_offset(bool is_64bit)
{
	return is_64bit ? 16U : 12U;
}

/* May change access->value. */
bool pci_config_write_allowed(const struct pci_msi_layout *layout, struct pci_access *access);

#endif
