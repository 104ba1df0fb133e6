/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XENMEM_exchange: frames of a domain against as many others, usually contiguous and below an
 * address, which is how a PV guest gets memory for DMA.
 *
 * The unit is the chunk: as many input extents as make one output extent, or the other way round.
 * A chunk is exchanged as a whole or not at all; what it gives lies in one block. Two megabytes are
 * more work than one stay may do, so a chunk goes through stages, kept in d->exchange between them:
 *
 *     none      the block is allocated, cleared over several stays (domain/clearing.h)
 *     taking    the old frames are stolen, some in each stay
 *               then in one: the new ones' PFNs go to the M2P, the list is written, the domain gets
 *               the block
 *     freeing   the old frames are freed, some in each stay
 *
 * What fails before the domain has the block gives the old frames back. So does another exchange
 * for the same domain that finds one in taking, whose caller then begins anew. is_busy: one CPU at
 * a time works on it, without a lock; for the dying nobody begins to. A chunk in the hands of this
 * code counts for nobody: a domain may have one beyond its maximum.
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

/* Linux asks for no more. */
#define ORDER_MAX_EXCHANGE 9U
/* Frames taken or freed, and new ones given, for a unit of work. */
#define FRAMES_PER_UNIT 4U
#define GIVEN_PER_UNIT 8U

struct exchange {
	struct xen_memory_exchange request;
	struct hypercall *call;
	struct domain *d;
	unsigned int in_order, out_order;
	unsigned int chunk_order; /* frames in a chunk: the bigger of the two */
	uint64_t ins, outs;       /* extents in a chunk */
};

enum stage {
	STAGE_NONE,
	STAGE_TAKING,
	STAGE_FREEING,
};

/* --- decode ---------------------------------------------------------------------------------- */

static int check_orders(const struct exchange *x)
{
	unsigned int max = min_u32(memory_order_max(x->call->v->domain), ORDER_MAX_EXCHANGE);

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
	return call_find(call, x->request.in.domid, RIGHT_TARGET, &x->d);
}

/* --- begin ----------------------------------------------------------------------------------- */

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
	restart_spend((1U << x->chunk_order) / CLEARED_PER_UNIT);
	*block = buddy_alloc(x->chunk_order, bits, BUDDY_ZERO);
	return mfn_is_none(*block) ? -XEN_ENOMEM : 0;
}

static int begin(const struct exchange *x, struct domain_exchange *e, uint64_t first_in)
{
	int err = allocate_block(x, &e->block);

	if (!err) {
		frame_list_init(&e->old_frames);
		e->taken = 0;
		e->first_in = first_in;
		e->order = (uint8_t)x->chunk_order;
		e->stage = STAGE_TAKING;
	}
	return err;
}

/* --- take ------------------------------------------------------------------------------------ */

static int take_frame(const struct exchange *x, struct domain_exchange *e, uint64_t n)
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
	frame_list_add(&e->old_frames, f);
	return 0;
}

static int take(const struct exchange *x, struct domain_exchange *e)
{
	uint64_t within = (1UL << x->in_order) - 1;
	xen_pfn_t first = 0;
	bool known = false;

	while (e->taken < 1UL << e->order) {
		uint64_t i = e->first_in + (e->taken >> x->in_order);
		int err;

		if (!known || (e->taken & within) == 0) {
			struct guest_ptr list = guest_ptr(x->request.in.extent_start);

			if (guest_in(x->call->v, &first, guest_ptr_at(list, i, sizeof(first)),
				     sizeof(first))) {
				return -XEN_EFAULT;
			}
			known = true;
		}
		err = take_frame(x, e, first + (e->taken & within));
		if (err) {
			return err;
		}
		e->taken++;
		if (e->taken % FRAMES_PER_UNIT == 0 && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

/* --- give ------------------------------------------------------------------------------------ */

/* Before anything is final: a list that cannot be written is found now. A guest that makes the call
 * fail has lost the PFNs it had in there, nothing else. */
static int place_extents(const struct exchange *x, const struct domain_exchange *e)
{
	struct guest_ptr list = guest_ptr(x->request.out.extent_start);
	uint64_t first_out = (e->first_in << x->in_order) >> x->out_order;

	for (uint64_t i = 0; i < x->outs; i++) {
		struct guest_ptr entry = guest_ptr_at(list, first_out + i, sizeof(xen_pfn_t));
		mfn_t m = mfn_add(e->block, i << x->out_order);
		xen_pfn_t pfn;

		if (guest_in(x->call->v, &pfn, entry, sizeof(pfn)) ||
		    guest_out(x->call->v, entry, &m.n, sizeof(m.n))) {
			return -XEN_EFAULT;
		}
		for (uint64_t j = 0; j < 1UL << x->out_order; j++) {
			m2p_set(mfn_add(m, j), pfn + j);
		}
	}
	return 0;
}

static int give(const struct exchange *x, struct domain_exchange *e)
{
	int err = place_extents(x, e);

	if (!err) {
		err = memory_replace(x->d, e->block, e->order);
	}
	if (!err) {
		e->stage = STAGE_FREEING;
	}
	restart_spend((1U << e->order) / GIVEN_PER_UNIT);
	return err;
}

/* --- free, give back ------------------------------------------------------------------------- */

static struct frame *take_first(struct frame_list *list)
{
	struct frame *f = frame_list_first(list);

	if (f) {
		frame_list_remove(list, f);
	}
	return f;
}

static int free_old(struct domain_exchange *e)
{
	unsigned int freed = 0;
	struct frame *f;

	while ((f = take_first(&e->old_frames)) != NULL) {
		free_block(frame_mfn(f), 0);
		if (++freed % FRAMES_PER_UNIT == 0 && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

/* A domain that is dying does not take them back. */
static void give_back(struct domain *d, struct domain_exchange *e)
{
	struct frame *f;

	while ((f = take_first(&e->old_frames)) != NULL) {
		if (memory_replace(d, frame_mfn(f), 0)) {
			free_block(frame_mfn(f), 0);
		}
	}
	free_block(e->block, e->order);
	e->stage = STAGE_NONE;
}

/* --- a chunk --------------------------------------------------------------------------------- */

/* The end of the last chunk. */
static int finish_chunk(struct domain_exchange *e)
{
	int err = e->stage == STAGE_FREEING ? free_old(e) : 0;

	if (!err && e->stage == STAGE_FREEING) {
		e->stage = STAGE_NONE;
	}
	return err;
}

/* The chunk beginning at this extent of the list of old ones. */
static int exchange_chunk(const struct exchange *x, struct domain_exchange *e, uint64_t first_in)
{
	int err = 0;

	if (e->stage == STAGE_TAKING &&
	    (e->order != x->chunk_order || e->first_in != first_in)) {
		give_back(x->d, e);
	}
	if (e->stage == STAGE_NONE) {
		err = begin(x, e, first_in);
	}
	if (err) {
		return err;
	}
	err = take(x, e);
	if (!err && e->order > ORDER_MAX_AT_ONCE && !restart_is_fresh()) {
		err = -XEN_ERESTART;
	}
	if (!err) {
		err = give(x, e);
	}
	if (err && err != -XEN_ERESTART) {
		give_back(x->d, e);
	}
	return err;
}

/* Makes the domain's exchange this CPU's. */
static int enter(struct domain *d)
{
	int err = 0;

	spin_lock(&d->memory_lock);
	if (domain_is_dying(d)) {
		err = -XEN_EINVAL;
	} else if (d->exchange.is_busy) {
		err = -XEN_ERESTART;
	} else {
		d->exchange.is_busy = true;
	}
	spin_unlock(&d->memory_lock);
	return err;
}

static void leave(struct domain *d)
{
	spin_lock(&d->memory_lock);
	d->exchange.is_busy = false;
	spin_unlock(&d->memory_lock);
}

int memory_exchange_teardown(struct domain *d)
{
	struct domain_exchange *e = &d->exchange;
	bool is_busy;
	int err = 0;

	spin_lock(&d->memory_lock);
	is_busy = e->is_busy;
	spin_unlock(&d->memory_lock);
	if (is_busy) {
		return -XEN_ERESTART;
	}
	if (e->stage != STAGE_NONE) {
		err = free_old(e);
	}
	if (!err && e->stage == STAGE_TAKING) {
		free_block(e->block, e->order);
	}
	if (!err) {
		e->stage = STAGE_NONE;
	}
	return err;
}

static int exchange_chunks(struct exchange *x)
{
	struct domain_exchange *e = &x->d->exchange;
	uint64_t *done = &x->request.nr_exchanged;
	int err;

	while ((err = finish_chunk(e)) == 0 && *done < x->request.in.nr_extents) {
		err = exchange_chunk(x, e, *done);
		if (err) {
			break;
		}
		*done += x->ins;
		if (restart_wanted()) {
			err = -XEN_ERESTART;
			break;
		}
	}
	return err;
}

int64_t memory_exchange(struct hypercall *call)
{
	struct exchange x;
	int err = decode(call, &x);

	if (err) {
		return err;
	}
	err = enter(x.d);
	if (err) {
		return err;
	}
	err = exchange_chunks(&x);
	leave(x.d);
	if (guest_out(call->v,
		      guest_ptr(call->args[1] + offsetof(struct xen_memory_exchange, nr_exchanged)),
		      &x.request.nr_exchanged, sizeof(x.request.nr_exchanged))) {
		return -XEN_EFAULT;
	}
	return err;
}
