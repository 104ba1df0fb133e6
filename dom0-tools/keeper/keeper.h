/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon asks of the keeper: to hold what must outlive it. A descriptor stored under a name
 * stays open when the daemon dies, and the next instance finds it under that name: event channel
 * handles, listening and accepted sockets, pty masters, and journals, which are memfds.
 *
 *	keeper_open()                     take over what the last instance left
 *	keeper_take() or keeper_each()    claim it; what is not claimed is closed by keeper_settle()
 *	keeper_journal()                  the same journal again, or a fresh one of zero bytes
 *	keeper_settle()                   drop leftovers, say "ready"
 *	keeper_store(), keeper_forget()   as things come and go
 *
 * The protocol is systemd's: inherited descriptors begin at 3 and are described by LISTEN_FDS and
 * LISTEN_FDNAMES, messages are FDSTORE=1, FDSTOREREMOVE=1, FDNAME=, READY=1. Our keeper reads them
 * from a socketpair (descriptor number in PROXENOS_KEEPER_FD); without it they go to NOTIFY_SOCKET,
 * so that a unit with FileDescriptorStoreMax= does as well. With neither, a daemon runs without
 * a keeper: all calls succeed and nothing outlives it.
 *
 * A message is in the keeper's queue when the call returns: a daemon killed after that has stored.
 * Stored descriptors are duplicates: a connection ends for its peer only when the daemon has closed
 * its own and called keeper_forget().
 *
 * Names: 1 to 200 characters, letters, digits and `.-_@`. One descriptor each: storing under a name
 * again replaces. Not thread-safe.
 */
#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include <stdbool.h>
#include <stddef.h>

struct report;

#define KEEPER_NAME_MAX 200

struct keeper_fd {
	char *name;
	int fd; /* -1: claimed */
};

struct keeper {
	int socket;   /* -1: no keeper */
	bool private; /* the socketpair of our keeper, not NOTIFY_SOCKET */
	struct keeper_fd *inherited;
	unsigned int count;
};

/* Reads the environment, removes its part from it, and marks everything inherited close-on-exec.
 * Fails with a report for an environment that contradicts itself. */
int keeper_open(struct keeper *keeper, struct report *report);

/* Closes what is unclaimed and the way to the keeper. What is stored stays stored. */
void keeper_close(struct keeper *keeper);

/* Whether anything outlives this daemon. */
bool keeper_is_present(const struct keeper *keeper);

/* Claims the inherited descriptor of that name: the caller owns its copy, the keeper keeps its
 * own. -ENOENT: there is none. */
int keeper_take(struct keeper *keeper, const char *name, int *fd);

/* The next unclaimed descriptor whose name begins with prefix, claimed like keeper_take() does:
 * true, with its name, which lives until keeper_close(). For "whatever connections there were". */
bool keeper_each(struct keeper *keeper, const char *prefix, const char **name, int *fd);

/* The keeper gets a duplicate of fd. Errors: -EINVAL for a bad name, else those of sendmsg(2). */
int keeper_store(struct keeper *keeper, const char *name, int fd);
int keeper_forget(struct keeper *keeper, const char *name);

/*
 * Maps the journal of that name, shared and writable, size bytes; *fresh says whether it is new and
 * therefore all zero. A journal found with another size is not used but replaced by a fresh
 * one. The mapping is the caller's: munmap(*map, size).
 */
int keeper_journal(struct keeper *keeper, const char *name, size_t size, void **map, bool *fresh,
		   struct report *report);

/* Forgets and closes every inherited descriptor nobody has claimed, then reports readiness: the
 * keeper starts the next daemon of its table. Call once, when requests can be served. */
int keeper_settle(struct keeper *keeper);

#endif
