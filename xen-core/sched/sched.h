/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs next. The scheduler only answers; entry/exit.c acts. What is scheduled is a struct
 * sched_unit, embedded in each vcpu. A unit is
 *
 *     asleep -> queued    sched_wake
 *     queued -> running   sched_pick (on the CPU it returns for)
 *     running -> queued   sched_pick (preempted, yielded, slice over)
 *     running -> asleep   sched_pick after sched_sleep
 *     queued -> asleep    sched_sleep
 *
 * The policy is credit-like: each unit burns credit at a rate inverse to its domain's weight; the
 * unit with most credit runs; when the best has none left all are topped up. Idle CPUs take work
 * from their pool's queue if the unit's hard affinity allows (work conserving), but for units of a
 * group that has had what its cap allows.
 *
 * A pool is a set of CPUs with a run queue and top-ups of its own. A CPU is in one pool or free,
 * and then idle; a group is in one pool, and its units run on that pool's CPUs within their hard
 * affinity, or on all of them if the two do not meet. Pool 0 is there from the start; groups begin
 * in it.
 *
 * A unit's context may still be on its last CPU when it is picked elsewhere: sched_pick never
 * returns a unit whose on_cpu flag is still set by another CPU.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "lib/cpu_set.h"
#include "lib/list.h"

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_ID_CREDIT2 6 /* what sysctl reports: XEN_SCHEDULER_CREDIT2 */
#define SCHED_POOLS 32
#define SCHED_POOL_FREE SCHED_POOLS /* holds the CPUs that are in no pool */
#define SCHED_ANY UINT32_MAX

/* Shared by the units of one domain. */
struct sched_group {
	uint16_t weight; /* 1..65535 */
	uint16_t cap;    /* per cent of one CPU, 0: none */
	int64_t budget;  /* ns left under the cap until the next refill; may be in debt */
	uint64_t refill; /* when that is */
	uint32_t pool;
};

struct sched_pool {
	struct cpu_set cpus;
	uint32_t groups; /* that are in it */
	bool exists;
};

struct sched_unit {
	struct list queue_link;
	struct sched_group *group;
	int64_t credit;        /* ns at the default weight; may be in debt */
	uint64_t period;       /* up to which top-up the credit counts */
	uint64_t run_start;    /* ns, when running */
	uint64_t run_time;     /* ns in total */
	struct cpu_set hard;   /* where it may run */
	struct cpu_set soft;   /* where it would rather run */
	struct cpu_set unpinned; /* hard, before sched_pin() */
	uint32_t cpu;          /* where it runs, is queued, or last ran */
	uint8_t state;         /* (a) enum sched_state */
	bool on_cpu;           /* (a) its context is loaded on .cpu; cleared by sched_switched() */
	bool yielding;
	bool pinned;
	bool sleep_wanted;     /* running, but to be asleep from the next pick on */
};

enum sched_state {
	SCHED_ASLEEP,
	SCHED_QUEUED,
	SCHED_RUNNING,
};

void sched_init(uint64_t (*now)(void));
void sched_cpu_online(unsigned int cpu);

void sched_group_init(struct sched_group *group);
void sched_group_fini(struct sched_group *group);
int must_check sched_group_set(struct sched_group *group, uint16_t weight, uint16_t cap);
void sched_unit_init(struct sched_unit *unit, struct sched_group *group, unsigned int first_cpu);
/* The unit must be asleep and not on a CPU. */
void sched_unit_fini(struct sched_unit *unit);

void sched_wake(struct sched_unit *unit);
/* Takes it off the run queue, or asks the CPU that runs it to; does not wait. */
void sched_sleep(struct sched_unit *unit);
void sched_unit_yield(struct sched_unit *unit);
/* ns it has run, up to now. */
uint64_t sched_run_time(const struct sched_unit *unit);
bool sched_is_running(const struct sched_unit *unit);

/* *id: the one wanted, or SCHED_ANY. -XEN_EEXIST, -XEN_ENOMEM. */
int must_check sched_pool_create(uint32_t *id);
/* -XEN_ENOENT, -XEN_EBUSY while it has CPUs or groups. */
int must_check sched_pool_destroy(uint32_t id);
/* One of the two is SCHED_POOL_FREE. cpu: the one wanted, or SCHED_ANY. -XEN_ENOENT: no such pool;
 * -XEN_EINVAL: no such CPU; -XEN_ENODEV: it is not in from; -XEN_EBUSY: it is the last that the
 * groups there have; -XEN_EADDRINUSE: a unit is pinned to it. */
int must_check sched_pool_give_cpu(uint32_t from, uint32_t to, uint32_t cpu);
/* -XEN_ENOENT if there is no such pool or it has no CPU. */
int must_check sched_pool_move(struct sched_group *group, uint32_t id);
/* A copy; of nothing if there is none. */
struct sched_pool sched_pool_info(uint32_t id);

/* -XEN_EINVAL if hard has no CPU of the pool, -XEN_EBUSY while pinned. Moves the unit if it must.
 */
int must_check sched_set_affinity(struct sched_unit *unit, const struct cpu_set *hard,
				  const struct cpu_set *soft);
/* Hard affinity to one CPU for a while; negative: back to what it was, -XEN_EINVAL if there is
 * nothing to undo. */
int must_check sched_pin(struct sched_unit *unit, int32_t cpu);

/* Called on the exit path when SOFTIRQ_SCHEDULE ran. previous: what this CPU ran (NULL: idle).
 * Returns what to run now (NULL: idle) and until when (*slice_end, ~0 for idle). */
struct sched_unit *sched_pick(unsigned int cpu, struct sched_unit *previous, uint64_t now,
			      uint64_t *slice_end);
/* The exit path has saved previous's context: other CPUs may take it. */
void sched_switched(unsigned int cpu, struct sched_unit *previous);

/* Nanoseconds this CPU was idle, units queued: for sysctl and debug keys. */
uint64_t sched_idle_time(unsigned int cpu);
void sched_dump(void (*print)(const char *format, ...));
void sched_audit(void);

#endif
