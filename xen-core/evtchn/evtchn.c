/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of event channel ports; evtchn.h has the transitions, port.h the words.
 *
 * Every change is made under the table's lock; a change of both ends of an interdomain channel
 * under the locks of both tables, taken as a pair. Because the peer is found without a lock, the
 * pair is taken first and the port read again: when its generation moved, start over.
 *
 * Sending takes no lock at all with two levels (FIFO: a queue's): it reads the port's two words as
 * one state, follows the peer, and sets bits. A port closed at the same moment may get one event
 * too many, which the ABI allows.
 */
#include "evtchn/fifo.h"

#include "domain/restart.h"
#include "mm/heap.h"

#include <xen/errno.h>

int evtchn_domain_create(struct domain *d)
{
	struct evtchn_table *table = heap_new(struct evtchn_table);

	if (!table) {
		return -XEN_ENOMEM;
	}
	spin_init(&table->lock, evtchn);
	table->limit = d->config.max_evtchn_port >= EVTCHN_PORTS_MAX
			       ? EVTCHN_PORTS_MAX
			       : d->config.max_evtchn_port + 1;
	table->used[0] = 1;
	d->evtchn = table;
	return 0;
}

bool evtchn_domain_shrink(struct domain *d)
{
	static const unsigned int share = 64;
	struct evtchn_table *table = d->evtchn;
	unsigned int freed = 0;

	virq_forget_handler(d);
	for (uint32_t i = 0; table && i < BUCKET_COUNT; i++) {
		if (!table->buckets[i]) {
			continue;
		}
		if (freed++ == share) {
			return false;
		}
		heap_free(table->buckets[i]);
		table->buckets[i] = NULL;
	}
	return true;
}

void evtchn_domain_free(struct domain *d)
{
	struct evtchn_table *table = d->evtchn;

	if (!table) {
		return;
	}
	virq_forget_handler(d);
	for (uint32_t i = 0; i < BUCKET_COUNT; i++) {
		heap_free(table->buckets[i]);
	}
	heap_free(table->pirq_port);
	heap_free(table);
	d->evtchn = NULL;
}

/* The free ones of a bucket; in FIFO form without those the guest has not taken from their queue
 * since they were closed. */
static uint64_t free_ports(const struct evtchn_table *table, uint32_t bucket)
{
	uint64_t ports = ~table->used[bucket];

	if (!table->fifo) {
		return ports;
	}
	for (uint64_t rest = ports; rest != 0; rest &= rest - 1) {
		uint32_t bit = (uint32_t)__builtin_ctzl(rest);

		if (!fifo_is_linked(table->fifo, bucket * BUCKET_PORTS + bit)) {
			return ports & (~0UL << bit);
		}
	}
	return 0;
}

int port_choose_locked(struct domain *d, uint32_t *port)
{
	struct evtchn_table *table = d->evtchn;
	uint32_t i = 0;

	assert(lock_held(&table->lock));
	if (domain_is_dying(d)) {
		return -XEN_EINVAL;
	}
	while (i < BUCKET_COUNT && free_ports(table, i) == 0) {
		i++;
	}
	if (i == BUCKET_COUNT) {
		return -XEN_ENOSPC;
	}
	*port = i * BUCKET_PORTS + (uint32_t)__builtin_ctzl(free_ports(table, i));
	if (*port >= table->limit) {
		return -XEN_ENOSPC;
	}
	if (!table->buckets[i]) {
		struct evtchn_port *bucket = heap_alloc(BUCKET_PORTS * sizeof(*bucket));

		if (!bucket) {
			return -XEN_ENOMEM;
		}
		atomic_write_release(&table->buckets[i], bucket);
	}
	return 0;
}

void port_take_locked(struct domain *d, uint32_t port, enum port_kind kind, uint32_t vcpu,
		      uint32_t peer, uint64_t extra)
{
	struct evtchn_table *table = d->evtchn;

	table->used[port / 64] |= 1UL << port % 64;
	if (table->fifo) {
		fifo_port_reset(table->fifo, port);
	}
	port_write(port_find(table, port), kind, vcpu, peer, extra);
}

static int bind_one(struct domain *d, enum port_kind kind, uint32_t vcpu, uint64_t extra,
		    uint32_t *port)
{
	struct evtchn_table *table = d->evtchn;
	int err;

	spin_lock(&table->lock);
	err = port_choose_locked(d, port);
	if (!err) {
		port_take_locked(d, *port, kind, vcpu, 0, extra);
	}
	spin_unlock(&table->lock);
	return err;
}

int evtchn_alloc_unbound(struct domain *d, uint16_t remote, uint32_t *port)
{
	return bind_one(d, PORT_UNBOUND, 0, remote, port);
}

int evtchn_bind_ipi(struct domain *d, uint32_t vcpu, uint32_t *port)
{
	struct vcpu *v = vcpu_find(d, vcpu);

	return v ? bind_one(d, PORT_IPI, v->id, 0, port) : -XEN_ENOENT;
}

static int bind_interdomain_locked(struct domain *d, struct domain *remote, uint32_t remote_port,
				   uint32_t *port)
{
	struct evtchn_port *far = port_find(remote->evtchn, remote_port);
	int err = port_choose_locked(d, port);

	if (err) {
		return err;
	}
	if (!far || port_kind(far->word) != PORT_UNBOUND || far->extra != d->id) {
		return -XEN_EINVAL;
	}
	port_take_locked(d, *port, PORT_INTERDOMAIN, 0, remote_port, (uintptr_t)remote);
	port_write(far, PORT_INTERDOMAIN, port_vcpu(far->word), *port, (uintptr_t)d);
	return 0;
}

int evtchn_bind_interdomain(struct vcpu *v, struct domain *remote, uint32_t remote_port,
			    uint32_t *port)
{
	struct domain *d = v->domain;
	int err;

	spin_lock_pair(&d->evtchn->lock, &remote->evtchn->lock);
	err = bind_interdomain_locked(d, remote, remote_port, port);
	spin_unlock_pair(&d->evtchn->lock, &remote->evtchn->lock);
	if (!err) {
		/* What the remote sent while nobody was bound was dropped: make up for it. */
		port_deliver(d, *port, 0);
	}
	return err;
}

int evtchn_bind_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct evtchn_table *table = d->evtchn;
	struct evtchn_port *p = port_find(table, port);
	struct vcpu *v = vcpu_find(d, vcpu);
	struct port_state state;
	int err = 0;

	if (!v) {
		return -XEN_ENOENT;
	}
	if (!p) {
		return -XEN_EINVAL;
	}
	spin_lock(&table->lock);
	state = port_read(p);
	switch (port_kind(state.word)) {
	case PORT_FREE:
	case PORT_IPI:
		err = -XEN_EINVAL;
		break;
	case PORT_VIRQ:
		err = virq_is_global(port_virq(state)) ? 0 : -XEN_EINVAL;
		break;
	case PORT_PIRQ:
		pirq_retarget_locked(d, (uint32_t)state.extra, v);
		break;
	case PORT_UNBOUND:
	case PORT_INTERDOMAIN:
		break;
	}
	if (!err) {
		port_write(p, port_kind(state.word), v->id, port_peer(state.word), state.extra);
	}
	spin_unlock(&table->lock);
	return err;
}

static int close_locked(struct domain *d, uint32_t port, struct port_state state)
{
	struct evtchn_table *table = d->evtchn;

	switch (port_kind(state.word)) {
	case PORT_FREE:
		return -XEN_EINVAL;
	case PORT_VIRQ:
		virq_release_locked(d, state);
		break;
	case PORT_PIRQ:
		pirq_release_locked(d, (uint32_t)state.extra);
		break;
	case PORT_INTERDOMAIN: {
		struct evtchn_port *far =
			port_find(port_remote(state)->evtchn, port_peer(state.word));

		port_write(far, PORT_UNBOUND, port_vcpu(far->word), 0, d->id);
		break;
	}
	case PORT_UNBOUND:
	case PORT_IPI:
		break;
	}
	port_write(port_find(table, port), PORT_FREE, 0, 0, 0);
	port_clear_pending(d, port);
	table->used[port / 64] &= ~(1UL << port % 64);
	return 0;
}

int evtchn_close(struct domain *d, uint32_t port)
{
	struct evtchn_table *table = d->evtchn;
	struct evtchn_port *p = port_find(table, port);

	if (!p) {
		return -XEN_EINVAL;
	}
	for (;;) {
		struct port_state state = port_read(p);
		struct evtchn_table *far = port_kind(state.word) == PORT_INTERDOMAIN
						   ? port_remote(state)->evtchn
						   : table;
		bool moved;
		int err = 0;

		spin_lock_pair(&table->lock, &far->lock);
		moved = p->word != state.word;
		if (!moved) {
			err = close_locked(d, port, state);
		}
		spin_unlock_pair(&table->lock, &far->lock);
		if (!moved) {
			return err;
		}
	}
}

int evtchn_reset(struct domain *d)
{
	struct evtchn_table *table = d->evtchn;

	for (uint32_t i = 0; i < BUCKET_COUNT; i++) {
		for (;;) {
			uint64_t used = atomic_read(&table->used[i]) & (i == 0 ? ~1UL : ~0UL);

			if (used == 0) {
				break;
			}
			/* Another vcpu may have closed it first: that is as good. */
			(void)!evtchn_close(d, i * BUCKET_PORTS + (uint32_t)__builtin_ctzl(used));
			if (restart_wanted()) {
				return -XEN_ERESTART;
			}
		}
	}
	return fifo_leave(d);
}

int evtchn_domain_teardown(struct domain *d)
{
	virq_forget_handler(d);
	return d->evtchn ? evtchn_reset(d) : 0;
}

int evtchn_send(struct domain *d, uint32_t port)
{
	struct evtchn_port *p = port_find(d->evtchn, port);
	struct port_state state;

	if (!p) {
		return -XEN_EINVAL;
	}
	state = port_read(p);
	switch (port_kind(state.word)) {
	case PORT_INTERDOMAIN: {
		struct domain *remote = port_remote(state);
		uint32_t peer = port_peer(state.word);
		uint64_t far = atomic_read(&port_find(remote->evtchn, peer)->word);

		if (port_kind(far) == PORT_INTERDOMAIN) {
			port_deliver(remote, peer, port_vcpu(far));
		}
		return 0;
	}
	case PORT_IPI:
		port_deliver(d, port, port_vcpu(state.word));
		return 0;
	case PORT_UNBOUND:
		return 0;
	case PORT_FREE:
	case PORT_VIRQ:
	case PORT_PIRQ:
		break;
	}
	return -XEN_EINVAL;
}

int evtchn_unmask(struct domain *d, uint32_t port)
{
	struct evtchn_port *p = port_find(d->evtchn, port);

	if (!p) {
		return -XEN_EINVAL;
	}
	port = (uint32_t)index_clamp(port, EVTCHN_PORTS_MAX);
	port_unmask(d, port, port_vcpu(atomic_read(&p->word)));
	return 0;
}

int evtchn_status(struct domain *d, uint32_t port, struct evtchn_status *status)
{
	struct evtchn_port *p = port_find(d->evtchn, port);
	struct port_state state;

	if (!p) {
		return -XEN_EINVAL;
	}
	state = port_read(p);
	status->vcpu = port_vcpu(state.word);
	switch (port_kind(state.word)) {
	case PORT_FREE:
		status->status = EVTCHNSTAT_closed;
		break;
	case PORT_UNBOUND:
		status->status = EVTCHNSTAT_unbound;
		status->u.unbound.dom = (domid_t)state.extra;
		break;
	case PORT_INTERDOMAIN:
		status->status = EVTCHNSTAT_interdomain;
		status->u.interdomain.dom = port_remote(state)->id;
		status->u.interdomain.port = port_peer(state.word);
		break;
	case PORT_PIRQ:
		status->status = EVTCHNSTAT_pirq;
		status->u.pirq = (uint32_t)state.extra;
		break;
	case PORT_VIRQ:
		status->status = EVTCHNSTAT_virq;
		status->u.virq = port_virq(state);
		break;
	case PORT_IPI:
		status->status = EVTCHNSTAT_ipi;
		break;
	}
	return 0;
}

bool evtchn_port_is_valid(struct domain *d, uint32_t port)
{
	return port != 0 && port_find(d->evtchn, port) != NULL;
}

void evtchn_dump(struct domain *d, void (*print)(const char *format, ...))
{
	static const char *const kind_name[] = {"closed", "unbound", "interdomain",
						"pirq",   "virq",    "ipi"};

	print("d%u: event channels\n", d->id);
	for (uint32_t port = 1; port < EVTCHN_PORTS_MAX; port++) {
		struct evtchn_port *p = port_find(d->evtchn, port);
		struct evtchn_status status = {0};

		if (!p || port_kind(atomic_read(&p->word)) == PORT_FREE ||
		    evtchn_status(d, port, &status) != 0) {
			continue;
		}
		print("  %4u %-11s vcpu %u pending %u masked %u", port, kind_name[status.status],
		      status.vcpu, evtchn_port_is_pending(d, port) ? 1U : 0U,
		      port_is_masked(d, port) ? 1U : 0U);
		if (status.status == EVTCHNSTAT_interdomain) {
			print(" d%u:%u", status.u.interdomain.dom, status.u.interdomain.port);
		} else if (status.status == EVTCHNSTAT_unbound) {
			print(" for d%u", status.u.unbound.dom);
		} else if (status.status == EVTCHNSTAT_pirq || status.status == EVTCHNSTAT_virq) {
			print(" %u", status.u.pirq);
		}
		print("\n");
	}
}
