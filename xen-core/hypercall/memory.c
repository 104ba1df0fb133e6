/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op: reservations grow and shrink here; exchange and the informative commands have files
 * of their own. increase, decrease and populate never fail: they stop where they are and answer
 * the number of extents done, which is also how a restart remembers its progress (in the bits of
 * the command above 5: guest data again, checked against the number of extents).
 */
#include "hypercall/memory.h"

#include "domain/clearing.h"
#include "domain/memory.h"
#include "domain/own_frame.h"
#include "domain/restart.h"
#include "mm/buddy.h"

#include <xen/errno.h>
#include <xen/memory.h>

#define ORDER_MAX_GUEST 9U
/* For the control domain too: giving 8 MiB away is as long as a stay in the core may be. */
#define ORDER_MAX_HARDWARE 11U
#define EXTENTS_MAX (~0UL >> MEMOP_EXTENT_SHIFT)
/* Frames given for a unit of work; one given up is a unit. */
#define GIVEN_PER_UNIT 32U

struct reservation {
	struct xen_memory_reservation request;
	struct domain *d;
	struct hypercall *call;
	unsigned int address_bits;
};

unsigned int memory_order_max(const struct domain *caller)
{
	return caller->is_hardware || caller->is_control ? ORDER_MAX_HARDWARE : ORDER_MAX_GUEST;
}

int64_t memory_restart(struct hypercall *call, uint64_t done)
{
	call->args[0] = (call->args[0] & MEMOP_CMD_MASK) | done << MEMOP_EXTENT_SHIFT;
	return -XEN_ERESTART;
}

static struct guest_ptr extent_at(const struct reservation *r, uint64_t i)
{
	return guest_ptr_at(guest_ptr(r->request.extent_start), i, sizeof(xen_pfn_t));
}

/* Copies and checks the request; false: nothing can be done. Progress counts frames, or extents. */
static bool decode(struct hypercall *call, struct reservation *r, bool in_frames)
{
	struct xen_memory_reservation *request = &r->request;
	const struct domain *caller = call->v->domain;
	unsigned int shift;

	if (guest_in(call->v, request, guest_ptr(call->args[1]), sizeof(*request)) ||
	    request->extent_order > memory_order_max(caller)) {
		return false;
	}
	shift = in_frames ? request->extent_order : 0;
	if (request->nr_extents > EXTENTS_MAX >> shift ||
	    memory_start(call) >= request->nr_extents << shift) {
		return false;
	}
	/* One node: an exact request could be granted, but is not everyone's to make. */
	if ((request->mem_flags & XENMEMF_exact_node_request) && !caller->is_control &&
	    !caller->is_hardware) {
		return false;
	}
	r->call = call;
	r->address_bits = XENMEMF_get_address_bits(request->mem_flags);
	r->d = call_target(call, request->domid);
	return r->d && rights_check(caller, r->d, RIGHT_TARGET) == 0;
}

/* -XEN_ERESTART: being cleared. */
static int allocate_extent(const struct reservation *r, mfn_t *first)
{
	unsigned int order = r->request.extent_order;
	int err;

	if (order <= ORDER_MAX_AT_ONCE) {
		restart_spend((1U << order) / CLEARED_PER_UNIT);
		return memory_allocate(r->d, order, r->address_bits, 0, first);
	}
	err = clearing_alloc(r->d, order, r->address_bits, CLEARING_COUNTED, first);
	if (err) {
		return err;
	}
	restart_spend((1U << order) / GIVEN_PER_UNIT);
	err = memory_assign(r->d, *first, order);
	if (err) {
		buddy_free(*first, order);
	}
	return err;
}

/* Of a translated domain, whose builder keeps its own numbers. */
static int place_extent(const struct reservation *r, uint64_t g, mfn_t first)
{
	unsigned int order = r->request.extent_order;
	int err = memory_place_ram(r->d, g, first, order);

	if (err) {
		for (uint64_t j = 0; j < 1UL << order; j++) {
			struct frame *f = frame_of(mfn_add(first, j));

			if (frame_clear_allocated(f)) {
				frame_put(f);
			}
		}
	}
	return err;
}

static int populate_extent(const struct reservation *r, uint64_t i)
{
	struct vcpu *v = r->call->v;
	xen_pfn_t pfn;
	mfn_t first;
	int err;

	if (guest_in(v, &pfn, extent_at(r, i), sizeof(pfn))) {
		return -XEN_EFAULT;
	}
	err = allocate_extent(r, &first);
	if (err) {
		return err;
	}
	if (!r->d->is_pv) {
		return place_extent(r, pfn, first);
	}
	for (uint64_t j = 0; j < 1UL << r->request.extent_order; j++) {
		m2p_set(mfn_add(first, j), pfn + j);
	}
	return guest_out(v, extent_at(r, i), &first.n, sizeof(first.n));
}

static int increase_extent(const struct reservation *r, uint64_t i)
{
	mfn_t first;
	int err = allocate_extent(r, &first);

	if (err || r->request.extent_start == 0) {
		return err;
	}
	return guest_out(r->call->v, extent_at(r, i), &first.n, sizeof(first.n));
}

/* Gives up the domain's own claim to a frame; who else refers to it keeps it. */
static bool give_up_frame(struct domain *d, uint64_t n)
{
	struct frame *f;

	if (!d->is_pv) {
		return memory_give_up_gfn(d, n);
	}
	return own_frame_get(d, gfn(n), &f) == 0 && memory_give_up(f);
}

static int64_t each_extent(struct hypercall *call,
			   int (*run)(const struct reservation *r, uint64_t i))
{
	uint64_t i = memory_start(call);
	struct reservation r;

	if (!decode(call, &r, false)) {
		return (int64_t)i;
	}
	while (i < r.request.nr_extents) {
		int err = run(&r, i);

		if (err == -XEN_ERESTART) {
			return memory_restart(call, i);
		}
		if (err) {
			break;
		}
		i++;
		if (restart_wanted() && i < r.request.nr_extents) {
			return memory_restart(call, i);
		}
	}
	return (int64_t)i;
}

static int64_t populate_physmap(struct hypercall *call)
{
	return each_extent(call, populate_extent);
}

static int64_t increase_reservation(struct hypercall *call)
{
	return each_extent(call, increase_extent);
}

/* Progress counts frames: extents are many pieces of work here. How many bits an extent takes in it
 * is the request's to say, which is read again; a guest that changes it gives up other frames. */
static int64_t decrease_reservation(struct hypercall *call)
{
	uint64_t done = memory_start(call), end;
	struct reservation r;
	xen_pfn_t first = 0;
	bool known = false;

	if (!decode(call, &r, true)) {
		return (int64_t)done;
	}
	end = r.request.nr_extents << r.request.extent_order;
	while (done < end) {
		uint64_t j = done & ((1UL << r.request.extent_order) - 1);

		if ((j == 0 || !known) && guest_in(call->v, &first,
						   extent_at(&r, done >> r.request.extent_order),
						   sizeof(first))) {
			break;
		}
		known = true;
		if (!give_up_frame(r.d, first + j)) {
			break;
		}
		done++;
		if (restart_wanted() && done < end) {
			return memory_restart(call, done);
		}
	}
	return (int64_t)(done >> r.request.extent_order);
}

static int64_t no_vnuma(struct hypercall *call unused_arg)
{
	return -XEN_EOPNOTSUPP;
}

static int64_t maximum_ram_page(struct hypercall *call unused_arg)
{
	return (int64_t)frame_end - 1;
}

/* Nothing is shared: libxl takes this for an answer, and any error but -XEN_ENOSYS for a failure
 * of all its host information. */
static int64_t no_sharing(struct hypercall *call unused_arg)
{
	return 0;
}

struct memory_row {
	hypercall_handler *run;
	bool restarts;
};

static const struct memory_row rows[] = {
	[XENMEM_increase_reservation] = {increase_reservation, true},
	[XENMEM_decrease_reservation] = {decrease_reservation, true},
	[XENMEM_maximum_ram_page] = {maximum_ram_page, false},
	[XENMEM_current_reservation] = {memory_count, false},
	[XENMEM_maximum_reservation] = {memory_count, false},
	[XENMEM_populate_physmap] = {populate_physmap, true},
	[XENMEM_add_to_physmap] = {memory_add_to_physmap, false},
	[XENMEM_memory_map] = {memory_own_map, false},
	[XENMEM_machine_memory_map] = {memory_machine_map, false},
	[XENMEM_exchange] = {memory_exchange, false},
	[XENMEM_machphys_mapping] = {memory_machphys_mapping, false},
	[XENMEM_set_memory_map] = {memory_set_map, false},
	[XENMEM_maximum_gpfn] = {memory_count, false},
	[XENMEM_remove_from_physmap] = {memory_remove_from_physmap, false},
	[XENMEM_set_pod_target] = {memory_pod_target, false},
	[XENMEM_get_pod_target] = {memory_pod_target, false},
	[XENMEM_get_sharing_freed_pages] = {no_sharing, false},
	[XENMEM_get_sharing_shared_pages] = {no_sharing, false},
	[XENMEM_add_to_physmap_batch] = {memory_add_to_physmap_batch, true},
	[XENMEM_claim_pages] = {memory_claim_pages, false},
	[XENMEM_get_vnumainfo] = {no_vnuma, false},
	[XENMEM_acquire_resource] = {memory_acquire_resource, true},
};

int64_t hypercall_memory_op(struct hypercall *call)
{
	uint64_t command = call->args[0] & MEMOP_CMD_MASK;

	if (command >= array_size(rows) || !rows[command].run) {
		return -XEN_ENOSYS;
	}
	if (memory_start(call) != 0 && !rows[command].restarts) {
		return -XEN_EINVAL;
	}
	return rows[command].run(call);
}
