/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands at the frame numbers of a translated domain: placing the core's shared pages, moving
 * frames, taking them away. RAM that something else takes the place of is given up: the domain has
 * no other name for it.
 *
 *     shared_info, grant table    each stands at one number at most; M2P remembers which
 *     gmfn                        a frame of the domain's own, moved from another number
 *
 * Paravirtual domains choose their numbers themselves: refused.
 */
#include "hypercall/memory.h"

#include "domain/guest_ops.h"
#include "grant/grant.h"
#include "hvm/hvm.h"
#include "machine/frames.h"
#include "machine/tlb.h"

#include <xen/errno.h>
#include <xen/memory.h>

/* Drops the domain's own claim to a frame one holds a reference to; consumes that one. */
static bool give_up(struct frame *f)
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
	(void)give_up(f);
	return true;
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
		(void)memory_give_up_gfn(d, g + i);
		i++;
	}
	spin_lock(&p2m->lock);
	err = p2m_set_locked(p2m, gfn(g), first, order, P2M_RAM);
	spin_unlock(&p2m->lock);
	return err;
}

/* --- placing what the core shares ------------------------------------------------------------ */

static int shared_frame(struct domain *d, const struct xen_add_to_physmap *request, mfn_t *m)
{
	int err;

	switch (request->space) {
	case XENMAPSPACE_shared_info:
		if (request->idx != 0) {
			return -XEN_EINVAL;
		}
		*m = pointer_to_mfn(d->shared);
		return 0;
	case XENMAPSPACE_grant_table:
		/* Status frames (bit 31) belong to version 2. */
		if (request->idx >= grant_frame_max(d)) {
			return -XEN_EINVAL;
		}
		err = grant_grow(d, (uint32_t)request->idx + 1);
		if (!err) {
			*m = grant_frame(d, (uint32_t)request->idx);
		}
		return err;
	default:
		return -XEN_ENOSYS;
	}
}

/* Whatever stands at g is no more. */
static void clear_place(struct domain *d, uint64_t g)
{
	struct p2m *p2m = &d->hvm->p2m;
	struct p2m_entry entry;
	bool removed;

	p2m_get(p2m, gfn(g), &entry);
	if (entry.kind == P2M_RAM || entry.kind == P2M_RAM_RO) {
		(void)memory_give_up_gfn(d, g);
	} else if (entry.kind == P2M_SHARED) {
		spin_lock(&p2m->lock);
		if (p2m_remove_locked(p2m, gfn(g), entry.mfn, &removed)) {
			removed = false;
		}
		spin_unlock(&p2m->lock);
	}
}

static int place_shared(struct domain *d, const struct xen_add_to_physmap *request)
{
	struct p2m *p2m = &d->hvm->p2m;
	struct p2m_entry entry;
	bool removed;
	uint64_t old;
	mfn_t m;
	int err = shared_frame(d, request, &m);

	if (err) {
		return err;
	}
	clear_place(d, request->gpfn);
	spin_lock(&p2m->lock);
	old = m2p_get(m);
	err = p2m_remove_locked(p2m, gfn(old), m, &removed);
	p2m_get(p2m, gfn(request->gpfn), &entry);
	if (!err && entry.kind != P2M_HOLE) {
		/* A granted frame; or RAM that came meanwhile. */
		err = -XEN_EBUSY;
	}
	err = err ? err : p2m_set_locked(p2m, gfn(request->gpfn), m, 0, P2M_SHARED);
	if (!err) {
		m2p_set(m, request->gpfn);
	}
	spin_unlock(&p2m->lock);
	p2m_flush(d);
	return err;
}

static int move_frame(struct domain *d, uint64_t from, uint64_t to)
{
	struct p2m *p2m = &d->hvm->p2m;
	struct p2m_entry entry;
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
	clear_place(d, to);
	spin_lock(&p2m->lock);
	p2m_get(p2m, gfn(to), &entry);
	err = entry.kind == P2M_HOLE ? p2m_set_locked(p2m, gfn(to), frame_mfn(f), 0, P2M_RAM)
				     : -XEN_EBUSY;
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

int64_t memory_add_to_physmap(struct hypercall *call)
{
	struct xen_add_to_physmap request;
	struct domain *d;
	int err;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	err = find_translated(call, request.domid, &d);
	if (err) {
		return err;
	}
	if (request.space == XENMAPSPACE_gmfn) {
		return move_frame(d, request.idx, request.gpfn);
	}
	return place_shared(d, &request);
}

int64_t memory_remove_from_physmap(struct hypercall *call)
{
	struct xen_remove_from_physmap request;
	struct p2m_entry entry;
	struct domain *d;
	int err;

	if (guest_in(call->v, &request, guest_ptr(call->args[1]), sizeof(request))) {
		return -XEN_EFAULT;
	}
	err = find_translated(call, request.domid, &d);
	if (err) {
		return err;
	}
	p2m_get(&d->hvm->p2m, gfn(request.gpfn), &entry);
	if (entry.kind != P2M_RAM && entry.kind != P2M_RAM_RO && entry.kind != P2M_SHARED) {
		return -XEN_ENOENT;
	}
	clear_place(d, request.gpfn);
	p2m_flush(d);
	return 0;
}
