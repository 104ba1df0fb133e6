/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O APICs (82093AA datasheet). The low word of each redirection entry is kept in memory, so
 * masking is one index and one data write. Delivery mode is always fixed, never ExtINT;
 * destinations are physical.
 *
 * While an entry is changed it is masked, so no half-written entry ever fires; changing only the
 * destination is one write and needs no masking.
 */
#include "plat/ioapic.h"

#include "lib/log.h"
#include "machine/cpu.h"
#include "machine/lock.h"
#include "mm/map.h"
#include "plat/irq.h"
#include "plat/madt.h"

#include <xen/errno.h>

#define IOAPIC_VERSION 1U
#define IOAPIC_ENTRY(pin) (0x10U + 2U * (pin))
#define INDEX_WORD 0
#define DATA_WORD 4 /* offset 0x10 */
#define ENTRY_ACTIVE_LOW 0x2000U
#define ENTRY_LEVEL 0x8000U
#define ENTRY_MASKED 0x10000U

struct ioapic {
	volatile uint32_t *registers;
	uint64_t address;
	uint32_t gsi_base;
	uint32_t pin_count;
};

static struct spinlock lock = SPINLOCK(ioapic);
static struct ioapic ioapics[MADT_IOAPICS_MAX];
static unsigned int count;
static unsigned int gsi_end;
static uint32_t low_words[PIRQ_MAX]; /* (l) */

static uint32_t read_locked(const struct ioapic *ioapic, uint32_t reg)
{
	ioapic->registers[INDEX_WORD] = reg;
	return ioapic->registers[DATA_WORD];
}

static void write_locked(const struct ioapic *ioapic, uint32_t reg, uint32_t value)
{
	ioapic->registers[INDEX_WORD] = reg;
	ioapic->registers[DATA_WORD] = value;
}

static void write_low_locked(const struct ioapic *ioapic, unsigned int gsi, uint32_t value)
{
	low_words[gsi] = value;
	write_locked(ioapic, IOAPIC_ENTRY(gsi - ioapic->gsi_base), value);
}

static const struct ioapic *find(unsigned int gsi)
{
	for (unsigned int i = 0; i < count; i++) {
		if (gsi >= ioapics[i].gsi_base &&
		    gsi - ioapics[i].gsi_base < ioapics[i].pin_count) {
			return &ioapics[i];
		}
	}
	return NULL;
}

static void add(const struct madt_ioapic *entry)
{
	struct ioapic *ioapic = &ioapics[count];
	uint32_t end;

	if (entry->gsi_base >= PIRQ_MAX) {
		log_warning("I/O APIC at %#x: GSI %u is too high, ignored", entry->address,
			    entry->gsi_base);
		return;
	}
	ioapic->registers = map_device(entry->address, 32, MAP_UNCACHED);
	if (!ioapic->registers) {
		return;
	}
	ioapic->address = entry->address;
	ioapic->gsi_base = entry->gsi_base;
	ioapic->pin_count = (read_locked(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	if (ioapic->pin_count > 240) { /* reads all ones: nothing there */
		log_warning("I/O APIC at %#x does not answer", entry->address);
		return;
	}
	/* The upper half of the range stays for MSIs. */
	end = entry->gsi_base + ioapic->pin_count;
	if (end > PIRQ_MAX / 2) {
		log_warning("I/O APIC at %#x: too many lines, ignored", entry->address);
		return;
	}
	count++;
	gsi_end = end > gsi_end ? end : gsi_end;
	for (uint32_t gsi = entry->gsi_base; gsi < end; gsi++) {
		write_low_locked(ioapic, gsi, ENTRY_MASKED);
	}
}

void ioapic_init(const struct madt *madt)
{
	for (uint32_t i = 0; i < madt->ioapic_count; i++) {
		spin_lock(&lock);
		add(&madt->ioapics[i]);
		spin_unlock(&lock);
	}
}

unsigned int ioapic_gsi_count(void)
{
	return gsi_end;
}

bool ioapic_has_gsi(unsigned int gsi)
{
	return find(gsi) != NULL;
}

void ioapic_write_line(unsigned int gsi, const struct ioapic_line *line)
{
	const struct ioapic *ioapic = find(gsi);
	uint32_t low = line->vector;

	if (!ioapic) {
		return;
	}
	low |= line->is_active_low ? ENTRY_ACTIVE_LOW : 0;
	low |= line->is_level ? ENTRY_LEVEL : 0;
	spin_lock(&lock);
	write_low_locked(ioapic, gsi, low | ENTRY_MASKED);
	write_locked(ioapic, IOAPIC_ENTRY(gsi - ioapic->gsi_base) + 1,
		     (uint32_t)line->destination << 24);
	if (!line->is_masked) {
		write_low_locked(ioapic, gsi, low);
	}
	spin_unlock(&lock);
}

void ioapic_set_mask(unsigned int gsi, bool masked)
{
	const struct ioapic *ioapic = find(gsi);
	uint32_t low;

	if (!ioapic) {
		return;
	}
	spin_lock(&lock);
	low = low_words[gsi] & ~ENTRY_MASKED;
	write_low_locked(ioapic, gsi, masked ? low | ENTRY_MASKED : low);
	spin_unlock(&lock);
}

void ioapic_set_destination(unsigned int gsi, uint8_t destination)
{
	const struct ioapic *ioapic = find(gsi);

	if (!ioapic) {
		return;
	}
	spin_lock(&lock);
	write_locked(ioapic, IOAPIC_ENTRY(gsi - ioapic->gsi_base) + 1, (uint32_t)destination << 24);
	spin_unlock(&lock);
}

int ioapic_read_register(uint64_t address, uint32_t reg, uint32_t *value)
{
	for (unsigned int i = 0; i < count; i++) {
		if (ioapics[i].address == address && reg <= 0xff) {
			spin_lock(&lock);
			*value = read_locked(&ioapics[i], reg);
			spin_unlock(&lock);
			return 0;
		}
	}
	return -XEN_EINVAL;
}

unsigned int ioapic_count(void)
{
	return count;
}

uint64_t ioapic_address(unsigned int index)
{
	return ioapics[index].address;
}

/* 8259A datasheet: ICW1 (edge, cascade, ICW4), ICW2 (vector), ICW3 (cascade line), ICW4 (8086). */
void i8259_disable(void)
{
	static const uint8_t words[][2] = {{0x20, 0x28}, {0x04, 0x02}, {0x01, 0x01}, {0xff, 0xff}};

	cpu_out8(0x20, 0x11);
	cpu_out8(0xa0, 0x11);
	for (unsigned int i = 0; i < array_size(words); i++) {
		cpu_out8(0x21, words[i][0]);
		cpu_out8(0xa1, words[i][1]);
	}
}
