/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The xenstore-* programs: one program that does what its name says, or as `xenstore MODE`.
 * Options, output and exit statuses are those of Debian's xenstore-utils 4.17; on top of that come
 * --json,
 * --help on stdout with status 0, and a second line that says why something failed.
 */
#ifndef XENSTORE_CLIENT_H
#define XENSTORE_CLIENT_H

#include "store/store.h"

#include <stdbool.h>
#include <stdio.h>

/* The options of all modes; one that a mode does not know stays at its default. */
struct client_options {
	bool full;      /* ls -f: whole paths */
	bool prefix;    /* read, list -p: paths before results; ls -p: permissions */
	bool socket;    /* -s: only through the daemon's socket */
	bool raw;       /* -R: bytes as they are */
	bool tidy;      /* rm -t: parents that became empty too */
	bool upward;    /* chmod -u: parents too */
	bool recursive; /* chmod -r: children too */
	bool json;
	int events; /* watch -n; -1: no end */
};

struct client {
	const char *program; /* for messages */
	struct store *store;
	struct client_options options;
	FILE *out;
	FILE *err;
};

/* Modes: what each does with its arguments, inside a transaction or outside (tx STORE_NO_TX).
 * Returns 0, a negative errno that says the attempt is to be repeated (-EAGAIN, -ECONNRESET), or
 * the program's exit status. `out` is what it prints; it is thrown away with an attempt. */

int client_ls(struct client *client, uint32_t tx, FILE *out, int argc, char **argv);
int client_chmod(struct client *client, uint32_t tx, FILE *out, int argc, char **argv);

/* "PROGRAM: TEXT", and unless err is 0 the cause on a line of its own. Returns the exit status 1,
 * or err if that asks for another attempt. */
int client_fail(struct client *client, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The whole program, given its argv; returns the exit status. */
int client_main(int argc, char **argv, FILE *out, FILE *err);

/* xenstore-control: words for the daemon, its answer. */
int client_control(struct client *client, int argc, char **argv);

#endif
