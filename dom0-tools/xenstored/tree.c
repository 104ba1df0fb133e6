/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes and records in LMDB; see tree.h for the model. Opening is in tree_open.c, the full check in
 * tree_check.c.
 *
 * All access goes through find() and store(): the first verifies a record's checksum, the second
 * makes it. Reading uses the writing transaction if there is one, so a batch sees its own changes;
 * else a reading one that is kept and renewed. There is no other process, so LMDB's locks are off.
 */
#include "xenstored/tree.h"
#include "xenstored/tree_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The size of a node's header in the daemon whose quotas users know. */
#define QUOTA_HEADER 24u

static void complain(struct tree *tree, const char *what, const char *path)
{
	char line[PATH_ROOM + 160];

	if (tree->log) {
		snprintf(line, sizeof(line),
			 "%s/data.mdb: %s of %s is damaged: see DIAGNOSTICS in xenstored(8)",
			 tree->dir, what, path);
		tree->log(tree->log_data, line);
	}
}

static int fail(struct tree *tree, int err)
{
	if (err && !tree->failed) {
		tree->failed = err;
	}
	return err;
}

static int begin_reading(struct tree *tree)
{
	int err = 0;

	if (tree->writer || tree->reading) {
		return 0;
	}
	if (!tree->reader) {
		err = mdb_txn_begin(tree->env, NULL, MDB_RDONLY, &tree->reader);
	} else {
		err = mdb_txn_renew(tree->reader);
	}
	tree->reading = !err;
	return record_errno(err);
}

static MDB_txn *txn_of(struct tree *tree)
{
	return tree->writer ? tree->writer : tree->reader;
}

static void end_reading(struct tree *tree)
{
	if (tree->reading) {
		mdb_txn_reset(tree->reader);
		tree->reading = false;
	}
}

/* What is free at the end of the map, in bytes. */
static size_t map_rest(struct tree *tree)
{
	MDB_envinfo info;
	size_t used;

	mdb_env_info(tree->env, &info);
	used = (info.me_last_pgno + 1) * 4096;
	return used < tree->map_size ? tree->map_size - used : 0;
}

#define GROW_BELOW ((size_t)1 << 20)
#define GROW_AT_MOST ((size_t)64 << 20)
#define STARVE_BELOW ((size_t)256 << 10)

/* Gives the file its blocks before the map may reach them. */
static void grow(struct tree *tree)
{
	size_t more = tree->map_size < GROW_AT_MOST ? tree->map_size : GROW_AT_MOST;
	mdb_filehandle_t file;
	int err;

	mdb_env_get_fd(tree->env, &file);
	err = posix_fallocate(file, 0, (off_t)(tree->map_size + more));
	if (!err) {
		err = mdb_env_set_mapsize(tree->env, tree->map_size + more);
	}
	if (!err) {
		tree->map_size += more;
		tree->starving = false;
		return;
	}
	if (!tree->starving && tree->log) {
		char line[256];

		snprintf(line, sizeof(line),
			 "%.160s/data.mdb cannot grow: %s: new nodes will be refused with ENOSPC",
			 tree->dir, err > 0 ? strerror(err) : mdb_strerror(err));
		tree->log(tree->log_data, line);
	}
	tree->starving = true;
}

bool tree_grow(struct tree *tree)
{
	end_reading(tree);
	grow(tree);
	return !tree->starving;
}

/* Bytes in pages LMDB may use again: the lists of its own free-page database, which only reading
 * transactions may look at. */
static size_t free_bytes(struct tree *tree)
{
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val list;
	size_t pages = 0;

	if (begin_reading(tree) || mdb_cursor_open(txn_of(tree), 0, &cursor)) {
		return 0;
	}
	while (mdb_cursor_get(cursor, &key, &list, MDB_NEXT) == 0 &&
	       list.mv_size >= sizeof(pages)) {
		size_t count;

		memcpy(&count, list.mv_data, sizeof(count));
		pages += count;
	}
	mdb_cursor_close(cursor);
	return pages * 4096;
}

static int begin_writing(struct tree *tree)
{
	if (tree->writer) {
		return 0;
	}
	end_reading(tree);
	if (map_rest(tree) < GROW_BELOW) {
		grow(tree);
	}
	tree->reusable = 0;
	if (tree->starving) {
		tree->reusable = free_bytes(tree);
		end_reading(tree);
	}
	return fail(tree, record_errno(mdb_txn_begin(tree->env, NULL, 0, &tree->writer)));
}

int tree_has_room(struct tree *tree)
{
	int err = begin_writing(tree);

	if (err || !tree->starving || map_rest(tree) >= STARVE_BELOW ||
	    tree->reusable >= STARVE_BELOW) {
		return err;
	}
	return -ENOSPC;
}

/* --- records -------------------------------------------------------------- */
static int find(struct tree *tree, struct record_key *key, MDB_val *record)
{
	MDB_val at = record_val(key);
	int err = begin_reading(tree);

	if (!err) {
		err = record_errno(mdb_get(txn_of(tree), tree->dbi, &at, record));
	}
	if (!err && !record_is_sound(at, *record)) {
		err = -EIO;
	}
	return err;
}

/* record's first four bytes are made here. */
static int store(struct tree *tree, struct record_key *key, struct bytes *record)
{
	MDB_val at = record_val(key);
	MDB_val data = {.mv_size = record->size, .mv_data = record->data};
	uint32_t check;
	int err = begin_writing(tree);

	if (err) {
		return err;
	}
	check = record_check(at, data);
	memcpy(record->data, &check, sizeof(check));
	return fail(tree, record_errno(mdb_put(tree->writer, tree->dbi, &at, &data, 0)));
}

static int erase(struct tree *tree, struct record_key *key)
{
	MDB_val at = record_val(key);
	int err = begin_writing(tree);

	return err ? err : fail(tree, record_errno(mdb_del(tree->writer, tree->dbi, &at, NULL)));
}

static int store_text(struct tree *tree, struct record_key *key, const void *data, size_t size)
{
	static const char room[4];

	bytes_clear(&tree->scratch);
	bytes_add(&tree->scratch, room, sizeof(room));
	bytes_add(&tree->scratch, data, size);
	return store(tree, key, &tree->scratch);
}

int tree_put(struct tree *tree, char kind, uint64_t a, uint64_t b, const void *data, size_t size)
{
	struct record_key key = record_other_key(kind, a, b);

	return store_text(tree, &key, data, size);
}

int tree_get(struct tree *tree, char kind, uint64_t a, uint64_t b, const char **data, size_t *size)
{
	struct record_key key = record_other_key(kind, a, b);
	MDB_val record;
	int err = find(tree, &key, &record);

	if (!err) {
		*data = (const char *)record.mv_data + 4;
		*size = record.mv_size - 4;
	}
	return err;
}

int tree_delete(struct tree *tree, char kind, uint64_t a, uint64_t b)
{
	struct record_key key = record_other_key(kind, a, b);

	return erase(tree, &key);
}

/* The first record at or after key whose key begins with the same `same` bytes. */
static int seek(struct tree *tree, struct record_key *key, size_t same, MDB_val *found,
		MDB_val *record)
{
	MDB_cursor *cursor;
	int err = begin_reading(tree);

	if (err) {
		return err;
	}
	err = record_errno(mdb_cursor_open(txn_of(tree), tree->dbi, &cursor));
	if (err) {
		return err;
	}
	*found = record_val(key);
	err = record_errno(mdb_cursor_get(cursor, found, record, MDB_SET_RANGE));
	mdb_cursor_close(cursor);
	if (!err && (found->mv_size < same || memcmp(found->mv_data, key->byte, same) != 0)) {
		return -ENOENT;
	}
	if (!err && !record_is_sound(*found, *record)) {
		err = -EIO;
	}
	return err;
}

int tree_next(struct tree *tree, char kind, bool from, uint64_t *a, uint64_t *b, const char **data,
	      size_t *size)
{
	struct record_key key;
	MDB_val found;
	MDB_val record;
	int err;

	if (!from && ++*b == 0) {
		++*a;
	}
	key = record_other_key(kind, *a, *b);
	err = seek(tree, &key, 1, &found, &record);
	if (!err) {
		*a = record_number((const char *)found.mv_data + 1);
		*b = record_number((const char *)found.mv_data + 9);
		*data = (const char *)record.mv_data + 4;
		*size = record.mv_size - 4;
	}
	return err;
}

/* --- nodes ---------------------------------------------------------------- */
static struct path_key hash_of(const struct tree *tree, const char *path)
{
	struct path_key hash;

	path_hash(tree->secret, path, strlen(path), &hash);
	return hash;
}

int tree_read(struct tree *tree, const char *path, struct node *node)
{
	struct path_key hash = hash_of(tree, path);
	struct record_key key = record_node_key(&hash);
	const char *stored;
	MDB_val record;
	int err = find(tree, &key, &record);

	if (!err && (!record_decode(record, node, &stored) || strcmp(stored, path) != 0)) {
		err = -EIO;
	}
	if (err == -EIO) {
		complain(tree, "the record", path);
	}
	return err;
}

size_t node_size(const struct node *node)
{
	return QUOTA_HEADER + node->perms.count * sizeof(struct perm) + node->value_size +
	       node->child_bytes;
}

/* Rights and value of `node` may lie in the database or with the caller: they are copied first. */
static int store_node(struct tree *tree, const char *path, const struct node *node)
{
	struct path_key hash = hash_of(tree, path);
	struct record_key key = record_node_key(&hash);
	struct node_record header = {
		.path_size = (uint16_t)(strlen(path) + 1),
		.perm_count = (uint16_t)node->perms.count,
		.generation = ++tree->generation,
		.place = node->place,
		.next_place = node->next_place,
		.child_count = node->child_count,
		.child_bytes = node->child_bytes,
		.value_size = (uint32_t)node->value_size,
	};

	bytes_clear(&tree->scratch);
	bytes_add(&tree->scratch, &header, sizeof(header));
	bytes_add(&tree->scratch, node->perms.raw, node->perms.count * sizeof(struct perm));
	bytes_add(&tree->scratch, path, header.path_size);
	bytes_add(&tree->scratch, node->value, node->value_size);
	return store(tree, &key, &tree->scratch);
}

/* Enters or takes back that a node's rights name domains. Domain 0 owns most nodes and never goes
 * away: it has no entries. perms must not lie in the database. */
static int index_names(struct tree *tree, const char *path, struct perm_list perms, bool add)
{
	struct path_key hash = hash_of(tree, path);
	uint32_t owner = perms.count ? perm_at(perms, 0).domid : 0;

	for (unsigned int i = 0; i < perms.count; i++) {
		uint32_t domid = perm_at(perms, i).domid;
		struct record_key key = record_name_key(domid, &hash);
		int err;

		if (!domid || (i && domid == owner)) {
			continue;
		}
		if (add) {
			err = store_text(tree, &key, i ? "m" : "o", 1);
		} else {
			err = erase(tree, &key);
			if (err == -ENOENT) { /* named twice in one list */
				tree->failed = 0;
				err = 0;
			}
		}
		if (err) {
			return err;
		}
		if (!i && tree->owned) {
			tree->owned(tree->owned_data, domid, add ? 1 : -1);
		}
	}
	return 0;
}

/* A list that stays when the database moves under it. */
static struct perm_list keep_perms(struct tree *tree, struct perm_list perms)
{
	bytes_clear(&tree->spare);
	bytes_add(&tree->spare, perms.raw, perms.count * sizeof(struct perm));
	return (struct perm_list){.raw = tree->spare.data, .count = perms.count};
}

static int add_to_parent(struct tree *tree, const char *path, uint64_t *place)
{
	const char *name = path_name(path);
	struct path_key hash;
	struct record_key key;
	struct node parent;
	char above[PATH_ROOM];
	int err;

	memcpy(above, path, strlen(path) + 1);
	if (!path_to_parent(above)) {
		*place = 0;
		return 0;
	}
	err = tree_read(tree, above, &parent);
	if (err) {
		return fail(tree, err);
	}
	*place = parent.next_place++;
	parent.child_count++;
	parent.child_bytes += (uint32_t)strlen(name) + 1;
	hash = hash_of(tree, above);
	key = record_child_key(&hash, *place);
	err = store_node(tree, above, &parent);
	return err ? err : store_text(tree, &key, name, strlen(name) + 1);
}

static int remove_from_parent(struct tree *tree, const char *path, uint64_t place)
{
	struct path_key hash;
	struct record_key key;
	struct node parent;
	char above[PATH_ROOM];
	int err;

	memcpy(above, path, strlen(path) + 1);
	if (!path_to_parent(above)) {
		return 0;
	}
	err = tree_read(tree, above, &parent);
	if (err) {
		return fail(tree, err);
	}
	parent.child_count--;
	parent.child_bytes -= (uint32_t)strlen(path_name(path)) + 1;
	hash = hash_of(tree, above);
	key = record_child_key(&hash, place);
	err = store_node(tree, above, &parent);
	return err ? err : erase(tree, &key);
}

int tree_create(struct tree *tree, const char *path, struct perm_list perms, const char *value,
		size_t size)
{
	struct node node = {.perms = keep_perms(tree, perms), .value = value, .value_size = size};
	int err = begin_writing(tree);

	if (!err) {
		err = add_to_parent(tree, path, &node.place);
	}
	if (!err) {
		err = store_node(tree, path, &node);
	}
	return err ? err : index_names(tree, path, node.perms, true);
}

int tree_write(struct tree *tree, const char *path, const char *value, size_t size)
{
	struct node node;
	int err = begin_writing(tree);

	if (!err) {
		err = tree_read(tree, path, &node);
	}
	if (err) {
		return err;
	}
	node.value = value;
	node.value_size = size;
	return store_node(tree, path, &node);
}

int tree_set_perms(struct tree *tree, const char *path, struct perm_list perms)
{
	struct bytes fresh = {0};
	struct node node;
	int err = begin_writing(tree);

	if (!err) {
		err = tree_read(tree, path, &node);
	}
	if (err) {
		return err;
	}
	bytes_add(&fresh, perms.raw, perms.count * sizeof(struct perm));
	err = index_names(tree, path, keep_perms(tree, node.perms), false);
	if (!err) {
		err = tree_read(tree, path, &node);
	}
	if (!err) {
		node.perms = (struct perm_list){.raw = fresh.data, .count = perms.count};
		err = store_node(tree, path, &node);
	}
	if (!err) {
		err = index_names(tree, path, node.perms, true);
	}
	bytes_free(&fresh);
	return fail(tree, err);
}

int tree_remove(struct tree *tree, const char *path)
{
	struct path_key hash = hash_of(tree, path);
	struct record_key key = record_node_key(&hash);
	struct node node;
	int err = begin_writing(tree);

	if (!err) {
		err = tree_read(tree, path, &node);
	}
	if (err) {
		return err;
	}
	node.perms = keep_perms(tree, node.perms);
	err = remove_from_parent(tree, path, node.place);
	if (!err) {
		err = erase(tree, &key);
	}
	return err ? err : index_names(tree, path, node.perms, false);
}

int tree_children(struct tree *tree, const char *path, struct bytes *names)
{
	struct path_key hash = hash_of(tree, path);
	struct record_key key = record_child_key(&hash, 0);
	MDB_cursor *cursor;
	MDB_val at = record_val(&key);
	MDB_val record;
	int err = begin_reading(tree);

	if (err) {
		return err;
	}
	err = record_errno(mdb_cursor_open(txn_of(tree), tree->dbi, &cursor));
	if (err) {
		return err;
	}
	err = record_errno(mdb_cursor_get(cursor, &at, &record, MDB_SET_RANGE));
	while (!err && at.mv_size == key.size && memcmp(at.mv_data, key.byte, 17) == 0) {
		if (!record_is_sound(at, record)) {
			complain(tree, "the list of children", path);
			err = -EIO;
			break;
		}
		bytes_add(names, (const char *)record.mv_data + 4, record.mv_size - 4);
		err = record_errno(mdb_cursor_get(cursor, &at, &record, MDB_NEXT));
	}
	mdb_cursor_close(cursor);
	return err == -ENOENT ? 0 : err;
}

int tree_first_child(struct tree *tree, const char *path, char name[PATH_ROOM])
{
	struct path_key hash = hash_of(tree, path);
	struct record_key key = record_child_key(&hash, 0);
	MDB_val found;
	MDB_val record;
	int err = seek(tree, &key, 17, &found, &record);

	if (!err && record.mv_size - 4 > PATH_ROOM) {
		err = -EIO;
	}
	if (!err) {
		memcpy(name, (const char *)record.mv_data + 4, record.mv_size - 4);
	} else if (err == -EIO) {
		complain(tree, "the list of children", path);
	}
	return err;
}

int tree_named(struct tree *tree, unsigned int domid, char path[PATH_ROOM], bool *owner)
{
	struct path_key none = {{0}};
	struct record_key key = record_name_key(domid, &none);
	struct record_key node_key;
	struct path_key hash;
	struct node node;
	const char *stored;
	MDB_val found;
	MDB_val record;
	int err = seek(tree, &key, 5, &found, &record);

	if (err || record.mv_size != 5 || found.mv_size != key.size) {
		return err ? err : -EIO;
	}
	*owner = ((const char *)record.mv_data)[4] == 'o';
	memcpy(hash.byte, (const char *)found.mv_data + 5, sizeof(hash.byte));
	node_key = record_node_key(&hash);
	err = find(tree, &node_key, &record);
	if (err || !record_decode(record, &node, &stored)) {
		return -EIO;
	}
	memcpy(path, stored, strlen(stored) + 1);
	return 0;
}

int tree_count_owned(struct tree *tree, unsigned int domid, unsigned int *count)
{
	struct path_key none = {{0}};
	struct record_key key = record_name_key(domid, &none);
	MDB_cursor *cursor;
	MDB_val at = record_val(&key);
	MDB_val record;
	int err = begin_reading(tree);

	*count = 0;
	if (err) {
		return err;
	}
	err = record_errno(mdb_cursor_open(txn_of(tree), tree->dbi, &cursor));
	if (err) {
		return err;
	}
	err = record_errno(mdb_cursor_get(cursor, &at, &record, MDB_SET_RANGE));
	while (!err && at.mv_size == key.size && memcmp(at.mv_data, key.byte, 5) == 0) {
		*count += record.mv_size == 5 && ((const char *)record.mv_data)[4] == 'o';
		err = record_errno(mdb_cursor_get(cursor, &at, &record, MDB_NEXT));
	}
	mdb_cursor_close(cursor);
	return err == -ENOENT ? 0 : err;
}

/* --- the end of a batch --------------------------------------------------- */
int tree_commit(struct tree *tree)
{
	int err = tree->failed;

	if (!tree->writer || err) {
		tree_abort(tree);
		return err;
	}
	err = record_errno(mdb_txn_commit(tree->writer));
	tree->writer = NULL;
	return err;
}

void tree_abort(struct tree *tree)
{
	if (tree->writer) {
		mdb_txn_abort(tree->writer);
		tree->writer = NULL;
	}
	tree->failed = 0;
}
