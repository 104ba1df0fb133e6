/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much CPU time a unit has a claim to. Under the sched lock.
 */
#ifndef SCHED_CREDIT_H
#define SCHED_CREDIT_H

#include "sched/sched.h"

#define CREDIT_PERIOD 10000000L
/* Above this a top-up gives nothing to a unit that is not asleep. More than one period, because the
 * units of other CPUs may have some left when this CPU's best has none. */
#define CREDIT_MAX (2 * CREDIT_PERIOD)
/* What a unit that slept through a top-up may have beyond that: it comes before all hogs. */
#define CREDIT_SLEEP_BONUS 2500000L
/* Differences in credit not worth moving a unit to another CPU for. */
#define CREDIT_NEAR 500000L
#define SLICE_MIN 2000000UL
#define SLICE_CAPPED_MIN 200000UL
#define SLICE_MAX 10000000UL
#define CAP_PERIOD 10000000UL

void credit_init(void);
void credit_unit_init(struct sched_unit *unit);
/* Time to credit and back at the unit's weight. */
int64_t credit_price(const struct sched_unit *unit, uint64_t ns);
uint64_t credit_time(const struct sched_unit *unit, int64_t credit);
/* Catches up with the top-ups slept through. */
void credit_wake(struct sched_unit *unit);
/* For the unit that is to run although it has no credit left: how many top-ups it takes; the
 * caller applies them to every unit that is not asleep. */
uint64_t must_check credit_begin_top_up(const struct sched_unit *unit);
void credit_top_up(struct sched_unit *unit, uint64_t periods);
/* Whether its cap, if any, lets the group run. If not, *again is lowered to when it will. */
bool credit_may_run(struct sched_group *group, uint64_t now, uint64_t *again);
/* How long it may run when the next in line has that much; ns. */
uint64_t credit_slice(const struct sched_unit *unit, const struct sched_unit *next);

#endif
