/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console daemon: which domains there are (from the store), an event loop over their consoles,
 * the hypervisor's log. One thread.
 */
#ifndef XENCONSOLED_DAEMON_H
#define XENCONSOLED_DAEMON_H

#include "xenconsoled/console.h"

struct daemon_options {
	struct console_settings console;
	const char *hypervisor_folder; /* where its log goes; NULL: not kept */
	struct log_options hypervisor_log;
	/* Prints and clears what has been reported. */
	void (*tell)(struct report *report);
	/* Everything the last instance left has been taken over; NULL: nobody asks. */
	void (*ready)(void);
};

/* Runs until SIGTERM or SIGINT: 0. SIGHUP opens the log files anew. A negative errno when it could
 * not begin. */
int daemon_run(const struct daemon_options *options, struct report *report);

#endif
