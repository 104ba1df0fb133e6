/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_op (xen/sched.h): giving up the CPU, waiting, ending the domain.
 *
 * Waiting is flag first, look second: VCPU_BLOCKED is set, then what could already have happened
 * is looked at, and the flag taken back. Whoever raises an event writes it first and looks at the
 * flag second, so one of the two notices. The handler returns at once either way; the exit path
 * switches away if the flag is still there.
 */
#include "hypercall/call.h"

#include "domain/vtime.h"
#include "evtchn/evtchn.h"
#include "machine/shared.h"

#include <xen/errno.h>
#include <xen/sched.h>

#define POLL_PORTS_MAX 128
#define POLL_ANY_PORT (-1)

static int op_yield(struct vcpu *v)
{
	sched_unit_yield(&v->unit);
	return 0;
}

static int op_block(struct vcpu *v)
{
	shared_write(&v->info->evtchn_upcall_mask, 0);
	vcpu_set_flag(v, VCPU_BLOCKED);
	atomic_fence();
	if (vcpu_events_deliverable(v)) {
		vcpu_clear_flag(v, VCPU_BLOCKED);
	}
	return 0;
}

static int op_shutdown(struct vcpu *v, struct guest_ptr p)
{
	struct sched_shutdown op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		domain_shutdown(v->domain, (uint8_t)op.reason);
	}
	return err;
}

static int op_shutdown_code(struct vcpu *v, struct guest_ptr p)
{
	struct sched_shutdown op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		domain_preset_shutdown_code(v->domain, (uint8_t)op.reason);
	}
	return err;
}

static int op_remote_shutdown(struct hypercall *call, struct guest_ptr p)
{
	struct sched_remote_shutdown op;
	struct domain *d;
	int err = guest_in(call->v, &op, p, sizeof(op));

	if (err) {
		return err;
	}
	err = call_find(call, op.domain_id, RIGHT_DM, &d);
	if (!err) {
		domain_shutdown(d, (uint8_t)op.reason);
	}
	return err;
}

static int op_watchdog(struct vcpu *v, struct guest_ptr p)
{
	struct sched_watchdog op;
	int err = guest_in(v, &op, p, sizeof(op));

	return err ? err : domain_watchdog(v->domain, op.id, op.timeout);
}

/* For firmware that wants to be called on a certain CPU. The exit path moves the vcpu there. */
static int op_pin_override(struct vcpu *v, struct guest_ptr p)
{
	struct sched_pin_override op;
	int err = rights_check(v->domain, NULL, RIGHT_HARDWARE);

	if (!err) {
		err = guest_in(v, &op, p, sizeof(op));
	}
	return err ? err : sched_pin(&v->unit, op.pcpu);
}

/* --- poll ------------------------------------------------------------------------------------ */

static bool any_is_pending(struct domain *d, const uint32_t *ports, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (evtchn_port_is_pending(d, ports[i])) {
			return true;
		}
	}
	return false;
}

static int read_ports(struct vcpu *v, const struct sched_poll *op, uint32_t *ports)
{
	int err;

	if (op->nr_ports > POLL_PORTS_MAX) {
		return -XEN_EINVAL;
	}
	err = guest_in(v, ports, guest_ptr(op->ports), op->nr_ports * sizeof(ports[0]));
	for (uint32_t i = 0; !err && i < op->nr_ports; i++) {
		if (!evtchn_port_is_valid(v->domain, ports[i])) {
			err = -XEN_EINVAL;
		}
	}
	return err;
}

static int op_poll(struct vcpu *v, struct guest_ptr p)
{
	uint32_t ports[POLL_PORTS_MAX];
	struct sched_poll op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = read_ports(v, &op, ports);
	}
	if (err) {
		return err;
	}
	atomic_write(&v->poll_port, op.nr_ports == 1 ? (int32_t)ports[0] : POLL_ANY_PORT);
	vcpu_set_flag(v, VCPU_BLOCKED);
	atomic_fence();
	if (vcpu_events_deliverable(v) || any_is_pending(v->domain, ports, op.nr_ports)) {
		vcpu_unblock(v);
	} else if (op.timeout != 0) {
		vtime_set_poll_timeout(v, op.timeout);
	}
	return 0;
}

int64_t hypercall_sched_op(struct hypercall *call)
{
	struct vcpu *v = call->v;
	struct guest_ptr p = guest_ptr(call->args[1]);

	switch ((uint32_t)call->args[0]) {
	case SCHEDOP_yield:
		return op_yield(v);
	case SCHEDOP_block:
		return op_block(v);
	case SCHEDOP_shutdown:
		return op_shutdown(v, p);
	case SCHEDOP_poll:
		return op_poll(v, p);
	case SCHEDOP_remote_shutdown:
		return op_remote_shutdown(call, p);
	case SCHEDOP_shutdown_code:
		return op_shutdown_code(v, p);
	case SCHEDOP_watchdog:
		return op_watchdog(v, p);
	case SCHEDOP_pin_override:
		return op_pin_override(v, p);
	default:
		return -XEN_ENOSYS;
	}
}
