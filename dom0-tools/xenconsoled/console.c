/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a console; see console.h. The order in which a byte goes is always ring, journal,
 * log, terminal, and whatever is interrupted goes on from the journal.
 */
#include "xenconsoled/console.h"

#include "keeper/keeper.h"
#include "lib/report.h"
#include "xenconsoled/ring.h"
#include "xenconsoled/user_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- making ----------------------------------------------------------------------------------- */

static void keeper_name(const struct console *console, const char *what, char to[48])
{
	if (console->number) {
		snprintf(to, 48, "%s.%u.%u", what, console->domid, console->number);
	} else {
		snprintf(to, 48, "%s.%u", what, console->domid);
	}
}

static void forget(const struct console *console, const char *what)
{
	char name[48];

	keeper_name(console, what, name);
	keeper_forget(console->settings->keeper, name);
}

/* Takes over what the last instance stored under a name. */
static bool inherit(const struct console *console, const char *what, int *fd)
{
	char name[48];

	keeper_name(console, what, name);
	return !keeper_take(console->settings->keeper, name, fd);
}

static int keep(const struct console *console, const char *what, int fd)
{
	char name[48];

	keeper_name(console, what, name);
	return keeper_store(console->settings->keeper, name, fd);
}

static bool is_channel(const struct console *console)
{
	return console->number > 0;
}

/* Writes what a journal still owes to its log. */
static void salvage(const struct console_settings *settings, struct journal *journal,
		    struct report *report)
{
	struct log log;

	if (!settings->log_folder || !journal->log_name[0] ||
	    journal_mark(journal).logged >= journal->taken) {
		return;
	}
	if (!log_open(&log, settings->log_folder, journal->log_name, &settings->log, journal,
		      report)) {
		log_write(&log, journal, report);
	}
	log_close(&log);
}

void console_salvage(const struct console_settings *settings, struct report *report)
{
	const char *name;
	int fd;

	while (keeper_each(settings->keeper, "journal.", &name, &fd)) {
		struct stat state;
		struct journal *journal = MAP_FAILED;

		if (fstat(fd, &state) == 0 && state.st_size == (off_t)sizeof(*journal)) {
			journal = mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE, MAP_SHARED,
				       fd, 0);
		}
		close(fd);
		if (journal != MAP_FAILED) {
			if (journal_is_one(journal)) {
				salvage(settings, journal, report);
			}
			munmap(journal, sizeof(*journal));
		}
		keeper_forget(settings->keeper, name);
	}
	while (keeper_each(settings->keeper, "socket.", &name, &fd)) {
		user_socket_remove(fd);
		keeper_forget(settings->keeper, name);
	}
}

static int find_journal(struct console *console, const char *owner, struct report *report)
{
	char name[48];
	void *map;
	bool fresh;
	int err;

	keeper_name(console, "journal", name);
	err = keeper_journal(console->settings->keeper, name, sizeof(*console->journal), &map,
			     &fresh, report);
	if (err) {
		return err;
	}
	console->journal = map;
	if (fresh || !journal_is_of(console->journal, owner)) {
		if (!fresh && journal_is_one(console->journal)) {
			salvage(console->settings, console->journal, report);
		}
		journal_init(console->journal, owner);
	}
	return 0;
}

static bool is_attached(const struct console *console)
{
	return console->journal->attached & JOURNAL_ATTACHED;
}

/* From the oldest byte, or the beginning of the first whole line. */
static void rewind_to_line(struct journal *journal)
{
	uint64_t position = journal_oldest(journal);
	bool is_cut = position > 0;

	while (is_cut && position < journal->taken) {
		is_cut = journal->history[position++ % JOURNAL_HISTORY] != '\n';
	}
	/* One line longer than everything: all of it. */
	journal->shown = position == journal->taken ? journal_oldest(journal) : position;
}

static void attached(struct console *console)
{
	struct journal *journal = console->journal;

	if (is_channel(console)) {
		journal->shown = journal->taken;
	} else {
		rewind_to_line(journal);
	}
	journal->attached = JOURNAL_ATTACHED;
}

/* What somebody who was attached may not have got whole is not gone on with. */
static void drop_doubtful(struct console *console, const char *what)
{
	int fd;

	if (!(console->journal->attached & JOURNAL_CARRYING)) {
		return;
	}
	if (inherit(console, what, &fd)) {
		close(fd);
		forget(console, what);
	}
	console->journal->attached = 0;
}

static int find_terminal(struct console *console, struct report *report)
{
	int err;

	drop_doubtful(console, "tty");
	if (inherit(console, "tty", &console->master)) {
		err = tty_name(console->master, console->tty);
		if (!err) {
			return 0;
		}
		close(console->master);
	}
	err = tty_open(&console->master, console->tty);
	if (err) {
		console->master = -1;
		report_error(report, -err, "domain %u: a terminal for its %s", console->domid,
			     console->what);
		report_next(report, "is /dev/pts mounted, and kernel.pty.max high enough?");
		return err;
	}
	console->journal->attached = 0;
	return keep(console, "tty", console->master);
}

static int find_socket(struct console *console, const char *path, struct report *report)
{
	int err;

	console->is_socket = true;
	drop_doubtful(console, "user");
	if (!inherit(console, "user", &console->master)) {
		console->master = -1;
		console->journal->attached = 0;
	} else if (!is_attached(console)) {
		attached(console);
	}
	if (inherit(console, "socket", &console->listener)) {
		return 0;
	}
	err = user_socket_listen(path, &console->listener);
	if (err) {
		console->listener = -1;
		report_error(report, -err, "domain %u: the socket of its %s, %s", console->domid,
			     console->what, path);
		report_next(report, "its folder must exist and be root's, and nobody else use the "
				    "path; then create the domain anew");
		return err;
	}
	err = keep(console, "socket", console->listener);
	if (err) {
		user_socket_remove(console->listener);
		console->listener = -1;
	}
	return err;
}

static void find_log(struct console *console, const char *domain, struct report *report)
{
	const struct console_settings *settings = console->settings;
	char file[sizeof(console->journal->log_name)] = "";

	if (!settings->log_folder || is_channel(console)) {
		return;
	}
	snprintf(file, sizeof(file), "guest-%s", domain);
	memcpy(console->journal->log_name, file, sizeof(file));
	/* A console without its log is better than none. */
	if (!log_open(&console->log, settings->log_folder, file, &settings->log, console->journal,
		      report)) {
		log_write(&console->log, console->journal, report);
	}
}

int console_create(struct console **made, const struct console_settings *settings,
		   const struct console_of *of, struct report *report)
{
	struct console *console = calloc(1, sizeof(*console));
	int err;

	if (!console) {
		return report_error(report, ENOMEM, "domain %u: its console", of->domid);
	}
	console->domid = of->domid;
	console->number = of->number;
	snprintf(console->what, sizeof(console->what), of->number ? "channel %u" : "console",
		 of->number);
	console->settings = settings;
	console->master = -1;
	console->listener = -1;
	console->ports = -1;
	console->log.fd = -1;
	console->backlog = JOURNAL_HISTORY;
	err = find_journal(console, of->owner, report);
	if (!err) {
		err = of->socket ? find_socket(console, of->socket, report)
				 : find_terminal(console, report);
	}
	if (err) {
		console_destroy(console);
		return err;
	}
	find_log(console, of->name, report);
	console_look(console, report);
	*made = console;
	return 0;
}

void console_disconnect(struct console *console)
{
	const struct console_settings *settings = console->settings;

	if (!console->ring) {
		return;
	}
	settings->host->unbind(settings->context, console->ports, console->journal->local_port);
	settings->host->unmap(settings->context, console->ring);
	console->ring = NULL;
	console->ports = -1;
	console->journal->ring_ref = 0;
}

void console_destroy(struct console *console)
{
	if (console->ring) {
		console->settings->host->unmap(console->settings->context, console->ring);
	}
	log_close(&console->log);
	if (console->master >= 0) {
		close(console->master);
	}
	if (console->listener >= 0) {
		close(console->listener);
	}
	if (console->journal) {
		munmap(console->journal, sizeof(*console->journal));
	}
	free(console);
}

/* --- connecting ------------------------------------------------------------------------------- */

/* A port the journal names is bound already if its descriptor outlived the last instance. */
static int bind_port(struct console *console, int ports, bool is_bound, uint32_t remote)
{
	const struct console_settings *settings = console->settings;
	uint32_t port;
	int err;

	if (is_bound) {
		return 0;
	}
	err = settings->host->bind(settings->context, ports, console->domid, remote, &port);
	if (!err) {
		console->journal->local_port = port;
		console->journal->remote_port = remote;
	}
	return err;
}

int console_connect(struct console *console, int ports, bool ports_inherited, uint64_t ring_ref,
		    uint32_t remote_port, struct report *report)
{
	const struct console_settings *settings = console->settings;
	struct journal *journal = console->journal;
	bool is_known = journal->ring_ref == ring_ref + 1;
	bool is_bound = ports_inherited && is_known && journal->remote_port == remote_port;
	struct xencons_interface *ring;
	int err;

	if (console->ring && is_known && journal->remote_port == remote_port) {
		return 0;
	}
	if (console->ring) {
		console_disconnect(console);
		is_known = false;
		is_bound = false;
	}
	err = settings->host->map(settings->context, console->domid, console->number, ring_ref,
				  &ring);
	if (err) {
		return report_error(report, -err, "domain %u: its %s's page", console->domid,
				    console->what);
	}
	err = bind_port(console, ports, is_bound, remote_port);
	if (err) {
		settings->host->unmap(settings->context, ring);
		return report_error(report, -err, "domain %u: its %s's port %u", console->domid,
				    console->what, remote_port);
	}
	console->ring = ring;
	console->ports = ports;
	if (is_known) {
		ring_resume(ring, journal);
	} else {
		ring_begin(ring, journal);
	}
	journal->ring_ref = ring_ref + 1; /* 0: none */
	/* The guest may have waited for an instance that is dead. */
	console_ring(console, report);
	settings->host->notify(settings->context, ports, journal->local_port);
	return 0;
}

/* --- terminal --------------------------------------------------------------------------------- */

/* Around what must not happen to a channel's bytes twice, or never. */
static void carrying(struct console *console, bool now)
{
	if (is_channel(console)) {
		__atomic_store_n(&console->journal->attached,
				 JOURNAL_ATTACHED | (now ? JOURNAL_CARRYING : 0), __ATOMIC_SEQ_CST);
	}
}

static void detached(struct console *console)
{
	console->journal->attached = 0;
	if (!console->is_socket) {
		tty_flush(console->tty);
		return;
	}
	close(console->master);
	console->master = -1;
	forget(console, "user");
}

/* Who leaves a socket is noticed by reading: what was sent before is still there. */
static void look_at_socket(struct console *console)
{
	if (console->master >= 0 || console->listener < 0 ||
	    user_socket_accept(console->listener, &console->master)) {
		return;
	}
	if (keep(console, "user", console->master)) {
		/* It would be lost with us. */
		close(console->master);
		console->master = -1;
		return;
	}
	attached(console);
}

void console_look(struct console *console, struct report *report)
{
	bool now = !console->is_socket && tty_is_attached(console->master);

	if (console->is_socket) {
		look_at_socket(console);
	} else if (now && !is_attached(console)) {
		attached(console);
	} else if (!now && is_attached(console)) {
		detached(console);
	}
	console_terminal(console, report);
}

static bool keeps_overflow(const struct console *console)
{
	return console->settings->keep_overflow || is_channel(console);
}

static void show(struct console *console)
{
	struct journal *journal = console->journal;

	while (is_attached(console) && journal->shown < journal->taken) {
		const char *bytes;
		size_t length;
		int done;

		if (journal->taken - journal->shown > console->backlog &&
		    !keeps_overflow(console)) {
			journal->shown = journal->taken - console->backlog;
		}
		bytes = journal_at(journal, &journal->shown, &length);
		carrying(console, true);
		done = tty_write(console->master, bytes, length);
		if (done > 0) {
			journal->shown += (uint64_t)done;
		}
		carrying(console, false);
		if (done < 0) {
			detached(console);
		}
		if (done <= 0) {
			break;
		}
	}
}

static void type(struct console *console)
{
	const struct console_settings *settings = console->settings;
	char bytes[XENCONS_IN_SIZE];
	size_t room = console->ring ? ring_room(console->ring) : 0;
	int count;

	/* Of who has left a terminal, too: what was typed before is still there. */
	if (!room || (is_channel(console) && !is_attached(console))) {
		return;
	}
	carrying(console, true);
	count = tty_read(console->master, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (count > 0) {
		ring_put(console->ring, bytes, (size_t)count);
	}
	carrying(console, false);
	if (count < 0 && is_attached(console)) {
		detached(console);
	} else if (count > 0) {
		settings->host->notify(settings->context, console->ports,
				       console->journal->local_port);
	}
}

void console_terminal(struct console *console, struct report *report)
{
	type(console);
	show(console);
	if (keeps_overflow(console) && console->ring) {
		console_ring(console, report);
	}
}

int console_fd(const struct console *console)
{
	return console->master >= 0 ? console->master : console->listener;
}

bool console_wants_input(const struct console *console)
{
	if (console->master < 0) {
		return console->listener >= 0;
	}
	return is_attached(console) && console->ring && ring_room(console->ring);
}

bool console_wants_output(const struct console *console)
{
	return is_attached(console) && console->journal->shown < console->journal->taken;
}

/* --- ring ------------------------------------------------------------------------------------- */

/* What may be taken without overwriting what somebody is to get. */
static size_t room_for_more(const struct console *console)
{
	const struct journal *journal = console->journal;
	uint64_t owed = journal->taken;

	if (!keeps_overflow(console)) {
		return JOURNAL_HISTORY;
	}
	if (is_attached(console) && journal->shown < owed) {
		owed = journal->shown;
	}
	return JOURNAL_HISTORY - (journal->taken - owed);
}

/* Takes what is there, as far as it may. True if that was anything. */
static bool take(struct console *console, size_t budget, struct report *report)
{
	size_t total = 0;

	while (total < budget) {
		size_t room = room_for_more(console);
		size_t most = budget - total < room ? budget - total : room;
		int count = ring_take(console->ring, console->journal, most);

		if (count < 0 && !console->nonsense) {
			console->nonsense = true;
			report_warning(report,
				       "domain %u: nonsense in its %s ring, contents dropped",
				       console->domid, console->what);
		}
		if (count <= 0) {
			break;
		}
		total += (size_t)count;
		log_write(&console->log, console->journal, report);
		show(console);
	}
	console->taken_now += total;
	return total;
}

static size_t rate_of(const struct console *console)
{
	return console->settings->rate ? console->settings->rate : CONSOLE_RATE;
}

void console_ring(struct console *console, struct report *report)
{
	const struct console_settings *settings = console->settings;
	size_t rate = rate_of(console);
	uint32_t port = console->journal->local_port;

	if (!console->ring) {
		return;
	}
	console->wakes_now++;
	if (console->taken_now < rate && take(console, rate - console->taken_now, report)) {
		settings->host->notify(settings->context, console->ports, port);
	}
	type(console);
	console->throttled =
		console->wakes_now > CONSOLE_WAKES ||
		(console->taken_now >= rate && ring_waiting(console->ring, console->journal));
	if (!console->throttled) {
		settings->host->unmask(settings->context, console->ports, port);
	}
}

void console_refill(struct console *console, struct report *report)
{
	console->taken_now = 0;
	console->wakes_now = 0;
	if (console->throttled) {
		console->throttled = false;
		console_ring(console, report);
	}
}

/* --- the end ---------------------------------------------------------------------------------- */

void console_last_words(struct console *console, struct report *report)
{
	if (console->ring) {
		take(console, XENCONS_OUT_SIZE, report);
	}
	console_disconnect(console);
	show(console);
	/* The number may be another domain's at once, and the path. */
	if (console->is_socket) {
		user_socket_remove(console->listener);
		console->listener = -1;
		forget(console, "socket");
		forget(console, "user");
	} else {
		forget(console, "tty");
	}
	forget(console, "journal");
}

bool console_is_unread(const struct console *console)
{
	const struct journal *journal = console->journal;

	return is_attached(console) && (journal->shown < journal->taken ||
					(console->is_socket ? user_socket_unread(console->master)
							    : tty_unread(console->tty)) > 0);
}
