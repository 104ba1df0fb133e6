/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticket spinlocks with ranks (lib/lock_order.def, outermost first). Taking a lock of equal or
 * lower rank than one held is an error of ours; spin_lock_pair() takes two of one rank in address
 * order. A CPU that waits answers TLB flush requests meanwhile (tlb_poll), because the holder may
 * be waiting for exactly that: the core runs with interrupts off.
 *
 * The simulated machine checks ranks and holders; the real one does not (docs/decisions/0006).
 */
#ifndef MACHINE_LOCK_H
#define MACHINE_LOCK_H

#include "lib/types.h"

enum lock_rank {
#define LOCK(name, what) LOCK_RANK_##name,
#include "lib/lock_order.def"
#undef LOCK
	LOCK_RANKS
};

struct spinlock {
	union {
		uint32_t tickets; /* (a) next << 16 | serving */
		uint16_t serving;
	};
	uint16_t holder; /* simulated machine only: cpu + 1, 0: free */
	uint8_t rank;
};

#define SPINLOCK(name) {.tickets = 0, .holder = 0, .rank = LOCK_RANK_##name}
#define spin_init(lock, name) (*(lock) = (struct spinlock)SPINLOCK(name))

bool must_check spin_try_lock(struct spinlock *lock);
/* a may equal b: then it is taken once. */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);

/* spin_lock(), spin_unlock(), lock_held(): inline on the real machine. */
#include "machine/lock_ops.h"

#endif
