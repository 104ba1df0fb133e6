/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's frames: given, taken, counted. The release hook of mm/frame.h lives here: a frame
 * whose last reference goes leaves its owner's list and total and returns to the allocator.
 * Contents are wiped when a frame is given to a domain, not when it is taken.
 */
#ifndef DOMAIN_MEMORY_H
#define DOMAIN_MEMORY_H

#include "domain/domain.h"

void memory_init(void);

#define MEMORY_NO_CONTENTS (1U << 0) /* need not be zeroed: the core fills it at once */

/* Allocates 2^order frames to d: owner set, one reference (the allocation) each, on the list,
 * counted. address_bits 0: any. -XEN_ENOMEM: none, or above max_pages. -XEN_EINVAL: dying. */
int must_check memory_allocate(struct domain *d, unsigned int order, unsigned int address_bits,
			       unsigned int flags, mfn_t *first);
/* Hands frames the caller owns outright (refs 0, from buddy_alloc) to d. Same errors. */
int must_check memory_assign(struct domain *d, mfn_t first, unsigned int order);
/* As memory_assign(), for frames that take the place of stolen ones: max_pages is not asked.
 * -XEN_EINVAL: dying. */
int must_check memory_replace(struct domain *d, mfn_t first, unsigned int order);
/* Takes a frame with no reference but its allocation from d (for XENMEM_exchange): it then has 0
 * references, DOMID_XEN, off the lists and not counted. -XEN_EINVAL if it has others or a type. */
int must_check memory_steal(struct domain *d, struct frame *f);
/* A FRAME_HEAP frame owned by d, zeroed, with a permanent writable type; NULL if none.
 * Not counted against max_pages. Freed by memory_free_heap() when the domain is freed or
 * earlier. */
void *must_check memory_allocate_heap(struct domain *d);
/* The core gives it up: no new references, owner DOMID_XEN; it is free once those who still map
 * it let go, which may be after d itself is gone. */
void memory_free_heap(struct domain *d, void *page);

/* Domain part: drops the allocation references of all frames and the claim, restartably
 * (-XEN_ERESTART: call again). Frames that others reference stay on the list. */
int must_check memory_relinquish(struct domain *d);
/* XENMEM_claim_pages: count is the size d is to reach; 0 drops the claim. */
int must_check memory_claim(struct domain *d, uint64_t count);

/* Who still references this domain's frames, for debug keys. */
void memory_dump(struct domain *d, void (*print)(const char *format, ...));

#endif
