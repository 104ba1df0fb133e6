/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC, xAPIC or x2APIC: end of interrupt, IPIs, its timer.
 */
#ifndef MACHINE_LAPIC_H
#define MACHINE_LAPIC_H

#include "lib/types.h"

/* Where the register page is; the caller maps it uncached (machine/ is below mm/). */
uint64_t lapic_page_address(void);
/* Finds the mode firmware left (or turns x2APIC on if the CPU has it). page: the registers,
 * mapped; unused and may be NULL in x2APIC mode. Boot CPU. */
void lapic_init(void *page);
/* Enables this CPU's: spurious vector, error vector, timer masked. Every CPU. */
void lapic_cpu_init(void);
uint32_t lapic_id(void);
void lapic_eoi(void);
void lapic_send_ipi(uint32_t apic_id, uint8_t vector);
void lapic_send_nmi(uint32_t apic_id);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint8_t page);
/* One-shot timer: counts down from count at the bus rate divided by 16. */
void lapic_timer_set(uint32_t count); /* 0 stops */
uint32_t lapic_timer_count(void);
/* TSC-deadline mode where CPUID 1.ECX[24] has it. */
bool lapic_has_deadline(void);
void lapic_timer_deadline(uint64_t tsc); /* 0 stops */

#endif
