/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grant_table_op (xen/grant_table.h). Map, unmap and copy take arrays of operations, each with a
 * status of its own; the call answers 0 even when all of them failed. They are copied in and out
 * in small batches. When the stay in the core gets long, the pointer is moved past what is done,
 * the count reduced, and the call restarts.
 *
 * Version 2 tables, transfers and the operations nobody uses do not exist here.
 */
#include "hypercall/call.h"

#include "domain/restart.h"
#include "grant/grant.h"

#include <xen/errno.h>

#define MAP_BATCH 16U
#define COPY_BATCH 16U
#define LIST_BATCH 64U

struct batch {
	struct guest_ptr p;
	uint32_t count; /* operations left */
};

static uint32_t batch_size(const struct batch *batch, uint32_t most)
{
	return batch->count < most ? batch->count : most;
}

/* done operations are finished. True if the call must restart for the others. */
static bool advance(struct hypercall *call, struct batch *batch, uint32_t done, size_t size)
{
	batch->p = guest_ptr_at(batch->p, done, size);
	batch->count -= done;
	restart_spend(done - 1);
	if (!restart_wanted() || batch->count == 0) {
		return false;
	}
	call->args[1] = batch->p.address;
	call->args[2] = batch->count;
	return true;
}

union grant_ops {
	struct gnttab_map_grant_ref map[MAP_BATCH];
	struct gnttab_unmap_grant_ref unmap[GRANT_UNMAP_BATCH];
	struct gnttab_copy copy[COPY_BATCH];
};

static void run_map(struct vcpu *v, union grant_ops *ops, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		grant_map(v, &ops->map[i]);
	}
}

static void run_unmap(struct vcpu *v, union grant_ops *ops, uint32_t n)
{
	grant_unmap(v, ops->unmap, n);
}

static void run_copy(struct vcpu *v, union grant_ops *ops, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		grant_copy(v, &ops->copy[i]);
	}
}

/* Operations of that many bytes, `most` of which fit into grant_ops. */
static int run_batches(struct hypercall *call, struct batch batch, uint32_t most, size_t bytes,
		       void (*run)(struct vcpu *v, union grant_ops *ops, uint32_t n))
{
	union grant_ops ops;

	while (batch.count != 0) {
		uint32_t n = batch_size(&batch, most);
		int err = guest_in(call->v, &ops, batch.p, n * bytes);

		if (!err) {
			run(call->v, &ops, n);
			err = guest_out(call->v, batch.p, &ops, n * bytes);
		}
		if (err) {
			return err;
		}
		if (advance(call, &batch, n, bytes)) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

/* GNTST_*: the domain, if there is one and the caller may act for it. */
static int find_target(struct hypercall *call, uint16_t domid, struct domain **d)
{
	*d = call_target(call, domid);
	if (!*d) {
		return GNTST_bad_domain;
	}
	return rights_check(call->v->domain, *d, RIGHT_TARGET) ? GNTST_permission_denied
							       : GNTST_okay;
}

/* Grows frame by frame, each worth a few units of work; the table itself is the progress. */
static int grow(struct domain *d, uint32_t count)
{
	int err = 0;

	for (uint32_t n = grant_frame_count(d); !err && n < count; n++) {
		err = grant_grow(d, n + 1);
		restart_spend(4);
		if (!err && n + 1 < count && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return err;
}

/* GNTST_*. */
static int write_frame_list(struct vcpu *v, struct domain *d, const struct gnttab_setup_table *op)
{
	struct guest_ptr list = guest_ptr(op->frame_list);
	xen_pfn_t frames[LIST_BATCH];

	for (uint32_t done = 0; done < op->nr_frames;) {
		uint32_t n = op->nr_frames - done < LIST_BATCH ? op->nr_frames - done : LIST_BATCH;

		for (uint32_t i = 0; i < n; i++) {
			frames[i] = grant_frame(d, done + i).n;
		}
		if (guest_out(v, guest_ptr_at(list, done, sizeof(frames[0])), frames,
			      n * sizeof(frames[0]))) {
			return GNTST_bad_virt_addr;
		}
		done += n;
	}
	return GNTST_okay;
}

static int op_setup_table(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct gnttab_setup_table op;
	struct domain *d;
	int status, err = guest_in(v, &op, p, sizeof(op));

	if (err) {
		return err;
	}
	status = find_target(call, op.dom, &d);
	if (status == GNTST_okay && op.nr_frames > grant_frame_max(d)) {
		status = GNTST_general_error;
	}
	if (status == GNTST_okay) {
		err = grow(d, op.nr_frames);
		if (err == -XEN_ERESTART) {
			return err;
		}
		status = err ? GNTST_general_error : write_frame_list(v, d, &op);
	}
	op.status = (int16_t)status;
	return guest_out(v, p, &op, sizeof(op));
}

static int op_query_size(struct hypercall *call, struct guest_ptr p)
{
	struct vcpu *v = call->v;
	struct gnttab_query_size op;
	struct domain *d;
	int status, err = guest_in(v, &op, p, sizeof(op));

	if (err) {
		return err;
	}
	status = find_target(call, op.dom, &d);
	if (status == GNTST_okay) {
		op.nr_frames = grant_frame_count(d);
		op.max_nr_frames = grant_frame_max(d);
	}
	op.status = (int16_t)status;
	return guest_out(v, p, &op, sizeof(op));
}

/* The version in force is told in any case. */
static int op_set_version(struct vcpu *v, struct guest_ptr p)
{
	struct gnttab_set_version op;
	int err = guest_in(v, &op, p, sizeof(op));
	int result;

	if (err) {
		return err;
	}
	result = grant_set_version(v->domain, op.version);
	op.version = grant_version(v->domain);
	err = guest_out(v, p, &op, sizeof(op));
	return err ? err : result;
}

int64_t hypercall_grant_table_op(struct hypercall *call)
{
	uint32_t cmd = (uint32_t)call->args[0];
	struct batch batch = {
		.p = guest_ptr(call->args[1]),
		.count = (uint32_t)call->args[2],
	};

	if ((int32_t)batch.count < 0) {
		return -XEN_EINVAL;
	}
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		return run_batches(call, batch, MAP_BATCH, sizeof(struct gnttab_map_grant_ref),
				   run_map);
	case GNTTABOP_unmap_grant_ref:
		return run_batches(call, batch, GRANT_UNMAP_BATCH,
				   sizeof(struct gnttab_unmap_grant_ref), run_unmap);
	case GNTTABOP_copy:
		return run_batches(call, batch, COPY_BATCH, sizeof(struct gnttab_copy),
				   run_copy);
	case GNTTABOP_setup_table:
		return batch.count == 1 ? op_setup_table(call, batch.p) : -XEN_EINVAL;
	case GNTTABOP_query_size:
		return batch.count == 1 ? op_query_size(call, batch.p) : -XEN_EINVAL;
	case GNTTABOP_set_version:
		return op_set_version(call->v, batch.p);
	default:
		return -XEN_ENOSYS;
	}
}
