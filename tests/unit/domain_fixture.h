/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One domain with two vcpus and real parts, for tests of vcpus and their time. Its kind of guest
 * takes any frame of the domain as writable unless told otherwise.
 */
#ifndef UNIT_DOMAIN_FIXTURE_H
#define UNIT_DOMAIN_FIXTURE_H

#include "domain/guest_ops.h"
#include "domain/memory.h"
#include "domain/part.h"
#include "domain/restart.h"
#include "domain/vtime.h"
#include "machine/sim.h"
#include "plat/clock.h"
#include "sched/softirq.h"
#include "unit/unit.h"

#include <xen/errno.h>

#define MS 1000000UL
#define GUEST_PAGE 0xffff888000100000UL

static struct domain *d;
static struct vcpu *v0, *v1;
static int vcpu_create_error, writable_error;
static unsigned int writables, timer_events, shutdowns;

static int no_create(struct domain *domain unused_arg)
{
	return 0;
}

static void no_free(struct domain *domain unused_arg)
{
}

static const struct domain_part memory_part = {"memory", no_create, memory_relinquish, no_free,
					       NULL};
const struct domain_part *const domain_parts[] = {&memory_part, &shared_part, &vcpus_part, NULL};

static int ops_vcpu_create(struct vcpu *v unused_arg)
{
	return vcpu_create_error;
}

static void ops_vcpu_free(struct vcpu *v unused_arg)
{
}

static int ops_translate(struct domain *domain unused_arg, gfn_t g, mfn_t *m)
{
	*m = mfn(g.n);
	return 0;
}

static int ops_get_writable(struct domain *domain unused_arg, struct frame *f unused_arg)
{
	writables += writable_error == 0;
	return writable_error;
}

static void ops_put_writable(struct domain *domain unused_arg, struct frame *f unused_arg)
{
	writables--;
}

static const struct guest_ops ops = {
	.name = "test",
	.is_pv = true,
	.vcpu_create = ops_vcpu_create,
	.vcpu_free = ops_vcpu_free,
	.translate = ops_translate,
	.get_writable = ops_get_writable,
	.put_writable = ops_put_writable,
};

static void count_timer_event(struct vcpu *v unused_arg)
{
	timer_events++;
}

static void count_shutdown(void)
{
	shutdowns++;
}

/* What the exit path does when it switches. */
static inline void switch_in(struct vcpu *v)
{
	uint64_t slice_end;

	CU_ASSERT_PTR_EQUAL_FATAL(sched_pick(this_cpu(), NULL, clock_now(), &slice_end), &v->unit);
	cpu_local()->current_vcpu = v;
	vtime_runstate(v, RUNSTATE_running, clock_now());
	vtime_update(v, false);
	vtime_write_areas(v);
	vtime_switched_in(v);
}

static inline void switch_out(struct vcpu *v)
{
	uint64_t slice_end;

	CU_ASSERT_PTR_NULL(sched_pick(this_cpu(), &v->unit, clock_now(), &slice_end));
	vtime_switched_out(v);
	vtime_runstate(v, RUNSTATE_runnable, clock_now());
	cpu_local()->current_vcpu = NULL;
	sched_switched(this_cpu(), &v->unit);
}

static inline void start_running(struct vcpu *v)
{
	vcpu_clear_flag(v, VCPU_DOWN);
	if (d->control_pause_count) {
		CU_ASSERT_EQUAL(domain_control_unpause(d), 0);
	}
	switch_in(v);
}

static inline void pass_exit_paths(void)
{
	for (unsigned int round = 0; round < 3; round++) {
		softirq_run(0);
		domain_exit_path_passed(0);
		softirq_run(0);
	}
}

static inline void destroy(void)
{
	int err;

	if (cpu_local()->current_vcpu) {
		vcpu_set_flag(cpu_local()->current_vcpu, VCPU_DOWN);
		switch_out(cpu_local()->current_vcpu);
	}
	do {
		restart_reset();
		err = domain_kill(d);
		pass_exit_paths();
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	pass_exit_paths();
}

static inline void fixture_setup(void)
{
	struct domain_config config = {.max_vcpus = 40};

	sim_reset(1024);
	sim_set_cpu_count(1);
	sim_set_cpu(0);
	memory_init();
	timers_init(clock_program, clock_now);
	sched_init(clock_now);
	sched_cpu_online(0);
	domains_init();
	pass_exit_paths();
	vcpu_create_error = writable_error = 0;
	writables = timer_events = shutdowns = 0;
	vtime_timer_hook = count_timer_event;
	domain_exception_hook = count_shutdown;
	CU_ASSERT_EQUAL_FATAL(domain_create(1, &config, &ops, false, &d), 0);
	d->frame_max = 100;
	CU_ASSERT_EQUAL_FATAL(vcpu_create(d, 0), 0);
	CU_ASSERT_EQUAL_FATAL(vcpu_create(d, 1), 0);
	v0 = vcpu_find(d, 0);
	v1 = vcpu_find(d, 1);
}

/* A frame of the domain, mapped at GUEST_PAGE. */
static inline mfn_t map_frame(bool writable)
{
	mfn_t m = MFN_NONE;

	CU_ASSERT_EQUAL_FATAL(memory_allocate(d, 0, 0, 0, &m), 0);
	sim_guest_map(GUEST_PAGE, m, writable);
	return m;
}

#endif
