/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the machine: the routing table under one lock of rank irq, and the hardware behind
 * it (ioapic.c, msi.c). Callbacks run after the lock is released, so that they may take locks of
 * outer rank; one that runs just after its line was unbound finds no port and does nothing.
 */
#include "plat/irq.h"

#include "lib/log.h"
#include "machine/lapic.h"
#include "machine/lock.h"
#include "machine/smp.h"
#include "plat/acpi.h"
#include "plat/clock.h"
#include "plat/ioapic.h"
#include "plat/irq_table.h"
#include "plat/msi.h"

#include <xen/errno.h>

#define LEGACY_VECTOR_FIRST 0x20
#define LEGACY_VECTOR_END 0x30
#define ISA_LINES 16U

static struct spinlock lock = SPINLOCK(irq);
static struct irq_table table;
static void (*deliver)(uint32_t pirq);
static void (*arm_eoi_timer)(uint64_t deadline);

/* Without interrupt remapping a message or line names 8 bits of APIC id, 255 being all CPUs. */
static uint8_t destination(const struct irq_line *line)
{
	uint32_t id = smp_apic_id(line->cpu);

	return (uint8_t)(id < 255 ? id : smp_apic_id(0));
}

static void chip_program(const struct irq_line *line)
{
	if (line->is_msi) {
		msi_set_mask(&line->msi, true);
		msi_write(&line->msi, destination(line), line->vector);
		return;
	}
	ioapic_write_line(line->pirq, &(struct ioapic_line){
		.vector = line->vector,
		.destination = destination(line),
		.is_level = line->is_level,
		.is_active_low = line->is_active_low,
		.is_masked = true,
	});
}

static void chip_set_mask(const struct irq_line *line, bool masked)
{
	if (line->is_msi) {
		msi_set_mask(&line->msi, masked);
	} else {
		ioapic_set_mask(line->pirq, masked);
	}
}

static void chip_retarget(const struct irq_line *line)
{
	if (line->is_msi) {
		msi_retarget(&line->msi, destination(line));
	} else {
		ioapic_set_destination(line->pirq, destination(line));
	}
}

static void chip_release(const struct irq_line *line)
{
	if (line->is_msi) {
		msi_release(&line->msi);
	} else {
		ioapic_set_mask(line->pirq, true);
	}
}

static const struct irq_chip chip = {
	.program = chip_program,
	.set_mask = chip_set_mask,
	.retarget = chip_retarget,
	.release = chip_release,
};

/* ISA lines are edge, active high; PCI's level, active low; firmware names the exceptions. */
static void add_lines(const struct madt *madt)
{
	for (unsigned int gsi = 0; gsi < ioapic_gsi_count(); gsi++) {
		if (ioapic_has_gsi(gsi)) {
			irq_table_add_gsi(&table, gsi, gsi >= ISA_LINES, gsi >= ISA_LINES);
		}
	}
	for (uint32_t i = 0; i < madt->override_count; i++) {
		const struct madt_override *o = &madt->overrides[i];

		if (ioapic_has_gsi(o->gsi)) {
			irq_table_add_gsi(&table, o->gsi, o->is_level, o->is_active_low);
		}
	}
}

void irq_init(void)
{
	const struct madt *madt = acpi_madt();

	i8259_disable();
	if (madt) {
		ioapic_init(madt);
	}
	irq_table_init(&table, &chip, ioapic_gsi_count());
	if (madt) {
		add_lines(madt);
	}
	if (table.gsi_count == 0) {
		log_warning("irq: no I/O APIC; devices will have no interrupt lines");
	}
}

unsigned int irq_gsi_count(void)
{
	return table.gsi_count;
}

bool irq_dispatch(unsigned int cpu unused_arg, uint8_t vector)
{
	struct irq_action action;
	uint64_t now = clock_now();

	if (vector >= LEGACY_VECTOR_FIRST && vector < LEGACY_VECTOR_END) {
		return true;
	}
	spin_lock(&lock);
	irq_table_interrupt(&table, vector, now, &action);
	spin_unlock(&lock);
	lapic_eoi();
	if (action.handler) {
		action.handler(action.data);
	}
	if (action.deliver && deliver) {
		deliver(action.pirq);
	}
	if (action.arm && arm_eoi_timer) {
		arm_eoi_timer(now + IRQ_EOI_LIMIT_NS);
	}
	return action.is_known;
}

int irq_request(unsigned int gsi, void (*handler)(void *data), void *data)
{
	int err;

	spin_lock(&lock);
	err = irq_table_request(&table, gsi, handler, data);
	spin_unlock(&lock);
	return err;
}

void irq_set_deliver(void (*function)(uint32_t pirq))
{
	deliver = function;
}

void irq_set_eoi_timer(void (*arm)(uint64_t deadline))
{
	arm_eoi_timer = arm;
}

uint64_t irq_force_eoi(uint64_t now)
{
	uint64_t next;

	spin_lock(&lock);
	next = irq_table_force_eoi(&table, now);
	spin_unlock(&lock);
	return next;
}

int irq_map_gsi(uint32_t gsi)
{
	int err;

	spin_lock(&lock);
	err = irq_table_map_gsi(&table, gsi);
	spin_unlock(&lock);
	return err;
}

int irq_setup_gsi(uint32_t gsi, bool level, bool active_low)
{
	int err;

	spin_lock(&lock);
	err = irq_table_setup_gsi(&table, gsi, level, active_low);
	spin_unlock(&lock);
	return err;
}

int irq_map_msi(const struct msi_request *request, uint32_t *pirq)
{
	struct pci_address where = {
		.segment = request->segment,
		.bus = request->bus,
		.devfn = request->devfn,
	};
	struct msi_source source;
	int err;

	err = msi_find(where, request->is_msix, request->entry, request->table_base, &source);
	if (err) {
		return err;
	}
	spin_lock(&lock);
	err = irq_table_map_msi(&table, &source, pirq);
	if (!err) {
		pci_device_use_msi(where, source.is_msix, true);
	}
	spin_unlock(&lock);
	return err;
}

int irq_unmap(uint32_t pirq)
{
	const struct irq_line *line;
	struct msi_source source;
	bool is_msi;
	int err;

	spin_lock(&lock);
	line = irq_table_line(&table, pirq);
	is_msi = line && line->is_msi;
	if (is_msi) {
		source = line->msi;
	}
	err = irq_table_unmap(&table, pirq);
	if (!err && is_msi) {
		pci_device_use_msi(source.where, source.is_msix, false);
	}
	spin_unlock(&lock);
	return err;
}

bool irq_is_mapped(uint32_t pirq)
{
	bool is_mapped;

	spin_lock(&lock);
	is_mapped = irq_table_line(&table, pirq) != NULL;
	spin_unlock(&lock);
	return is_mapped;
}

int irq_bind(uint32_t pirq, unsigned int cpu)
{
	int err;

	spin_lock(&lock);
	err = irq_table_bind(&table, pirq, cpu);
	spin_unlock(&lock);
	return err;
}

void irq_unbind(uint32_t pirq)
{
	spin_lock(&lock);
	irq_table_unbind(&table, pirq);
	spin_unlock(&lock);
}

void irq_retarget(uint32_t pirq, unsigned int cpu)
{
	spin_lock(&lock);
	irq_table_retarget(&table, pirq, cpu);
	spin_unlock(&lock);
}

bool irq_needs_eoi(uint32_t pirq)
{
	bool needs;

	spin_lock(&lock);
	needs = irq_table_needs_eoi(&table, pirq);
	spin_unlock(&lock);
	return needs;
}

void irq_eoi(uint32_t pirq)
{
	spin_lock(&lock);
	irq_table_eoi(&table, pirq);
	spin_unlock(&lock);
}

void irq_dump(void (*print)(const char *format, ...))
{
	static const char *const states[] = {"free", "mapped", "bound", "core"};

	for (uint32_t pirq = 0; pirq < PIRQ_MAX; pirq++) {
		const struct irq_line *line = irq_table_line(&table, pirq);

		if (line) {
			print("pirq %3u vector %02x cpu %u %s %s%s", pirq, line->vector, line->cpu,
			      states[line->state],
			      line->is_msi ? "msi" : line->is_level ? "level" : "edge",
			      line->owes_eoi ? " owes eoi" : "");
		}
	}
}
