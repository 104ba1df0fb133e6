/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects of the core: size classes of powers of two from 32 bytes to half a page, whole
 * pages above. Memory comes zeroed. Callers keep no raw sizes: heap_free() finds the class.
 */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "x86/addr.h"

/* Forgets all objects. Tests only; the state at boot is the same. */
void heap_init(void);

/* NULL when there is no memory. Alignment: the size rounded up to a power of two, at most a
 * page. */
void *must_check heap_alloc(size_t bytes);
void heap_free(void *pointer); /* NULL is allowed */

/* 2^order zeroed frames of the core's own, through the direct map; NULL if none. */
void *must_check heap_alloc_pages(unsigned int order);
void heap_free_pages(void *pages, unsigned int order);

#define heap_new(type) ((type *)heap_alloc(sizeof(type)))

/* Bytes in use, for leak tests and debug keys. */
uint64_t heap_used(void);

#endif
