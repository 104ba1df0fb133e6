/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit path: every stay in the core ends here. In a loop, with interrupts off: softirqs, then
 * the scheduler's answer acted upon, then what the guest is owed (exception, NMI, event); when
 * nothing is left the guest runs. A CPU with nothing to run waits here for interrupts.
 *
 * The loaded vcpu's registers lie in cpu_local()->regs; a switch copies them out and in. The budget
 * of the next stay (domain/restart.h) begins when one ends.
 */
#include "entry/entry.h"

#include "domain/guest_ops.h"
#include "domain/vtime.h"
#include "lib/check.h"
#include "machine/cpu.h"
#include "machine/irqflag.h"
#include "machine/tlb.h"
#include "mm/map.h"
#include "plat/clock.h"
#include "sched/softirq.h"
#include "x86/msr.h"

extern void noreturn_fn guest_exit_again(struct cpu_regs *regs);

static struct timer slice_timers[CPUS_MAX];
static bool has_ibpb;

static void slice_over(void *data)
{
	softirq_raise((unsigned int)(uint64_t)data, SOFTIRQ_SCHEDULE);
}

static void unload(unsigned int cpu, struct vcpu *v, uint64_t now)
{
	bool runnable = vcpu_is_runnable(v);

	vtime_switched_out(v);
	vtime_runstate(v, runnable ? RUNSTATE_runnable
			  : atomic_read(&v->pause_flags) == VCPU_BLOCKED ? RUNSTATE_blocked
									 : RUNSTATE_offline, now);
	v->domain->ops->save(v);
	v->regs = cpu_local()->regs;
	cpu_local()->current_vcpu = NULL;
	tlb_load_cr3(map_idle_root());
	sched_switched(cpu, &v->unit);
}

/* Domains of the same id on the same CPU have 32,000 others between them. */
static void forget_branches(const struct domain *d)
{
	static uint16_t last_domid[CPUS_MAX];
	unsigned int cpu = this_cpu();

	if (has_ibpb && last_domid[cpu] != d->id) {
		cpu_wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
	}
	last_domid[cpu] = d->id;
}

void exit_use_ibpb(bool use)
{
	has_ibpb = use;
}

static void load(struct vcpu *v, uint64_t now)
{
	forget_branches(v->domain);
	cpu_local()->regs = v->regs;
	cpu_local()->current_vcpu = v;
	v->domain->ops->load(v);
	vtime_runstate(v, RUNSTATE_running, now);
	vtime_update(v, false);
	vtime_write_areas(v);
	vtime_switched_in(v);
}

static void reschedule(unsigned int cpu)
{
	struct vcpu *previous = current_vcpu();
	uint64_t now = clock_now();
	uint64_t slice_end;
	struct sched_unit *unit =
		sched_pick(cpu, previous ? &previous->unit : NULL, now, &slice_end);
	struct vcpu *next = unit ? container_of(unit, struct vcpu, unit) : NULL;

	if (next != previous) {
		if (previous) {
			unload(cpu, previous, now);
		}
		if (next) {
			load(next, now);
		}
	}
	if (slice_end == ~0UL) {
		timer_stop(&slice_timers[cpu]);
	} else {
		timer_set(&slice_timers[cpu], slice_end);
	}
}

static bool reschedule_wanted[CPUS_MAX];

static void schedule_softirq(unsigned int cpu)
{
	reschedule_wanted[cpu] = true;
}

/* True if something has changed: a round of softirqs, a wait, a delivery. */
static bool work(unsigned int cpu)
{
	struct vcpu *v = current_vcpu();

	if (softirq_is_pending(cpu)) {
		irq_window();
		softirq_run(cpu);
		if (reschedule_wanted[cpu]) {
			reschedule_wanted[cpu] = false;
			reschedule(cpu);
		}
		domain_exit_path_passed(cpu);
		return true;
	}
	if (!v) {
		irq_wait();
		return true;
	}
	return v->domain->ops->deliver(v);
}

static void __attribute__((noinline)) work_until_done(unsigned int cpu)
{
	while (work(cpu)) {
	}
}

/* What a vcpu is owed besides, a failsafe callback, arises when it is loaded: by a softirq. */
static inline bool nothing_to_do(const struct cpu_local *local)
{
	const struct vcpu *v = local->current_vcpu;

	return !softirq_is_pending((unsigned int)local->cpu) && v && !vcpu_is_owed(v);
}

void exit_to_guest(struct cpu_regs *regs)
{
	struct cpu_local *local = container_of(regs, struct cpu_local, regs);

	if (__builtin_expect(!nothing_to_do(local), 0)) {
		work_until_done((unsigned int)local->cpu);
	}
	local->units_spent = 0;
}

void exit_start(void)
{
	unsigned int cpu = this_cpu();

	cpu_local()->current_vcpu = NULL;
	softirq_raise(cpu, SOFTIRQ_SCHEDULE);
	guest_exit_again(&cpu_local()->regs);
}

void exit_init(void)
{
	softirq_set_handler(SOFTIRQ_SCHEDULE, schedule_softirq);
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		timer_init(&slice_timers[cpu], slice_over, (void *)(uint64_t)cpu, cpu);
	}
}
