/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a domain's memory may be reused. Lookups take no reference and no lock: a CPU may hold a
 * pointer until its exit path. So a domain whose last reference went is first taken out of the
 * register, then freed when every CPU has passed its exit path since.
 *
 *     last reference put -> incoming      from anywhere, any locks held
 *     incoming -> waiting                 SOFTIRQ_RETIRE: out of the register, grace started
 *     waiting -> freed                    SOFTIRQ_RETIRE, when its grace is over: a share of one
 *                                         domain each time
 *
 * A grace is a number drawn from a counter; each CPU copies the counter on its exit path and all
 * are made to pass by raising SOFTIRQ_RETIRE there. It is over when no online CPU's copy is less.
 * The CPU whose copy is last finds the waiting list in the softirq it raises for itself.
 */
#include "domain/domain.h"

#include "machine/atomic.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "sched/softirq.h"

static uint64_t grace_counter; /* (a) */
static struct {
	uint64_t seen; /* (a) */
} aligned_to(64) passed[CPUS_MAX];

static struct domain *incoming; /* (a) */
static struct domain *waiting;  /* under waiting_lock */
static struct spinlock waiting_lock = SPINLOCK(domain_list);

uint64_t domain_grace_start(void)
{
	uint64_t grace = atomic_add(&grace_counter, 1);
	unsigned int cpu;

	cpu_set_for_each(cpu, &cpus_online) {
		softirq_raise(cpu, SOFTIRQ_RETIRE);
	}
	return grace;
}

bool domain_grace_is_over(uint64_t grace)
{
	unsigned int cpu;

	cpu_set_for_each(cpu, &cpus_online) {
		if (atomic_read_acquire(&passed[cpu].seen) < grace) {
			return false;
		}
	}
	return true;
}

void domain_exit_path_passed(unsigned int cpu)
{
	uint64_t now = atomic_read(&grace_counter);

	if (passed[cpu].seen != now) {
		atomic_write_release(&passed[cpu].seen, now);
		atomic_fence();
		if (atomic_read(&waiting)) {
			softirq_raise(cpu, SOFTIRQ_RETIRE);
		}
	}
}

void domain_retire(struct domain *d)
{
	struct domain *first = atomic_read(&incoming);

	do {
		d->retire_next = first;
	} while (!atomic_compare_exchange(&incoming, &first, d));
	softirq_raise(this_cpu(), SOFTIRQ_RETIRE);
}

static void wait(struct domain *d)
{
	spin_lock(&waiting_lock);
	d->retire_next = waiting;
	atomic_write(&waiting, d);
	spin_unlock(&waiting_lock);
}

static void accept_incoming(void)
{
	struct domain *d = atomic_exchange(&incoming, NULL);

	while (d) {
		struct domain *next = d->retire_next;

		domain_unregister(d);
		d->retire_grace = domain_grace_start();
		wait(d);
		d = next;
	}
}

/* One whose grace is over, taken off the list. */
static struct domain *take_expired(void)
{
	struct domain **link;
	struct domain *d;

	spin_lock(&waiting_lock);
	for (link = &waiting; (d = *link) != NULL; link = &d->retire_next) {
		if (domain_grace_is_over(d->retire_grace)) {
			atomic_write(link, d->retire_next);
			break;
		}
	}
	spin_unlock(&waiting_lock);
	return d;
}

static void retire_softirq(unsigned int cpu)
{
	struct domain *d;

	accept_incoming();
	d = atomic_read(&waiting) ? take_expired() : NULL;
	if (d) {
		if (!domain_free(d)) {
			wait(d);
		}
		/* Interrupts are let in before the next share. */
		softirq_raise(cpu, SOFTIRQ_RETIRE);
	}
}

void domains_init(void)
{
	softirq_set_handler(SOFTIRQ_RETIRE, retire_softirq);
}
