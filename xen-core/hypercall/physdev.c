/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * physdev_op: I/O privilege of any PV vcpu, and the machine's interrupts and PCI devices for the
 * hardware domain. plat/irq.h knows which pirqs are mapped; the domain's set of interrupts says
 * which lines it may map at all, and changes under the domain's lock.
 *
 * Linux treats some failures as the end of an interrupt line: alloc_irq_vector and the EOI of
 * any mapped line have to succeed even though nothing is left to do for them.
 */
#include "hypercall/call.h"

#include "plat/ioapic.h"
#include "plat/irq.h"
#include "plat/pci.h"
#include "pv/pv.h"

#include <xen/errno.h>
#include <xen/physdev.h>

#define IOPORTS_MAX 65536U

union physdev_request {
	struct physdev_set_iopl iopl;
	struct physdev_set_iobitmap iobitmap;
	struct physdev_map_pirq map;
	struct physdev_unmap_pirq unmap;
	struct physdev_irq irq;
	struct physdev_irq_status_query status;
	struct physdev_setup_gsi gsi;
	struct physdev_eoi eoi;
	struct physdev_apic apic;
	struct physdev_pci_device device;
	struct physdev_manage_pci old_device;
	struct physdev_pci_mmcfg_reserved ecam;
};

/* --- I/O privilege --------------------------------------------------------------------------- */

static int64_t set_iopl(struct hypercall *call, union physdev_request *request)
{
	if (request->iopl.iopl > 3) {
		return -XEN_EINVAL;
	}
	call->v->pv->iopl = (uint8_t)request->iopl.iopl;
	return 0;
}

static int64_t set_iobitmap(struct hypercall *call, union physdev_request *request)
{
	const struct physdev_set_iobitmap *wanted = &request->iobitmap;

	if (wanted->nr_ports > IOPORTS_MAX || address_is_hypervisor(wanted->bitmap)) {
		return -XEN_EINVAL;
	}
	call->v->pv->iobitmap = wanted->bitmap;
	call->v->pv->iobitmap_ports = wanted->nr_ports;
	return 0;
}

/* --- interrupts ------------------------------------------------------------------------------ */

static bool may_use(struct domain *d, uint32_t pirq)
{
	bool may;

	spin_lock(&d->lock);
	may = range_contains(&d->irqs, pirq, pirq);
	spin_unlock(&d->lock);
	return may;
}

static int map_gsi(struct domain *d, const struct physdev_map_pirq *request)
{
	uint32_t gsi = (uint32_t)request->index;

	if (request->index < 0 || gsi >= irq_gsi_count() ||
	    (request->pirq >= 0 && request->pirq != request->index)) {
		return -XEN_EINVAL;
	}
	if (!may_use(d, gsi)) {
		return -XEN_EPERM;
	}
	return irq_is_mapped(gsi) ? 0 : irq_map_gsi(gsi);
}

static int map_msi(const struct physdev_map_pirq *request, uint32_t *pirq)
{
	struct msi_request msi = {
		/* The plain type carries no segment: the bits are the caller's garbage. */
		.segment = request->type == MAP_PIRQ_TYPE_MSI_SEG
				   ? (uint16_t)((uint32_t)request->bus >> 16)
				   : 0,
		.bus = (uint8_t)request->bus,
		.devfn = (uint8_t)request->devfn,
		.is_msix = request->table_base != 0,
		.entry = request->table_base != 0 ? (uint16_t)request->entry_nr : 0,
		.table_base = request->table_base,
	};

	if (request->entry_nr < 0 || request->entry_nr > UINT16_MAX) {
		return -XEN_EINVAL;
	}
	return irq_map_msi(&msi, pirq);
}

static int map_by_type(struct domain *d, const struct physdev_map_pirq *request, uint32_t *pirq)
{
	switch (request->type) {
	case MAP_PIRQ_TYPE_GSI:
		*pirq = (uint32_t)request->index;
		return map_gsi(d, request);
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
		return map_msi(request, pirq);
	case MAP_PIRQ_TYPE_MULTI_MSI:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_EINVAL;
	}
}

static int check_own(struct hypercall *call, uint16_t domid)
{
	struct domain *d = call_target(call, domid);

	if (!d) {
		return -XEN_ESRCH;
	}
	return d == call->v->domain ? 0 : -XEN_EPERM;
}

static int64_t map_pirq(struct hypercall *call, union physdev_request *request)
{
	uint32_t pirq = 0;
	int err = check_own(call, request->map.domid);

	if (!err) {
		err = map_by_type(call->v->domain, &request->map, &pirq);
	}
	request->map.pirq = (int32_t)pirq;
	return err;
}

static int64_t unmap_pirq(struct hypercall *call, union physdev_request *request)
{
	int32_t pirq = request->unmap.pirq;
	int err = check_own(call, request->unmap.domid);

	if (err) {
		return err;
	}
	return pirq < 0 || !irq_is_mapped((uint32_t)pirq) ? -XEN_EINVAL : irq_unmap((uint32_t)pirq);
}

/* A GSI is its own vector as far as guests know. */
static int64_t alloc_irq_vector(struct hypercall *call unused_arg, union physdev_request *request)
{
	request->irq.vector = request->irq.irq;
	return request->irq.irq < irq_gsi_count() ? 0 : -XEN_EINVAL;
}

static int64_t irq_status_query(struct hypercall *call unused_arg, union physdev_request *request)
{
	struct physdev_irq_status_query *query = &request->status;

	if (!irq_is_mapped(query->irq)) {
		return -XEN_EINVAL;
	}
	query->flags = irq_needs_eoi(query->irq) ? XENIRQSTAT_needs_eoi : 0;
	return 0;
}

static int64_t setup_gsi(struct hypercall *call unused_arg, union physdev_request *request)
{
	const struct physdev_setup_gsi *wanted = &request->gsi;

	if (wanted->gsi < 0 || (uint32_t)wanted->gsi >= irq_gsi_count()) {
		return -XEN_EINVAL;
	}
	return irq_setup_gsi((uint32_t)wanted->gsi, wanted->triggering != 0, wanted->polarity != 0);
}

static int64_t end_of_irq(struct hypercall *call unused_arg, union physdev_request *request)
{
	if (!irq_is_mapped(request->eoi.irq)) {
		return -XEN_EINVAL;
	}
	irq_eoi(request->eoi.irq);
	return 0;
}

static int64_t apic_read(struct hypercall *call unused_arg, union physdev_request *request)
{
	struct physdev_apic *apic = &request->apic;

	return ioapic_read_register(apic->apic_physbase, apic->reg, &apic->value);
}

/* --- PCI devices ----------------------------------------------------------------------------- */

/* All three forms begin with the address; what follows tells of virtual functions and NUMA nodes,
 * which change nothing here. */
static struct pci_address where(const union physdev_request *request)
{
	const struct physdev_pci_device *device = &request->device;

	return (struct pci_address){device->seg, device->bus, device->devfn};
}

static struct pci_address where_old(const union physdev_request *request)
{
	return (struct pci_address){0, request->old_device.bus, request->old_device.devfn};
}

static int64_t pci_add(struct hypercall *call unused_arg, union physdev_request *request)
{
	return pci_device_add(where(request));
}

static int64_t pci_remove(struct hypercall *call unused_arg, union physdev_request *request)
{
	return pci_device_remove(where(request));
}

static int64_t pci_add_old(struct hypercall *call unused_arg, union physdev_request *request)
{
	return pci_device_add(where_old(request));
}

static int64_t pci_remove_old(struct hypercall *call unused_arg, union physdev_request *request)
{
	return pci_device_remove(where_old(request));
}

static int64_t pci_mmcfg_reserved(struct hypercall *call unused_arg,
				  union physdev_request *request)
{
	const struct physdev_pci_mmcfg_reserved *ecam = &request->ecam;

	if ((ecam->flags & XEN_PCI_MMCFG_RESERVED) == 0) {
		return 0;
	}
	return pci_ecam_add(ecam->address, ecam->segment, ecam->start_bus, ecam->end_bus);
}

#define BYTES(member) sizeof(((union physdev_request *)0)->member)
#define OWN (1U << 0) /* any PV vcpu about itself; the others are the hardware domain's */
#define OUT (1U << 1) /* copied back on success */

static const struct physdev_row {
	int64_t (*run)(struct hypercall *call, union physdev_request *request);
	uint8_t bytes;
	uint8_t flags;
} rows[] = {
	[PHYSDEVOP_irq_status_query] = {irq_status_query, BYTES(status), OUT},
	[PHYSDEVOP_set_iopl] = {set_iopl, BYTES(iopl), OWN},
	[PHYSDEVOP_set_iobitmap] = {set_iobitmap, BYTES(iobitmap), OWN},
	[PHYSDEVOP_apic_read] = {apic_read, BYTES(apic), OUT},
	[PHYSDEVOP_alloc_irq_vector] = {alloc_irq_vector, BYTES(irq), OUT},
	[PHYSDEVOP_eoi] = {end_of_irq, BYTES(eoi), 0},
	[PHYSDEVOP_map_pirq] = {map_pirq, BYTES(map), OUT},
	[PHYSDEVOP_unmap_pirq] = {unmap_pirq, BYTES(unmap), 0},
	[PHYSDEVOP_manage_pci_add] = {pci_add_old, BYTES(old_device), 0},
	[PHYSDEVOP_manage_pci_remove] = {pci_remove_old, BYTES(old_device), 0},
	[PHYSDEVOP_manage_pci_add_ext] = {pci_add_old, BYTES(old_device), 0},
	[PHYSDEVOP_setup_gsi] = {setup_gsi, BYTES(gsi), 0},
	[PHYSDEVOP_pci_mmcfg_reserved] = {pci_mmcfg_reserved, BYTES(ecam), 0},
	[PHYSDEVOP_pci_device_add] = {pci_add, BYTES(device), 0},
	[PHYSDEVOP_pci_device_remove] = {pci_remove, BYTES(device), 0},
};

int64_t hypercall_physdev_op(struct hypercall *call)
{
	uint64_t command = call->args[0];
	struct guest_ptr at = guest_ptr(call->args[1]);
	const struct physdev_row *row;
	union physdev_request request;
	int64_t err;

	if (command >= array_size(rows) || !rows[command].run) {
		return -XEN_ENOSYS;
	}
	row = &rows[command];
	if (row->flags & OWN) {
		/* A translated guest has its flags and its TSS for that. */
		err = call->v->pv ? 0 : -XEN_ENOSYS;
	} else {
		err = rights_check(call->v->domain, NULL, RIGHT_HARDWARE);
	}
	if (!err) {
		err = guest_in(call->v, &request, at, row->bytes);
	}
	if (!err) {
		err = row->run(call, &request);
	}
	return err || !(row->flags & OUT) ? err
					  : guest_out(call->v, at, &request, row->bytes);
}
