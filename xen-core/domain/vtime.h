/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest sees of time: the vcpu_time_info tuple, the wall clock, runstate times, one-shot
 * and periodic timers (VIRQ_TIMER), the polling timeout.
 */
#ifndef DOMAIN_VTIME_H
#define DOMAIN_VTIME_H

#include "domain/vcpu.h"

void vtime_vcpu_init(struct vcpu *v);
void vtime_vcpu_fini(struct vcpu *v);

/* Publishes this vcpu's time tuple in its vcpu_info and registered area, if it changed or force. */
void vtime_update(struct vcpu *v, bool force);
/* Publishes the wall clock in the domain's shared_info. */
void vtime_update_wallclock(struct domain *d);
/* Dom0 sets the time: UTC at system time; all domains' wall clocks follow. */
void vtime_set_wallclock(uint64_t seconds, uint32_t nanoseconds, uint64_t system_time);

/* The guest's TSC as RDTSC shows it, when emulated or for rdmsr. */
uint64_t vtime_tsc(struct vcpu *v);
/* XEN_DOMCTL_settscinfo; also decides tsc_emulated. */
int must_check vtime_set_tsc(struct domain *d, uint32_t mode, uint32_t khz, uint32_t incarnation,
			     uint64_t elapsed);

/*
 * Runstate transition at time now. To RUNSTATE_running when switched in: vtime_write_areas()
 * follows. To any other when switched out, still loaded: what it waits for is looked up here, as a
 * waker may just have changed that, and the guest's copy is written. The last vcpu of a domain
 * that shuts down completes the shutdown here.
 */
void vtime_runstate(struct vcpu *v, uint32_t state, uint64_t now);
/* Writes (again) the guest's copies of runstate and time: after a switch in, on a toggle. */
void vtime_write_areas(struct vcpu *v);
/* The flags of a vcpu that does not run have changed. */
void vtime_runstate_settle(struct vcpu *v);
int must_check vtime_register_runstate(struct vcpu *v, uint64_t address);
int must_check vtime_register_time_area(struct vcpu *v, uint64_t address);
/* Includes the time in the present state up to now. */
void vtime_get_runstate(struct vcpu *v, struct vcpu_runstate *out);

/* Raises VIRQ_TIMER; set by evtchn at start-up. */
extern void (*vtime_timer_hook)(struct vcpu *v);

/* SCHEDOP_poll's timeout: unblocks. */
void vtime_set_poll_timeout(struct vcpu *v, uint64_t expires);

/* expires: absolute system time; in the past fires at once. */
void vtime_set_singleshot(struct vcpu *v, uint64_t expires);
void vtime_stop_singleshot(struct vcpu *v);
/* 0 stops. -XEN_EINVAL below 1 ms. */
int must_check vtime_set_periodic(struct vcpu *v, uint64_t period_ns);
/* The periodic timer runs only while the vcpu does. */
void vtime_switched_in(struct vcpu *v);
void vtime_switched_out(struct vcpu *v);
void vtime_migrate(struct vcpu *v, unsigned int cpu);

#endif
