/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hvm_op: parameters of translated domains, set by whoever builds them and by themselves; and the
 * few calls they make about themselves. A paravirtual domain has no parameters. What a parameter
 * means is hvm/params.h; that a change of the callback is an edge for every vcpu is said here.
 */
#include "hypercall/call.h"

#include "hvm/hvm.h"
#include "plat/clock.h"

#include <xen/errno.h>
#include <xen/hvm_op.h>

/* Vectors below it are the CPU's exceptions and what the local APIC cannot deliver. */
#define UPCALL_VECTOR_FIRST 16U

static int find_target(struct hypercall *call, uint16_t domid, struct domain **d)
{
	int err = call_find(call, domid, RIGHT_TARGET, d);

	return !err && (*d)->is_pv ? -XEN_EINVAL : err;
}

/* Events that wait are announced anew: the guest may have missed the edge of the vector before. */
static void announce(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		hvm_upcall(v);
		vcpu_kick(v);
	}
}

static int param(struct hypercall *call, struct guest_ptr p, bool is_set)
{
	struct xen_hvm_param op;
	struct domain *d;
	int err = guest_in(call->v, &op, p, sizeof(op));

	if (!err) {
		err = find_target(call, op.domid, &d);
	}
	if (err) {
		return err;
	}
	if (!is_set) {
		err = hvm_params_get(&d->hvm->params, d == call->v->domain, op.index, &op.value);
		return err ? err : guest_out(call->v, p, &op, sizeof(op));
	}
	err = hvm_params_set(&d->hvm->params, d == call->v->domain, op.index, op.value);
	if (!err && op.index == HVM_PARAM_CALLBACK_IRQ) {
		announce(d);
	}
	return err;
}

static int set_upcall_vector(struct vcpu *caller, struct guest_ptr p)
{
	struct xen_hvm_evtchn_upcall_vector op;
	struct vcpu *v;
	int err = guest_in(caller, &op, p, sizeof(op));

	if (err) {
		return err;
	}
	if (op.vector < UPCALL_VECTOR_FIRST) {
		return -XEN_EINVAL;
	}
	v = vcpu_find(caller->domain, op.vcpu);
	if (!v) {
		return -XEN_ENOENT;
	}
	atomic_write(&v->hvm->upcall_vector, op.vector);
	hvm_upcall(v);
	return 0;
}

static uint16_t memory_type(enum p2m_kind kind)
{
	switch (kind) {
	case P2M_RAM:
	case P2M_GRANT:
	case P2M_SHARED:
		return HVMMEM_ram_rw;
	case P2M_RAM_RO:
	case P2M_GRANT_RO:
		return HVMMEM_ram_ro;
	case P2M_HOLE:
	case P2M_FOREIGN:
	case P2M_FOREIGN_RO:
	case P2M_MMIO:
		break;
	}
	return HVMMEM_mmio_dm;
}

static int get_mem_type(struct hypercall *call, struct guest_ptr p)
{
	struct xen_hvm_get_mem_type op;
	struct p2m_entry entry;
	struct domain *d;
	int err = guest_in(call->v, &op, p, sizeof(op));

	if (!err) {
		err = find_target(call, op.domid, &d);
	}
	if (err) {
		return err;
	}
	p2m_get(&d->hvm->p2m, gfn(op.pfn), &entry);
	op.mem_type = memory_type(entry.kind);
	return guest_out(call->v, p, &op, sizeof(op));
}

static int get_time(struct vcpu *v, struct guest_ptr p)
{
	const struct xen_hvm_get_time op = {clock_now()};

	return guest_out(v, p, &op, sizeof(op));
}

/* What is only about the caller itself is for translated callers. */
static int own_op(struct hypercall *call, struct guest_ptr p)
{
	if (call->v->domain->is_pv) {
		return -XEN_ENOSYS;
	}
	switch (call->args[0]) {
	case HVMOP_set_evtchn_upcall_vector:
		return set_upcall_vector(call->v, p);
	case HVMOP_get_time:
		return get_time(call->v, p);
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hypercall_hvm_op(struct hypercall *call)
{
	struct guest_ptr p = guest_ptr(call->args[1]);

	switch (call->args[0]) {
	case HVMOP_set_param:
		return param(call, p, true);
	case HVMOP_get_param:
		return param(call, p, false);
	case HVMOP_get_mem_type:
		return get_mem_type(call, p);
	default:
		return own_op(call, p);
	}
}
