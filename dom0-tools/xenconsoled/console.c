/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a console; see console.h. The order in which a byte goes is always ring, journal,
 * log, terminal, and whatever is interrupted goes on from the journal.
 */
#include "xenconsoled/console.h"

#include "keeper/keeper.h"
#include "lib/report.h"
#include "xenconsoled/ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- making ----------------------------------------------------------------------------------- */

static void keeper_name(const struct console *console, const char *what, char to[32])
{
	snprintf(to, 32, "%s.%u", what, console->domid);
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
}

static int find_journal(struct console *console, const char *owner, struct report *report)
{
	char name[32];
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

static int find_terminal(struct console *console, struct report *report)
{
	char name[32];
	int err;

	keeper_name(console, "tty", name);
	if (!keeper_take(console->settings->keeper, name, &console->master)) {
		err = tty_name(console->master, console->tty);
		if (!err) {
			return 0;
		}
		close(console->master);
	}
	err = tty_open(&console->master, console->tty);
	if (err) {
		console->master = -1;
		report_error(report, -err, "domain %u: a terminal for its console", console->domid);
		report_next(report, "is /dev/pts mounted, and kernel.pty.max high enough?");
		return err;
	}
	console->journal->attached = 0;
	return keeper_store(console->settings->keeper, name, console->master);
}

int console_create(struct console **made, const struct console_settings *settings,
		   unsigned int domid, const char *name, const char *owner, struct report *report)
{
	struct console *console = calloc(1, sizeof(*console));
	char file[sizeof(console->journal->log_name)] = "";
	int err;

	if (!console) {
		return report_error(report, ENOMEM, "domain %u: its console", domid);
	}
	console->domid = domid;
	console->settings = settings;
	console->master = -1;
	console->ports = -1;
	console->log.fd = -1;
	console->backlog = JOURNAL_HISTORY;
	err = find_journal(console, owner, report);
	if (!err) {
		err = find_terminal(console, report);
	}
	if (err) {
		console_destroy(console);
		return err;
	}
	if (settings->log_folder) {
		snprintf(file, sizeof(file), "guest-%s", name);
		memcpy(console->journal->log_name, file, sizeof(file));
		/* A console without its log is better than none. */
		if (!log_open(&console->log, settings->log_folder, file, &settings->log,
			      console->journal, report)) {
			log_write(&console->log, console->journal, report);
		}
	}
	console_look(console, report);
	*made = console;
	return 0;
}

static void disconnect(struct console *console)
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
		disconnect(console);
		is_known = false;
		is_bound = false;
	}
	err = settings->host->map(settings->context, console->domid, ring_ref, &ring);
	if (err) {
		return report_error(report, -err, "domain %u: its console's page", console->domid);
	}
	err = bind_port(console, ports, is_bound, remote_port);
	if (err) {
		settings->host->unmap(settings->context, ring);
		return report_error(report, -err, "domain %u: its console's port %u",
				    console->domid, remote_port);
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

static void detached(struct console *console)
{
	console->journal->attached = 0;
	tty_flush(console->tty);
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

void console_look(struct console *console, struct report *report)
{
	bool is_attached = tty_is_attached(console->master);
	struct journal *journal = console->journal;

	if (is_attached && !journal->attached) {
		rewind_to_line(journal);
		journal->attached = 1;
	} else if (!is_attached && journal->attached) {
		detached(console);
	}
	console_terminal(console, report);
}

static void show(struct console *console)
{
	struct journal *journal = console->journal;

	while (journal->attached && journal->shown < journal->taken) {
		const char *bytes;
		size_t length;
		int done;

		if (journal->taken - journal->shown > console->backlog &&
		    !console->settings->keep_overflow) {
			journal->shown = journal->taken - console->backlog;
		}
		bytes = journal_at(journal, &journal->shown, &length);
		done = tty_write(console->master, bytes, length);
		if (done < 0) {
			detached(console);
		}
		if (done <= 0) {
			break;
		}
		journal->shown += (uint64_t)done;
	}
}

static void type(struct console *console)
{
	const struct console_settings *settings = console->settings;
	char bytes[XENCONS_IN_SIZE];
	size_t room = console->ring ? ring_room(console->ring) : 0;
	int count;

	if (!room) {
		return;
	}
	/* Of who has left, too: what was typed before is still there. */
	count = tty_read(console->master, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (count < 0 && console->journal->attached) {
		detached(console);
	} else if (count > 0) {
		ring_put(console->ring, bytes, (size_t)count);
		settings->host->notify(settings->context, console->ports,
				       console->journal->local_port);
	}
}

void console_terminal(struct console *console, struct report *report)
{
	type(console);
	show(console);
	if (console->settings->keep_overflow && console->ring) {
		console_ring(console, report);
	}
}

bool console_wants_input(const struct console *console)
{
	return console->journal->attached && console->ring && ring_room(console->ring);
}

bool console_wants_output(const struct console *console)
{
	return console->journal->attached && console->journal->shown < console->journal->taken;
}

/* --- ring ------------------------------------------------------------------------------------- */

/* What may be taken without overwriting what somebody is to get. */
static size_t room_for_more(const struct console *console)
{
	const struct journal *journal = console->journal;
	uint64_t owed = journal->taken;

	if (!console->settings->keep_overflow) {
		return JOURNAL_HISTORY;
	}
	if (journal->attached && journal->shown < owed) {
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
				       "domain %u: nonsense in its console ring, contents dropped",
				       console->domid);
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
	char name[32];

	if (console->ring) {
		take(console, XENCONS_OUT_SIZE, report);
	}
	disconnect(console);
	show(console);
	/* The number may be another domain's at once. */
	keeper_name(console, "tty", name);
	keeper_forget(console->settings->keeper, name);
	keeper_name(console, "journal", name);
	keeper_forget(console->settings->keeper, name);
}

bool console_is_unread(const struct console *console)
{
	const struct journal *journal = console->journal;

	return journal->attached &&
	       (journal->shown < journal->taken || tty_unread(console->tty) > 0);
}
