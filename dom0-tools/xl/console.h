/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's terminal on a guest's console: done by the program xenconsole, which is run. It looks
 * for the console's pty in the store, switches the terminal to raw mode and back.
 */
#ifndef XL_CONSOLE_H
#define XL_CONSOLE_H

#include "xl/xl.h"

#include <sys/types.h>

struct console_options {
	const char *type; /* "pv", "serial" */
	unsigned int number;
	const char *escape; /* a character, "^X" or "none"; NULL: ^] */
};

/* Becomes the console; returns, with an exit status, only if that is not possible. */
int console_attach(struct xl *xl, domid_t domid, const struct console_options *options);

/* The same in a child, for a domain that is about to run: -1 after saying why not. */
pid_t console_start(struct xl *xl, domid_t domid);
void console_wait(pid_t child);

#endif
