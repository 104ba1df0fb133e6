/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame table: 24 bytes for each 4 KiB frame of RAM: who owns it, how many references keep it,
 * what type of use is bound to it and how often.
 *
 *     reference   keeps the frame allocated. One of them is the allocation itself (FRAME_ALLOCATED):
 *                 the owner's; whoever clears that flag drops that reference.
 *     type        what the frame is used as: nothing, writable, a page table of one level, a
 *                 descriptor table. A type's count > 0 excludes every other type. Only pv/type.c
 *                 changes type words of guest frames.
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
	uint32_t previous, next; /* list links: frame numbers, FRAME_LIST_END; under the list's lock */
	uint32_t epoch; /* tlb_epoch() when the writable count fell to 0, or when freed */
};
_Static_assert(sizeof(struct frame) == 24, "1/128 of RAM with the M2P");

#define FRAME_LIST_END 0xffffffffU

/* The table covers mfn 0..frame_end-1 with holes. Set by mm/map.c at boot (real) or the test. */
extern struct frame *frame_table;
extern uint64_t frame_end;

/* True if this frame is RAM with an entry in the table. */
bool frame_is_valid(mfn_t m);
/* Declares [first, first + count) to be RAM; its table entries are zeroed. Boot only. */
void frame_declare(mfn_t first, uint64_t count);

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
/* The owner gives its allocation reference up, once: false if somebody already has. */
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
void m2p_set(mfn_t m, uint64_t pfn);
uint64_t m2p_get(mfn_t m);

#endif
