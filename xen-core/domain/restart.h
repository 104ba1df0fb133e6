/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The budget of one stay in the core. Interrupts are off here, so nobody can interrupt long work:
 * it interrupts itself. Each entry from a guest starts with RESTART_UNITS units; restart_wanted()
 * spends one and is true when none is left. One unit is at most about a thousand instructions, so
 * no stay is longer than 100,000.
 */
#ifndef DOMAIN_RESTART_H
#define DOMAIN_RESTART_H

#include "lib/types.h"

#define RESTART_UNITS 64

/* The exit path, before it returns to a guest. */
void restart_reset(void);
/* Spends one unit (or several). */
bool must_check restart_wanted(void);
void restart_spend(unsigned int units);

#endif
