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

union evtchn_op {
	uint32_t port; /* close, send, unmask: a port and nothing else */
	struct evtchn_bind_interdomain bind_interdomain;
	struct evtchn_bind_virq bind_virq;
	struct evtchn_bind_pirq bind_pirq;
	struct evtchn_bind_ipi bind_ipi;
	struct evtchn_alloc_unbound alloc_unbound;
	struct evtchn_status status;
	struct evtchn_bind_vcpu bind_vcpu;
	struct evtchn_reset reset;
	struct evtchn_init_control init_control;
	struct evtchn_expand_array expand_array;
	struct evtchn_set_priority set_priority;
};

static int op_bind_interdomain(struct hypercall *call, union evtchn_op *op)
{
	struct evtchn_bind_interdomain *bind = &op->bind_interdomain;
	struct domain *remote = call_target(call, bind->remote_dom);

	return remote ? evtchn_bind_interdomain(call->v, remote, bind->remote_port,
						&bind->local_port)
		      : -XEN_ESRCH;
}

static int op_bind_virq(struct hypercall *call, union evtchn_op *op)
{
	struct evtchn_bind_virq *bind = &op->bind_virq;

	return evtchn_bind_virq(call->v->domain, bind->virq, bind->vcpu, &bind->port);
}

static int op_bind_pirq(struct hypercall *call, union evtchn_op *op)
{
	struct evtchn_bind_pirq *bind = &op->bind_pirq;

	return evtchn_bind_pirq(call->v->domain, bind->pirq, bind->flags, &bind->port);
}

static int op_bind_ipi(struct hypercall *call, union evtchn_op *op)
{
	return evtchn_bind_ipi(call->v->domain, op->bind_ipi.vcpu, &op->bind_ipi.port);
}

static int op_alloc_unbound(struct hypercall *call, union evtchn_op *op)
{
	struct evtchn_alloc_unbound *alloc = &op->alloc_unbound;
	uint16_t remote = alloc->remote_dom == DOMID_SELF ? call->v->domain->id
							  : alloc->remote_dom;
	struct domain *d;
	int err = call_find(call, alloc->dom, RIGHT_TARGET, &d);

	return err ? err : evtchn_alloc_unbound(d, remote, &alloc->port);
}

static int op_status(struct hypercall *call, union evtchn_op *op)
{
	struct domain *d;
	int err = call_find(call, op->status.dom, RIGHT_TARGET, &d);

	op->status = (struct evtchn_status){.dom = op->status.dom, .port = op->status.port};
	return err ? err : evtchn_status(d, op->status.port, &op->status);
}

static int op_reset(struct hypercall *call, union evtchn_op *op)
{
	struct domain *d;
	int err = call_find(call, op->reset.dom, RIGHT_TARGET, &d);

	if (err) {
		return err;
	}
	if (d != call->v->domain && d->control_pause_count == 0) {
		return -XEN_EINVAL;
	}
	return evtchn_reset(d);
}

static int op_close(struct hypercall *call, union evtchn_op *op)
{
	return evtchn_close(call->v->domain, op->port);
}

static int op_unmask(struct hypercall *call, union evtchn_op *op)
{
	return evtchn_unmask(call->v->domain, op->port);
}

static int op_bind_vcpu(struct hypercall *call, union evtchn_op *op)
{
	return evtchn_bind_vcpu(call->v->domain, op->bind_vcpu.port, op->bind_vcpu.vcpu);
}

static int op_init_control(struct hypercall *call, union evtchn_op *op)
{
	struct evtchn_init_control *control = &op->init_control;

	control->link_bits = EVTCHN_FIFO_LINK_BITS;
	return evtchn_fifo_init_control(call->v->domain, control->vcpu, control->control_gfn,
					control->offset);
}

static int op_expand_array(struct hypercall *call, union evtchn_op *op)
{
	return evtchn_fifo_expand(call->v->domain, op->expand_array.array_gfn);
}

static int op_set_priority(struct hypercall *call, union evtchn_op *op)
{
	return evtchn_fifo_set_priority(call->v->domain, op->set_priority.port,
					op->set_priority.priority);
}

#define BYTES(member) sizeof(((union evtchn_op *)0)->member)

static const struct evtchn_row {
	int (*run)(struct hypercall *call, union evtchn_op *op);
	uint8_t bytes;
	bool copies_back;
} rows[] = {
	[EVTCHNOP_bind_interdomain] = {op_bind_interdomain, BYTES(bind_interdomain), true},
	[EVTCHNOP_bind_virq] = {op_bind_virq, BYTES(bind_virq), true},
	[EVTCHNOP_bind_pirq] = {op_bind_pirq, BYTES(bind_pirq), true},
	[EVTCHNOP_close] = {op_close, BYTES(port), false},
	[EVTCHNOP_status] = {op_status, BYTES(status), true},
	[EVTCHNOP_alloc_unbound] = {op_alloc_unbound, BYTES(alloc_unbound), true},
	[EVTCHNOP_bind_ipi] = {op_bind_ipi, BYTES(bind_ipi), true},
	[EVTCHNOP_bind_vcpu] = {op_bind_vcpu, BYTES(bind_vcpu), false},
	[EVTCHNOP_unmask] = {op_unmask, BYTES(port), false},
	[EVTCHNOP_reset] = {op_reset, BYTES(reset), false},
	[EVTCHNOP_init_control] = {op_init_control, BYTES(init_control), true},
	[EVTCHNOP_expand_array] = {op_expand_array, BYTES(expand_array), false},
	[EVTCHNOP_set_priority] = {op_set_priority, BYTES(set_priority), false},
};

int64_t hypercall_event_channel_op(struct hypercall *call)
{
	struct vcpu *v = call->v;
	struct guest_ptr p = guest_ptr(call->args[1]);
	uint32_t cmd = (uint32_t)call->args[0];
	union evtchn_op op;
	int err;

	if (__builtin_expect(cmd == EVTCHNOP_send, 1)) {
		err = guest_in(v, &op.port, p, sizeof(op.port));
		return err ? err : evtchn_send(v->domain, op.port);
	}
	if (cmd >= array_size(rows) || !rows[cmd].run) {
		return -XEN_ENOSYS;
	}
	err = guest_in(v, &op, p, rows[cmd].bytes);
	if (!err) {
		err = rows[cmd].run(call, &op);
	}
	return err || !rows[cmd].copies_back ? err : guest_out(v, p, &op, rows[cmd].bytes);
}
