/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log files; see log.h. Bytes are written at the length the journal remembers, and then the journal
 * learns the new one: an instance that died in between left bytes behind it, which the next
 * one cuts off and writes again.
 */
#include "xenconsoled/log.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 4096U
#define STAMP 32 /* bytes of a timestamp, at most */

/* Makes the file's state and the journal agree. */
static int settle(struct log *log, struct journal *journal)
{
	struct journal_mark mark = journal_mark(journal);
	struct stat state;

	if (fstat(log->fd, &state) < 0) {
		return -errno;
	}
	if (state.st_ino == mark.inode && (uint64_t)state.st_size >= mark.size) {
		return ftruncate(log->fd, (off_t)mark.size) < 0 ? -errno : 0;
	}
	mark.inode = state.st_ino;
	mark.size = (uint64_t)state.st_size;
	mark.in_line = 0;
	journal_set_mark(journal, &mark);
	return 0;
}

int log_reopen(struct log *log, struct journal *journal, struct report *report)
{
	int err = 0;

	if (log->fd >= 0) {
		close(log->fd);
	}
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (log->fd < 0) {
		err = report_error(report, errno, "log %s", log->path);
		report_next(report, "the console goes on without it; SIGHUP tries again");
		return err;
	}
	err = settle(log, journal);
	return err ? report_error(report, -err, "log %s", log->path) : 0;
}

int log_open(struct log *log, const char *folder, const char *name,
	     const struct log_options *options, struct journal *journal, struct report *report)
{
	*log = (struct log){.fd = -1, .options = *options};
	if (asprintf(&log->path, "%s/%s.log", folder, name) < 0) {
		log->path = NULL;
		return report_error(report, ENOMEM, "log of %s", name);
	}
	for (char *c = log->path + strlen(folder) + 1; *c; c++) {
		if (*c == '/') {
			*c = '_';
		}
	}
	return log_reopen(log, journal, report);
}

void log_close(struct log *log)
{
	if (log->fd >= 0) {
		close(log->fd);
	}
	free(log->path);
	*log = (struct log){.fd = -1};
}

/* --- what is written -------------------------------------------------------------------------- */

/* The bytes of a chunk as they stand in the file: at most CHUNK * (1 + STAMP). */
static size_t dress(const struct log *log, const char *bytes, size_t length, uint32_t *in_line,
		    char *to)
{
	char stamp[STAMP] = "";
	size_t stamp_length = 0;
	char *start = to;

	if (log->options.timestamps) {
		time_t now = time(NULL);
		struct tm parts;

		stamp_length = strftime(stamp, sizeof(stamp), "[%Y-%m-%d %H:%M:%S] ",
					localtime_r(&now, &parts));
	}
	for (size_t i = 0; i < length; i++) {
		if (!*in_line) {
			memcpy(to, stamp, stamp_length);
			to += stamp_length;
		}
		*to++ = log->options.replace_escape && bytes[i] == '\033' ? '.' : bytes[i];
		*in_line = bytes[i] != '\n';
	}
	return (size_t)(to - start);
}

static int put(struct log *log, const char *bytes, size_t length, uint64_t *size)
{
	while (length) {
		ssize_t done = pwrite(log->fd, bytes, length, (off_t)*size);

		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done <= 0) {
			return done ? -errno : -ENOSPC;
		}
		bytes += done;
		length -= (size_t)done;
		*size += (uint64_t)done;
	}
	return 0;
}

/* What the circle no longer has is said in a line of its own. */
static int put_loss(struct log *log, struct journal *journal, struct journal_mark *mark)
{
	uint64_t oldest = journal_oldest(journal);
	char line[96];
	int length;

	if (mark->logged >= oldest) {
		return 0;
	}
	length = snprintf(line, sizeof(line), "%s[xenconsoled: %llu bytes could not be written]\n",
			  mark->in_line ? "\n" : "", (unsigned long long)(oldest - mark->logged));
	int err = put(log, line, (size_t)length, &mark->size);

	if (!err) {
		journal->lost += oldest - mark->logged;
		mark->logged = oldest;
		mark->in_line = 0;
		journal_set_mark(journal, mark);
	}
	return err;
}

/* Another one may have cut or replaced the file under us. */
static void notice_cut(struct log *log, struct journal_mark *mark)
{
	struct stat state;

	if (fstat(log->fd, &state) == 0 && (uint64_t)state.st_size < mark->size) {
		mark->size = (uint64_t)state.st_size;
	}
}

static int put_chunk(struct log *log, struct journal *journal)
{
	char dressed[CHUNK * (1 + STAMP)];
	struct journal_mark mark = journal_mark(journal);
	const char *bytes;
	size_t length;
	size_t count;
	int err;

	notice_cut(log, &mark);
	err = put_loss(log, journal, &mark);
	if (err) {
		return err;
	}
	bytes = journal_at(journal, &mark.logged, &length);
	length = length < CHUNK ? length : CHUNK;
	count = dress(log, bytes, length, &mark.in_line, dressed);
	err = put(log, dressed, count, &mark.size);
	if (!err) {
		mark.logged += length;
		journal_set_mark(journal, &mark);
	}
	return err;
}

/* --- rotation --------------------------------------------------------------------------------- */

static void shift_files(const struct log *log)
{
	char from[4096];
	char to[4096];

	for (unsigned int i = log->options.keep; i-- > 0;) {
		snprintf(to, sizeof(to), "%s.%u", log->path, i + 1);
		if (i) {
			snprintf(from, sizeof(from), "%s.%u", log->path, i);
		} else {
			snprintf(from, sizeof(from), "%s", log->path);
		}
		rename(from, to); /* most do not exist yet */
	}
	if (!log->options.keep) {
		unlink(log->path);
	}
}

static int rotate(struct log *log, struct journal *journal, struct report *report)
{
	uint64_t size = journal_mark(journal).size;

	if (!log->options.size_limit || size < log->options.size_limit) {
		return 0;
	}
	shift_files(log);
	return log_reopen(log, journal, report);
}

int log_write(struct log *log, struct journal *journal, struct report *report)
{
	int err = 0;

	if (log->fd < 0) {
		return -EBADF;
	}
	while (!err && journal_mark(journal).logged < journal->taken) {
		err = put_chunk(log, journal);
		if (err) {
			break;
		}
		if (log->failing) {
			log->failing = false;
			report_warning(report, "log %s: written again", log->path);
		}
		err = rotate(log, journal, report);
		if (err) {
			return err;
		}
	}
	if (err && !log->failing) {
		log->failing = true;
		report_error(report, -err, "log %s", log->path);
		report_next(report, "the last %u KiB are kept until there is room",
			    JOURNAL_HISTORY / 1024);
	}
	return err;
}
