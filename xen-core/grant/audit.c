/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recomputes the pins of a domain's entries from the handles of all domains, the reading and
 * writing bits from the pins, and checks the chain of free handles. Host builds only; call it
 * between operations, when no copy is under way.
 */
#include "grant/table.h"

#include "machine/shared.h"

static uint32_t pins_by_handles(struct domain *granter, uint32_t ref, uint16_t *domid)
{
	uint32_t pins = 0;

	for (struct domain *d = domain_find_from(0); d;
	     d = domain_find_from((uint16_t)(d->id + 1))) {
		for (uint32_t i = 0; i < d->grants->track_frames * HANDLES_PER_FRAME; i++) {
			struct grant_handle *h = track_find(d->grants, i);

			if ((h->flags & HANDLE_PARTS) == 0 || h->granter != granter ||
			    h->ref != ref) {
				continue;
			}
			pins += grant_pins_of(h->flags & HANDLE_PARTS,
					      (h->flags & GNTMAP_readonly) != 0);
			*domid = d->id;
		}
	}
	return pins;
}

static void audit_handles(struct grant_table *table)
{
	uint32_t count = table->track_frames * (uint32_t)HANDLES_PER_FRAME;
	uint32_t free = 0, mapped = 0;

	for (uint32_t i = table->track_free; i != HANDLE_NONE; i = track_find(table, i)->ref) {
		assert((track_find(table, i)->flags & HANDLE_PARTS) == 0);
		free++;
		assert(free <= count);
	}
	for (uint32_t i = 0; i < count; i++) {
		struct grant_handle *h = track_find(table, i);

		if ((h->flags & HANDLE_PARTS) != 0) {
			assert(grant_active(h->granter->grants, h->ref)->pins != 0);
			mapped++;
		}
	}
	assert(free + mapped == count);
}

void grant_audit(struct domain *d)
{
	struct grant_table *table = d->grants;

	audit_handles(table);
	for (uint32_t ref = 0; ref < grant_entry_count(table); ref++) {
		struct grant_active *active = grant_active(table, ref);
		uint16_t flags = shared_read(
			&table->frames[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME].flags);
		uint16_t domid = 0;
		uint32_t pins;

		assert(active->lock.holder == 0);
		if (active->pins == 0 && (flags & (GTF_reading | GTF_writing)) == 0) {
			/* Nobody's handle names it: audit_handles() of the mapper. */
			continue;
		}
		pins = pins_by_handles(d, ref, &domid);
		assert(pins == active->pins);
		assert(pins == 0 || domid == active->domid);
		assert(((flags & GTF_reading) != 0) == (pins != 0));
		assert(((flags & GTF_writing) != 0) == ((pins & PIN_WRITES) != 0));
	}
}
