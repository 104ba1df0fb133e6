/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame allocator: power-of-two blocks, naturally aligned, in zones by address width so that
 * a caller may ask for frames below a limit (DMA). Zone z holds blocks wholly below 2^z bytes and
 * not wholly below 2^(z-1). Allocation takes the highest zone allowed first: low memory is spared.
 *
 * Frames come out scrubbed of their former contents only if asked (BUDDY_ZERO); freed frames are
 * stamped with the TLB epoch, and allocation flushes what may still see them.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "mm/frame.h"

#define BUDDY_ORDER_MAX 18

#define BUDDY_ZERO (1U << 0)    /* contents zero */
#define BUDDY_NO_FLUSH (1U << 1) /* the caller flushes stale translations before use */
#define BUDDY_FROM_CLAIM (1U << 2) /* out of a claim of at least that many, which success reduces */

/* Empties it: before the first buddy_add(). */
void buddy_init(void);
/* Adds free RAM, at boot: the frames must have been declared. */
void buddy_add(mfn_t first, uint64_t count);

/* A block of 2^order frames wholly below 2^address_bits bytes (0: no limit); MFN_NONE if none.
 * Reference counts are 0, owner is DOMID_XEN, type none. Frames that others have claimed are not
 * given. */
mfn_t buddy_alloc(unsigned int order, unsigned int address_bits, unsigned int flags);
/* No references may be left; types and owners are reset here. */
void buddy_free(mfn_t first, unsigned int order);

uint64_t buddy_free_count(void);  /* frames */
uint64_t buddy_total_count(void); /* frames ever added */

/* Claims: a domain's promise of frames for its build. Free frames minus outstanding claims is what
 * others may take. */
uint64_t buddy_claimed_count(void);
bool must_check buddy_claim(uint64_t count);
void buddy_unclaim(uint64_t count);

#endif
