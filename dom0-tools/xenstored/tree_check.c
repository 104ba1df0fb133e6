/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the whole database and checks that it says one thing: every record has its checksum, every
 * node the key its path asks for, a parent that exists, and in that parent's list the place it
 * names; every list as many entries as its node counts. Used before a database is trusted, and by
 * CONTROL "check".
 *
 * Nodes and lists of children are sorted alike (by the hash of the path), so one walk over both is
 * enough.
 */
#include "xenstored/tree.h"
#include "xenstored/tree_record.h"

#include "lib/report.h"

#include <errno.h>
#include <string.h>

#define ENOUGH 10 /* findings told one by one */

struct check {
	struct tree *tree;
	MDB_txn *txn;
	MDB_cursor *nodes;
	MDB_cursor *children;
	MDB_val child_key;
	MDB_val child;
	bool more_children;
	uint64_t count;
	unsigned int wrong;
	struct report *report;
};

static void found(struct check *check, const char *what, const char *where)
{
	if (check->wrong++ < ENOUGH) {
		report_error(check->report, EIO, "%s/data.mdb: %s: %s", check->tree->dir, where,
			     what);
	}
}

static bool node_at(struct check *check, const char *path, struct node *node)
{
	struct path_key hash;
	struct record_key key;
	MDB_val at;
	MDB_val record;
	const char *stored;

	path_hash(check->tree->secret, path, strlen(path), &hash);
	key = record_node_key(&hash);
	at = record_val(&key);
	return mdb_get(check->txn, check->tree->dbi, &at, &record) == 0 &&
	       record_decode(record, node, &stored) && strcmp(stored, path) == 0;
}

static void next_child(struct check *check, MDB_cursor_op op)
{
	check->more_children =
		mdb_cursor_get(check->children, &check->child_key, &check->child, op) == 0 &&
		check->child_key.mv_size == 25 && *(const char *)check->child_key.mv_data == 'c';
}

static void check_child(struct check *check, const char *path, struct node *totals)
{
	char below[2 * PATH_ROOM];
	const char *name = (const char *)check->child.mv_data + 4;
	size_t size = check->child.mv_size - 4;
	struct node child;

	if (!record_is_sound(check->child_key, check->child) || !size || size > PATH_ROOM ||
	    name[size - 1]) {
		found(check, "an entry in its list of children is damaged", path);
		return;
	}
	totals->child_count++;
	totals->child_bytes += (uint32_t)size;
	memcpy(below, path, strlen(path) + 1);
	if (!path_append(below, name) || !node_at(check, below, &child)) {
		found(check, "its list of children names a node that does not exist", path);
	} else if (child.place != record_number((const char *)check->child_key.mv_data + 17)) {
		found(check, "stands at another place in its parent's list", below);
	}
}

static void check_node(struct check *check, MDB_val key, MDB_val record)
{
	struct node node;
	struct node parent;
	struct node totals = {0};
	struct path_key hash;
	const char *path;
	char above[PATH_ROOM];

	check->count++;
	if (!record_is_sound(key, record) || !record_decode(record, &node, &path) ||
	    strlen(path) >= PATH_ROOM) {
		found(check, "its checksum is wrong", "a node");
		return;
	}
	path_hash(check->tree->secret, path, strlen(path), &hash);
	if (key.mv_size != 17 ||
	    memcmp((const char *)key.mv_data + 1, hash.byte, sizeof(hash.byte)) != 0) {
		found(check, "is filed under another name", path);
		return;
	}
	memcpy(above, path, strlen(path) + 1);
	if (path_to_parent(above) && !node_at(check, above, &parent)) {
		found(check, "has no parent", path);
	}
	while (check->more_children && memcmp((const char *)check->child_key.mv_data + 1, hash.byte,
					      sizeof(hash.byte)) == 0) {
		check_child(check, path, &totals);
		next_child(check, MDB_NEXT);
	}
	if (totals.child_count != node.child_count || totals.child_bytes != node.child_bytes) {
		found(check, "counts other children than its list has", path);
	}
}

static void walk(struct check *check)
{
	struct record_key first = {.byte = {'c'}, .size = 1};
	MDB_val key;
	MDB_val record;
	int err;

	check->child_key = record_val(&first);
	next_child(check, MDB_SET_RANGE);
	err = mdb_cursor_get(check->nodes, &key, &record, MDB_FIRST);
	for (; !err; err = mdb_cursor_get(check->nodes, &key, &record, MDB_NEXT)) {
		char kind = key.mv_size ? *(const char *)key.mv_data : 0;

		if (kind == 'n') {
			check_node(check, key, record);
		} else if (kind != 'c' && !record_is_sound(key, record)) {
			found(check, "its checksum is wrong", "a record");
		}
	}
	if (err != MDB_NOTFOUND) {
		found(check, mdb_strerror(err), "the file");
	}
	if (check->more_children) {
		found(check, "belongs to no node", "a list of children");
	}
}

int tree_check(struct tree *tree, uint64_t *nodes, struct report *report)
{
	struct check check = {.tree = tree, .report = report};
	int err = 0;

	check.txn = tree->writer;
	if (!check.txn) {
		err = mdb_txn_begin(tree->env, NULL, MDB_RDONLY, &check.txn);
	}
	if (!err) {
		err = mdb_cursor_open(check.txn, tree->dbi, &check.nodes);
	}
	if (!err) {
		err = mdb_cursor_open(check.txn, tree->dbi, &check.children);
	}
	if (!err) {
		walk(&check);
	}
	if (check.nodes) {
		mdb_cursor_close(check.nodes);
	}
	if (check.children) {
		mdb_cursor_close(check.children);
	}
	if (check.txn && !tree->writer) {
		mdb_txn_abort(check.txn);
	}
	*nodes = check.count;
	if (check.wrong > ENOUGH) {
		report_error(report, EIO, "%s/data.mdb: %u more findings", tree->dir,
			     check.wrong - ENOUGH);
	}
	return err ? record_errno(err) : check.wrong ? -EIO : 0;
}
