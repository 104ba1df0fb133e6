/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision of pci_filter.h. A write that touches a protected range only in part is dropped
 * whole: no driver does that.
 */
#include "plat/pci_filter.h"

static bool overlaps(const struct pci_access *access, uint32_t start, uint32_t bytes)
{
	return access->reg < start + bytes && start < access->reg + access->bytes;
}

static bool filter_msix(const struct pci_msi_layout *layout, struct pci_access *access)
{
	if (access->reg != layout->msix + MSI_CONTROL || access->bytes != 2) {
		return false;
	}
	if (layout->msix_in_use && layout->msix_mask_all) {
		access->value |= MSIX_CONTROL_MASK_ALL;
	}
	return true;
}

static bool filter_msi(const struct pci_msi_layout *layout, struct pci_access *access)
{
	uint32_t mask_at = layout->msi + msi_mask_offset(layout->msi_is_64bit);

	if (access->reg == layout->msi + MSI_CONTROL && access->bytes == 2) {
		return true;
	}
	if (access->reg == mask_at && access->bytes == 4) {
		access->value |= layout->msi_own_mask;
		return true;
	}
	return false;
}

bool pci_config_write_allowed(const struct pci_msi_layout *layout, struct pci_access *access)
{
	/* Mask and pending registers are the last eight bytes of a maskable capability. */
	uint32_t msi_bytes = msi_mask_offset(layout->msi_is_64bit) + 8;

	if ((access->bytes != 1 && access->bytes != 2 && access->bytes != 4) ||
	    access->reg % access->bytes != 0) {
		return false;
	}
	if (access->reg < 0x40 || access->reg >= 0x100) {
		return true;
	}
	if (layout->msix && overlaps(access, layout->msix, MSIX_CAPABILITY_BYTES)) {
		return filter_msix(layout, access);
	}
	if (layout->msi && layout->msi_is_maskable && layout->msi_in_use &&
	    overlaps(access, layout->msi, msi_bytes)) {
		return filter_msi(layout, access);
	}
	return true;
}
