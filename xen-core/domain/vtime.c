/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time as guests see it.
 *
 * The tuple (vcpu_time_info) lets a guest compute system time from its TSC. With a native TSC it is
 * the clock's own base and scale: the same for all vcpus for ever, so it is written once, and
 * marked stable if the TSC is. With an emulated TSC the guest's ticks are system time since
 * tsc_start, scaled to tsc_khz; the tuple's base is renewed at each switch-in, so that the scale's
 * rounding (2^-32) cannot add up. What an HVM guest adds to its TSC by writing it is tsc_offset,
 * which the tuple follows: system time does not.
 *
 * Readers take a copy while the version is even and unchanged. The version counts here, not in the
 * guest's page, which the guest or its builder may have overwritten.
 *
 * The wall clock is UTC at system time 0, one for the machine.
 *
 * Runstate times change under time_lock: a waker and the CPU that switches the vcpu out both look
 * at the flags there, so the last one to look is right.
 *
 * Copies in guest memory are at virtual addresses of its kernel: they can be written only while the
 * vcpu is loaded, and in a PV guest's user mode perhaps not: areas_stale then asks for a retry
 * when it enters its kernel.
 */
#include "domain/vtime.h"

#include "domain/guest.h"
#include "domain/guest_ops.h"
#include "domain/shutdown.h"
#include "lib/check.h"
#include "lib/math.h"
#include "machine/cpu.h"
#include "machine/shared.h"
#include "plat/clock.h"

#include <xen/errno.h>

#define NS_PER_SECOND 1000000000UL
#define PERIOD_MIN 1000000UL
/* Every vcpu starts with a 100 Hz tick; Linux turns it off. */
#define PERIOD_DEFAULT 10000000UL

/* XEN_CPUID_TSC_MODE_* */
enum tsc_mode {
	TSC_DEFAULT,
	TSC_ALWAYS_EMULATE,
	TSC_NEVER_EMULATE,
};

void (*vtime_timer_hook)(struct vcpu *v);

static struct spinlock wallclock_lock = SPINLOCK(vtime);
static uint64_t wallclock_base; /* ns of UTC at system time 0; 0: not read yet */

/* --- the TSC --------------------------------------------------------------------------------- */

static bool wants_emulation(const struct domain *d, uint32_t mode, uint32_t khz)
{
	if (d->is_hardware || mode == TSC_NEVER_EMULATE) {
		return false;
	}
	return mode == TSC_ALWAYS_EMULATE || !clock_tsc_is_reliable() || khz != clock_tsc_khz();
}

int vtime_set_tsc(struct domain *d, uint32_t mode, uint32_t khz, uint32_t incarnation,
		  uint64_t elapsed)
{
	struct vcpu *v;

	if (mode > TSC_NEVER_EMULATE) {
		return -XEN_EINVAL;
	}
	d->tsc_mode = mode;
	d->tsc_khz = khz ? khz : clock_tsc_khz();
	d->tsc_incarnation = incarnation;
	d->tsc_emulated = wants_emulation(d, mode, d->tsc_khz);
	d->tsc_start = clock_now() - elapsed;
	scale_from_frequency((uint64_t)d->tsc_khz * 1000, &d->tsc_mul, &d->tsc_shift);
	scale_from_ratio((uint64_t)d->tsc_khz * 1000, NS_PER_SECOND, &d->tsc_inverse_mul,
			 &d->tsc_inverse_shift);
	if (d->vcpus) {
		for_each_vcpu(d, v) {
			v->time_published = false;
		}
	}
	return 0;
}

static uint64_t emulated_tsc(const struct domain *d, uint64_t now)
{
	return scale_mul(now - d->tsc_start, d->tsc_inverse_mul, d->tsc_inverse_shift);
}

uint64_t vtime_tsc(struct vcpu *v)
{
	uint64_t tsc = v->domain->tsc_emulated ? emulated_tsc(v->domain, clock_now())
					       : cpu_rdtsc();

	return tsc + v->tsc_offset;
}

/* --- the tuple ------------------------------------------------------------------------------- */

static void make_tuple(const struct vcpu *v, struct vcpu_time_info *t)
{
	const struct domain *d = v->domain;
	struct clock_scale scale;

	*t = (struct vcpu_time_info){.version = v->time_version};
	if (d->tsc_emulated) {
		t->system_time = clock_now();
		t->tsc_timestamp = emulated_tsc(d, t->system_time) + v->tsc_offset;
		t->tsc_to_system_mul = d->tsc_mul;
		t->tsc_shift = d->tsc_shift;
		return;
	}
	clock_get_scale(&scale);
	t->system_time = scale.ns_base;
	t->tsc_timestamp = scale.tsc_base + v->tsc_offset;
	t->tsc_to_system_mul = scale.mul;
	t->tsc_shift = scale.shift;
	t->flags = clock_tsc_is_reliable() ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
}

static void publish_tuple(struct vcpu_time_info *to, const struct vcpu_time_info *t)
{
	shared_write(&to->version, t->version - 1);
	shared_fence_write();
	shared_write(&to->tsc_timestamp, t->tsc_timestamp);
	shared_write(&to->system_time, t->system_time);
	shared_write(&to->tsc_to_system_mul, t->tsc_to_system_mul);
	shared_write(&to->tsc_shift, t->tsc_shift);
	shared_write(&to->flags, t->flags);
	shared_write_release(&to->version, t->version);
}

void vtime_update(struct vcpu *v, bool force)
{
	struct vcpu_time_info t;

	if (v->time_published && !v->domain->tsc_emulated && !force) {
		return;
	}
	v->time_published = true;
	v->time_version += 2;
	make_tuple(v, &t);
	publish_tuple(&v->info->time, &t);
}

/* --- wall clock ------------------------------------------------------------------------------ */

static uint64_t wallclock_locked(void)
{
	if (wallclock_base == 0) {
		wallclock_base = clock_boot_wallclock() * NS_PER_SECOND;
	}
	return wallclock_base;
}

void vtime_update_wallclock(struct domain *d)
{
	struct shared_info *s = d->shared;
	uint64_t seconds, version;

	spin_lock(&wallclock_lock);
	seconds = wallclock_locked() / NS_PER_SECOND + (uint64_t)d->time_offset_seconds;
	version = (shared_read(&s->wc_version) | 1UL) + 2;
	shared_write(&s->wc_version, (uint32_t)version);
	shared_fence_write();
	shared_write(&s->wc_sec, (uint32_t)seconds);
	shared_write(&s->wc_sec_hi, (uint32_t)(seconds >> 32));
	shared_write(&s->wc_nsec, (uint32_t)(wallclock_base % NS_PER_SECOND));
	shared_write_release(&s->wc_version, (uint32_t)version + 1);
	spin_unlock(&wallclock_lock);
}

void vtime_set_wallclock(uint64_t seconds, uint32_t nanoseconds, uint64_t system_time)
{
	struct domain *d;

	spin_lock(&wallclock_lock);
	wallclock_base = seconds * NS_PER_SECOND + nanoseconds - system_time;
	spin_unlock(&wallclock_lock);
	for (d = domain_find_from(0); d; d = atomic_read_acquire(&d->next)) {
		vtime_update_wallclock(d);
	}
}

/* --- runstate -------------------------------------------------------------------------------- */

/* What a vcpu that does not run is waiting for. */
static uint32_t waiting_state(const struct vcpu *v)
{
	if (vcpu_is_runnable(v)) {
		return RUNSTATE_runnable;
	}
	return atomic_read(&v->pause_flags) == VCPU_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline;
}

static void change_state_locked(struct vcpu *v, uint32_t state, uint64_t now)
{
	struct vcpu_runstate *r = &v->runstate;

	if (now > r->entry_time) {
		r->time[r->state] += now - r->entry_time;
		r->entry_time = now;
	}
	atomic_write(&r->state, state);
}

void vtime_runstate_settle(struct vcpu *v)
{
	uint32_t state;

	spin_lock(&v->time_lock);
	state = waiting_state(v);
	if (v->runstate.state != RUNSTATE_running && v->runstate.state != state) {
		change_state_locked(v, state, clock_now());
	}
	spin_unlock(&v->time_lock);
}

static void copy_runstate(struct vcpu *v, struct vcpu_runstate_info *info)
{
	spin_lock(&v->time_lock);
	*info = (struct vcpu_runstate_info){
		.state = (int32_t)v->runstate.state,
		.state_entry_time = v->runstate.entry_time,
	};
	for (unsigned int i = 0; i < array_size(info->time); i++) {
		info->time[i] = v->runstate.time[i];
	}
	spin_unlock(&v->time_lock);
}

static int write_runstate(struct vcpu *v)
{
	struct guest_ptr area = guest_ptr(v->runstate_address);
	struct guest_ptr entry_time = guest_ptr(
		v->runstate_address + offsetof(struct vcpu_runstate_info, state_entry_time));
	struct vcpu_runstate_info info;
	bool flagged = (atomic_read(&v->domain->vm_assist) &
			1U << VMASST_TYPE_runstate_update_flag) != 0;
	int err;

	copy_runstate(v, &info);
	if (!flagged) {
		return guest_out(v, area, &info, sizeof(info));
	}
	info.state_entry_time |= XEN_RUNSTATE_UPDATE;
	err = guest_out(v, entry_time, &info.state_entry_time, sizeof(info.state_entry_time));
	if (err) {
		return err;
	}
	shared_fence_write();
	err = guest_out(v, area, &info, sizeof(info));
	if (err) {
		return err;
	}
	shared_fence_write();
	info.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
	return guest_out(v, entry_time, &info.state_entry_time, sizeof(info.state_entry_time));
}

static int write_time(struct vcpu *v)
{
	struct guest_ptr area = guest_ptr(v->time_area_address);
	struct vcpu_time_info t;
	uint32_t version;
	int err;

	make_tuple(v, &t);
	version = t.version;
	t.version--;
	err = guest_out(v, area, &t.version, sizeof(t.version));
	if (err) {
		return err;
	}
	shared_fence_write();
	err = guest_out(v, area, &t, sizeof(t));
	if (err) {
		return err;
	}
	shared_fence_write();
	return guest_out(v, area, &version, sizeof(version));
}

void vtime_write_areas(struct vcpu *v)
{
	bool failed = false;

	if (v->runstate_address) {
		failed = write_runstate(v) != 0;
	}
	if (v->time_area_address) {
		failed |= write_time(v) != 0;
	}
	v->areas_stale = failed;
}

void vtime_runstate(struct vcpu *v, uint32_t state, uint64_t now)
{
	bool stops;

	spin_lock(&v->time_lock);
	stops = v->runstate.state == RUNSTATE_running && state != RUNSTATE_running;
	change_state_locked(v, state == RUNSTATE_running ? state : waiting_state(v), now);
	spin_unlock(&v->time_lock);
	if (!stops) {
		return;
	}
	if (v->runstate_address && vcpu_is_loaded(v) && write_runstate(v)) {
		v->areas_stale = true;
	}
	domain_check_shutdown(v->domain);
}

int vtime_register_runstate(struct vcpu *v, uint64_t address)
{
	if (address_is_hypervisor(address) || !address_is_canonical(address)) {
		return -XEN_EFAULT;
	}
	v->runstate_address = address;
	if (address && vcpu_is_loaded(v)) {
		vtime_write_areas(v);
	}
	return 0;
}

int vtime_register_time_area(struct vcpu *v, uint64_t address)
{
	if (address_is_hypervisor(address) || !address_is_canonical(address)) {
		return -XEN_EFAULT;
	}
	v->time_area_address = address;
	if (address && vcpu_is_loaded(v)) {
		vtime_write_areas(v);
	}
	return 0;
}

void vtime_get_runstate(struct vcpu *v, struct vcpu_runstate *out)
{
	uint64_t now = clock_now();

	spin_lock(&v->time_lock);
	*out = v->runstate;
	if (now > out->entry_time) {
		out->time[out->state] += now - out->entry_time;
	}
	spin_unlock(&v->time_lock);
}

/* --- timers ---------------------------------------------------------------------------------- */

static void raise_timer(struct vcpu *v)
{
	if (vtime_timer_hook) {
		vtime_timer_hook(v);
	}
}

static void singleshot_expired(void *data)
{
	raise_timer(data);
}

static void poll_expired(void *data)
{
	struct vcpu *v = data;

	if (atomic_read(&v->poll_port) != 0) {
		vcpu_unblock(v);
	}
}

/* Raises what is due, once however many ticks it is, and waits for the next. */
static void periodic_tick(struct vcpu *v)
{
	uint64_t now = clock_now();

	if (v->periodic_ns == 0) {
		return;
	}
	if (now - v->periodic_last >= v->periodic_ns) {
		v->periodic_last = now - (now - v->periodic_last) % v->periodic_ns;
		raise_timer(v);
	}
	timer_set(&v->periodic_timer, v->periodic_last + v->periodic_ns);
}

static void periodic_expired(void *data)
{
	periodic_tick(data);
}

void vtime_set_singleshot(struct vcpu *v, uint64_t expires)
{
	if (expires <= clock_now()) {
		timer_stop(&v->singleshot_timer);
		raise_timer(v);
	} else {
		timer_set(&v->singleshot_timer, expires);
	}
}

void vtime_stop_singleshot(struct vcpu *v)
{
	timer_stop(&v->singleshot_timer);
}

void vtime_set_poll_timeout(struct vcpu *v, uint64_t expires)
{
	timer_set(&v->poll_timer, expires);
}

int vtime_set_periodic(struct vcpu *v, uint64_t period_ns)
{
	if (period_ns != 0 && (period_ns < PERIOD_MIN || period_ns > INT64_MAX)) {
		return -XEN_EINVAL;
	}
	timer_stop(&v->periodic_timer);
	v->periodic_ns = period_ns;
	v->periodic_last = clock_now();
	if (period_ns != 0 && sched_is_running(&v->unit)) {
		timer_set(&v->periodic_timer, v->periodic_last + period_ns);
	}
	return 0;
}

void vtime_migrate(struct vcpu *v, unsigned int cpu)
{
	timer_migrate(&v->singleshot_timer, cpu);
	timer_migrate(&v->periodic_timer, cpu);
	timer_migrate(&v->poll_timer, cpu);
}

void vtime_switched_in(struct vcpu *v)
{
	if (v->singleshot_timer.cpu != this_cpu()) {
		vtime_migrate(v, this_cpu());
	}
	periodic_tick(v);
}

void vtime_switched_out(struct vcpu *v)
{
	if (v->periodic_ns != 0) {
		timer_stop(&v->periodic_timer);
	}
}

/* --- life ------------------------------------------------------------------------------------ */

void vtime_vcpu_init(struct vcpu *v)
{
	spin_init(&v->time_lock, vtime);
	v->runstate = (struct vcpu_runstate){
		.state = RUNSTATE_offline,
		.entry_time = clock_now(),
	};
	timer_init(&v->singleshot_timer, singleshot_expired, v, v->unit.cpu);
	timer_init(&v->periodic_timer, periodic_expired, v, v->unit.cpu);
	timer_init(&v->poll_timer, poll_expired, v, v->unit.cpu);
	v->periodic_ns = PERIOD_DEFAULT;
	v->periodic_last = v->runstate.entry_time;
	vtime_update(v, true);
	/* The builder may wipe the page yet: written again at the first switch-in. */
	v->time_published = false;
}

void vtime_vcpu_fini(struct vcpu *v)
{
	v->periodic_ns = 0;
	timer_kill(&v->singleshot_timer);
	timer_kill(&v->periodic_timer);
	timer_kill(&v->poll_timer);
}
