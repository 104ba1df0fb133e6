/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only reader and writer of shared grant entries, which their owner may change at any moment.
 *
 *     not pinned -> pinned     flags and domid are checked and the reading (writing) bit is set by
 *                              one compare-exchange of the word that holds both; only then is the
 *                              frame number read, once, and kept in the active entry
 *     pinned -> pinned more    from the active entry; a first writable pin sets the writing bit the
 *                              same way; the domid must be the same
 *     last writable pin goes   writing is cleared, in the flags half word only
 *     last pin goes            reading is cleared
 *
 * The owner revokes by clearing flags, but only while it sees neither bit, so whoever drops a pin
 * has made sure before that no translation is left.
 */
#include "grant/table.h"

#include "machine/shared.h"

#include <xen/errno.h>

/* How often the owner may change the word under our hands. */
#define WORD_TRIES 5

/* flags are the low half, domid the high one: struct grant_entry_v1. */
static uint32_t *entry_word(struct grant_table *table, uint32_t ref)
{
	return (uint32_t *)(void *)&table->frames[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}

static uint32_t *entry_frame(struct grant_table *table, uint32_t ref)
{
	return &table->frames[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME].frame;
}

/* The entry permits it: without regard to type and domid for what is pinned already. */
static bool word_allows(uint32_t word, const struct grant_pin *want, bool is_pinned)
{
	uint32_t mask = GTF_type_mask | (want->is_map ? GTF_sub_page : 0);

	if (!is_pinned && ((word & mask) != GTF_permit_access || word >> 16 != want->domid)) {
		return false;
	}
	return (want->pins & PIN_WRITES) == 0 || (word & GTF_readonly) == 0;
}

static int set_status_locked(struct grant_table *table, uint32_t ref, const struct grant_pin *want,
			     bool is_pinned)
{
	uint32_t *shared = entry_word(table, ref);
	uint32_t bits = GTF_reading | ((want->pins & PIN_WRITES) ? GTF_writing : 0);
	uint32_t word = shared_read(shared);

	for (int i = 0; i < WORD_TRIES; i++) {
		if (!word_allows(word, want, is_pinned)) {
			return GNTST_general_error;
		}
		if (atomic_compare_exchange(shared, &word, word | bits)) {
			return GNTST_okay;
		}
	}
	return GNTST_general_error;
}

/* Clears what the pins left no longer justify. */
static void clear_status_locked(struct grant_table *table, uint32_t ref, uint32_t pins)
{
	uint16_t *flags = (uint16_t *)(void *)entry_word(table, ref);

	if (pins == 0) {
		(void)atomic_and(flags, (uint16_t)~(GTF_reading | GTF_writing));
	} else if ((pins & PIN_WRITES) == 0) {
		(void)atomic_and(flags, (uint16_t)~GTF_writing);
	}
}

static bool pins_overflow(uint32_t pins, uint32_t more)
{
	for (uint32_t byte = 0xff; byte != 0; byte <<= 8) {
		if ((more & byte) != 0 && (pins & byte) == byte) {
			return true;
		}
	}
	return false;
}

/* A reference on the frame the active entry means; reads the shared entry if this is the first. */
static int get_frame_locked(struct grant_table *table, uint32_t ref, struct grant_active *active,
			    struct frame **frame)
{
	struct domain *d = table->domain;
	mfn_t m = mfn(active->frame);

	if (active->pins == 0) {
		uint32_t number = shared_read(entry_frame(table, ref));

		if (d->ops->translate(d, gfn(number), &m) != 0 || !frame_is_valid(m)) {
			return GNTST_bad_page;
		}
	}
	if (!frame_get(frame_of(m), d->id)) {
		return GNTST_bad_page;
	}
	active->frame = (uint32_t)m.n;
	*frame = frame_of(m);
	return GNTST_okay;
}

static int pin_locked(struct grant_table *table, uint32_t ref, struct grant_active *active,
		      const struct grant_pin *want, struct frame **frame)
{
	bool is_pinned = active->pins != 0;
	bool first_write = (want->pins & PIN_WRITES) != 0 && (active->pins & PIN_WRITES) == 0;
	int status = GNTST_okay;

	if (is_pinned &&
	    (active->domid != want->domid || pins_overflow(active->pins, want->pins))) {
		return GNTST_general_error;
	}
	if (!is_pinned || first_write) {
		status = set_status_locked(table, ref, want, is_pinned);
	}
	if (status != GNTST_okay) {
		return status;
	}
	status = get_frame_locked(table, ref, active, frame);
	if (status != GNTST_okay) {
		clear_status_locked(table, ref, active->pins);
		return status;
	}
	active->domid = want->domid;
	active->pins += want->pins;
	return GNTST_okay;
}

int grant_entry_pin(struct grant_table *table, uint32_t ref, const struct grant_pin *want,
		    struct frame **frame)
{
	struct grant_active *active = grant_active(table, ref);
	int status;

	if (!active) {
		return GNTST_bad_gntref;
	}
	ref = (uint32_t)index_clamp(ref, grant_entry_count(table));
	spin_lock(&active->lock);
	status = pin_locked(table, ref, active, want, frame);
	spin_unlock(&active->lock);
	return status;
}

void grant_entry_unpin_locked(struct grant_table *table, uint32_t ref, struct grant_active *active,
			      uint32_t pins)
{
	uint32_t before = active->pins;

	assert(lock_held(&active->lock));
	active->pins -= pins;
	/* Only when the last pin, or the last writable one, went with these. */
	if (active->pins == 0 || ((before & PIN_WRITES) != 0 && (active->pins & PIN_WRITES) == 0)) {
		clear_status_locked(table, ref, active->pins);
	}
}

void grant_entry_unpin(struct grant_table *table, uint32_t ref, uint32_t pins)
{
	struct grant_active *active = grant_active(table, ref);

	spin_lock(&active->lock);
	grant_entry_unpin_locked(table, ref, active, pins);
	spin_unlock(&active->lock);
}
