/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes between a guest's ring and a journal; see ring.h. Our own indices never come from the ring:
 * the output's consumer index is base + taken, the input's producer index is read back, because
 * nobody but us has a reason to write it; a guest that does harms its own input.
 */
#include "xenconsoled/ring.h"

#include <errno.h>
#include <string.h>

static uint32_t read_index(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_SEQ_CST);
}

static uint32_t consumer(const struct journal *journal)
{
	return journal->base + (uint32_t)journal->taken;
}

void ring_begin(const struct xencons_interface *ring, struct journal *journal)
{
	journal->base = read_index(&ring->out_cons) - (uint32_t)journal->taken;
}

void ring_resume(struct xencons_interface *ring, struct journal *journal)
{
	uint32_t told = read_index(&ring->out_cons);

	/* The guest may have been told less than was taken, by one batch at most, never more. */
	if (consumer(journal) - told > XENCONS_OUT_SIZE) {
		ring_begin(ring, journal);
	}
	publish(&ring->out_cons, consumer(journal));
}

size_t ring_waiting(const struct xencons_interface *ring, const struct journal *journal)
{
	uint32_t count = read_index(&ring->out_prod) - consumer(journal);

	return count > XENCONS_OUT_SIZE ? 0 : count;
}

int ring_take(struct xencons_interface *ring, struct journal *journal, size_t most)
{
	uint32_t from = consumer(journal);
	uint32_t produced = read_index(&ring->out_prod);
	size_t count = produced - from;
	char bytes[XENCONS_OUT_SIZE];
	size_t at = from % XENCONS_OUT_SIZE;
	size_t first;

	if (count > XENCONS_OUT_SIZE) {
		journal->base = produced - (uint32_t)journal->taken;
		publish(&ring->out_cons, produced);
		return -EPROTO;
	}
	count = count < most ? count : most;
	first = XENCONS_OUT_SIZE - at < count ? XENCONS_OUT_SIZE - at : count;
	/* Once out of the shared page: the guest may still be writing there. */
	memcpy(bytes, ring->out + at, first);
	memcpy(bytes + first, ring->out, count - first);
	journal_put(journal, bytes, count);
	journal_commit(journal, count);
	if (count) {
		publish(&ring->out_cons, consumer(journal));
	}
	return (int)count;
}

size_t ring_room(const struct xencons_interface *ring)
{
	uint32_t used = read_index(&ring->in_prod) - read_index(&ring->in_cons);

	return used > XENCONS_IN_SIZE ? 0 : XENCONS_IN_SIZE - used;
}

void ring_put(struct xencons_interface *ring, const char *bytes, size_t length)
{
	uint32_t produced = read_index(&ring->in_prod);

	for (size_t i = 0; i < length; i++) {
		ring->in[(produced + i) % XENCONS_IN_SIZE] = bytes[i];
	}
	publish(&ring->in_prod, produced + (uint32_t)length);
}
