/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of domains: domain/memory.h.
 *
 *     allocator (refs 0) -> domain's    memory_allocate, memory_assign: allocated, 1 reference
 *     domain's -> allocator             the last frame_put: the release hook
 *     domain's -> caller (refs 0)       memory_steal
 *     core's heap frame -> nobody's     memory_free_heap: owner DOMID_XEN until the last frame_put
 *
 * Invariants, under memory_lock: d->frames holds exactly the frames with owner d that are not
 * FRAME_HEAP; frame_count is their number plus what is being allocated right now; d holds one
 * reference to itself while the list is not empty; the claims of all domains add up to the
 * allocator's. Frames with FRAME_RELINQUISHED are at the end of the list.
 *
 * frame_put() is called in many places with locks held, so the hook takes none above memory_lock.
 */
#include "domain/memory.h"

#include "domain/restart.h"
#include "lib/check.h"
#include "machine/frames.h"
#include "mm/buddy.h"

#include <xen/errno.h>

/* Frames relinquished for one unit of work. */
#define FRAMES_PER_UNIT 4

/* --- giving ---------------------------------------------------------------------------------- */

static int check_room_locked(const struct domain *d, uint64_t count)
{
	if (domain_is_dying(d)) {
		return -XEN_EINVAL;
	}
	if (d->frame_count > d->frame_max || d->frame_max - d->frame_count < count) {
		return -XEN_ENOMEM;
	}
	return 0;
}

/* Counts the frames before they exist, and takes them out of d's claim if it covers them. */
static int reserve(struct domain *d, uint64_t count, bool *from_claim)
{
	uint64_t dropped = 0;
	int err;

	spin_lock(&d->memory_lock);
	err = check_room_locked(d, count);
	if (!err) {
		d->frame_count += count;
		*from_claim = d->claimed >= count;
		if (*from_claim) {
			d->claimed -= count;
		} else {
			dropped = d->claimed;
			d->claimed = 0;
		}
	}
	spin_unlock(&d->memory_lock);
	if (dropped != 0) {
		buddy_unclaim(dropped);
	}
	return err;
}

static void unreserve(struct domain *d, uint64_t count, bool restore_claim)
{
	spin_lock(&d->memory_lock);
	d->frame_count -= count;
	d->claimed += restore_claim ? count : 0;
	spin_unlock(&d->memory_lock);
}

/* The frames have been counted. */
static int attach_locked(struct domain *d, mfn_t first, uint64_t count)
{
	if (domain_is_dying(d) || (d->frames.count == 0 && !domain_get(d))) {
		return -XEN_EINVAL;
	}
	for (uint64_t i = 0; i < count; i++) {
		struct frame *f = frame_of(mfn_add(first, i));

		assert((f->refs & FRAME_REF_MASK) == 0);
		f->owner = d->id;
		frame_list_add(&d->frames, f);
		/* From here on others may take references. */
		atomic_write_release(&f->refs, FRAME_ALLOCATED | 1);
	}
	return 0;
}

int memory_allocate(struct domain *d, unsigned int order, unsigned int address_bits,
		    unsigned int flags, mfn_t *first)
{
	unsigned int how = flags & MEMORY_NO_CONTENTS ? 0 : BUDDY_ZERO;
	uint64_t count = 1UL << (order & 63);
	bool from_claim = false;
	mfn_t m;
	int err;

	if (order > BUDDY_ORDER_MAX) {
		return -XEN_ENOMEM;
	}
	err = reserve(d, count, &from_claim);
	if (err) {
		return err;
	}
	m = buddy_alloc(order, address_bits, how | (from_claim ? BUDDY_FROM_CLAIM : 0));
	if (mfn_is_none(m)) {
		unreserve(d, count, from_claim);
		return -XEN_ENOMEM;
	}
	spin_lock(&d->memory_lock);
	err = attach_locked(d, m, count);
	spin_unlock(&d->memory_lock);
	if (err) {
		unreserve(d, count, false);
		buddy_free(m, order);
		return err;
	}
	*first = m;
	return 0;
}

static int give(struct domain *d, mfn_t first, unsigned int order, bool asks_room)
{
	uint64_t count = 1UL << order;
	int err;

	assert(order <= BUDDY_ORDER_MAX);
	spin_lock(&d->memory_lock);
	err = asks_room ? check_room_locked(d, count) : 0;
	if (!err) {
		err = attach_locked(d, first, count);
	}
	if (!err) {
		d->frame_count += count;
	}
	spin_unlock(&d->memory_lock);
	return err;
}

int memory_assign(struct domain *d, mfn_t first, unsigned int order)
{
	return give(d, first, order, true);
}

int memory_replace(struct domain *d, mfn_t first, unsigned int order)
{
	return give(d, first, order, false);
}

/* --- taking ---------------------------------------------------------------------------------- */

/* Takes a frame without references off its domain; true if it was the last one. */
static bool detach_locked(struct domain *d, struct frame *f)
{
	frame_list_remove(&d->frames, f);
	d->frame_count--;
	f->refs = 0;
	f->type = 0;
	f->owner = DOMID_XEN;
	m2p_set(frame_mfn(f), M2P_INVALID);
	return d->frames.count == 0;
}

static void release(struct frame *f)
{
	mfn_t m = frame_mfn(f);
	bool last = false;

	if (f->refs & FRAME_HEAP) {
		m2p_set(m, M2P_INVALID);
		buddy_free(m, 0);
		return;
	}
	struct domain *d = domain_find(f->owner);

	/* Its frames keep a domain in existence. */
	assert(d && frame_type_count(f) == 0);
	spin_lock(&d->memory_lock);
	last = detach_locked(d, f);
	spin_unlock(&d->memory_lock);
	buddy_free(m, 0);
	if (last) {
		domain_put(d);
	}
}

void memory_init(void)
{
	frame_set_release_hook(release);
}

int memory_steal(struct domain *d, struct frame *f)
{
	uint32_t alone = FRAME_ALLOCATED | 1;
	bool last = false;
	int err = -XEN_EINVAL;

	spin_lock(&d->memory_lock);
	if (f->owner == d->id && frame_type_count(f) == 0 &&
	    atomic_compare_exchange(&f->refs, &alone, 0)) {
		last = detach_locked(d, f);
		err = 0;
	}
	spin_unlock(&d->memory_lock);
	if (last) {
		domain_put(d);
	}
	return err;
}

/* --- frames of the core's that a domain sees ------------------------------------------------- */

void *memory_allocate_heap(struct domain *d)
{
	mfn_t m = buddy_alloc(0, 0, BUDDY_ZERO);
	struct frame *f;

	if (mfn_is_none(m)) {
		return NULL;
	}
	f = frame_of(m);
	spin_lock(&d->memory_lock);
	f->owner = d->id;
	f->type = (uint32_t)TYPE_WRITABLE << TYPE_SHIFT | TYPE_VALIDATED | 1;
	frame_list_add(&d->heap_frames, f);
	atomic_write_release(&f->refs, FRAME_ALLOCATED | FRAME_HEAP | 1);
	spin_unlock(&d->memory_lock);
	return frame_map(m);
}

void memory_free_heap(struct domain *d, void *page)
{
	struct frame *f;

	if (!page) {
		return;
	}
	f = frame_of(pointer_to_mfn(page));
	assert(f->owner == d->id && (atomic_read(&f->refs) & FRAME_HEAP));
	if (!frame_clear_allocated(f)) {
		unreachable();
	}
	spin_lock(&d->memory_lock);
	frame_list_remove(&d->heap_frames, f);
	f->owner = DOMID_XEN;
	spin_unlock(&d->memory_lock);
	frame_put(f);
}

/* --- the end of a domain --------------------------------------------------------------------- */

/*
 * Takes the next frame not yet passed. Nearly all belong to nobody but the domain by then: those
 * leave it at once and are the caller's to free (*alone). The others go behind the rest of the
 * list; *held if such a frame is still allocated, and then with a reference of ours. NULL: all are
 * passed.
 */
static struct frame *pass_next(struct domain *d, bool *alone, bool *held, bool *last)
{
	uint32_t refs = FRAME_ALLOCATED | 1;
	struct frame *f;

	*last = false;
	*held = false;
	spin_lock(&d->memory_lock);
	f = frame_list_first(&d->frames);
	if (f && (atomic_read(&f->refs) & FRAME_RELINQUISHED)) {
		f = NULL;
	}
	*alone = f && frame_type_count(f) == 0 && atomic_compare_exchange(&f->refs, &refs, 0);
	if (*alone) {
		*last = detach_locked(d, f);
	} else if (f) {
		frame_list_remove(&d->frames, f);
		frame_list_add(&d->frames, f);
		(void)atomic_or(&f->refs, FRAME_RELINQUISHED);
		*held = frame_get(f, d->id);
	}
	spin_unlock(&d->memory_lock);
	return f;
}

/* False: all are passed. */
static bool relinquish_next(struct domain *d)
{
	bool alone, held, last;
	struct frame *f = pass_next(d, &alone, &held, &last);

	if (alone) {
		buddy_free(frame_mfn(f), 0);
		if (last) {
			domain_put(d);
		}
	} else if (held) {
		if (frame_clear_allocated(f)) {
			frame_put(f);
		}
		frame_put(f);
	}
	return f != NULL;
}

static void drop_claim(struct domain *d)
{
	uint64_t dropped;

	spin_lock(&d->memory_lock);
	dropped = d->claimed;
	d->claimed = 0;
	spin_unlock(&d->memory_lock);
	if (dropped != 0) {
		buddy_unclaim(dropped);
	}
}

int memory_relinquish(struct domain *d)
{
	unsigned int passed = 0;

	drop_claim(d);
	while (relinquish_next(d)) {
		if (++passed % FRAMES_PER_UNIT == 0 && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

/* --- claims and dumps ------------------------------------------------------------------------ */

static int claim_locked(struct domain *d, uint64_t count)
{
	if (domain_is_dying(d) || d->claimed != 0 || count > d->frame_max ||
	    count <= d->frame_count) {
		return -XEN_EINVAL;
	}
	if (!buddy_claim(count - d->frame_count)) {
		return -XEN_ENOMEM;
	}
	d->claimed = count - d->frame_count;
	return 0;
}

int memory_claim(struct domain *d, uint64_t count)
{
	int err;

	if (count == 0) {
		drop_claim(d);
		return 0;
	}
	spin_lock(&d->memory_lock);
	err = claim_locked(d, count);
	spin_unlock(&d->memory_lock);
	return err;
}

void memory_dump(struct domain *d, void (*print)(const char *format, ...))
{
	static const unsigned int shown_max = 16;
	unsigned int shown = 0;

	spin_lock(&d->memory_lock);
	print("domain %u: %lu of %lu frames, %lu heap frames, claim %lu\n", d->id, d->frame_count,
	      d->frame_max, d->heap_frames.count, d->claimed);
	for (const struct frame *f = frame_list_first(&d->frames); f && shown < shown_max;
	     f = frame_list_next(f)) {
		/* Untyped frames nobody else holds are not worth a line. */
		if (f->refs != (FRAME_ALLOCATED | 1)) {
			print("  frame %lx refs %x type %x\n", frame_mfn(f).n, f->refs, f->type);
			shown++;
		}
	}
	spin_unlock(&d->memory_lock);
}
