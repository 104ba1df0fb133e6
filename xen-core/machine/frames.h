/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into a frame of RAM from the core. Today a frame is found by direct-map arithmetic;
 * callers behave as if each mapping were temporary: never kept across a restart point.
 */
#ifndef MACHINE_FRAMES_H
#define MACHINE_FRAMES_H

#include "x86/addr.h"

#define DIRECT_MAP_START 0xffff830000000000UL
#define DIRECT_MAP_END 0xffff880000000000UL

static inline void *frame_map(mfn_t m)
{
	return (void *)(DIRECT_MAP_START + (m.n << PAGE_SHIFT));
}

static inline void frame_unmap(const void *page unused_arg)
{
}

/* The allocator's announcements, of use to the simulated machine only: it poisons free frames and
 * can be told to run out of memory. */
static inline void frame_mark_free(mfn_t first unused_arg, uint64_t count unused_arg)
{
}

static inline void frame_mark_used(mfn_t first unused_arg, uint64_t count unused_arg)
{
}

static inline bool frame_refuse_allocation(void)
{
	return false;
}

static inline void memory_mark_free(const void *start unused_arg, size_t bytes unused_arg)
{
}

static inline void memory_mark_used(const void *start unused_arg, size_t bytes unused_arg)
{
}

/* For memory the core allocated itself (heap, frame_alloc): its frame and machine address. */
static inline maddr_t pointer_to_maddr(const void *pointer)
{
	return maddr((uint64_t)pointer - DIRECT_MAP_START);
}

static inline mfn_t pointer_to_mfn(const void *pointer)
{
	return maddr_to_mfn(pointer_to_maddr(pointer));
}

#endif
