/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O APICs: from a global system interrupt number to a redirection entry. All writes under one
 * lock of rank ioapic, since index and data are two registers (82093AA datasheet, 3.0).
 */
#ifndef PLAT_IOAPIC_H
#define PLAT_IOAPIC_H

#include "lib/types.h"

struct madt;

struct ioapic_line {
	uint8_t vector;
	uint8_t destination; /* local APIC id, physical mode */
	bool is_level;
	bool is_active_low;
	bool is_masked;
};

/* Maps them and masks every line. */
void ioapic_init(const struct madt *madt);
/* One more than the highest GSI. */
unsigned int ioapic_gsi_count(void);
bool ioapic_has_gsi(unsigned int gsi);
void ioapic_write_line(unsigned int gsi, const struct ioapic_line *line);
void ioapic_set_mask(unsigned int gsi, bool masked);
void ioapic_set_destination(unsigned int gsi, uint8_t destination);
/* PHYSDEVOP_apic_read: a register of the I/O APIC at that machine address. */
int must_check ioapic_read_register(uint64_t address, uint32_t reg, uint32_t *value);
/* True if the frame is one of theirs: guests may map it read-only at most. */
unsigned int ioapic_count(void);
uint64_t ioapic_address(unsigned int index);

/* The two 8259s: remapped out of the exceptions' way and masked for good. */
void i8259_disable(void);

#endif
