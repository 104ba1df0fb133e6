/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index of watches; see watch.h. A point exists while it has a watch; the table's keys are the
 * points' own paths.
 */
#include "xenstored/watch.h"
#include "xenstored/bytes.h"
#include "xenstored/path.h"

#include <stdlib.h>
#include <string.h>

struct watch *watch_find(const struct watch_index *index, const struct conn *conn, const char *path,
			 const char *token)
{
	struct watch_point *point = table_find(&index->points, path);

	for (struct watch *w = point ? point->first : NULL; w; w = w->next) {
		if (w->conn == conn && strcmp(w->token, token) == 0) {
			return w;
		}
	}
	return NULL;
}

static struct watch_point *point_get(struct watch_index *index, const char *path)
{
	struct watch_point *point = table_find(&index->points, path);

	if (!point) {
		point = memory_get(sizeof(*point));
		point->path = memory_copy(path);
		table_add(&index->points, point->path, point);
	}
	return point;
}

struct watch *watch_add(struct watch_index *index, struct watch_list *list, struct conn *conn,
			const char *path, const char *token, bool relative, uint64_t id)
{
	struct watch *watch = memory_get(sizeof(*watch));

	if (id > index->newest_id) {
		index->newest_id = id;
	}
	*watch = (struct watch){
		.id = id ? id : ++index->newest_id,
		.conn = conn,
		.token = memory_copy(token),
		.relative = relative,
		.point = point_get(index, path),
	};
	watch->next = watch->point->first;
	if (watch->next) {
		watch->next->previous = watch;
	}
	watch->point->first = watch;
	watch->conn_next = list->first;
	if (watch->conn_next) {
		watch->conn_next->conn_previous = watch;
	}
	list->first = watch;
	list->count++;
	return watch;
}

void watch_remove(struct watch_index *index, struct watch_list *list, struct watch *watch)
{
	struct watch_point *point = watch->point;

	if (watch->next) {
		watch->next->previous = watch->previous;
	}
	if (watch->previous) {
		watch->previous->next = watch->next;
	} else {
		point->first = watch->next;
	}
	if (watch->conn_next) {
		watch->conn_next->conn_previous = watch->conn_previous;
	}
	if (watch->conn_previous) {
		watch->conn_previous->conn_next = watch->conn_next;
	} else {
		list->first = watch->conn_next;
	}
	list->count--;
	if (!point->first) {
		table_remove(&index->points, point->path);
		free(point->path);
		free(point);
	}
	free(watch->token);
	free(watch);
}

static void add_matches(struct watch_index *index, const char *path)
{
	struct watch_matches *matches = &index->matches;
	struct watch_point *point = table_find(&index->points, path);

	for (struct watch *w = point ? point->first : NULL; w; w = w->next) {
		if (matches->count == matches->room) {
			matches->room = matches->room ? matches->room * 2 : 16;
			matches->watches = memory_grow(matches->watches, matches->room,
						       sizeof(matches->watches[0]));
		}
		matches->watches[matches->count++] = w;
	}
}

static int older_first(const void *left, const void *right)
{
	const struct watch *const *a = left;
	const struct watch *const *b = right;

	return ((*a)->id > (*b)->id) - ((*a)->id < (*b)->id);
}

const struct watch_matches *watch_match(struct watch_index *index, const char *path, bool exact)
{
	char above[PATH_ROOM];

	index->matches.count = 0;
	add_matches(index, path);
	if (!exact) {
		memcpy(above, path, strlen(path) + 1);
		while (path_to_parent(above)) {
			add_matches(index, above);
		}
	}
	if (index->matches.count > 1) {
		qsort(index->matches.watches, index->matches.count,
		      sizeof(index->matches.watches[0]), older_first);
	}
	return &index->matches;
}

void watch_index_free(struct watch_index *index)
{
	table_free(&index->points);
	free(index->matches.watches);
	*index = (struct watch_index){0};
}
