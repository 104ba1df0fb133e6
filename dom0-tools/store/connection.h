/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside store/: one connection, its messages (message.h), what is under way (exchange.c), its
 * watches and the events that wait. What requests mean is in request.c; see store.h for what users
 * see.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include "store/store.h"

#include <sys/queue.h>
#include <sys/uio.h>

#include <xen/io/xs_wire.h>

struct store_queued {
	struct store_event event;
	STAILQ_ENTRY(store_queued) next;
};

/* A registration: made again on a new connection. */
struct store_watched {
	char *path;
	char *token;
	LIST_ENTRY(store_watched) next;
};

/* How many requests may be under way, and their bytes. Both fit into any socket's buffer, so
 * sending them never waits for their replies to be heard. */
#define STORE_WINDOW 32
#define STORE_OUT_ROOM 16384

/* A request whose reply is not heard yet. */
struct store_pending {
	struct xsd_sockmsg header;
	char **value; /* where a reply's payload goes; NULL: only its error counts */
};

struct store {
	int fd; /* -1: lost, to be opened anew by the next request */
	bool attached;
	bool kernel; /* it is the kernel's device, not the daemon's socket */
	unsigned int flags;
	uint32_t next_id;
	bool deferring;     /* store_transact(): writes need not be answered before the next */
	int deferred_error; /* the first of theirs */
	struct store_pending pending[STORE_WINDOW];
	unsigned int pending_count;
	char out[STORE_OUT_ROOM]; /* requests not sent yet */
	size_t out_used;
	char in[4096]; /* bytes received and not looked at: from in_begin to in_end */
	size_t in_begin, in_end;
	STAILQ_HEAD(, store_queued) events;
	LIST_HEAD(, store_watched) watches;
};

/* Connects by flags. -ENOENT: neither way exists. *tried: what it was that failed. */
int store_connect(unsigned int flags, int *fd, char *tried, size_t room);

/*
 * One request and its reply. parts are the payload, at most 4096 bytes together (-E2BIG). *reply,
 * unless NULL, becomes the reply's payload, with a NUL added behind; the caller frees it.
 * Handles lost connections as store.h says.
 */
int store_ask(struct store *store, uint32_t type, uint32_t tx, const struct iovec *parts,
	      unsigned int count, char **reply, size_t *length);

/* A request whose reply says no more than whether it succeeded. Inside store_transact() it returns
 * at once: it is sent with the next that is awaited, and its error is store_settle()'s. */
int store_tell(struct store *store, uint32_t type, uint32_t tx, const struct iovec *parts,
	       unsigned int count);
/* Hears all that was put off: the first error. */
int store_settle(struct store *store);

/* A request of a batch: *value becomes the reply's payload as in store_ask(), or stays NULL when
 * the node is not there or not readable. The caller ends the batch by store_settle(); -ECONNRESET
 * of either: all of it is to be repeated. Not through the kernel, which takes one at a time. */
int store_ask_later(struct store *store, uint32_t type, uint32_t tx, const struct iovec *parts,
		    unsigned int count, char **value);
/* Opens a lost connection anew, with all its watches. */
int store_reopen(struct store *store);
/* Registers them all. Only the connection can fail. */
int store_watch_again(struct store *store);

/* An event's payload goes to the end of the queue. -EPROTO: it is none. */
int store_enqueue(struct store *store, const char *payload, size_t length);

#endif
