/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest computes from its time pages is the system time; its timers fire when they
 * should. */
#include "unit/domain_fixture.h"

#include "lib/math.h"

#define START 1000000000UL

/* As a guest does it. */
static uint64_t guest_time(const struct vcpu_time_info *t, uint64_t tsc)
{
	return t->system_time +
	       scale_mul(tsc - t->tsc_timestamp, t->tsc_to_system_mul, t->tsc_shift);
}

static void run_timers(uint64_t now)
{
	sim_clock_set(now);
	timers_interrupt(0);
	softirq_run(0);
}

/* Stops the default tick so that it does not count. */
static void start_quietly(struct vcpu *v)
{
	CU_ASSERT_EQUAL(vtime_set_periodic(v, 0), 0);
	start_running(v);
	timer_events = 0;
}

static void unknown_tsc_modes_are_refused(void)
{
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 3, 0, 0, 0), -XEN_EINVAL);
	destroy();
}

static void the_tsc_is_native_where_it_is_reliable(void)
{
	CU_ASSERT_FALSE(d->tsc_emulated);
	sim_clock_set_reliable(false);
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 0, 0, 0, 0), 0);
	CU_ASSERT_TRUE(d->tsc_emulated);
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 2, 0, 0, 0), 0);
	CU_ASSERT_FALSE(d->tsc_emulated);
	sim_clock_set_reliable(true);
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 1, 0, 0, 0), 0);
	CU_ASSERT_TRUE(d->tsc_emulated);
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 0, 1234567, 0, 0), 0);
	CU_ASSERT_TRUE(d->tsc_emulated);
	d->is_hardware = true;
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 1, 0, 0, 0), 0);
	CU_ASSERT_FALSE(d->tsc_emulated);
	d->is_hardware = false;
	destroy();
}

static void a_native_tuple_gives_system_time(void)
{
	start_quietly(v0);
	const struct vcpu_time_info *t = &v0->info->time;

	sim_clock_set(123456789012UL);
	CU_ASSERT_EQUAL(guest_time(t, vtime_tsc(v0)), 123456789012UL);
	CU_ASSERT_EQUAL(t->flags, XEN_PVCLOCK_TSC_STABLE_BIT);
	CU_ASSERT_EQUAL(t->version & 1, 0);
	destroy();
}

static void an_emulated_tuple_gives_system_time(void)
{
	CU_ASSERT_EQUAL(vtime_set_tsc(d, 1, 1234567, 0, 5000), 0);
	start_quietly(v0);
	const struct vcpu_time_info *t = &v0->info->time;
	uint64_t tsc = vtime_tsc(v0);
	uint64_t elapsed = 3600 * START;

	CU_ASSERT_EQUAL(t->flags, 0);
	CU_ASSERT_TRUE(guest_time(t, tsc) <= clock_now());
	CU_ASSERT_TRUE(clock_now() - guest_time(t, tsc) <= 2);
	sim_clock_advance(elapsed);
	CU_ASSERT_TRUE(vtime_tsc(v0) - tsc <= elapsed / 1000000 * 1234567);
	CU_ASSERT_TRUE(vtime_tsc(v0) - tsc >= elapsed / 1000000 * 1234567 - 4000);
	vtime_update(v0, false);
	CU_ASSERT_TRUE(clock_now() - guest_time(t, vtime_tsc(v0)) <= 2);
	destroy();
}

static void a_guest_that_moves_its_tsc_does_not_move_system_time(void)
{
	for (unsigned int mode = 1; mode <= 2; mode++) {
		CU_ASSERT_EQUAL(vtime_set_tsc(d, mode, 0, 0, 0), 0);
		v0->tsc_offset += 12345678901UL;
		vtime_update(v0, true);
		sim_clock_advance(1000000);
		CU_ASSERT(clock_now() - guest_time(&v0->info->time, vtime_tsc(v0)) <= 2);
		v0->tsc_offset = -987654321UL;
		vtime_update(v0, true);
		CU_ASSERT(clock_now() - guest_time(&v0->info->time, vtime_tsc(v0)) <= 2);
	}
	destroy();
}

static void an_update_changes_the_version_by_two(void)
{
	uint32_t version = v0->info->time.version;

	vtime_update(v0, true);
	CU_ASSERT_EQUAL(v0->info->time.version, version + 2);
	CU_ASSERT_EQUAL(version & 1, 0);
	vtime_update(v0, false);
	CU_ASSERT_EQUAL(v0->info->time.version, version + 2);
	destroy();
}

static void a_wiped_page_is_filled_at_the_first_switch_in(void)
{
	v0->info->time = (struct vcpu_time_info){0};
	start_quietly(v0);
	CU_ASSERT_NOT_EQUAL(v0->info->time.tsc_to_system_mul, 0);
	destroy();
}

static void the_wall_clock_is_utc_at_system_time_zero(void)
{
	uint32_t version = d->shared->wc_version;

	CU_ASSERT_EQUAL(version & 1, 0);
	CU_ASSERT_NOT_EQUAL(d->shared->wc_sec, 0);
	vtime_set_wallclock(5000000000UL, 100, START);
	CU_ASSERT_EQUAL(d->shared->wc_sec, (uint32_t)4999999999UL);
	CU_ASSERT_EQUAL(d->shared->wc_sec_hi, 1);
	CU_ASSERT_EQUAL(d->shared->wc_nsec, 100);
	CU_ASSERT_EQUAL(d->shared->wc_version & 1, 0);
	CU_ASSERT_NOT_EQUAL(d->shared->wc_version, version);
	destroy();
}

/* --- runstate -------------------------------------------------------------------------------- */

static void times_in_the_states_add_up(void)
{
	struct vcpu_runstate r;

	sim_clock_advance(10);
	start_quietly(v0);
	sim_clock_advance(100);
	vcpu_set_flag(v0, VCPU_BLOCKED);
	switch_out(v0);
	sim_clock_advance(1000);
	vcpu_unblock(v0);
	sim_clock_advance(5);
	vtime_get_runstate(v0, &r);
	CU_ASSERT_EQUAL(r.time[RUNSTATE_offline], 10);
	CU_ASSERT_EQUAL(r.time[RUNSTATE_running], 100);
	CU_ASSERT_EQUAL(r.time[RUNSTATE_blocked], 1000);
	CU_ASSERT_EQUAL(r.time[RUNSTATE_runnable], 5);
	destroy();
}

static void the_registered_runstate_is_kept_up_to_date(void)
{
	struct vcpu_runstate_info info;

	map_frame(true);
	CU_ASSERT_EQUAL(vtime_register_runstate(v0, HYPERVISOR_START), -XEN_EFAULT);
	CU_ASSERT_EQUAL(vtime_register_runstate(v0, 1UL << 60), -XEN_EFAULT);
	d->vm_assist = 1U << VMASST_TYPE_runstate_update_flag;
	start_quietly(v0);
	CU_ASSERT_EQUAL(vtime_register_runstate(v0, GUEST_PAGE + 64), 0);
	sim_guest_read(&info, GUEST_PAGE + 64, sizeof(info));
	CU_ASSERT_EQUAL(info.state, RUNSTATE_running);
	CU_ASSERT_EQUAL(info.state_entry_time, clock_now());
	sim_clock_advance(50);
	vcpu_set_flag(v0, VCPU_BLOCKED);
	switch_out(v0);
	sim_guest_read(&info, GUEST_PAGE + 64, sizeof(info));
	CU_ASSERT_EQUAL(info.state, RUNSTATE_blocked);
	CU_ASSERT_EQUAL(info.time[RUNSTATE_running], 50);
	CU_ASSERT_EQUAL(info.state_entry_time & XEN_RUNSTATE_UPDATE, 0);
	destroy();
}

static void areas_that_cannot_be_written_are_tried_again(void)
{
	mfn_t m = map_frame(true);
	struct vcpu_time_info t;

	sim_guest_unmap(GUEST_PAGE);
	start_quietly(v0);
	CU_ASSERT_EQUAL(vtime_register_time_area(v0, GUEST_PAGE), 0);
	CU_ASSERT_TRUE(v0->areas_stale);
	sim_guest_map(GUEST_PAGE, m, true);
	vtime_write_areas(v0);
	CU_ASSERT_FALSE(v0->areas_stale);
	sim_guest_read(&t, GUEST_PAGE, sizeof(t));
	CU_ASSERT_EQUAL(guest_time(&t, vtime_tsc(v0)), clock_now());
	CU_ASSERT_EQUAL(t.version & 1, 0);
	destroy();
}

/* --- timers ---------------------------------------------------------------------------------- */

static void a_singleshot_in_the_past_fires_at_once(void)
{
	start_quietly(v0);
	vtime_set_singleshot(v0, 1);
	CU_ASSERT_EQUAL(timer_events, 1);
	vtime_set_singleshot(v0, START + 5 * MS);
	run_timers(START + 4 * MS);
	CU_ASSERT_EQUAL(timer_events, 1);
	run_timers(START + 5 * MS);
	CU_ASSERT_EQUAL(timer_events, 2);
	vtime_set_singleshot(v0, START + 9 * MS);
	vtime_stop_singleshot(v0);
	run_timers(START + 10 * MS);
	CU_ASSERT_EQUAL(timer_events, 2);
	destroy();
}

static void the_periodic_timer_ticks_only_while_the_vcpu_runs(void)
{
	CU_ASSERT_EQUAL(vtime_set_periodic(v0, MS - 1), -XEN_EINVAL);
	start_quietly(v0);
	CU_ASSERT_EQUAL(vtime_set_periodic(v0, 2 * MS), 0);
	run_timers(START + 2 * MS);
	run_timers(START + 4 * MS);
	CU_ASSERT_EQUAL(timer_events, 2);
	vcpu_set_flag(v0, VCPU_BLOCKED);
	switch_out(v0);
	run_timers(START + 21 * MS);
	CU_ASSERT_EQUAL(timer_events, 2);
	vcpu_unblock(v0);
	switch_in(v0);
	CU_ASSERT_EQUAL(timer_events, 3);
	run_timers(START + 22 * MS);
	CU_ASSERT_EQUAL(timer_events, 4);
	destroy();
}

static void a_new_vcpu_ticks_at_100_hz(void)
{
	start_running(v0);
	run_timers(START + 10 * MS);
	run_timers(START + 20 * MS);
	CU_ASSERT_EQUAL(timer_events, 2);
	destroy();
}

static void a_poll_ends_at_its_timeout(void)
{
	start_quietly(v0);
	v0->poll_port = -1;
	vcpu_set_flag(v0, VCPU_BLOCKED);
	vtime_set_poll_timeout(v0, START + MS);
	switch_out(v0);
	run_timers(START + MS);
	CU_ASSERT_EQUAL(v0->pause_flags, 0);
	CU_ASSERT_EQUAL(v0->poll_port, 0);
	destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(unknown_tsc_modes_are_refused),
		UNIT(the_tsc_is_native_where_it_is_reliable),
		UNIT(a_native_tuple_gives_system_time),
		UNIT(an_emulated_tuple_gives_system_time),
		UNIT(a_guest_that_moves_its_tsc_does_not_move_system_time),
		UNIT(an_update_changes_the_version_by_two),
		UNIT(a_wiped_page_is_filled_at_the_first_switch_in),
		UNIT(the_wall_clock_is_utc_at_system_time_zero),
		UNIT(times_in_the_states_add_up),
		UNIT(the_registered_runstate_is_kept_up_to_date),
		UNIT(areas_that_cannot_be_written_are_tried_again),
		UNIT(a_singleshot_in_the_past_fires_at_once),
		UNIT(the_periodic_timer_ticks_only_while_the_vcpu_runs),
		UNIT(a_new_vcpu_ticks_at_100_hz),
		UNIT(a_poll_ends_at_its_timeout),
	};

	return unit_main("domain_vtime", tests, array_size(tests), fixture_setup);
}
