/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts of one PCI function: where its registers are, and writing them.
 * PCI Local Bus 3.0, 6.8; the message itself: Intel SDM vol. 3, 10.11.
 */
#ifndef PLAT_MSI_H
#define PLAT_MSI_H

#include "plat/pci.h"

struct msi_source {
	struct pci_address where;
	uint16_t capability; /* its offset in configuration space */
	uint16_t entry;
	bool is_msix;
	bool is_64bit;
	bool is_maskable;
	volatile uint32_t *slot; /* MSI-X: the mapped table entry */
};

/*
 * Finds the registers. -XEN_ENODEV: not announced; -XEN_EINVAL: no such capability or entry;
 * -XEN_ENXIO: MSI-X with memory decode off; -XEN_ENOMEM. table_base 0: read from the BAR.
 */
int must_check msi_find(struct pci_address where, bool is_msix, uint16_t entry, uint64_t table_base,
			struct msi_source *source);
void msi_write(const struct msi_source *source, uint32_t destination, uint8_t vector);
void msi_set_mask(const struct msi_source *source, bool masked);
/* The address word alone changes the target CPU: one write, so no message is torn. */
void msi_retarget(const struct msi_source *source, uint32_t destination);
/* No message from it any more. */
void msi_release(const struct msi_source *source);

#endif
