/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated RAM: one big reservation of host memory in which only declared RAM can be touched, at
 * host address base + mfn * 4096. Free frames and free heap objects are poisoned for ASan.
 */
#ifndef MACHINE_FRAMES_H
#define MACHINE_FRAMES_H

#include "x86/addr.h"

#define DIRECT_MAP_START 0xffff830000000000UL
#define DIRECT_MAP_END 0xffff880000000000UL

/* Panics when the frame is not simulated RAM. */
void *frame_map(mfn_t m);
void frame_unmap(const void *page);
void frame_mark_free(mfn_t first, uint64_t count);
void frame_mark_used(mfn_t first, uint64_t count);
/* True when the test wants this allocation to fail: sim_fail_allocation_after(). */
bool frame_refuse_allocation(void);
void memory_mark_free(const void *start, size_t bytes);
void memory_mark_used(const void *start, size_t bytes);
maddr_t pointer_to_maddr(const void *pointer);

static inline mfn_t pointer_to_mfn(const void *pointer)
{
	return maddr_to_mfn(pointer_to_maddr(pointer));
}

#endif
