/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life of a grant table: creation with one shared frame, growth on demand up to the domain's limit,
 * and its end. Shared frames are FRAME_HEAP frames: the owner maps them, they are never page
 * tables. A table never shrinks; growth that runs out of memory keeps what it got.
 *
 * The end, as a mapper: every handle left is force-released. The mapper's page tables are gone by
 * then and with their PTEs the references of host maps; what is left are the pins, the entry's
 * flags, and the references of device maps. As a granter there is nothing to do: frames that
 * others still map keep the domain, and with it this table.
 */
#include "grant/table.h"

#include "domain/memory.h"
#include "domain/restart.h"
#include "machine/frames.h"
#include "machine/tlb.h"
#include "mm/heap.h"

#include <xen/errno.h>

/* Frames of the table freed in one go when the domain is gone. */
#define FREED_AT_ONCE 32U

/* 0 and anything with the sign bit (the ABI's -1) mean the default. */
static uint32_t choose_limit(uint32_t wanted, uint32_t usual, uint32_t limit)
{
	if (wanted == 0 || (int32_t)wanted < 0) {
		return usual;
	}
	return wanted < limit ? wanted : limit;
}

static void free_last_frame(struct grant_table *table)
{
	uint32_t last = --table->frame_count;

	heap_free_pages(table->active[last], ACTIVE_ORDER);
	memory_free_heap(table->domain, table->frames[last]);
}

static void free_frames(struct grant_table *table)
{
	while (table->frame_count > 0) {
		free_last_frame(table);
	}
}

static void free_table(struct grant_table *table)
{
	if (table->frames && table->active) {
		free_frames(table);
	}
	if (table->track) {
		track_free_all(table);
	}
	heap_free(table->frames);
	heap_free(table->active);
	heap_free(table->track);
	heap_free(table);
}

int grant_domain_create(struct domain *d)
{
	struct grant_table *table = heap_new(struct grant_table);

	if (!table) {
		return -XEN_ENOMEM;
	}
	spin_init(&table->lock, grant);
	spin_init(&table->track_lock, grant_maptrack);
	table->domain = d;
	table->track_free = HANDLE_NONE;
	table->frame_max = choose_limit(d->config.max_grant_frames, GRANT_FRAMES_DEFAULT,
					GRANT_FRAMES_LIMIT);
	table->track_max = choose_limit(d->config.max_maptrack_frames, MAPTRACK_FRAMES_DEFAULT,
					MAPTRACK_FRAMES_LIMIT);
	table->frames = heap_alloc(table->frame_max * sizeof(*table->frames));
	table->active = heap_alloc(table->frame_max * sizeof(*table->active));
	table->track = heap_alloc(table->track_max * sizeof(*table->track));
	d->grants = table;
	if (!table->frames || !table->active || !table->track || grant_grow(d, 1) != 0) {
		grant_domain_free(d);
		return -XEN_ENOMEM;
	}
	return 0;
}

bool grant_domain_shrink(struct domain *d)
{
	struct grant_table *table = d->grants;
	unsigned int left = FREED_AT_ONCE;

	if (!table) {
		return true;
	}
	for (; left > 0 && table->frame_count > 0; left--) {
		free_last_frame(table);
	}
	for (; left > 0 && table->track_frames > 0; left--) {
		heap_free(table->track[--table->track_frames]);
	}
	return left > 0;
}

void grant_domain_free(struct domain *d)
{
	if (d->grants) {
		free_table(d->grants);
		d->grants = NULL;
	}
}

static int add_frame_locked(struct grant_table *table)
{
	uint32_t index = table->frame_count;
	struct grant_active *active = heap_alloc_pages(ACTIVE_ORDER);
	void *page;

	if (!active) {
		return -XEN_ENOMEM;
	}
	page = memory_allocate_heap(table->domain);
	if (!page) {
		heap_free_pages(active, ACTIVE_ORDER);
		return -XEN_ENOMEM;
	}
	for (size_t i = 0; i < ENTRIES_PER_FRAME; i++) {
		spin_init(&active[i].lock, grant_entry);
	}
	table->active[index] = active;
	table->frames[index] = page;
	atomic_write_release(&table->frame_count, index + 1);
	return 0;
}

int grant_grow(struct domain *d, uint32_t count)
{
	struct grant_table *table = d->grants;
	int err = 0;

	if (count > table->frame_max) {
		return -XEN_EINVAL;
	}
	spin_lock(&table->lock);
	while (!err && table->frame_count < count) {
		err = add_frame_locked(table);
	}
	spin_unlock(&table->lock);
	return err;
}

uint32_t grant_frame_count(struct domain *d)
{
	return atomic_read_acquire(&d->grants->frame_count);
}

uint32_t grant_frame_max(struct domain *d)
{
	return d->grants->frame_max;
}

mfn_t grant_frame(struct domain *d, uint32_t index)
{
	uint32_t count = grant_frame_count(d);

	if (index >= count) {
		return MFN_NONE;
	}
	return pointer_to_mfn(d->grants->frames[index_clamp(index, count)]);
}

/* Version 1 is the only one: what changes the version is refused, what keeps it succeeds. */
uint32_t grant_version(struct domain *d unused_arg)
{
	return 1;
}

int grant_set_version(struct domain *d unused_arg, uint32_t version)
{
	if (version != 1 && version != 2) {
		return -XEN_EINVAL;
	}
	return version == 1 ? 0 : -XEN_ENOSYS;
}

static void release_handle(struct domain *d, uint32_t handle)
{
	struct grant_handle *h = track_find(d->grants, handle);
	uint32_t parts = h->flags & HANDLE_PARTS;
	bool readonly = (h->flags & GNTMAP_readonly) != 0;
	struct domain *granter = h->granter;
	struct grant_active *active;

	if (parts == 0) {
		return;
	}
	active = grant_active(granter->grants, h->ref);
	spin_lock(&active->lock);
	atomic_write(&h->flags, 0);
	if (parts & GNTMAP_device_map) {
		grant_drop_use(granter, frame_of(mfn(active->frame)), readonly);
	}
	/* A PTE gives its own back; a translated guest's map holds none. */
	if ((parts & GNTMAP_host_map) && !d->is_pv) {
		grant_drop_use(granter, frame_of(mfn(active->frame)), readonly);
	}
	grant_entry_unpin_locked(granter->grants, h->ref, active, grant_pins_of(parts, readonly));
	spin_unlock(&active->lock);
	track_put(d->grants, handle);
	domain_put(granter);
}

int grant_domain_teardown(struct domain *d)
{
	struct grant_table *table = d->grants;

	if (!table) {
		return 0;
	}
	/* Before the owners hear (by their entry's flags) that the frames are theirs again. */
	tlb_flush_cpus(&d->dirty_cpus);
	while (table->teardown_handle < table->track_frames * (uint32_t)HANDLES_PER_FRAME) {
		uint32_t handle = table->teardown_handle++;

		release_handle(d, handle);
		if (handle % 8 == 7 && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}
