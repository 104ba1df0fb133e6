/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log file that is written from a journal: each byte once, whoever dies when. It is rotated by
 * its size (FILE to FILE.1 and so on, the oldest is removed), and opened anew on demand for who
 * rotates by other means; a file found shorter than it was is written on from its end.
 *
 * A full disk stalls nobody: what the journal still has is written when there is room again, what
 * it has no more is counted, and a line in the file says so.
 */
#ifndef XENCONSOLED_LOG_H
#define XENCONSOLED_LOG_H

#include "xenconsoled/journal.h"

struct report;

struct log_options {
	uint64_t size_limit; /* bytes; 0: no rotation */
	unsigned int keep;   /* rotated files that stay */
	bool timestamps;     /* at the beginning of each line */
	bool replace_escape; /* the escape character as a dot */
};

struct log {
	int fd; /* -1: closed */
	char *path;
	struct log_options options;
	bool failing; /* the last write failed, and was reported */
};

/* Opens FOLDER/NAME.log; a slash in name becomes "_". Cuts off what was never committed. */
int log_open(struct log *log, const char *folder, const char *name,
	     const struct log_options *options, struct journal *journal, struct report *report);
void log_close(struct log *log);

/* The same path again, after somebody moved the file. */
int log_reopen(struct log *log, struct journal *journal, struct report *report);

/* Writes everything taken and not yet logged. Reports the first error of a series. */
int log_write(struct log *log, struct journal *journal, struct report *report);

#endif
