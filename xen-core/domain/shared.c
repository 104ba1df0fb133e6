/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shared_info page: one frame of the core's that the domain owns and may map. All vcpus' events
 * start masked (public/xen.h: a guest opens them when it is ready); the wall clock is valid from
 * the start. It stays until the domain is freed: others may still raise events there.
 */
#include "domain/memory.h"
#include "domain/part.h"
#include "domain/vtime.h"
#include "machine/shared.h"

#include <xen/errno.h>

static int create(struct domain *d)
{
	d->shared = memory_allocate_heap(d);
	if (!d->shared) {
		return -XEN_ENOMEM;
	}
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
		shared_write(&d->shared->vcpu_info[i].evtchn_upcall_mask, 1);
	}
	vtime_update_wallclock(d);
	return 0;
}

static int teardown(struct domain *d unused_arg)
{
	return 0;
}

static void free_page(struct domain *d)
{
	memory_free_heap(d, d->shared);
	d->shared = NULL;
}

const struct domain_part shared_part = {
	.name = "shared_info",
	.create = create,
	.teardown = teardown,
	.free = free_page,
};
