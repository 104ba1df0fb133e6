/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The budget of one stay in the core. Interrupts are off here, so nobody can interrupt long work:
 * it interrupts itself. Each entry from a guest starts with RESTART_UNITS units; restart_wanted()
 * spends one and is true when none is left. One unit is at most about a thousand instructions, so
 * no stay is longer than 100,000.
 *
 * What is spent is a 64-bit word of the CPU's own, set to 0 by the exit path: nobody spends as much
 * in one stay as would make it wrap around.
 */
#ifndef DOMAIN_RESTART_H
#define DOMAIN_RESTART_H

#include "machine/percpu.h"

#define RESTART_UNITS 48

/* The exit path, before it returns to a guest. */
static inline void restart_reset(void)
{
	cpu_local()->units_spent = 0;
}

/* Spends several units. */
static inline void restart_spend(unsigned int units)
{
	cpu_local()->units_spent += units;
}

/* True if nothing is spent yet. */
static inline bool restart_is_fresh(void)
{
	return cpu_local()->units_spent == 0;
}

/* True if what may take most of a stay had better begin in a new one. */
static inline bool restart_is_late(void)
{
	return cpu_local()->units_spent >= RESTART_UNITS / 3;
}

/* Spends one unit. */
static inline bool must_check restart_wanted(void)
{
	return ++cpu_local()->units_spent >= RESTART_UNITS;
}

#endif
