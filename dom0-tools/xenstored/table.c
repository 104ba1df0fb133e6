/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table with open addressing; see table.h. At most three quarters full; an entry taken out
 * closes its gap by moving those behind it, so there are no tombstones. Hashed with SipHash under a
 * key of this process: guests choose the texts.
 */
#include "xenstored/table.h"
#include "xenstored/bytes.h"
#include "xenstored/path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t hash_of(const char *key)
{
	static uint8_t secret[16];
	static bool ready;
	struct path_key full;
	uint64_t hash;

	if (!ready) {
		/* Short only before the kernel's generator is seeded: a weaker secret then. */
		(void)!getrandom(secret, sizeof(secret), GRND_NONBLOCK);
		ready = true;
	}
	path_hash(secret, key, strlen(key), &full);
	memcpy(&hash, full.byte, sizeof(hash));
	return hash;
}

/* The slot of key, or the free one where it would go. */
static struct table_slot *probe(const struct table *table, const char *key, uint64_t hash)
{
	unsigned int at = (unsigned int)hash & (table->size - 1);

	while (table->slots[at].key &&
	       (table->slots[at].hash != hash || strcmp(table->slots[at].key, key) != 0)) {
		at = (at + 1) & (table->size - 1);
	}
	return &table->slots[at];
}

void *table_find(const struct table *table, const char *key)
{
	return table->count ? probe(table, key, hash_of(key))->value : NULL;
}

static void grow(struct table *table)
{
	struct table old = *table;

	table->size = old.size ? old.size * 2 : 16;
	table->slots = memory_get(table->size * sizeof(table->slots[0]));
	for (unsigned int i = 0; i < old.size; i++) {
		if (old.slots[i].key) {
			*probe(table, old.slots[i].key, old.slots[i].hash) = old.slots[i];
		}
	}
	free(old.slots);
}

void table_add(struct table *table, const char *key, void *value)
{
	uint64_t hash = hash_of(key);

	if (table->count + 1 > table->size / 4 * 3) {
		grow(table);
	}
	*probe(table, key, hash) = (struct table_slot){.key = key, .value = value, .hash = hash};
	table->count++;
}

void table_remove(struct table *table, const char *key)
{
	struct table_slot *slot = table->count ? probe(table, key, hash_of(key)) : NULL;
	unsigned int mask = table->size - 1;
	unsigned int gap;

	if (!slot || !slot->key) {
		return;
	}
	table->count--;
	gap = (unsigned int)(slot - table->slots);
	for (unsigned int at = (gap + 1) & mask; table->slots[at].key; at = (at + 1) & mask) {
		unsigned int home = (unsigned int)table->slots[at].hash & mask;

		/* It may move into the gap if its home is not between the gap and itself. */
		if (((at - home) & mask) >= ((at - gap) & mask)) {
			table->slots[gap] = table->slots[at];
			gap = at;
		}
	}
	table->slots[gap] = (struct table_slot){0};
}

void table_free(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}
