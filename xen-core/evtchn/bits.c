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
 * No lock is taken.
 */
#include "evtchn/port.h"

#include "domain/guest_ops.h"
#include "machine/shared.h"

static void mark_vcpu(struct domain *d, uint32_t port, uint32_t vcpu)
{
	struct vcpu *v = d->vcpus[vcpu];
	struct vcpu_info *info;

	if (!v) {
		return;
	}
	info = v->info;
	if (!atomic_bit_test_and_set(&info->evtchn_pending_sel, port / 64) &&
	    atomic_exchange(&info->evtchn_upcall_pending, 1) == 0) {
		if (d->ops->upcall) {
			d->ops->upcall(v);
		}
		vcpu_kick(v);
	}
}

static void wake_pollers(struct domain *d, uint32_t port)
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

	if (atomic_bit_test_and_set(shared->evtchn_pending, port)) {
		return;
	}
	if (!atomic_bit_test(shared->evtchn_mask, port)) {
		mark_vcpu(d, port, vcpu);
	}
	wake_pollers(d, port);
}

void port_clear_pending(struct domain *d, uint32_t port)
{
	atomic_and(&d->shared->evtchn_pending[port / 64], ~(1UL << port % 64));
}

void port_unmask(struct domain *d, uint32_t port, uint32_t vcpu)
{
	if (atomic_bit_test_and_clear(d->shared->evtchn_mask, port) &&
	    atomic_bit_test(d->shared->evtchn_pending, port)) {
		mark_vcpu(d, port, vcpu);
	}
}

bool evtchn_port_is_pending(struct domain *d, uint32_t port)
{
	return port < EVTCHN_PORTS_MAX &&
	       atomic_bit_test(d->shared->evtchn_pending,
			       (uint32_t)index_clamp(port, EVTCHN_PORTS_MAX));
}
