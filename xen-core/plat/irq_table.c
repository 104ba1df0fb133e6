/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt routing as a state machine (irq_table.h has the states). A vector belongs to one line
 * on all CPUs: at most VECTOR_DYNAMIC_END - VECTOR_DYNAMIC_FIRST lines have one at a time. A line
 * gets its vector when it is first programmed and keeps it until it is unmapped.
 *
 * Invariants: by_vector and line.vector are inverse; owing counts lines with owes_eoi; only bound
 * lines owe.
 */
#include "plat/irq_table.h"

#include "lib/check.h"
#include "lib/math.h"
#include "lib/mem.h"

#include <xen/errno.h>

/* Guests' own software interrupts come in by these: never a device's. */
static bool vector_is_reserved(unsigned int vector)
{
	return vector == 0x80 || vector == 0x82;
}

static struct irq_line *find(struct irq_table *table, uint32_t pirq)
{
	if (pirq >= PIRQ_MAX || table->line[pirq].state == IRQ_FREE) {
		return NULL;
	}
	return &table->line[pirq];
}

static struct irq_line *find_gsi(struct irq_table *table, uint32_t gsi)
{
	if (gsi >= table->gsi_count || !table->line[gsi].is_there) {
		return NULL;
	}
	return &table->line[gsi];
}

static struct irq_line *find_bound(struct irq_table *table, uint32_t pirq)
{
	struct irq_line *line = find(table, pirq);

	return line && line->state == IRQ_BOUND ? line : NULL;
}

static int give_vector(struct irq_table *table, struct irq_line *line)
{
	if (line->vector != 0) {
		return 0;
	}
	for (unsigned int vector = VECTOR_DYNAMIC_END - 1; vector >= VECTOR_DYNAMIC_FIRST;
	     vector--) {
		if (table->by_vector[vector] == 0 && !vector_is_reserved(vector)) {
			table->by_vector[vector] = (uint16_t)(line->pirq + 1);
			line->vector = (uint8_t)vector;
			return 0;
		}
	}
	return -XEN_ENOSPC;
}

static int program(struct irq_table *table, struct irq_line *line)
{
	int err = give_vector(table, line);

	if (err) {
		return err;
	}
	table->chip->program(line);
	line->is_programmed = true;
	return 0;
}

static void settle_eoi(struct irq_table *table, struct irq_line *line)
{
	if (line->owes_eoi) {
		line->owes_eoi = false;
		table->owing--;
	}
}

void irq_table_init(struct irq_table *table, const struct irq_chip *chip, uint32_t gsi_count)
{
	assert(gsi_count <= PIRQ_MAX);
	memset(table, 0, sizeof(*table));
	table->chip = chip;
	table->gsi_count = gsi_count;
	for (uint32_t pirq = 0; pirq < PIRQ_MAX; pirq++) {
		table->line[pirq].pirq = pirq;
	}
}

void irq_table_add_gsi(struct irq_table *table, uint32_t gsi, bool level, bool active_low)
{
	assert(gsi < table->gsi_count);
	table->line[gsi].is_there = true;
	table->line[gsi].is_level = level;
	table->line[gsi].is_active_low = active_low;
}

int irq_table_request(struct irq_table *table, uint32_t gsi, void (*handler)(void *), void *data)
{
	struct irq_line *line = find_gsi(table, gsi);
	int err;

	if (!line) {
		return -XEN_EINVAL;
	}
	if (line->state != IRQ_FREE || line->is_level) {
		return -XEN_EBUSY;
	}
	line->cpu = 0;
	err = program(table, line);
	if (err) {
		return err;
	}
	line->handler = handler;
	line->data = data;
	line->state = IRQ_CORE;
	table->chip->set_mask(line, false);
	return 0;
}

int irq_table_map_gsi(struct irq_table *table, uint32_t gsi)
{
	struct irq_line *line = find_gsi(table, gsi);

	if (!line) {
		return -XEN_EINVAL;
	}
	if (line->state == IRQ_FREE) {
		line->state = IRQ_MAPPED;
	}
	return 0;
}

int irq_table_setup_gsi(struct irq_table *table, uint32_t gsi, bool level, bool active_low)
{
	struct irq_line *line = find_gsi(table, gsi);

	if (!line) {
		return -XEN_EINVAL;
	}
	if (line->is_programmed) {
		return -XEN_EEXIST;
	}
	line->is_level = level;
	line->is_active_low = active_low;
	return program(table, line);
}

static bool same_source(const struct msi_source *a, const struct msi_source *b)
{
	return a->where.segment == b->where.segment && a->where.bus == b->where.bus &&
	       a->where.devfn == b->where.devfn && a->is_msix == b->is_msix &&
	       a->entry == b->entry;
}

int irq_table_map_msi(struct irq_table *table, const struct msi_source *source, uint32_t *pirq)
{
	struct irq_line *line = NULL;
	int err;

	for (uint32_t i = PIRQ_MAX; i-- > table->gsi_count;) {
		if (table->line[i].state == IRQ_FREE) {
			line = line ? line : &table->line[i];
		} else if (same_source(&table->line[i].msi, source)) {
			return -XEN_EEXIST;
		}
	}
	if (!line) {
		return -XEN_ENOSPC;
	}
	line->is_msi = true;
	line->cpu = 0;
	line->msi = *source;
	err = program(table, line);
	if (err) {
		return err;
	}
	line->state = IRQ_MAPPED;
	*pirq = line->pirq;
	return 0;
}

int irq_table_unmap(struct irq_table *table, uint32_t pirq)
{
	struct irq_line *line = find(table, pirq);

	if (!line) {
		return -XEN_EINVAL;
	}
	if (line->state == IRQ_CORE) {
		return 0;
	}
	irq_table_unbind(table, pirq);
	if (line->is_programmed) {
		table->chip->release(line);
	}
	table->by_vector[line->vector] = 0;
	line->vector = 0;
	line->is_programmed = false;
	line->is_msi = false;
	line->state = IRQ_FREE;
	return 0;
}

int irq_table_bind(struct irq_table *table, uint32_t pirq, unsigned int cpu)
{
	struct irq_line *line = find(table, pirq);
	int err;

	if (!line) {
		return -XEN_EINVAL;
	}
	if (line->state != IRQ_MAPPED) {
		return line->state == IRQ_CORE ? -XEN_EBUSY : -XEN_EEXIST;
	}
	line->cpu = (uint16_t)cpu;
	if (line->is_programmed) {
		table->chip->retarget(line);
	} else {
		err = program(table, line);
		if (err) {
			return err;
		}
	}
	line->state = IRQ_BOUND;
	table->chip->set_mask(line, false);
	return 0;
}

void irq_table_unbind(struct irq_table *table, uint32_t pirq)
{
	struct irq_line *line = find_bound(table, pirq);

	if (line) {
		table->chip->set_mask(line, true);
		settle_eoi(table, line);
		line->state = IRQ_MAPPED;
	}
}

void irq_table_retarget(struct irq_table *table, uint32_t pirq, unsigned int cpu)
{
	struct irq_line *line = find_bound(table, pirq);

	if (line && line->cpu != cpu) {
		line->cpu = (uint16_t)cpu;
		table->chip->retarget(line);
	}
}

bool irq_table_needs_eoi(const struct irq_table *table, uint32_t pirq)
{
	const struct irq_line *line = irq_table_line(table, pirq);

	return line && line->state != IRQ_CORE && !line->is_msi && line->is_level;
}

void irq_table_eoi(struct irq_table *table, uint32_t pirq)
{
	struct irq_line *line = find_bound(table, pirq);

	if (line && line->owes_eoi) {
		settle_eoi(table, line);
		table->chip->set_mask(line, false);
	}
}

void irq_table_interrupt(struct irq_table *table, uint8_t vector, uint64_t now,
			 struct irq_action *action)
{
	struct irq_line *line;

	*action = (struct irq_action){0};
	if (table->by_vector[vector] == 0) {
		return;
	}
	line = &table->line[table->by_vector[vector] - 1];
	action->is_known = true;
	action->pirq = line->pirq;
	if (line->state == IRQ_CORE) {
		action->handler = line->handler;
		action->data = line->data;
		return;
	}
	/* A message sent before the unbinding, or by an MSI that cannot be masked, finds nobody. */
	if (line->state != IRQ_BOUND) {
		return;
	}
	action->deliver = true;
	if (!line->is_msi && line->is_level) {
		table->chip->set_mask(line, true);
		if (!line->owes_eoi) {
			line->owes_eoi = true;
			action->arm = table->owing++ == 0;
		}
		line->eoi_deadline = now + IRQ_EOI_LIMIT_NS;
	}
}

uint64_t irq_table_force_eoi(struct irq_table *table, uint64_t now)
{
	uint64_t next = ~0UL;

	for (uint32_t gsi = 0; gsi < table->gsi_count && table->owing != 0; gsi++) {
		struct irq_line *line = &table->line[gsi];

		if (!line->owes_eoi) {
			continue;
		}
		if (line->eoi_deadline <= now) {
			irq_table_eoi(table, gsi);
		} else {
			next = min_u64(next, line->eoi_deadline);
		}
	}
	return next;
}

const struct irq_line *irq_table_line(const struct irq_table *table, uint32_t pirq)
{
	if (pirq >= PIRQ_MAX || table->line[pirq].state == IRQ_FREE) {
		return NULL;
	}
	return &table->line[pirq];
}
