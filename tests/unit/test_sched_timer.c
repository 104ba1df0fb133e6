/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers and the softirqs that run them, with the clock moved by hand. */
#include "machine/sim.h"
#include "unit/unit.h"

#include "machine/percpu.h"
#include "plat/clock.h"
#include "sched/softirq.h"
#include "sched/timer.h"

#include <stdlib.h>

#define START 1000000000UL

static unsigned int runs;
static uint64_t order[16];

static void count_run(void *data)
{
	if (runs < array_size(order)) {
		order[runs] = (uint64_t)data;
	}
	runs++;
}

static void setup(void)
{
	sim_reset(256);
	timers_init(clock_program, clock_now);
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++) {
		sim_set_cpu(cpu);
		softirq_run(cpu);
	}
	sim_set_cpu(0);
	sim_kicks_clear();
	runs = 0;
}

static void expire(unsigned int cpu, uint64_t now)
{
	sim_set_cpu(cpu);
	sim_clock_set(now);
	timers_interrupt(cpu);
	softirq_run(cpu);
}

static void timers_run_in_order_of_expiry(void)
{
	struct timer t[5];
	static const uint64_t when[5] = {50, 10, 40, 20, 30};

	for (uint64_t i = 0; i < 5; i++) {
		timer_init(&t[i], count_run, (void *)when[i], 0);
		timer_set(&t[i], START + when[i]);
	}
	CU_ASSERT_EQUAL(timers_next(0), START + 10);
	CU_ASSERT_EQUAL(sim_clock_programmed(0), START + 10);
	expire(0, START + 35);
	CU_ASSERT_EQUAL(runs, 3);
	CU_ASSERT_EQUAL(order[0], 10);
	CU_ASSERT_EQUAL(order[2], 30);
	CU_ASSERT_EQUAL(sim_clock_programmed(0), START + 40);
	expire(0, START + 60);
	CU_ASSERT_EQUAL(runs, 5);
	CU_ASSERT_EQUAL(sim_clock_programmed(0), ~0UL);
}

static void a_stopped_timer_does_not_run(void)
{
	struct timer t;

	timer_init(&t, count_run, NULL, 0);
	timer_stop(&t);
	timer_set(&t, START + 5);
	CU_ASSERT_TRUE(timer_is_set(&t));
	timer_stop(&t);
	CU_ASSERT_FALSE(timer_is_set(&t));
	expire(0, START + 10);
	CU_ASSERT_EQUAL(runs, 0);
}

static void a_killed_timer_cannot_be_set(void)
{
	struct timer t;

	timer_init(&t, count_run, NULL, 0);
	timer_set(&t, START + 5);
	timer_kill(&t);
	timer_set(&t, START + 6);
	CU_ASSERT_FALSE(timer_is_set(&t));
	expire(0, START + 10);
	CU_ASSERT_EQUAL(runs, 0);
}

static void an_earlier_timer_for_another_cpu_kicks_it(void)
{
	struct timer a, b;

	timer_init(&a, count_run, NULL, 2);
	timer_init(&b, count_run, NULL, 2);
	timer_set(&a, START + 100);
	CU_ASSERT_EQUAL(sim_kicks(2), 1);
	CU_ASSERT_EQUAL(sim_clock_programmed(2), ~0UL);
	sim_set_cpu(2);
	softirq_run(2);
	CU_ASSERT_EQUAL(sim_clock_programmed(2), START + 100);
	sim_set_cpu(0);
	timer_set(&b, START + 200);
	CU_ASSERT_EQUAL(sim_kicks(2), 1);
	timer_set(&b, START + 50);
	CU_ASSERT_EQUAL(sim_kicks(2), 2);
}

static void a_migrated_timer_runs_on_its_new_cpu(void)
{
	struct timer t;

	timer_init(&t, count_run, NULL, 0);
	timer_set(&t, START + 5);
	timer_migrate(&t, 1);
	CU_ASSERT_EQUAL(timers_next(0), ~0UL);
	CU_ASSERT_EQUAL(timers_next(1), START + 5);
	expire(0, START + 10);
	CU_ASSERT_EQUAL(runs, 0);
	expire(1, START + 10);
	CU_ASSERT_EQUAL(runs, 1);
}

static struct timer again;

static void set_again(void *data unused_arg)
{
	runs++;
	timer_set(&again, clock_now());
}

static void a_timer_that_sets_itself_does_not_hold_the_cpu(void)
{
	timer_init(&again, set_again, NULL, 0);
	timer_set(&again, START);
	expire(0, START + 1);
	CU_ASSERT_TRUE(runs >= 1 && runs < 1000);
	CU_ASSERT_TRUE(softirq_is_pending(0));
	timer_kill(&again);
}

/* Against the obvious model: an array searched from end to end. */
static void random_operations_agree_with_a_plain_array(void)
{
	static struct timer t[64];
	uint64_t when[64] = {0};
	uint64_t now = START;
	unsigned int expected = 0;

	srand(7);
	for (uint64_t i = 0; i < 64; i++) {
		timer_init(&t[i], count_run, (void *)i, 0);
	}
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)rand() % 64;
		uint64_t least = ~0UL;

		if (rand() % 4 == 0) {
			timer_stop(&t[i]);
			when[i] = 0;
		} else {
			when[i] = now + 1 + (uint64_t)rand() % 1000;
			timer_set(&t[i], when[i]);
		}
		if (rand() % 8 == 0) {
			now += (uint64_t)rand() % 300;
			for (unsigned int k = 0; k < 64; k++) {
				if (when[k] != 0 && when[k] <= now) {
					when[k] = 0;
					expected++;
				}
			}
			expire(0, now);
		}
		for (unsigned int k = 0; k < 64; k++) {
			if (when[k] != 0 && when[k] < least) {
				least = when[k];
			}
		}
		if (timers_next(0) != least || runs != expected) {
			CU_FAIL("heap and model differ");
			return;
		}
	}
}

static void a_softirq_of_another_cpu_kicks_it_once(void)
{
	softirq_raise(3, SOFTIRQ_SCHEDULE);
	softirq_raise(3, SOFTIRQ_SCHEDULE);
	softirq_raise(3, SOFTIRQ_DUMP);
	CU_ASSERT_EQUAL(sim_kicks(3), 2);
	CU_ASSERT_TRUE(softirq_is_pending(3));
	softirq_raise(0, SOFTIRQ_DUMP);
	CU_ASSERT_EQUAL(sim_kicks(0), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(timers_run_in_order_of_expiry),
		UNIT(a_stopped_timer_does_not_run),
		UNIT(a_killed_timer_cannot_be_set),
		UNIT(an_earlier_timer_for_another_cpu_kicks_it),
		UNIT(a_migrated_timer_runs_on_its_new_cpu),
		UNIT(a_timer_that_sets_itself_does_not_hold_the_cpu),
		UNIT(random_operations_agree_with_a_plain_array),
		UNIT(a_softirq_of_another_cpu_kicks_it_once),
	};

	return unit_main("sched_timer", tests, array_size(tests), setup);
}
