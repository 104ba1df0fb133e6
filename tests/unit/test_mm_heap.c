/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects: they do not overlap, come zeroed and aligned, find their class when freed, and
 * give their frames back. A random run keeps a pattern in every object and checks it when freed.
 */
#include "machine/sim.h"
#include "mm/heap.h"
#include "unit/unit.h"

#include "lib/math.h"
#include "machine/lock.h"
#include "mm/buddy.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#define RAM 1024UL
#define SLOTS 600

static void setup(void)
{
	sim_reset(RAM);
}

static bool all_bytes_are(const void *p, uint8_t wanted, size_t bytes)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < bytes; i++) {
		if (b[i] != wanted) {
			return false;
		}
	}
	return true;
}

static void running_out_gives_null_and_keeps_the_count(void)
{
	sim_fail_allocation_after(0);
	CU_ASSERT_PTR_NULL(heap_alloc(32));
	CU_ASSERT_PTR_NULL(heap_alloc(5000));
	CU_ASSERT_PTR_NULL(heap_alloc_pages(0));
	sim_fail_allocation_after(1); /* the object may, the frame it needs may not */
	CU_ASSERT_PTR_NULL(heap_alloc(32));
	CU_ASSERT_EQUAL(heap_used(), 0);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
	CU_ASSERT(lock_none_held());
}

static void sizes_beyond_any_block_give_null(void)
{
	CU_ASSERT_PTR_NULL(heap_alloc(~0UL));
	CU_ASSERT_PTR_NULL(heap_alloc(1UL << 62));
	CU_ASSERT_PTR_NULL(heap_alloc_pages(BUDDY_ORDER_MAX + 1));
}

static void freeing_nothing_is_allowed(void)
{
	heap_free(NULL);
	heap_free_pages(NULL, 3);
}

static void every_size_is_zeroed_and_aligned(void)
{
	for (size_t size = 1; size <= 20000; size += size / 3 + 1) {
		uint8_t *p = heap_alloc(size);
		size_t alignment = 1UL << order_of(size);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT(((uint64_t)p & (min_u64(alignment, PAGE_SIZE) - 1)) == 0);
		CU_ASSERT(all_bytes_are(p, 0, size));
		memset(p, 0xff, size);
		heap_free(p);
		p = heap_alloc(size);
		CU_ASSERT(all_bytes_are(p, 0, size));
		heap_free(p);
	}
	CU_ASSERT_EQUAL(heap_used(), 0);
}

static void a_freed_object_is_poisoned(void)
{
	char *p = heap_alloc(64);

	CU_ASSERT_FALSE(__asan_address_is_poisoned(p));
	heap_free(p);
	CU_ASSERT_TRUE(__asan_address_is_poisoned(p));
}

static void empty_frames_go_back_but_one_per_class(void)
{
	void *objects[64];

	for (unsigned int i = 0; i < 64; i++) {
		objects[i] = heap_alloc(1024);
	}
	CU_ASSERT_EQUAL(buddy_free_count(), RAM - 16);
	CU_ASSERT_EQUAL(heap_used(), 65536);
	for (unsigned int i = 0; i < 64; i++) {
		heap_free(objects[i]);
	}
	CU_ASSERT_EQUAL(buddy_free_count(), RAM - 1);
	CU_ASSERT_EQUAL(heap_used(), 0);
}

static void pages_are_counted_and_returned(void)
{
	uint8_t *p = heap_alloc_pages(3);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT(all_bytes_are(p, 0, 8 * PAGE_SIZE));
	CU_ASSERT_EQUAL(heap_used(), 8 * PAGE_SIZE);
	heap_free_pages(p, 3);
	CU_ASSERT_EQUAL(buddy_free_count(), RAM);
	CU_ASSERT_EQUAL(heap_used(), 0);
}

static void random_objects_never_overlap(void)
{
	static struct {
		uint8_t *p;
		size_t size;
	} slots[SLOTS];

	srand(2);
	memset(slots, 0, sizeof(slots));
	for (unsigned int step = 0; step < 50000; step++) {
		unsigned int i = (unsigned int)rand() % SLOTS;

		if (slots[i].p) {
			CU_ASSERT(all_bytes_are(slots[i].p, (uint8_t)i, slots[i].size));
			heap_free(slots[i].p);
			slots[i].p = NULL;
			continue;
		}
		slots[i].size = 1 + (size_t)(rand() % (rand() % 8 ? 300 : 9000));
		slots[i].p = heap_alloc(slots[i].size);
		if (slots[i].p) {
			CU_ASSERT(all_bytes_are(slots[i].p, 0, slots[i].size));
			memset(slots[i].p, (int)(i & 0xff), slots[i].size);
		}
	}
	for (unsigned int i = 0; i < SLOTS; i++) {
		heap_free(slots[i].p);
	}
	CU_ASSERT_EQUAL(heap_used(), 0);
	CU_ASSERT(buddy_free_count() >= RAM - 7);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(running_out_gives_null_and_keeps_the_count),
		UNIT(sizes_beyond_any_block_give_null),
		UNIT(freeing_nothing_is_allowed),
		UNIT(every_size_is_zeroed_and_aligned),
		UNIT(a_freed_object_is_poisoned),
		UNIT(empty_frames_go_back_but_one_per_class),
		UNIT(pages_are_counted_and_returned),
		UNIT(random_objects_never_overlap),
	};

	return unit_main("mm_heap", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
