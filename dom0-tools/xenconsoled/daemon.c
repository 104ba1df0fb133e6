/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of the console daemon; see daemon.h. Consoles are found by looking through /local/domain
 * whenever a domain is introduced or released, and followed by a watch on each one's console
 * folder. That somebody opens a terminal is told by inotify; a sweep each second finds what inotify
 * did not say, and tries failed logs again.
 */
#include "xenconsoled/daemon.h"

#include "keeper/keeper.h"
#include "lib/report.h"
#include "store/store.h"
#include "xenconsoled/hypervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <unistd.h>

#include <ev.h>

#define DOMAIN_ID_END 0x7ff0U
#define SWEEP_S 1.0

struct entry {
	struct daemon *daemon;
	struct console *console;
	ev_io io;
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

static void tell(struct daemon *daemon)
{
	if (daemon->report->count || daemon->report->lost) {
		daemon->options->tell(daemon->report);
	}
}

/* --- consoles --------------------------------------------------------------------------------- */

static struct entry *entry_find(struct daemon *daemon, unsigned int domid)
{
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		if (entry->console->domid == domid && !entry->is_leaving) {
			return entry;
		}
	}
	return NULL;
}

/* Polls the terminal for what is of use now, and keeps the period's timer while it is. */
static void entry_arm(struct entry *entry)
{
	struct daemon *daemon = entry->daemon;
	int events = (console_wants_input(entry->console) ? EV_READ : 0) |
		     (console_wants_output(entry->console) ? EV_WRITE : 0);

	if (events != (ev_is_active(&entry->io) ? (entry->io.events & (EV_READ | EV_WRITE)) : 0)) {
		ev_io_stop(daemon->loop, &entry->io);
		if (events) {
			ev_io_set(&entry->io, entry->console->master, events);
			ev_io_start(daemon->loop, &entry->io);
		}
	}
	if ((entry->console->wakes_now || entry->is_leaving) && !ev_is_active(&daemon->period)) {
		ev_timer_again(daemon->loop, &daemon->period);
	}
}

static void on_terminal(struct ev_loop *loop, ev_io *io, int events)
{
	struct entry *entry = io->data;

	console_terminal(entry->console, entry->daemon->report);
	entry_arm(entry);
	tell(entry->daemon);
}

static void entry_remove(struct entry *entry)
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

/* The value of /local/domain/N/WHAT, or a copy of what to take instead. */
static char *read_of(struct daemon *daemon, unsigned int domid, const char *what,
		     const char *otherwise)
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
	char *now = read_of(daemon, entry->console->domid, "console/tty", "");

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
static int entry_follow(struct daemon *daemon, struct entry *entry)
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

static bool is_ours(struct daemon *daemon, unsigned int domid)
{
	char *type = read_of(daemon, domid, "console/type", "xenconsoled");
	bool ours = type && strcmp(type, "xenconsoled") == 0;

	free(type);
	return ours;
}

static int entry_make(struct daemon *daemon, unsigned int domid, struct console *console)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	char path[64];
	char token[16];

	if (!entry) {
		return -ENOMEM;
	}
	entry->daemon = daemon;
	entry->console = console;
	ev_io_init(&entry->io, on_terminal, console->master, EV_READ);
	entry->io.data = entry;
	entry->watched = inotify_add_watch(daemon->inotify, console->tty, IN_OPEN | IN_CLOSE);
	LIST_INSERT_HEAD(&daemon->entries, entry, next);
	snprintf(path, sizeof(path), "/local/domain/%u/console", domid);
	snprintf(token, sizeof(token), "%u", domid);
	store_watch(daemon->store, path, token);
	entry_follow(daemon, entry);
	/* Between the console's own look and inotify somebody may have come. */
	console_look(console, daemon->report);
	entry_arm(entry);
	return 0;
}

static void add(struct daemon *daemon, unsigned int domid)
{
	char fallback[16];
	struct console *console;
	char *name;
	char *owner;

	snprintf(fallback, sizeof(fallback), "dom%u", domid);
	name = read_of(daemon, domid, "name", fallback);
	owner = read_of(daemon, domid, "vm", "");
	if (name && owner && is_ours(daemon, domid) &&
	    !console_create(&console, &daemon->options->console, domid, name, owner,
			    daemon->report) &&
	    entry_make(daemon, domid, console)) {
		console_destroy(console);
	}
	report_detail(daemon->report, "domain %u: %s, console %s", domid, name ? name : "",
		      entry_find(daemon, domid) ? "served" : "not served");
	free(name);
	free(owner);
}

static bool is_gone(struct daemon *daemon, unsigned int domid)
{
	const struct console_settings *settings = &daemon->options->console;

	return settings->host->is_gone(settings->context, domid);
}

static void scan(struct daemon *daemon)
{
	char **names;
	unsigned int count;
	int err = store_list(daemon->store, STORE_NO_TX, "/local/domain", &names, &count);

	if (err) {
		if (err != -ENOENT) {
			report_error(daemon->report, -err, "the list of domains in the store");
		}
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		char *end;
		unsigned long domid = strtoul(names[i], &end, 10);

		if (*end || !domid || domid >= DOMAIN_ID_END ||
		    entry_find(daemon, (unsigned int)domid)) {
			continue;
		}
		if (is_gone(daemon, (unsigned int)domid)) {
			report_detail(daemon->report, "domain %lu: in the store, but gone", domid);
			continue;
		}
		add(daemon, (unsigned int)domid);
	}
	free(names);
}

/* Lets go of domains that are gone; who is attached may read to the end. */
static void leave(struct daemon *daemon)
{
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		char path[64];
		char token[16];

		if (entry->is_leaving || !is_gone(daemon, entry->console->domid)) {
			continue;
		}
		snprintf(path, sizeof(path), "/local/domain/%u/console", entry->console->domid);
		snprintf(token, sizeof(token), "%u", entry->console->domid);
		store_unwatch(daemon->store, path, token);
		console_last_words(entry->console, daemon->report);
		entry->is_leaving = true;
		entry->deadline = ev_now(daemon->loop) + CONSOLE_LAST_MS / 1000.0;
		entry_arm(entry);
	}
}

/* --- the store -------------------------------------------------------------------------------- */

static void take_event(struct daemon *daemon, const struct store_event *event)
{
	struct entry *entry;

	report_detail(daemon->report, "store event %s, %s", event->path, event->token);
	if (event->path[0] == '@') {
		leave(daemon);
		scan(daemon);
		return;
	}
	entry = entry_find(daemon, (unsigned int)strtoul(event->token, NULL, 10));
	if (entry) {
		entry_follow(daemon, entry);
		entry_arm(entry);
	}
}

/* Takes all events there are. The descriptor is another one after the store was lost. */
static void drain_store(struct daemon *daemon)
{
	struct store_event event;
	int err;

	while (!(err = store_next_event(daemon->store, 0, &event))) {
		take_event(daemon, &event);
		store_event_clear(&event);
	}
	if (err != -ETIMEDOUT) {
		report_error(daemon->report, -err, "waiting for the store");
		report_next(daemon->report, "consoles go on; it is asked again each second");
	}
	ev_io_stop(daemon->loop, &daemon->store_io);
	if (store_fd(daemon->store) >= 0) {
		ev_io_set(&daemon->store_io, store_fd(daemon->store), EV_READ);
		ev_io_start(daemon->loop, &daemon->store_io);
	}
}

static void on_store(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *daemon = io->data;

	drain_store(daemon);
	tell(daemon);
}

/* --- events ----------------------------------------------------------------------------------- */

static void ring_port(struct daemon *daemon, uint32_t port)
{
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		if (entry->console->ring && entry->console->journal->local_port == port) {
			console_ring(entry->console, daemon->report);
			entry_arm(entry);
			return;
		}
	}
	if (daemon->hypervisor.journal && port == daemon->hypervisor.port) {
		hypervisor_read(&daemon->hypervisor, daemon->ports, daemon->report);
	}
}

static void on_ports(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *daemon = io->data;
	const struct console_settings *settings = &daemon->options->console;
	uint32_t ports[64];
	size_t count = 0;
	int err = settings->host->pending(settings->context, daemon->ports, ports, 64, &count);

	for (size_t i = 0; !err && i < count; i++) {
		ring_port(daemon, ports[i]);
	}
	if (err == -EFBIG) {
		struct entry *entry;

		LIST_FOREACH(entry, &daemon->entries, next)
		{
			console_ring(entry->console, daemon->report);
			entry_arm(entry);
		}
	}
	tell(daemon);
}

static void on_inotify(struct ev_loop *loop, ev_io *io, int events)
{
	struct daemon *daemon = io->data;
	char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length = read(daemon->inotify, bytes, sizeof(bytes));

	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(bytes + at);
		struct entry *entry;

		LIST_FOREACH(entry, &daemon->entries, next)
		{
			if (entry->watched == event->wd) {
				console_look(entry->console, daemon->report);
				entry_arm(entry);
			}
		}
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	tell(daemon);
}

/* A period ends: everybody is heard again. The timer runs while somebody was heard in the last. */
static void on_period(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct daemon *daemon = timer->data;
	struct entry *entry;
	struct entry *following;
	bool go_on = false;

	for (entry = LIST_FIRST(&daemon->entries); entry; entry = following) {
		following = LIST_NEXT(entry, next);
		console_refill(entry->console, daemon->report);
		if (entry->is_leaving) {
			console_terminal(entry->console, daemon->report);
			if (!console_is_unread(entry->console) || ev_now(loop) >= entry->deadline) {
				entry_remove(entry);
				continue;
			}
		}
		go_on |= entry->console->wakes_now || entry->is_leaving;
		entry_arm(entry);
	}
	if (!go_on) {
		ev_timer_stop(loop, timer);
	}
	tell(daemon);
}

static void on_sweep(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct daemon *daemon = timer->data;
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		console_look(entry->console, daemon->report);
		if (entry->console->log.failing) {
			log_write(&entry->console->log, entry->console->journal, daemon->report);
		}
		if (!entry->console->ring && !entry->is_leaving) {
			/* A ring that could not be mapped or bound when it was announced. */
			struct report ignored = {0};
			struct report *report = daemon->report;

			daemon->report = &ignored;
			entry_follow(daemon, entry);
			daemon->report = report;
			report_clear(&ignored);
		}
		entry_arm(entry);
	}
	hypervisor_sweep(&daemon->hypervisor, daemon->report);
	drain_store(daemon);
	tell(daemon);
}

static void on_hangup(struct ev_loop *loop, ev_signal *watcher, int events)
{
	struct daemon *daemon = watcher->data;
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		if (entry->console->log.path) {
			log_reopen(&entry->console->log, entry->console->journal, daemon->report);
		}
	}
	hypervisor_reopen(&daemon->hypervisor, daemon->report);
	tell(daemon);
}

static void on_terminate(struct ev_loop *loop, ev_signal *watcher, int events)
{
	ev_break(loop, EVBREAK_ALL);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int find_ports(struct daemon *daemon)
{
	const struct console_settings *settings = &daemon->options->console;
	int err = keeper_take(settings->keeper, "ports", &daemon->ports);

	daemon->ports_inherited = !err;
	if (!err) {
		return 0;
	}
	err = settings->host->open_ports(settings->context, &daemon->ports);
	if (!err) {
		err = keeper_store(settings->keeper, "ports", daemon->ports);
	} else {
		daemon->ports = -1;
	}
	return err ? report_error(daemon->report, -err, "event channels") : 0;
}

static int begin(struct daemon *daemon)
{
	int err = find_ports(daemon);

	if (!err) {
		err = store_open(&daemon->store, STORE_ANY, daemon->report);
	}
	if (err) {
		return err;
	}
	daemon->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	err = store_watch(daemon->store, "@introduceDomain", "introduce");
	if (!err) {
		err = store_watch(daemon->store, "@releaseDomain", "release");
	}
	if (err) {
		return report_error(daemon->report, -err, "watching for domains in the store");
	}
	if (daemon->options->hypervisor_folder) {
		hypervisor_begin(&daemon->hypervisor, daemon->options, daemon->ports,
				 daemon->ports_inherited, daemon->report);
	}
	return 0;
}

static void arm(struct daemon *daemon)
{
	struct ev_loop *loop = daemon->loop;

	ev_io_init(&daemon->store_io, on_store, store_fd(daemon->store), EV_READ);
	daemon->store_io.data = daemon;
	ev_io_init(&daemon->ports_io, on_ports, daemon->ports, EV_READ);
	daemon->ports_io.data = daemon;
	ev_io_start(loop, &daemon->ports_io);
	ev_io_init(&daemon->inotify_io, on_inotify, daemon->inotify, EV_READ);
	daemon->inotify_io.data = daemon;
	if (daemon->inotify >= 0) {
		ev_io_start(loop, &daemon->inotify_io);
	}
	ev_init(&daemon->period, on_period);
	daemon->period.repeat = CONSOLE_PERIOD_MS / 1000.0;
	daemon->period.data = daemon;
	ev_timer_init(&daemon->sweep, on_sweep, SWEEP_S, SWEEP_S);
	daemon->sweep.data = daemon;
	ev_timer_start(loop, &daemon->sweep);
	ev_signal_init(&daemon->hangup, on_hangup, SIGHUP);
	daemon->hangup.data = daemon;
	ev_signal_start(loop, &daemon->hangup);
	ev_signal_init(&daemon->terminate, on_terminate, SIGTERM);
	ev_signal_start(loop, &daemon->terminate);
	ev_signal_init(&daemon->interrupt, on_terminate, SIGINT);
	ev_signal_start(loop, &daemon->interrupt);
}

static void end(struct daemon *daemon)
{
	while (!LIST_EMPTY(&daemon->entries)) {
		/* The next instance goes on with them. */
		entry_remove(LIST_FIRST(&daemon->entries));
	}
	hypervisor_end(&daemon->hypervisor);
	store_close(daemon->store);
	if (daemon->inotify >= 0) {
		close(daemon->inotify);
	}
	if (daemon->ports >= 0) {
		close(daemon->ports);
	}
	ev_loop_destroy(daemon->loop);
}

int daemon_run(const struct daemon_options *options, struct report *report)
{
	struct daemon daemon = {.options = options, .report = report, .ports = -1, .inotify = -1};
	int err;

	LIST_INIT(&daemon.entries);
	daemon.loop = ev_loop_new(EVFLAG_AUTO);
	if (!daemon.loop) {
		return report_error(report, ENOMEM, "the event loop");
	}
	err = begin(&daemon);
	if (!err) {
		arm(&daemon);
		scan(&daemon);
		console_salvage(&options->console, report);
		keeper_settle(options->console.keeper);
		drain_store(&daemon);
		tell(&daemon);
		if (options->ready) {
			options->ready();
		}
		ev_run(daemon.loop, 0);
	}
	end(&daemon);
	return err;
}
