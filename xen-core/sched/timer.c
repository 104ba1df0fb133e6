/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pairing heap per CPU. The root expires first; each timer's children expire no earlier than it
 * does. Setting is one comparison with the root, taking one out merges its children in pairs, in
 * two passes along the sibling list: logarithmic on average, no memory needed, no recursion.
 *
 *     idle -> set      timer_set
 *     set -> idle      timer_stop, or it expires
 *     any -> dead      timer_kill
 *
 * The hardware is programmed only when something earlier than what it already waits for comes in;
 * a timer that is stopped or put off leaves an early interrupt behind, which finds nothing to do
 * and programs the next expiry. Each CPU programs its own: for another one SOFTIRQ_TIMER does.
 *
 * A timer's `cpu` names the heap whose lock guards it; it changes with both heaps locked.
 */
#include "sched/timer.h"

#include "lib/check.h"
#include "machine/atomic.h"
#include "machine/cpu.h"
#include "machine/lock.h"
#include "machine/percpu.h"
#include "machine/tlb.h"
#include "machine/smp.h"
#include "sched/softirq.h"

#define NEVER (~0UL)
/* Callbacks in one go, before the exit path lets interrupts in. */
#define BATCH 64

enum timer_state {
	TIMER_IDLE,
	TIMER_SET,
	TIMER_DEAD,
};

struct timer_heap {
	struct spinlock lock;
	struct timer *first;
	uint64_t programmed;   /* (l) what the CPU's hardware waits for */
	struct timer *running; /* (a) whose callback runs now */
} aligned_to(64);

static struct timer_heap heaps[CPUS_MAX];
static void (*program_hardware)(uint64_t expires);
static uint64_t (*time_now)(void);

/* --- pairing heap ---------------------------------------------------------------------------- */

/* Both are roots; the later one becomes the earlier one's first child. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
	struct timer *parent, *child;

	if (!a || !b) {
		return a ? a : b;
	}
	parent = b->expires < a->expires ? b : a;
	child = parent == a ? b : a;
	child->previous = parent;
	child->next = parent->child;
	if (child->next) {
		child->next->previous = child;
	}
	parent->child = child;
	parent->next = NULL;
	parent->previous = NULL;
	return parent;
}

static struct timer *heap_merge_children(struct timer *child)
{
	struct timer *pairs = NULL;
	struct timer *root = NULL;

	/* Left to right by twos, onto a stack through `next`; then right to left into one. */
	while (child) {
		struct timer *a = child;
		struct timer *b = a->next;
		struct timer *pair;

		child = b ? b->next : NULL;
		a->next = NULL;
		a->previous = NULL;
		if (b) {
			b->next = NULL;
			b->previous = NULL;
		}
		pair = heap_meld(a, b);
		pair->next = pairs;
		pairs = pair;
	}
	while (pairs) {
		struct timer *pair = pairs;

		pairs = pair->next;
		pair->next = NULL;
		root = heap_meld(root, pair);
	}
	return root;
}

static void heap_insert(struct timer_heap *heap, struct timer *timer)
{
	timer->child = NULL;
	timer->next = NULL;
	timer->previous = NULL;
	heap->first = heap_meld(heap->first, timer);
	timer->state = TIMER_SET;
}

static void heap_remove(struct timer_heap *heap, struct timer *timer)
{
	struct timer *rest = heap_merge_children(timer->child);

	if (timer == heap->first) {
		heap->first = rest;
	} else {
		if (timer->previous->child == timer) {
			timer->previous->child = timer->next;
		} else {
			timer->previous->next = timer->next;
		}
		if (timer->next) {
			timer->next->previous = timer->previous;
		}
		heap->first = heap_meld(heap->first, rest);
	}
	timer->child = NULL;
	timer->next = NULL;
	timer->previous = NULL;
	timer->state = TIMER_IDLE;
}

/* --- setting and stopping -------------------------------------------------------------------- */

/* The lock of the heap the timer belongs to. */
static struct timer_heap *lock_heap_of(const struct timer *timer)
{
	for (;;) {
		uint32_t cpu = atomic_read(&timer->cpu);

		spin_lock(&heaps[cpu].lock);
		if (atomic_read(&timer->cpu) == cpu) {
			return &heaps[cpu];
		}
		spin_unlock(&heaps[cpu].lock);
	}
}

/* After an insertion: sees to it that the CPU wakes in time. */
static void arm_locked(struct timer_heap *heap)
{
	unsigned int cpu = (unsigned int)(heap - heaps);

	if (heap->first->expires >= heap->programmed) {
		return;
	}
	if (cpu == this_cpu()) {
		heap->programmed = heap->first->expires;
		program_hardware(heap->programmed);
	} else {
		softirq_raise(cpu, SOFTIRQ_TIMER);
	}
}

void timer_init(struct timer *timer, void (*run)(void *data), void *data, unsigned int cpu)
{
	*timer = (struct timer){.run = run, .data = data, .cpu = cpu, .state = TIMER_IDLE};
}

void timer_set(struct timer *timer, uint64_t expires)
{
	struct timer_heap *heap = lock_heap_of(timer);

	if (timer->state != TIMER_DEAD) {
		if (timer->state == TIMER_SET) {
			heap_remove(heap, timer);
		}
		timer->expires = expires;
		heap_insert(heap, timer);
		arm_locked(heap);
	}
	spin_unlock(&heap->lock);
}

void timer_stop(struct timer *timer)
{
	struct timer_heap *heap = lock_heap_of(timer);

	if (timer->state == TIMER_SET) {
		heap_remove(heap, timer);
	}
	spin_unlock(&heap->lock);
}

static bool is_running_elsewhere(const struct timer *timer)
{
	unsigned int self = this_cpu();
	unsigned int cpu;

	cpu_set_for_each(cpu, &cpus_online) {
		if (cpu != self && atomic_read_acquire(&heaps[cpu].running) == timer) {
			return true;
		}
	}
	return false;
}

void timer_kill(struct timer *timer)
{
	struct timer_heap *heap = lock_heap_of(timer);

	if (timer->state == TIMER_SET) {
		heap_remove(heap, timer);
	}
	timer->state = TIMER_DEAD;
	spin_unlock(&heap->lock);
	while (is_running_elsewhere(timer)) {
		tlb_poll();
		cpu_pause();
	}
}

void timer_migrate(struct timer *timer, unsigned int cpu)
{
	struct timer_heap *to = &heaps[cpu];

	for (;;) {
		uint32_t old = atomic_read(&timer->cpu);
		struct timer_heap *from = &heaps[old];

		if (from == to) {
			return;
		}
		spin_lock_pair(&from->lock, &to->lock);
		if (atomic_read(&timer->cpu) == old) {
			bool was_set = timer->state == TIMER_SET;

			if (was_set) {
				heap_remove(from, timer);
			}
			atomic_write(&timer->cpu, cpu);
			if (was_set) {
				heap_insert(to, timer);
				arm_locked(to);
			}
			spin_unlock_pair(&from->lock, &to->lock);
			return;
		}
		spin_unlock_pair(&from->lock, &to->lock);
	}
}

bool timer_is_set(const struct timer *timer)
{
	return atomic_read(&timer->state) == TIMER_SET;
}

/* --- expiry ---------------------------------------------------------------------------------- */

static bool run_first(struct timer_heap *heap, uint64_t now)
{
	struct timer *timer = heap->first;
	void (*run)(void *data);
	void *data;

	if (!timer || timer->expires > now) {
		return false;
	}
	heap_remove(heap, timer);
	run = timer->run;
	data = timer->data;
	atomic_write(&heap->running, timer);
	spin_unlock(&heap->lock);
	run(data);
	/* The timer may be gone by now; only its address was needed. */
	atomic_write_release(&heap->running, NULL);
	spin_lock(&heap->lock);
	return true;
}

static void run_expired(unsigned int cpu)
{
	struct timer_heap *heap = &heaps[cpu];
	uint64_t now = time_now();
	unsigned int count = 0;

	spin_lock(&heap->lock);
	while (count < BATCH && run_first(heap, now)) {
		count++;
	}
	if (count == BATCH) {
		softirq_raise(cpu, SOFTIRQ_TIMER);
	}
	heap->programmed = heap->first ? heap->first->expires : NEVER;
	program_hardware(heap->programmed);
	spin_unlock(&heap->lock);
}

void timers_init(void (*program)(uint64_t expires), uint64_t (*now)(void))
{
	program_hardware = program;
	time_now = now;
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		spin_init(&heaps[cpu].lock, timer);
		heaps[cpu].first = NULL;
		heaps[cpu].programmed = NEVER;
		heaps[cpu].running = NULL;
	}
	softirq_set_handler(SOFTIRQ_TIMER, run_expired);
}

void timers_interrupt(unsigned int cpu)
{
	softirq_raise(cpu, SOFTIRQ_TIMER);
}

uint64_t timers_next(unsigned int cpu)
{
	struct timer_heap *heap = &heaps[cpu];
	uint64_t expires;

	spin_lock(&heap->lock);
	expires = heap->first ? heap->first->expires : NEVER;
	spin_unlock(&heap->lock);
	return expires;
}
