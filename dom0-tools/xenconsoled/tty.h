/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal of a console: a pty whose master the keeper holds, so that who has the other end
 * open does not notice a daemon's death. We never keep the other end open ourselves: a master that
 * hangs up is one where nobody is attached.
 */
#ifndef XENCONSOLED_TTY_H
#define XENCONSOLED_TTY_H

#include <stdbool.h>
#include <stddef.h>

#define TTY_NAME_MAX 64

/* A new one, raw, nobody attached. */
int tty_open(int *master, char name[TTY_NAME_MAX]);
/* The name of one we got from the keeper. */
int tty_name(int master, char name[TTY_NAME_MAX]);

bool tty_is_attached(int master);

/* Bytes done; 0: none now; negative: nobody is attached any more. */
int tty_write(int master, const char *bytes, size_t length);
int tty_read(int master, char *bytes, size_t length);

/* What a user left behind unread is thrown away, when the last one has gone; not what was typed. */
void tty_flush(const char *name);
/* Bytes written that no reader has fetched yet. */
size_t tty_unread(const char *name);

#endif
