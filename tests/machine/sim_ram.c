/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated RAM, frame table and M2P: three reservations of address space. Only the pages that
 * stand for declared RAM can be touched, so a look at the table entry of a frame that is not RAM
 * (outside any 2 MiB granule with RAM) ends the test as it would end the machine.
 */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/check.h"
#include "machine/frames.h"
#include "mm/buddy.h"
#include "mm/frame.h"
#include "mm/heap.h"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#define GRANULE_FRAMES 512UL

static uint8_t *arena;
static uint64_t declared_end;
static uint64_t allocations_left;

static void *reserve(void *old, size_t bytes)
{
	void *p = mmap(old, bytes, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (old ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED) {
		panic("cannot reserve %zu bytes", bytes);
	}
	return p;
}

static void make_usable(void *start, size_t bytes)
{
	if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) {
		panic("mprotect fails");
	}
	__asan_unpoison_memory_region(start, bytes);
}

void sim_ram_reset(void)
{
	if (arena) {
		__asan_unpoison_memory_region(arena, declared_end << PAGE_SHIFT);
	}
	arena = reserve(arena, SIM_FRAMES << PAGE_SHIFT);
	frame_table = reserve(frame_table, SIM_FRAMES * sizeof(struct frame));
	m2p_table = reserve(m2p_table, SIM_FRAMES * sizeof(uint64_t));
	declared_end = 0;
	frame_end = 0;
	allocations_left = ~0UL;
	frame_init();
	heap_init();
	buddy_init();
}

void sim_add_ram(mfn_t first, uint64_t count)
{
	uint64_t end = first.n + count;
	uint64_t low = first.n & ~(GRANULE_FRAMES - 1);
	uint64_t high = (end + GRANULE_FRAMES - 1) & ~(GRANULE_FRAMES - 1);

	assert(end <= SIM_FRAMES);
	make_usable(arena + (first.n << PAGE_SHIFT), count << PAGE_SHIFT);
	make_usable(&frame_table[low], (high - low) * sizeof(struct frame));
	make_usable(&m2p_table[low], (high - low) * sizeof(uint64_t));
	if (end > declared_end) {
		declared_end = end;
		frame_end = end;
	}
	frame_declare(first, count);
}

void sim_reset_bare(uint64_t ram_frames)
{
	sim_lock_reset();
	sim_cpu_reset();
	sim_tlb_reset();
	sim_clock_reset();
	sim_guest_reset();
	sim_tables_reset();
	sim_lapic_reset();
	sim_ram_reset();
	if (ram_frames != 0) {
		sim_add_ram(mfn(SIM_RAM_FIRST), ram_frames);
	}
}

void sim_reset(uint64_t ram_frames)
{
	sim_reset_bare(ram_frames);
	if (ram_frames != 0) {
		buddy_add(mfn(SIM_RAM_FIRST), ram_frames);
	}
}

void sim_fail_allocation_after(uint64_t n)
{
	allocations_left = n;
}

bool sim_is_poisoned(mfn_t m)
{
	return __asan_address_is_poisoned(arena + (m.n << PAGE_SHIFT)) != 0;
}

bool frame_refuse_allocation(void)
{
	if (sim_point_fails()) {
		return true;
	}
	if (allocations_left == ~0UL) {
		return false;
	}
	if (allocations_left == 0) {
		return true;
	}
	allocations_left--;
	return false;
}

void *frame_map(mfn_t m)
{
	if (!frame_is_valid(m)) {
		panic("frame_map: frame %#lx is not RAM", m.n);
	}
	return arena + (m.n << PAGE_SHIFT);
}

void frame_unmap(const void *page unused_arg)
{
}

void frame_mark_free(mfn_t first, uint64_t count)
{
	__asan_poison_memory_region(arena + (first.n << PAGE_SHIFT), count << PAGE_SHIFT);
}

void frame_mark_used(mfn_t first, uint64_t count)
{
	__asan_unpoison_memory_region(arena + (first.n << PAGE_SHIFT), count << PAGE_SHIFT);
}

void memory_mark_free(const void *start, size_t bytes)
{
	__asan_poison_memory_region(start, bytes);
}

void memory_mark_used(const void *start, size_t bytes)
{
	__asan_unpoison_memory_region(start, bytes);
}

maddr_t pointer_to_maddr(const void *pointer)
{
	const uint8_t *p = pointer;

	if (p < arena || p >= arena + (declared_end << PAGE_SHIFT)) {
		panic("pointer_to_maddr: %p is not simulated RAM", pointer);
	}
	return maddr((uint64_t)(p - arena));
}
