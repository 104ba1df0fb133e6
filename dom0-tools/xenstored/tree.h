/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes, and whatever else must survive the daemon, in one LMDB database: DIR/data.mdb.
 *
 *	n HASH            a node: generation, rights, place in its parent, path, value
 *	c HASH NUMBER     a child's name; numbers grow, so children are listed in order of creation
 *	p DOMID HASH      this node names that domain: 'o' as its owner, 'm' elsewhere in its list
 *	w, s, q, m        records of others: watches, spilled events, quotas, what the store knows
 *	                  of itself
 *
 * HASH is path_hash() under a secret of the database. Finding a node is one lookup at any depth,
 * and adding a child rewrites two records however many siblings it has. Every record begins with a
 * CRC-32C of its key and the rest, checked whenever it is read: a damaged one is -EIO and a log
 * line, never another value.
 *
 * Changes gather in one LMDB transaction, begun by the first change and ended by tree_commit() or
 * tree_abort(). A function that fails in the middle of a change sets tree->failed, and then only
 * tree_abort() is right. MDB_WRITEMAP and MDB_NOSYNC: a killed process loses nothing that was
 * committed. The map is never larger than the file, and the file has all its blocks: a full disk is
 * an error here and no SIGBUS.
 *
 * Pointers in struct node, and what tree_get() returns, last until the next change.
 */
#ifndef XENSTORED_TREE_H
#define XENSTORED_TREE_H

#include "xenstored/bytes.h"
#include "xenstored/path.h"
#include "xenstored/perms.h"

#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report;

#define TREE_MISSING 0u /* generation of a node that does not exist */

struct node {
	uint64_t generation;
	uint64_t place;      /* its number among its siblings */
	uint64_t next_place; /* the next child's */
	uint32_t child_count;
	uint32_t child_bytes; /* names with their NULs */
	struct perm_list perms;
	const char *value;
	size_t value_size;
};

struct tree {
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *writer; /* NULL: no change yet */
	MDB_txn *reader;
	bool reading;
	bool starving;   /* the file cannot grow */
	size_t reusable; /* when starving: bytes in free pages when the writer began */
	int failed;      /* 0 or the -errno of a change that broke off */
	uint8_t secret[16];
	uint64_t generation; /* the newest given to a node; stored by the owner of the tree */
	size_t map_size;
	struct bytes scratch;
	struct bytes spare;
	int lock; /* DIR/lock, held exclusively */
	char *dir;
	void (*log)(void *data, const char *line);
	void *log_data;
	/* A domain other than 0 owns one node more (+1) or less (-1). NULL: nobody asks. */
	void (*owned)(void *data, unsigned int domid, int change);
	void *owned_data;
};

enum tree_open_flags {
	TREE_VERIFY = 1, /* read and check every record first, in a process of its own */
	TREE_FRESH = 2,  /* move what is there aside, to data.mdb.old, and begin anew */
};

/* Opens DIR/data.mdb, makes it (*fresh) if there is none or it is of an earlier boot: domains and
 * what was said of them do not outlive one. Errors: another daemon holds it, it is damaged, the
 * folder cannot be written, no room. log and log_data are set before by the caller, or log is NULL.
 */
int tree_open(struct tree *tree, const char *dir, unsigned int flags, bool *fresh,
	      struct report *report);
void tree_close(struct tree *tree);

/* --- nodes ---------------------------------------------------------------- */
int tree_read(struct tree *tree, const char *path, struct node *node); /* -ENOENT, -EIO */
/* The parent must exist, unless path is "/" or a special name; the node must not. */
int tree_create(struct tree *tree, const char *path, struct perm_list perms, const char *value,
		size_t size);
int tree_write(struct tree *tree, const char *path, const char *value, size_t size);
int tree_set_perms(struct tree *tree, const char *path, struct perm_list perms);
/* A node without children. */
int tree_remove(struct tree *tree, const char *path);
/* Appends the children's names, each with its NUL. */
int tree_children(struct tree *tree, const char *path, struct bytes *names);
/* The first child's name; -ENOENT: none. */
int tree_first_child(struct tree *tree, const char *path, char name[PATH_ROOM]);

/* Bytes a node counts for its owner's size quota: header, rights, value and the names of its
 * children. */
size_t node_size(const struct node *node);

/* Some node that names the domain: its path and whether the domain owns it. -ENOENT: none. */
int tree_named(struct tree *tree, unsigned int domid, char path[PATH_ROOM], bool *owner);
int tree_count_owned(struct tree *tree, unsigned int domid, unsigned int *count);

/* --- records of others: one by kind and two numbers ----------------------- */
int tree_put(struct tree *tree, char kind, uint64_t a, uint64_t b, const void *data, size_t size);
int tree_get(struct tree *tree, char kind, uint64_t a, uint64_t b, const char **data, size_t *size);
int tree_delete(struct tree *tree, char kind, uint64_t a, uint64_t b);
/* The record after (*a, *b), or the first at or after it if `from`; -ENOENT past the last one. */
int tree_next(struct tree *tree, char kind, bool from, uint64_t *a, uint64_t *b, const char **data,
	      size_t *size);

/* Whether there is room for an ordinary change: 0 or -ENOSPC. */
int tree_has_room(struct tree *tree);
/* Between batches: room for one that needs more than is kept free. False: the disk is full. */
bool tree_grow(struct tree *tree);

/* 0 also when there was nothing to commit. On failure nothing was changed, as after tree_abort().
 */
int tree_commit(struct tree *tree);
void tree_abort(struct tree *tree);

/* Reads everything and checks it: checksums, keys, parents, lists of children. The number of nodes
 * in *nodes; what is wrong in the report. */
int tree_check(struct tree *tree, uint64_t *nodes, struct report *report);

#endif
