/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of other domains in the p2m of one that is let see them (XENMAPSPACE_gmfn_foreign): how a
 * translated control domain builds, saves and serves others.
 *
 *     paravirtual owner   any frame it owns, by its machine number
 *     translated owner    its RAM, by its own number: not what it maps of others
 *
 * The call does not say whether it wants to write. A frame that can have its writable use is mapped
 * so, one that is used otherwise read-only: page tables of a guest to be saved are to be read.
 * Frames of the core's that the owner sees have that use for ever.
 *
 * A foreign entry holds a reference of the frame, and if writable, its writable use, as an entry in
 * a PV guest's page table does: the frame outlives its owner until the entry goes. It is never
 * overwritten, only taken out: p2m->lock, p2m_flush(), and then what it held is dropped. The core
 * itself makes no use of it for the guest: no hypercall buffer lies in it (p2m_frame_get()).
 */
#include "hvm/hvm.h"

#include "domain/guest_ops.h"
#include "domain/own_frame.h"
#include "domain/restart.h"
#include "lib/check.h"

#include <xen/errno.h>

#define ENTRIES_PER_UNIT 8U

static bool is_the_cores(const struct frame *f)
{
	return (atomic_read(&f->refs) & FRAME_HEAP) != 0;
}

int p2m_foreign_get(struct domain *owner, gfn_t g, struct p2m_entry *entry)
{
	struct frame *f;

	if (!owner->is_pv) {
		p2m_get(&owner->hvm->p2m, g, entry);
		if (entry->kind != P2M_RAM) {
			return -XEN_EINVAL;
		}
	}
	if (own_frame_get(owner, g, &f)) {
		return -XEN_EINVAL;
	}
	entry->mfn = frame_mfn(f);
	entry->kind = is_the_cores(f) || owner->ops->get_writable(owner, f) == 0 ? P2M_FOREIGN
										 : P2M_FOREIGN_RO;
	return 0;
}

void p2m_foreign_put(const struct p2m_entry *entry)
{
	struct frame *f = frame_of(entry->mfn);

	if (entry->kind == P2M_FOREIGN && !is_the_cores(f)) {
		/* Dead or not: its frames keep it in existence. */
		struct domain *owner = domain_find(f->owner);

		owner->ops->put_writable(owner, f);
	}
	frame_put(f);
}

bool p2m_foreign_take(struct p2m *p2m, gfn_t g, struct p2m_entry *entry)
{
	bool removed = false;

	spin_lock(&p2m->lock);
	p2m_get(p2m, g, entry);
	if (p2m_is_foreign(entry->kind) && p2m_remove_locked(p2m, g, entry->mfn, &removed)) {
		/* It is no part of a large entry. */
		unreachable();
	}
	spin_unlock(&p2m->lock);
	return removed;
}

static bool any_left(struct p2m *p2m)
{
	bool any;

	spin_lock(&p2m->lock);
	any = p2m->foreign != 0;
	assert(!any || p2m->swept < p2m->gfn_end);
	spin_unlock(&p2m->lock);
	return any;
}

int p2m_foreign_teardown(struct p2m *p2m)
{
	struct p2m_entry entry;

	while (any_left(p2m)) {
		if (p2m_foreign_take(p2m, gfn(p2m->swept), &entry)) {
			p2m_foreign_put(&entry);
		}
		p2m->swept = (p2m->swept | ((1UL << entry.order) - 1)) + 1;
		if (p2m->swept % ENTRIES_PER_UNIT == 0 && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}
