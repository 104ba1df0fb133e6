/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wants to know about which part of the tree. Watches are found by their path: a change looks
 * at the points of its own path and of those above it, never at watches elsewhere, however many
 * there are.
 *
 * In memory only; the owner keeps a record of each in the database and enters them again after a
 * restart, with the ids they had. Ids grow, and matches come in their order.
 */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include "xenstored/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct watch_point;

struct watch {
	uint64_t id;
	struct conn *conn;
	char *token;
	bool relative; /* events carry the path relative to the connection's home */
	struct watch_point *point;
	struct watch *next, *previous;           /* at the same point */
	struct watch *conn_next, *conn_previous; /* of the same connection */
};

struct watch_point {
	char *path; /* absolute, or a special name */
	struct watch *first;
};

struct watch_list {
	struct watch *first;
	unsigned int count;
};

struct watch_matches {
	struct watch **watches;
	unsigned int count;
	unsigned int room;
};

/* All zero bytes is empty. */
struct watch_index {
	struct table points;
	uint64_t newest_id;
	struct watch_matches matches;
};

struct watch *watch_find(const struct watch_index *index, const struct conn *conn, const char *path,
			 const char *token);

/* id 0: the next new one. The watch is also put on the connection's list. */
struct watch *watch_add(struct watch_index *index, struct watch_list *list, struct conn *conn,
			const char *path, const char *token, bool relative, uint64_t id);
void watch_remove(struct watch_index *index, struct watch_list *list, struct watch *watch);

/* Watches of `path`, and, unless exact, of the paths above it. The result is the index's, until the
 * next call. */
const struct watch_matches *watch_match(struct watch_index *index, const char *path, bool exact);

void watch_index_free(struct watch_index *index); /* lists of watches must be empty */

#endif
