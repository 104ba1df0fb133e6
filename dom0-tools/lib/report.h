/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a function of the tools has to say to its user, without printing it. A caller hands a
 * struct report down; who finds an error describes it there, once, and returns a negative errno;
 * callers above may add a line that says what they were about ("creating domain web1"). The
 * program at the top decides how all of it is shown: text on stderr, JSON, a log.
 *
 * A message has three parts: what (the object and what failed), why (the cause; may be empty) and
 * next (what the user can do; may be empty). Messages are kept in the order in which they were
 * made.
 *
 * Not thread-safe: a report belongs to one thread. Running out of memory while reporting drops the
 * message and sets `lost`; the error code still gets through, because it is a return value.
 */
#ifndef LIB_REPORT_H
#define LIB_REPORT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum report_level {
	REPORT_ERROR,
	REPORT_WARNING,
	REPORT_DETAIL, /* shown with -v: the hypercall behind an error, and its result */
};

struct report_message {
	enum report_level level;
	char *what;
	char *why;  /* NULL: nothing to add */
	char *next; /* NULL: nothing to advise */
};

struct report {
	struct report_message *messages;
	unsigned int count;
	unsigned int room;
	bool lost; /* a message could not be kept */
};

/* An empty report is all zero bytes: `struct report report = {0};`. */
void report_clear(struct report *report);

/* Adds an error; `what` is formatted. Returns -error, so that one may write
 * `return report_error(r, ENOENT, "%s: no such kernel", path);`. `error` is a positive errno whose
 * text becomes `why`; 0 for "no errno explains it", for which -EINVAL is returned. report may be
 * NULL. */
int report_error(struct report *report, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_warning(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_detail(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Set the cause, and what the user can do, of the newest message. Nothing happens without one. */
void report_why(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_next(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool report_has_error(const struct report *report);

/* Writes the messages, one line each and its advice on a line of its own, indented:
 * `xl: error: disk 'phy:/dev/vg/x,xvda,w': No such file or directory`. Details only if `details`.
 * */
void report_print(const struct report *report, const char *program, bool details, FILE *to);

#endif
