/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of the console daemon; see daemon.h. Consoles are found by looking through /local/domain
 * whenever a domain is introduced or released, channels by a watch on their backends as well; a
 * watch follows the folder in which the ring of each is told. That somebody opens a terminal is
 * told by inotify; a sweep each second finds what inotify did not say, and tries failed logs again.
 */
#include "xenconsoled/daemon.h"

#include "keeper/keeper.h"
#include "lib/report.h"
#include "store/store.h"
#include "xenconsoled/entry.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <ev.h>

#define DOMAIN_ID_END 0x7ff0U
#define SWEEP_S 1.0

void daemon_tell(struct daemon *daemon)
{
	if (daemon->report->count || daemon->report->lost) {
		daemon->options->tell(daemon->report);
	}
}

/* --- domains ---------------------------------------------------------------------------------- */

static bool is_ours(struct daemon *daemon, unsigned int domid)
{
	char *type = entry_read(daemon, domid, "console/type", "xenconsoled");
	bool ours = type && strcmp(type, "xenconsoled") == 0;

	free(type);
	return ours;
}

static void add_channel(struct daemon *daemon, unsigned int domid, unsigned int number)
{
	struct console_of of = {.domid = domid, .number = number, .name = ""};
	char *owner = entry_read(daemon, domid, "vm", "");
	char *socket = NULL;
	int err = owner ? channel_socket(daemon->store, domid, number, &socket) : -ENOMEM;

	of.owner = owner;
	of.socket = socket;
	if (!err) {
		err = entry_serve(daemon, &of);
	}
	if (err) {
		channel_give_up(daemon->store, domid, number, strerror(-err));
	}
	report_detail(daemon->report, "domain %u: channel %u %s", domid, number,
		      err      ? "not served"
		      : socket ? socket
			       : "served");
	free(owner);
	free(socket);
}

static void add_channels(struct daemon *daemon, unsigned int domid)
{
	unsigned int *numbers = NULL;
	unsigned int count;

	if (channel_list(daemon->store, domid, &numbers, &count)) {
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (!entry_find(daemon, domid, numbers[i])) {
			add_channel(daemon, domid, numbers[i]);
		}
	}
	free(numbers);
}

static void add(struct daemon *daemon, unsigned int domid)
{
	char fallback[16];
	struct console_of of = {.domid = domid};
	char *name;
	char *owner;

	snprintf(fallback, sizeof(fallback), "dom%u", domid);
	name = entry_read(daemon, domid, "name", fallback);
	owner = entry_read(daemon, domid, "vm", "");
	of.name = name;
	of.owner = owner;
	if (name && owner && is_ours(daemon, domid)) {
		(void)entry_serve(daemon, &of);
	}
	report_detail(daemon->report, "domain %u: %s, console %s", domid, name ? name : "",
		      entry_find(daemon, domid, 0) ? "served" : "not served");
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
		    entry_find(daemon, (unsigned int)domid, 0)) {
			continue;
		}
		if (is_gone(daemon, (unsigned int)domid)) {
			report_detail(daemon->report, "domain %lu: in the store, but gone", domid);
			continue;
		}
		add(daemon, (unsigned int)domid);
		add_channels(daemon, (unsigned int)domid);
	}
	free(names);
}

/* Lets go of domains that are gone; who is attached may read to the end. */
static void leave(struct daemon *daemon)
{
	struct entry *entry;

	LIST_FOREACH(entry, &daemon->entries, next)
	{
		char token[24];

		if (entry->is_leaving || !is_gone(daemon, entry->console->domid)) {
			continue;
		}
		entry_token(entry, token);
		store_unwatch(daemon->store, entry->path, token);
		console_last_words(entry->console, daemon->report);
		entry->is_leaving = true;
		entry->deadline = ev_now(daemon->loop) + CONSOLE_LAST_MS / 1000.0;
		entry_arm(entry);
	}
}

/* --- the store -------------------------------------------------------------------------------- */

/* Something changed in a backend's folder: perhaps that it is there. */
static void look_for_channel(struct daemon *daemon, const char *path)
{
	unsigned int domid;
	unsigned int number;

	if (channel_of_path(path, &domid, &number) && !entry_find(daemon, domid, number) &&
	    channel_is_ours(daemon->store, domid, number) && !is_gone(daemon, domid)) {
		add_channel(daemon, domid, number);
	}
}

static void take_event(struct daemon *daemon, const struct store_event *event)
{
	unsigned int domid;
	unsigned int number = 0;
	struct entry *entry = NULL;

	report_detail(daemon->report, "store event %s, %s", event->path, event->token);
	if (event->path[0] == '@') {
		leave(daemon);
		scan(daemon);
		return;
	}
	if (strcmp(event->token, "channels") == 0) {
		look_for_channel(daemon, event->path);
	} else if (sscanf(event->token, "%u.%u", &domid, &number) == 2) {
		entry = entry_find(daemon, domid, number);
	}
	if (entry && entry->was_followed && number) {
		entry->is_stale = true;
	} else if (entry) {
		entry_follow(entry);
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
	daemon_tell(daemon);
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
	daemon_tell(daemon);
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
	daemon_tell(daemon);
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
		entry->was_followed = false;
		if (entry->is_stale && !entry->is_leaving) {
			entry_follow(entry);
		}
		if (entry->is_leaving) {
			console_terminal(entry->console, daemon->report);
			if (!console_is_unread(entry->console) || ev_now(loop) >= entry->deadline) {
				entry_remove(entry);
				continue;
			}
		}
		go_on |= entry_is_busy(entry);
		entry_arm(entry);
	}
	if (!go_on) {
		ev_timer_stop(loop, timer);
	}
	daemon_tell(daemon);
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
			entry_follow(entry);
			daemon->report = report;
			report_clear(&ignored);
		}
		entry_arm(entry);
	}
	hypervisor_sweep(&daemon->hypervisor, daemon->report);
	drain_store(daemon);
	daemon_tell(daemon);
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
	daemon_tell(daemon);
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
	if (!err) {
		err = store_watch(daemon->store, CHANNEL_BACKENDS, "channels");
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
		daemon_tell(&daemon);
		if (options->ready) {
			options->ready();
		}
		ev_run(daemon.loop, 0);
	}
	end(&daemon);
	return err;
}
