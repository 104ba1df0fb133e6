/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arena and the choice of a backend; see call.h.
 *
 * The arena is a stack of chunks. A position is a number that grows with every byte taken: a chunk
 * covers [start, start + size), and taking what does not fit into the newest chunk leaves its rest
 * unused and pushes another. Going back to a mark pops the chunks that began at or after it; the
 * first one stays for the life of the struct call.
 */
#include "call/call.h"
#include "call/privcmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE (16U * CALL_PAGE_SIZE)
#define ALIGNMENT 64U

struct chunk {
	struct chunk *below;
	void *memory;
	size_t start;
	size_t size;
};

struct call {
	const struct call_backend *backend;
	void *context;
	struct chunk *top; /* never NULL */
	size_t position;
};

static int chunk_push(struct call *call, size_t size)
{
	struct chunk *chunk = malloc(sizeof(*chunk));
	int err;

	if (!chunk) {
		return -ENOMEM;
	}
	err = call->backend->buffer(call->context, size, &chunk->memory);
	if (err) {
		free(chunk);
		return err;
	}
	chunk->size = size;
	chunk->start = call->top ? call->top->start + call->top->size : 0;
	chunk->below = call->top;
	call->top = chunk;
	call->position = chunk->start;
	return 0;
}

static void chunk_pop(struct call *call)
{
	struct chunk *chunk = call->top;

	call->top = chunk->below;
	call->backend->unbuffer(call->context, chunk->memory, chunk->size);
	free(chunk);
}

int call_open_with(const struct call_backend *backend, void *context, struct call **result)
{
	struct call *call = calloc(1, sizeof(*call));
	int err;

	if (!call) {
		return -ENOMEM;
	}
	call->backend = backend;
	call->context = context;
	err = chunk_push(call, CHUNK_SIZE);
	if (err) {
		free(call);
		return err;
	}
	*result = call;
	return 0;
}

int call_open(struct call **call)
{
	void *context;
	int err = privcmd_open(&context);

	if (err) {
		return err;
	}
	err = call_open_with(&privcmd_backend, context, call);
	if (err) {
		privcmd_backend.close(context);
	}
	return err;
}

void call_close(struct call *call)
{
	if (!call) {
		return;
	}
	while (call->top) {
		chunk_pop(call);
	}
	call->backend->close(call->context);
	free(call);
}

int64_t call_hypercall(struct call *call, uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
		       uint64_t a4, uint64_t a5)
{
	const uint64_t args[5] = {a1, a2, a3, a4, a5};

	return call->backend->hypercall(call->context, number, args);
}

size_t call_mark(const struct call *call)
{
	return call->position;
}

void *call_take(struct call *call, size_t size)
{
	size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	void *taken;

	if (rounded < size || rounded > SIZE_MAX / 4) {
		return NULL;
	}
	if (rounded > call->top->start + call->top->size - call->position) {
		size_t chunk = (rounded + CHUNK_SIZE - 1) / CHUNK_SIZE * CHUNK_SIZE;

		if (chunk_push(call, chunk)) {
			return NULL;
		}
	}
	taken = (char *)call->top->memory + (call->position - call->top->start);
	call->position += rounded;
	return memset(taken, 0, size);
}

void call_release(struct call *call, size_t mark)
{
	while (call->top->below && call->top->start >= mark) {
		chunk_pop(call);
	}
	call->position = mark;
}

int call_map_some(struct call *call, domid_t domid, const xen_pfn_t *frames, size_t count, int prot,
		  int *errors, void **at)
{
	memset(errors, 0, count * sizeof(*errors));
	return call->backend->map(call->context, domid, frames, count, prot, errors, at);
}

int call_map(struct call *call, domid_t domid, const xen_pfn_t *frames, size_t count, int prot,
	     void **at, size_t *bad)
{
	int *errors = calloc(count, sizeof(*errors));
	void *mapped;
	int err;

	if (!errors) {
		return -ENOMEM;
	}
	if (bad) {
		*bad = 0;
	}
	err = call_map_some(call, domid, frames, count, prot, errors, &mapped);
	for (size_t i = 0; !err && i < count; i++) {
		if (errors[i]) {
			err = errors[i];
			if (bad) {
				*bad = i;
			}
			call_unmap(call, mapped, count);
		}
	}
	if (!err) {
		*at = mapped;
	}
	free(errors);
	return err;
}

int call_map_resource(struct call *call, domid_t domid, uint32_t type, uint32_t id, uint32_t first,
		      size_t count, int prot, void **at)
{
	return call->backend->map_resource(call->context, domid, type, id, first, count, prot, at);
}

void call_unmap(struct call *call, void *at, size_t count)
{
	if (at) {
		call->backend->unmap(call->context, at, count);
	}
}
