/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels in FIFO form: switching over loses nothing, queues keep order and priority, and a
 * storm of sends, moves, masks and closes by all domains reaches a guest that takes its queues as
 * kernels do, audited after each step. A guest that writes what it likes harms itself only.
 */
#include "unit/share_world.h"

#include "evtchn/fifo.h"
#include "evtchn/port.h"

#include <xen/event_channel.h>

#define PAGES 4U
#define QUEUES 16U
#define WORD(bit) (1U << (bit))
#define PENDING WORD(EVTCHN_FIFO_PENDING)
#define MASKED WORD(EVTCHN_FIFO_MASKED)
#define LINKED WORD(EVTCHN_FIFO_LINKED)
#define BUSY WORD(EVTCHN_FIFO_BUSY)
#define LINK ((uint32_t)EVTCHN_FIFO_LINK_MASK)

/* Domain 1's side: its pages and what its kernel remembers of each queue. */
static mfn_t block_frame[WORLD_VCPUS], array_frame[PAGES];
static uint32_t heads[WORLD_VCPUS][QUEUES];
static unsigned int handled[EVTCHN_PORTS_MAX];

static const struct pirq_ops no_pirqs;

static mfn_t fresh(void)
{
	mfn_t m = buddy_alloc(0, 0, BUDDY_ZERO);
	struct frame *f = frame_of(m);

	f->owner = 1;
	f->refs = FRAME_ALLOCATED | 1;
	f->type = 0;
	return m;
}

static void setup(void)
{
	world_reset();
	evtchn_set_pirq_ops(&no_pirqs);
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
		if (evtchn_domain_create(dom(i)) != 0) {
			abort();
		}
	}
	evtchn_init();
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		block_frame[i] = fresh();
	}
	for (unsigned int i = 0; i < PAGES; i++) {
		array_frame[i] = fresh();
	}
	memset(heads, 0, sizeof(heads));
	memset(handled, 0, sizeof(handled));
}

static struct evtchn_fifo_control_block *block(unsigned int vcpu)
{
	return frame_map(block_frame[vcpu]);
}

static uint32_t *word(uint32_t port)
{
	return (uint32_t *)frame_map(array_frame[port / 1024]) + port % 1024;
}

static struct vcpu_info *info(unsigned int vcpu)
{
	return world[1].v[vcpu].info;
}

/* As a kernel does it: words start masked and are unmasked one by one. */
static void switch_over(void)
{
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), i, block_frame[i].n, 64 * i), 0);
	}
	for (uint32_t i = 0; i < 1024; i++) {
		*word(i) = MASKED;
	}
	CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), array_frame[0].n), 0);
}

static struct evtchn_fifo_control_block *block_of(unsigned int vcpu)
{
	return (void *)((uint8_t *)block(vcpu) + 64 * vcpu);
}

static uint32_t ipi(unsigned int vcpu)
{
	uint32_t port = 0;

	CU_ASSERT_EQUAL(evtchn_bind_ipi(dom(1), vcpu, &port), 0);
	return port;
}

static uint32_t open_ipi(unsigned int vcpu)
{
	uint32_t port = ipi(vcpu);

	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
	return port;
}

static void send(unsigned int from, uint32_t port)
{
	CU_ASSERT_EQUAL(evtchn_send(dom(from), port), 0);
}

/* Takes one event off a queue; 0: it is empty. Only the kernel's own head is believed. */
static uint32_t take_one(unsigned int vcpu, unsigned int q)
{
	uint32_t port = heads[vcpu][q] ? heads[vcpu][q] : block_of(vcpu)->head[q];
	uint32_t before = *word(port);

	*word(port) = before & ~(LINKED | LINK);
	heads[vcpu][q] = before & LINK;
	if ((before & (PENDING | MASKED)) == PENDING) {
		*word(port) &= ~PENDING;
		handled[port]++;
	}
	return port;
}

/* What an upcall does: most urgent first, until no queue is ready. Returns the ports in order. */
static unsigned int upcall(unsigned int vcpu, uint32_t *order, unsigned int room)
{
	unsigned int count = 0;
	uint32_t ready = 0;

	if (!info(vcpu)->evtchn_upcall_pending) {
		return 0;
	}
	info(vcpu)->evtchn_upcall_pending = 0;
	for (;;) {
		unsigned int q;
		uint32_t port;

		ready |= block_of(vcpu)->ready;
		block_of(vcpu)->ready = 0;
		if (ready == 0) {
			return count;
		}
		q = (unsigned int)__builtin_ctz(ready);
		port = take_one(vcpu, q);
		if (count < room) {
			order[count] = port;
		}
		count++;
		CU_ASSERT_FATAL(count <= 2 * EVTCHN_PORTS_MAX);
		if (heads[vcpu][q] == 0) {
			ready &= ~WORD(q);
		}
	}
}

/* --- switching over -------------------------------------------------------------------------- */

static void control_blocks_must_fit(void)
{
	uint64_t good = block_frame[0].n;
	mfn_t table = fresh();

	frame_of(table)->type = (uint32_t)TYPE_L1 << TYPE_SHIFT | 1;
	CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), array_frame[0].n), -XEN_EOPNOTSUPP);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 2, good, 0), -XEN_ENOENT);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, good, 4), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, good, 4032), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, good, ~7U), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, ~0UL, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, table.n, 0), -XEN_EINVAL);
	/* Not its own. */
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(2), 0, good, 0), -XEN_EINVAL);
	CU_ASSERT_PTR_NULL(fifo_of(dom(1)));
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, good, 4024), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, good, 0), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), table.n), -XEN_EINVAL);
	for (unsigned int i = 0; i < PAGES; i++) {
		CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), array_frame[i].n), 0);
	}
	CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), fresh().n), -XEN_ENOSPC);
	evtchn_audit(dom(1));
}

static void memory_that_runs_out_leaves_two_levels(void)
{
	for (uint64_t n = 0; n < 2; n++) {
		sim_fail_allocation_after(n);
		CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0),
				-XEN_ENOMEM);
		sim_fail_allocation_after(~0UL);
		CU_ASSERT_PTR_NULL(fifo_of(dom(1)));
		CU_ASSERT_EQUAL(frame_type_count(frame_of(block_frame[0])), 0);
	}
}

static void what_was_pending_before_is_pending_after(void)
{
	uint32_t early = ipi(0), masked = ipi(0), later;

	CU_ASSERT_EQUAL(evtchn_send(dom(1), early), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0), 0);
	later = ipi(0);
	CU_ASSERT_EQUAL(evtchn_send(dom(1), later), 0);
	CU_ASSERT_TRUE(evtchn_port_is_pending(dom(1), early));
	CU_ASSERT_TRUE(evtchn_port_is_pending(dom(1), later));
	CU_ASSERT_FALSE(evtchn_port_is_pending(dom(1), masked));
	for (uint32_t i = 0; i < 1024; i++) {
		*word(i) = MASKED;
	}
	CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), array_frame[0].n), 0);
	CU_ASSERT_EQUAL(*word(early), PENDING | MASKED);
	CU_ASSERT_EQUAL(*word(later), PENDING | MASKED);
	CU_ASSERT_EQUAL(*word(masked), MASKED);
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), early), 0);
	CU_ASSERT_EQUAL(*word(early), PENDING | LINKED);
	evtchn_audit(dom(1));
}

static void an_event_for_a_vcpu_without_a_block_is_dropped(void)
{
	uint32_t port;

	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_expand(dom(1), array_frame[0].n), 0);
	port = ipi(1);
	CU_ASSERT_EQUAL(evtchn_send(dom(1), port), 0);
	CU_ASSERT_EQUAL(*word(port), PENDING);
	CU_ASSERT_EQUAL(info(1)->evtchn_upcall_pending, 0);
	evtchn_audit(dom(1));
}

/* --- queues ---------------------------------------------------------------------------------- */

static void events_come_in_the_order_they_were_raised(void)
{
	uint32_t order[4], a, b, c;

	switch_over();
	a = open_ipi(0);
	b = open_ipi(0);
	c = open_ipi(0);
	send(1, b);
	send(1, c);
	send(1, a);
	send(1, c);
	CU_ASSERT_EQUAL(world[1].kicks[0], 1);
	CU_ASSERT_EQUAL(block_of(0)->ready, WORD(EVTCHN_FIFO_PRIORITY_DEFAULT));
	CU_ASSERT_EQUAL(upcall(0, order, 4), 3);
	CU_ASSERT_EQUAL(order[0], b);
	CU_ASSERT_EQUAL(order[1], c);
	CU_ASSERT_EQUAL(order[2], a);
	CU_ASSERT_EQUAL(handled[c], 1);
	send(1, a);
	CU_ASSERT_EQUAL(upcall(0, order, 4), 1);
	evtchn_audit(dom(1));
}

static void urgent_ports_overtake(void)
{
	uint32_t order[4], slow, plain, fast;

	switch_over();
	slow = open_ipi(0);
	plain = open_ipi(0);
	fast = open_ipi(0);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), slow, 15), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), fast, 0), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), fast, 16), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), 900, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), ~0U, 1), -XEN_EINVAL);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(2), 1, 1), -XEN_ENOSYS);
	send(1, slow);
	send(1, plain);
	send(1, fast);
	CU_ASSERT_EQUAL(upcall(0, order, 4), 3);
	CU_ASSERT_EQUAL(order[0], fast);
	CU_ASSERT_EQUAL(order[1], plain);
	CU_ASSERT_EQUAL(order[2], slow);
}

static void a_masked_port_waits_for_its_unmask(void)
{
	uint32_t port, order[2];

	switch_over();
	port = ipi(0);
	send(1, port);
	CU_ASSERT_EQUAL(*word(port), PENDING | MASKED);
	CU_ASSERT_EQUAL(upcall(0, order, 2), 0);
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0); /* once more does nothing */
	CU_ASSERT_EQUAL(upcall(0, order, 2), 1);
	CU_ASSERT_EQUAL(handled[port], 1);
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), 999), -XEN_EINVAL);
}

static void a_port_moved_while_linked_stays_on_its_queue_once(void)
{
	uint32_t a, b, order[4];

	switch_over();
	CU_ASSERT_EQUAL(evtchn_alloc_unbound(dom(1), 2, &a), 0);
	CU_ASSERT_EQUAL(evtchn_bind_interdomain(cpu_of(2), dom(1), a, &b), 0);
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), a), 0);
	send(2, b);
	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(1), a, 1), 0);
	send(2, b);
	CU_ASSERT_EQUAL(block_of(1)->ready, 0);
	evtchn_audit(dom(1));
	CU_ASSERT_EQUAL(upcall(0, order, 4), 1);
	send(2, b);
	evtchn_audit(dom(1));
	CU_ASSERT_EQUAL(upcall(0, order, 4), 0);
	CU_ASSERT_EQUAL(upcall(1, order, 4), 1);
	CU_ASSERT_EQUAL(handled[a], 2);
}

static void a_closed_port_is_not_given_out_while_it_is_queued(void)
{
	uint32_t port, order[2];

	switch_over();
	port = open_ipi(0);
	send(1, port);
	CU_ASSERT_EQUAL(evtchn_close(dom(1), port), 0);
	CU_ASSERT_EQUAL(*word(port), LINKED);
	CU_ASSERT_EQUAL(ipi(0), port + 1);
	CU_ASSERT_EQUAL(upcall(0, order, 2), 1);
	CU_ASSERT_EQUAL(handled[port], 0);
	CU_ASSERT_EQUAL(ipi(0), port);
	evtchn_audit(dom(1));
}

static void pollers_are_woken_masked_or_not(void)
{
	uint32_t port;

	switch_over();
	port = ipi(0);
	world[1].v[1].poll_port = (int32_t)port;
	send(1, port);
	CU_ASSERT_EQUAL(world[1].unblocks[1], 1);
	CU_ASSERT_TRUE(evtchn_port_is_pending(dom(1), port));
	world[1].v[1].poll_port = (int32_t)port;
	send(1, port); /* nothing new */
	CU_ASSERT_EQUAL(world[1].unblocks[1], 1);
}

/* --- going back ------------------------------------------------------------------------------ */

static void a_reset_goes_back_to_two_levels(void)
{
	uint32_t port;

	switch_over();
	port = open_ipi(0);
	send(1, port);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(block_frame[0])), 1);
	world_grace_over = false;
	CU_ASSERT_EQUAL(evtchn_reset(dom(1)), -XEN_ERESTART);
	CU_ASSERT_EQUAL(evtchn_reset(dom(1)), -XEN_ERESTART);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(block_frame[0])), 1);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0), -XEN_EINVAL);
	world_grace_over = true;
	CU_ASSERT_EQUAL(evtchn_reset(dom(1)), 0);
	CU_ASSERT_EQUAL(evtchn_reset(dom(1)), 0);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(block_frame[0])), 0);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(array_frame[0])), 0);
	port = ipi(0);
	send(1, port);
	CU_ASSERT_TRUE((dom(1)->shared->evtchn_pending[port / 64] >> port % 64 & 1) != 0);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0), 0);
}

static void a_dying_domain_keeps_nothing(void)
{
	switch_over();
	open_ipi(0);
	dom(1)->life = DOMAIN_DYING;
	CU_ASSERT_EQUAL(evtchn_domain_teardown(dom(1)), 0);
	CU_ASSERT_EQUAL(frame_type_count(frame_of(array_frame[0])), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0), -XEN_EINVAL);
	CU_ASSERT_PTR_NULL(fifo_of(dom(1)));
}

/* --- a storm --------------------------------------------------------------------------------- */

static uint32_t seed;

static uint32_t roll(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

#define STORM_PORTS 96U
#define STORM_STEPS 60000U

static uint32_t storm_port[STORM_PORTS]; /* 0: closed now */
static uint32_t storm_peer[STORM_PORTS]; /* domain 2's end */
static unsigned int storm_sent[EVTCHN_PORTS_MAX];

static void storm_open(unsigned int i)
{
	uint32_t port = 0;

	CU_ASSERT_EQUAL_FATAL(evtchn_alloc_unbound(dom(1), 2, &port), 0);
	CU_ASSERT_EQUAL_FATAL(evtchn_bind_interdomain(cpu_of(2), dom(1), port, &storm_peer[i]), 0);
	storm_port[i] = port;
	storm_sent[port] = handled[port] = 0;
	CU_ASSERT_EQUAL(*word(port) & LINKED, 0);
	*word(port) &= ~PENDING;
	CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
	CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(1), port, roll(WORLD_VCPUS)), 0);
	CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), port, roll(QUEUES)), 0);
}

static void storm_close(unsigned int i)
{
	CU_ASSERT_EQUAL_FATAL(evtchn_close(dom(2), storm_peer[i]), 0);
	CU_ASSERT_EQUAL_FATAL(evtchn_close(dom(1), storm_port[i]), 0);
	storm_port[i] = 0;
}

/* No event is lost: one that was sent since the port was last handled is pending, and one that is
 * pending and not masked is in a queue. */
static void storm_check(void)
{
	for (unsigned int i = 0; i < STORM_PORTS; i++) {
		uint32_t port = storm_port[i];

		if (port == 0) {
			continue;
		}
		if (storm_sent[port]) {
			CU_ASSERT_TRUE_FATAL((*word(port) & PENDING) || handled[port] != 0);
		}
		if ((*word(port) & (PENDING | MASKED)) == PENDING) {
			CU_ASSERT_TRUE_FATAL((*word(port) & LINKED) != 0);
		}
	}
	evtchn_audit(dom(1));
	evtchn_audit(dom(2));
}

static void storm_step(void)
{
	unsigned int i = roll(STORM_PORTS);
	uint32_t port = storm_port[i], order[1];

	if (port == 0) {
		storm_open(i);
		return;
	}
	switch (roll(16)) {
	case 0:
		CU_ASSERT_EQUAL(evtchn_bind_vcpu(dom(1), port, roll(WORLD_VCPUS)), 0);
		break;
	case 1:
		CU_ASSERT_EQUAL(evtchn_fifo_set_priority(dom(1), port, roll(QUEUES)), 0);
		break;
	case 2:
		*word(port) |= MASKED;
		break;
	case 3:
		CU_ASSERT_EQUAL(evtchn_unmask(dom(1), port), 0);
		break;
	case 4:
		storm_close(i);
		break;
	case 5:
		(void)upcall(roll(WORLD_VCPUS), order, 1);
		break;
	default:
		storm_sent[port]++;
		if (*word(port) & PENDING) {
			handled[port] = 0;
		}
		CU_ASSERT_EQUAL(evtchn_send(dom(2), storm_peer[i]), 0);
		break;
	}
}

static void a_storm_loses_no_event(void)
{
	uint32_t order[1];

	seed = 12345;
	memset(storm_port, 0, sizeof(storm_port));
	switch_over();
	for (unsigned int step = 0; step < STORM_STEPS; step++) {
		storm_step();
		if (step % 64 == 0) {
			storm_check();
		}
	}
	for (unsigned int i = 0; i < STORM_PORTS; i++) {
		if (storm_port[i]) {
			CU_ASSERT_EQUAL(evtchn_unmask(dom(1), storm_port[i]), 0);
		}
	}
	for (unsigned int v = 0; v < WORLD_VCPUS; v++) {
		info(v)->evtchn_upcall_pending = 1;
		(void)upcall(v, order, 1);
	}
	for (uint32_t port = 1; port < 1024; port++) {
		CU_ASSERT_EQUAL(*word(port) & (PENDING | LINKED | BUSY), 0);
	}
	storm_check();
}

/* Its memory says anything at any time; the core's own books stay right and calls end. */
static void a_guest_that_scribbles_harms_itself_only(void)
{
	int err;

	seed = 777;
	memset(storm_port, 0, sizeof(storm_port));
	switch_over();
	for (unsigned int i = 0; i < STORM_PORTS; i++) {
		storm_port[i] = ipi(i % WORLD_VCPUS);
	}
	for (unsigned int step = 0; step < STORM_STEPS; step++) {
		uint32_t port = storm_port[roll(STORM_PORTS)];

		switch (roll(6)) {
		case 0:
			*word(roll(1024)) = seed;
			break;
		case 1:
			block_of(roll(WORLD_VCPUS))->ready = seed;
			break;
		case 2:
			block_of(roll(WORLD_VCPUS))->head[roll(QUEUES)] = seed;
			break;
		case 3:
			(void)!evtchn_fifo_set_priority(dom(1), port, roll(QUEUES));
			break;
		case 4:
			(void)!evtchn_unmask(dom(1), port);
			break;
		default:
			CU_ASSERT_EQUAL(evtchn_send(dom(1), port), 0);
			break;
		}
		if (step % 64 == 0) {
			evtchn_audit(dom(1));
		}
	}
	do {
		restart_reset();
		err = evtchn_reset(dom(1));
	} while (err == -XEN_ERESTART);
	CU_ASSERT_EQUAL(err, 0);
}

/* Last: there is no way back from it. */
static void forbidden_means_there_is_no_such_call(void)
{
	evtchn_fifo_forbid();
	CU_ASSERT_EQUAL(evtchn_fifo_init_control(dom(1), 0, block_frame[0].n, 0), -XEN_ENOSYS);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(control_blocks_must_fit),
		UNIT(memory_that_runs_out_leaves_two_levels),
		UNIT(what_was_pending_before_is_pending_after),
		UNIT(an_event_for_a_vcpu_without_a_block_is_dropped),
		UNIT(events_come_in_the_order_they_were_raised),
		UNIT(urgent_ports_overtake),
		UNIT(a_masked_port_waits_for_its_unmask),
		UNIT(a_port_moved_while_linked_stays_on_its_queue_once),
		UNIT(a_closed_port_is_not_given_out_while_it_is_queued),
		UNIT(pollers_are_woken_masked_or_not),
		UNIT(a_reset_goes_back_to_two_levels),
		UNIT(a_dying_domain_keeps_nothing),
		UNIT(a_storm_loses_no_event),
		UNIT(a_guest_that_scribbles_harms_itself_only),
		UNIT(forbidden_means_there_is_no_such_call),
	};

	return unit_main("evtchn_fifo", tests, array_size(tests), setup);
}
