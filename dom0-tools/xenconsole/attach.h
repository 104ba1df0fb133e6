/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A terminal on a domain's console: what `xl console` is. The console daemon shows the history when
 * the pty is opened; from then on keys go in and text comes out until the user types the escape
 * character, the pty is closed (the domain is gone), or our own input ends.
 */
#ifndef XENCONSOLE_ATTACH_H
#define XENCONSOLE_ATTACH_H

#include <stdbool.h>

struct report;
struct store;

#define ATTACH_ESCAPE 0x1d /* Ctrl-] */

enum attach_kind {
	ATTACH_PV,
	ATTACH_SERIAL,
};

struct attach_options {
	unsigned int domid;
	enum attach_kind kind;
	unsigned int number; /* of consoles of that kind: 0 is the first */
	int escape;          /* the byte that detaches; -1: none */
	int wait_ms;         /* for the console to appear in the store; -1: no limit */
	int notify;          /* gets one byte when attached, is closed then; -1: nobody asks */
};

enum attach_end {
	ATTACH_ESCAPED, /* the user left */
	ATTACH_CLOSED,  /* the console is gone */
	ATTACH_INPUT,   /* our standard input ended */
};

/* "^]", "^a", one character, or "none". */
int attach_parse_escape(const char *text, int *escape);

/* Finds the pty of a console in the store, and waits for it. *path is the caller's: free(). -ESRCH:
 * there is no such domain, or it went away meanwhile. */
int attach_find(struct store *store, const struct attach_options *options, char **path,
		struct report *report);

/* Carries bytes between in, out and the pty. A terminal at `in` is raw meanwhile, and is as before
 * when this returns, SIGTERM and SIGHUP included. */
int attach_carry(int pty, int in, int out, int escape, enum attach_end *end, struct report *report);

/* All of it: find, open, lock against a second attach_run(), carry. */
int attach_run(struct store *store, const struct attach_options *options, enum attach_end *end,
	       struct report *report);

#endif
