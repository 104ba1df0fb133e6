/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interrupt flag. The core runs with interrupts off; they are taken in guest mode, in
 * irq_wait() (idle) and in irq_window(), which is called with no lock held, on the way back to a
 * guest only. So no lock is ever taken in an interrupt that code below it already holds
 * (docs/decisions/0001).
 */
#ifndef MACHINE_IRQFLAG_H
#define MACHINE_IRQFLAG_H

#include "lib/types.h"

/* Lets pending interrupts in, then turns them off again. */
static inline void irq_window(void)
{
	__asm__ volatile("sti; nop; nop; cli" ::: "memory");
}

/* Sleeps until an interrupt arrives, takes it, returns with interrupts off. */
static inline void irq_wait(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

static inline void irq_off(void)
{
	__asm__ volatile("cli" ::: "memory");
}

#endif
