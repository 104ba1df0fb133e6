/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attaching to a console; see attach.h. Two who attach at once would each get a part of the text,
 * so a lock file per domain keeps the second one out and says who the first one is.
 */
#include "xenconsole/attach.h"

#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define LOCK_FORMAT "/run/lock/xenconsole.%u"

int attach_parse_escape(const char *text, int *escape)
{
	if (strcmp(text, "none") == 0) {
		*escape = -1;
		return 0;
	}
	if (text[0] == '^' && text[1] && !text[2]) {
		char upper =
			text[1] >= 'a' && text[1] <= 'z' ? (char)(text[1] - 'a' + 'A') : text[1];

		if (upper < '@' || upper > '_') {
			return -EINVAL;
		}
		*escape = upper - '@';
		return 0;
	}
	if (!text[0] || text[1]) {
		return -EINVAL;
	}
	*escape = (unsigned char)text[0];
	return 0;
}

/* --- finding ---------------------------------------------------------------------------------- */

static void tty_node(const struct attach_options *options, char *to, size_t room)
{
	unsigned int domid = options->domid;

	if (options->kind == ATTACH_SERIAL) {
		snprintf(to, room, "/local/domain/%u/serial/%u/tty", domid, options->number);
	} else if (options->number) {
		/* The guest can write in the other end's folder. */
		snprintf(to, room, "/local/domain/0/backend/console/%u/%u/tty", domid,
			 options->number);
	} else {
		snprintf(to, room, "/local/domain/%u/console/tty", domid);
	}
}

static int domain_exists(struct store *store, unsigned int domid)
{
	char path[64];
	char *value;
	int err;

	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	err = store_read(store, STORE_NO_TX, path, &value, NULL);
	if (!err) {
		free(value);
	}
	return err == -ENOENT ? -ESRCH : err;
}

/* 0 when it is there, -EAGAIN when it may still come. */
static int look(struct store *store, const struct attach_options *options, const char *node,
		char **path)
{
	size_t length;
	int err = store_read(store, STORE_NO_TX, node, path, &length);

	if (!err && length) {
		return 0;
	}
	if (!err) {
		free(*path);
	} else if (err != -ENOENT) {
		return err;
	}
	err = domain_exists(store, options->domid);
	return err ? err : -EAGAIN;
}

int attach_find(struct store *store, const struct attach_options *options, char **path,
		struct report *report)
{
	char node[96];
	int err;

	tty_node(options, node, sizeof(node));
	err = store_watch(store, node, "tty");
	if (!err) {
		err = store_watch(store, "@releaseDomain", "tty");
	}
	while (!err) {
		struct store_event event;

		err = look(store, options, node, path);
		if (err != -EAGAIN) {
			break;
		}
		err = store_next_event(store, options->wait_ms, &event);
		if (!err) {
			store_event_clear(&event);
		}
	}
	store_unwatch(store, node, "tty");
	store_unwatch(store, "@releaseDomain", "tty");
	if (err == -ESRCH) {
		report_error(report, 0, "domain %u", options->domid);
		report_why(report, "there is no such domain");
	} else if (err == -ETIMEDOUT) {
		report_error(report, 0, "domain %u: its console", options->domid);
		report_why(report, "it has no terminal (%s)", node);
		report_next(report, "is xenconsoled running? see proxenos-keeper(8)");
	} else if (err) {
		report_error(report, -err, "domain %u: its console", options->domid);
	}
	return err;
}

/* --- carrying --------------------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno == EAGAIN) {
			struct pollfd wait = {.fd = fd, .events = POLLOUT};

			poll(&wait, 1, -1);
			continue;
		}
		if (done < 0 && errno != EINTR) {
			return -errno;
		}
		if (done > 0) {
			bytes += done;
			length -= (size_t)done;
		}
	}
	return 0;
}

/* From the user to the pty; true when the user wants to leave. */
static int carry_input(int in, int pty, int escape, enum attach_end *end)
{
	char bytes[512];
	ssize_t count = read(in, bytes, sizeof(bytes));
	const char *found;
	int err;

	if (count < 0) {
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	}
	if (count == 0) {
		*end = ATTACH_INPUT;
		return 1;
	}
	found = escape >= 0 ? memchr(bytes, escape, (size_t)count) : NULL;
	err = write_all(pty, bytes, found ? (size_t)(found - bytes) : (size_t)count);
	if (err) {
		*end = ATTACH_CLOSED;
		return 1;
	}
	if (found) {
		*end = ATTACH_ESCAPED;
		return 1;
	}
	return 0;
}

static int carry_output(int pty, int out, enum attach_end *end)
{
	char bytes[4096];
	ssize_t count = read(pty, bytes, sizeof(bytes));
	int err;

	if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
		return 0;
	}
	if (count <= 0) {
		*end = ATTACH_CLOSED;
		return 1;
	}
	err = write_all(out, bytes, (size_t)count);
	return err ? err : 0;
}

/* 0 to go on, 1 at the end, else an error. */
static int carry_once(int pty, int in, int out, int signals, int escape, enum attach_end *end)
{
	struct pollfd polls[] = {
		{.fd = pty, .events = POLLIN},
		{.fd = in, .events = POLLIN},
		{.fd = signals, .events = POLLIN},
	};
	int done = 0;

	if (poll(polls, 3, -1) < 0) {
		return errno == EINTR ? 0 : -errno;
	}
	if (polls[2].revents) {
		*end = ATTACH_INPUT;
		return 1;
	}
	/* Text first: what a domain said last is read before its hangup. */
	if (polls[0].revents) {
		done = carry_output(pty, out, end);
	}
	if (!done && polls[1].revents) {
		done = carry_input(in, pty, escape, end);
	}
	return done;
}

int attach_carry(int pty, int in, int out, int escape, enum attach_end *end, struct report *report)
{
	struct termios before;
	struct termios raw;
	sigset_t mask;
	sigset_t old;
	bool is_terminal = tcgetattr(in, &before) == 0;
	int signals;
	int done = 0;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, &old);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (is_terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(in, TCSANOW, &raw);
	}
	while (!done) {
		done = carry_once(pty, in, out, signals, escape, end);
	}
	if (is_terminal) {
		tcsetattr(in, TCSANOW, &before);
	}
	if (signals >= 0) {
		close(signals);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return done < 0 ? report_error(report, -done, "console") : 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

static int lock_console(unsigned int domid, int *lock, struct report *report)
{
	char path[64];
	char holder[16] = "";

	snprintf(path, sizeof(path), LOCK_FORMAT, domid);
	*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock < 0) {
		/* Without a place for locks there are none. */
		return 0;
	}
	if (flock(*lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		ssize_t length = pread(*lock, holder, sizeof(holder) - 1, 0);

		holder[length > 0 ? strcspn(holder, "\n") : 0] = '\0';
		close(*lock);
		report_error(report, EBUSY, "domain %u: its console", domid);
		report_why(report, "process %s is attached", holder);
		report_next(report, "end that one (Ctrl-]) first");
		return -EBUSY;
	}
	if (ftruncate(*lock, 0) == 0) {
		dprintf(*lock, "%d\n", (int)getpid());
	}
	return 0;
}

static void tell_attached(int notify)
{
	if (notify >= 0) {
		ssize_t ignored = write(notify, "", 1);

		(void)ignored;
		close(notify);
	}
}

int attach_run(struct store *store, const struct attach_options *options, enum attach_end *end,
	       struct report *report)
{
	char *path;
	int lock = -1;
	int pty;
	int err = lock_console(options->domid, &lock, report);

	if (err) {
		return err;
	}
	err = attach_find(store, options, &path, report);
	if (!err) {
		pty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (pty < 0) {
			err = report_error(report, errno, "domain %u: terminal %s", options->domid,
					   path);
		} else {
			tell_attached(options->notify);
			err = attach_carry(pty, STDIN_FILENO, STDOUT_FILENO, options->escape, end,
					   report);
			close(pty);
		}
		free(path);
	}
	if (lock >= 0) {
		close(lock);
	}
	return err;
}
