/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves time: system time never goes back and runs like the clock chip, single-shot timers fire
 * once and not early, the periodic one ticks until stopped, the runstate area accounts for all
 * time, and the wall clock is plausible.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/physdev.h>
#include <xen/vcpu.h>

static volatile unsigned int ticks;
static uint32_t port;

static bool on_event(struct trap_frame *frame)
{
	if (frame->vector != VECTOR_EVENT) {
		return false;
	}
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	if (port_pending(port)) {
		port_clear(port);
		ticks++;
	}
	return true;
}

static int64_t vcpu_op(uint32_t command, void *arg)
{
	return hypercall3(__HYPERVISOR_vcpu_op, command, 0, arg);
}

static int64_t single_shot(uint64_t at)
{
	struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = at};

	return vcpu_op(VCPUOP_set_singleshot_timer, &timer);
}

static void monotonic(void)
{
	uint64_t last = system_time(), now, backwards = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		now = system_time();
		backwards += now < last;
		last = now;
	}
	claim_equal("system_time_never_goes_back", (int64_t)backwards, 0);
}

static uint8_t rtc_second(void)
{
	uint8_t value = 0;

	__asm__ volatile("outb %b1, $0x70\n\tinb $0x71, %0" : "=a"(value) : "0"(0));
	return value;
}

static void against_the_chip(void)
{
	struct physdev_set_iopl iopl = {.iopl = 1};
	uint64_t start, ns;
	uint8_t second;

	hypercall2(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
	for (second = rtc_second(); second == rtc_second();) {
	}
	start = system_time();
	for (second = rtc_second(); second == rtc_second();) {
	}
	ns = system_time() - start;
	print("# a second of the clock chip took %lu ns\n", ns);
	claim(ns > 950000000 && ns < 1050000000, "a_second_is_a_second");
}

static void timers(void)
{
	struct vcpu_set_periodic_timer period = {.period_ns = 10000000};
	struct vcpu_set_singleshot_timer other = {0};
	uint64_t at, late;

	claim_equal("the_timer_virq", bind_virq(VIRQ_TIMER, 0, &port), 0);
	events_on();
	spin_ns(100000000);
	claim(ticks >= 5 && ticks <= 12, "ticks_a_hundred_times_a_second_at_first");
	claim_equal("it_can_be_stopped", vcpu_op(VCPUOP_stop_periodic_timer, NULL), 0);
	spin_ns(20000000);
	ticks = 0;
	spin_ns(50000000);
	claim_equal("then_it_is_silent", ticks, 0);
	at = system_time() + 5000000;
	claim_equal("a_single_shot", single_shot(at), 0);
	while (!ticks && system_time() < at + 1000000000) {
	}
	late = system_time() - at;
	print("# fired %ld ns after its time\n", (int64_t)late);
	claim(ticks == 1 && (int64_t)late >= 0, "is_not_early");
	claim(late < 50000000, "nor_very_late");
	spin_ns(30000000);
	claim_equal("nor_repeated", ticks, 1);
	ticks = 0;
	claim_equal("one_in_the_past", single_shot(1), 0);
	spin_ns(5000000);
	claim_equal("fires_at_once", ticks, 1);
	ticks = 0;
	claim_equal("one_to_come", single_shot(system_time() + 20000000), 0);
	claim_equal("can_be_stopped", vcpu_op(VCPUOP_stop_singleshot_timer, NULL), 0);
	spin_ns(40000000);
	claim_equal("and_does_not_fire", ticks, 0);
	claim_equal("the_old_call", hypercall1(__HYPERVISOR_set_timer_op, system_time() + 5000000),
		    0);
	spin_ns(20000000);
	claim_equal("fires_too", ticks, 1);
	ticks = 0;
	claim_equal(
		"its_0_cancels",
		(single_shot(system_time() + 10000000), hypercall1(__HYPERVISOR_set_timer_op, 0)),
		0);
	spin_ns(30000000);
	claim_equal("so_nothing_comes", ticks, 0);
	claim_equal("a_period", vcpu_op(VCPUOP_set_periodic_timer, &period), 0);
	spin_ns(100000000);
	claim(ticks >= 5 && ticks <= 12, "ticks_by_itself");
	period.period_ns = 1000;
	claim_equal("too_short_a_period_is_einval", vcpu_op(VCPUOP_set_periodic_timer, &period),
		    -XEN_EINVAL);
	vcpu_op(VCPUOP_stop_periodic_timer, NULL);
	claim_equal("a_timer_of_no_vcpu_is_enoent",
		    hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 99, &other),
		    -XEN_ENOENT);
	events_off();
}

static void runstate(void)
{
	static struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area r = {.addr.v = (uint64_t)&area};
	struct vcpu_runstate_info now;
	uint64_t before, after, sum = 0;

	claim_equal("a_runstate_area", vcpu_op(VCPUOP_register_runstate_memory_area, &r), 0);
	claim_equal("says_running", area.state, RUNSTATE_running);
	before = system_time();
	claim_equal("can_be_asked_for", vcpu_op(VCPUOP_get_runstate_info, &now), 0);
	after = system_time();
	for (unsigned int i = 0; i < 4; i++) {
		sum += now.time[i];
	}
	claim_equal("running_too", now.state, RUNSTATE_running);
	claim(sum <= after && sum > 0 && now.state_entry_time <= before, "its_times_are_past");
	claim(after - before < 100000000, "asking_is_quick");
}

void guest_test(void)
{
	guest_trap_hook = on_event;
	monotonic();
	against_the_chip();
	timers();
	runstate();
	claim(shared_info->wc_sec > 1600000000U && shared_info->wc_sec_hi == 0,
	      "the_wall_clock_is_now");
	claim_equal("its_version_is_even", shared_info->wc_version & 1, 0);
	claim(shared_info->wc_nsec < 1000000000, "its_nanoseconds_are_less_than_a_second");
}
