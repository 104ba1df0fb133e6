/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles of a mapping domain: an index into pages added on demand, free ones chained through
 * `ref`. A page of handles is never freed before the domain, so looking one up takes no lock;
 * what a handle says is checked again under the lock of the active entry it names.
 */
#include "grant/table.h"

#include "mm/heap.h"

static bool add_page_locked(struct grant_table *table)
{
	uint32_t index = table->track_frames;
	uint32_t first = index * (uint32_t)HANDLES_PER_FRAME;
	struct grant_handle *page;

	if (index == table->track_max) {
		return false;
	}
	page = heap_alloc(PAGE_SIZE);
	if (!page) {
		return false;
	}
	for (uint32_t i = 0; i < HANDLES_PER_FRAME; i++) {
		page[i].ref = i + 1 < HANDLES_PER_FRAME ? first + i + 1 : table->track_free;
	}
	table->track[index] = page;
	table->track_free = first;
	atomic_write_release(&table->track_frames, index + 1);
	return true;
}

uint32_t track_get(struct grant_table *table)
{
	uint32_t handle = HANDLE_NONE;

	spin_lock(&table->track_lock);
	if (table->track_free != HANDLE_NONE || add_page_locked(table)) {
		handle = table->track_free;
		table->track_free = track_find(table, handle)->ref;
	}
	spin_unlock(&table->track_lock);
	return handle;
}

void track_put(struct grant_table *table, uint32_t handle)
{
	struct grant_handle *h = track_find(table, handle);

	spin_lock(&table->track_lock);
	h->ref = table->track_free;
	table->track_free = handle;
	spin_unlock(&table->track_lock);
}

void track_free_all(struct grant_table *table)
{
	for (uint32_t i = 0; i < table->track_frames; i++) {
		heap_free(table->track[i]);
	}
}
