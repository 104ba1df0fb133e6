/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table from texts to pointers. The texts belong to the entries: the caller keeps them as
 * long as the entry is in the table. Finding costs the same however many there are.
 */
#ifndef XENSTORED_TABLE_H
#define XENSTORED_TABLE_H

#include <stdint.h>

struct table_slot {
	const char *key; /* NULL: free */
	void *value;
	uint64_t hash;
};

/* All zero bytes is empty. */
struct table {
	struct table_slot *slots;
	unsigned int size; /* 0 or a power of two */
	unsigned int count;
};

void *table_find(const struct table *table, const char *key);
void table_add(struct table *table, const char *key, void *value); /* key must not be in it */
void table_remove(struct table *table, const char *key);
void table_free(struct table *table); /* keys and values stay */

#endif
