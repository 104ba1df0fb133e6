/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects: each size class cuts frames into equal pieces. All bookkeeping is in the frame's
 * entry, so objects have no header and heap_free() needs no size:
 *
 *     partial_index   HEAP_SLAB + class, or HEAP_PAGES + order for the first frame of whole pages
 *     epoch           first free object << 16 | free objects (it is no stamp while allocated)
 *     previous, next  the class's list of frames that have a free object
 *
 * A free object's first two bytes are the index of the next one. A frame with no used object goes
 * back to the frame allocator, unless it is the last of its class with room. Under heap_lock.
 */
#include "mm/heap.h"

#include "lib/check.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/frames.h"
#include "machine/lock.h"
#include "mm/buddy.h"

#define CLASS_SHIFT_MIN 5
#define CLASS_SHIFT_MAX (PAGE_SHIFT - 1)
#define CLASSES (CLASS_SHIFT_MAX - CLASS_SHIFT_MIN + 1)
#define HEAP_SLAB 0x100U
#define HEAP_PAGES 0x200U

static struct frame_list partial[CLASSES] = {
	[0 ... CLASSES - 1] = {FRAME_LIST_END, FRAME_LIST_END, 0},
};
static uint64_t used_bytes;
static struct spinlock heap_lock = SPINLOCK(heap);

void heap_init(void)
{
	for (unsigned int i = 0; i < CLASSES; i++) {
		frame_list_init(&partial[i]);
	}
	used_bytes = 0;
}

static uint32_t object_count(unsigned int class)
{
	return (uint32_t)(PAGE_SIZE >> (CLASS_SHIFT_MIN + class));
}

static uint16_t *object_at(void *page, unsigned int class, uint32_t index)
{
	return (uint16_t *)(void *)((uint8_t *)page + ((size_t)index << (CLASS_SHIFT_MIN + class)));
}

/* A new frame of the class, all free, on its list; NULL if there is no memory. */
static struct frame *add_slab(unsigned int class)
{
	mfn_t m = buddy_alloc(0, 0, 0);
	struct frame *f;
	void *page;

	if (mfn_is_none(m)) {
		return NULL;
	}
	f = frame_of(m);
	page = frame_map(m);
	for (uint32_t i = 0; i < object_count(class); i++) {
		*object_at(page, class, i) = (uint16_t)(i + 1);
	}
	memory_mark_free(page, PAGE_SIZE);
	f->partial_index = (uint16_t)(HEAP_SLAB + class);
	f->epoch = object_count(class);
	frame_list_add(&partial[class], f);
	return f;
}

static void *alloc_object(unsigned int class)
{
	size_t size = 1UL << (CLASS_SHIFT_MIN + class);
	struct frame *f;
	uint16_t *object;

	spin_lock(&heap_lock);
	f = frame_list_first(&partial[class]);
	if (!f) {
		f = add_slab(class);
	}
	if (!f) {
		spin_unlock(&heap_lock);
		return NULL;
	}
	object = object_at(frame_map(frame_mfn(f)), class, f->epoch >> 16);
	memory_mark_used(object, size);
	f->epoch = (uint32_t)*object << 16 | ((f->epoch & 0xffff) - 1);
	if ((f->epoch & 0xffff) == 0) {
		frame_list_remove(&partial[class], f);
	}
	used_bytes += size;
	spin_unlock(&heap_lock);
	memset(object, 0, size);
	return object;
}

void *heap_alloc(size_t bytes)
{
	unsigned int shift = order_of(bytes);

	if (shift > CLASS_SHIFT_MAX) {
		return heap_alloc_pages(shift - PAGE_SHIFT);
	}
	if (frame_refuse_allocation()) {
		return NULL;
	}
	return alloc_object(shift < CLASS_SHIFT_MIN ? 0 : shift - CLASS_SHIFT_MIN);
}

/* The frame to give back to the allocator, or NULL. */
static struct frame *free_object_locked(struct frame *f, unsigned int class, uint16_t *object)
{
	size_t size = 1UL << (CLASS_SHIFT_MIN + class);
	uint32_t index = page_offset((uint64_t)object) >> (CLASS_SHIFT_MIN + class);
	uint32_t free_objects = (f->epoch & 0xffff) + 1;

	assert(((uint64_t)object & (size - 1)) == 0 && free_objects <= object_count(class));
	*object = (uint16_t)(f->epoch >> 16);
	memory_mark_free(object, size);
	f->epoch = index << 16 | free_objects;
	used_bytes -= size;
	if (free_objects == 1) {
		frame_list_add(&partial[class], f);
	}
	if (free_objects == object_count(class) && partial[class].count > 1) {
		frame_list_remove(&partial[class], f);
		return f;
	}
	return NULL;
}

void heap_free(void *pointer)
{
	struct frame *f;
	struct frame *empty;
	unsigned int kind;

	if (!pointer) {
		return;
	}
	f = frame_of(pointer_to_mfn(pointer));
	kind = f->partial_index;
	if (kind >= HEAP_PAGES) {
		heap_free_pages(pointer, kind - HEAP_PAGES);
		return;
	}
	assert(kind >= HEAP_SLAB && kind - HEAP_SLAB < CLASSES);
	spin_lock(&heap_lock);
	empty = free_object_locked(f, kind - HEAP_SLAB, pointer);
	spin_unlock(&heap_lock);
	if (empty) {
		buddy_free(frame_mfn(empty), 0);
	}
}

void *heap_alloc_pages(unsigned int order)
{
	mfn_t m = buddy_alloc(order, 0, BUDDY_ZERO);

	if (mfn_is_none(m)) {
		return NULL;
	}
	frame_of(m)->partial_index = (uint16_t)(HEAP_PAGES + order);
	spin_lock(&heap_lock);
	used_bytes += PAGE_SIZE << order;
	spin_unlock(&heap_lock);
	return frame_map(m);
}

void heap_free_pages(void *pages, unsigned int order)
{
	mfn_t m;

	if (!pages) {
		return;
	}
	m = pointer_to_mfn(pages);
	assert(page_offset((uint64_t)pages) == 0);
	assert(frame_of(m)->partial_index == HEAP_PAGES + order);
	spin_lock(&heap_lock);
	used_bytes -= PAGE_SIZE << order;
	spin_unlock(&heap_lock);
	buddy_free(m, order);
}

uint64_t heap_used(void)
{
	return atomic_read(&used_bytes);
}
