/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler with CPUs and time played by hand: each CPU picks when its softirq is raised or its
 * slice is over; the audit runs after every step.
 */
#include "machine/sim.h"
#include "unit/unit.h"

#include "machine/percpu.h"
#include "plat/clock.h"
#include "sched/sched.h"
#include "sched/softirq.h"

#include <xen/errno.h>

#include <stdlib.h>

#define MS 1000000UL
#define UNITS_MAX 12

static struct sched_unit *running[SIM_CPUS];
static uint64_t slice_end[SIM_CPUS];
static bool wanted[SIM_CPUS];
static unsigned int cpu_count;
static struct sched_group groups[UNITS_MAX];
static struct sched_unit units[UNITS_MAX];

static void want(unsigned int cpu)
{
	wanted[cpu] = true;
}

static void reschedule(unsigned int cpu)
{
	struct sched_unit *previous = running[cpu];

	sim_set_cpu(cpu);
	running[cpu] = sched_pick(cpu, previous, clock_now(), &slice_end[cpu]);
	if (previous && previous != running[cpu]) {
		sched_switched(cpu, previous);
	}
	sched_audit();
}

/* What the exit paths do at this instant, until nobody wants anything. */
static void settle(void)
{
	bool any;

	do {
		any = false;
		for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
			sim_set_cpu(cpu);
			softirq_run(cpu);
			if (wanted[cpu] || clock_now() >= slice_end[cpu]) {
				wanted[cpu] = false;
				reschedule(cpu);
				any = true;
			}
		}
	} while (any);
	sim_set_cpu(0);
}

static void run_until(uint64_t end)
{
	settle();
	while (clock_now() < end) {
		uint64_t next = end;

		for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
			if (slice_end[cpu] < next) {
				next = slice_end[cpu];
			}
		}
		sim_clock_set(next);
		settle();
	}
}

static void start(unsigned int cpus)
{
	cpu_count = cpus;
	sim_set_cpu_count(cpus);
	sched_init(clock_now);
	softirq_set_handler(SOFTIRQ_SCHEDULE, want);
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++) {
		running[cpu] = NULL;
		slice_end[cpu] = ~0UL;
		if (cpu < cpus) {
			sim_set_cpu(cpu);
			softirq_run(cpu);
			sched_cpu_online(cpu);
		}
		wanted[cpu] = false;
	}
	sim_set_cpu(0);
	for (unsigned int i = 0; i < UNITS_MAX; i++) {
		sched_group_init(&groups[i]);
		sched_unit_init(&units[i], &groups[i], 0);
	}
}

static void setup(void)
{
	sim_reset(256);
}

static void weight_zero_is_refused(void)
{
	start(1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 0, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(groups[0].weight, SCHED_WEIGHT_DEFAULT);
}

static void affinity_without_an_online_cpu_is_refused(void)
{
	struct cpu_set far = cpu_set_of(200);

	start(2);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &far, &far), -XEN_EINVAL);
	CU_ASSERT_TRUE(cpu_set_has(&units[0].hard, 1));
}

static void an_idle_machine_picks_nothing(void)
{
	start(2);
	reschedule(0);
	CU_ASSERT_PTR_NULL(running[0]);
	CU_ASSERT_EQUAL(slice_end[0], ~0UL);
	sim_clock_advance(5 * MS);
	CU_ASSERT_EQUAL(sched_idle_time(0), 5 * MS);
}

static void time_goes_by_weight(void)
{
	uint64_t total = 3000 * MS;

	start(1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[1], 512, 0), 0);
	sched_wake(&units[0]);
	sched_wake(&units[1]);
	run_until(clock_now() + total);
	CU_ASSERT_TRUE(sched_run_time(&units[0]) > total / 3 * 95 / 100);
	CU_ASSERT_TRUE(sched_run_time(&units[0]) < total / 3 * 105 / 100);
	CU_ASSERT_TRUE(sched_run_time(&units[1]) > total / 3 * 2 * 95 / 100);
}

static void three_equal_units_share_two_cpus_equally(void)
{
	uint64_t total = 3000 * MS;

	start(2);
	for (unsigned int i = 0; i < 3; i++) {
		sched_wake(&units[i]);
	}
	run_until(clock_now() + total);
	for (unsigned int i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(sched_run_time(&units[i]) > total * 2 / 3 * 95 / 100);
		CU_ASSERT_TRUE(sched_run_time(&units[i]) < total * 2 / 3 * 105 / 100);
	}
	CU_ASSERT_EQUAL(sched_idle_time(0) + sched_idle_time(1), 0);
}

static void a_woken_unit_prefers_an_idle_cpu(void)
{
	start(2);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	sched_wake(&units[1]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	CU_ASSERT_PTR_EQUAL(running[1], &units[1]);
}

static void hard_affinity_is_never_broken(void)
{
	struct cpu_set one = cpu_set_of(1);

	start(2);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &one, &one), 0);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[1], &one, &one), 0);
	sched_wake(&units[0]);
	sched_wake(&units[1]);
	run_until(clock_now() + 100 * MS);
	CU_ASSERT_PTR_NULL(running[0]);
	CU_ASSERT_TRUE(sched_run_time(&units[0]) + sched_run_time(&units[1]) == 100 * MS);
	CU_ASSERT_TRUE(sched_run_time(&units[0]) > 40 * MS);
}

static void a_running_unit_moves_when_its_affinity_changes(void)
{
	struct cpu_set one = cpu_set_of(1);

	start(2);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &one, &one), 0);
	settle();
	CU_ASSERT_PTR_NULL(running[0]);
	CU_ASSERT_PTR_EQUAL(running[1], &units[0]);
}

static void a_unit_whose_context_is_elsewhere_is_not_picked(void)
{
	start(2);
	sched_wake(&units[0]);
	settle();
	sched_sleep(&units[0]);
	sim_set_cpu(0);
	softirq_run(0);
	CU_ASSERT_PTR_NULL(sched_pick(0, &units[0], clock_now(), &slice_end[0]));
	running[0] = NULL;
	sched_wake(&units[0]);
	reschedule(1);
	CU_ASSERT_PTR_NULL(running[1]);
	sim_set_cpu(0);
	sched_switched(0, &units[0]);
	wanted[0] = false;
	settle();
	CU_ASSERT_TRUE(running[0] == &units[0] || running[1] == &units[0]);
}

static void waking_before_the_pick_cancels_sleeping(void)
{
	start(1);
	sched_wake(&units[0]);
	settle();
	sched_sleep(&units[0]);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
}

static void a_yielding_unit_lets_a_poorer_one_run(void)
{
	start(1);
	sched_wake(&units[0]);
	settle();
	sched_wake(&units[1]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	units[1].credit = 1;
	sched_unit_yield(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[1]);
}

static void an_hour_asleep_buys_no_monopoly(void)
{
	start(1);
	sched_wake(&units[0]);
	run_until(clock_now() + 5000 * MS);
	sched_wake(&units[1]);
	uint64_t before = sched_run_time(&units[0]);

	run_until(clock_now() + 200 * MS);
	CU_ASSERT_TRUE(sched_run_time(&units[0]) - before > 80 * MS);
}

/* --- caps ------------------------------------------------------------------------------------ */

static bool is_near(uint64_t time, uint64_t expected)
{
	return time > expected * 95 / 100 && time < expected * 105 / 100;
}

/* units[0] to units[count - 1] are one domain's and spin. What they ran in a second. */
static uint64_t run_capped(unsigned int cpus, unsigned int count, uint16_t cap)
{
	uint64_t time = 0;

	start(cpus);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], SCHED_WEIGHT_DEFAULT, cap), 0);
	for (unsigned int i = 0; i < count; i++) {
		sched_unit_init(&units[i], &groups[0], 0);
		sched_wake(&units[i]);
	}
	run_until(clock_now() + 1000 * MS);
	for (unsigned int i = 0; i < count; i++) {
		time += sched_run_time(&units[i]);
	}
	return time;
}

static void a_cap_holds_on_an_idle_machine(void)
{
	CU_ASSERT_TRUE(is_near(run_capped(1, 1, 50), 500 * MS));
	CU_ASSERT_TRUE(is_near(run_capped(4, 1, 25), 250 * MS));
	CU_ASSERT_TRUE(is_near(run_capped(1, 1, 99), 990 * MS));
	CU_ASSERT_TRUE(is_near(run_capped(2, 1, 1), 10 * MS));
}

static void a_cap_is_of_the_domain_not_of_a_unit(void)
{
	CU_ASSERT_TRUE(is_near(run_capped(2, 3, 30), 300 * MS));
	CU_ASSERT_TRUE(is_near(run_capped(2, 2, 150), 1500 * MS));
	CU_ASSERT_TRUE(is_near(run_capped(4, 4, 10), 100 * MS));
}

static void a_cap_of_all_cpus_takes_nothing(void)
{
	CU_ASSERT_EQUAL(run_capped(2, 2, 200), 2000 * MS);
	CU_ASSERT_EQUAL(run_capped(1, 1, 65535), 1000 * MS);
}

static void what_a_cap_withholds_goes_to_others(void)
{
	start(1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 65535, 20), 0);
	sched_wake(&units[0]);
	sched_wake(&units[1]);
	run_until(clock_now() + 1000 * MS);
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[0]), 200 * MS));
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[1]), 800 * MS));
	CU_ASSERT_EQUAL(sched_idle_time(0), 0);
}

static void below_their_caps_units_share_by_weight(void)
{
	start(1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 256, 90), 0);
	CU_ASSERT_EQUAL(sched_group_set(&groups[1], 512, 90), 0);
	sched_wake(&units[0]);
	sched_wake(&units[1]);
	run_until(clock_now() + 3000 * MS);
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[0]), 1000 * MS));
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[1]), 2000 * MS));
}

static void a_cap_set_or_lifted_is_felt_at_once(void)
{
	start(1);
	sched_wake(&units[0]);
	run_until(clock_now() + 100 * MS + 1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 256, 1), 0);
	run_until(clock_now() + 95 * MS);
	CU_ASSERT_TRUE(sched_run_time(&units[0]) < 102 * MS);
	CU_ASSERT_FALSE(sched_is_running(&units[0]));
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 256, 0), 0);
	settle();
	CU_ASSERT_TRUE(sched_is_running(&units[0]));
}

static void a_unit_below_its_cap_is_never_late(void)
{
	unsigned int late = 0;

	start(1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 256, 10), 0);
	sched_wake(&units[1]);
	for (unsigned int i = 0; i < 1000; i++) {
		run_until(clock_now() + MS);
		sched_wake(&units[0]);
		settle();
		late += sched_is_running(&units[0]) ? 0 : 1;
		run_until(clock_now() + 50000);
		sched_sleep(&units[0]);
		settle();
	}
	CU_ASSERT_EQUAL(late, 0);
}

static void an_hour_asleep_saves_no_cap(void)
{
	start(1);
	CU_ASSERT_EQUAL(sched_group_set(&groups[0], 256, 10), 0);
	run_until(clock_now() + 3600000 * MS);
	sched_wake(&units[0]);
	run_until(clock_now() + 1000 * MS);
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[0]), 100 * MS));
}

/* --- soft affinity, pins --------------------------------------------------------------------- */

static void prefer(unsigned int i, unsigned int cpu)
{
	struct cpu_set all, soft = cpu_set_of(cpu);

	cpu_set_fill(&all, CPUS_MAX);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[i], &all, &soft), 0);
}

static void a_unit_goes_where_it_prefers_if_that_is_idle(void)
{
	start(4);
	prefer(0, 2);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[2], &units[0]);
}

static void rather_elsewhere_than_not_at_all(void)
{
	start(2);
	prefer(0, 1);
	prefer(1, 1);
	sched_wake(&units[0]);
	sched_wake(&units[1]);
	run_until(clock_now() + 100 * MS);
	CU_ASSERT_EQUAL(sched_run_time(&units[0]) + sched_run_time(&units[1]), 200 * MS);
}

static void a_unit_returns_to_the_cpu_it_prefers(void)
{
	start(2);
	prefer(0, 1);
	prefer(1, 1);
	sched_wake(&units[0]);
	settle();
	sched_wake(&units[1]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[1], &units[0]);
	CU_ASSERT_PTR_EQUAL(running[0], &units[1]);
	sched_sleep(&units[0]);
	run_until(clock_now() + 20 * MS);
	CU_ASSERT_PTR_EQUAL(running[1], &units[1]);
	CU_ASSERT_PTR_NULL(running[0]);
}

static void a_pinned_unit_moves_at_once_and_returns_its_affinity(void)
{
	struct cpu_set both;

	cpu_set_fill(&both, 2);
	start(2);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	CU_ASSERT_EQUAL(sched_pin(&units[0], 1), 0);
	settle();
	CU_ASSERT_PTR_EQUAL(running[1], &units[0]);
	CU_ASSERT_EQUAL(sched_pin(&units[0], 0), -XEN_EBUSY);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &both, &both), -XEN_EBUSY);
	CU_ASSERT_EQUAL(sched_pin(&units[0], -1), 0);
	CU_ASSERT_TRUE(cpu_set_has(&units[0].hard, 0));
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &both, &both), 0);
	CU_ASSERT_EQUAL(sched_pin(&units[0], -1), -XEN_EINVAL);
}

static void a_unit_is_not_pinned_to_a_cpu_that_is_not_there(void)
{
	start(2);
	CU_ASSERT_EQUAL(sched_pin(&units[0], 2), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pin(&units[0], CPUS_MAX), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pin(&units[0], INT32_MAX), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pin(&units[0], -1), -XEN_EINVAL);
	CU_ASSERT_TRUE(cpu_set_has(&units[0].hard, 0));
}

/* --- pools ----------------------------------------------------------------------------------- */

/* A new pool with these CPUs, taken from pool 0. */
static uint32_t pool_of(unsigned int first, unsigned int end)
{
	uint32_t id = SCHED_ANY;

	CU_ASSERT_EQUAL(sched_pool_create(&id), 0);
	for (unsigned int cpu = first; cpu < end; cpu++) {
		CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, cpu), 0);
		CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, cpu), 0);
	}
	return id;
}

static bool pool_has(uint32_t id, unsigned int cpu)
{
	struct sched_pool pool = sched_pool_info(id);

	return cpu_set_has(&pool.cpus, cpu);
}

static void pools_are_numbered_from_the_lowest_and_run_out(void)
{
	uint32_t id = 5;

	start(1);
	CU_ASSERT_EQUAL(sched_pool_create(&id), 0);
	CU_ASSERT_EQUAL(sched_pool_create(&id), -XEN_EEXIST);
	for (uint32_t i = 1; i < SCHED_POOLS; i++) {
		if (i != 5) {
			id = SCHED_ANY;
			CU_ASSERT_EQUAL(sched_pool_create(&id), 0);
			CU_ASSERT_EQUAL(id, i);
		}
	}
	id = SCHED_ANY;
	CU_ASSERT_EQUAL(sched_pool_create(&id), -XEN_ENOMEM);
	id = SCHED_POOL_FREE;
	CU_ASSERT_EQUAL(sched_pool_create(&id), -XEN_ENOMEM);
	CU_ASSERT_FALSE(sched_pool_info(SCHED_POOL_FREE + 1).exists);
	CU_ASSERT_EQUAL(sched_pool_destroy(7), 0);
	CU_ASSERT_EQUAL(sched_pool_destroy(7), -XEN_ENOENT);
	CU_ASSERT_EQUAL(sched_pool_destroy(SCHED_POOL_FREE), -XEN_ENOENT);
}

static void a_cpu_changes_pools_only_when_it_may(void)
{
	uint32_t id = SCHED_ANY;

	start(3);
	CU_ASSERT_EQUAL(sched_pool_create(&id), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 3), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, CPUS_MAX), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, 1), -XEN_ENODEV);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, SCHED_ANY), -XEN_ENODEV);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(id, SCHED_POOL_FREE, 1), -XEN_ENODEV);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(id, SCHED_POOL_FREE, SCHED_ANY), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(2, SCHED_POOL_FREE, 1), -XEN_ENOENT);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, SCHED_POOL_FREE, 1), -XEN_ENOENT);
	CU_ASSERT_EQUAL(sched_pin(&units[0], 1), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 1), -XEN_EADDRINUSE);
	CU_ASSERT_EQUAL(sched_pin(&units[0], -1), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 1), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, SCHED_ANY), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 2), -XEN_EBUSY);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, SCHED_ANY), 0);
	CU_ASSERT_TRUE(pool_has(id, 0));
	CU_ASSERT_TRUE(pool_has(SCHED_POOL_FREE, 1));
	CU_ASSERT_EQUAL(sched_pool_destroy(id), -XEN_EBUSY);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(id, SCHED_POOL_FREE, SCHED_ANY), 0);
	CU_ASSERT_EQUAL(sched_pool_destroy(id), 0);
	settle();
}

static void a_pool_with_a_group_keeps_a_cpu_and_stays(void)
{
	uint32_t id = SCHED_ANY;

	start(2);
	CU_ASSERT_EQUAL(sched_pool_create(&id), 0);
	CU_ASSERT_EQUAL(sched_pool_move(&groups[0], id), -XEN_ENOENT);
	CU_ASSERT_EQUAL(sched_pool_move(&groups[0], id + 1), -XEN_ENOENT);
	CU_ASSERT_EQUAL(sched_pool_move(&groups[0], SCHED_POOL_FREE), -XEN_ENOENT);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 1), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, 1), 0);
	CU_ASSERT_EQUAL(sched_pool_move(&groups[0], id), 0);
	CU_ASSERT_EQUAL(sched_pool_info(id).groups, 1);
	CU_ASSERT_EQUAL(sched_pool_info(0).groups, UNITS_MAX - 1);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(id, SCHED_POOL_FREE, 1), -XEN_EBUSY);
	CU_ASSERT_EQUAL(sched_pool_destroy(id), -XEN_EBUSY);
	sched_group_fini(&groups[0]);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(id, SCHED_POOL_FREE, 1), 0);
	CU_ASSERT_EQUAL(sched_pool_destroy(id), 0);
	settle();
}

static void a_running_group_moves_to_the_cpus_of_its_new_pool(void)
{
	uint32_t id;

	start(4);
	id = pool_of(2, 4);
	for (unsigned int i = 0; i < 3; i++) {
		sched_wake(&units[i]);
	}
	settle();
	CU_ASSERT(running[0] && running[1] && !running[2] && !running[3]);
	CU_ASSERT_EQUAL(sched_pool_move(&groups[0], id), 0);
	settle();
	CU_ASSERT_EQUAL(units[0].state, SCHED_RUNNING);
	CU_ASSERT(units[0].cpu == 2 || units[0].cpu == 3);
	CU_ASSERT(sched_is_running(&units[1]) && sched_is_running(&units[2]));
	/* One that waits, too, and finds a CPU at once. */
	sched_wake(&units[3]);
	settle();
	CU_ASSERT_EQUAL(units[3].state, SCHED_QUEUED);
	CU_ASSERT_EQUAL(sched_pool_move(&groups[3], id), 0);
	settle();
	CU_ASSERT(sched_is_running(&units[3]) && units[3].cpu >= 2);
}

static void a_cpu_without_a_pool_runs_nothing(void)
{
	start(2);
	sched_wake(&units[0]);
	sched_wake(&units[1]);
	settle();
	CU_ASSERT(running[0] && running[1]);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 1), 0);
	settle();
	CU_ASSERT_PTR_NULL(running[1]);
	run_until(clock_now() + 100 * MS);
	CU_ASSERT_PTR_NULL(running[1]);
	CU_ASSERT(sched_run_time(&units[0]) > 40 * MS && sched_run_time(&units[1]) > 40 * MS);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, 0, 1), 0);
	settle();
	CU_ASSERT(running[0] && running[1]);
}

static void affinity_holds_again_when_its_cpu_is_back(void)
{
	struct cpu_set one = cpu_set_of(1);

	start(2);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &one, &one), 0);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[1], &units[0]);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 1), 0);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	CU_ASSERT_TRUE(cpu_set_eq(&units[0].hard, &one));
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &one, &one), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pin(&units[0], 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, 0, 1), 0);
	settle();
	CU_ASSERT_PTR_EQUAL(running[1], &units[0]);
}

static void a_pin_ends_although_its_old_affinity_left_the_pool(void)
{
	struct cpu_set one = cpu_set_of(1);

	start(2);
	CU_ASSERT_EQUAL(sched_set_affinity(&units[0], &one, &one), 0);
	CU_ASSERT_EQUAL(sched_pin(&units[0], 0), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 1), 0);
	CU_ASSERT_EQUAL(sched_pin(&units[0], -1), 0);
	sched_wake(&units[0]);
	settle();
	CU_ASSERT_PTR_EQUAL(running[0], &units[0]);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, 0, 1), 0);
	settle();
	CU_ASSERT_PTR_EQUAL(running[1], &units[0]);
}

static void weights_hold_in_a_pool_beside_a_busy_one(void)
{
	uint32_t id;

	start(2);
	id = pool_of(1, 2);
	CU_ASSERT_EQUAL(sched_group_set(&groups[1], 512, 0), 0);
	for (unsigned int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(sched_pool_move(&groups[i], i < 2 ? id : 0), 0);
		sched_wake(&units[i]);
	}
	run_until(clock_now() + 3000 * MS);
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[0]), 1000 * MS));
	CU_ASSERT_TRUE(is_near(sched_run_time(&units[1]), 2000 * MS));
	CU_ASSERT_EQUAL(sched_run_time(&units[2]), 3000 * MS);
}

/* One hog per CPU; a light unit that sleeps 1 ms and runs 50 us must start at once each time. */
static void a_light_sleeper_preempts_hogs_at_once(void)
{
	struct sched_unit *sleeper = &units[5];
	unsigned int late = 0;

	start(2);
	for (unsigned int i = 0; i < 2; i++) {
		sched_wake(&units[i]);
	}
	for (unsigned int i = 0; i < 5000; i++) {
		run_until(clock_now() + MS);
		sched_wake(sleeper);
		settle();
		if (!sched_is_running(sleeper)) {
			late++;
		}
		run_until(clock_now() + 50000);
		sched_sleep(sleeper);
		settle();
	}
	CU_ASSERT_EQUAL(late, 0);
}

static void no_unit_is_lost_in_a_long_random_run(void)
{
	bool awake[UNITS_MAX] = {false};
	uint64_t last_seen[UNITS_MAX];

	start(4);
	srand(3);
	for (unsigned int i = 0; i < UNITS_MAX; i++) {
		CU_ASSERT_EQUAL(sched_group_set(&groups[i], (uint16_t)(64 << (i % 4)),
						i % 3 == 0 ? 40 : 0), 0);
		last_seen[i] = clock_now();
	}
	(void)pool_of(4, 4);
	for (unsigned int step = 0; step < 30000; step++) {
		unsigned int i = (unsigned int)rand() % UNITS_MAX;
		unsigned int cpu = (unsigned int)rand() % 4;
		struct cpu_set hard;
		int err;

		switch (rand() % 10) {
		case 0:
		case 1:
		case 2:
			awake[i] = true;
			last_seen[i] = clock_now();
			sched_wake(&units[i]);
			break;
		case 3:
		case 4:
			awake[i] = false;
			sched_sleep(&units[i]);
			break;
		case 5:
			sched_unit_yield(&units[i]);
			break;
		case 6:
			cpu_set_fill(&hard, 4);
			if (rand() % 2) {
				hard = cpu_set_of(cpu);
			}
			err = sched_set_affinity(&units[i], &hard, &hard);
			CU_ASSERT(!err ||
				  (err == -XEN_EINVAL && !pool_has(groups[i].pool, cpu)));
			break;
		case 7:
			err = sched_pool_move(&groups[i], step % 2);
			CU_ASSERT(!err || err == -XEN_ENOENT);
			break;
		case 8:
			/* From one pool to the other, unless a group there has no more. */
			err = sched_pool_give_cpu(step % 2, SCHED_POOL_FREE, cpu);
			CU_ASSERT(!err || err == -XEN_ENODEV || err == -XEN_EBUSY);
			if (!err) {
				CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, 1 - step % 2,
								    cpu), 0);
			}
			break;
		default:
			sim_clock_advance((uint64_t)rand() % (3 * MS));
			break;
		}
		if (rand() % 2) {
			settle();
			for (unsigned int k = 0; k < UNITS_MAX; k++) {
				if ((units[k].state != SCHED_ASLEEP) != awake[k]) {
					CU_FAIL("state");
					return;
				}
				if (!awake[k] || sched_is_running(&units[k])) {
					last_seen[k] = clock_now();
				} else if (clock_now() - last_seen[k] > 2000 * MS) {
					CU_FAIL("starved");
					return;
				}
			}
		}
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(weight_zero_is_refused),
		UNIT(affinity_without_an_online_cpu_is_refused),
		UNIT(an_idle_machine_picks_nothing),
		UNIT(time_goes_by_weight),
		UNIT(three_equal_units_share_two_cpus_equally),
		UNIT(a_woken_unit_prefers_an_idle_cpu),
		UNIT(hard_affinity_is_never_broken),
		UNIT(a_running_unit_moves_when_its_affinity_changes),
		UNIT(a_unit_whose_context_is_elsewhere_is_not_picked),
		UNIT(waking_before_the_pick_cancels_sleeping),
		UNIT(a_yielding_unit_lets_a_poorer_one_run),
		UNIT(an_hour_asleep_buys_no_monopoly),
		UNIT(a_cap_holds_on_an_idle_machine),
		UNIT(a_cap_is_of_the_domain_not_of_a_unit),
		UNIT(a_cap_of_all_cpus_takes_nothing),
		UNIT(what_a_cap_withholds_goes_to_others),
		UNIT(below_their_caps_units_share_by_weight),
		UNIT(a_cap_set_or_lifted_is_felt_at_once),
		UNIT(a_unit_below_its_cap_is_never_late),
		UNIT(an_hour_asleep_saves_no_cap),
		UNIT(a_unit_goes_where_it_prefers_if_that_is_idle),
		UNIT(rather_elsewhere_than_not_at_all),
		UNIT(a_unit_returns_to_the_cpu_it_prefers),
		UNIT(a_pinned_unit_moves_at_once_and_returns_its_affinity),
		UNIT(a_unit_is_not_pinned_to_a_cpu_that_is_not_there),
		UNIT(pools_are_numbered_from_the_lowest_and_run_out),
		UNIT(a_cpu_changes_pools_only_when_it_may),
		UNIT(a_pool_with_a_group_keeps_a_cpu_and_stays),
		UNIT(a_running_group_moves_to_the_cpus_of_its_new_pool),
		UNIT(a_cpu_without_a_pool_runs_nothing),
		UNIT(affinity_holds_again_when_its_cpu_is_back),
		UNIT(a_pin_ends_although_its_old_affinity_left_the_pool),
		UNIT(weights_hold_in_a_pool_beside_a_busy_one),
		UNIT(a_light_sleeper_preempts_hogs_at_once),
		UNIT(no_unit_is_lost_in_a_long_random_run),
	};

	return unit_main("sched_credit", tests, array_size(tests), setup);
}
