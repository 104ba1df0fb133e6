/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two hot operations of machine/lock.h, inline: one locked instruction to take a free lock, one
 * plain one to give it back.
 */
#ifndef MACHINE_LOCK_OPS_H
#define MACHINE_LOCK_OPS_H

#include "machine/atomic.h"
#include "machine/lock.h"

/* Waits until it is this ticket's turn. */
void spin_wait(struct spinlock *lock, uint16_t turn);

static inline void spin_lock(struct spinlock *lock)
{
	uint32_t mine = __atomic_fetch_add(&lock->tickets, 0x10000u, __ATOMIC_ACQUIRE);

	if (__builtin_expect((mine >> 16) != (mine & 0xffff), 0)) {
		spin_wait(lock, (uint16_t)(mine >> 16));
	}
}

static inline void spin_unlock(struct spinlock *lock)
{
	/* Only the holder writes this half; the addition of those who come is locked and leaves
	 * it. */
	__asm__ volatile("incw %0" : "+m"(lock->serving) : : "memory", "cc");
}

/* By somebody: whether by this CPU the simulated machine knows. */
static inline bool lock_held(const struct spinlock *lock)
{
	uint32_t tickets = atomic_read(&lock->tickets);

	return (tickets >> 16) != (tickets & 0xffff);
}

#endif
