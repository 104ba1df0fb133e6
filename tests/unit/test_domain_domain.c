/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's life with three invented parts that can be told to fail or to take several steps. */
#include "domain/domain.h"
#include "machine/sim.h"
#include "unit/unit.h"

#include "domain/guest_ops.h"
#include "domain/part.h"
#include "machine/percpu.h"
#include "mm/heap.h"
#include "plat/clock.h"
#include "sched/softirq.h"

#include <string.h>
#include <xen/errno.h>
#include <xen/sched.h>

#define SECOND 1000000000UL

static int create_error[3];
static unsigned int teardown_steps[3], shrink_steps[3];
static unsigned int created, freed;
static char teardown_order[16];
static unsigned int exceptions, suspends, ends;

static int create_part(unsigned int i)
{
	if (create_error[i]) {
		return create_error[i];
	}
	created++;
	return 0;
}

static int teardown_part(unsigned int i)
{
	size_t length = strlen(teardown_order);

	if (length + 1 < sizeof(teardown_order)) {
		teardown_order[length] = (char)('a' + i);
	}
	if (teardown_steps[i] > 1) {
		teardown_steps[i]--;
		return -XEN_ERESTART;
	}
	return 0;
}

/* The steps it takes until little is left to free. */
static bool shrink_part(unsigned int i)
{
	if (shrink_steps[i] == 0) {
		return true;
	}
	shrink_steps[i]--;
	return false;
}

#define PART(letter, index)                                                        \
	static int create_##letter(struct domain *d)                               \
	{                                                                          \
		return create_part(index);                                         \
	}                                                                          \
	static int teardown_##letter(struct domain *d)                             \
	{                                                                          \
		return teardown_part(index);                                       \
	}                                                                          \
	static void free_##letter(struct domain *d)                                \
	{                                                                          \
		freed++;                                                           \
	}                                                                          \
	static bool shrink_##letter(struct domain *d)                              \
	{                                                                          \
		return shrink_part(index);                                         \
	}                                                                          \
	static const struct domain_part part_##letter = {                          \
		#letter, create_##letter, teardown_##letter, free_##letter, shrink_##letter};

PART(a, 0)
PART(b, 1)
PART(c, 2)

const struct domain_part *const domain_parts[] = {&part_a, &part_b, &part_c, NULL};

static const struct guest_ops ops = {.name = "test", .is_pv = true};

static void count_exception(void)
{
	exceptions++;
}

static void count_suspend(struct domain *d, uint32_t port)
{
	suspends += port == 7;
}

static void count_end(uint8_t reason)
{
	ends += reason == SHUTDOWN_reboot;
}

/* All CPUs leave the core. */
static void pass_exit_paths(void)
{
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++) {
			sim_set_cpu(cpu);
			softirq_run(cpu);
			domain_exit_path_passed(cpu);
			softirq_run(cpu);
		}
	}
	sim_set_cpu(0);
}

static void setup(void)
{
	sim_reset(512);
	timers_init(clock_program, clock_now);
	sched_init(clock_now);
	domains_init();
	domain_exception_hook = count_exception;
	domain_suspend_hook = count_suspend;
	domain_hardware_shutdown_hook = count_end;
	pass_exit_paths();
	memset(create_error, 0, sizeof(create_error));
	memset(teardown_steps, 0, sizeof(teardown_steps));
	memset(shrink_steps, 0, sizeof(shrink_steps));
	memset(teardown_order, 0, sizeof(teardown_order));
	created = freed = exceptions = suspends = ends = 0;
}

static struct domain *make(uint16_t id)
{
	struct domain_config config = {.max_vcpus = 1};
	struct domain *d = NULL;
	static struct vcpu *none[1];

	CU_ASSERT_EQUAL_FATAL(domain_create(id, &config, &ops, id == 0, &d), 0);
	d->vcpus = none;
	return d;
}

static void destroy(struct domain *d)
{
	int err;

	do {
		err = domain_kill(d);
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	pass_exit_paths();
}

static void a_domain_needs_a_sane_number_of_vcpus(void)
{
	struct domain_config config = {.max_vcpus = 0};
	struct domain *d;

	CU_ASSERT_EQUAL(domain_create(1, &config, &ops, false, &d), -XEN_EINVAL);
	config.max_vcpus = DOMAIN_VCPUS_MAX + 1;
	CU_ASSERT_EQUAL(domain_create(1, &config, &ops, false, &d), -XEN_EINVAL);
}

static void failed_creation_leaves_nothing(void)
{
	struct domain_config config = {.max_vcpus = 1};
	uint64_t used = heap_used();
	struct domain *d;

	for (unsigned int i = 0; i < 3; i++) {
		created = freed = 0;
		memset(teardown_order, 0, sizeof(teardown_order));
		create_error[i] = -XEN_ENOSPC;
		CU_ASSERT_EQUAL(domain_create(5, &config, &ops, false, &d), -XEN_ENOSPC);
		create_error[i] = 0;
		CU_ASSERT_EQUAL(created, i);
		CU_ASSERT_EQUAL(freed, i);
		CU_ASSERT_PTR_NULL(domain_find(5));
		CU_ASSERT_EQUAL(heap_used(), used);
	}
	CU_ASSERT_STRING_EQUAL(teardown_order, "ba");
	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(domain_create(5, &config, &ops, false, &d), -XEN_ENOMEM);
	sim_fail_allocation_after(~0UL);
}

static void a_domain_is_born_paused_and_found(void)
{
	struct domain *d = make(5);

	CU_ASSERT_EQUAL(d->control_pause_count, 1);
	CU_ASSERT_EQUAL(d->life, DOMAIN_NEW);
	CU_ASSERT_PTR_EQUAL(domain_find(5), d);
	CU_ASSERT_PTR_NULL(domain_find(261));
	CU_ASSERT_PTR_EQUAL(domain_find_from(2), d);
	CU_ASSERT_PTR_NULL(domain_find_from(6));
	CU_ASSERT_EQUAL(domain_control_unpause(d), 0);
	CU_ASSERT_EQUAL(d->life, DOMAIN_ALIVE);
	CU_ASSERT_EQUAL(domain_control_unpause(d), -XEN_EINVAL);
	destroy(d);
}

static void ids_that_share_a_hash_bucket_are_told_apart(void)
{
	struct domain *a = make(3);
	struct domain *b = make(259);

	CU_ASSERT_PTR_EQUAL(domain_find(3), a);
	CU_ASSERT_PTR_EQUAL(domain_find(259), b);
	CU_ASSERT_PTR_EQUAL(domain_find_from(4), b);
	destroy(a);
	CU_ASSERT_PTR_NULL(domain_find(3));
	CU_ASSERT_PTR_EQUAL(domain_find(259), b);
	destroy(b);
}

static void ids_are_not_reused_soon(void)
{
	uint16_t first, second;

	CU_ASSERT_EQUAL(domain_choose_id(&first), 0);
	struct domain *d = make(first);

	destroy(d);
	CU_ASSERT_EQUAL(domain_choose_id(&second), 0);
	CU_ASSERT_EQUAL(second, first + 1);
	for (unsigned int i = second; i < DOMID_FIRST_RESERVED; i++) {
		CU_ASSERT_EQUAL_FATAL(domain_choose_id(&second), 0);
		CU_ASSERT_FATAL(second != 0 && second < DOMID_FIRST_RESERVED);
	}
	CU_ASSERT_EQUAL(second, 1);
}

static void killing_goes_on_where_it_stopped(void)
{
	struct domain *d = make(5);

	teardown_steps[1] = 3;
	CU_ASSERT_EQUAL(domain_kill(d), -XEN_ERESTART);
	CU_ASSERT_TRUE(domain_is_dying(d));
	CU_ASSERT_EQUAL(d->life, DOMAIN_DYING);
	CU_ASSERT_EQUAL(domain_kill(d), -XEN_ERESTART);
	CU_ASSERT_EQUAL(exceptions, 0);
	CU_ASSERT_EQUAL(domain_kill(d), 0);
	CU_ASSERT_STRING_EQUAL(teardown_order, "cbbba");
	CU_ASSERT_EQUAL(exceptions, 1);
	CU_ASSERT_EQUAL(d->life, DOMAIN_DEAD);
	CU_ASSERT_EQUAL(domain_kill(d), 0);
	pass_exit_paths();
	CU_ASSERT_EQUAL(freed, 3);
}

static void a_dead_domain_stays_while_it_is_referenced(void)
{
	struct domain *d = make(5);

	CU_ASSERT_TRUE(domain_get(d));
	destroy(d);
	CU_ASSERT_EQUAL(freed, 0);
	CU_ASSERT_PTR_EQUAL(domain_find(5), d);
	domain_put(d);
	pass_exit_paths();
	CU_ASSERT_EQUAL(freed, 3);
	CU_ASSERT_EQUAL(exceptions, 2);
	CU_ASSERT_PTR_NULL(domain_find(5));
}

static void a_domain_holds_its_pool_until_it_is_gone(void)
{
	struct domain_config config = {.max_vcpus = 1, .pool = 1};
	static struct vcpu *none[1];
	struct domain *d;
	uint32_t id = 1;

	CU_ASSERT_EQUAL(domain_create(5, &config, &ops, false, &d), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pool_info(0).groups, 0);
	sched_cpu_online(0);
	CU_ASSERT_EQUAL(sched_pool_create(&id), 0);
	CU_ASSERT_EQUAL(domain_create(5, &config, &ops, false, &d), -XEN_EINVAL);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(0, SCHED_POOL_FREE, 0), 0);
	CU_ASSERT_EQUAL(sched_pool_give_cpu(SCHED_POOL_FREE, id, 0), 0);
	CU_ASSERT_EQUAL_FATAL(domain_create(5, &config, &ops, false, &d), 0);
	d->vcpus = none;
	CU_ASSERT_TRUE(domain_get(d));
	destroy(d);
	CU_ASSERT_EQUAL(sched_pool_info(id).groups, 1);
	domain_put(d);
	pass_exit_paths();
	CU_ASSERT_EQUAL(sched_pool_info(id).groups, 0);
}

static void a_big_domain_is_freed_in_shares(void)
{
	struct domain *d = make(5);
	unsigned int left;

	shrink_steps[1] = 1000;
	CU_ASSERT_EQUAL(domain_kill(d), 0);
	pass_exit_paths();
	left = shrink_steps[1];
	CU_ASSERT(left > 0 && left < 1000);
	softirq_run(0);
	CU_ASSERT(left - shrink_steps[1] <= 4);
	for (unsigned int i = 0; freed < 3 && i < 1000; i++) {
		pass_exit_paths();
	}
	CU_ASSERT_EQUAL(freed, 3);
	CU_ASSERT_EQUAL(shrink_steps[1], 0);
}

static void a_borrowed_domain_outlives_its_last_reference(void)
{
	uint64_t used = heap_used();
	struct domain *d = make(5);

	CU_ASSERT_EQUAL(domain_kill(d), 0);
	softirq_run(0);
	CU_ASSERT_PTR_NULL(domain_find(5));
	CU_ASSERT_FALSE(domain_get(d));
	/* CPU 3 has not passed its exit path: it may still hold d. */
	for (unsigned int cpu = 0; cpu < 3; cpu++) {
		sim_set_cpu(cpu);
		domain_exit_path_passed(cpu);
		softirq_run(cpu);
	}
	CU_ASSERT_EQUAL(freed, 0);
	CU_ASSERT_EQUAL(d->id, 5);
	sim_set_cpu(3);
	CU_ASSERT_TRUE(softirq_is_pending(3));
	softirq_run(3);
	domain_exit_path_passed(3);
	softirq_run(3);
	CU_ASSERT_EQUAL(freed, 3);
	CU_ASSERT_EQUAL(heap_used(), used);
}

static void the_first_reason_to_shut_down_wins(void)
{
	struct domain *d = make(5);

	domain_preset_shutdown_code(d, SHUTDOWN_reboot);
	domain_shutdown(d, SHUTDOWN_poweroff);
	domain_crash(d, "test %d", 1);
	CU_ASSERT_TRUE(d->is_shut_down);
	CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_reboot);
	CU_ASSERT_EQUAL(exceptions, 1);
	domain_resume(d);
	CU_ASSERT_FALSE(d->is_shut_down);
	CU_ASSERT_EQUAL(d->shutdown_code, 0xff);
	CU_ASSERT_EQUAL(d->pause_count, 0);
	destroy(d);
}

static void a_suspend_goes_to_the_subscribed_port(void)
{
	struct domain *d = make(5);

	d->suspend_port = 7;
	domain_shutdown(d, SHUTDOWN_suspend);
	CU_ASSERT_EQUAL(suspends, 1);
	CU_ASSERT_EQUAL(exceptions, 0);
	destroy(d);
}

static void the_hardware_domains_shutdown_is_the_machines(void)
{
	struct domain *d = make(0);

	CU_ASSERT_TRUE(d->is_hardware);
	CU_ASSERT_PTR_EQUAL(domain_hardware, d);
	domain_shutdown(d, SHUTDOWN_reboot);
	CU_ASSERT_EQUAL(ends, 1);
	destroy(d);
	CU_ASSERT_PTR_NULL(domain_hardware);
}

static void a_watchdog_bites_when_not_fed(void)
{
	struct domain *d = make(5);

	CU_ASSERT_EQUAL(domain_watchdog(d, 0, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(domain_watchdog(d, 3, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(domain_watchdog(d, 1, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(domain_watchdog(d, 0, 10), 1);
	CU_ASSERT_EQUAL(domain_watchdog(d, 0, 20), 2);
	CU_ASSERT_EQUAL(domain_watchdog(d, 0, 20), -XEN_ENOSPC);
	CU_ASSERT_EQUAL(domain_watchdog(d, 2, 0), 0);
	CU_ASSERT_EQUAL(domain_watchdog(d, 1, 30), 0);
	sim_clock_advance(20 * SECOND);
	timers_interrupt(0);
	softirq_run(0);
	CU_ASSERT_FALSE(d->is_shut_down);
	sim_clock_advance(11 * SECOND);
	timers_interrupt(0);
	softirq_run(0);
	CU_ASSERT_TRUE(d->is_shut_down);
	CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_watchdog);
	destroy(d);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_domain_needs_a_sane_number_of_vcpus),
		UNIT(failed_creation_leaves_nothing),
		UNIT(a_domain_is_born_paused_and_found),
		UNIT(ids_that_share_a_hash_bucket_are_told_apart),
		UNIT(ids_are_not_reused_soon),
		UNIT(killing_goes_on_where_it_stopped),
		UNIT(a_dead_domain_stays_while_it_is_referenced),
		UNIT(a_domain_holds_its_pool_until_it_is_gone),
		UNIT(a_big_domain_is_freed_in_shares),
		UNIT(a_borrowed_domain_outlives_its_last_reference),
		UNIT(the_first_reason_to_shut_down_wins),
		UNIT(a_suspend_goes_to_the_subscribed_port),
		UNIT(the_hardware_domains_shutdown_is_the_machines),
		UNIT(a_watchdog_bites_when_not_fed),
	};

	return unit_main("domain_domain", tests, array_size(tests), setup);
}
