/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket of a channel: a Unix stream socket of root's, mode 0600, that carries one user at a
 * time. Others wait in its queue until that one has left. Once accepted, a connection is read and
 * written as a terminal's master is, see tty.h.
 */
#ifndef XENCONSOLED_USER_SOCKET_H
#define XENCONSOLED_USER_SOCKET_H

#include <stddef.h>

/* *fd listens at path. A socket there at which nobody listens any more is replaced; -EADDRINUSE:
 * somebody does, or it is no socket. -ENAMETOOLONG: longer than 107 bytes. */
int user_socket_listen(const char *path, int *fd);

/* Takes who waits, if anybody does: *fd; -EAGAIN: nobody. */
int user_socket_accept(int listener, int *fd);

/* Closes it, and removes it from the folder it is in. */
void user_socket_remove(int listener);

/* Bytes written to a connection that its user has not fetched. */
size_t user_socket_unread(int fd);

#endif
