/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's log: a journal and a file, as of a console, without a ring or a terminal. The
 * position in the hypervisor's buffer is base + taken, as a ring's index is.
 */
#ifndef XENCONSOLED_HYPERVISOR_H
#define XENCONSOLED_HYPERVISOR_H

#include "xenconsoled/daemon.h"

struct hypervisor {
	const struct console_settings *settings;
	struct journal *journal; /* NULL: not kept, and all that follows does nothing */
	struct log log;
	uint32_t port;
};

/* Goes on where the last instance was. ports_inherited: as of console_connect(). */
int hypervisor_begin(struct hypervisor *hypervisor, const struct daemon_options *options, int ports,
		     bool ports_inherited, struct report *report);
/* Its port rang: takes what there is, and listens again. */
void hypervisor_read(struct hypervisor *hypervisor, int ports, struct report *report);
/* Tries again what could not be written. */
void hypervisor_sweep(struct hypervisor *hypervisor, struct report *report);
/* The file may have been moved away. */
void hypervisor_reopen(struct hypervisor *hypervisor, struct report *report);
void hypervisor_end(struct hypervisor *hypervisor);

#endif
