/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual interrupts: numbered events the core itself raises. A per-vcpu VIRQ (timer, debug) has a
 * port on each vcpu and always notifies that one; a global VIRQ has one port in the domain, kept
 * with vcpu 0, that may notify any.
 *
 *     port: free -> virq   evtchn_bind_virq; vcpu.virq_port[virq] names it
 *     port: virq -> free   evtchn_close
 *
 * Changes are made under the table's lock. Raising takes none: it reads the slot, then the port,
 * and does nothing when the port is no longer this VIRQ's.
 *
 * A domain may bind any global VIRQ; those about the host (console, domain exception) are raised
 * for their handler only: the hardware domain unless a domctl named another. Handlers are kept as
 * domain ids, cleared at the domain's teardown and again when it is freed, so an id never outlives
 * its domain.
 */
#include "evtchn/port.h"

#include <xen/errno.h>

/* (a) domid + 1, so that zero means nobody. */
static uint32_t virq_handlers[VCPU_VIRQS];

int evtchn_bind_virq(struct domain *d, uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct evtchn_table *table = d->evtchn;
	struct vcpu *v;
	int err;

	if (virq >= VCPU_VIRQS || (virq_is_global(virq) && vcpu != 0)) {
		return -XEN_EINVAL;
	}
	virq = (uint32_t)index_clamp(virq, VCPU_VIRQS);
	v = vcpu_find(d, vcpu);
	if (!v) {
		return -XEN_ENOENT;
	}
	spin_lock(&table->lock);
	err = v->virq_port[virq] != 0 ? -XEN_EEXIST : port_choose_locked(d, port);
	if (!err) {
		port_take_locked(d, *port, PORT_VIRQ, v->id, 0, virq | (uint64_t)v->id << 32);
		atomic_write_release(&v->virq_port[virq], *port);
	}
	spin_unlock(&table->lock);
	return err;
}

void virq_release_locked(struct domain *d, struct port_state state)
{
	atomic_write(&d->vcpus[port_virq_vcpu(state)]->virq_port[port_virq(state)], 0);
}

static void raise_slot(struct vcpu *v, uint32_t virq)
{
	struct domain *d = v->domain;
	uint32_t port = atomic_read_acquire(&v->virq_port[virq]);
	struct port_state state;

	if (port == 0) {
		return;
	}
	state = port_read(port_find(d->evtchn, port));
	if (port_kind(state.word) == PORT_VIRQ && port_virq(state) == virq &&
	    port_virq_vcpu(state) == v->id) {
		port_deliver(d, port, port_vcpu(state.word));
	}
}

void evtchn_raise_virq(struct vcpu *v, uint32_t virq)
{
	assert(virq < VCPU_VIRQS && !virq_is_global(virq));
	raise_slot(v, virq);
}

void evtchn_raise_global_virq(struct domain *d, uint32_t virq)
{
	assert(virq < VCPU_VIRQS && virq_is_global(virq));
	if (d->vcpus[0]) {
		raise_slot(d->vcpus[0], virq);
	}
}

void evtchn_raise_host_virq(uint32_t virq)
{
	uint32_t handler;
	struct domain *d;

	assert(virq < VCPU_VIRQS && virq_is_global(virq));
	handler = atomic_read(&virq_handlers[virq]);
	d = handler ? domain_find((uint16_t)(handler - 1)) : domain_hardware;
	if (d) {
		evtchn_raise_global_virq(d, virq);
	}
}

int evtchn_set_virq_handler(struct domain *d, uint32_t virq)
{
	if (virq >= VCPU_VIRQS || !virq_is_global(virq) || domain_is_dying(d)) {
		return -XEN_EINVAL;
	}
	virq = (uint32_t)index_clamp(virq, VCPU_VIRQS);
	atomic_write(&virq_handlers[virq], d->id + 1U);
	return 0;
}

void virq_forget_handler(const struct domain *d)
{
	for (uint32_t i = 0; i < VCPU_VIRQS; i++) {
		uint32_t handler = d->id + 1U;

		(void)atomic_compare_exchange(&virq_handlers[i], &handler, 0);
	}
}

static void raise_domain_exception(void)
{
	evtchn_raise_host_virq(VIRQ_DOM_EXC);
}

static void notify_suspended(struct domain *d, uint32_t port)
{
	/* The port may be closed by now: then nobody waits. */
	(void)!evtchn_send(d, port);
}

void evtchn_init(void)
{
	domain_suspend_hook = notify_suspended;
	domain_exception_hook = raise_domain_exception;
}
