/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticket locks with ranks. Each CPU keeps the ranks it holds as a bit mask: taking a lock whose
 * rank, or any deeper one, is in the mask is an error of ours.
 */
#include "machine/lock.h"

#include "lib/check.h"
#include "machine/atomic.h"
#include "machine/cpu.h"
#include "machine/percpu.h"
#include "machine/tlb.h"

static const char *const rank_names[LOCK_RANKS] = {
#define LOCK(name, what) #name,
#include "lib/lock_order.def"
#undef LOCK
};

static uint64_t held_ranks[CPUS_MAX];

static void take_rank(const struct spinlock *lock, unsigned int cpu)
{
	uint64_t deeper_or_equal = ~0UL << lock->rank;

	if (__builtin_expect((held_ranks[cpu] & deeper_or_equal) != 0, 0)) {
		panic("lock order: taking %s while holding %s", rank_names[lock->rank],
		      rank_names[63 - __builtin_clzl(held_ranks[cpu])]);
	}
	held_ranks[cpu] |= 1UL << lock->rank;
}

static void acquire(struct spinlock *lock, unsigned int cpu)
{
	uint32_t mine = atomic_add(&lock->tickets, 0x10000u) - 0x10000u;
	uint16_t turn = (uint16_t)(mine >> 16);

	while ((uint16_t)atomic_read_acquire(&lock->tickets) != turn) {
		tlb_poll();
		cpu_pause();
	}
	lock->holder = (uint16_t)(cpu + 1);
}

void spin_lock(struct spinlock *lock)
{
	unsigned int cpu = this_cpu();

	take_rank(lock, cpu);
	acquire(lock, cpu);
}

bool spin_try_lock(struct spinlock *lock)
{
	unsigned int cpu = this_cpu();
	uint32_t seen = atomic_read(&lock->tickets);

	if ((seen >> 16) != (seen & 0xffff)) {
		return false;
	}
	if (!atomic_compare_exchange(&lock->tickets, &seen, seen + 0x10000u)) {
		return false;
	}
	take_rank(lock, cpu);
	lock->holder = (uint16_t)(cpu + 1);
	return true;
}

static void release(struct spinlock *lock)
{
	uint16_t *serving = (uint16_t *)(void *)&lock->tickets;

	lock->holder = 0;
	atomic_write_release(serving, (uint16_t)(*serving + 1));
}

void spin_unlock(struct spinlock *lock)
{
	held_ranks[this_cpu()] &= ~(1UL << lock->rank);
	release(lock);
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	unsigned int cpu = this_cpu();
	struct spinlock *first = a < b ? a : b;

	take_rank(first, cpu);
	acquire(first, cpu);
	if (a != b) {
		acquire(a < b ? b : a, cpu);
	}
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	held_ranks[this_cpu()] &= ~(1UL << a->rank);
	release(a);
	if (a != b) {
		release(b);
	}
}

bool lock_held(const struct spinlock *lock)
{
	return lock->holder == this_cpu() + 1;
}

bool lock_none_held(void)
{
	return held_ranks[this_cpu()] == 0;
}
