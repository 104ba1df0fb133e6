/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts from line to handler. The core uses a few fixed vectors itself; every other device
 * interrupt belongs to the hardware domain and becomes an event on the port it bound.
 *
 *     vector 0x20..0x2f   legacy PIC (spurious only: the PICs are masked)
 *     vector 0x30..0xef   allocated to GSIs and MSIs, high numbers first served
 *     vector 0xf0..0xff   the core: timer, kick, flush, error, spurious
 *
 * A pirq is the hardware domain's number of an interrupt: the GSI itself below irq_gsi_count(),
 * above it an MSI. Edge lines and maskable MSIs are acknowledged at once; level lines are masked
 * on delivery and unmasked at the guest's EOI.
 */
#ifndef PLAT_IRQ_H
#define PLAT_IRQ_H

#include "lib/types.h"

#define VECTOR_SPURIOUS 0xff
#define VECTOR_ERROR 0xfe
#define VECTOR_TIMER 0xfd
#define VECTOR_KICK 0xfc
#define VECTOR_FLUSH 0xfb
#define VECTOR_DYNAMIC_FIRST 0x30
#define VECTOR_DYNAMIC_END 0xf0

#define PIRQ_MAX 512U

/* IO-APICs found, PICs masked, all lines masked, overrides known. */
void irq_init(void);
unsigned int irq_gsi_count(void);
/* From entry/irq.c with interrupts off; does the local EOI itself. False: nobody's vector. */
bool irq_dispatch(unsigned int cpu, uint8_t vector);

/* The core's own use of a GSI (serial port). */
int must_check irq_request(unsigned int gsi, void (*handler)(void *data), void *data);

/* The hardware domain's use. deliver(pirq) is called on each interrupt. */
void irq_set_deliver(void (*deliver)(uint32_t pirq));
/* PHYSDEVOP_map_pirq for a GSI: 0 or -XEN_EINVAL. A line the core uses can be mapped, not bound. */
int must_check irq_map_gsi(uint32_t gsi);
/* PHYSDEVOP_setup_gsi: -XEN_EEXIST if it was programmed before. */
int must_check irq_setup_gsi(uint32_t gsi, bool level, bool active_low);

struct msi_request {
	uint16_t segment;
	uint8_t bus, devfn;
	bool is_msix;
	uint16_t entry;      /* MSI-X: index in the table */
	uint64_t table_base; /* MSI-X: machine address of the BAR that holds the table */
};
/* Allocates pirq and vector, writes address and data, leaves it masked. */
int must_check irq_map_msi(const struct msi_request *request, uint32_t *pirq);
int must_check irq_unmap(uint32_t pirq);
bool irq_is_mapped(uint32_t pirq);
/* Event channel bound or closed; cpu is where to deliver. -XEN_EINVAL: not mapped, -XEN_EEXIST:
 * bound already, -XEN_EBUSY: the core's, -XEN_ENOSPC: no vector. */
int must_check irq_bind(uint32_t pirq, unsigned int cpu);
void irq_unbind(uint32_t pirq);
void irq_retarget(uint32_t pirq, unsigned int cpu);
bool irq_needs_eoi(uint32_t pirq);
/* PHYSDEVOP_eoi; harmless when nothing is pending. */
void irq_eoi(uint32_t pirq);
/* arm(deadline) starts a timer that calls irq_force_eoi() and goes on with what that returns
 * (~0: stop): a guest that never ends a level interrupt does not block the line. */
void irq_set_eoi_timer(void (*arm)(uint64_t deadline));
uint64_t irq_force_eoi(uint64_t now);

void irq_dump(void (*print)(const char *format, ...));

#endif
