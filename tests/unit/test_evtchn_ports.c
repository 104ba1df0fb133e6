/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: every row of the error tables, the order of the pending bits, and a long random
 * run of all operations in three domains against a naive model, audited after each step.
 */
#include "unit/share_world.h"

#include "unit/model.h"

static unsigned int pirq_binds, pirq_unbinds, pirq_cpu;
static int pirq_bind_result;

static int fake_bind(struct domain *d unused_arg, uint32_t pirq unused_arg, unsigned int cpu)
{
	pirq_binds++;
	pirq_cpu = cpu;
	return pirq_bind_result;
}

static void fake_unbind(struct domain *d unused_arg, uint32_t pirq unused_arg)
{
	pirq_unbinds++;
}

static void fake_retarget(struct domain *d unused_arg, uint32_t pirq unused_arg, unsigned int cpu)
{
	pirq_cpu = cpu;
}

static const struct pirq_ops fake_pirqs = {
	.bind = fake_bind, .unbind = fake_unbind, .retarget = fake_retarget};

static void setup(void)
{
	world_reset();
	pirq_binds = pirq_unbinds = pirq_cpu = 0;
	pirq_bind_result = 0;
	evtchn_set_pirq_ops(&fake_pirqs);
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
		if (evtchn_domain_create(dom(i)) != 0) {
			abort();
		}
	}
	evtchn_init();
}

static void audit_all(void)
{
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
		evtchn_audit(dom(i));
	}
}

static bool pending(unsigned int n, uint32_t port)
{
	return evtchn_port_is_pending(dom(n), port);
}

static void consume(unsigned int n, unsigned int vcpu)
{
	struct vcpu_info *info = &dom(n)->shared->vcpu_info[vcpu];

	info->evtchn_upcall_pending = 0;
	info->evtchn_pending_sel = 0;
	memset(dom(n)->shared->evtchn_pending, 0, sizeof(dom(n)->shared->evtchn_pending));
}

/* dom(a) offers, dom(b) binds. */
static void connect(unsigned int a, unsigned int b, uint32_t *pa, uint32_t *pb)
{
	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(a), (uint16_t)b, pa), 0);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(b), dom(a), *pa, pb), 0);
}

static void ports_that_do_not_exist_are_invalid(void)
{
	static const uint32_t bad[] = {0, 1, 63, 64, 4095, 4096, 0x80000000, 0xffffffff};
	struct evtchn_status status;

	for (size_t i = 0; i < array_size(bad); i++) {
		CU_ASSERT_EQUAL(evtchn_send(dom(1), bad[i]), -XEN_EINVAL);
		CU_ASSERT_EQUAL(evtchn_close(dom(1), bad[i]), -XEN_EINVAL);
		CU_ASSERT_EQUAL(evtchn_unmask(dom(1), bad[i]), -XEN_EINVAL);
		CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(1), bad[i], 0), -XEN_EINVAL);
		CU_ASSERT_EQUAL(evtchn_status(dom(1), bad[i], &status), -XEN_EINVAL);
		CU_ASSERT_FALSE(evtchn_port_is_valid(dom(1), bad[i]));
		CU_ASSERT_FALSE(pending(1, bad[i]));
	}
}

static void only_whom_a_port_is_reserved_for_may_bind_it(void)
{
	uint32_t port, local = 7;

	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(0), 1, &port), 0);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(2), dom(0), port, &local), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(1), dom(0), port + 1, &local), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(1), dom(0), 5000, &local), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(1), dom(0), port, &local), 0);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(1), dom(0), port, &local), -XEN_EINVAL);
	audit_all();
}

static void binding_marks_the_local_port_pending_once(void)
{
	uint32_t a, b;

	connect(0, 1, &a, &b);
	CU_ASSERT_TRUE(pending(1, b));
	CU_ASSERT_FALSE(pending(0, a));
	CU_ASSERT_EQUAL(world[1].kicks[0], 1);
}

static void the_lowest_free_port_is_given_and_never_port_0(void)
{
	uint32_t a, b, c;

	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), 0, &a), 0);
	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), 1, &b), 0);
	CU_ASSERT_EQUAL(a, 1);
	CU_ASSERT_EQUAL(b, 2);
	CU_ASSERT_EQUAL(evtchn_close(dom(1), 1), 0);
	CU_ASSERT_EQUAL(evtchn_close(dom(1), 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 0, &c), 0);
	CU_ASSERT_EQUAL(c, 1);
	audit_all();
}

static void ports_end_at_the_domains_limit(void)
{
	uint32_t port;

	for (uint32_t i = 1; i <= 1023; i++) {
		CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 0, &port), 0);
		CU_ASSERT_EQUAL(port, i);
	}
	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 0, &port), -XEN_ENOSPC);
	audit_all();
	CU_ASSERT_EQUAL(evtchn_close(dom(1), 500), 0);
	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 0, &port), 0);
	CU_ASSERT_EQUAL(port, 500);
}

static void no_memory_is_an_error_that_leaves_nothing(void)
{
	uint32_t port;

	sim_fail_allocation_after(0);
	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), 0, &port), -XEN_ENOMEM);
	sim_fail_allocation_after(~0UL);
	audit_all();
	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), 0, &port), 0);
}

static void a_dying_domain_gets_no_ports(void)
{
	uint32_t port;

	dom(1)->life = DOMAIN_DYING;
	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 0, &port), -XEN_EINVAL);
}

static void virqs_are_bound_once_and_in_their_place(void)
{
	uint32_t port, other;

	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), 24, 0, &port), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), VIRQ_CONSOLE, 1, &port), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), VIRQ_TIMER, 2, &port), -XEN_ENOENT);
	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), VIRQ_TIMER, 1, &port), 0);
	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), VIRQ_TIMER, 1, &other), -XEN_EEXIST);
	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), VIRQ_TIMER, 0, &other), 0);
	CU_ASSERT_EQUAL(evtchn_send(dom(1), port), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(1), port, 0), -XEN_EINVAL);
	evtchn_raise_virq(&world[1].v[1], VIRQ_TIMER);
	CU_ASSERT_TRUE(pending(1, port));
	CU_ASSERT_FALSE(pending(1, other));
	CU_ASSERT_EQUAL(world[1].kicks[1], 1);
	CU_ASSERT_EQUAL(evtchn_close(dom(1), port), 0);
	CU_ASSERT_FALSE(pending(1, port));
	evtchn_raise_virq(&world[1].v[1], VIRQ_TIMER);
	CU_ASSERT_FALSE(pending(1, port));
	audit_all();
}

static void host_virqs_go_to_the_hardware_domain_or_the_named_one(void)
{
	uint32_t port0, port1;

	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(0), VIRQ_DOM_EXC, 0, &port0), 0);
	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(1), VIRQ_DOM_EXC, 0, &port1), 0);
	CU_ASSERT_EQUAL(evtchn_set_virq_handler(dom(1), VIRQ_TIMER), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_set_virq_handler(dom(1), 24), -XEN_EINVAL);
	domain_exception_hook();
	CU_ASSERT_TRUE(pending(0, port0));
	CU_ASSERT_FALSE(pending(1, port1));
	consume(0, 0);
	CU_ASSERT_EQUAL(evtchn_set_virq_handler(dom(1), VIRQ_DOM_EXC), 0);
	evtchn_raise_host_virq(VIRQ_DOM_EXC);
	CU_ASSERT_TRUE(pending(1, port1));
	CU_ASSERT_FALSE(pending(0, port0));
	CU_ASSERT_EQUAL(evtchn_domain_teardown(dom(1)), 0);
	evtchn_raise_host_virq(VIRQ_DOM_EXC);
	CU_ASSERT_TRUE(pending(0, port0));
}

static void a_global_virq_can_move_to_another_vcpu(void)
{
	uint32_t port;

	CU_ASSERT_EQUAL(evtchn_bind_virq(dom(0), VIRQ_CONSOLE, 0, &port), 0);
	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(0), port, 2), -XEN_ENOENT);
	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(0), port, 1), 0);
	evtchn_raise_global_virq(dom(0), VIRQ_CONSOLE);
	CU_ASSERT_EQUAL(world[0].kicks[1], 1);
	CU_ASSERT_EQUAL(world[0].kicks[0], 0);
	audit_all();
}

static void pirqs_need_the_right_and_are_bound_once(void)
{
	uint32_t port, other;

	CU_ASSERT_EQUAL(evtchn_bind_pirq(dom(0), 512, 0, &port), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_bind_pirq(dom(0), 9, 0, &port), -XEN_EPERM);
	CU_ASSERT_EQUAL(range_add(&dom(0)->irqs, 9, 9), 0);
	pirq_bind_result = -XEN_EBUSY;
	CU_ASSERT_EQUAL(evtchn_bind_pirq(dom(0), 9, 0, &port), -XEN_EBUSY);
	audit_all();
	pirq_bind_result = 0;
	CU_ASSERT_EQUAL(evtchn_bind_pirq(dom(0), 9, BIND_PIRQ__WILL_SHARE, &port), 0);
	CU_ASSERT_EQUAL(port, 1);
	CU_ASSERT_EQUAL(evtchn_bind_pirq(dom(0), 9, 0, &other), -XEN_EEXIST);
	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(0), port, 1), 0);
	CU_ASSERT_EQUAL(pirq_cpu, 1);
	evtchn_raise_pirq(dom(0), 8);
	CU_ASSERT_FALSE(pending(0, port));
	evtchn_raise_pirq(dom(0), 9);
	CU_ASSERT_TRUE(pending(0, port));
	CU_ASSERT_EQUAL(world[0].kicks[1], 1);
	CU_ASSERT_EQUAL(evtchn_close(dom(0), port), 0);
	CU_ASSERT_EQUAL(pirq_unbinds, 1);
	evtchn_raise_pirq(dom(0), 9);
	CU_ASSERT_FALSE(pending(0, port));
	audit_all();
}

static void sending_stops_at_the_first_bit_already_set(void)
{
	uint32_t a, b;
	struct vcpu_info *info = &dom(1)->shared->vcpu_info[0];

	connect(0, 1, &a, &b);
	consume(1, 0);
	world[1].kicks[0] = 0;
	CU_ASSERT_EQUAL(evtchn_send(dom(0), a), 0);
	CU_ASSERT_TRUE(pending(1, b));
	CU_ASSERT_EQUAL(info->evtchn_pending_sel, 1);
	CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 1);
	CU_ASSERT_EQUAL(world[1].kicks[0], 1);
	/* Still pending: nothing more happens. */
	info->evtchn_upcall_pending = 0;
	info->evtchn_pending_sel = 0;
	CU_ASSERT_EQUAL(evtchn_send(dom(0), a), 0);
	CU_ASSERT_EQUAL(info->evtchn_pending_sel, 0);
	CU_ASSERT_EQUAL(world[1].kicks[0], 1);
	/* The selector is still set: no second upcall. */
	consume(1, 0);
	info->evtchn_pending_sel = 1;
	CU_ASSERT_EQUAL(evtchn_send(dom(0), a), 0);
	CU_ASSERT_EQUAL(info->evtchn_upcall_pending, 0);
	CU_ASSERT_EQUAL(world[1].kicks[0], 1);
	/* The upcall is still pending: no second kick. */
	consume(1, 0);
	info->evtchn_upcall_pending = 1;
	CU_ASSERT_EQUAL(evtchn_send(dom(0), a), 0);
	CU_ASSERT_EQUAL(info->evtchn_pending_sel, 1);
	CU_ASSERT_EQUAL(world[1].kicks[0], 1);
}

static void a_masked_event_waits_for_unmask(void)
{
	uint32_t port;

	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), 1, &port), 0);
	dom(1)->shared->evtchn_mask[0] = ~0UL;
	CU_ASSERT_EQUAL(evtchn_send(dom(1), port), 0);
	CU_ASSERT_TRUE(pending(1, port));
	CU_ASSERT_EQUAL(world[1].kicks[1], 0);
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
	CU_ASSERT_EQUAL(world[1].kicks[1], 1);
	CU_ASSERT_EQUAL(dom(1)->shared->evtchn_mask[0], ~2UL);
	/* Not masked any more: nothing to raise. */
	world[1].v[1].info->evtchn_upcall_pending = 0;
	world[1].v[1].info->evtchn_pending_sel = 0;
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
	CU_ASSERT_EQUAL(world[1].kicks[1], 1);
	/* Masked, and nothing has come meanwhile. */
	dom(1)->shared->evtchn_mask[0] = ~0UL;
	dom(1)->shared->evtchn_pending[0] = 0;
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
	CU_ASSERT_EQUAL(world[1].kicks[1], 1);
}

static void pollers_wake_even_for_masked_ports(void)
{
	uint32_t port;

	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), 0, &port), 0);
	dom(1)->shared->evtchn_mask[0] = ~0UL;
	world[1].v[0].poll_port = (int32_t)port + 1;
	world[1].v[1].poll_port = (int32_t)port;
	CU_ASSERT_EQUAL(evtchn_send(dom(1), port), 0);
	CU_ASSERT_EQUAL(world[1].unblocks[0], 0);
	CU_ASSERT_EQUAL(world[1].unblocks[1], 1);
	CU_ASSERT_EQUAL(world[1].v[1].poll_port, 0);
	consume(1, 0);
	world[1].v[0].poll_port = -1;
	CU_ASSERT_EQUAL(evtchn_send(dom(1), port), 0);
	CU_ASSERT_EQUAL(world[1].unblocks[0], 1);
}

static void closing_one_end_leaves_the_other_unbound_for_the_closer(void)
{
	struct evtchn_status status = {0};
	uint32_t a, b;

	connect(0, 1, &a, &b);
	consume(0, 0);
	CU_ASSERT_EQUAL(evtchn_close(dom(1), b), 0);
	CU_ASSERT_EQUAL(evtchn_status(dom(0), a, &status), 0);
	CU_ASSERT_EQUAL(status.status, EVTCHNSTAT_unbound);
	CU_ASSERT_EQUAL(status.u.unbound.dom, 1);
	CU_ASSERT_EQUAL(evtchn_send(dom(0), a), 0);
	CU_ASSERT_FALSE(pending(1, b));
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(1), dom(0), a, &b), 0);
	audit_all();
}

static void both_ends_may_be_in_one_domain(void)
{
	uint32_t a, b;

	connect(1, 1, &a, &b);
	consume(1, 0);
	CU_ASSERT_EQUAL(evtchn_send(dom(1), a), 0);
	CU_ASSERT_TRUE(pending(1, b));
	CU_ASSERT_FALSE(pending(1, a));
	audit_all();
	CU_ASSERT_EQUAL(evtchn_close(dom(1), a), 0);
	audit_all();
}

static void the_hypercall_checks_who_acts_for_whom(void)
{
	struct evtchn_alloc_unbound alloc = {.dom = 0, .remote_dom = DOMID_SELF};
	struct evtchn_bind_interdomain bind = {.remote_dom = 77};
	struct evtchn_status status = {.dom = 0, .port = 1};
	struct evtchn_reset reset = {.dom = 1};
	hypercall_handler *op = hypercall_event_channel_op;

	CU_ASSERT_EQUAL(world_call(op, 1, 6, &alloc, sizeof(alloc), 0), -XEN_EPERM);
	CU_ASSERT_EQUAL(world_call(op, 1, 5, &status, sizeof(status), 0), -XEN_EPERM);
	alloc.dom = 77;
	CU_ASSERT_EQUAL(world_call(op, 1, 6, &alloc, sizeof(alloc), 0), -XEN_ESRCH);
	CU_ASSERT_EQUAL(world_call(op, 1, 0, &bind, sizeof(bind), 0), -XEN_ESRCH);
	/* The remote "self" is the caller, also for another domain's port. */
	alloc.dom = 1;
	CU_ASSERT_EQUAL(world_call(op, 0, 6, &alloc, sizeof(alloc), 0), 0);
	status.dom = 1;
	status.port = alloc.port;
	CU_ASSERT_EQUAL(world_call(op, 0, 5, &status, sizeof(status), 0), 0);
	CU_ASSERT_EQUAL(status.status, EVTCHNSTAT_unbound);
	CU_ASSERT_EQUAL(status.u.unbound.dom, 0);
	CU_ASSERT_EQUAL(world_call(op, 0, 10, &reset, sizeof(reset), 0), -XEN_EINVAL);
	dom(1)->control_pause_count = 1;
	CU_ASSERT_EQUAL(world_call(op, 0, 10, &reset, sizeof(reset), 0), 0);
	CU_ASSERT_EQUAL(evtchn_send(dom(1), alloc.port), -XEN_EINVAL);
	CU_ASSERT_EQUAL(world_call(op, 1, 12, &status, sizeof(status), 0), -XEN_EOPNOTSUPP);
	for (uint64_t cmd = 13; cmd < 16; cmd++) {
		CU_ASSERT_EQUAL(world_call(op, 1, cmd, &status, sizeof(status), 0), -XEN_ENOSYS);
	}
	audit_all();
}

static void the_hypercall_does_each_operation(void)
{
	struct evtchn_bind_ipi ipi = {.vcpu = 2};
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 1};
	struct evtchn_bind_vcpu move;
	hypercall_handler *op = hypercall_event_channel_op;
	struct hypercall call = {.v = cpu_of(1), .args = {EVTCHNOP_send, 0xdead000}};

	CU_ASSERT_EQUAL(op(&call), -XEN_EFAULT);
	CU_ASSERT_EQUAL(world_call(op, 1, 7, &ipi, sizeof(ipi), 0), -XEN_ENOENT);
	ipi.vcpu = 1;
	CU_ASSERT_EQUAL(world_call(op, 1, 7, &ipi, sizeof(ipi), 0), 0);
	CU_ASSERT_EQUAL(world_call(op, 1, 1, &virq, sizeof(virq), 0), 0);
	CU_ASSERT_EQUAL(world_call(op, 1, 4, &ipi.port, 4, 0), 0);
	CU_ASSERT_TRUE(pending(1, ipi.port));
	move = (struct evtchn_bind_vcpu){.port = ipi.port, .vcpu = 0};
	CU_ASSERT_EQUAL(world_call(op, 1, 8, &move, sizeof(move), 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(world_call(op, 1, 9, &ipi.port, 4, 0), 0);
	CU_ASSERT_EQUAL(world_call(op, 1, 3, &ipi.port, 4, 0), 0);
	CU_ASSERT_EQUAL(world_call(op, 1, 3, &virq.port, 4, 0), 0);
	audit_all();
}

static void teardown_closes_all_in_pieces_and_frees_all(void)
{
	uint64_t before;
	uint32_t port, a, b;
	int err, pieces = 0;

	connect(0, 1, &a, &b);
	for (int i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 0, &port), 0);
	}
	dom(1)->life = DOMAIN_DYING;
	do {
		restart_reset();
		err = evtchn_domain_teardown(dom(1));
		pieces++;
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_TRUE(pieces > 2);
	audit_all();
	before = heap_used();
	evtchn_domain_free(dom(1));
	CU_ASSERT_TRUE(heap_used() < before);
}

/* --- the model ------------------------------------------------------------------------------- */
#define MODEL_PORTS 40

static struct model_port {
	unsigned int status, vcpu, remote, peer, virq;
} model[WORLD_DOMAINS][MODEL_PORTS];

static uint32_t model_lowest(unsigned int n)
{
	uint32_t port = 1;

	while (port < MODEL_PORTS && model[n][port].status != EVTCHNSTAT_closed) {
		port++;
	}
	return port;
}

static bool model_virq_is_bound(unsigned int n, unsigned int virq, unsigned int vcpu)
{
	for (uint32_t i = 1; i < MODEL_PORTS; i++) {
		struct model_port *m = &model[n][i];

		if (m->status == EVTCHNSTAT_virq && m->virq == virq && m->remote == vcpu) {
			return true;
		}
	}
	return false;
}

/* Vcpus of each domain call in turn; a reset may have calls of others between its parts. */
static bool resetting[WORLD_DOMAINS * WORLD_VCPUS];

static void step_bind_interdomain(struct vcpu *v, unsigned int r, uint32_t far)
{
	unsigned int n = v->domain->id;
	struct model_port *m = &model[r][far];
	uint32_t lowest = model_lowest(n), port;
	bool good = far != 0 && m->status == EVTCHNSTAT_unbound && m->remote == n;
	int err = evtchn_bind_interdomain(v, dom(r), far, &port);

	if (lowest == MODEL_PORTS) {
		CU_ASSERT_EQUAL(err, -XEN_ENOSPC);
	} else if (!good) {
		CU_ASSERT_EQUAL(err, -XEN_EINVAL);
	} else {
		CU_ASSERT_EQUAL(err, 0);
		CU_ASSERT_EQUAL(port, lowest);
		*m = (struct model_port){EVTCHNSTAT_interdomain, m->vcpu, n, port, 0};
		model[n][port] = (struct model_port){EVTCHNSTAT_interdomain, 0, r, far, 0};
	}
}

static void model_close(unsigned int n, uint32_t port)
{
	struct model_port *m = &model[n][port];

	if (m->status == EVTCHNSTAT_interdomain) {
		struct model_port *peer = &model[m->remote][m->peer];

		*peer = (struct model_port){EVTCHNSTAT_unbound, peer->vcpu, n, 0, 0};
	}
	*m = (struct model_port){0};
}

static void step_close(unsigned int n, uint32_t port)
{
	bool good = port != 0 && model[n][port].status != EVTCHNSTAT_closed;

	CU_ASSERT_EQUAL(evtchn_close(dom(n), port), good ? 0 : -XEN_EINVAL);
	if (good) {
		model_close(n, port);
	}
}

/* One port, or all that are left: each stay closes the lowest first. */
static void step_reset(unsigned int actor, bool in_parts)
{
	unsigned int n = actor / WORLD_VCPUS;
	int err;

	restart_reset();
	if (in_parts) {
		restart_spend(RESTART_UNITS - 1);
	}
	err = evtchn_reset(dom(n));
	restart_reset();
	for (uint32_t port = 1; port < MODEL_PORTS; port++) {
		if (model[n][port].status == EVTCHNSTAT_closed) {
			continue;
		}
		model_close(n, port);
		if (in_parts) {
			CU_ASSERT_EQUAL(err, -XEN_ERESTART);
			resetting[actor] = true;
			return;
		}
	}
	CU_ASSERT_EQUAL(err, 0);
	resetting[actor] = false;
}

static void step_bind(unsigned int n, unsigned int kind, unsigned int arg)
{
	static const unsigned int virqs[] = {VIRQ_TIMER, VIRQ_DEBUG, VIRQ_CONSOLE, VIRQ_DOM_EXC};
	unsigned int vcpu = arg % 2, virq = virqs[arg / 2 % 4];
	uint32_t lowest = model_lowest(n), port = 0;
	struct model_port next = {.vcpu = 0};
	int err, expected = 0;

	if (kind == 0) {
		next.status = EVTCHNSTAT_unbound;
		next.remote = arg % WORLD_DOMAINS;
		err = evtchn_alloc_unbound(dom(n), (uint16_t)next.remote, &port);
	} else if (kind == 1) {
		next.status = EVTCHNSTAT_ipi;
		next.vcpu = vcpu;
		err = evtchn_bind_ipi(dom(n), vcpu, &port);
	} else {
		next = (struct model_port){EVTCHNSTAT_virq, vcpu, vcpu, 0, virq};
		err = evtchn_bind_virq(dom(n), virq, vcpu, &port);
		if (virq > VIRQ_DEBUG && vcpu != 0) {
			expected = -XEN_EINVAL;
		} else if (model_virq_is_bound(n, virq, vcpu)) {
			expected = -XEN_EEXIST;
		}
	}
	if (!expected && lowest == MODEL_PORTS) {
		expected = -XEN_ENOSPC;
	}
	CU_ASSERT_EQUAL(err, expected);
	if (!expected) {
		CU_ASSERT_EQUAL(port, lowest);
		model[n][lowest] = next;
	}
}

static void step_send(unsigned int n, uint32_t port)
{
	struct model_port *m = &model[n][port];
	int err;

	for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
		consume(i, 0);
		consume(i, 1);
	}
	err = evtchn_send(dom(n), port);
	if (m->status == EVTCHNSTAT_interdomain) {
		CU_ASSERT_TRUE(err == 0 && pending(m->remote, m->peer));
		CU_ASSERT_EQUAL(world[m->remote]
					.v[model[m->remote][m->peer].vcpu]
					.info->evtchn_upcall_pending,
				1);
	} else if (m->status == EVTCHNSTAT_ipi) {
		CU_ASSERT_TRUE(err == 0 && pending(n, port));
	} else {
		CU_ASSERT_EQUAL(err, m->status == EVTCHNSTAT_unbound ? 0 : -XEN_EINVAL);
	}
}

static void step_move(unsigned int n, uint32_t port, unsigned int vcpu)
{
	struct model_port *m = &model[n][port];
	bool good = m->status == EVTCHNSTAT_unbound || m->status == EVTCHNSTAT_interdomain ||
		    (m->status == EVTCHNSTAT_virq && m->virq > VIRQ_DEBUG);

	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(n), port, vcpu), good ? 0 : -XEN_EINVAL);
	if (good) {
		m->vcpu = vcpu;
	}
}

static void compare_with_model(struct model_run *run)
{
	audit_all();
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		for (uint32_t port = 1; port < MODEL_PORTS; port++) {
			struct evtchn_status status = {0};
			struct model_port *m = &model[n][port];

			if (evtchn_status(dom(n), port, &status) != 0) {
				CU_ASSERT_EQUAL(m->status, EVTCHNSTAT_closed);
				continue;
			}
			CU_ASSERT_EQUAL(status.status, m->status);
			CU_ASSERT_EQUAL(status.vcpu, m->vcpu);
			if (m->status == EVTCHNSTAT_interdomain) {
				CU_ASSERT_EQUAL(status.u.interdomain.dom, m->remote);
				CU_ASSERT_EQUAL(status.u.interdomain.port, m->peer);
			}
		}
	}
}

static void model_start(struct model_run *run)
{
	setup();
	memset(model, 0, sizeof(model));
	memset(resetting, 0, sizeof(resetting));
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		evtchn_domain_free(dom(n));
		dom(n)->config.max_evtchn_port = MODEL_PORTS - 1;
		CU_ASSERT_EQUAL_FATAL(evtchn_domain_create(dom(n)), 0);
	}
}

static void model_step(struct model_run *run)
{
	unsigned int n = run->actor / WORLD_VCPUS;
	unsigned int r = model_pick(run, WORLD_DOMAINS);
	uint32_t port = model_pick(run, MODEL_PORTS);
	unsigned int arg = model_pick(run, 64), what = model_pick(run, 64);

	/* A guest need not go on with what it began. */
	if (resetting[run->actor] && arg != 0) {
		model_say(run, "reset of domain %u goes on", n);
		step_reset(run->actor, arg < 60);
	} else if (what == 0) {
		model_say(run, "reset of domain %u", n);
		step_reset(run->actor, arg < 60);
	} else if (what < 17) {
		model_say(run, "domain %u binds: kind %u, %u", n, arg / 16 % 3, arg);
		step_bind(n, arg / 16 % 3, arg);
	} else if (what < 32) {
		model_say(run, "domain %u binds port %u of domain %u", n, port, r);
		step_bind_interdomain(&world[n].v[run->actor % WORLD_VCPUS], r, port);
	} else if (what < 40) {
		model_say(run, "domain %u closes port %u", n, port);
		step_close(n, port);
	} else if (what < 48) {
		model_say(run, "domain %u moves port %u to vcpu %u", n, port, arg % 2);
		step_move(n, port, arg % 2);
	} else {
		model_say(run, "domain %u sends to port %u", n, port);
		step_send(n, port);
	}
}

static void model_stop(struct model_run *run)
{
	for (unsigned int n = 0; n < WORLD_DOMAINS; n++) {
		CU_ASSERT_EQUAL(evtchn_domain_teardown(dom(n)), 0);
		restart_reset();
		memset(model[n], 0, sizeof(model[n]));
		for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
			for (uint32_t port = 1; port < MODEL_PORTS; port++) {
				struct model_port *m = &model[i][port];

				if (m->status == EVTCHNSTAT_interdomain && m->remote == n) {
					*m = (struct model_port){EVTCHNSTAT_unbound, m->vcpu, n,
								 0, 0};
				}
			}
		}
		compare_with_model(run);
	}
}

static void a_long_random_run_agrees_with_the_model(void)
{
	static const struct model events = {
		.name = "events",
		.seed = 1,
		.steps = 20000,
		.actors = WORLD_DOMAINS * WORLD_VCPUS,
		.begin = model_start,
		.step = model_step,
		.audit = compare_with_model,
		.end = model_stop,
	};

	model_check(&events);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(ports_that_do_not_exist_are_invalid),
		UNIT(only_whom_a_port_is_reserved_for_may_bind_it),
		UNIT(binding_marks_the_local_port_pending_once),
		UNIT(the_lowest_free_port_is_given_and_never_port_0),
		UNIT(ports_end_at_the_domains_limit),
		UNIT(no_memory_is_an_error_that_leaves_nothing),
		UNIT(a_dying_domain_gets_no_ports),
		UNIT(virqs_are_bound_once_and_in_their_place),
		UNIT(host_virqs_go_to_the_hardware_domain_or_the_named_one),
		UNIT(a_global_virq_can_move_to_another_vcpu),
		UNIT(pirqs_need_the_right_and_are_bound_once),
		UNIT(sending_stops_at_the_first_bit_already_set),
		UNIT(a_masked_event_waits_for_unmask),
		UNIT(pollers_wake_even_for_masked_ports),
		UNIT(closing_one_end_leaves_the_other_unbound_for_the_closer),
		UNIT(both_ends_may_be_in_one_domain),
		UNIT(the_hypercall_checks_who_acts_for_whom),
		UNIT(the_hypercall_does_each_operation),
		UNIT(teardown_closes_all_in_pieces_and_frees_all),
		UNIT(a_long_random_run_agrees_with_the_model),
	};

	return unit_main("evtchn_ports", tests, array_size(tests), setup);
}
