/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The routing state of every interrupt, without the hardware: what a pirq is, which vector it has,
 * who is bound, whether an EOI is owed. The hardware is behind struct irq_chip.
 *
 *     free -> mapped       map_gsi, alloc_msi
 *     mapped -> bound      bind (unmasks)
 *     bound -> mapped      unbind (masks)
 *     mapped, bound -> free  unmap
 *     free -> core         request (the core's own line; no guest gets it)
 *
 * A bound level line is masked at delivery and owes an EOI; the EOI unmasks it. The caller holds
 * the irq lock around every call.
 */
#ifndef PLAT_IRQ_TABLE_H
#define PLAT_IRQ_TABLE_H

#include "plat/irq.h"
#include "plat/msi.h"

enum irq_state {
	IRQ_FREE,
	IRQ_MAPPED,
	IRQ_BOUND,
	IRQ_CORE,
};

struct irq_line {
	uint8_t state; /* enum irq_state */
	uint8_t vector; /* 0: none yet */
	bool is_msi;
	bool is_there; /* GSI: some I/O APIC has this pin */
	bool is_level;
	bool is_active_low;
	bool is_programmed; /* trigger and vector are in the hardware */
	bool owes_eoi;
	uint16_t cpu;
	uint32_t pirq;
	uint64_t eoi_deadline;
	struct msi_source msi;
	void (*handler)(void *data);
	void *data;
};

struct irq_chip {
	/* Vector, trigger, target; leaves it masked. */
	void (*program)(const struct irq_line *line);
	void (*set_mask)(const struct irq_line *line, bool masked);
	void (*retarget)(const struct irq_line *line);
	void (*release)(const struct irq_line *line);
};

struct irq_table {
	const struct irq_chip *chip;
	uint32_t gsi_count;
	uint32_t owing; /* lines that owe an EOI */
	uint16_t by_vector[256]; /* pirq + 1, 0: nobody */
	struct irq_line line[PIRQ_MAX];
};

/* What an interrupt asks of the caller, after the lock is released. */
struct irq_action {
	bool is_known;
	bool deliver; /* the pirq to the hardware domain */
	bool arm;     /* the first line to owe an EOI: start the 1 ms timer */
	uint32_t pirq;
	void (*handler)(void *data);
	void *data;
};

#define IRQ_EOI_LIMIT_NS 1000000U

void irq_table_init(struct irq_table *table, const struct irq_chip *chip, uint32_t gsi_count);
void irq_table_add_gsi(struct irq_table *table, uint32_t gsi, bool level, bool active_low);
int must_check irq_table_request(struct irq_table *table, uint32_t gsi, void (*handler)(void *),
				 void *data);
int must_check irq_table_map_gsi(struct irq_table *table, uint32_t gsi);
int must_check irq_table_setup_gsi(struct irq_table *table, uint32_t gsi, bool level,
				   bool active_low);
/* -XEN_EEXIST: that entry is mapped already; -XEN_ENOSPC. */
int must_check irq_table_map_msi(struct irq_table *table, const struct msi_source *source,
				 uint32_t *pirq);
int must_check irq_table_unmap(struct irq_table *table, uint32_t pirq);
int must_check irq_table_bind(struct irq_table *table, uint32_t pirq, unsigned int cpu);
void irq_table_unbind(struct irq_table *table, uint32_t pirq);
void irq_table_retarget(struct irq_table *table, uint32_t pirq, unsigned int cpu);
bool irq_table_needs_eoi(const struct irq_table *table, uint32_t pirq);
void irq_table_eoi(struct irq_table *table, uint32_t pirq);
void irq_table_interrupt(struct irq_table *table, uint8_t vector, uint64_t now,
			 struct irq_action *action);
/* Ends what is overdue; returns the next deadline, ~0 if none. */
uint64_t irq_table_force_eoi(struct irq_table *table, uint64_t now);
/* NULL unless mapped, bound or the core's. */
const struct irq_line *irq_table_line(const struct irq_table *table, uint32_t pirq);

#endif
