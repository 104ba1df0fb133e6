/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References to frames, which frames exist, and lists of frames.
 *
 * Which frames have table entries is a bit per 2 MiB granule; entries for holes inside a granule
 * have the owner FRAME_OWNER_NOT_RAM. The count and the flag FRAME_ALLOCATED share one word, so a
 * reference is taken only while the frame is allocated, in one compare-and-exchange:
 *
 *     free (0) -> allocated, count 1       its allocator, which owns it alone
 *     count n -> n + 1                     frame_get, frame_get_again
 *     count n -> n - 1                     frame_put; at 0 the release hook
 */
#include "mm/frame.h"

#include "lib/bitmap.h"
#include "lib/check.h"
#include "lib/mem.h"

#include <xen/base.h>

struct frame *frame_table;
uint64_t frame_end;
uint64_t frame_granules[FRAME_END_MAX / FRAME_GRANULE / 64];

static void (*release_hook)(struct frame *f);

void frame_init(void)
{
	memset(frame_granules, 0, sizeof(frame_granules));
}

static void add_granule(uint64_t granule)
{
	struct frame *f = &frame_table[granule << FRAME_GRANULE_SHIFT];

	if (bitmap_test(frame_granules, granule)) {
		return;
	}
	memset(f, 0, FRAME_GRANULE * sizeof(*f));
	for (unsigned int i = 0; i < FRAME_GRANULE; i++) {
		f[i].owner = FRAME_OWNER_NOT_RAM;
	}
	bitmap_set(frame_granules, granule);
}

void frame_declare(mfn_t first, uint64_t count)
{
	uint64_t end = first.n + count;

	assert(end >= first.n && end <= FRAME_END_MAX);
	if (count == 0) {
		return;
	}
	for (uint64_t g = first.n >> FRAME_GRANULE_SHIFT; g <= (end - 1) >> FRAME_GRANULE_SHIFT;
	     g++) {
		add_granule(g);
	}
	for (uint64_t n = first.n; n < end; n++) {
		frame_table[n] = (struct frame){.owner = DOMID_XEN};
	}
}

void frame_set_release_hook(void (*release)(struct frame *f))
{
	release_hook = release;
}

bool frame_get(struct frame *f, uint16_t owner)
{
	uint32_t refs = atomic_read(&f->refs);

	do {
		if ((refs & FRAME_ALLOCATED) == 0 || (refs & FRAME_REF_MASK) == FRAME_REF_MASK) {
			return false;
		}
	} while (!atomic_compare_exchange(&f->refs, &refs, refs + 1));
	/* Only now does the owner stand still. */
	if (f->owner != owner) {
		frame_put(f);
		return false;
	}
	return true;
}

bool frame_get_again(struct frame *f)
{
	uint32_t refs = atomic_read(&f->refs);

	do {
		assert((refs & FRAME_REF_MASK) != 0);
		if ((refs & FRAME_REF_MASK) == FRAME_REF_MASK) {
			return false;
		}
	} while (!atomic_compare_exchange(&f->refs, &refs, refs + 1));
	return true;
}

void frame_put(struct frame *f)
{
	uint32_t left = atomic_sub(&f->refs, 1);

	assert((left & FRAME_REF_MASK) != FRAME_REF_MASK);
	if ((left & FRAME_REF_MASK) == 0) {
		assert((left & FRAME_ALLOCATED) == 0);
		release_hook(f);
	}
}

bool frame_clear_allocated(struct frame *f)
{
	return (atomic_and(&f->refs, ~FRAME_ALLOCATED) & FRAME_ALLOCATED) != 0;
}

/* --- lists ----------------------------------------------------------------------------------- */

void frame_list_init(struct frame_list *list)
{
	*list = (struct frame_list){FRAME_LIST_END, FRAME_LIST_END, 0};
}

void frame_list_add(struct frame_list *list, struct frame *f)
{
	uint32_t n = (uint32_t)(f - frame_table);

	f->previous = list->last;
	f->next = FRAME_LIST_END;
	if (list->last == FRAME_LIST_END) {
		list->first = n;
	} else {
		frame_table[list->last].next = n;
	}
	list->last = n;
	list->count++;
}

void frame_list_remove(struct frame_list *list, struct frame *f)
{
	uint32_t n = (uint32_t)(f - frame_table);
	uint32_t *before = f->previous == FRAME_LIST_END ? &list->first
							 : &frame_table[f->previous].next;
	uint32_t *after = f->next == FRAME_LIST_END ? &list->last : &frame_table[f->next].previous;

	/* A frame of another list, or of none, would corrupt both. */
	assert(*before == n && *after == n);
	*before = f->next;
	*after = f->previous;
	f->previous = FRAME_LIST_END;
	f->next = FRAME_LIST_END;
	list->count--;
}

struct frame *frame_list_first(const struct frame_list *list)
{
	return list->first == FRAME_LIST_END ? NULL : &frame_table[list->first];
}

struct frame *frame_list_next(const struct frame *f)
{
	return f->next == FRAME_LIST_END ? NULL : &frame_table[f->next];
}
