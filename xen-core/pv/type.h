/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the frames of PV guests are used as. The transitions of a type word stand in type.c; here
 * are its functions and, inline, the short ways that nearly every page-table entry takes.
 *
 * The caller of a get holds a general reference to the frame and keeps it as long as the type.
 */
#ifndef PV_TYPE_H
#define PV_TYPE_H

#include "machine/cpu.h"
#include "machine/tlb.h"
#include "mm/frame.h"

#include <xen/errno.h>

struct domain;

/*
 * Binds a use to a frame of d. 0: the caller holds one count of it. -XEN_EINVAL: used otherwise,
 * or its contents are not acceptable as such. -XEN_ERESTART: not yet, and nothing is held; what
 * was done is kept in the frame, whoever asks for the same type next goes on with it.
 */
int must_check pv_type_get(struct domain *d, struct frame *f, enum frame_type type);
/* Drops one count. -XEN_ERESTART: the caller still holds it and must call again. */
int must_check pv_type_put(struct domain *d, struct frame *f);
/* Marks one count and one reference the caller holds as the pin's; false: it is pinned already. */
bool must_check pv_type_pin(struct frame *f);
/* Drops the pin's count and reference: -XEN_EINVAL not pinned, -XEN_ERESTART call again. */
int must_check pv_type_unpin(struct domain *d, struct frame *f);
/* Undoes a validation nobody goes on with; of a dying domain. -XEN_ERESTART: call again. */
int must_check pv_type_abandon(struct domain *d, struct frame *f);

/* guest_ops: the use "writable". */
int must_check pv_get_writable(struct domain *d, struct frame *f);
void pv_put_writable(struct domain *d, struct frame *f);

/* struct frame.partial_index: entries that hold references, and: */
#define PARTIAL_INDEX_MASK 0x03ffU
#define PARTIAL_HALF 0x2000U   /* the last of them is itself being put: its child is partial */
#define PARTIAL_OWNED 0x4000U  /* the stopped validation holds a count and a reference itself */
#define PARTIAL_FAILED 0x8000U /* an entry was refused: the others are being given back */

static inline bool pv_type_is_table(enum frame_type type)
{
	return type >= TYPE_L1 && type <= TYPE_L4;
}

/* One more count of a type that is bound and validated; false: pv_type_get() decides. */
static inline bool pv_type_get_fast(struct frame *f, enum frame_type type)
{
	uint32_t word = atomic_read(&f->type);
	uint32_t count;

	do {
		count = word & TYPE_COUNT_MASK;
		/* A count of 0 that may be raised as it is has no contents to check again. */
		if (word >> TYPE_SHIFT != type || !(word & TYPE_VALIDATED) ||
		    count == TYPE_COUNT_MASK) {
			return false;
		}
	} while (!atomic_compare_exchange(&f->type, &word, word + 1));
	return true;
}

static inline int pv_writable_get(struct domain *d, struct frame *f)
{
	return pv_type_get_fast(f, TYPE_WRITABLE) ? 0 : pv_type_get(d, f, TYPE_WRITABLE);
}

/* The stamp comes before the count falls: whoever sees 0 sees a stamp not older than the fall. */
static inline void pv_writable_put(struct frame *f)
{
	uint32_t word = atomic_read(&f->type);

	do {
		if ((word & TYPE_COUNT_MASK) == 1) {
			atomic_write(&f->epoch, tlb_epoch());
		}
	} while (!atomic_compare_exchange(&f->type, &word, word - 1));
}

/* frame_get() and frame_put() without the call where nothing special happens. */
static inline bool pv_frame_get(struct frame *f, uint16_t owner)
{
	uint32_t refs = atomic_read(&f->refs);
	uint32_t count;

	do {
		count = refs & FRAME_REF_MASK;
		if (!(refs & FRAME_ALLOCATED) || count == FRAME_REF_MASK || f->owner != owner) {
			return false;
		}
	} while (!atomic_compare_exchange(&f->refs, &refs, refs + 1));
	if (__builtin_expect(f->owner != owner, 0)) {
		/* It was freed and given to somebody else between the look and the exchange. */
		frame_put(f);
		return false;
	}
	return true;
}

static inline void pv_frame_put(struct frame *f)
{
	uint32_t refs = atomic_read(&f->refs);

	while ((refs & FRAME_REF_MASK) > 1) {
		if (atomic_compare_exchange(&f->refs, &refs, refs - 1)) {
			return;
		}
	}
	frame_put(f);
}

/*
 * Excludes other changes of a table's entries, and its de-validation. False if the frame is no
 * validated table of that level. While locked it stays one, so the frame stays allocated.
 */
static inline bool pv_table_lock(struct frame *f, enum frame_type type)
{
	uint32_t word = atomic_read(&f->type);

	for (;;) {
		if (word >> TYPE_SHIFT != type || !(word & TYPE_VALIDATED)) {
			return false;
		}
		if (!(word & TYPE_LOCKED)) {
			if (atomic_compare_exchange(&f->type, &word, word | TYPE_LOCKED)) {
				return true;
			}
			continue;
		}
		/* The holder may be waiting for this CPU to flush. */
		tlb_poll();
		cpu_pause();
		word = atomic_read(&f->type);
	}
}

static inline void pv_table_unlock(struct frame *f)
{
	(void)atomic_and(&f->type, ~TYPE_LOCKED);
}

#endif
