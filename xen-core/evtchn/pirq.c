/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical interrupts as events. A domain that may use an interrupt (domain.irqs) binds its pirq to
 * a port; the machine side (struct pirq_ops) unmasks the line and routes it to the CPU of the vcpu
 * the port notifies.
 *
 *     port: free -> pirq   evtchn_bind_pirq; pirq_port[pirq] names it
 *     port: pirq -> free   evtchn_close
 *
 * Changes are made under the table's lock, the machine side included (its locks come after).
 * Raising takes no lock.
 */
#include "evtchn/port.h"

#include "mm/heap.h"
#include "plat/irq.h"

#include <xen/errno.h>

static const struct pirq_ops *pirq_ops;

void evtchn_set_pirq_ops(const struct pirq_ops *ops)
{
	pirq_ops = ops;
}

static int check_bind_locked(struct domain *d, uint32_t pirq, uint32_t *port)
{
	struct evtchn_table *table = d->evtchn;

	if (!table->pirq_port) {
		uint16_t *map = heap_alloc(PIRQ_MAX * sizeof(*map));

		if (!map) {
			return -XEN_ENOMEM;
		}
		atomic_write_release(&table->pirq_port, map);
	}
	if (table->pirq_port[pirq] != 0) {
		return -XEN_EEXIST;
	}
	return port_choose_locked(d, port);
}

/* The port is complete before the line is unmasked: an interrupt may come at once. */
static int bind_locked(struct domain *d, uint32_t pirq, uint32_t port)
{
	uint16_t *slot = &d->evtchn->pirq_port[pirq];
	int err;

	port_take_locked(d, port, PORT_PIRQ, 0, 0, pirq);
	atomic_write_release(slot, (uint16_t)port);
	err = pirq_ops->bind(d, pirq, d->vcpus[0]->unit.cpu);
	if (err) {
		atomic_write(slot, 0);
		port_write(port_find(d->evtchn, port), PORT_FREE, 0, 0, 0);
		d->evtchn->used[port / 64] &= ~(1UL << port % 64);
	}
	return err;
}

int evtchn_bind_pirq(struct domain *d, uint32_t pirq, uint32_t flags, uint32_t *port)
{
	struct evtchn_table *table = d->evtchn;
	int err;

	if (pirq >= PIRQ_MAX || !pirq_ops || (flags & ~(uint32_t)BIND_PIRQ__WILL_SHARE) != 0) {
		return -XEN_EINVAL;
	}
	pirq = (uint32_t)index_clamp(pirq, PIRQ_MAX);
	if (!range_contains(&d->irqs, pirq, pirq)) {
		return -XEN_EPERM;
	}
	if (!vcpu_find(d, 0)) {
		return -XEN_ENOENT;
	}
	spin_lock(&table->lock);
	err = check_bind_locked(d, pirq, port);
	if (!err) {
		err = bind_locked(d, pirq, *port);
	}
	spin_unlock(&table->lock);
	return err;
}

void pirq_release_locked(struct domain *d, uint32_t pirq)
{
	pirq_ops->unbind(d, pirq);
	atomic_write(&d->evtchn->pirq_port[pirq], 0);
}

void pirq_retarget_locked(struct domain *d, uint32_t pirq, const struct vcpu *v)
{
	pirq_ops->retarget(d, pirq, v->unit.cpu);
}

void evtchn_raise_pirq(struct domain *d, uint32_t pirq)
{
	uint16_t *map = atomic_read_acquire(&d->evtchn->pirq_port);
	struct port_state state;
	uint32_t port;

	if (!map || pirq >= PIRQ_MAX) {
		return;
	}
	port = atomic_read_acquire(&map[pirq]);
	if (port == 0) {
		return;
	}
	state = port_read(port_find(d->evtchn, port));
	if (port_kind(state.word) == PORT_PIRQ && state.extra == pirq) {
		port_deliver(d, port, port_vcpu(state.word));
	}
}
