/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing message-signalled interrupts. MSI registers are in configuration space; an MSI-X entry
 * is 16 bytes of a table in one of the function's BARs, which the core maps for itself the first
 * time one of its entries is used and keeps mapped.
 *
 * The hardware domain sets the enable bits; the core writes address, data and mask. The caller
 * holds the irq lock around all but msi_find().
 */
#include "plat/msi.h"

#include "machine/lock.h"
#include "mm/map.h"

#include <xen/errno.h>

/* SDM 3A 10.11: physical destination, fixed delivery, edge. */
#define MESSAGE_ADDRESS 0xfee00000U
#define SLOT_WORDS 4U
#define SLOT_BYTES 16U
#define SLOT_ADDRESS_LOW 0
#define SLOT_ADDRESS_HIGH 1
#define SLOT_DATA 2
#define SLOT_CONTROL 3
#define SLOT_MASKED 1U
#define TABLES_MAX 64U

struct msix_table {
	uint64_t address;
	uint64_t bytes;
	volatile uint32_t *slots;
};

static struct spinlock lock = SPINLOCK(msi);
static struct msix_table tables[TABLES_MAX];
static unsigned int table_count; /* (l), grows only */

static uint64_t read_bar(struct pci_address where, uint32_t bar)
{
	uint32_t low = pci_read(where, PCI_BAR0 + 4 * bar, 4);
	uint64_t high = 0;

	if (low & 1) {
		return 0; /* I/O ports */
	}
	if ((low >> 1 & 3) == 2 && bar < 5) {
		high = pci_read(where, PCI_BAR0 + 4 * bar + 4, 4);
	}
	return high << 32 | (low & ~15U);
}

static volatile uint32_t *map_table_locked(uint64_t address, uint64_t bytes)
{
	struct msix_table *table;

	for (unsigned int i = 0; i < table_count; i++) {
		if (tables[i].address == address && tables[i].bytes >= bytes) {
			return tables[i].slots;
		}
	}
	if (table_count == TABLES_MAX) {
		return NULL;
	}
	table = &tables[table_count];
	table->slots = map_device(address, bytes, MAP_UNCACHED);
	if (table->slots) {
		table->address = address;
		table->bytes = bytes;
		table_count++;
	}
	return table->slots;
}

static int find_slot(uint64_t table_base, struct msi_source *source)
{
	uint32_t at = source->capability;
	uint32_t count = (pci_read(source->where, at + MSI_CONTROL, 2) & MSIX_CONTROL_COUNT) + 1;
	uint32_t table = pci_read(source->where, at + MSIX_TABLE, 4);
	uint64_t base;
	volatile uint32_t *slots;

	if (source->entry >= count || (table & 7) > 5) {
		return -XEN_EINVAL;
	}
	base = read_bar(source->where, table & 7);
	if (base == 0) {
		base = table_base; /* a virtual function's BARs are its parent's business */
	} else if (!(pci_read(source->where, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY)) {
		return -XEN_ENXIO;
	}
	if (base == 0) {
		return -XEN_ENXIO;
	}
	spin_lock(&lock);
	slots = map_table_locked(base + (table & ~7U), (uint64_t)count * SLOT_BYTES);
	spin_unlock(&lock);
	if (!slots) {
		return -XEN_ENOMEM;
	}
	source->slot = slots + (size_t)source->entry * SLOT_WORDS;
	source->is_64bit = true;
	source->is_maskable = true;
	return 0;
}

int msi_find(struct pci_address where, bool is_msix, uint16_t entry, uint64_t table_base,
	     struct msi_source *source)
{
	uint32_t control;

	*source = (struct msi_source){.where = where, .entry = entry, .is_msix = is_msix};
	if (!pci_device_exists(where)) {
		return -XEN_ENODEV;
	}
	source->capability = pci_capability(where, is_msix ? PCI_CAP_MSIX : PCI_CAP_MSI);
	if (source->capability == 0) {
		return -XEN_EINVAL;
	}
	if (is_msix) {
		return find_slot(table_base, source);
	}
	if (entry != 0) {
		return -XEN_EINVAL;
	}
	control = pci_read(where, source->capability + MSI_CONTROL, 2);
	source->is_64bit = (control & MSI_CONTROL_64BIT) != 0;
	source->is_maskable = (control & MSI_CONTROL_MASKABLE) != 0;
	return 0;
}

static uint32_t message_address(uint32_t destination)
{
	return MESSAGE_ADDRESS | destination << 12;
}

void msi_write(const struct msi_source *source, uint32_t destination, uint8_t vector)
{
	uint32_t at = source->capability;

	if (source->is_msix) {
		source->slot[SLOT_ADDRESS_LOW] = message_address(destination);
		source->slot[SLOT_ADDRESS_HIGH] = 0;
		source->slot[SLOT_DATA] = vector;
		return;
	}
	pci_write(source->where, at + MSI_ADDRESS, 4, message_address(destination));
	if (source->is_64bit) {
		pci_write(source->where, at + MSI_ADDRESS + 4, 4, 0);
	}
	pci_write(source->where, at + msi_data_offset(source->is_64bit), 2, vector);
}

void msi_set_mask(const struct msi_source *source, bool masked)
{
	uint32_t at = source->capability + msi_mask_offset(source->is_64bit);
	uint32_t value;

	if (!source->is_maskable) {
		return;
	}
	if (source->is_msix) {
		value = source->slot[SLOT_CONTROL];
		source->slot[SLOT_CONTROL] = masked ? value | SLOT_MASKED : value & ~SLOT_MASKED;
		(void)source->slot[SLOT_CONTROL]; /* reading back flushes the posted write */
		return;
	}
	pci_device_own_mask(source->where, masked ? 1 : 0);
	value = pci_read(source->where, at, 4);
	pci_write(source->where, at, 4, masked ? value | 1U : value & ~1U);
}

/* The high word and the data never change: one write of the low word, never a torn message. */
void msi_retarget(const struct msi_source *source, uint32_t destination)
{
	if (source->is_msix) {
		/* PCI 3.0, 6.8.3.5: an unmasked entry may be cached; mask it around the change. */
		uint32_t control = source->slot[SLOT_CONTROL];

		source->slot[SLOT_CONTROL] = control | SLOT_MASKED;
		source->slot[SLOT_ADDRESS_LOW] = message_address(destination);
		source->slot[SLOT_CONTROL] = control;
		(void)source->slot[SLOT_CONTROL];
		return;
	}
	pci_write(source->where, source->capability + MSI_ADDRESS, 4, message_address(destination));
}

void msi_release(const struct msi_source *source)
{
	uint32_t at = source->capability + MSI_CONTROL;
	uint32_t control;

	msi_set_mask(source, true);
	if (!source->is_msix) {
		control = pci_read(source->where, at, 2);
		pci_write(source->where, at, 2, control & ~MSI_CONTROL_ENABLE);
	}
}
