/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control calls that let a domain use I/O ports, device memory and interrupts, or take them away.
 * What the core keeps for itself nobody can be given (domain/access.h). Mappings already made stay
 * when a right goes, as in Xen: tools unmap first, which asks for no right but control.
 *
 * A paravirtual guest maps device memory itself. A translated one has it placed:
 *
 *     hole -> device memory       a range is placed whole or, with an error, not at all; one that
 *                                 stands there already stays
 *     device memory -> hole       up to the first that does not stand there
 *
 * Never RAM, whoever's, nor what no guest may write (pv_mmio_readonly). Entries hold nothing.
 */
#include "hypercall/domctl.h"

#include "domain/access.h"
#include "hvm/hvm.h"
#include "lib/math.h"
#include "pv/pte_rules.h"

#include <xen/errno.h>

#define IOPORTS 65536U
/* More is -XEN_E2BIG, and tools ask for less at once (public/domctl.h). */
#define MAPPED_AT_ONCE 64U
/* Of an entry; the last frame is none (pv/pte_rules.c). */
#define MFN_END (PTE_ADDRESS_MASK >> PAGE_SHIFT)

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

/* --- device memory of translated guests ------------------------------------------------------ */

static int check_range(const struct xen_domctl_memory_mapping *range)
{
	uint64_t gfn_end, mfn_end;

	if (range->nr_mfns == 0 || !checked_add(range->first_gfn, range->nr_mfns, &gfn_end) ||
	    !checked_add(range->first_mfn, range->nr_mfns, &mfn_end) || gfn_end > P2M_GFN_END ||
	    mfn_end > MFN_END) {
		return -XEN_EINVAL;
	}
	return range->nr_mfns > MAPPED_AT_ONCE ? -XEN_E2BIG : 0;
}

static int check_devices(const struct domctl *c, const struct xen_domctl_memory_mapping *range)
{
	uint64_t first = range->first_mfn, last = first + range->nr_mfns - 1;

	if (!access_allows(c->d, ACCESS_IOMEM, first, last) ||
	    !access_allows(c->v->domain, ACCESS_IOMEM, first, last) ||
	    range_overlaps(&pv_mmio_readonly, first, last)) {
		return -XEN_EPERM;
	}
	for (uint64_t n = first; n <= last; n++) {
		if (frame_is_valid(mfn(n)) && frame_of(mfn(n))->owner != DOMID_IO) {
			return -XEN_EPERM;
		}
	}
	return 0;
}

/* The i-th of the range; *changed: it was not so already. */
static int change_locked(struct p2m *p2m, const struct xen_domctl_memory_mapping *range, uint64_t i,
			 bool add, bool *changed)
{
	gfn_t g = gfn(range->first_gfn + i);
	mfn_t m = mfn(range->first_mfn + i);
	struct p2m_entry entry;
	int err;

	p2m_get(p2m, g, &entry);
	if (entry.kind == P2M_MMIO && mfn_eq(entry.mfn, m)) {
		return add ? 0 : p2m_remove_locked(p2m, g, m, changed);
	}
	err = add ? p2m_fill_locked(p2m, g, m, P2M_MMIO) : -XEN_ENOENT;
	*changed = !err;
	return err;
}

static int change_range(struct p2m *p2m, const struct xen_domctl_memory_mapping *range)
{
	bool add = range->add_mapping != DPCI_REMOVE_MAPPING;
	uint64_t changed = 0;
	int err = 0;

	spin_lock(&p2m->lock);
	for (uint64_t i = 0; i < range->nr_mfns && !err; i++) {
		bool it_changed = false;

		err = change_locked(p2m, range, i, add, &it_changed);
		changed |= (uint64_t)it_changed << i;
	}
	for (uint64_t i = 0; err && add && i < range->nr_mfns; i++) {
		bool ignored;

		/* What can be removed needs no memory. */
		if (changed >> i & 1) {
			(void)!change_locked(p2m, range, i, false, &ignored);
		}
	}
	spin_unlock(&p2m->lock);
	return err;
}

/* -XEN_EPERM: not device memory both may use. -XEN_EBUSY: another thing stands there; -XEN_ENOENT:
 * it does not. */
int domctl_memory_mapping(struct domctl *c)
{
	const struct xen_domctl_memory_mapping *range = &c->op.u.memory_mapping;
	int err = check_range(range);

	if (!err && range->add_mapping != DPCI_REMOVE_MAPPING) {
		err = check_devices(c, range);
	}
	if (err || c->d->is_pv) {
		return err;
	}
	err = change_range(&c->d->hvm->p2m, range);
	p2m_flush(c->d);
	return err;
}
