/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of memory_op that answer questions or note something down: memory maps, counts,
 * claims, and the frames of a domain's grant table for its builder.
 *
 * A domain's memory map may be replaced while the domain reads it: the reader takes one entry at a
 * time under the domain's lock, since nothing may be held while copying to a guest.
 */
#include "hypercall/memory.h"

#include "domain/memory.h"
#include "domain/restart.h"
#include "grant/grant.h"
#include "hvm/hvm.h"
#include "hypercall/host_info.h"
#include "lib/math.h"
#include "machine/shared.h"
#include "mm/heap.h"
#include "mm/map.h"

#include <xen/errno.h>
#include <xen/memory.h>
#include <xen/shared_info.h>

/* Entries copied to a guest at once: 640 bytes of stack. */
#define MAP_BATCH 32U

/* --- memory maps ----------------------------------------------------------------------------- */

static bool own_entry(struct domain *d, uint32_t i, struct xen_e820_entry *entry)
{
	bool found;

	spin_lock(&d->lock);
	found = i < d->e820_count;
	if (found) {
		const struct domain_e820 *from = &d->e820[i];

		*entry = (struct xen_e820_entry){from->start, from->bytes, from->type};
	}
	spin_unlock(&d->lock);
	return found;
}

int64_t memory_own_map(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct domain *d = call->v->domain;
	struct xen_memory_map map;
	struct xen_e820_entry entry;
	uint32_t i;

	if (!own_entry(d, 0, &entry)) {
		return -XEN_ENOSYS;
	}
	if (guest_in(call->v, &map, at, sizeof(map))) {
		return -XEN_EFAULT;
	}
	for (i = 0; i < map.nr_entries && own_entry(d, i, &entry); i++) {
		if (guest_out(call->v, guest_ptr_at(guest_ptr(map.buffer), i, sizeof(entry)),
			      &entry, sizeof(entry))) {
			return -XEN_EFAULT;
		}
	}
	map.nr_entries = i;
	return guest_out(call->v, at, &map, sizeof(map));
}

int64_t memory_machine_map(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	uint32_t count = host_info->e820_count;
	struct xen_memory_map map;
	int err = rights_check(call->v->domain, NULL, RIGHT_CONTROL);

	if (err) {
		return err;
	}
	if (guest_in(call->v, &map, at, sizeof(map))) {
		return -XEN_EFAULT;
	}
	if (map.buffer != 0 && map.nr_entries < count) {
		return -XEN_EINVAL;
	}
	if (map.buffer != 0 &&
	    guest_out(call->v, guest_ptr(map.buffer), host_info->e820,
		      count * sizeof(struct xen_e820_entry))) {
		return -XEN_EFAULT;
	}
	map.nr_entries = count;
	return guest_out(call->v, at, &map, sizeof(map));
}

static int read_map(struct vcpu *v, const struct xen_memory_map *map, struct domain_e820 *to)
{
	struct xen_e820_entry entries[MAP_BATCH];

	for (uint32_t done = 0; done < map->nr_entries; done += MAP_BATCH) {
		uint32_t count = min_u32(map->nr_entries - done, MAP_BATCH);

		if (guest_in(v, entries,
			     guest_ptr_at(guest_ptr(map->buffer), done, sizeof(*entries)),
			     count * sizeof(*entries))) {
			return -XEN_EFAULT;
		}
		for (uint32_t i = 0; i < count; i++) {
			to[done + i] = (struct domain_e820){
				entries[i].addr, entries[i].size, entries[i].type};
		}
	}
	return 0;
}

/* Takes over the array. */
static void replace_map(struct domain *d, struct domain_e820 *entries, uint32_t count)
{
	struct domain_e820 *old;

	spin_lock(&d->lock);
	old = d->e820;
	d->e820 = entries;
	d->e820_count = count;
	spin_unlock(&d->lock);
	heap_free(old);
}

int64_t memory_set_map(struct hypercall *call)
{
	struct xen_foreign_memory_map request;
	struct domain_e820 *entries;
	struct domain *d;
	int err;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (request.map.nr_entries > DOMAIN_E820_MAX) {
		return -XEN_EINVAL;
	}
	err = call_find(call, request.domid, RIGHT_TARGET, &d);
	if (err) {
		return err;
	}
	entries = heap_alloc(max_u32(request.map.nr_entries, 1) * sizeof(*entries));
	if (!entries) {
		return -XEN_ENOMEM;
	}
	err = read_map(call->v, &request.map, entries);
	if (err) {
		heap_free(entries);
		return err;
	}
	replace_map(d, entries, request.map.nr_entries);
	return 0;
}

int64_t memory_machphys_mapping(struct hypercall *call)
{
	/* The hardware domain knows the machine; others get a constant, right after migration
	 * too. */
	struct xen_machphys_mapping mapping = {
		.v_start = M2P_START,
		.v_end = M2P_END,
		.max_mfn = call->v->domain->is_hardware ? frame_end - 1 : MACH2PHYS_NR_ENTRIES - 1,
	};

	return guest_out(call->v, guest_ptr(call->args[1]), &mapping, sizeof(mapping));
}

/* --- counts ---------------------------------------------------------------------------------- */

static int64_t count_of(struct domain *d, uint64_t command)
{
	uint64_t pages;

	switch (command) {
	case XENMEM_current_reservation:
		pages = d->frame_count;
		break;
	case XENMEM_maximum_reservation:
		pages = d->frame_max;
		break;
	default:
		if (!d->is_pv) {
			pages = d->hvm->p2m.gfn_end;
			return (int64_t)(pages == 0 ? 0 : pages - 1);
		}
		pages = shared_read(&d->shared->arch.max_pfn);
		pages = pages == 0 ? 0 : pages - 1;
		break;
	}
	return (int64_t)min_u64(pages, INT64_MAX);
}

int64_t memory_count(struct hypercall *call)
{
	struct domain *d;
	domid_t domid;
	int err = guest_in(call->v, &domid, guest_ptr(call->args[1]), sizeof(domid));

	err = err ? err : call_find(call, domid, RIGHT_TARGET, &d);
	return err ? err : count_of(d, call->args[0]);
}

/* There is no populate-on-demand: all memory is populated, whatever target is set. */
int64_t memory_pod_target(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct xen_pod_target target;
	struct domain *d;
	int err = guest_in(call->v, &target, at, sizeof(target));

	err = err ? err : call_find(call, target.domid, RIGHT_DM, &d);
	if (err) {
		return err;
	}
	target.tot_pages = d->frame_count;
	target.pod_cache_pages = 0;
	target.pod_entries = 0;
	return guest_out(call->v, at, &target, sizeof(target));
}

/* --- for domain builders --------------------------------------------------------------------- */

int64_t memory_claim_pages(struct hypercall *call)
{
	struct xen_memory_reservation request;
	struct domain *d;
	int err = rights_check(call->v->domain, NULL, RIGHT_CONTROL);

	if (err) {
		return err;
	}
	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	if (request.extent_start != 0 || request.extent_order != 0 || request.mem_flags != 0) {
		return -XEN_EINVAL;
	}
	d = domain_find(request.domid);
	return d ? memory_claim(d, request.nr_extents) : -XEN_ESRCH;
}

static int check_resource(struct hypercall *call, const struct xen_mem_acquire_resource *request,
			  struct domain **d)
{
	int err;

	if (request->pad != 0) {
		return -XEN_EINVAL;
	}
	err = call_find(call, request->domid, RIGHT_DM, d);
	if (err) {
		return err;
	}
	if (request->type != XENMEM_resource_grant_table) {
		return -XEN_EOPNOTSUPP;
	}
	return request->id == XENMEM_resource_grant_table_id_shared ? 0 : -XEN_EINVAL;
}

static int64_t list_frames(struct hypercall *call, const struct xen_mem_acquire_resource *request,
			   struct domain *d)
{
	for (uint64_t i = memory_start(call); i < request->nr_frames;) {
		mfn_t m = grant_frame(d, (uint32_t)(request->frame + i));

		if (guest_out(call->v, guest_ptr_at(guest_ptr(request->frame_list), i, sizeof(m.n)),
			      &m.n, sizeof(m.n))) {
			return -XEN_EFAULT;
		}
		i++;
		if (restart_wanted() && i < request->nr_frames) {
			return memory_restart(call, i);
		}
	}
	return 0;
}

int64_t memory_acquire_resource(struct hypercall *call)
{
	struct guest_ptr at = guest_ptr(call->args[1]);
	struct xen_mem_acquire_resource request;
	struct domain *d;
	uint32_t max;
	int err = guest_in(call->v, &request, at, sizeof(request));

	err = err ? err : check_resource(call, &request, &d);
	if (err) {
		return err;
	}
	max = grant_frame_max(d);
	if (request.frame_list == 0 && request.nr_frames == 0) {
		request.nr_frames = max;
		return guest_out(call->v, at, &request, sizeof(request));
	}
	if (request.frame_list == 0 || request.frame > max ||
	    request.nr_frames > max - request.frame || memory_start(call) > request.nr_frames) {
		return -XEN_EINVAL;
	}
	err = grant_grow(d, (uint32_t)request.frame + request.nr_frames);
	return err ? err : list_frames(call, &request, d);
}
