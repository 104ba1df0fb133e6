/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: requests in, replies and events out, no sockets and no hypervisor. Bytes come and go
 * through each connection's journal slot; what else it needs of its surroundings is struct
 * xsd_world.
 *
 * Requests are carried out in batches. Within one, changes gather in an LMDB transaction and output
 * in memory (conn->pending); xsd_settle() ends it:
 *
 *	1. one commit carries the changes, the number of the batch, and for each connection of the
 *	   batch how far its requests are carried out and what is to be sent to it (record m 1);
 *	2. each slot gets its bytes and positions, in one step per slot.
 *
 * A kill before 1 leaves everything undone: the requests are still in their slots. A kill after 1:
 * the next start does what is missing of 2. A batch without changes needs no commit: reading again
 * does no harm. So each request is carried out exactly once and each reply and event is sent
 * exactly once.
 *
 * Anything that breaks off in the middle (the database's file is full) drops the batch and all
 * memory of it and loads the state again, as after a restart; then requests are carried out one by
 * one. One that breaks off alone is tried again as long as the file can grow, then answered with
 * ENOSPC.
 *
 * One thread; no locks.
 */
#ifndef XENSTORED_XSD_H
#define XENSTORED_XSD_H

#include "xenstored/bytes.h"
#include "xenstored/journal.h"
#include "xenstored/perms.h"
#include "xenstored/quota.h"
#include "xenstored/tree.h"
#include "xenstored/txn.h"
#include "xenstored/watch.h"
#include "xenstored/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct report;

enum domain_state {
	DOMAIN_RUNS,
	DOMAIN_IS_SHUT_DOWN,
	DOMAIN_IS_GONE, /* dying, or no such domain */
};

/* What the store asks of the world around it. */
struct xsd_world {
	void *data;
	/* A domain was introduced, or is found in the journal (`again`): map its ring, bind its
	 * port. The connection's slot says which. Errors are the reply to the introduction. */
	int (*attach)(void *data, struct conn *conn, bool again);
	/* The connection ends: give back what its transport is. Called once, conn->transport may be
	 * NULL. */
	void (*detach)(void *data, struct conn *conn);
	/* Introduced anew: the slot has been emptied; the ring's indices and its port must follow.
	 */
	int (*reset)(void *data, struct conn *conn, uint32_t old_port);
	int (*domain_state)(void *data, unsigned int domid, enum domain_state *state);
	/* There is output in the connection's slot. May be called by any function that settles;
	 * must not call back. */
	void (*ready)(void *data, struct conn *conn);
	void (*log)(void *data, const char *line);
};

struct spilled {
	uint64_t number;
	char *text; /* of the message, for telling equal ones */
};

struct conn {
	struct slot *slot;
	struct subject subject;
	bool read_only;
	bool closing; /* ends with this batch */
	struct watch_list watches;
	struct txn *txns;
	unsigned int txn_count;

	/* this batch */
	bool touched;
	struct slot_state next_state;
	struct bytes pending; /* to be sent; whole messages */
	struct conn *next_touched;

	/* Events beyond the slot's queue, as records s ID NUMBER. Numbers [spill_begin, spill_end).
	 */
	uint64_t spill_begin;
	uint64_t spill_end;
	size_t spill_bytes;
	struct table spilled; /* their contents as hex of a hash, to find equal ones */

	uint64_t requests;
	void *transport;
	struct conn *next, *previous;
};

struct xsd {
	struct tree tree;
	struct journal journal;
	struct watch_index watches;
	struct quotas quotas;
	struct conn *conns;
	unsigned int conn_count;
	struct conn **domains; /* introduced ones, by domain id */
	unsigned int *owned;   /* nodes + 1 by domain id; 0: not counted yet */
	uint64_t serial;       /* of the newest commit */
	struct bytes last;     /* its record m 1 */
	struct conn *touched;
	bool careful;    /* one request per batch: the last batch broke off */
	bool grown;      /* and since then the database got more room */
	uint64_t refuse; /* id of the connection whose next request gets ENOSPC */
	bool log_requests;
	struct xsd_world world;
	char message[WIRE_MESSAGE_MAX + 1];
	/* The newest list DIRECTORY_PART made. */
	struct bytes part_list;
	char *part_path;
	uint64_t part_generation;
};

struct xsd_options {
	const char *dir;
	unsigned int flags; /* enum tree_open_flags */
};

/* Opens the database and the journal and finishes what a killed daemon had begun. Connections found
 * are there, without transports: call xsd_resume() when the world can be asked. *fresh: the store
 * is new. */
int xsd_open(struct xsd *store, const struct xsd_options *options, const struct xsd_world *world,
	     bool *fresh, struct report *report);

/* Attaches the rings found in the journal; domains that are gone are released. Sockets are the
 * caller's: those it has no descriptor for it closes. */
void xsd_resume(struct xsd *store);

/* Everything stays in the database and the journal, as after a kill. */
void xsd_close(struct xsd *store);

/* --- connections ---------------------------------------------------------- */
/* A new socket connection, privileged. -ENFILE, -ENOSPC. */
int xsd_accept(struct xsd *store, bool read_only, struct conn **conn);
/* Ends a connection: its watches and transactions go. Part of the current batch; conn is not to be
 * used any more once that is settled. */
void xsd_disconnect(struct xsd *store, struct conn *conn);
struct conn *xsd_domain(const struct xsd *store, unsigned int domid); /* NULL: not introduced */

/* --- work ----------------------------------------------------------------- */
/* Carries out requests lying complete in the slot, at most a turn's worth. >0: how many; 0: nothing
 * to do, or the connection has output to take first; -EPROTO: it does not speak the protocol. */
int xsd_run(struct xsd *store, struct conn *conn);
/* Whether xsd_run() would do something now. */
bool xsd_has_work(const struct xsd *store, const struct conn *conn);
/* Ends the batch. Connections that were closing are freed by it. */
void xsd_settle(struct xsd *store);
/* After output has been taken: moves waiting events into the slot. Part of the current batch. */
void xsd_refill(struct xsd *store, struct conn *conn);

/* The hypervisor says that some domain's state has changed. */
void xsd_check_domains(struct xsd *store);

/* Log, printf-like. */
void xsd_log(struct xsd *store, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- for the request handlers: dispatch.c, special.c, control.c ----------- */
struct request {
	struct xsd *store;
	struct conn *conn;
	uint32_t type;
	uint32_t id;
	uint32_t txn_id;
	const char *payload; /* followed by a NUL that is not part of it */
	size_t size;
	struct view view;
};

/* Looks up the type, carries the request out, replies. */
void request_run(struct request *request);

void request_reply(struct request *request, const void *data, size_t size);
void request_ok(struct request *request);

/* Handlers answer with request_reply(), or return -errno. */
int special_introduce(struct request *request);
int special_release(struct request *request);
int special_resume(struct request *request);
int special_set_target(struct request *request);
int special_is_introduced(struct request *request);
int special_domain_path(struct request *request);
int special_reset_watches(struct request *request);
int control_run(struct request *request);

/* Removes path and everything below it, with its events. The tree, or a transaction. */
int nodes_remove(struct xsd *store, struct view view, const char *path);

/* A change at path: tells those who watch it (and, unless exact, what is above it) and may know.
 * old_perms: rights the node had before it was removed or got others; count 0: none. */
void xsd_fire(struct xsd *store, const char *path, bool exact, struct perm_list old_perms);
/* The event of a watch just registered. */
void xsd_fire_watch(struct xsd *store, struct watch *watch, const char *name);

int xsd_watch(struct xsd *store, struct conn *conn, const char *path, const char *token,
	      bool relative, struct watch **watch);
int xsd_unwatch(struct xsd *store, struct watch *watch);
int xsd_unwatch_all(struct xsd *store, struct conn *conn);
void xsd_drop_txns(struct conn *conn);
struct txn *xsd_start_txn(struct xsd *store, struct conn *conn);
void xsd_end_txn(struct conn *conn, struct txn *txn);

/* A new ring connection for a domain, attached. */
int xsd_introduce(struct xsd *store, unsigned int domid, uint64_t frame, uint32_t port, bool adopt,
		  struct conn **conn);
/* Ends a domain's connection; the nodes it owns go, entries in other nodes' lists too; fires
 * @releaseDomain. */
int xsd_release_domain(struct xsd *store, struct conn *conn);

/* Whether one more is allowed: `used` of a quota is there already. 0 or the protocol's error,
 * logged. */
int xsd_quota(struct xsd *store, const struct conn *conn, enum quota quota, unsigned int used,
	      const char *what);
unsigned int xsd_owned(struct xsd *store, unsigned int domid);

#endif
