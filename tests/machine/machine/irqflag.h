/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of the simulated machine arrive only in irq_window() and irq_wait(), by calling
 * sim_irq_hook; both panic when a lock is held.
 */
#ifndef MACHINE_IRQFLAG_H
#define MACHINE_IRQFLAG_H

#include "lib/types.h"

void irq_window(void);
void irq_wait(void);
void irq_off(void);

#endif
