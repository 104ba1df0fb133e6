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

/* --- I/O privilege --------------------------------------------------------------------------- */

/* A translated guest has its flags and its TSS for that. */
static int64_t set_iopl(struct hypercall *call)
{
	struct physdev_set_iopl request;

	if (!call->v->pv) {
		return -XEN_ENOSYS;
	}
	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (request.iopl > 3) {
		return -XEN_EINVAL;
	}
	call->v->pv->iopl = (uint8_t)request.iopl;
	return 0;
}

static int64_t set_iobitmap(struct hypercall *call)
{
	struct physdev_set_iobitmap request;

	if (!call->v->pv) {
		return -XEN_ENOSYS;
	}
	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (request.nr_ports > IOPORTS_MAX || address_is_hypervisor(request.bitmap)) {
		return -XEN_EINVAL;
	}
	call->v->pv->iobitmap = request.bitmap;
	call->v->pv->iobitmap_ports = request.nr_ports;
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

static int64_t map_pirq(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct physdev_map_pirq request;
	uint32_t pirq = 0;
	int err;

	if (guest_in(call->v, &request, at, sizeof(request))) {
		return -XEN_EFAULT;
	}
	err = check_own(call, request.domid);
	if (!err) {
		err = map_by_type(call->v->domain, &request, &pirq);
	}
	if (err) {
		return err;
	}
	request.pirq = (int32_t)pirq;
	return guest_out(call->v, at, &request, sizeof(request));
}

static int64_t unmap_pirq(struct hypercall *call)
{
	struct physdev_unmap_pirq request;
	int err;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	err = check_own(call, request.domid);
	if (err) {
		return err;
	}
	if (request.pirq < 0 || !irq_is_mapped((uint32_t)request.pirq)) {
		return -XEN_EINVAL;
	}
	return irq_unmap((uint32_t)request.pirq);
}

/* A GSI is its own vector as far as guests know. */
static int64_t alloc_irq_vector(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct physdev_irq request;

	if (guest_in(call->v, &request, at, sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (request.irq >= irq_gsi_count()) {
		return -XEN_EINVAL;
	}
	request.vector = request.irq;
	return guest_out(call->v, at, &request, sizeof(request));
}

static int64_t irq_status_query(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct physdev_irq_status_query request;

	if (guest_in(call->v, &request, at, sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (!irq_is_mapped(request.irq)) {
		return -XEN_EINVAL;
	}
	request.flags = irq_needs_eoi(request.irq) ? XENIRQSTAT_needs_eoi : 0;
	return guest_out(call->v, at, &request, sizeof(request));
}

static int64_t setup_gsi(struct hypercall *call)
{
	struct physdev_setup_gsi request;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (request.gsi < 0 || (uint32_t)request.gsi >= irq_gsi_count()) {
		return -XEN_EINVAL;
	}
	return irq_setup_gsi((uint32_t)request.gsi, request.triggering != 0, request.polarity != 0);
}

static int64_t end_of_irq(struct hypercall *call)
{
	struct physdev_eoi request;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (!irq_is_mapped(request.irq)) {
		return -XEN_EINVAL;
	}
	irq_eoi(request.irq);
	return 0;
}

static int64_t apic_read(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct physdev_apic request;
	int err;

	if (guest_in(call->v, &request, at, sizeof(request))) {
		return -XEN_EFAULT;
	}
	err = ioapic_read_register(request.apic_physbase, request.reg, &request.value);
	return err ? err : guest_out(call->v, at, &request, sizeof(request));
}

/* --- PCI devices ----------------------------------------------------------------------------- */

static int64_t pci_add(struct hypercall *call)
{
	/* All three forms begin with the address; what follows tells of virtual functions and
	 * NUMA nodes, which change nothing here. */
	struct physdev_pci_device device;
	struct pci_address where;

	if (guest_in(call->v, &device, guest_ptr(call->args[1]), sizeof(device))) {
		return -XEN_EFAULT;
	}
	where = (struct pci_address){device.seg, device.bus, device.devfn};
	return call->args[0] == PHYSDEVOP_pci_device_add ? pci_device_add(where)
							 : pci_device_remove(where);
}

static int64_t pci_add_old(struct hypercall *call)
{
	struct physdev_manage_pci device;
	struct pci_address where;

	if (guest_in(call->v, &device, guest_ptr(call->args[1]), sizeof(device))) {
		return -XEN_EFAULT;
	}
	where = (struct pci_address){0, device.bus, device.devfn};
	return call->args[0] == PHYSDEVOP_manage_pci_remove ? pci_device_remove(where)
							    : pci_device_add(where);
}

static int64_t pci_mmcfg_reserved(struct hypercall *call)
{
	struct physdev_pci_mmcfg_reserved request;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if ((request.flags & XEN_PCI_MMCFG_RESERVED) == 0) {
		return 0;
	}
	return pci_ecam_add(request.address, request.segment, request.start_bus, request.end_bus);
}

static hypercall_handler *const rows[] = {
	[PHYSDEVOP_irq_status_query] = irq_status_query,
	[PHYSDEVOP_set_iopl] = set_iopl,
	[PHYSDEVOP_set_iobitmap] = set_iobitmap,
	[PHYSDEVOP_apic_read] = apic_read,
	[PHYSDEVOP_alloc_irq_vector] = alloc_irq_vector,
	[PHYSDEVOP_eoi] = end_of_irq,
	[PHYSDEVOP_map_pirq] = map_pirq,
	[PHYSDEVOP_unmap_pirq] = unmap_pirq,
	[PHYSDEVOP_manage_pci_add] = pci_add_old,
	[PHYSDEVOP_manage_pci_remove] = pci_add_old,
	[PHYSDEVOP_manage_pci_add_ext] = pci_add_old,
	[PHYSDEVOP_setup_gsi] = setup_gsi,
	[PHYSDEVOP_pci_mmcfg_reserved] = pci_mmcfg_reserved,
	[PHYSDEVOP_pci_device_add] = pci_add,
	[PHYSDEVOP_pci_device_remove] = pci_add,
};

int64_t hypercall_physdev_op(struct hypercall *call)
{
	uint64_t command = call->args[0];
	int err;

	if (command >= array_size(rows) || !rows[command]) {
		return -XEN_ENOSYS;
	}
	if (command != PHYSDEVOP_set_iopl && command != PHYSDEVOP_set_iobitmap) {
		err = rights_check(call->v->domain, NULL, RIGHT_HARDWARE);
		if (err) {
			return err;
		}
	}
	return rows[command](call);
}
