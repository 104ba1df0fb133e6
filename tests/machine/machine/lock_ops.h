/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks of the simulated machine: sim_lock.c.
 */
#ifndef MACHINE_LOCK_OPS_H
#define MACHINE_LOCK_OPS_H

#include "machine/lock.h"

void spin_lock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);
bool lock_held(const struct spinlock *lock);
/* True if this CPU holds no lock at all: required before guest memory is copied. */
bool lock_none_held(void);

#endif
