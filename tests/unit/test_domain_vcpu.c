/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpus: creation, what keeps them from running, registered vcpu_info, guest memory ranges. */
#include "unit/domain_fixture.h"

#include "domain/guest.h"
#include "machine/frames.h"
#include "mm/heap.h"

#include <string.h>
#include <xen/sched.h>

static void a_vcpu_that_cannot_be_made_leaves_nothing(void)
{
	uint64_t used = heap_used();

	CU_ASSERT_EQUAL(vcpu_create(d, 40), -XEN_EINVAL);
	CU_ASSERT_EQUAL(vcpu_create(d, 1), -XEN_EEXIST);
	vcpu_create_error = -XEN_ENOMEM;
	CU_ASSERT_EQUAL(vcpu_create(d, 2), -XEN_ENOMEM);
	vcpu_create_error = 0;
	for (uint64_t n = 0; n < 2; n++) {
		sim_fail_allocation_after(n);
		CU_ASSERT_EQUAL(vcpu_create(d, 2), -XEN_ENOMEM);
	}
	sim_fail_allocation_after(~0UL);
	CU_ASSERT_EQUAL(heap_used(), used);
	CU_ASSERT_PTR_NULL(vcpu_find(d, 2));
	CU_ASSERT_PTR_NULL(vcpu_find(d, ~0UL));
	destroy();
}

static void a_new_vcpu_is_down_with_events_masked(void)
{
	CU_ASSERT_EQUAL(v0->pause_flags, VCPU_DOWN);
	CU_ASSERT_FALSE(vcpu_is_runnable(v0));
	CU_ASSERT_PTR_EQUAL(v0->info, &d->shared->vcpu_info[0]);
	CU_ASSERT_EQUAL(v0->info->evtchn_upcall_mask, 1);
	CU_ASSERT_EQUAL(vcpu_create(d, 35), 0);
	CU_ASSERT_FALSE(vcpu_has_info(vcpu_find(d, 35)));
	CU_ASSERT_EQUAL(vcpu_find(d, 35)->info->evtchn_upcall_mask, 1);
	CU_ASSERT_TRUE(vcpu_has_info(v1));
	destroy();
}

static void each_reason_not_to_run_counts(void)
{
	vcpu_clear_flag(v0, VCPU_DOWN);
	CU_ASSERT_EQUAL(v0->unit.state, SCHED_ASLEEP);
	CU_ASSERT_EQUAL(domain_control_unpause(d), 0);
	CU_ASSERT_EQUAL(v0->unit.state, SCHED_QUEUED);
	vcpu_pause(v0);
	vcpu_pause_nowait(v0);
	domain_pause(d);
	vcpu_unpause(v0);
	vcpu_unpause(v0);
	CU_ASSERT_EQUAL(v0->unit.state, SCHED_ASLEEP);
	domain_unpause(d);
	CU_ASSERT_EQUAL(v0->unit.state, SCHED_QUEUED);
	CU_ASSERT_EQUAL(v0->runstate.state, RUNSTATE_runnable);
	destroy();
}

static void a_blocked_vcpu_is_woken_by_a_kick(void)
{
	start_running(v0);
	vcpu_set_flag(v0, VCPU_BLOCKED);
	switch_out(v0);
	CU_ASSERT_EQUAL(v0->runstate.state, RUNSTATE_blocked);
	v0->poll_port = 5;
	vcpu_kick(v0);
	CU_ASSERT_EQUAL(v0->pause_flags, 0);
	CU_ASSERT_EQUAL(v0->poll_port, 0);
	CU_ASSERT_EQUAL(v0->runstate.state, RUNSTATE_runnable);
	CU_ASSERT_EQUAL(v0->unit.state, SCHED_QUEUED);
	destroy();
}

static void a_wake_before_the_switch_keeps_it_runnable(void)
{
	uint64_t slice_end;

	start_running(v0);
	vcpu_set_flag(v0, VCPU_BLOCKED);
	vcpu_unblock(v0);
	CU_ASSERT_PTR_EQUAL(sched_pick(0, &v0->unit, clock_now(), &slice_end), &v0->unit);
	vcpu_set_flag(v0, VCPU_BLOCKED);
	switch_out(v0);
	destroy();
}

static void shutdown_completes_when_the_last_vcpu_has_left(void)
{
	start_running(v0);
	domain_crash(d, "a test");
	CU_ASSERT_TRUE(d->is_shutting_down);
	CU_ASSERT_FALSE(d->is_shut_down);
	CU_ASSERT_EQUAL(shutdowns, 0);
	switch_out(v0);
	CU_ASSERT_TRUE(d->is_shut_down);
	CU_ASSERT_EQUAL(d->shutdown_code, SHUTDOWN_crash);
	CU_ASSERT_EQUAL(shutdowns, 1);
	domain_resume(d);
	CU_ASSERT_EQUAL(v0->unit.state, SCHED_QUEUED);
	destroy();
}

/* --- vcpu_info ------------------------------------------------------------------------------- */

static void a_bad_place_for_vcpu_info_is_refused(void)
{
	mfn_t m = map_frame(true);

	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), 4096 - 56), -XEN_ENXIO);
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), 4), -XEN_ENXIO);
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), ~0U), -XEN_ENXIO);
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(1UL << 40), 0), -XEN_EINVAL);
	/* Not the domain's. */
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(SIM_RAM_FIRST + 900), 0), -XEN_EINVAL);
	writable_error = -XEN_EINVAL;
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(frame_of(m)->refs & FRAME_REF_MASK, 1);
	destroy();
}

static void vcpu_info_moves_once_with_all_events_pending(void)
{
	mfn_t m = map_frame(true);
	const struct vcpu_info *info = (const struct vcpu_info *)((uint8_t *)frame_map(m) + 64);

	v0->info->arch.cr2 = 0x1234;
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), 64), 0);
	CU_ASSERT_PTR_EQUAL(v0->info, info);
	CU_ASSERT_EQUAL(info->arch.cr2, 0x1234);
	CU_ASSERT_EQUAL(info->evtchn_upcall_mask, 1);
	CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 1);
	CU_ASSERT_EQUAL(info->evtchn_pending_sel, ~0UL);
	CU_ASSERT_NOT_EQUAL(info->time.tsc_to_system_mul, 0);
	CU_ASSERT_EQUAL(writables, 1);
	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), 128), -XEN_EINVAL);
	CU_ASSERT_EQUAL(writables, 1);
	CU_ASSERT_EQUAL(frame_of(m)->refs & FRAME_REF_MASK, 2);
	destroy();
	CU_ASSERT_EQUAL(writables, 0);
}

static void the_info_of_another_vcpu_that_is_up_stays(void)
{
	mfn_t m = map_frame(true);

	vcpu_clear_flag(v1, VCPU_DOWN);
	CU_ASSERT_EQUAL(vcpu_register_info(v1, gfn(m.n), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(writables, 0);
	destroy();
}

static void teardown_waits_until_nobody_writes_the_registered_info(void)
{
	mfn_t m = map_frame(true);

	CU_ASSERT_EQUAL(vcpu_register_info(v0, gfn(m.n), 0), 0);
	CU_ASSERT_EQUAL(domain_kill(d), -XEN_ERESTART);
	CU_ASSERT_FALSE(vcpu_has_info(v0));
	CU_ASSERT_EQUAL(domain_kill(d), -XEN_ERESTART);
	CU_ASSERT_EQUAL(writables, 1);
	pass_exit_paths();
	CU_ASSERT_EQUAL(domain_kill(d), 0);
	CU_ASSERT_EQUAL(writables, 0);
	pass_exit_paths();
	CU_ASSERT_PTR_NULL(domain_find(1));
}

static void a_destroyed_domain_leaves_no_memory_behind(void)
{
	uint64_t used;

	destroy();
	used = heap_used();
	CU_ASSERT_EQUAL(used, 0);
}

/* --- guest memory ---------------------------------------------------------------------------- */

static void addresses_of_the_hypervisor_are_refused(void)
{
	static const uint64_t bad[] = {
		HYPERVISOR_START,     HYPERVISOR_END - 1,    HYPERVISOR_START - 4,
		0x7fffffffffffUL - 3, 0x0000800000000000UL, ~0UL - 3,
	};
	uint64_t word = 0;

	for (unsigned int i = 0; i < array_size(bad); i++) {
		CU_ASSERT_EQUAL(guest_in(v0, &word, guest_ptr(bad[i]), 8), -XEN_EFAULT);
		CU_ASSERT_EQUAL(guest_out(v0, guest_ptr(bad[i]), &word, 8), -XEN_EFAULT);
		CU_ASSERT_EQUAL(guest_clear(v0, guest_ptr(bad[i]), 8), -XEN_EFAULT);
	}
	destroy();
}

static void guest_memory_is_read_written_and_cleared(void)
{
	uint8_t bytes[600], zeroes[600] = {0};

	map_frame(true);
	memset(bytes, 0x5a, sizeof(bytes));
	CU_ASSERT_EQUAL(guest_out(v0, guest_ptr(GUEST_PAGE), bytes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(guest_clear(v0, guest_ptr(GUEST_PAGE), sizeof(bytes)), 0);
	sim_hypercall_begin();
	CU_ASSERT_EQUAL(guest_in(v0, bytes, guest_ptr(GUEST_PAGE), sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(memcmp(bytes, zeroes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(guest_in(v0, bytes, guest_ptr(GUEST_PAGE + 4000), 200), -XEN_EFAULT);
	destroy();
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_vcpu_that_cannot_be_made_leaves_nothing),
		UNIT(a_new_vcpu_is_down_with_events_masked),
		UNIT(each_reason_not_to_run_counts),
		UNIT(a_blocked_vcpu_is_woken_by_a_kick),
		UNIT(a_wake_before_the_switch_keeps_it_runnable),
		UNIT(shutdown_completes_when_the_last_vcpu_has_left),
		UNIT(a_bad_place_for_vcpu_info_is_refused),
		UNIT(vcpu_info_moves_once_with_all_events_pending),
		UNIT(the_info_of_another_vcpu_that_is_up_stays),
		UNIT(teardown_waits_until_nobody_writes_the_registered_info),
		UNIT(a_destroyed_domain_leaves_no_memory_behind),
		UNIT(addresses_of_the_hypervisor_are_refused),
		UNIT(guest_memory_is_read_written_and_cleared),
	};

	return unit_main("domain_vcpu", tests, array_size(tests), fixture_setup);
}
