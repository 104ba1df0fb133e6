/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an event reaches a guest: the 2-level bitmaps of shared_info (xen/shared_info.h).
 *
 *     evtchn_pending[port]  0 -> 1   else nothing more: the guest has not looked yet
 *     if not masked: vcpu_info.evtchn_pending_sel[port / 64]  0 -> 1
 *     vcpu_info.evtchn_upcall_pending  0 -> 1   kick the vcpu
 *
 * Every step is one locked operation and stops at the first bit already set. Unmasking repeats the
 * last two. Vcpus in SCHEDOP_poll are woken by the first step, masked or not: they announced the
 * port before they looked at the bit, we set the bit before we look for them.
 * No lock is taken. A domain in FIFO form goes to fifo.c; whoever raises an event while it switches
 * over may have set bits here that nobody looks at any more, and raises it again.
 */
#include "evtchn/fifo.h"

#include "domain/guest_ops.h"
#include "machine/shared.h"

void port_mark_upcall(struct vcpu *v)
{
	if (atomic_exchange(&v->info->evtchn_upcall_pending, 1) == 0) {
		if (v->domain->ops->upcall) {
			v->domain->ops->upcall(v);
		}
		vcpu_kick(v);
	}
}

static void mark_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct vcpu *v = d->vcpus[vcpu];

	if (v && !atomic_bit_test_and_set(&v->info->evtchn_pending_sel, port / 64)) {
		port_mark_upcall(v);
	}
}

void port_wake_pollers(struct domain *d, uint32_t port)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		int32_t wanted = atomic_read(&v->poll_port);

		if (wanted != 0 && (wanted < 0 || (uint32_t)wanted == port) &&
		    atomic_compare_exchange(&v->poll_port, &wanted, 0)) {
			vcpu_unblock(v);
		}
	}
}

void port_deliver(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct shared_info *shared = d->shared;
	struct evtchn_fifo *fifo = fifo_of(d);

	if (__builtin_expect(fifo != NULL, 0)) {
		fifo_deliver(d, fifo, port, vcpu);
		return;
	}
	if (!atomic_bit_test_and_set(shared->evtchn_pending, port)) {
		if (!atomic_bit_test(shared->evtchn_mask, port)) {
			mark_vcpu(d, port, vcpu);
		}
		port_wake_pollers(d, port);
	}
	fifo = fifo_of(d);
	if (__builtin_expect(fifo != NULL, 0)) {
		fifo_deliver(d, fifo, port, vcpu);
	}
}

void port_clear_pending(struct domain *d, uint32_t port)
{
	struct evtchn_fifo *fifo = fifo_of(d);

	atomic_and(&d->shared->evtchn_pending[port / 64], ~(1UL << port % 64));
	if (fifo) {
		fifo_clear_pending(fifo, port);
	}
}

void port_unmask(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct evtchn_fifo *fifo = fifo_of(d);

	if (fifo) {
		fifo_unmask(d, fifo, port, vcpu);
	} else if (atomic_bit_test_and_clear(d->shared->evtchn_mask, port) &&
	    atomic_bit_test(d->shared->evtchn_pending, port)) {
		mark_vcpu(d, port, vcpu);
	}
}

bool port_is_masked(const struct domain *d, uint32_t port)
{
	struct evtchn_fifo *fifo = fifo_of(d);

	return fifo ? fifo_is_masked(fifo, port) : atomic_bit_test(d->shared->evtchn_mask, port);
}

bool evtchn_port_is_pending(struct domain *d, uint32_t port)
{
	struct evtchn_fifo *fifo = fifo_of(d);

	if (port >= EVTCHN_PORTS_MAX) {
		return false;
	}
	port = (uint32_t)index_clamp(port, EVTCHN_PORTS_MAX);
	return fifo ? fifo_is_pending(fifo, port)
		    : atomic_bit_test(d->shared->evtchn_pending, port);
}
