/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op and mmuext_op for other domains: see memory.h.
 *
 * The hypervisor answers a reservation call with the number of extents it did, which may be less
 * than asked for. Batches are of BATCH extents: one arena chunk, and short enough for the kernel
 * to do something else in between.
 */
#include "call/memory.h"

#include <errno.h>
#include <string.h>

#define BATCH 4096U

static size_t batch_size(size_t left)
{
	return left < BATCH ? left : BATCH;
}

/* One batch; frames is read and, if `out`, written. Returns extents done, or -errno. */
static int64_t reserve(struct call *call, uint32_t cmd, const struct xen_memory_reservation *what,
		       const xen_pfn_t *in, xen_pfn_t *out, size_t count)
{
	size_t mark = call_mark(call);
	struct xen_memory_reservation *request = call_take(call, sizeof(*request));
	xen_pfn_t *buffer = call_take(call, count * sizeof(*buffer));
	int64_t answer = -ENOMEM;

	if (request && buffer) {
		memcpy(buffer, in, count * sizeof(*buffer));
		*request = *what;
		request->extent_start = call_handle(buffer);
		request->nr_extents = count;
		answer = call_hypercall(call, __HYPERVISOR_memory_op, cmd, call_handle(request), 0,
					0, 0);
	}
	if (answer > (int64_t)count) {
		answer = -EIO;
	}
	if (answer > 0 && out) {
		memcpy(out, buffer, (size_t)answer * sizeof(*out));
	}
	call_release(call, mark);
	return answer;
}

static int reserve_all(struct call *call, uint32_t cmd, const struct xen_memory_reservation *what,
		       const xen_pfn_t *in, xen_pfn_t *out, size_t count, size_t *done)
{
	*done = 0;
	while (*done < count) {
		size_t batch = batch_size(count - *done);
		int64_t answer =
			reserve(call, cmd, what, in + *done, out ? out + *done : NULL, batch);

		if (answer < 0) {
			return (int)answer;
		}
		*done += (size_t)answer;
		if ((size_t)answer < batch) {
			return -ENOMEM;
		}
	}
	return 0;
}

int call_memory_populate(struct call *call, domid_t domid, xen_pfn_t *frames, size_t count,
			 unsigned int order, uint32_t mem_flags, size_t *done)
{
	struct xen_memory_reservation what = {
		.extent_order = order, .mem_flags = mem_flags, .domid = domid};

	return reserve_all(call, XENMEM_populate_physmap, &what, frames, frames, count, done);
}

int call_memory_decrease(struct call *call, domid_t domid, const xen_pfn_t *frames, size_t count,
			 unsigned int order, size_t *done)
{
	struct xen_memory_reservation what = {.extent_order = order, .domid = domid};

	return reserve_all(call, XENMEM_decrease_reservation, &what, frames, NULL, count, done);
}

int call_memory_claim(struct call *call, domid_t domid, uint64_t pages)
{
	size_t mark = call_mark(call);
	struct xen_memory_reservation *request = call_take(call, sizeof(*request));
	int64_t answer = -ENOMEM;

	if (request) {
		request->domid = domid;
		request->nr_extents = pages;
		answer = call_hypercall(call, __HYPERVISOR_memory_op, XENMEM_claim_pages,
					call_handle(request), 0, 0, 0);
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_memory_set_map(struct call *call, domid_t domid, const struct xen_e820_entry *entries,
			uint32_t count)
{
	size_t mark = call_mark(call);
	struct xen_foreign_memory_map *request = call_take(call, sizeof(*request));
	struct xen_e820_entry *buffer = call_take(call, count * sizeof(*buffer));
	int64_t answer = -ENOMEM;

	if (request && buffer) {
		memcpy(buffer, entries, count * sizeof(*buffer));
		request->domid = domid;
		request->map.nr_entries = count;
		request->map.buffer = call_handle(buffer);
		answer = call_hypercall(call, __HYPERVISOR_memory_op, XENMEM_set_memory_map,
					call_handle(request), 0, 0, 0);
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

static int domain_number(struct call *call, uint32_t cmd, domid_t domid, uint64_t *number)
{
	size_t mark = call_mark(call);
	struct xen_memory_domain *request = call_take(call, sizeof(*request));
	int64_t answer = -ENOMEM;

	if (request) {
		request->domid = domid;
		answer = call_hypercall(call, __HYPERVISOR_memory_op, cmd, call_handle(request), 0,
					0, 0);
	}
	if (answer >= 0) {
		*number = (uint64_t)answer;
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_memory_max_gpfn(struct call *call, domid_t domid, uint64_t *gpfn)
{
	return domain_number(call, XENMEM_maximum_gpfn, domid, gpfn);
}

int call_memory_current(struct call *call, domid_t domid, uint64_t *pages)
{
	return domain_number(call, XENMEM_current_reservation, domid, pages);
}

int call_memory_maximum(struct call *call, domid_t domid, uint64_t *pages)
{
	return domain_number(call, XENMEM_maximum_reservation, domid, pages);
}

int call_memory_add_to_physmap(struct call *call, domid_t domid, uint32_t space, uint64_t index,
			       xen_pfn_t gpfn)
{
	size_t mark = call_mark(call);
	struct xen_add_to_physmap *request = call_take(call, sizeof(*request));
	int64_t answer = -ENOMEM;

	if (request) {
		*request = (struct xen_add_to_physmap){
			.domid = domid, .space = space, .idx = index, .gpfn = gpfn};
		answer = call_hypercall(call, __HYPERVISOR_memory_op, XENMEM_add_to_physmap,
					call_handle(request), 0, 0, 0);
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

/* --- PV page tables ----------------------------------------------------------------------------
 */
static int mmuext(struct call *call, domid_t domid, uint32_t cmd, xen_pfn_t mfn)
{
	size_t mark = call_mark(call);
	struct mmuext_op *op = call_take(call, sizeof(*op));
	uint32_t *done = call_take(call, sizeof(*done));
	int64_t answer = -ENOMEM;

	if (op && done) {
		op->cmd = cmd;
		op->arg1.mfn = mfn;
		answer = call_hypercall(call, __HYPERVISOR_mmuext_op, call_handle(op), 1,
					call_handle(done), domid, 0);
	}
	call_release(call, mark);
	return answer < 0 ? (int)answer : 0;
}

int call_memory_pin_l4(struct call *call, domid_t domid, xen_pfn_t mfn)
{
	return mmuext(call, domid, MMUEXT_PIN_L4_TABLE, mfn);
}

int call_memory_unpin(struct call *call, domid_t domid, xen_pfn_t mfn)
{
	return mmuext(call, domid, MMUEXT_UNPIN_TABLE, mfn);
}

int call_memory_set_m2p(struct call *call, domid_t domid, const xen_pfn_t *mfns,
			const xen_pfn_t *pfns, size_t count)
{
	for (size_t at = 0; at < count;) {
		size_t mark = call_mark(call);
		size_t batch = batch_size(count - at);
		struct mmu_update *updates = call_take(call, batch * sizeof(*updates));
		uint32_t *done = call_take(call, sizeof(*done));
		int64_t answer = -ENOMEM;

		if (updates && done) {
			for (size_t i = 0; i < batch; i++) {
				updates[i].ptr =
					mfns[at + i] * CALL_PAGE_SIZE | MMU_MACHPHYS_UPDATE;
				updates[i].val = pfns[at + i];
			}
			answer = call_hypercall(call, __HYPERVISOR_mmu_update, call_handle(updates),
						batch, call_handle(done), domid, 0);
		}
		call_release(call, mark);
		if (answer < 0) {
			return (int)answer;
		}
		at += batch;
	}
	return 0;
}
