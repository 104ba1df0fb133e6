/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proves event channels: what each operation binds and refuses, when a port becomes pending, when
 * the upcall comes and with what frame, and that masks hold events back without losing them.
 */
#include "guest.h"

#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/vcpu.h>

static unsigned int upcalls;
static struct trap_frame last;

static int64_t call(uint32_t command, void *arg)
{
	return hypercall2(__HYPERVISOR_event_channel_op, command, arg);
}

static bool on_trap(struct trap_frame *frame)
{
	if (frame->vector != VECTOR_EVENT) {
		return false;
	}
	last = *frame;
	upcalls++;
	claim_equal("an_upcall_masks_events", shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	return true;
}

static int64_t send(uint32_t port)
{
	struct evtchn_send op = {.port = port};

	return call(EVTCHNOP_send, &op);
}

static int64_t unmask(uint32_t port)
{
	struct evtchn_unmask op = {.port = port};

	return call(EVTCHNOP_unmask, &op);
}

static struct evtchn_status status(uint32_t port)
{
	struct evtchn_status op = {.dom = DOMID_SELF, .port = port};

	claim_equal("status_answers", call(EVTCHNOP_status, &op), 0);
	return op;
}

static uint32_t ipi(uint32_t vcpu)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu};

	claim_equal("an_ipi_is_bound", call(EVTCHNOP_bind_ipi, &op), 0);
	return op.port;
}

static void quiet(void)
{
	events_off();
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	upcalls = 0;
}

static void upcall(void)
{
	uint32_t port = ipi(0);

	claim(port != 0, "port_0_is_never_given");
	claim_equal("its_status_is_ipi", status(port).status, EVTCHNSTAT_ipi);
	quiet();
	claim_equal("it_can_be_sent", send(port), 0);
	claim(port_pending(port), "then_it_is_pending");
	claim_equal("the_selector_has_its_word",
		    shared_info->vcpu_info[0].evtchn_pending_sel >> port / 64 & 1, 1);
	claim_equal("the_upcall_is_pending", shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
	claim_equal("but_held_back_by_the_mask", upcalls, 0);
	events_on();
	claim_equal("it_comes_when_let_in", upcalls, 1);
	claim_equal("interrupted_kernel_code_is_ring_0", last.cs & 0xffff, 0xe030);
	claim_equal("the_saved_mask_is_0", last.cs >> 32 & 0xff, 0);
	claim_equal("so_if_is_set", last.rflags >> 9 & 1, 1);
	claim_equal("iopl_is_0", last.rflags >> 12 & 3, 0);
	claim_equal("events_are_on_again", shared_info->vcpu_info[0].evtchn_upcall_mask, 0);
	upcalls = 0;
	claim_equal("pending_already", send(port), 0);
	claim_equal("means_no_upcall", upcalls, 0);
	port_clear(port);
	send(port);
	claim_equal("cleared_it_comes_at_once", upcalls, 1);
	port_clear(port);

	quiet();
	port_mask(port, true);
	send(port);
	claim(port_pending(port), "a_masked_port_becomes_pending");
	claim_equal("without_upcall", shared_info->vcpu_info[0].evtchn_upcall_pending, 0);
	claim_equal("unmasking_it", unmask(port), 0);
	claim_equal("raises_it", shared_info->vcpu_info[0].evtchn_upcall_pending, 1);
	quiet();
	claim_equal("unmasking_twice", unmask(port), 0);
	claim_equal("does_not", shared_info->vcpu_info[0].evtchn_upcall_pending, 0);
	port_clear(port);
	claim_equal("closing_it", close_port(port), 0);
	claim_equal("makes_it_free", status(port).status, EVTCHNSTAT_closed);
	claim_equal("it_cannot_be_sent", send(port), -XEN_EINVAL);
	claim_equal("nor_closed_again", close_port(port), -XEN_EINVAL);
}

static void virqs(void)
{
	struct vcpu_set_singleshot_timer timer = {0};
	uint32_t port, other;

	hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
	claim_equal("a_virq_is_bound", bind_virq(VIRQ_TIMER, 0, &port), 0);
	claim_equal("only_once", bind_virq(VIRQ_TIMER, 0, &other), -XEN_EEXIST);
	claim_equal("its_status_is_virq", status(port).status, EVTCHNSTAT_virq);
	claim_equal("with_its_number", status(port).u.virq, VIRQ_TIMER);
	claim_equal("a_virq_cannot_be_sent", send(port), -XEN_EINVAL);
	claim_equal("an_unknown_virq_is_einval", bind_virq(24, 0, &other), -XEN_EINVAL);
	claim_equal("a_wild_virq_too", bind_virq(~0U, 0, &other), -XEN_EINVAL);
	claim_equal("an_unknown_vcpu_is_enoent", bind_virq(VIRQ_DEBUG, 99, &other), -XEN_ENOENT);
	quiet();
	timer.timeout_abs_ns = system_time() + 2000000;
	claim_equal("a_timer_is_set",
		    hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_set_singleshot_timer, 0, &timer), 0);
	events_on();
	spin_ns(10000000);
	claim_equal("it_raises_one_upcall", upcalls, 1);
	claim(port_pending(port), "for_its_port");
	quiet();
	port_clear(port);
	close_port(port);
}

static void interdomain(void)
{
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_alloc_unbound for_other = {.dom = DOMID_SELF, .remote_dom = 77};
	struct evtchn_bind_interdomain b = {.remote_dom = DOMID_SELF};

	claim_equal("a_port_for_oneself", call(EVTCHNOP_alloc_unbound, &a), 0);
	claim_equal("is_unbound", status(a.port).status, EVTCHNSTAT_unbound);
	claim_equal("sending_on_it_is_dropped", send(a.port), 0);
	b.remote_port = a.port;
	claim_equal("it_can_be_bound", call(EVTCHNOP_bind_interdomain, &b), 0);
	claim(port_pending(b.local_port), "the_new_end_is_pending_once");
	claim_equal("the_first_end_is_interdomain", status(a.port).status, EVTCHNSTAT_interdomain);
	claim_equal("with_its_peer", status(a.port).u.interdomain.port, b.local_port);
	port_clear(b.local_port);
	claim_equal("what_one_end_sends", send(a.port), 0);
	claim(port_pending(b.local_port) && !port_pending(a.port), "the_other_receives");
	claim_equal("a_bound_port_is_einval", call(EVTCHNOP_bind_interdomain, &b), -XEN_EINVAL);
	claim_equal("closing_one_end", close_port(b.local_port), 0);
	claim_equal("leaves_the_other_unbound", status(a.port).status, EVTCHNSTAT_unbound);
	close_port(a.port);
	port_clear(b.local_port);
	claim_equal("a_port_for_a_domain_to_come", call(EVTCHNOP_alloc_unbound, &for_other), 0);
	b.remote_port = for_other.port;
	claim_equal("is_not_for_oneself", call(EVTCHNOP_bind_interdomain, &b), -XEN_EINVAL);
	close_port(for_other.port);
	b.remote_port = 4000;
	claim_equal("a_free_port_is_einval", call(EVTCHNOP_bind_interdomain, &b), -XEN_EINVAL);
	b.remote_dom = 1234;
	claim_equal("an_unknown_domain_is_esrch", call(EVTCHNOP_bind_interdomain, &b), -XEN_ESRCH);
	a.dom = 1234;
	claim_equal("so_is_allocating_for_one", call(EVTCHNOP_alloc_unbound, &a), -XEN_ESRCH);
}

static void errors(void)
{
	struct evtchn_bind_ipi wrong = {.vcpu = 99};
	struct evtchn_bind_vcpu move = {.vcpu = 0};
	struct evtchn_bind_pirq pirq = {.pirq = 100000};
	struct evtchn_set_priority priority;
	uint32_t port;

	claim_equal("an_ipi_of_no_vcpu_is_enoent", call(EVTCHNOP_bind_ipi, &wrong), -XEN_ENOENT);
	claim_equal("a_wild_port_is_einval", send(~0U), -XEN_EINVAL);
	claim_equal("port_0_is_einval", close_port(0), -XEN_EINVAL);
	claim_equal("unmasking_no_port_is_einval", unmask(~0U), -XEN_EINVAL);
	claim_equal("an_unknown_operation_is_enosys", call(99, &wrong), -XEN_ENOSYS);
	claim_equal("an_unreadable_argument_is_efault", call(EVTCHNOP_send, (void *)0x1000),
		    -XEN_EFAULT);
	claim(call(EVTCHNOP_bind_pirq, &pirq) < 0, "a_wild_pirq_is_refused");
	bind_virq(VIRQ_TIMER, 0, &port);
	move.port = port;
	claim_equal("a_vcpus_virq_cannot_move", call(EVTCHNOP_bind_vcpu, &move), -XEN_EINVAL);
	move.port = 4000;
	claim_equal("nor_no_port", call(EVTCHNOP_bind_vcpu, &move), -XEN_EINVAL);
	move.vcpu = 99;
	claim_equal("nor_to_no_vcpu", call(EVTCHNOP_bind_vcpu, &move), -XEN_ENOENT);
	priority = (struct evtchn_set_priority){.port = port, .priority = 0};
	claim_equal("two_levels_have_no_priorities", call(EVTCHNOP_set_priority, &priority),
		    -XEN_ENOSYS);
	close_port(port);
}

static void many(void)
{
	struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};
	struct evtchn_reset reset = {.dom = DOMID_SELF};
	unsigned int count = 0;
	int64_t err;

	while ((err = call(EVTCHNOP_alloc_unbound, &a)) == 0 && count < 5000) {
		count++;
	}
	claim_equal("ports_run_out", err, -XEN_ENOSPC);
	claim(count > 4000 && count < 4096, "after_all_4095");
	claim_equal("reset_closes_them", call(EVTCHNOP_reset, &reset), 0);
	claim_equal("so_there_are_ports_again", call(EVTCHNOP_alloc_unbound, &a), 0);
}

void guest_test(void)
{
	guest_trap_hook = on_trap;
	upcall();
	virqs();
	interdomain();
	errors();
	many();
}
