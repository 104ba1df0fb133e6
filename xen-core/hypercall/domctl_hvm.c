/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_gethvmcontext, sethvmcontext and gethvmcontext_partial: the copies, and how a stream
 * of many vcpus is done in several stays. What the records are is hvm/context.h.
 *
 * A request has no field for its progress, so the domain keeps it, with whose it is: the caller's
 * vcpu and its buffer. A call that is not the continuation of that one begins anew. Between stays
 * the target stays paused.
 */
#include "hypercall/domctl.h"

#include "domain/restart.h"
#include "hvm/context.h"
#include "hvm/hvm.h"
#include "mm/heap.h"

#include <xen/errno.h>
#include <xen/hvm_save.h>

/* Longer than any stream there is; a length above it is a mistake. */
#define STREAM_MAX (4U << 20)

static struct hvm_context_progress *progress_of(const struct domctl *c)
{
	return &c->d->hvm->context;
}

/* True: goes on where the same call stopped. */
static bool continues(const struct domctl *c, uint64_t buffer)
{
	const struct hvm_context_progress *p = progress_of(c);

	return p->caller == c->v && p->command == c->op.cmd && p->buffer == buffer;
}

static void begin(struct domctl *c, uint64_t buffer)
{
	/* Whoever left one half done has left the domain paused for it. */
	if (progress_of(c)->caller) {
		domain_unpause(c->d);
	}
	*progress_of(c) = (struct hvm_context_progress){
		.caller = c->v,
		.command = c->op.cmd,
		.buffer = buffer,
	};
	domain_pause(c->d);
}

static int finish(struct domctl *c, int err)
{
	if (err != -XEN_ERESTART) {
		progress_of(c)->caller = NULL;
		domain_unpause(c->d);
	}
	return err;
}

/* --- get ------------------------------------------------------------------------------------- */

static int put_record(struct domctl *c, const void *record, uint32_t bytes)
{
	struct xen_domctl_hvmcontext *request = &c->op.u.hvmcontext;
	struct hvm_context_progress *p = progress_of(c);

	if (request->size - p->offset < bytes) {
		return -XEN_ENOSPC;
	}
	if (guest_out(c->v, guest_ptr(request->buffer + p->offset), record, bytes)) {
		return -XEN_EFAULT;
	}
	p->offset += bytes;
	return 0;
}

static int put_vcpu(struct domctl *c, struct vcpu *v, void *record)
{
	int err = 0;

	for (unsigned int i = 0; i < HVM_CONTEXT_RECORDS && !err; i++) {
		uint32_t bytes = hvm_context_record(v, i, record);

		err = bytes ? put_record(c, record, bytes) : 0;
	}
	return err;
}

static int put_stream(struct domctl *c, void *record)
{
	struct hvm_context_progress *p = progress_of(c);
	int err = 0;

	if (p->offset == 0) {
		err = put_record(c, record, hvm_context_header(c->d, record));
	}
	while (!err && p->vcpu < c->d->max_vcpus) {
		struct vcpu *v = vcpu_find(c->d, p->vcpu);

		err = v ? put_vcpu(c, v, record) : 0;
		p->vcpu++;
		/* Seven records are some units of work. */
		restart_spend(3);
		if (!err && p->vcpu < c->d->max_vcpus && restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
	return err ? err : put_record(c, record, hvm_context_end(record));
}

static int get_stream(struct domctl *c, void *record)
{
	struct xen_domctl_hvmcontext *request = &c->op.u.hvmcontext;
	int err;

	if (!continues(c, request->buffer)) {
		begin(c, request->buffer);
	}
	err = finish(c, put_stream(c, record));
	if (!err) {
		request->size = progress_of(c)->offset;
	}
	return err;
}

static int with_record(struct domctl *c, int (*run)(struct domctl *c, void *record))
{
	void *record = heap_alloc(HVM_CONTEXT_RECORD_MAX);
	int err;

	if (!record) {
		return -XEN_ENOMEM;
	}
	err = run(c, record);
	heap_free(record);
	return err;
}

int domctl_gethvmcontext(struct domctl *c)
{
	struct xen_domctl_hvmcontext *request = &c->op.u.hvmcontext;

	if (c->d->is_pv) {
		return -XEN_EINVAL;
	}
	if (request->buffer == 0) {
		request->size = hvm_context_bytes(c->d);
		return 0;
	}
	return with_record(c, get_stream);
}

/* --- one record ------------------------------------------------------------------------------ */

static int get_one(struct domctl *c, void *record)
{
	struct xen_domctl_hvmcontext_partial *request = &c->op.u.hvmcontext_partial;
	unsigned int position = hvm_context_position(request->type);
	struct vcpu *v = vcpu_find(c->d, request->instance);
	uint32_t bytes;

	if (!v || position == HVM_CONTEXT_RECORDS) {
		return -XEN_EINVAL;
	}
	domain_pause(c->d);
	bytes = hvm_context_record(v, position, record);
	domain_unpause(c->d);
	if (bytes == 0) {
		return -XEN_ENODATA;
	}
	bytes -= (uint32_t)sizeof(struct hvm_save_descriptor);
	if (request->bufsz < bytes) {
		return -XEN_ENOSPC;
	}
	request->bufsz = bytes;
	return guest_out(c->v, guest_ptr(request->buffer),
			 (uint8_t *)record + sizeof(struct hvm_save_descriptor), bytes);
}

int domctl_gethvmcontext_partial(struct domctl *c)
{
	if (c->d->is_pv) {
		return -XEN_EINVAL;
	}
	return with_record(c, get_one);
}

/* --- set ------------------------------------------------------------------------------------- */

/* The record behind the descriptor at the present place. */
static int take_record(struct domctl *c, struct hvm_save_descriptor *descriptor, void *record)
{
	struct xen_domctl_hvmcontext *request = &c->op.u.hvmcontext;
	struct hvm_context_progress *p = progress_of(c);
	uint32_t left = request->size - p->offset;
	uint64_t at = request->buffer + p->offset;

	if (left < sizeof(*descriptor)) {
		return -XEN_ENODATA;
	}
	if (guest_in(c->v, descriptor, guest_ptr(at), sizeof(*descriptor))) {
		return -XEN_EFAULT;
	}
	left -= (uint32_t)sizeof(*descriptor);
	if (descriptor->length > left) {
		return -XEN_ENODATA;
	}
	if (descriptor->length > HVM_CONTEXT_RECORD_MAX) {
		return -XEN_EINVAL;
	}
	if (guest_in(c->v, record, guest_ptr(at + sizeof(*descriptor)), descriptor->length)) {
		return -XEN_EFAULT;
	}
	p->offset += (uint32_t)sizeof(*descriptor) + descriptor->length;
	return 0;
}

static int take_stream(struct domctl *c, void *record)
{
	struct hvm_context_progress *p = progress_of(c);
	struct hvm_save_descriptor descriptor;

	for (;;) {
		bool is_first = p->offset == 0;
		int err = take_record(c, &descriptor, record);

		if (err) {
			return err;
		}
		if (is_first != (descriptor.typecode == HVM_SAVE_HEADER)) {
			return -XEN_ENODATA;
		}
		if (descriptor.typecode == HVM_SAVE_END) {
			return 0;
		}
		err = hvm_context_load(c->d, &descriptor, record);
		if (err) {
			return err;
		}
		if (is_first) {
			hvm_context_begin_load(c->d);
		}
		if (restart_wanted()) {
			return -XEN_ERESTART;
		}
	}
}

static int set_stream(struct domctl *c, void *record)
{
	uint64_t buffer = c->op.u.hvmcontext.buffer;

	if (!continues(c, buffer)) {
		begin(c, buffer);
	}
	return finish(c, take_stream(c, record));
}

int domctl_sethvmcontext(struct domctl *c)
{
	if (c->d->is_pv || c->op.u.hvmcontext.size > STREAM_MAX) {
		return -XEN_EINVAL;
	}
	return with_record(c, set_stream);
}
