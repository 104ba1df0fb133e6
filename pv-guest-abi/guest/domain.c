/* SPDX-License-Identifier: MIT */
/* Control calls of a microguest that is dom0. */
#include "guest.h"

#include <xen/domctl.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

int64_t domctl(struct xen_domctl *op)
{
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return hypercall1(__HYPERVISOR_domctl, op);
}

int64_t domctl_on(uint32_t command, uint32_t domid)
{
	struct xen_domctl op = {.cmd = command, .domain = (domid_t)domid};

	return domctl(&op);
}

int64_t sysctl(struct xen_sysctl *op)
{
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return hypercall1(__HYPERVISOR_sysctl, op);
}

int64_t domain_make(uint32_t pages, uint32_t *domid)
{
	struct xen_domctl create = {.cmd = XEN_DOMCTL_createdomain, .domain = 0xffff};
	struct xen_domctl vcpus = {.cmd = XEN_DOMCTL_max_vcpus};
	struct xen_domctl memory = {.cmd = XEN_DOMCTL_max_mem};
	int64_t err;

	create.u.createdomain.max_vcpus = 1;
	create.u.createdomain.max_evtchn_port = 1023;
	create.u.createdomain.max_grant_frames = -1;
	create.u.createdomain.max_maptrack_frames = -1;
	create.u.createdomain.grant_opts = 1;
	err = domctl(&create);
	if (err) {
		return err;
	}
	*domid = create.domain;
	vcpus.domain = create.domain;
	vcpus.u.max_vcpus.max = 1;
	err = domctl(&vcpus);
	if (err) {
		return err;
	}
	memory.domain = create.domain;
	memory.u.max_mem.max_memkb = pages * 4UL;
	return domctl(&memory);
}

int64_t domain_destroy(uint32_t domid)
{
	return domctl_on(XEN_DOMCTL_destroydomain, domid);
}

int64_t domain_populate(uint32_t domid, uint64_t *mfns, uint32_t count)
{
	struct xen_memory_reservation r = {
		.extent_start = (uint64_t)mfns, .nr_extents = count, .domid = (domid_t)domid};

	for (uint32_t i = 0; i < count; i++) {
		mfns[i] = i;
	}
	return hypercall2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r);
}

uint64_t free_pages(void)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};

	return sysctl(&op) ? 0 : op.u.physinfo.free_pages;
}
