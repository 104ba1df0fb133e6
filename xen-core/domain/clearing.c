/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks that are being cleared: domain/clearing.h.
 *
 *     none -> busy      allocated, or taken up again, by one CPU, which clears without a lock
 *     busy -> parked    budget spent: the next call takes it up
 *     busy -> none      cleared before this stay began: handed out
 *     parked -> none    another size is wanted, or the domain dies: freed
 *
 * A block is handed out in a stay that did not clear: what its new owner does with each of its
 * frames has a budget of its own.
 *
 * While parked a block counts for nobody's total. So a domain holds at most one of the biggest
 * order it may ask for beyond its maximum, and that only if it had room for it.
 */
#include "domain/clearing.h"

#include "domain/restart.h"
#include "lib/check.h"
#include "lib/mem.h"
#include "machine/frames.h"
#include "mm/buddy.h"

#include <xen/errno.h>

/* Each is 512 stores. */
#define FRAMES_PER_UNIT 2

static bool is_wanted(const struct domain_clearing *c, unsigned int order,
		      unsigned int address_bits)
{
	return c->order == order && c->address_bits == address_bits;
}

/* Under memory_lock. *flags are the buddy allocator's. */
static int check_locked(struct domain *d, uint64_t count, unsigned int flags, unsigned int *how)
{
	*how = 0;
	if (domain_is_dying(d)) {
		return -XEN_EINVAL;
	}
	if ((flags & CLEARING_COUNTED) == 0) {
		return 0;
	}
	if (d->frame_count > d->frame_max || d->frame_max - d->frame_count < count) {
		return -XEN_ENOMEM;
	}
	if (d->claimed >= count) {
		d->claimed -= count;
		*how = BUDDY_FROM_CLAIM;
	} else if (d->claimed != 0) {
		buddy_unclaim(d->claimed);
		d->claimed = 0;
	}
	return 0;
}

static void give_back_claim(struct domain *d, uint64_t count)
{
	spin_lock(&d->memory_lock);
	d->claimed += count;
	spin_unlock(&d->memory_lock);
}

/* Makes the domain's block busy and ours; *stale is one that was in the way. */
static int take_up(struct domain *d, unsigned int order, unsigned int address_bits,
		   unsigned int flags, unsigned int *how, struct domain_clearing *stale)
{
	struct domain_clearing *c = &d->clearing;
	int err = 0;

	stale->exists = false;
	*how = 0;
	spin_lock(&d->memory_lock);
	if (c->is_busy) {
		err = -XEN_ERESTART;
	} else if (!c->exists || !is_wanted(c, order, address_bits)) {
		*stale = *c;
		c->exists = false;
		err = check_locked(d, 1UL << order, flags, how);
	}
	c->is_busy |= !err;
	spin_unlock(&d->memory_lock);
	return err;
}

static int begin(struct domain *d, unsigned int order, unsigned int address_bits, unsigned int how)
{
	mfn_t m = buddy_alloc(order, address_bits, how);

	if (mfn_is_none(m)) {
		if (how & BUDDY_FROM_CLAIM) {
			give_back_claim(d, 1UL << order);
		}
		return -XEN_ENOMEM;
	}
	d->clearing = (struct domain_clearing){.first = m,
					       .order = (uint8_t)order,
					       .address_bits = address_bits,
					       .exists = true,
					       .is_busy = true};
	return 0;
}

/* True if all was clear already. */
static bool clear_more(struct domain_clearing *c)
{
	uint64_t count = 1UL << c->order;

	if (c->cleared == count) {
		return true;
	}
	do {
		for (unsigned int i = 0; i < FRAMES_PER_UNIT && c->cleared < count; i++) {
			mfn_t m = mfn_add(c->first, c->cleared++);
			void *page = frame_map(m);

			memset(page, 0, PAGE_SIZE);
			frame_unmap(page);
		}
	} while (c->cleared < count && !restart_wanted());
	return false;
}

/* Gives up being busy; the block stays if asked for, unless the domain died meanwhile. */
static void let_go(struct domain *d, bool keep)
{
	struct domain_clearing dropped = {.exists = false};

	spin_lock(&d->memory_lock);
	if (d->clearing.exists && keep && domain_is_dying(d)) {
		dropped = d->clearing;
		keep = false;
	}
	d->clearing.exists &= keep;
	d->clearing.is_busy = false;
	spin_unlock(&d->memory_lock);
	if (dropped.exists) {
		buddy_free(dropped.first, dropped.order);
	}
}

int clearing_alloc(struct domain *d, unsigned int order, unsigned int address_bits,
		   unsigned int flags, mfn_t *first)
{
	struct domain_clearing stale;
	bool is_clear = false;
	unsigned int how;
	int err;

	if (order > BUDDY_ORDER_MAX) {
		return -XEN_ENOMEM;
	}
	err = take_up(d, order, address_bits, flags, &how, &stale);
	if (stale.exists) {
		buddy_free(stale.first, stale.order);
	}
	if (err) {
		return err;
	}
	if (!d->clearing.exists) {
		err = begin(d, order, address_bits, how);
	}
	if (!err) {
		is_clear = clear_more(&d->clearing);
		*first = d->clearing.first;
	}
	let_go(d, !is_clear);
	return err ? err : is_clear ? 0 : -XEN_ERESTART;
}

int clearing_teardown(struct domain *d)
{
	struct domain_clearing dropped = {.exists = false};

	spin_lock(&d->memory_lock);
	if (d->clearing.exists && !d->clearing.is_busy) {
		dropped = d->clearing;
		d->clearing.exists = false;
	}
	spin_unlock(&d->memory_lock);
	if (dropped.exists) {
		buddy_free(dropped.first, dropped.order);
	}
	return 0;
}
