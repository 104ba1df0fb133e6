/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticket locks: what is not inline in lock_ops.h. A ticket is served when the low half of the word
 * reaches it; whoever unlocks moves that half on.
 */
#include "machine/lock.h"

#include "machine/cpu.h"
#include "machine/tlb.h"

void spin_wait(struct spinlock *lock, uint16_t turn)
{
	while (atomic_read_acquire(&lock->serving) != turn) {
		tlb_poll();
		cpu_pause();
	}
}

bool spin_try_lock(struct spinlock *lock)
{
	uint32_t seen = atomic_read(&lock->tickets);

	return (seen >> 16) == (seen & 0xffff) &&
	       atomic_compare_exchange(&lock->tickets, &seen, seen + 0x10000u);
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	spin_lock(a < b ? a : b);
	if (a != b) {
		spin_lock(a < b ? b : a);
	}
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	spin_unlock(a);
	if (a != b) {
		spin_unlock(b);
	}
}
