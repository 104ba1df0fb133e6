/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store for tests of its clients: a flat list of nodes behind socketpairs, served by one thread.
 * It knows no rights and no quotas; a transaction's changes are seen by all at once, and undone
 * with all others since its start when it is aborted. It can be told to fail: conflicts,
 * connections that end before a reply, garbage. Everything is behind one lock, so tests may look
 * inside.
 */
#ifndef UNIT_FAKE_STORE_H
#define UNIT_FAKE_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct fake_store;

/* Listens at the path, if it is not NULL, as well. */
struct fake_store *fake_store_start(const char *path);
void fake_store_stop(struct fake_store *fake);

/* One more connection: the client's end. */
int fake_store_connect(struct fake_store *fake);

/* Values as strings; fake_store_get() returns a copy, NULL for no such node. A change fires
 * watches. */
void fake_store_set(struct fake_store *fake, const char *path, const char *value);
void fake_store_remove(struct fake_store *fake, const char *path);
char *fake_store_get(struct fake_store *fake, const char *path);
/* As the daemon does for "@introduceDomain". */
void fake_store_fire(struct fake_store *fake, const char *path);

/* The next commits conflict; the next requests of that type are executed, but the connection ends
 * before their reply. */
void fake_store_conflict(struct fake_store *fake, unsigned int commits);
void fake_store_drop(struct fake_store *fake, uint32_t type, unsigned int requests);
/* The next request of that type is answered by an error of this name. */
void fake_store_fail(struct fake_store *fake, uint32_t type, const char *error);
/* Lists longer than this are fetched in parts. 0: as long as a payload. */
void fake_store_limit_lists(struct fake_store *fake, unsigned int bytes);

/* Requests of the type so far. */
unsigned int fake_store_requests(struct fake_store *fake, uint32_t type);
unsigned int fake_store_watches(struct fake_store *fake);
unsigned int fake_store_nodes(struct fake_store *fake);
unsigned int fake_store_clients(struct fake_store *fake);
bool fake_store_in_transaction(struct fake_store *fake);

#endif
