/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside store/: one connection, its messages, its watches and the events that wait. What requests
 * mean is in request.c; see store.h for what users see.
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

struct store {
	int fd; /* -1: lost, to be opened anew by the next request */
	bool attached;
	bool kernel; /* it is the kernel's device, not the daemon's socket */
	unsigned int flags;
	uint32_t next_id;
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

#endif
