/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENMEM_exchange: frames of a domain against as many others, usually contiguous and below an
 * address, which is how a PV guest gets memory for DMA.
 *
 * The unit is the chunk: as many input extents as make one output extent, or the other way round.
 * A chunk is exchanged as a whole or not at all; what it gives lies in one block, which may have to
 * be cleared over several stays (domain/clearing.h):
 *
 *     prepare   allocate the block, note its PFNs in the M2P           all of it may fail
 *     take      steal the old ones; each may refuse                    undone by giving them back
 *     commit    give the domain the new ones, free the old             fails for the dying only
 *
 * Old frames keep their M2P entry while nobody owns them. What replaces stolen frames is not
 * weighed against the domain's maximum: another vcpu may have used the room meanwhile, and there
 * would be nothing left to give back. nr_exchanged counts input extents done; it is progress for
 * the guest and for restarts alike.
 */
#include "hypercall/memory.h"

#include "domain/clearing.h"
#include "domain/guest_ops.h"
#include "domain/memory.h"
#include "domain/restart.h"
#include "lib/math.h"
#include "mm/buddy.h"

#include <xen/errno.h>
#include <xen/memory.h>

/* Frames exchanged for a unit of work. */
#define FRAMES_PER_UNIT 2U

struct exchange {
	struct xen_memory_exchange request;
	struct hypercall *call;
	struct domain *d;
	unsigned int in_order, out_order;
	unsigned int chunk_order; /* frames in a chunk: the bigger of the two */
	uint64_t ins, outs;       /* extents in a chunk */
};

/* All of what a chunk gives lies in one block. */
struct chunk {
	mfn_t block;
	struct frame_list old_frames;
};

/* --- decode ---------------------------------------------------------------------------------- */

static int check_orders(const struct exchange *x)
{
	unsigned int max = memory_order_max(x->call->v->domain);

	return x->request.in.extent_order > max || x->request.out.extent_order > max ? -XEN_EPERM
										     : 0;
}

static int check_counts(const struct exchange *x)
{
	const struct xen_memory_reservation *in = &x->request.in, *out = &x->request.out;
	uint64_t in_frames, out_frames;

	if (in->domid != out->domid ||
	    !checked_mul(in->nr_extents, 1UL << in->extent_order, &in_frames) ||
	    !checked_mul(out->nr_extents, 1UL << out->extent_order, &out_frames) ||
	    in_frames != out_frames || x->request.nr_exchanged > in->nr_extents ||
	    x->request.nr_exchanged % x->ins != 0) {
		return -XEN_EINVAL;
	}
	return 0;
}

static int decode(struct hypercall *call, struct exchange *x)
{
	int err;

	if (guest_in(call->v, &x->request, guest_ptr(call->args[1]), sizeof(x->request))) {
		return -XEN_EFAULT;
	}
	x->call = call;
	err = check_orders(x);
	if (err) {
		return err;
	}
	x->in_order = x->request.in.extent_order;
	x->out_order = x->request.out.extent_order;
	x->chunk_order = max_u32(x->in_order, x->out_order);
	x->ins = 1UL << (x->chunk_order - x->in_order);
	x->outs = 1UL << (x->chunk_order - x->out_order);
	err = check_counts(x);
	if (err) {
		return err;
	}
	x->d = call_target(call, x->request.in.domid);
	return x->d ? rights_check(call->v->domain, x->d, RIGHT_TARGET) : -XEN_ESRCH;
}

/* --- prepare --------------------------------------------------------------------------------- */

static void free_block(mfn_t first, unsigned int order)
{
	for (uint64_t i = 0; i < 1UL << order; i++) {
		m2p_set(mfn_add(first, i), M2P_INVALID);
	}
	buddy_free(first, order);
}

static int allocate_block(const struct exchange *x, mfn_t *block)
{
	unsigned int bits = XENMEMF_get_address_bits(x->request.out.mem_flags);

	if (x->chunk_order > ORDER_MAX_AT_ONCE) {
		return clearing_alloc(x->d, x->chunk_order, bits, 0, block);
	}
	*block = buddy_alloc(x->chunk_order, bits, BUDDY_ZERO);
	return mfn_is_none(*block) ? -XEN_ENOMEM : 0;
}

static struct guest_ptr out_entry(const struct exchange *x, uint64_t i)
{
	return guest_ptr_at(guest_ptr(x->request.out.extent_start), i, sizeof(xen_pfn_t));
}

/* The i-th of the new extents. */
static mfn_t new_extent(const struct exchange *x, const struct chunk *chunk, uint64_t i)
{
	return mfn_add(chunk->block, i << x->out_order);
}

/* The block is allocated; first is the first extent of the list. */
static int prepare(const struct exchange *x, const struct chunk *chunk, uint64_t first)
{
	for (uint64_t i = 0; i < x->outs; i++) {
		xen_pfn_t pfn;

		if (guest_in(x->call->v, &pfn, out_entry(x, first + i), sizeof(pfn))) {
			return -XEN_EFAULT;
		}
		for (uint64_t j = 0; j < 1UL << x->out_order; j++) {
			m2p_set(mfn_add(new_extent(x, chunk, i), j), pfn + j);
		}
	}
	return 0;
}

/* --- take ------------------------------------------------------------------------------------ */

static int take_frame(const struct exchange *x, struct chunk *chunk, uint64_t n)
{
	struct frame *f;
	uint64_t pfn;
	mfn_t m;
	int err;

	if (x->d->ops->translate(x->d, gfn(n), &m) || !frame_is_valid(m)) {
		return -XEN_EINVAL;
	}
	f = frame_of(m);
	pfn = m2p_get(m);
	err = memory_steal(x->d, f);
	if (err) {
		return err;
	}
	m2p_set(m, pfn);
	frame_list_add(&chunk->old_frames, f);
	return 0;
}

static int take_extent(const struct exchange *x, struct chunk *chunk, uint64_t i)
{
	struct guest_ptr at = guest_ptr_at(guest_ptr(x->request.in.extent_start), i,
					   sizeof(xen_pfn_t));
	xen_pfn_t first;

	if (guest_in(x->call->v, &first, at, sizeof(first))) {
		return -XEN_EFAULT;
	}
	for (uint64_t j = 0; j < 1UL << x->in_order; j++) {
		int err = take_frame(x, chunk, first + j);

		if (err) {
			return err;
		}
	}
	return 0;
}

static int take(const struct exchange *x, struct chunk *chunk, uint64_t first)
{
	for (uint64_t i = 0; i < x->ins; i++) {
		int err = take_extent(x, chunk, first + i);

		if (err) {
			return err;
		}
	}
	return 0;
}

/* --- commit ---------------------------------------------------------------------------------- */

static struct frame *take_first(struct frame_list *list)
{
	struct frame *f = frame_list_first(list);

	if (f) {
		frame_list_remove(list, f);
	}
	return f;
}

/* A domain that is dying does not take them back. */
static void give_back(struct domain *d, struct frame_list *old_frames)
{
	struct frame *f;

	while ((f = take_first(old_frames)) != NULL) {
		if (memory_replace(d, frame_mfn(f), 0)) {
			free_block(frame_mfn(f), 0);
		}
	}
}

static int report_chunk(const struct exchange *x, const struct chunk *chunk, uint64_t first)
{
	for (uint64_t i = 0; i < x->outs; i++) {
		mfn_t m = new_extent(x, chunk, i);

		if (guest_out(x->call->v, out_entry(x, first + i), &m.n, sizeof(m.n))) {
			return -XEN_EFAULT;
		}
	}
	return 0;
}

/* One chunk, beginning at these extents of the two lists. */
static int exchange_chunk(const struct exchange *x, uint64_t first_in, uint64_t first_out)
{
	struct chunk chunk;
	struct frame *f;
	int err = allocate_block(x, &chunk.block);

	if (err) {
		return err;
	}
	frame_list_init(&chunk.old_frames);
	err = prepare(x, &chunk, first_out);
	if (!err) {
		err = take(x, &chunk, first_in);
	}
	/* The list is written before anything is final: a page that cannot be written is found now.
	 * A guest that makes the call fail has lost the PFNs it had in there, nothing else. */
	if (!err) {
		err = report_chunk(x, &chunk, first_out);
	}
	if (!err) {
		err = memory_replace(x->d, chunk.block, x->chunk_order);
	}
	if (err) {
		give_back(x->d, &chunk.old_frames);
		free_block(chunk.block, x->chunk_order);
		return err;
	}
	while ((f = take_first(&chunk.old_frames)) != NULL) {
		free_block(frame_mfn(f), 0);
	}
	return 0;
}

static int64_t exchange_chunks(struct exchange *x)
{
	uint64_t *done = &x->request.nr_exchanged;

	while (*done < x->request.in.nr_extents) {
		uint64_t first_out = (*done << x->in_order) >> x->out_order;
		int err = exchange_chunk(x, *done, first_out);

		if (err) {
			return err;
		}
		*done += x->ins;
		restart_spend((1U << x->chunk_order) / FRAMES_PER_UNIT);
		if (restart_wanted() && *done < x->request.in.nr_extents) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

int64_t memory_exchange(struct hypercall *call)
{
	struct exchange x;
	int64_t result;
	int err = decode(call, &x);

	if (err) {
		return err;
	}
	result = exchange_chunks(&x);
	if (guest_out(call->v,
		      guest_ptr(call->args[1] + offsetof(struct xen_memory_exchange, nr_exchanged)),
		      &x.request.nr_exchanged, sizeof(x.request.nr_exchanged))) {
		return -XEN_EFAULT;
	}
	return result;
}
