/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions; see txn.h for the model. txn_apply() orders the changes so that each is possible
 * when it is made: removals first, children before parents; then creations in the order they were
 * made; then values and rights of nodes that stayed.
 */
#include "xenstored/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct txn *txn_new(struct tree *tree, uint32_t id, unsigned int node_limit)
{
	struct txn *txn = memory_get(sizeof(*txn));

	txn->id = id;
	txn->tree = tree;
	txn->start_generation = tree->generation;
	txn->node_limit = node_limit;
	txn->last = &txn->first;
	return txn;
}

void txn_free(struct txn *txn)
{
	while (txn->first) {
		struct txn_node *node = txn->first;

		txn->first = node->next;
		bytes_free(&node->value);
		bytes_free(&node->perms);
		bytes_free(&node->added);
		bytes_free(&node->old_perms);
		free(node->path);
		free(node);
	}
	table_free(&txn->nodes);
	free(txn);
}

static void set_bytes(struct bytes *bytes, const char *data, size_t size)
{
	bytes_clear(bytes);
	bytes_add(bytes, data, size);
}

static void load(struct txn_node *copy, const struct node *node)
{
	copy->exists = true;
	copy->base = node->generation;
	copy->child_count = node->child_count;
	copy->child_bytes = node->child_bytes;
	set_bytes(&copy->value, node->value, node->value_size);
	set_bytes(&copy->perms, node->perms.raw, node->perms.count * sizeof(struct perm));
}

/* The transaction's copy, made now if need be; whether the node exists is the copy's affair. */
static int touch(struct txn *txn, const char *path, struct txn_node **found)
{
	struct txn_node *copy = table_find(&txn->nodes, path);
	struct node node;
	int err;

	if (copy) {
		*found = copy;
		return 0;
	}
	if (txn->node_limit && txn->node_count >= txn->node_limit) {
		return -ENOSPC;
	}
	err = tree_read(txn->tree, path, &node);
	if (err && err != -ENOENT) {
		return err;
	}
	copy = memory_get(sizeof(*copy));
	copy->path = memory_copy(path);
	if (!err) {
		load(copy, &node);
	}
	*txn->last = copy;
	txn->last = &copy->next;
	txn->node_count++;
	table_add(&txn->nodes, copy->path, copy);
	*found = copy;
	return 0;
}

static void show(const struct txn_node *copy, struct node *node)
{
	*node = (struct node){
		.generation = copy->base,
		.child_count = copy->child_count,
		.child_bytes = copy->child_bytes,
		.perms = {.raw = copy->perms.data,
			  .count = (unsigned int)(copy->perms.size / sizeof(struct perm))},
		.value = copy->value.data ? copy->value.data : "",
		.value_size = copy->value.size,
	};
}

static int touch_existing(struct txn *txn, const char *path, struct txn_node **copy)
{
	int err = touch(txn, path, copy);

	return err ? err : (*copy)->exists ? 0 : -ENOENT;
}

int view_read(struct view view, const char *path, struct node *node)
{
	struct txn_node *copy;
	int err;

	if (!view.txn) {
		return tree_read(view.tree, path, node);
	}
	err = touch_existing(view.txn, path, &copy);
	if (!err) {
		show(copy, node);
	}
	return err;
}

int view_peek(struct view view, const char *path, struct node *node)
{
	struct txn_node *copy = view.txn ? table_find(&view.txn->nodes, path) : NULL;

	if (!copy) {
		return tree_read(view.tree, path, node);
	}
	if (!copy->exists) {
		return -ENOENT;
	}
	show(copy, node);
	return 0;
}

static int touch_parent(struct txn *txn, const char *path, struct txn_node **parent)
{
	char above[PATH_ROOM];

	memcpy(above, path, strlen(path) + 1);
	return path_to_parent(above) ? touch_existing(txn, above, parent) : -EINVAL;
}

static int create(struct txn *txn, const char *path, struct perm_list perms, const char *value,
		  size_t size)
{
	const char *name = path_name(path);
	struct txn_node *parent;
	struct txn_node *copy;
	int err = touch(txn, path, &copy);

	if (!err) {
		err = touch_parent(txn, path, &parent);
	}
	if (err) {
		return err;
	}
	copy->exists = true;
	copy->created = true;
	copy->created_order = ++txn->orders;
	copy->child_count = 0;
	copy->child_bytes = 0;
	set_bytes(&copy->perms, perms.raw, perms.count * sizeof(struct perm));
	set_bytes(&copy->value, value, size);
	bytes_add(&parent->added, name, strlen(name) + 1);
	parent->child_count++;
	parent->child_bytes += (uint32_t)strlen(name) + 1;
	return 0;
}

int view_create(struct view view, const char *path, struct perm_list perms, const char *value,
		size_t size)
{
	return view.txn ? create(view.txn, path, perms, value, size)
			: tree_create(view.tree, path, perms, value, size);
}

int view_write(struct view view, const char *path, const char *value, size_t size)
{
	struct txn_node *copy;
	int err;

	if (!view.txn) {
		return tree_write(view.tree, path, value, size);
	}
	err = touch_existing(view.txn, path, &copy);
	if (!err) {
		set_bytes(&copy->value, value, size);
		copy->changed = true;
	}
	return err;
}

int view_set_perms(struct view view, const char *path, struct perm_list perms)
{
	struct txn_node *copy;
	int err;

	if (!view.txn) {
		return tree_set_perms(view.tree, path, perms);
	}
	err = touch_existing(view.txn, path, &copy);
	if (!err) {
		set_bytes(&copy->perms, perms.raw, perms.count * sizeof(struct perm));
		copy->changed = true;
	}
	return err;
}

static void drop_name(struct bytes *names, const char *name)
{
	size_t size = strlen(name) + 1;

	for (size_t at = 0; at < names->size; at += strlen(names->data + at) + 1) {
		if (strcmp(names->data + at, name) == 0) {
			memmove(names->data + at, names->data + at + size, names->size - at - size);
			names->size -= size;
			return;
		}
	}
}

static int remove_node(struct txn *txn, const char *path)
{
	const char *name = path_name(path);
	struct txn_node *parent;
	struct txn_node *copy;
	int err = touch_existing(txn, path, &copy);

	if (!err) {
		err = touch_parent(txn, path, &parent);
	}
	if (err) {
		return err;
	}
	if (copy->created) {
		drop_name(&parent->added, name);
	}
	copy->removed = copy->base != TREE_MISSING;
	copy->exists = false;
	copy->created = false;
	copy->changed = false;
	bytes_clear(&copy->added);
	/* The copy of the parent may be older than a child it lists: never below zero. */
	if (parent->child_count && parent->child_bytes > strlen(name)) {
		parent->child_count--;
		parent->child_bytes -= (uint32_t)strlen(name) + 1;
	}
	return 0;
}

int view_remove(struct view view, const char *path)
{
	return view.txn ? remove_node(view.txn, path) : tree_remove(view.tree, path);
}

/* The tree's children but for those the transaction removed, made itself, or found missing. */
static int base_children(struct txn *txn, const char *path, struct bytes *names)
{
	struct bytes all = {0};
	char below[PATH_ROOM];
	size_t length = strlen(path);
	int err = tree_children(txn->tree, path, &all);

	for (size_t at = 0; !err && at < all.size; at += strlen(all.data + at) + 1) {
		struct txn_node *child;

		memcpy(below, path, length + 1);
		if (!path_append(below, all.data + at)) {
			continue;
		}
		child = table_find(&txn->nodes, below);
		if (!child || (child->exists && !child->created)) {
			bytes_add(names, all.data + at, strlen(all.data + at) + 1);
		}
	}
	bytes_free(&all);
	return err;
}

int view_children(struct view view, const char *path, struct bytes *names)
{
	struct txn_node *copy;
	int err;

	if (!view.txn) {
		return tree_children(view.tree, path, names);
	}
	err = touch_existing(view.txn, path, &copy);
	if (!err && !copy->created) {
		err = base_children(view.txn, path, names);
	}
	if (!err) {
		bytes_add(names, copy->added.data, copy->added.size);
	}
	return err;
}

/* --- walking a subtree ---------------------------------------------------- */
struct level {
	struct bytes names;
	size_t at;
	size_t path_length;
};

struct walk {
	struct level *levels;
	unsigned int count;
	unsigned int room;
};

static int enter(struct walk *walk, struct view view, const char *path)
{
	if (walk->count == walk->room) {
		walk->room = walk->room ? walk->room * 2 : 16;
		walk->levels = memory_grow(walk->levels, walk->room, sizeof(walk->levels[0]));
	}
	walk->levels[walk->count] = (struct level){.path_length = strlen(path)};
	return view_children(view, path, &walk->levels[walk->count++].names);
}

int view_walk(struct view view, const char *path,
	      int (*visit)(void *data, const char *path, bool is_root), void *data)
{
	struct walk walk = {0};
	char at[PATH_ROOM];
	int err;

	memcpy(at, path, strlen(path) + 1);
	err = enter(&walk, view, at);
	while (!err && walk.count) {
		struct level *level = &walk.levels[walk.count - 1];

		at[level->path_length] = '\0';
		if (level->at < level->names.size) {
			const char *name = level->names.data + level->at;

			level->at += strlen(name) + 1;
			err = path_append(at, name) ? enter(&walk, view, at) : -EIO;
			continue;
		}
		bytes_free(&level->names);
		walk.count--;
		err = visit(data, at, walk.count == 0);
	}
	while (walk.count) {
		bytes_free(&walk.levels[--walk.count].names);
	}
	free(walk.levels);
	return err;
}

/* --- the end -------------------------------------------------------------- */
void txn_fire(struct txn *txn, const char *path, bool exact, struct perm_list old_perms)
{
	struct txn_node *copy = table_find(&txn->nodes, path);

	if (!copy) {
		return;
	}
	copy->fire = true;
	copy->exact = exact;
	if (old_perms.count) {
		set_bytes(&copy->old_perms, old_perms.raw, old_perms.count * sizeof(struct perm));
	}
}

int txn_check(struct txn *txn)
{
	struct node node;

	if (txn->doomed) {
		return -EAGAIN;
	}
	if (txn->tree->generation == txn->start_generation) {
		return 0;
	}
	for (struct txn_node *copy = txn->first; copy; copy = copy->next) {
		int err = tree_read(txn->tree, copy->path, &node);

		if (err && err != -ENOENT) {
			return err;
		}
		if ((err ? TREE_MISSING : node.generation) != copy->base) {
			return -EAGAIN;
		}
	}
	return 0;
}

static int deepest_first(const void *left, const void *right)
{
	const struct txn_node *const *a = left;
	const struct txn_node *const *b = right;

	return strcmp((*b)->path, (*a)->path);
}

static int created_first(const void *left, const void *right)
{
	const struct txn_node *const *a = left;
	const struct txn_node *const *b = right;

	return ((*a)->created_order > (*b)->created_order) -
	       ((*a)->created_order < (*b)->created_order);
}

static bool is_removed(const struct txn_node *copy)
{
	return copy->removed;
}

static bool is_created(const struct txn_node *copy)
{
	return copy->exists && copy->created;
}

/* The nodes for which choose() holds, sorted; *count of them. */
static struct txn_node **chosen(struct txn *txn, bool (*choose)(const struct txn_node *copy),
				int (*order)(const void *left, const void *right),
				unsigned int *count)
{
	struct txn_node **list = memory_get(txn->node_count * sizeof(*list));

	*count = 0;
	for (struct txn_node *copy = txn->first; copy; copy = copy->next) {
		if (choose(copy)) {
			list[(*count)++] = copy;
		}
	}
	if (*count > 1) {
		qsort(list, *count, sizeof(*list), order);
	}
	return list;
}

static int apply_removals(struct txn *txn)
{
	unsigned int count;
	struct txn_node **list = chosen(txn, is_removed, deepest_first, &count);
	int err = 0;

	for (unsigned int i = 0; !err && i < count; i++) {
		err = tree_remove(txn->tree, list[i]->path);
	}
	free(list);
	return err;
}

static int apply_creations(struct txn *txn)
{
	unsigned int count;
	struct txn_node **list = chosen(txn, is_created, created_first, &count);
	struct node node;
	int err = 0;

	for (unsigned int i = 0; !err && i < count; i++) {
		show(list[i], &node);
		err = tree_create(txn->tree, list[i]->path, node.perms, node.value,
				  node.value_size);
	}
	free(list);
	return err;
}

static int apply_changes(struct txn *txn)
{
	struct node node;
	struct node old;
	int err = 0;

	for (struct txn_node *copy = txn->first; !err && copy; copy = copy->next) {
		if (!copy->exists || copy->created || !copy->changed) {
			continue;
		}
		show(copy, &node);
		err = tree_read(txn->tree, copy->path, &old);
		if (!err && (old.perms.count != node.perms.count ||
			     memcmp(old.perms.raw, node.perms.raw, copy->perms.size) != 0)) {
			err = tree_set_perms(txn->tree, copy->path, node.perms);
		}
		if (!err) {
			err = tree_write(txn->tree, copy->path, node.value, node.value_size);
		}
	}
	return err;
}

int txn_apply(struct txn *txn)
{
	int err = apply_removals(txn);

	if (!err) {
		err = apply_creations(txn);
	}
	if (!err) {
		err = apply_changes(txn);
	}
	if (err && !txn->tree->failed) {
		txn->tree->failed = err;
	}
	return err;
}

static bool owned_by(const struct bytes *perms, unsigned int domid)
{
	struct perm_list list = {.raw = perms->data,
				 .count = (unsigned int)(perms->size / sizeof(struct perm))};

	return list.count && perm_at(list, 0).domid == domid;
}

int txn_owned_change(const struct txn *txn, unsigned int domid)
{
	int change = 0;

	for (const struct txn_node *copy = txn->first; copy; copy = copy->next) {
		if (is_created(copy) && owned_by(&copy->perms, domid)) {
			change++;
		}
		if (copy->removed && owned_by(&copy->old_perms, domid)) {
			change--;
		}
	}
	return change;
}
