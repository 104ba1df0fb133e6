/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vcpu_op (xen/vcpu.h) and set_timer_op. A guest names any of its vcpus; one that it has not is
 * -XEN_ENOENT for every operation. Bringing vcpus up and down is under the domain lock, so that
 * the last one up cannot be missed.
 */
#include "hypercall/call.h"

#include "domain/guest_ops.h"
#include "domain/vtime.h"
#include "mm/heap.h"
#include "plat/clock.h"

#include <xen/arch_x86.h>
#include <xen/errno.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

/* What old guests give set_timer_op by mistake: Xen fires after 100 ms. */
#define TIMEOUT_ABSURD (1UL << 50)
#define TIMEOUT_INSTEAD 100000000UL

/* What VCPUOP_initialise takes, by kind of guest. */
union first_context {
	struct vcpu_guest_context pv;
	struct vcpu_hvm_context hvm;
};

static int initialise_locked(struct vcpu *v, const union first_context *context)
{
	int err;

	if (v->is_initialised) {
		return -XEN_EEXIST;
	}
	err = v->domain->ops->set_context(v, context);
	if (!err) {
		v->is_initialised = true;
	}
	return err;
}

static int op_initialise(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	bool is_pv = v->domain->is_pv;
	union first_context *context;
	bool starts_online;
	int err;

	if (!vcpu_has_info(v)) {
		return -XEN_EINVAL;
	}
	context = heap_new(union first_context);
	if (!context) {
		return -XEN_ENOMEM;
	}
	err = guest_in(caller, context, p, is_pv ? sizeof(context->pv) : sizeof(context->hvm));
	if (!err) {
		spin_lock(&v->domain->lock);
		err = initialise_locked(v, context);
		spin_unlock(&v->domain->lock);
	}
	starts_online = is_pv && (context->pv.flags & VGCF_online) != 0;
	heap_free(context);
	if (!err && starts_online) {
		vcpu_clear_flag(v, VCPU_DOWN);
	}
	return err;
}

static int op_up(struct vcpu *v)
{
	int err = 0;

	spin_lock(&v->domain->lock);
	if (!v->is_initialised) {
		err = -XEN_EINVAL;
	} else {
		vcpu_clear_flag(v, VCPU_DOWN);
	}
	spin_unlock(&v->domain->lock);
	return err;
}

static bool another_is_up(const struct vcpu *v)
{
	const struct vcpu *other;

	for_each_vcpu(v->domain, other) {
		if (other != v && (atomic_read(&other->pause_flags) & VCPU_DOWN) == 0) {
			return true;
		}
	}
	return false;
}

static int op_down(struct vcpu *v)
{
	bool is_last;

	spin_lock(&v->domain->lock);
	is_last = (atomic_read(&v->pause_flags) & VCPU_DOWN) == 0 && !another_is_up(v);
	if (!is_last) {
		vcpu_set_flag(v, VCPU_DOWN);
	}
	spin_unlock(&v->domain->lock);
	if (is_last) {
		domain_shutdown(v->domain, SHUTDOWN_poweroff);
	}
	return 0;
}

static int op_is_up(struct vcpu *v)
{
	return (atomic_read(&v->pause_flags) & VCPU_DOWN) == 0;
}

static int write_runstate_info(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	struct vcpu_runstate_info info = {0};
	struct vcpu_runstate r;

	vtime_get_runstate(v, &r);
	info.state = (int32_t)r.state;
	info.state_entry_time = r.entry_time;
	for (unsigned int i = 0; i < array_size(info.time); i++) {
		info.time[i] = r.time[i];
	}
	return guest_out(caller, p, &info, sizeof(info));
}

static int op_register_runstate(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	struct vcpu_register_runstate_memory_area op;
	int err = guest_in(caller, &op, p, sizeof(op));

	if (!err) {
		err = vtime_register_runstate(v, op.addr.v);
	}
	/* Another one's: the first copy through the caller's address space, if it is mapped
	 * there. */
	if (!err && v != caller && op.addr.v != 0 &&
	    write_runstate_info(caller, v, guest_ptr(op.addr.v))) {
		v->areas_stale = true;
	}
	return err;
}

static int op_register_time(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	struct vcpu_register_time_memory_area op;
	int err = guest_in(caller, &op, p, sizeof(op));

	return err ? err : vtime_register_time_area(v, op.addr.v);
}

static int op_set_periodic(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	struct vcpu_set_periodic_timer op;
	int err = guest_in(caller, &op, p, sizeof(op));

	if (err) {
		return err;
	}
	return op.period_ns == 0 ? -XEN_EINVAL : vtime_set_periodic(v, op.period_ns);
}

static int op_set_singleshot(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	struct vcpu_set_singleshot_timer op;
	int err;

	if (v != caller) {
		return -XEN_EINVAL;
	}
	err = guest_in(caller, &op, p, sizeof(op));
	if (!err) {
		vtime_set_singleshot(v, op.timeout_abs_ns);
	}
	return err;
}

static int op_stop_singleshot(struct vcpu *caller, struct vcpu *v)
{
	if (v != caller) {
		return -XEN_EINVAL;
	}
	vtime_stop_singleshot(v);
	return 0;
}

static int op_register_info(struct vcpu *caller, struct vcpu *v, struct guest_ptr p)
{
	struct vcpu_register_vcpu_info op;
	int err = guest_in(caller, &op, p, sizeof(op));

	return err ? err : vcpu_register_info(v, gfn(op.mfn), op.offset);
}

static int op_send_nmi(struct vcpu *v)
{
	if (!atomic_exchange(&v->nmi_pending, true)) {
		vcpu_kick(v);
	}
	return 0;
}

int64_t hypercall_vcpu_op(struct hypercall *call)
{
	struct vcpu *caller = call->v;
	struct guest_ptr p = guest_ptr(call->args[2]);
	struct vcpu *v = vcpu_find(caller->domain, (uint32_t)call->args[1]);

	if (!v) {
		return -XEN_ENOENT;
	}
	switch ((uint32_t)call->args[0]) {
	case VCPUOP_initialise:
		return op_initialise(caller, v, p);
	case VCPUOP_up:
		return op_up(v);
	case VCPUOP_down:
		return op_down(v);
	case VCPUOP_is_up:
		return op_is_up(v);
	case VCPUOP_get_runstate_info:
		return write_runstate_info(caller, v, p);
	case VCPUOP_register_runstate_memory_area:
		return op_register_runstate(caller, v, p);
	case VCPUOP_set_periodic_timer:
		return op_set_periodic(caller, v, p);
	case VCPUOP_stop_periodic_timer:
		return vtime_set_periodic(v, 0);
	case VCPUOP_set_singleshot_timer:
		return op_set_singleshot(caller, v, p);
	case VCPUOP_stop_singleshot_timer:
		return op_stop_singleshot(caller, v);
	case VCPUOP_register_vcpu_info:
		return op_register_info(caller, v, p);
	case VCPUOP_send_nmi:
		return op_send_nmi(v);
	case VCPUOP_register_vcpu_time_memory_area:
		return op_register_time(caller, v, p);
	default:
		return -XEN_ENOSYS;
	}
}

int64_t hypercall_set_timer_op(struct hypercall *call)
{
	struct vcpu *v = call->v;
	uint64_t expires = call->args[0];
	uint64_t now = clock_now();

	if (expires == 0) {
		vtime_stop_singleshot(v);
		return 0;
	}
	if (expires > now && expires - now > TIMEOUT_ABSURD) {
		expires = now + TIMEOUT_INSTEAD;
	}
	vtime_set_singleshot(v, expires);
	return 0;
}
