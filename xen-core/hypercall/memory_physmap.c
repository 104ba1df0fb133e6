/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands at the frame numbers of a translated domain: placing the core's shared pages and
 * frames of others, moving frames, taking them away. RAM that something else takes the place of is
 * given up: the domain has no other name for it.
 *
 *     shared_info, grant table    each stands at one number at most; M2P remembers which
 *     gmfn                        a frame of the domain's own, moved from another number
 *     gmfn_foreign                a frame of a domain the caller controls (hvm/foreign.c); in
 *                                 batches only (public/memory.h)
 *
 * A batch is done element by element: what came of each is its error, the call itself succeeds.
 * Progress of a restarted one counts elements. Paravirtual domains choose their numbers
 * themselves: refused.
 */
#include "hypercall/memory.h"

#include "domain/restart.h"
#include "grant/grant.h"
#include "hvm/hvm.h"
#include "machine/frames.h"
#include "machine/tlb.h"

#include <xen/errno.h>
#include <xen/memory.h>

bool memory_give_up(struct frame *f)
{
	bool was_allocated = (atomic_read(&f->refs) & FRAME_HEAP) == 0 && frame_clear_allocated(f);

	frame_put(f);
	if (was_allocated) {
		frame_put(f);
	}
	return was_allocated;
}

bool memory_give_up_gfn(struct domain *d, uint64_t g)
{
	struct p2m *p2m = &d->hvm->p2m;
	bool removed = false;
	struct frame *f;
	int err;

	if (p2m_frame_get(d, gfn(g), false, &f)) {
		return false;
	}
	spin_lock(&p2m->lock);
	err = p2m_remove_locked(p2m, gfn(g), frame_mfn(f), &removed);
	spin_unlock(&p2m->lock);
	if (err || !removed) {
		frame_put(f);
		return false;
	}
	(void)memory_give_up(f);
	return true;
}

/* Whatever stands at g is no more, but for what other calls map and unmap. True: it was no hole,
 * the caller flushes. */
static bool clear_place(struct domain *d, uint64_t g)
{
	struct p2m *p2m = &d->hvm->p2m;
	struct p2m_entry entry;
	bool removed;

	if (p2m_foreign_take(p2m, gfn(g), &entry)) {
		p2m_flush(d);
		p2m_foreign_put(&entry);
	} else if (entry.kind == P2M_RAM || entry.kind == P2M_RAM_RO) {
		(void)memory_give_up_gfn(d, g);
	} else if (entry.kind == P2M_SHARED) {
		spin_lock(&p2m->lock);
		if (p2m_remove_locked(p2m, gfn(g), entry.mfn, &removed)) {
			removed = false;
		}
		spin_unlock(&p2m->lock);
	}
	return entry.kind != P2M_HOLE;
}

int memory_place_ram(struct domain *d, uint64_t g, mfn_t first, unsigned int order)
{
	struct p2m *p2m = &d->hvm->p2m;
	struct p2m_entry entry;
	int err;

	for (uint64_t i = 0; i < 1UL << order;) {
		p2m_get(p2m, gfn(g + i), &entry);
		if (entry.kind == P2M_HOLE) {
			i = ((((g + i) >> entry.order) + 1) << entry.order) - g;
			continue;
		}
		(void)clear_place(d, g + i);
		i++;
	}
	spin_lock(&p2m->lock);
	err = p2m_set_locked(p2m, gfn(g), first, order, P2M_RAM);
	spin_unlock(&p2m->lock);
	return err;
}

/* --- placing what the core shares ------------------------------------------------------------ */

static int shared_frame(struct domain *d, unsigned int space, uint64_t index, mfn_t *m)
{
	int err;

	switch (space) {
	case XENMAPSPACE_shared_info:
		if (index != 0) {
			return -XEN_EINVAL;
		}
		*m = pointer_to_mfn(d->shared);
		return 0;
	case XENMAPSPACE_grant_table:
		/* Status frames (bit 31) belong to version 2. */
		if (index >= grant_frame_max(d)) {
			return -XEN_EINVAL;
		}
		err = grant_grow(d, (uint32_t)index + 1);
		if (!err) {
			*m = grant_frame(d, (uint32_t)index);
		}
		return err;
	default:
		return -XEN_ENOSYS;
	}
}

static int place_shared(struct domain *d, unsigned int space, uint64_t index, uint64_t g)
{
	struct p2m *p2m = &d->hvm->p2m;
	bool removed;
	mfn_t m;
	int err = shared_frame(d, space, index, &m);

	if (err) {
		return err;
	}
	(void)clear_place(d, g);
	spin_lock(&p2m->lock);
	err = p2m_remove_locked(p2m, gfn(m2p_get(m)), m, &removed);
	err = err ? err : p2m_fill_locked(p2m, gfn(g), m, P2M_SHARED);
	if (!err) {
		m2p_set(m, g);
	}
	spin_unlock(&p2m->lock);
	p2m_flush(d);
	return err;
}

/* A domain's own frames have their numbers already. */
static int place_foreign(struct domain *d, struct domain *owner, uint64_t index, uint64_t g)
{
	struct p2m *p2m = &d->hvm->p2m;
	struct p2m_entry entry;
	int err;

	if (owner == d) {
		return -XEN_EINVAL;
	}
	err = p2m_foreign_get(owner, gfn(index), &entry);
	if (err) {
		return err;
	}
	if (clear_place(d, g)) {
		p2m_flush(d);
	}
	spin_lock(&p2m->lock);
	/* Its teardown looks under this lock for what came before. */
	err = domain_is_dying(d) ? -XEN_ESRCH
				 : p2m_fill_locked(p2m, gfn(g), entry.mfn, entry.kind);
	spin_unlock(&p2m->lock);
	if (err) {
		p2m_foreign_put(&entry);
	}
	return err;
}

static int move_frame(struct domain *d, uint64_t from, uint64_t to)
{
	struct p2m *p2m = &d->hvm->p2m;
	bool removed;
	struct frame *f;
	int err;

	if (p2m_frame_get(d, gfn(from), true, &f)) {
		return -XEN_EINVAL;
	}
	if (from == to || (atomic_read(&f->refs) & FRAME_HEAP)) {
		frame_put(f);
		return from == to ? 0 : -XEN_EINVAL;
	}
	(void)clear_place(d, to);
	spin_lock(&p2m->lock);
	err = p2m_fill_locked(p2m, gfn(to), frame_mfn(f), P2M_RAM);
	if (!err) {
		err = p2m_remove_locked(p2m, gfn(from), frame_mfn(f), &removed);
		if (err || !removed) {
			/* Gone from there meanwhile, or no memory for the split: as it was. */
			err = err ? err : -XEN_EINVAL;
			(void)!p2m_remove_locked(p2m, gfn(to), frame_mfn(f), &removed);
		}
	}
	spin_unlock(&p2m->lock);
	p2m_flush(d);
	frame_put(f);
	return err;
}

static int find_translated(struct hypercall *call, domid_t domid, struct domain **d)
{
	int err = call_find(call, domid, RIGHT_TARGET, d);

	return !err && (*d)->is_pv ? -XEN_EACCES : err;
}

/* owner: of foreign frames. */
static int place(struct domain *d, struct domain *owner, unsigned int space, uint64_t index,
		 uint64_t g)
{
	if (owner) {
		return place_foreign(d, owner, index, g);
	}
	return space == XENMAPSPACE_gmfn ? move_frame(d, index, g)
					 : place_shared(d, space, index, g);
}

int64_t memory_add_to_physmap(struct hypercall *call)
{
	struct xen_add_to_physmap request;
	struct domain *d;
	int err = guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request));

	err = err ? err : find_translated(call, request.domid, &d);
	return err ? err : place(d, NULL, request.space, request.idx, request.gpfn);
}

static int64_t place_batch(struct hypercall *call, const struct xen_add_to_physmap_batch *request,
			   struct domain *d, struct domain *owner)
{
	struct guest_ptr indexes = guest_ptr(request->idxs), gfns = guest_ptr(request->gpfns);
	struct guest_ptr errors = guest_ptr(request->errs);
	uint64_t index, g, i = memory_start(call);
	int32_t err;

	if (i > request->size) {
		return -XEN_EINVAL;
	}
	while (i < request->size) {
		if (guest_in(call->v, &index, guest_ptr_at(indexes, i, sizeof(index)),
			     sizeof(index)) ||
		    guest_in(call->v, &g, guest_ptr_at(gfns, i, sizeof(g)), sizeof(g))) {
			return -XEN_EFAULT;
		}
		err = place(d, owner, request->space, index, g);
		if (guest_out(call->v, guest_ptr_at(errors, i, sizeof(err)), &err, sizeof(err))) {
			return -XEN_EFAULT;
		}
		i++;
		if (restart_wanted() && i < request->size) {
			return memory_restart(call, i);
		}
	}
	return 0;
}

int64_t memory_add_to_physmap_batch(struct hypercall *call)
{
	struct xen_add_to_physmap_batch request;
	struct domain *d, *owner = NULL;
	int err = guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request));

	err = err ? err : find_translated(call, request.domid, &d);
	if (!err && request.space == XENMAPSPACE_gmfn_foreign) {
		err = call_find(call, request.u.foreign_domid, RIGHT_TARGET, &owner);
		if (!err && domain_is_dying(owner)) {
			err = -XEN_EBUSY;
		}
	} else if (!err && request.u.res0 != 0) {
		err = -XEN_EOPNOTSUPP;
	}
	return err ? err : place_batch(call, &request, d, owner);
}

int64_t memory_remove_from_physmap(struct hypercall *call)
{
	struct xen_remove_from_physmap request;
	struct p2m_entry entry;
	struct domain *d;
	int err = guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request));

	err = err ? err : find_translated(call, request.domid, &d);
	if (err) {
		return err;
	}
	p2m_get(&d->hvm->p2m, gfn(request.gpfn), &entry);
	if (entry.kind != P2M_RAM && entry.kind != P2M_RAM_RO && entry.kind != P2M_SHARED &&
	    !p2m_is_foreign(entry.kind)) {
		return -XEN_ENOENT;
	}
	(void)clear_place(d, request.gpfn);
	p2m_flush(d);
	return 0;
}
