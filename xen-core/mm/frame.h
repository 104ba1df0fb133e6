/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame table: 24 bytes for each 4 KiB frame of RAM: who owns it, how many references keep it,
 * what type of use is bound to it and how often.
 *
 *     reference   keeps the frame allocated. One of them is the allocation itself
 * (FRAME_ALLOCATED): the owner's; whoever clears that flag drops that reference. type        what
 * the frame is used as: nothing, writable, a page table of one level, a descriptor table. A type's
 * count > 0 excludes every other type. Only pv/type.c changes type words of guest frames.
 *
 * A frame whose last reference goes is handed to the release hook (domain/memory.c), which takes
 * it off its owner's list and frees it. Frames without RAM behind them have no struct frame:
 * frame_is_valid() first.
 *
 * Owners are domain ids; DOMID_XEN for the core's own, DOMID_IO for the first MiB and other RAM
 * treated as device memory. FRAME_HEAP marks frames the core allocated for a domain's use
 * (shared_info, grant tables): never typed as tables, never exchanged.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include "machine/atomic.h"
#include "x86/addr.h"

/* struct frame.refs: */
#define FRAME_ALLOCATED (1U << 31)
#define FRAME_HEAP (1U << 30)
#define FRAME_RELINQUISHED (1U << 29) /* memory_relinquish() has passed it */
#define FRAME_REF_MASK 0x0fffffffU

/* struct frame.type: */
#define TYPE_SHIFT 28
enum frame_type {
	TYPE_NONE = 0,
	TYPE_WRITABLE = 1,
	TYPE_L1 = 2,
	TYPE_L2 = 3,
	TYPE_L3 = 4,
	TYPE_L4 = 5,
	TYPE_SEGDESC = 6,
};
#define TYPE_PINNED (1U << 27)    /* one type and one general reference are held by a pin */
#define TYPE_VALIDATED (1U << 26) /* contents checked (or nothing to check) */
#define TYPE_PARTIAL (1U << 25)   /* validation or its undoing stopped half way: partial_index */
#define TYPE_LOCKED (1U << 24)    /* entries of this table are being changed */
#define TYPE_COUNT_MASK 0x00ffffffU

struct frame {
	uint32_t refs;  /* (a) flags and count */
	uint32_t type;  /* (a) flags, type and count */
	uint16_t owner; /* (c) while referenced */
	uint16_t partial_index; /* only by the CPU that validates */
	uint32_t previous,
		next;   /* list links: frame numbers, FRAME_LIST_END; under the list's lock */
	uint32_t epoch; /* tlb_epoch() when the writable count fell to 0, or when freed */
};
_Static_assert(sizeof(struct frame) == 24, "1/128 of RAM with the M2P");

#define FRAME_LIST_END 0xffffffffU

/* struct frame.owner, beside domain ids: */
#define FRAME_OWNER_NOT_RAM 0xffffU /* a hole in a granule that has RAM: never valid */
#define FRAME_OWNER_FREE 0xfffeU    /* first frame of a free block; partial_index is its order */

/* The table is populated in granules of 2 MiB of RAM: 512 entries, three pages of table. */
#define FRAME_GRANULE_SHIFT 9
#define FRAME_GRANULE (1UL << FRAME_GRANULE_SHIFT)
#define FRAME_END_MAX (5UL << 28) /* the direct map's 5 TiB */

/* The table covers mfn 0..frame_end-1 with holes. Set by mm/map.c at boot (real) or the test. */
extern struct frame *frame_table;
extern uint64_t frame_end;

extern uint64_t frame_granules[FRAME_END_MAX / FRAME_GRANULE / 64];

/* Nothing is RAM. Tests only; the state at boot is the same. */
void frame_init(void);
/* Declares [first, first + count) to be RAM: its table entries are zeroed, owner DOMID_XEN. The
 * table must be mapped for the whole granules it touches. Boot only. */
void frame_declare(mfn_t first, uint64_t count);

/* True if the table is mapped there; the frame may still be a hole. */
static inline bool frame_has_entry(mfn_t m)
{
	uint64_t granule = m.n >> FRAME_GRANULE_SHIFT;

	return m.n < FRAME_END_MAX && (frame_granules[granule >> 6] >> (granule & 63) & 1) != 0;
}

/* True if this frame is RAM with an entry in the table. */
static inline bool frame_is_valid(mfn_t m)
{
	return frame_has_entry(m) && frame_table[m.n].owner != FRAME_OWNER_NOT_RAM;
}

static inline struct frame *frame_of(mfn_t m)
{
	return &frame_table[m.n];
}

static inline mfn_t frame_mfn(const struct frame *f)
{
	return mfn((uint64_t)(f - frame_table));
}

static inline enum frame_type frame_type(const struct frame *f)
{
	return (enum frame_type)(atomic_read(&f->type) >> TYPE_SHIFT);
}

static inline uint32_t frame_type_count(const struct frame *f)
{
	return atomic_read(&f->type) & TYPE_COUNT_MASK;
}

/* Takes a reference if the frame is allocated and owned by that domain id. */
bool must_check frame_get(struct frame *f, uint16_t owner);
/* Takes a reference on a frame one already holds a reference to; false if the count is full. */
bool must_check frame_get_again(struct frame *f);
/* Drops one; the last one calls the release hook. */
void frame_put(struct frame *f);
/* Clears FRAME_ALLOCATED, once: false if somebody already has. After true the caller drops the
 * allocation's reference with frame_put(), besides any of its own. */
bool must_check frame_clear_allocated(struct frame *f);
/* Called with the frame at 0 references. */
void frame_set_release_hook(void (*release)(struct frame *f));

/* Lists of frames through previous/next; the caller locks. */
struct frame_list {
	uint32_t first, last;
	uint64_t count;
};

void frame_list_init(struct frame_list *list);
void frame_list_add(struct frame_list *list, struct frame *f);
void frame_list_remove(struct frame_list *list, struct frame *f);
/* NULL when empty. */
struct frame *frame_list_first(const struct frame_list *list);
struct frame *frame_list_next(const struct frame *f);

/* Machine-to-physical table: a PV guest's own number of each frame. Never believed. */
#define M2P_INVALID (~0UL)
/* The writable alias; set with frame_table, populated in the same granules. */
extern uint64_t *m2p_table;
/* The frame is valid. */
void m2p_set(mfn_t m, uint64_t pfn);
/* M2P_INVALID for frames that are not RAM. */
uint64_t m2p_get(mfn_t m);

#endif
