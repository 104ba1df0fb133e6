/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper's own work: starts the daemons of a table one after the other, holds descriptors for
 * them, starts anew at once what dies, and stops them in the opposite order.
 *
 *	daemon: waiting -> running       its predecessor is ready
 *	daemon: running -> waiting       it died; due at once, later when it died young several
 *times daemon: running -> stopping      SIGTERM to the keeper: last one first daemon: stopping ->
 *gone         it ended, or was killed after SUPERVISE_STOP_MS
 */
#ifndef KEEPER_SUPERVISE_H
#define KEEPER_SUPERVISE_H

#include <stdio.h>

struct report;

#define SUPERVISE_READY_MS 15000 /* a successor waits no longer for READY=1 */
#define SUPERVISE_STOP_MS 10000  /* from SIGTERM to SIGKILL */
#define SUPERVISE_FDS_MAX 8192   /* held for one daemon */

struct supervise_daemon {
	char *name;
	char **argv; /* ends with NULL; argv[0] is a path or a name to look up in PATH */
};

struct supervise_table {
	struct supervise_daemon *daemons;
	unsigned int count;
};

struct supervise_options {
	/* One line each, without newline: what happened to whom. */
	void (*log)(void *data, const char *line);
	/* All daemons have become ready for the first time; NULL: nobody asks. */
	void (*ready)(void *data);
	void *data;
};

/* Reads lines "NAME: COMMAND ARGUMENT...", `#` to the end of line a comment; words may stand in
 * double quotes. name is for messages. */
int supervise_table_read(struct supervise_table *table, FILE *from, const char *name,
			 struct report *report);
int supervise_table_add(struct supervise_table *table, const char *name, char *const *argv,
			struct report *report);
void supervise_table_clear(struct supervise_table *table);

/* Returns 0 after SIGTERM or SIGINT, when all daemons have ended; a negative errno when it could
 * not begin. SIGHUP goes on to every daemon; SIGUSR1 logs a line for each. Blocks these signals in
 * the calling thread, which must be the only one. */
int supervise_run(const struct supervise_table *table, const struct supervise_options *options,
		  struct report *report);

#endif
