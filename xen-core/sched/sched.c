/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run queue for each pool, richest unit first, and one lock: every choice sees all units of the
 * pool, so shares are right across its CPUs and no CPU idles while a unit it may run waits. Waiting
 * units are few; if that lock ever shows, the answer is a lock for each pool.
 *
 * When a pool gets or loses a CPU or a group, all CPUs choose again: those that run what they no
 * longer may give it up, those that may run more than before find it.
 *
 * A unit that becomes ready pokes one CPU: an idle one in its affinity (the one it last ran on, one
 * it prefers, any), else the one whose running unit is poorest, if poorer than itself. Poked idle
 * CPUs leave the idle set at once, so that two wakings poke two CPUs.
 *
 * on_cpu: set by sched_pick() with the lock held, cleared by sched_switched() without it, after
 * the context is saved. While it is set only that CPU may pick the unit; whoever clears it then
 * looks whether the unit became ready meanwhile and pokes again.
 */
#include "sched/sched.h"

#include "lib/check.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/atomic.h"
#include "machine/lock.h"
#include "sched/credit.h"
#include "sched/softirq.h"

#include <xen/errno.h>

struct sched_cpu {
	struct sched_unit *running; /* NULL: idle */
	uint64_t idle_since;
	uint64_t idle_time;
	uint32_t pool;
	uint32_t pins; /* units that sched_pin() holds here */
};

static struct spinlock lock = SPINLOCK(sched);
static struct list queues[SCHED_POOLS + 1]; /* of the pools */
static unsigned int queue_length;
static struct cpu_set online;
static struct sched_pool pools[SCHED_POOLS + 1];
static struct cpu_set idle; /* idle and not poked yet */
static struct sched_cpu cpus[CPUS_MAX];
static uint64_t (*time_now)(void);

void sched_init(uint64_t (*now)(void))
{
	time_now = now;
	spin_init(&lock, sched);
	queue_length = 0;
	cpu_set_zero(&online);
	cpu_set_zero(&idle);
	memset(pools, 0, sizeof(pools));
	for (unsigned int i = 0; i < array_size(queues); i++) {
		list_init(&queues[i]);
	}
	pools[0].exists = pools[SCHED_POOL_FREE].exists = true;
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		cpus[cpu] = (struct sched_cpu){0};
	}
	credit_init();
}

void sched_cpu_online(unsigned int cpu)
{
	spin_lock(&lock);
	cpus[cpu].idle_since = time_now();
	cpu_set_add(&online, cpu);
	cpu_set_add(&idle, cpu);
	cpu_set_add(&pools[0].cpus, cpu);
	spin_unlock(&lock);
}

/* --- groups and units ------------------------------------------------------------------------ */

void sched_group_init(struct sched_group *group)
{
	*group = (struct sched_group){.weight = SCHED_WEIGHT_DEFAULT};
	spin_lock(&lock);
	pools[0].groups++;
	spin_unlock(&lock);
}

void sched_group_fini(struct sched_group *group)
{
	spin_lock(&lock);
	pools[group->pool].groups--;
	spin_unlock(&lock);
}

static void poke_all(void)
{
	unsigned int cpu;

	cpu_set_zero(&idle);
	cpu_set_for_each(cpu, &online) {
		softirq_raise(cpu, SOFTIRQ_SCHEDULE);
	}
}

int sched_group_set(struct sched_group *group, uint16_t weight, uint16_t cap)
{
	if (weight == 0) {
		return -XEN_EINVAL;
	}
	spin_lock(&lock);
	*group = (struct sched_group){weight, cap, .refill = time_now(), .pool = group->pool};
	/* Its units may run, or wait, for too long as things are now. */
	poke_all();
	spin_unlock(&lock);
	return 0;
}

void sched_unit_init(struct sched_unit *unit, struct sched_group *group, unsigned int first_cpu)
{
	*unit = (struct sched_unit){.group = group, .cpu = first_cpu, .state = SCHED_ASLEEP};
	list_init(&unit->queue_link);
	cpu_set_fill(&unit->hard, CPUS_MAX);
	cpu_set_fill(&unit->soft, CPUS_MAX);
	spin_lock(&lock);
	credit_unit_init(unit);
	spin_unlock(&lock);
}

void sched_unit_fini(struct sched_unit *unit)
{
	assert(unit->state == SCHED_ASLEEP);
	assert(!atomic_read(&unit->on_cpu));
}

bool sched_is_running(const struct sched_unit *unit)
{
	return atomic_read(&unit->state) == SCHED_RUNNING;
}

/* --- queue ----------------------------------------------------------------------------------- */

static void enqueue(struct sched_unit *unit)
{
	struct sched_unit *other;

	list_for_each_entry(other, &queues[unit->group->pool], struct sched_unit, queue_link) {
		if (other->credit < unit->credit) {
			break;
		}
	}
	list_add_tail(&other->queue_link, &unit->queue_link);
	queue_length++;
	atomic_write(&unit->state, SCHED_QUEUED);
}

static void dequeue(struct sched_unit *unit)
{
	list_remove(&unit->queue_link);
	queue_length--;
}

static struct cpu_set usable(const struct sched_unit *unit)
{
	const struct cpu_set *pool = &pools[unit->group->pool].cpus;
	struct cpu_set set;

	cpu_set_and(&set, &unit->hard, pool);
	return cpu_set_is_empty(&set) ? *pool : set;
}

static bool may_run_on(const struct sched_unit *unit, unsigned int cpu)
{
	struct cpu_set set = usable(unit);

	return cpu_set_has(&set, cpu) &&
	       (unit->cpu == cpu || !atomic_read_acquire(&unit->on_cpu));
}

/* The richest unit that may run here; among those about as rich, one that was here last, or one
 * that prefers this CPU. *again is lowered to when a capped one may that may not now. */
static struct sched_unit *find_candidate(unsigned int cpu, uint64_t now, uint64_t *again)
{
	struct sched_unit *unit;
	struct sched_unit *best = NULL;
	int64_t enough = 0;

	list_for_each_entry(unit, &queues[cpus[cpu].pool], struct sched_unit, queue_link) {
		if (best && unit->credit < enough) {
			break;
		}
		if (!may_run_on(unit, cpu) || !credit_may_run(unit->group, now, again)) {
			continue;
		}
		if (unit->cpu == cpu && cpu_set_has(&unit->soft, cpu)) {
			return unit;
		}
		if (!best) {
			best = unit;
			enough = unit->credit - CREDIT_NEAR;
		} else if (cpu_set_has(&unit->soft, cpu) && !cpu_set_has(&best->soft, cpu)) {
			best = unit;
		}
	}
	return best;
}

/* --- poking ---------------------------------------------------------------------------------- */

static unsigned int find_idle(const struct sched_unit *unit)
{
	struct cpu_set preferred, fit = usable(unit);

	cpu_set_and(&fit, &fit, &idle);
	cpu_set_and(&preferred, &fit, &unit->soft);
	if (!cpu_set_is_empty(&preferred)) {
		fit = preferred;
	}
	return cpu_set_has(&fit, unit->cpu) ? unit->cpu : cpu_set_first(&fit);
}

static unsigned int find_poorest(const struct sched_unit *unit)
{
	uint64_t now = time_now();
	int64_t least = unit->credit;
	unsigned int poorest = CPUS_MAX;
	struct cpu_set set = usable(unit);
	unsigned int cpu;

	cpu_set_for_each(cpu, &set) {
		const struct sched_unit *running = cpus[cpu].running;
		int64_t credit;

		if (!running) {
			continue;
		}
		credit = running->credit - credit_price(running, now - running->run_start);
		if (credit < least ||
		    (credit == least && poorest != CPUS_MAX && cpu == unit->cpu)) {
			least = credit;
			poorest = cpu;
		}
	}
	return poorest;
}

/* Finds a CPU for a queued unit, if one is idle or runs something poorer. One that yielded does not
 * take a CPU back before somebody's slice is over. */
static void poke_for(struct sched_unit *unit)
{
	unsigned int cpu;

	/* The state was written before on_cpu is read; sched_switched() does the reverse. */
	atomic_fence();
	if (atomic_read(&unit->on_cpu)) {
		return;
	}
	cpu = find_idle(unit);
	if (cpu != CPUS_MAX) {
		cpu_set_remove(&idle, cpu);
	} else if (!unit->yielding) {
		cpu = find_poorest(unit);
	}
	if (cpu != CPUS_MAX) {
		softirq_raise(cpu, SOFTIRQ_SCHEDULE);
	}
}

/* --- waking and sleeping --------------------------------------------------------------------- */

void sched_wake(struct sched_unit *unit)
{
	spin_lock(&lock);
	if (unit->state == SCHED_ASLEEP) {
		unit->yielding = false;
		credit_wake(unit);
		enqueue(unit);
		poke_for(unit);
	} else {
		unit->sleep_wanted = false;
	}
	spin_unlock(&lock);
}

void sched_sleep(struct sched_unit *unit)
{
	spin_lock(&lock);
	if (unit->state == SCHED_QUEUED) {
		dequeue(unit);
		atomic_write(&unit->state, SCHED_ASLEEP);
	} else if (unit->state == SCHED_RUNNING) {
		unit->sleep_wanted = true;
		softirq_raise(unit->cpu, SOFTIRQ_SCHEDULE);
	}
	spin_unlock(&lock);
}

void sched_unit_yield(struct sched_unit *unit)
{
	spin_lock(&lock);
	if (unit->state == SCHED_RUNNING) {
		unit->yielding = true;
		softirq_raise(unit->cpu, SOFTIRQ_SCHEDULE);
	}
	spin_unlock(&lock);
}

static int set_affinity(struct sched_unit *unit, const struct cpu_set *hard,
			const struct cpu_set *soft)
{
	if (!cpu_set_intersects(hard, &pools[unit->group->pool].cpus)) {
		return -XEN_EINVAL;
	}
	unit->hard = *hard;
	unit->soft = *soft;
	if (unit->state == SCHED_QUEUED) {
		poke_for(unit);
	} else if (unit->state == SCHED_RUNNING && !cpu_set_has(hard, unit->cpu)) {
		softirq_raise(unit->cpu, SOFTIRQ_SCHEDULE);
	}
	return 0;
}

int sched_set_affinity(struct sched_unit *unit, const struct cpu_set *hard,
		       const struct cpu_set *soft)
{
	int err;

	spin_lock(&lock);
	err = unit->pinned ? -XEN_EBUSY : set_affinity(unit, hard, soft);
	spin_unlock(&lock);
	return err;
}

int sched_pin(struct sched_unit *unit, int32_t cpu)
{
	struct cpu_set wanted;
	int err = -XEN_EINVAL;

	spin_lock(&lock);
	if (unit->pinned && cpu < 0) {
		/* What it returns to may have left the pool meanwhile. */
		cpus[cpu_set_first(&unit->hard)].pins--;
		unit->hard = unit->unpinned;
		unit->pinned = false;
		poke_all();
		err = 0;
	} else if (unit->pinned) {
		err = -XEN_EBUSY;
	} else if (cpu >= 0 && cpu < CPUS_MAX) {
		unit->unpinned = unit->hard;
		wanted = cpu_set_of((unsigned int)cpu);
		err = set_affinity(unit, &wanted, &unit->soft);
		unit->pinned = !err;
		cpus[cpu].pins += !err;
	}
	spin_unlock(&lock);
	return err;
}

/* --- pools ----------------------------------------------------------------------------------- */

int sched_pool_create(uint32_t *id)
{
	uint32_t i = *id == SCHED_ANY ? 0 : *id;
	int err = -XEN_ENOMEM;

	spin_lock(&lock);
	while (*id == SCHED_ANY && i < SCHED_POOLS && pools[i].exists) {
		i++;
	}
	if (i < SCHED_POOLS) {
		err = pools[i].exists ? -XEN_EEXIST : 0;
		pools[i].exists = true;
		*id = i;
	}
	spin_unlock(&lock);
	return err;
}

int sched_pool_destroy(uint32_t id)
{
	int err = -XEN_ENOENT;

	spin_lock(&lock);
	if (id < SCHED_POOLS && pools[id].exists) {
		pools[id].exists = pools[id].groups != 0 || !cpu_set_is_empty(&pools[id].cpus);
		err = pools[id].exists ? -XEN_EBUSY : 0;
	}
	spin_unlock(&lock);
	return err;
}

int sched_pool_give_cpu(uint32_t from, uint32_t to, uint32_t cpu)
{
	uint32_t id = from == SCHED_POOL_FREE ? to : from;
	int err = 0;

	spin_lock(&lock);
	if (id >= SCHED_POOLS || !pools[id].exists) {
		err = -XEN_ENOENT;
	} else if (cpu == SCHED_ANY) {
		cpu = cpu_set_first(&pools[from].cpus);
		err = cpu == CPUS_MAX && to == SCHED_POOL_FREE ? -XEN_EINVAL : 0;
	} else if (!cpu_set_has(&online, cpu)) {
		err = -XEN_EINVAL;
	}
	if (!err && !cpu_set_has(&pools[from].cpus, cpu)) {
		err = -XEN_ENODEV;
	} else if (!err && pools[from].groups != 0 && cpu_set_weight(&pools[from].cpus) == 1) {
		err = -XEN_EBUSY;
	} else if (!err && cpus[cpu].pins != 0) {
		err = -XEN_EADDRINUSE;
	} else if (!err) {
		cpu_set_remove(&pools[from].cpus, cpu);
		cpu_set_add(&pools[to].cpus, cpu);
		cpus[cpu].pool = to;
		poke_all();
	}
	spin_unlock(&lock);
	return err;
}

static void move_group(struct sched_group *group, uint32_t id)
{
	struct list *from = &queues[group->pool];
	struct sched_unit *unit, *next;

	pools[group->pool].groups--;
	pools[id].groups++;
	group->pool = id;
	list_for_each_entry_safe(unit, next, from, struct sched_unit, queue_link) {
		if (unit->group == group) {
			dequeue(unit);
			enqueue(unit);
		}
	}
	poke_all();
}

int sched_pool_move(struct sched_group *group, uint32_t id)
{
	int err = -XEN_ENOENT;

	spin_lock(&lock);
	if (id == group->pool) {
		err = 0;
	} else if (id < SCHED_POOLS && !cpu_set_is_empty(&pools[id].cpus)) {
		move_group(group, id);
		err = 0;
	}
	spin_unlock(&lock);
	return err;
}

struct sched_pool sched_pool_info(uint32_t id)
{
	struct sched_pool info = {.exists = false};

	spin_lock(&lock);
	if (id <= SCHED_POOL_FREE) {
		info = pools[id];
	}
	spin_unlock(&lock);
	return info;
}

/* --- choosing -------------------------------------------------------------------------------- */

static void charge(struct sched_unit *unit, uint64_t now)
{
	uint64_t ran = now - unit->run_start;

	unit->credit -= credit_price(unit, ran);
	unit->run_time += ran;
	unit->group->budget -= (int64_t)ran;
	unit->run_start = now;
}

static void top_up_all(struct sched_unit *chosen)
{
	uint64_t periods = credit_begin_top_up(chosen);
	struct sched_unit *unit;
	unsigned int cpu;

	list_for_each_entry(unit, &queues[chosen->group->pool], struct sched_unit, queue_link) {
		credit_top_up(unit, periods);
	}
	cpu_set_for_each(cpu, &online) {
		if (cpus[cpu].running && cpus[cpu].running->group->pool == chosen->group->pool) {
			credit_top_up(cpus[cpu].running, periods);
		}
	}
}

static bool prefers_an_idle_cpu(const struct sched_unit *unit, unsigned int cpu)
{
	struct cpu_set better = usable(unit);

	cpu_set_and(&better, &better, &unit->soft);
	return !cpu_set_has(&unit->soft, cpu) && cpu_set_intersects(&better, &idle);
}

/* What becomes of the unit that ran here: true if it stays. */
static bool previous_stays(struct sched_unit *previous, const struct sched_unit *candidate,
			   uint64_t now, uint64_t *again)
{
	struct cpu_set set = usable(previous);
	unsigned int cpu = previous->cpu;

	if (previous->sleep_wanted) {
		previous->sleep_wanted = false;
		atomic_write(&previous->state, SCHED_ASLEEP);
		return false;
	}
	if (!cpu_set_has(&set, cpu) || prefers_an_idle_cpu(previous, cpu) ||
	    !credit_may_run(previous->group, now, again) ||
	    (candidate && (previous->yielding || candidate->credit > previous->credit))) {
		enqueue(previous);
		return false;
	}
	return true;
}

/* The CPU poked for a unit may have chosen another one: others that are idle get their chance. */
static void poke_for_rest(struct list *queue)
{
	struct sched_unit *unit;

	if (cpu_set_is_empty(&idle)) {
		return;
	}
	list_for_each_entry(unit, queue, struct sched_unit, queue_link) {
		if (find_idle(unit) != CPUS_MAX) {
			poke_for(unit);
		}
	}
}

static void become_idle(unsigned int cpu, uint64_t now)
{
	cpus[cpu].running = NULL;
	cpus[cpu].idle_since = now;
	cpu_set_add(&idle, cpu);
}

static void start(struct sched_unit *unit, unsigned int cpu, uint64_t now)
{
	unit->cpu = cpu;
	unit->run_start = now;
	unit->yielding = false;
	atomic_write(&unit->on_cpu, true);
	atomic_write(&unit->state, SCHED_RUNNING);
	cpus[cpu].running = unit;
	cpu_set_remove(&idle, cpu);
}

struct sched_unit *sched_pick(unsigned int cpu, struct sched_unit *previous, uint64_t now,
			      uint64_t *slice_end)
{
	struct sched_unit *chosen;
	struct list *queue;

	spin_lock(&lock);
	queue = &queues[cpus[cpu].pool];
	assert(cpus[cpu].running == previous);
	*slice_end = ~0UL;
	if (previous) {
		charge(previous, now);
	} else {
		cpus[cpu].idle_time += now - cpus[cpu].idle_since;
	}
	chosen = find_candidate(cpu, now, slice_end);
	if (previous && previous_stays(previous, chosen, now, slice_end)) {
		chosen = previous;
	}
	if (chosen && chosen != previous) {
		dequeue(chosen);
	}
	if (chosen) {
		start(chosen, cpu, now);
		if (chosen->credit <= 0) {
			top_up_all(chosen);
		}
		*slice_end = min_u64(*slice_end, now + credit_slice(chosen,
			list_is_empty(queue) ? NULL :
			list_first_entry(queue, struct sched_unit, queue_link)));
		poke_for_rest(queue);
	} else {
		become_idle(cpu, now);
	}
	spin_unlock(&lock);
	return chosen;
}

void sched_switched(unsigned int cpu, struct sched_unit *previous)
{
	assert(previous->cpu == cpu);
	atomic_write_release(&previous->on_cpu, false);
	atomic_fence();
	if (atomic_read(&previous->state) != SCHED_QUEUED) {
		return;
	}
	spin_lock(&lock);
	if (previous->state == SCHED_QUEUED) {
		poke_for(previous);
	}
	spin_unlock(&lock);
}

uint64_t sched_run_time(const struct sched_unit *unit)
{
	uint64_t time;

	spin_lock(&lock);
	time = unit->run_time;
	if (unit->state == SCHED_RUNNING) {
		time += time_now() - unit->run_start;
	}
	spin_unlock(&lock);
	return time;
}

/* --- looking --------------------------------------------------------------------------------- */

uint64_t sched_idle_time(unsigned int cpu)
{
	uint64_t time;

	spin_lock(&lock);
	time = cpus[cpu].idle_time;
	if (!cpus[cpu].running && cpu_set_has(&online, cpu)) {
		time += time_now() - cpus[cpu].idle_since;
	}
	spin_unlock(&lock);
	return time;
}

void sched_dump(void (*print)(const char *format, ...))
{
	unsigned int cpu;

	spin_lock(&lock);
	print("scheduler: %u waiting", queue_length);
	cpu_set_for_each(cpu, &online) {
		const struct sched_unit *unit = cpus[cpu].running;

		if (unit) {
			print("  cpu %u: unit %p credit %ld", cpu, (const void *)unit,
			      (long)unit->credit);
		} else {
			print("  cpu %u: idle", cpu);
		}
	}
	spin_unlock(&lock);
}

/* A CPU that runs nothing was poked and has not picked yet. */
static bool any_is_poked(void)
{
	unsigned int cpu;

	cpu_set_for_each(cpu, &online) {
		if (!cpus[cpu].running && !cpu_set_has(&idle, cpu)) {
			return true;
		}
	}
	return false;
}

/* Order and states of the queues, one unit per CPU at most, each CPU in one pool or free, no group
 * without CPUs, and nobody idle who could work: unless some CPU is about to pick, a waiting unit is
 * still being switched out, has used up what its cap allows, or may run on no idle CPU. */
void sched_audit(void)
{
	struct sched_unit *unit;
	unsigned int length = 0;
	unsigned int cpu;

	spin_lock(&lock);
	for (unsigned int i = 0; i < array_size(pools); i++) {
		int64_t last = INT64_MAX;

		list_for_each_entry(unit, &queues[i], struct sched_unit, queue_link) {
			assert(unit->state == SCHED_QUEUED && unit->group->pool == i);
			assert(unit->credit <= last);
			last = unit->credit;
			assert(unit->on_cpu || any_is_poked() || find_idle(unit) == CPUS_MAX ||
			       (unit->group->cap != 0 && unit->group->budget <= 0));
			length++;
		}
		assert(pools[i].groups == 0 || !cpu_set_is_empty(&pools[i].cpus));
		cpu_set_for_each(cpu, &online) {
			assert(cpu_set_has(&pools[i].cpus, cpu) == (cpus[cpu].pool == i));
		}
	}
	assert(length == queue_length);
	cpu_set_for_each(cpu, &online) {
		unit = cpus[cpu].running;
		assert(!unit || (unit->state == SCHED_RUNNING && unit->cpu == cpu && unit->on_cpu));
		assert(!unit || !cpu_set_has(&idle, cpu));
		assert(pools[cpus[cpu].pool].exists);
	}
	spin_unlock(&lock);
}
