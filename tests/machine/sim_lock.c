/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of the simulated machine. One host thread plays all CPUs, so waiting would be for ever: a
 * lock that is not free is a panic, and so is taking one out of the order of lock_order.def.
 */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/lock.h"
#include "machine/percpu.h"

#define HELD_MAX 16

static struct {
	struct spinlock *lock[HELD_MAX];
	unsigned int count;
} held[CPUS_MAX];

static const char *const rank_name[] = {
#define LOCK(name, what) #name,
#include "lib/lock_order.def"
#undef LOCK
};

void sim_lock_reset(void)
{
	memset(held, 0, sizeof(held));
}

static void check_rank(const struct spinlock *lock, const struct spinlock *partner)
{
	unsigned int cpu = this_cpu();

	for (unsigned int i = 0; i < held[cpu].count; i++) {
		const struct spinlock *other = held[cpu].lock[i];

		if (other->rank >= lock->rank && other != partner) {
			panic("lock %s taken while holding %s", rank_name[lock->rank],
			      rank_name[other->rank]);
		}
	}
}

static void take(struct spinlock *lock)
{
	unsigned int cpu = this_cpu();

	if (lock->holder != 0) {
		panic("deadlock: lock %s is held by CPU %u", rank_name[lock->rank],
		      lock->holder - 1U);
	}
	assert(held[cpu].count < HELD_MAX);
	held[cpu].lock[held[cpu].count++] = lock;
	lock->holder = (uint16_t)(cpu + 1);
}

void spin_lock(struct spinlock *lock)
{
	check_rank(lock, NULL);
	take(lock);
}

bool spin_try_lock(struct spinlock *lock)
{
	if (lock->holder != 0) {
		return false;
	}
	take(lock);
	return true;
}

void spin_unlock(struct spinlock *lock)
{
	unsigned int cpu = this_cpu();
	unsigned int i = 0;

	if (!lock_held(lock)) {
		panic("unlock of %s, which this CPU does not hold", rank_name[lock->rank]);
	}
	lock->holder = 0;
	while (held[cpu].lock[i] != lock) {
		i++;
	}
	held[cpu].count--;
	for (; i < held[cpu].count; i++) {
		held[cpu].lock[i] = held[cpu].lock[i + 1];
	}
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	struct spinlock *first = a < b ? a : b;
	struct spinlock *second = a < b ? b : a;

	assert(a->rank == b->rank);
	spin_lock(first);
	if (first != second) {
		check_rank(second, first);
		take(second);
	}
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	spin_unlock(a);
	if (a != b) {
		spin_unlock(b);
	}
}

bool lock_held(const struct spinlock *lock)
{
	return lock->holder == this_cpu() + 1;
}

bool lock_none_held(void)
{
	return held[this_cpu()].count == 0;
}
