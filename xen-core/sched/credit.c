/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credit: nanoseconds of CPU time at the default weight. Running costs time * 256 / weight; when
 * the unit next in line has nothing left, as many periods are added to everybody as it takes to
 * bring that unit above zero. So while CPUs are contended, time goes by weight.
 *
 * Nobody who wants to run is raised above two periods: an idle hour buys no hour of monopoly. A
 * unit that sleeps through a top-up comes back with up to a bonus more than that: a vcpu that runs
 * a little and sleeps a little is always ahead of those that burn all they get, and is preempted in
 * favour of none of them.
 *
 * Each pool has its own top-ups. They are counted; sleeping units are not visited but catch up when
 * they wake. The map that a top-up applies is monotonic, so the run queue stays in order.
 *
 * A cap is a budget that the units of a group use up together and that is refilled every
 * CAP_PERIOD. What they run beyond it, several at a time or for SLICE_CAPPED_MIN, is paid by later
 * refills; what they leave is lost.
 */
#include "sched/credit.h"

#include "lib/math.h"
#include "lib/mem.h"

static uint64_t periods_begun[SCHED_POOLS + 1];

void credit_init(void)
{
	memset(periods_begun, 0, sizeof(periods_begun));
}

void credit_unit_init(struct sched_unit *unit)
{
	unit->credit = CREDIT_PERIOD;
	unit->period = periods_begun[unit->group->pool];
}

int64_t credit_price(const struct sched_unit *unit, uint64_t ns)
{
	uint16_t weight = unit->group->weight;

	if (weight == SCHED_WEIGHT_DEFAULT) {
		return (int64_t)ns;
	}
	return (int64_t)(ns * SCHED_WEIGHT_DEFAULT / weight);
}

uint64_t credit_time(const struct sched_unit *unit, int64_t credit)
{
	return credit <= 0 ? 0 : (uint64_t)credit * unit->group->weight / SCHED_WEIGHT_DEFAULT;
}

void credit_wake(struct sched_unit *unit)
{
	uint64_t missed = periods_begun[unit->group->pool] - unit->period;
	int64_t most = CREDIT_MAX + CREDIT_SLEEP_BONUS;

	unit->period = periods_begun[unit->group->pool];
	if (missed == 0) {
		return;
	}
	/* Debts are some seconds at most: so many periods repay any. What is below zero, after a
	 * move from a pool that began more, counts as that many. */
	if (missed > 1UL << 32) {
		missed = 1UL << 32;
	}
	unit->credit += (int64_t)missed * CREDIT_PERIOD;
	if (unit->credit > most) {
		unit->credit = most;
	}
}

uint64_t credit_begin_top_up(const struct sched_unit *unit)
{
	uint64_t periods = (uint64_t)-unit->credit / CREDIT_PERIOD + 1;

	periods_begun[unit->group->pool] += periods;
	return periods;
}

void credit_top_up(struct sched_unit *unit, uint64_t periods)
{
	unit->period += periods;
	if (unit->credit >= CREDIT_MAX) {
		return;
	}
	unit->credit += (int64_t)periods * CREDIT_PERIOD;
	if (unit->credit > CREDIT_MAX) {
		unit->credit = CREDIT_MAX;
	}
}

bool credit_may_run(struct sched_group *group, uint64_t now, uint64_t *again)
{
	int64_t share = (int64_t)(group->cap * (CAP_PERIOD / 100));

	if (share == 0) {
		return true;
	}
	if (now >= group->refill) {
		uint64_t periods = (now - group->refill) / CAP_PERIOD + 1;

		group->refill += periods * CAP_PERIOD;
		if (periods > (uint64_t)((share - group->budget) / share)) {
			group->budget = share;
		} else {
			group->budget += (int64_t)periods * share;
		}
	}
	if (group->budget <= 0) {
		*again = min_u64(*again,
				 group->refill + (uint64_t)(-group->budget / share) * CAP_PERIOD);
	}
	return group->budget > 0;
}

uint64_t credit_slice(const struct sched_unit *unit, const struct sched_unit *next)
{
	uint64_t slice = SLICE_MAX;

	if (next) {
		slice = min_u64(slice, SLICE_MIN + credit_time(unit, unit->credit - next->credit));
	}
	if (unit->group->cap != 0) {
		slice = min_u64(slice, max_u64(SLICE_CAPPED_MIN, (uint64_t)unit->group->budget));
	}
	return slice;
}
