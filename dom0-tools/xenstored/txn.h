/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions, and the view of the tree a request has: the tree itself, or the tree as a
 * transaction sees it.
 *
 * A transaction is an overlay. The first time it touches a node (reads, lists, writes it, finds it
 * missing, gives it a child) the node is copied with its generation; later changes are made to the
 * copy. At its end every node touched must still have the generation it had, else the whole is
 * refused with EAGAIN; then the changes are made to the tree in one go. LMDB knows nothing of it
 * meanwhile, so any number can be open. A list of children is that of the tree, corrected by what
 * the transaction did; if somebody else changes it, the transaction will be refused anyway.
 *
 * After a restart only the number of a transaction is left: it reads on, and its end says EAGAIN
 * ("doomed").
 */
#ifndef XENSTORED_TXN_H
#define XENSTORED_TXN_H

#include "xenstored/bytes.h"
#include "xenstored/table.h"
#include "xenstored/tree.h"

#include <stdbool.h>
#include <stdint.h>

struct txn_node {
	char *path;
	uint64_t base; /* generation at the first touch */
	bool exists;
	bool changed; /* value or rights */
	bool created; /* by this transaction; its children are its own */
	bool removed; /* the node that was in the tree is gone */
	uint64_t created_order;
	struct bytes value;
	struct bytes perms;
	struct bytes added; /* names of children created here, each with its NUL */
	uint32_t child_count;
	uint32_t child_bytes;
	bool fire;              /* watches, when the transaction succeeds */
	bool exact;             /* only those of the node itself */
	struct bytes old_perms; /* what it had before it was removed or got other rights */
	struct txn_node *next;  /* in order of first touch */
};

struct txn {
	uint32_t id;
	bool doomed;
	struct tree *tree;
	uint64_t start_generation;
	unsigned int node_limit; /* 0: none */
	unsigned int node_count;
	uint64_t orders;
	struct table nodes;
	struct txn_node *first;
	struct txn_node **last;
	struct txn *next; /* of the same connection */
};

struct txn *txn_new(struct tree *tree, uint32_t id, unsigned int node_limit);
void txn_free(struct txn *txn);

/* Notes an event for the end. old_perms: as for xsd_fire(). */
void txn_fire(struct txn *txn, const char *path, bool exact, struct perm_list old_perms);

/* -EAGAIN: somebody changed what this transaction saw. Changes nothing. */
int txn_check(struct txn *txn);
/* After txn_check(): makes the changes. Errors are the tree's, and tree->failed is set. */
int txn_apply(struct txn *txn);
/* By how much applying it changes the number of nodes owned by a domain. */
int txn_owned_change(const struct txn *txn, unsigned int domid);

/* --- views ---------------------------------------------------------------- */
struct view {
	struct tree *tree;
	struct txn *txn; /* NULL: the tree itself */
};

/* As the tree_ functions of the same name. -ENOSPC also: the transaction touches too many nodes. */
int view_read(struct view view, const char *path, struct node *node);
/* Without touching the node: for rights of what is above. */
int view_peek(struct view view, const char *path, struct node *node);
int view_create(struct view view, const char *path, struct perm_list perms, const char *value,
		size_t size);
int view_write(struct view view, const char *path, const char *value, size_t size);
int view_set_perms(struct view view, const char *path, struct perm_list perms);
int view_remove(struct view view, const char *path);
int view_children(struct view view, const char *path, struct bytes *names);

/* Calls visit for every node at and below path, children before their parent, siblings in order.
 * The list of a node's children is taken before visiting them, so visit may remove what it is
 * given. A nonzero result of visit ends the walk and is returned. */
int view_walk(struct view view, const char *path,
	      int (*visit)(void *data, const char *path, bool is_root), void *data);

#endif
