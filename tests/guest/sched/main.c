/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves that a vcpu gives up its processor and gets it back: yield, block until an event, poll
 * for ports and for time; that none of them loses a wake-up; and the refusals of sched_op.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

static volatile unsigned int upcalls;
static uint32_t timer, ipi;

static bool on_event(struct trap_frame *frame)
{
	if (frame->vector != VECTOR_EVENT) {
		return false;
	}
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	port_clear(timer);
	port_clear(ipi);
	upcalls++;
	return true;
}

static int64_t call(uint32_t command, void *arg)
{
	return hypercall2(__HYPERVISOR_sched_op, command, arg);
}

static void fire_in(uint64_t ns)
{
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = system_time() + ns};

	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
}

static void send(uint32_t port)
{
	struct evtchn_send op = {.port = port};

	hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op);
}

static void quiet(void)
{
	events_off();
	port_clear(timer);
	port_clear(ipi);
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	upcalls = 0;
}

static void blocking(void)
{
	uint64_t start;

	quiet();
	start = system_time();
	fire_in(10000000);
	claim_equal("block", call(SCHEDOP_block, NULL), 0);
	claim(system_time() - start >= 9000000, "sleeps_until_the_timer");
	claim_equal("the_upcall_came", upcalls, 1);
	claim_equal("events_were_let_in", shared_info->vcpu_info[0].evtchn_upcall_mask, 0);
	quiet();
	send(ipi);
	start = system_time();
	fire_in(500000000);
	claim_equal("with_an_event_due", call(SCHEDOP_block, NULL), 0);
	claim(system_time() - start < 400000000, "block_does_not_sleep");
	claim_equal("and_delivers_it", upcalls, 1);
}

static int64_t poll(const uint32_t *ports, uint32_t count, uint64_t timeout)
{
	struct sched_poll op = {.ports = (uint64_t)ports, .nr_ports = count, .timeout = timeout};

	return call(SCHEDOP_poll, &op);
}

static void polling(void)
{
	uint32_t ports[2] = {ipi, timer}, bad = 4000;
	uint64_t start;

	quiet();
	start = system_time();
	claim_equal("poll_with_a_timeout", poll(ports, 1, start + 10000000), 0);
	claim(system_time() - start >= 10000000, "sleeps_until_it");
	claim(system_time() - start < 500000000, "and_no_longer");
	claim(!port_pending(timer), "the_timeout_is_no_event");
	start = system_time();
	claim_equal("a_timeout_in_the_past", poll(ports, 1, 1), 0);
	claim(system_time() - start < 100000000, "does_not_sleep");
	send(ipi);
	start = system_time();
	claim_equal("with_a_pending_port", poll(ports, 1, start + 1000000000), 0);
	claim(system_time() - start < 500000000, "poll_does_not_sleep");
	claim_equal("nor_delivers", upcalls, 0);
	quiet();
	port_mask(timer, true);
	start = system_time();
	fire_in(10000000);
	claim_equal("a_masked_port", poll(&timer, 1, start + 2000000000), 0);
	claim(system_time() - start < 1000000000 && port_pending(timer), "wakes_a_poller_too");
	quiet();
	start = system_time();
	fire_in(10000000);
	claim_equal("one_of_two_ports", poll(ports, 2, start + 2000000000), 0);
	claim(system_time() - start < 1000000000, "wakes");
	port_mask(timer, false);
	quiet();
	claim_equal("an_unused_port_is_einval", poll(&bad, 1, system_time() + 1000000),
		    -XEN_EINVAL);
	bad = ~0U;
	claim_equal("so_is_a_wild_one", poll(&bad, 1, system_time() + 1000000), -XEN_EINVAL);
	claim_equal("so_are_too_many", poll(ports, 129, system_time() + 1000000), -XEN_EINVAL);
	claim_equal("an_unreadable_list_is_efault",
		    poll((const uint32_t *)0x1000, 1, system_time() + 1000000), -XEN_EFAULT);
	start = system_time();
	claim_equal("no_ports_at_all", poll(ports, 0, start + 5000000), 0);
	claim(system_time() - start >= 5000000, "are_a_sleep");
}

static int64_t pin(int32_t cpu)
{
	struct sched_pin_override op = {.pcpu = cpu};

	return call(SCHEDOP_pin_override, &op);
}

static void pinning(void)
{
	claim_equal("nothing_to_unpin_is_einval", pin(-1), -XEN_EINVAL);
	claim_equal("pinning_to_no_cpu_is_einval", pin(200), -XEN_EINVAL);
	claim_equal("nor_to_a_wild_one", pin(INT32_MAX), -XEN_EINVAL);
	claim_equal("dom0_pins_itself", pin(0), 0);
	claim_equal("only_once", pin(0), -XEN_EBUSY);
	claim_equal("and_lets_go", pin(-1), 0);
	claim_equal("only_once_too", pin(INT32_MIN), -XEN_EINVAL);
	claim_equal("an_unreadable_pin_is_efault", call(SCHEDOP_pin_override, (void *)0x1000),
		    -XEN_EFAULT);
}

static void others(void)
{
	struct sched_remote_shutdown remote = {.domain_id = 1234, .reason = SHUTDOWN_crash};
	struct sched_watchdog dog = {.id = 77, .timeout = 10};
	int64_t id;

	claim_equal("yield", call(SCHEDOP_yield, NULL), 0);
	claim_equal("an_unknown_operation_is_enosys", call(99, NULL), -XEN_ENOSYS);
	claim_equal("the_old_call_is_not_there", hypercall2(__HYPERVISOR_sched_op_compat, 9, 0),
		    -XEN_ENOSYS);
	claim_equal("shutting_down_nobody_is_esrch", call(SCHEDOP_remote_shutdown, &remote),
		    -XEN_ESRCH);
	remote.domain_id = DOMID_SELF;
	claim(call(SCHEDOP_remote_shutdown, &remote) < 0, "nor_oneself_this_way");
	claim_equal("an_unreadable_argument_is_efault", call(SCHEDOP_poll, (void *)0x1000),
		    -XEN_EFAULT);
	claim_equal("shutdown_needs_its_argument", call(SCHEDOP_shutdown, (void *)0x1000),
		    -XEN_EFAULT);
	id = call(SCHEDOP_watchdog, &dog);
	claim(id == -XEN_EINVAL || id == -XEN_EEXIST || id == -XEN_ENOSYS,
	      "an_unknown_watchdog_is_refused");
}

void guest_test(void)
{
	struct evtchn_bind_ipi bind = {.vcpu = 0};

	guest_trap_hook = on_event;
	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
	claim_equal("the_timer_virq", bind_virq(VIRQ_TIMER, 0, &timer), 0);
	claim_equal("an_ipi", hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &bind),
		    0);
	ipi = bind.port;
	blocking();
	polling();
	pinning();
	others();
}
