/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's store ring; see ring.h. Order of a step: bytes are copied, the slot's position moves,
 * the page is told. A kill between any two of these is repaired by ring_publish(): what the page
 * says can only be behind the slot.
 */
#include "xenstored/ring.h"
#include "xenstored/journal.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

static uint32_t load(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *at, uint32_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELEASE);
}

void ring_break(struct slot *slot, struct xenstore_domain_interface *page, uint32_t error)
{
	slot->broken = error;
	publish(&page->error, error);
}

static void copy_from_ring(char *to, const char *ring, uint32_t at, uint32_t size)
{
	uint32_t first = XENSTORE_RING_SIZE - at % XENSTORE_RING_SIZE;

	if (first > size) {
		first = size;
	}
	memcpy(to, ring + at % XENSTORE_RING_SIZE, first);
	memcpy(to + first, ring, size - first);
}

static void copy_to_ring(char *ring, uint32_t at, const char *from, uint32_t size)
{
	uint32_t first = XENSTORE_RING_SIZE - at % XENSTORE_RING_SIZE;

	if (first > size) {
		first = size;
	}
	memcpy(ring + at % XENSTORE_RING_SIZE, from, first);
	memcpy(ring, from + first, size - first);
}

int ring_receive(struct slot *slot, struct xenstore_domain_interface *page, bool *moved)
{
	for (;;) {
		uint32_t waiting = load(&page->req_prod) - slot->in_end;
		struct iovec pieces[2];
		int count = slot_in_space(slot, pieces);
		uint32_t at = slot->in_end;

		if (waiting > XENSTORE_RING_SIZE) {
			ring_break(slot, page, XENSTORE_ERROR_RINGIDX);
			return -EPROTO;
		}
		if (!waiting || !count) {
			return 0;
		}
		for (int i = 0; i < count && waiting; i++) {
			uint32_t size = (uint32_t)pieces[i].iov_len;

			if (size > waiting) {
				size = waiting;
			}
			copy_from_ring(pieces[i].iov_base, page->req, at, size);
			at += size;
			waiting -= size;
		}
		slot_received(slot, at - slot->in_end);
		publish(&page->req_cons, slot->in_end);
		*moved = true;
		/* The guest notifies only if it saw us idle: look again, behind a full barrier. */
		atomic_thread_fence(memory_order_seq_cst);
	}
}

int ring_send(struct slot *slot, struct xenstore_domain_interface *page, bool *moved)
{
	for (;;) {
		uint32_t taken = load(&page->rsp_cons);
		uint32_t begin = slot->out_begin;
		uint32_t room = XENSTORE_RING_SIZE - (begin - taken);
		struct iovec pieces[2];
		int count = slot_out_bytes(slot, pieces);
		uint32_t at = begin;

		if (begin - taken > XENSTORE_RING_SIZE) {
			ring_break(slot, page, XENSTORE_ERROR_RINGIDX);
			return -EPROTO;
		}
		if (!count || !room) {
			return 0;
		}
		for (int i = 0; i < count && room; i++) {
			uint32_t size = (uint32_t)pieces[i].iov_len;

			if (size > room) {
				size = room;
			}
			copy_to_ring(page->rsp, at, pieces[i].iov_base, size);
			at += size;
			room -= size;
		}
		slot_sent(slot, at - begin);
		publish(&page->rsp_prod, slot->out_begin);
		*moved = true;
		/* The guest notifies only if it saw the ring full. */
		atomic_thread_fence(memory_order_seq_cst);
	}
}

void ring_publish(const struct slot *slot, struct xenstore_domain_interface *page)
{
	publish(&page->req_cons, slot->in_end);
	publish(&page->rsp_prod, slot->out_begin);
	publish(&page->error, slot->broken);
	publish(&page->connection, XENSTORE_CONNECTED);
}

void ring_adopt(struct slot *slot, const struct xenstore_domain_interface *page)
{
	slot_empty(slot, load(&page->req_cons), load(&page->rsp_prod));
}
