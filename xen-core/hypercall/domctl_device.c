/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control calls that let a domain use I/O ports, device memory and interrupts, or take them away.
 * What the core keeps for itself nobody can be given (domain/access.h). Mappings already made stay.
 */
#include "hypercall/domctl.h"

#include "domain/access.h"
#include "lib/math.h"

#include <xen/errno.h>

#define IOPORTS 65536U

int domctl_irq_permission(struct domctl *c)
{
	const struct xen_domctl_irq_permission *request = &c->op.u.irq_permission;

	return access_change(c->d, ACCESS_IRQS, request->pirq, request->pirq,
			     request->allow_access != 0);
}

int domctl_iomem_permission(struct domctl *c)
{
	const struct xen_domctl_iomem_permission *request = &c->op.u.iomem_permission;
	uint64_t end;

	if (request->nr_mfns == 0 || !checked_add(request->first_mfn, request->nr_mfns, &end)) {
		return -XEN_EINVAL;
	}
	return access_change(c->d, ACCESS_IOMEM, request->first_mfn, end - 1,
			     request->allow_access != 0);
}

int domctl_ioport_permission(struct domctl *c)
{
	const struct xen_domctl_ioport_permission *request = &c->op.u.ioport_permission;

	if (request->first_port >= IOPORTS || request->nr_ports > IOPORTS - request->first_port) {
		return -XEN_EINVAL;
	}
	if (request->nr_ports == 0) {
		return 0;
	}
	return access_change(c->d, ACCESS_IOPORTS, request->first_port,
			     request->first_port + request->nr_ports - 1,
			     request->allow_access != 0);
}
