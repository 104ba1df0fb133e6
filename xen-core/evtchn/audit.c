/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recomputes what must hold between the ports of a domain, its vcpus' VIRQ slots, its pirq map and
 * the ports of its peers. Host builds only.
 */
#include "evtchn/fifo.h"

#include "plat/irq.h"

static void audit_port(struct domain *d, uint32_t port, struct port_state state)
{
	bool used = (d->evtchn->used[port / 64] >> port % 64 & 1) != 0;

	assert((state.word & PORT_CHANGING) == 0);
	assert(used == (port_kind(state.word) != PORT_FREE));
	assert(!used || port < d->evtchn->limit);
	assert(d->vcpus[port_vcpu(state.word)] || port_vcpu(state.word) == 0);
	switch (port_kind(state.word)) {
	case PORT_FREE:
		assert(state.extra == 0 && port_vcpu(state.word) == 0);
		break;
	case PORT_INTERDOMAIN: {
		struct domain *remote = port_remote(state);
		struct evtchn_port *far = port_find(remote->evtchn, port_peer(state.word));

		assert(far != NULL);
		assert(port_kind(far->word) == PORT_INTERDOMAIN);
		assert(port_peer(far->word) == port);
		assert(far->extra == (uintptr_t)d);
		break;
	}
	case PORT_VIRQ:
		assert(d->vcpus[port_virq_vcpu(state)]->virq_port[port_virq(state)] == port);
		assert(virq_is_global(port_virq(state)) ||
		       port_virq_vcpu(state) == port_vcpu(state.word));
		break;
	case PORT_PIRQ:
		assert(d->evtchn->pirq_port && d->evtchn->pirq_port[state.extra] == port);
		break;
	case PORT_UNBOUND:
	case PORT_IPI:
		break;
	}
}

/* What of FIFO form lies outside guest memory: a queue's end was put there last. */
static void audit_fifo(const struct domain *d, struct evtchn_fifo *fifo)
{
	for (uint32_t i = 0; i < d->max_vcpus; i++) {
		for (uint32_t q = 0; q < FIFO_QUEUES; q++) {
			struct fifo_queue *queue = &fifo->vcpus[i].queues[q];

			spin_lock(&queue->lock);
			assert(queue->tail < EVTCHN_PORTS_MAX);
			assert(queue->tail == 0 ||
			       (fifo_word(fifo, queue->tail) != NULL &&
				fifo->last[queue->tail] == (i << 4 | q)));
			assert(queue->tail == 0 || fifo->vcpus[i].block != NULL);
			spin_unlock(&queue->lock);
		}
	}
	for (uint32_t port = 0; port < EVTCHN_PORTS_MAX; port++) {
		assert(fifo->last[port] >> 4 < d->max_vcpus);
		assert(fifo->priority[port] < FIFO_QUEUES);
	}
	for (uint32_t i = 0; i < FIFO_PAGES; i++) {
		assert((i < fifo->page_count) == (fifo->pages[i].words != NULL));
	}
}

void evtchn_audit(struct domain *d)
{
	struct evtchn_table *table = d->evtchn;
	uint32_t virqs = 0, pirqs = 0;
	struct vcpu *v;

	for (uint32_t port = 1; port < EVTCHN_PORTS_MAX; port++) {
		struct evtchn_port *p = port_find(table, port);

		if (!p) {
			assert((table->used[port / 64] & ~1UL) == 0);
			continue;
		}
		audit_port(d, port, port_read(p));
		virqs += port_kind(p->word) == PORT_VIRQ;
		pirqs += port_kind(p->word) == PORT_PIRQ;
	}
	for_each_vcpu (d, v) {
		for (uint32_t i = 0; i < VCPU_VIRQS; i++) {
			virqs -= v->virq_port[i] != 0;
		}
	}
	for (uint32_t i = 0; table->pirq_port && i < PIRQ_MAX; i++) {
		pirqs -= table->pirq_port[i] != 0;
	}
	assert(virqs == 0 && pirqs == 0);
	if (fifo_of(d)) {
		audit_fifo(d, fifo_of(d));
	}
}
