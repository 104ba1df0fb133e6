/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page the store shares with a guest, whose indices are anything at any time. The input is a
 * list of steps of eight bytes: which index the guest changes, to what, and what the store does
 * then. The slot's own positions must stay sane.
 */
#include "fuzz/fuzz.h"
#include "xenstored/journal.h"
#include "xenstored/ring.h"

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
		fprintf(stderr, "fuzz_store_ring: not so: %s\n", what);
		abort();
	}
}

/* Takes what has arrived, and answers. */
static void serve(struct slot *slot, uint32_t size)
{
	struct slot_state state = *slot_state(slot);
	uint32_t waiting = slot->in_end - state.in_begin;
	char bytes[256] = {0};

	waiting = waiting < size ? waiting : size;
	slot_copy_in(slot, state.in_begin, bytes, waiting);
	state.in_begin += waiting;
	if (state.out_end - slot->out_begin <= JOURNAL_QUEUE - size) {
		slot_put_out(slot, state.out_end, bytes, size);
		state.out_end += size;
	}
	slot_set_state(slot, &state);
}

static void take(struct slot *slot, struct xenstore_domain_interface *page,
		 const struct step *step)
{
	uint32_t *const indices[] = {&page->req_cons, &page->req_prod, &page->rsp_cons,
				     &page->rsp_prod};
	bool moved = false;

	*indices[step->index % 4] = step->value;
	switch (step->what % 4) {
	case 0:
		require(!ring_receive(slot, page, &moved) || slot->broken, "nonsense breaks it");
		break;
	case 1:
		require(!ring_send(slot, page, &moved) || slot->broken, "nonsense breaks it");
		break;
	case 2:
		serve(slot, step->size);
		break;
	default:
		slot->broken = 0;
		ring_publish(slot, page);
		break;
	}
	require(slot_is_sane(slot), "the store's own positions stay sane");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Each of its own, so that what is written beside them is seen. */
	struct xenstore_domain_interface *page = calloc(1, sizeof(*page));
	struct slot *slot = calloc(1, sizeof(*slot));

	require(page && slot, "there is memory");
	slot->kind = SLOT_RING;
	slot->id = 1;
	for (struct step step; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		take(slot, page, &step);
	}
	free(page);
	free(slot);
	return 0;
}
