/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See entry.h. */
#include "xenconsoled/entry.h"

#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

struct entry *entry_find(struct daemon *daemon, unsigned int domid, unsigned int number)
{
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		if (entry->console->domid == domid && entry->console->number == number &&
		    !entry->is_leaving) {
			return entry;
		}
	}
	return NULL;
}

/* Something of it waits for the period's end. */
bool entry_is_busy(const struct entry *entry)
{
	return entry->console->wakes_now || entry->is_leaving || entry->was_followed;
}

void entry_arm(struct entry *entry)
{
	struct daemon *daemon = entry->daemon;
	int fd = console_fd(entry->console);
	int events = (console_wants_input(entry->console) ? EV_READ : 0) |
		     (console_wants_output(entry->console) ? EV_WRITE : 0);

	if (fd != entry->io.fd ||
	    events != (ev_is_active(&entry->io) ? (entry->io.events & (EV_READ | EV_WRITE)) : 0)) {
		ev_io_stop(daemon->loop, &entry->io);
		ev_io_set(&entry->io, fd, events);
		if (events) {
			ev_io_start(daemon->loop, &entry->io);
		}
	}
	if (entry_is_busy(entry) && !ev_is_active(&daemon->period)) {
		ev_timer_again(daemon->loop, &daemon->period);
	}
}

static void on_terminal(struct ev_loop *loop, ev_io *io, int events)
{
	struct entry *entry = io->data;

	if (entry->console->is_socket) {
		console_look(entry->console, entry->daemon->report);
	} else {
		console_terminal(entry->console, entry->daemon->report);
	}
	entry_arm(entry);
	daemon_tell(entry->daemon);
}

void entry_remove(struct entry *entry)
{
	struct daemon *daemon = entry->daemon;

	ev_io_stop(daemon->loop, &entry->io);
	if (entry->watched >= 0) {
		inotify_rm_watch(daemon->inotify, entry->watched);
	}
	console_destroy(entry->console);
	LIST_REMOVE(entry, next);
	free(entry);
}

char *entry_read(struct daemon *daemon, unsigned int domid, const char *what, const char *otherwise)
{
	char path[64];
	char *value;

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, what);
	return store_read(daemon->store, STORE_NO_TX, path, &value, NULL) ? strdup(otherwise)
									  : value;
}

static int number_of(struct daemon *daemon, unsigned int domid, const char *what, uint64_t *number)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/console/%s", domid, what);
	return store_read_number(daemon->store, STORE_NO_TX, path, number);
}

/* Whoever made the domain writes an empty name there, before the ring or after we found it. */
static void publish_terminal(struct daemon *daemon, struct entry *entry)
{
	char path[64];
	char *now = entry_read(daemon, entry->console->domid, "console/tty", "");

	if (now && strcmp(now, entry->console->tty) != 0) {
		snprintf(path, sizeof(path), "/local/domain/%u/console/tty", entry->console->domid);
		int err = store_write_text(daemon->store, STORE_NO_TX, path, entry->console->tty);

		if (err && err != -ENOENT) {
			report_error(daemon->report, -err, "%s", path);
		}
	}
	free(now);
}

/* Follows what the store says of a console; -ENOENT until it says enough. */
static int follow_console(struct daemon *daemon, struct entry *entry)
{
	unsigned int domid = entry->console->domid;
	uint64_t ring_ref;
	uint64_t port;
	uint64_t limit;

	if (!number_of(daemon, domid, "limit", &limit)) {
		entry->console->backlog =
			limit && limit < JOURNAL_HISTORY ? (size_t)limit : JOURNAL_HISTORY;
	}
	if (number_of(daemon, domid, "ring-ref", &ring_ref) ||
	    number_of(daemon, domid, "port", &port) || port > UINT32_MAX) {
		return -ENOENT;
	}
	publish_terminal(daemon, entry);
	return console_connect(entry->console, daemon->ports, daemon->ports_inherited, ring_ref,
			       (uint32_t)port, daemon->report);
}

/* Goes through the states of a channel with the guest's driver; see channel.h. */
static int follow_channel(struct daemon *daemon, struct entry *entry)
{
	struct console *console = entry->console;
	unsigned int state = XenbusStateUnknown;
	enum xenbus_state ours = XenbusStateInitWait;
	uint64_t ring_ref = 0;
	uint32_t port = 0;
	int err = channel_read_frontend(daemon->store, console->domid, console->number, &state,
					&ring_ref, &port);

	if (err && err != -ENOENT && err != -EINVAL) {
		return err; /* the store's trouble is not the guest's word */
	}
	if (!err && (state == XenbusStateInitialised || state == XenbusStateConnected)) {
		err = console_connect(console, daemon->ports, daemon->ports_inherited, ring_ref,
				      port, daemon->report);
		ours = err ? ours : XenbusStateConnected;
	} else {
		console_disconnect(console);
		ours = state == XenbusStateClosing || state == XenbusStateClosed ? XenbusStateClosed
										 : ours;
	}
	if (console->tty[0]) {
		channel_write_terminal(daemon->store, console->domid, console->number,
				       console->tty);
	}
	channel_write_state(daemon->store, console->domid, console->number, ours);
	return err;
}

int entry_follow(struct entry *entry)
{
	struct daemon *daemon = entry->daemon;

	entry->was_followed = true;
	entry->is_stale = false;
	return entry->console->number ? follow_channel(daemon, entry)
				      : follow_console(daemon, entry);
}

void entry_token(const struct entry *entry, char token[24])
{
	snprintf(token, 24, "%u.%u", entry->console->domid, entry->console->number);
}

static int entry_make(struct daemon *daemon, struct console *console)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	char token[24];

	if (!entry) {
		return -ENOMEM;
	}
	entry->daemon = daemon;
	entry->console = console;
	ev_io_init(&entry->io, on_terminal, console_fd(console), EV_READ);
	entry->io.data = entry;
	entry->watched = console->is_socket ? -1
					    : inotify_add_watch(daemon->inotify, console->tty,
								IN_OPEN | IN_CLOSE);
	LIST_INSERT_HEAD(&daemon->entries, entry, next);
	if (console->number) {
		channel_frontend_path(console->domid, console->number, entry->path);
	} else {
		snprintf(entry->path, sizeof(entry->path), "/local/domain/%u/console",
			 console->domid);
	}
	entry_token(entry, token);
	store_watch(daemon->store, entry->path, token);
	entry_follow(entry);
	/* Between the console's own look and inotify somebody may have come. */
	console_look(console, daemon->report);
	entry_arm(entry);
	return 0;
}

int entry_serve(struct daemon *daemon, const struct console_of *of)
{
	struct console *console;
	int err = console_create(&console, &daemon->options->console, of, daemon->report);

	if (err) {
		return err;
	}
	err = entry_make(daemon, console);
	if (err) {
		console_destroy(console);
		report_error(daemon->report, -err, "domain %u: its console", of->domid);
	}
	return err;
}
