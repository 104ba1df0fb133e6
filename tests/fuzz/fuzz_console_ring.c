/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page the console daemon shares with a guest, whose indices are anything at any time. The
 * input is a list of steps of eight bytes: which index the guest changes, to what, and what the
 * daemon does then. What it takes is never more than the ring holds, nor what it puts more than has
 * room.
 */
#include "fuzz/fuzz.h"
#include "xenconsoled/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step {
	uint8_t what, index, size, unused;
	uint32_t value;
};

static void require(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_console_ring: not so: %s\n", what);
		abort();
	}
}

static void take(struct xencons_interface *ring, struct journal *journal, const struct step *step)
{
	uint32_t *const indices[] = {&ring->in_cons, &ring->in_prod, &ring->out_cons,
				     &ring->out_prod};
	uint64_t before = journal->taken;
	static const char bytes[256];
	int got;

	*indices[step->index % 4] = step->value;
	switch (step->what % 4) {
	case 0:
		require(ring_waiting(ring, journal) <= sizeof(ring->out), "it holds no more");
		got = ring_take(ring, journal, step->size);
		require(got <= (int)step->size, "no more is taken than asked for");
		require(got < 0 || journal->taken == before + (unsigned int)got,
			"what is taken is counted");
		break;
	case 1:
		require(ring_room(ring) <= sizeof(ring->in), "it has no more room");
		if (ring_room(ring) >= step->size) {
			ring_put(ring, bytes, step->size);
		}
		break;
	case 2:
		ring_resume(ring, journal);
		break;
	default:
		ring_begin(ring, journal);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Each of its own, so that what is written beside them is seen. */
	struct xencons_interface *ring = calloc(1, sizeof(*ring));
	struct journal *journal = calloc(1, sizeof(*journal));

	require(ring && journal, "there is memory");
	journal_init(journal, "/vm/1");
	ring_begin(ring, journal);
	for (struct step step; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		take(ring, journal, &step);
	}
	free(ring);
	free(journal);
	return 0;
}
