/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One domain's console, or one of its channels: a ring, a terminal or a socket, a log file, and the
 * journal between them.
 *
 *	console: waiting -> connected    the store tells ring and port
 *	console: connected -> waiting    they changed; or to last words, when the domain dies
 *	console: last words -> destroyed what it printed last has been read by who is attached, or
 *	                                 CONSOLE_LAST_MS have passed
 *
 *	terminal: detached -> attached   somebody opened it: the history is shown, from the
 *	                                 beginning of a line on
 *	terminal: attached -> detached   the last one closed it
 *
 * A guest that prints without end is heard for `rate` bytes and CONSOLE_WAKES wake-ups in each
 * period; its port stays masked for the rest of it. Nothing here waits.
 *
 * A channel carries data, not text: it has no log and no history. What the guest sends while nobody
 * is attached is dropped, what an attached user does not read makes the guest wait, and a user who
 * might get a byte twice or miss one, because a daemon was killed half way, is disconnected.
 */
#ifndef XENCONSOLED_CONSOLE_H
#define XENCONSOLED_CONSOLE_H

#include "xenconsoled/host.h"
#include "xenconsoled/journal.h"
#include "xenconsoled/log.h"
#include "xenconsoled/tty.h"

struct keeper;

#define CONSOLE_PERIOD_MS 100
#define CONSOLE_RATE (128U * 1024) /* bytes a period */
#define CONSOLE_WAKES 100U
#define CONSOLE_LAST_MS 3000

struct console_settings {
	const struct console_host *host;
	void *context;
	struct keeper *keeper;
	const char *log_folder; /* NULL: no logs of guests */
	struct log_options log;
	bool keep_overflow; /* a user who does not read stalls the guest, instead of missing text */
	size_t rate;        /* bytes a period; 0: CONSOLE_RATE */
};

/* Which one, and whose. */
struct console_of {
	unsigned int domid;
	unsigned int number; /* 0: the console; from 1: a channel */
	const char *name;    /* of the domain, for the log's name */
	const char *owner;   /* tells domains apart that bear one number after the other */
	const char *socket;  /* path of a channel's socket; NULL: a terminal */
};

struct console {
	unsigned int domid;
	unsigned int number;
	char what[24]; /* "console", "channel 1" */
	const struct console_settings *settings;
	struct journal *journal;
	struct xencons_interface *ring; /* NULL: waiting */
	int ports;                      /* the descriptor the port belongs to; -1 with ring NULL */
	bool is_socket;
	int listener; /* of a socket; -1: a terminal, or last words */
	int master;   /* of a terminal; a socket's connection, -1: none */
	char tty[TTY_NAME_MAX];
	struct log log;
	size_t backlog; /* bytes kept for a user who does not read */
	size_t taken_now;
	unsigned int wakes_now;
	bool throttled;
	bool nonsense; /* the guest's index was, and that was reported */
};

/* What the keeper has of this one is taken over. */
int console_create(struct console **console, const struct console_settings *settings,
		   const struct console_of *of, struct report *report);

/* Connects to this ring and port, unless it is. ports_inherited: the descriptor comes from the
 * keeper, so a port the journal names is still bound. */
int console_connect(struct console *console, int ports, bool ports_inherited, uint64_t ring_ref,
		    uint32_t remote_port, struct report *report);

/* Lets go of ring and port, if there are any. */
void console_disconnect(struct console *console);

/* The guest rang, or may have. */
void console_ring(struct console *console, struct report *report);
/* A new period: what was throttled is heard again. */
void console_refill(struct console *console, struct report *report);

/* What is to be polled, and whether for reading and writing. */
int console_fd(const struct console *console);
bool console_wants_input(const struct console *console);
bool console_wants_output(const struct console *console);
void console_terminal(struct console *console, struct report *report);
/* Somebody may have opened or closed the terminal, or waits at the socket. */
void console_look(struct console *console, struct report *report);

/* The domain is gone: takes what is left, lets go of its memory, and makes the keeper forget it. */
void console_last_words(struct console *console, struct report *report);
/* Whether an attached user still has something to read. */
bool console_is_unread(const struct console *console);

/* Unless there were last words, the next instance finds it at the keeper. */
void console_destroy(struct console *console);

/* Writes the logs of consoles the last instance left whose domains are gone, and removes their
 * channels' sockets: nobody has claimed them. Call after all others were made. */
void console_salvage(const struct console_settings *settings, struct report *report);

#endif
