/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the console daemon serves: one entry for each console or channel, which follows what the
 * store says of it and is polled in the loop. daemon.c finds them and hands them events.
 *
 *	entry_serve()    as console_create(), found what the store says of its ring, or waits for it
 *	is_leaving       its domain is gone: until who is attached has read to the end
 *	entry_remove()   what the keeper has of it stays, unless there were last words
 */
#ifndef XENCONSOLED_ENTRY_H
#define XENCONSOLED_ENTRY_H

#include "xenconsoled/channel.h"
#include "xenconsoled/daemon.h"
#include "xenconsoled/hypervisor.h"

#include <sys/queue.h>

#include <ev.h>

struct entry {
	struct daemon *daemon;
	struct console *console;
	char path[CHANNEL_PATH]; /* the folder that is watched: what its guest's side is told in */
	ev_io io;
	bool was_followed; /* in this period: once is enough, however often a guest writes */
	bool is_stale;
	int watched; /* inotify's number; -1: none */
	bool is_leaving;
	ev_tstamp deadline;
	LIST_ENTRY(entry) next;
};

struct daemon {
	const struct daemon_options *options;
	struct report *report;
	struct ev_loop *loop;
	struct store *store;
	int ports;
	bool ports_inherited;
	int inotify;
	struct hypervisor hypervisor;
	LIST_HEAD(, entry) entries;
	ev_io store_io;
	ev_io ports_io;
	ev_io inotify_io;
	ev_timer period;
	ev_timer sweep;
	ev_signal hangup;
	ev_signal terminate;
	ev_signal interrupt;
};

/* Prints what has been reported. */
void daemon_tell(struct daemon *daemon);

/* NULL: there is none; those that are leaving are not found. */
struct entry *entry_find(struct daemon *daemon, unsigned int domid, unsigned int number);

/* Takes care of one from now on; an error is reported. */
int entry_serve(struct daemon *daemon, const struct console_of *of);
void entry_remove(struct entry *entry);
/* The value of /local/domain/N/WHAT, or a copy of what to take instead; the caller's. */
char *entry_read(struct daemon *daemon, unsigned int domid, const char *what,
		 const char *otherwise);

/* Goes on with what the store says now. -ENOENT until it says enough. */
int entry_follow(struct entry *entry);
/* Of the watch on entry->path. */
void entry_token(const struct entry *entry, char token[24]);

/* After anything happened to it: polls for what is of use now, and keeps the period's timer while
 * something waits for that. */
void entry_arm(struct entry *entry);
bool entry_is_busy(const struct entry *entry);

#endif
