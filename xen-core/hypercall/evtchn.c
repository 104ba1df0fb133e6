/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * event_channel_op (xen/event_channel.h): copies each operation in, names and checks the domains it
 * is about, calls evtchn/, copies the result out. An operation that succeeded but whose result
 * could not be written stays done: the guest gets -XEN_EFAULT and may close the port it can find by
 * status.
 *
 * send comes first: it is the hot path. -XEN_ENOSYS for init_control, when FIFO event channels are
 * forbidden, guests take as "use 2-level".
 */
#include "hypercall/call.h"

#include "evtchn/evtchn.h"

#include <xen/errno.h>

static int op_bind_interdomain(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_bind_interdomain op;
	struct domain *remote;
	int err = guest_in(v, &op, p, sizeof(op));

	if (err) {
		return err;
	}
	remote = call_target(call, op.remote_dom);
	if (!remote) {
		return -XEN_ESRCH;
	}
	err = evtchn_bind_interdomain(v, remote, op.remote_port, &op.local_port);
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_bind_virq(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_bind_virq op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = evtchn_bind_virq(v->domain, op.virq, op.vcpu, &op.port);
	}
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_bind_pirq(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_bind_pirq op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = evtchn_bind_pirq(v->domain, op.pirq, op.flags, &op.port);
	}
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_bind_ipi(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_bind_ipi op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = evtchn_bind_ipi(v->domain, op.vcpu, &op.port);
	}
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_alloc_unbound(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_alloc_unbound op;
	struct domain *d;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = call_find(call, op.dom, RIGHT_TARGET, &d);
	}
	if (!err) {
		uint16_t remote = op.remote_dom == DOMID_SELF ? v->domain->id : op.remote_dom;

		err = evtchn_alloc_unbound(d, remote, &op.port);
	}
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_status(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_status in, op = {0};
	struct domain *d;
	int err = guest_in(v, &in, p, sizeof(in));

	if (!err) {
		err = call_find(call, in.dom, RIGHT_TARGET, &d);
	}
	if (!err) {
		op.dom = in.dom;
		op.port = in.port;
		err = evtchn_status(d, op.port, &op);
	}
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_reset(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct evtchn_reset op;
	struct domain *d;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = call_find(call, op.dom, RIGHT_TARGET, &d);
	}
	if (err) {
		return err;
	}
	if (d != v->domain && d->control_pause_count == 0) {
		return -XEN_EINVAL;
	}
	return evtchn_reset(d);
}

/* close, send, unmask: a port and nothing else. */
static int op_port(struct vcpu *v, struct guest_ptr p, int (*act)(struct domain *, uint32_t))
{
	uint32_t port;
	int err = guest_in(v, &port, p, sizeof(port));

	return err ? err : act(v->domain, port);
}

static int op_bind_vcpu(struct vcpu *v, struct guest_ptr p)
{
	struct evtchn_bind_vcpu op;
	int err = guest_in(v, &op, p, sizeof(op));

	return err ? err : evtchn_bind_vcpu(v->domain, op.port, op.vcpu);
}

static int op_init_control(struct vcpu *v, struct guest_ptr p)
{
	struct evtchn_init_control op;
	int err = guest_in(v, &op, p, sizeof(op));

	if (!err) {
		err = evtchn_fifo_init_control(v->domain, op.vcpu, op.control_gfn, op.offset);
	}
	op.link_bits = EVTCHN_FIFO_LINK_BITS;
	return err ? err : guest_out(v, p, &op, sizeof(op));
}

static int op_expand_array(struct vcpu *v, struct guest_ptr p)
{
	struct evtchn_expand_array op;
	int err = guest_in(v, &op, p, sizeof(op));

	return err ? err : evtchn_fifo_expand(v->domain, op.array_gfn);
}

static int op_set_priority(struct vcpu *v, struct guest_ptr p)
{
	struct evtchn_set_priority op;
	int err = guest_in(v, &op, p, sizeof(op));

	return err ? err : evtchn_fifo_set_priority(v->domain, op.port, op.priority);
}

int64_t hypercall_event_channel_op(struct hypercall *call)
{
	struct vcpu *v = call->v;
	struct guest_ptr p = guest_ptr(call->args[1]);
	uint32_t cmd = (uint32_t)call->args[0];

	if (__builtin_expect(cmd == EVTCHNOP_send, 1)) {
		uint32_t port;
		int err = guest_in(v, &port, p, sizeof(port));

		return err ? err : evtchn_send(v->domain, port);
	}
	switch (cmd) {
	case EVTCHNOP_bind_interdomain:
		return op_bind_interdomain(call, p);
	case EVTCHNOP_bind_virq:
		return op_bind_virq(call, p);
	case EVTCHNOP_bind_pirq:
		return op_bind_pirq(call, p);
	case EVTCHNOP_close:
		return op_port(v, p, evtchn_close);
	case EVTCHNOP_status:
		return op_status(call, p);
	case EVTCHNOP_alloc_unbound:
		return op_alloc_unbound(call, p);
	case EVTCHNOP_bind_ipi:
		return op_bind_ipi(call, p);
	case EVTCHNOP_bind_vcpu:
		return op_bind_vcpu(v, p);
	case EVTCHNOP_unmask:
		return op_port(v, p, evtchn_unmask);
	case EVTCHNOP_reset:
		return op_reset(call, p);
	case EVTCHNOP_init_control:
		return op_init_control(v, p);
	case EVTCHNOP_expand_array:
		return op_expand_array(v, p);
	case EVTCHNOP_set_priority:
		return op_set_priority(v, p);
	default:
		return -XEN_ENOSYS;
	}
}
