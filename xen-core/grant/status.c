/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a grant table looks like now, for debug keys: entries in use with their pins, and the
 * handles through which the domain maps others.
 */
#include "grant/table.h"

#include "machine/shared.h"

static void dump_entries(struct grant_table *table, void (*print)(const char *format, ...))
{
	for (uint32_t ref = 0; ref < grant_entry_count(table); ref++) {
		struct grant_active *active = grant_active(table, ref);

		if (active->pins != 0) {
			print("  ref %u: pins %08x frame %x by d%u\n", ref, active->pins,
			      active->frame, active->domid);
		}
	}
}

static void dump_handles(struct grant_table *table, void (*print)(const char *format, ...))
{
	for (uint32_t i = 0; i < table->track_frames * HANDLES_PER_FRAME; i++) {
		struct grant_handle *h = track_find(table, i);

		if (h->flags & HANDLE_PARTS) {
			print("  handle %u: d%u ref %u flags %x\n", i, h->granter->id, h->ref,
			      h->flags);
		}
	}
}

void grant_dump(struct domain *d, void (*print)(const char *format, ...))
{
	struct grant_table *table = d->grants;

	print("d%u: grant table v1, %u of %u frames\n", d->id, table->frame_count,
	      table->frame_max);
	dump_entries(table, print);
	dump_handles(table, print);
}
