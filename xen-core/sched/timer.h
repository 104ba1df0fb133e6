/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: a heap per CPU ordered by expiry, one lock per CPU. Times are clock_now() nanoseconds.
 * The heap's links lie in the timers, so setting one cannot fail.
 * A timer runs on the CPU it was last set on, from SOFTIRQ_TIMER, with no lock held; it may set
 * itself again. timer_stop() on another CPU does not wait for a callback already running;
 * timer_kill() does, and nothing can set the timer afterwards.
 */
#ifndef SCHED_TIMER_H
#define SCHED_TIMER_H

#include "lib/types.h"

struct timer {
	uint64_t expires;
	void (*run)(void *data);
	void *data;
	uint32_t cpu;       /* whose heap it is or was last in */
	uint8_t state;      /* under that heap's lock, as are the links */
	struct timer *child;    /* first of those that expire no earlier */
	struct timer *next;     /* sibling */
	struct timer *previous; /* sibling, or the parent for the first child */
};

void timer_init(struct timer *timer, void (*run)(void *data), void *data, unsigned int cpu);
void timer_set(struct timer *timer, uint64_t expires);
void timer_stop(struct timer *timer);
void timer_kill(struct timer *timer);
/* Moves it to another CPU's heap, set or not. */
void timer_migrate(struct timer *timer, unsigned int cpu);
bool timer_is_set(const struct timer *timer);

/* Heaps for these CPUs; program(expires) arms the CPU's hardware timer (~0: nothing to wait
 * for). */
void timers_init(void (*program)(uint64_t expires), uint64_t (*now)(void));
/* The hardware timer's interrupt calls this; it raises SOFTIRQ_TIMER. */
void timers_interrupt(unsigned int cpu);
/* Earliest expiry on a CPU, ~0 if none: for tests and debug keys. */
uint64_t timers_next(unsigned int cpu);

#endif
