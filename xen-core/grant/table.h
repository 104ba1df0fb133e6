/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a grant table, for the files of this folder.
 *
 * A domain has two roles. As granter it owns shared frames of 512 entries, each with as many active
 * entries beside it; both only grow and are freed with the domain, so finding one is plain loads.
 * As mapper it owns handles (maptrack): one per successful map, naming granter and reference.
 *
 *     active entry: pins, frame and domid are under its own lock; the last two mean something
 *                   while pins are not 0
 *     handle: free -> taken       track_get (maptrack lock)
 *             taken -> mapped     flags written last, by map
 *             mapped -> ending    flags lose their parts one by one under the lock of the granter's
 *                                 active entry
 *             ending -> free      by whoever took the last part, after pins are dropped
 *
 * A mapped handle keeps its granter's structure alive (domain_get), so its address stays good even
 * when the PTE, with the frame's references, was overwritten long ago.
 */
#ifndef GRANT_TABLE_H
#define GRANT_TABLE_H

#include "grant/grant.h"

#include "domain/guest_ops.h"
#include "lib/check.h"
#include "lib/index.h"

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define HANDLES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_handle))
#define GRANT_FRAMES_LIMIT 4096U
#define MAPTRACK_FRAMES_LIMIT 65536U

/* Four counters of 8 bits: uses of an entry by the host CPUs and by devices. */
#define PIN_HOST_READ (1U << 0)
#define PIN_HOST_WRITE (1U << 8)
#define PIN_DEVICE_READ (1U << 16)
#define PIN_DEVICE_WRITE (1U << 24)
#define PIN_WRITES 0xff00ff00U

struct grant_active {
	struct spinlock lock;
	uint32_t pins;   /* (l) */
	uint32_t frame;  /* (l) machine frame */
	uint16_t domid;  /* (l) who pins */
	uint64_t unused; /* 32 bytes: entries do not share more cache lines than they must */
};
_Static_assert(sizeof(struct grant_active) == 32, "ACTIVE_ORDER");
#define ACTIVE_ORDER 2 /* ENTRIES_PER_FRAME of them are 16 KiB */

struct grant_handle {
	struct domain *granter;
	uint32_t ref;   /* of a free handle: the next free one, HANDLE_NONE at the end */
	uint32_t flags; /* (a) GNTMAP_* as mapped; no host_map and no device_map: not mapped */
};
_Static_assert(sizeof(struct grant_handle) == 16, "256 in a page");
#define HANDLE_NONE 0xffffffffU
#define HANDLE_PARTS (GNTMAP_host_map | GNTMAP_device_map)

struct grant_table {
	struct spinlock lock; /* growth */
	struct domain *domain;            /* (c) */
	uint32_t frame_count;             /* (a) written under the lock */
	uint32_t frame_max;               /* (c) */
	struct grant_entry_v1 *
		*frames; /* (c) array of frame_max, filled before frame_count grows */
	struct grant_active **active;     /* (c) likewise */

	struct spinlock track_lock;
	uint32_t track_frames;            /* (a) written under track_lock */
	uint32_t track_max;               /* (c) */
	uint32_t track_free;              /* (track_lock) first free handle */
	struct grant_handle **track;      /* (c) array of track_max */
	uint32_t teardown_handle;         /* how far grant_domain_teardown() has come */
};

static inline uint32_t grant_entry_count(const struct grant_table *table)
{
	return atomic_read_acquire(&table->frame_count) * (uint32_t)ENTRIES_PER_FRAME;
}

/* NULL if the table is not that big. */
static inline struct grant_active *grant_active(struct grant_table *table, uint32_t ref)
{
	uint32_t count = grant_entry_count(table);

	if (ref >= count) {
		return NULL;
	}
	ref = (uint32_t)index_clamp(ref, count);
	return &table->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}

/* --- entry.c: pins ------------------------------------------------------------------------- */

/* What is wanted of an entry. */
struct grant_pin {
	uint32_t pins;  /* PIN_* to add, at most one of each */
	uint16_t domid; /* for whom */
	bool is_map;    /* a mapping shows the whole frame: no sub-page entries */
};

/*
 * Pins an entry: GNTST_*. The first pin reads the guest's entry and translates its frame number.
 * On success *frame is the frame and carries one new general reference of the caller's.
 */
int must_check grant_entry_pin(struct grant_table *table, uint32_t ref,
			       const struct grant_pin *want, struct frame **frame);
void grant_entry_unpin(struct grant_table *table, uint32_t ref, uint32_t pins);
void grant_entry_unpin_locked(struct grant_table *table, uint32_t ref, struct grant_active *active,
			      uint32_t pins);

/* --- track.c: handles ---------------------------------------------------------------------- */

/* HANDLE_NONE if there is no more. */
uint32_t must_check track_get(struct grant_table *table);
void track_put(struct grant_table *table, uint32_t handle);
/* NULL if no such handle ever was. */
static inline struct grant_handle *track_find(struct grant_table *table, uint32_t handle)
{
	uint32_t count = atomic_read_acquire(&table->track_frames) * (uint32_t)HANDLES_PER_FRAME;

	if (handle >= count) {
		return NULL;
	}
	handle = (uint32_t)index_clamp(handle, count);
	return &table->track[handle / HANDLES_PER_FRAME][handle % HANDLES_PER_FRAME];
}
void track_free_all(struct grant_table *table);

/* The pins a mapping with those flags has, of its host or its device part or both. */
static inline uint32_t grant_pins_of(uint32_t parts, bool readonly)
{
	uint32_t pins = 0;

	if (parts & GNTMAP_host_map) {
		pins += readonly ? PIN_HOST_READ : PIN_HOST_WRITE;
	}
	if (parts & GNTMAP_device_map) {
		pins += readonly ? PIN_DEVICE_READ : PIN_DEVICE_WRITE;
	}
	return pins;
}

/* One use of a frame of the granter: a general reference one already has, plus the writable type
 * unless readonly. */
static inline int must_check grant_bind_use(struct domain *granter, struct frame *f, bool readonly)
{
	if (readonly || granter->ops->get_writable(granter, f) == 0) {
		return GNTST_okay;
	}
	return GNTST_general_error;
}

static inline void grant_drop_use(struct domain *granter, struct frame *f, bool readonly)
{
	if (!readonly) {
		granter->ops->put_writable(granter, f);
	}
	frame_put(f);
}

#endif
