/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stream sockets: listening, accepting, bytes in and out of the slots. Who may connect may do
 * everything (the socket is root's); the read-only one refuses changes.
 *
 * The keeper holds the listening sockets (by the names the caller chose) and every accepted one
 * under "socket-ID", ID being the connection's. A restart finds them: a connection without its
 * descriptor, or one that was killed inside recv() or send() (slot->busy), is ended; all others go
 * on.
 */
#include "xenstored/server.h"

#include "lib/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void socket_receive(struct wire *wire)
{
	struct slot *slot = wire->conn->slot;
	struct iovec pieces[2];
	int count = slot_in_space(slot, pieces);
	ssize_t size;

	if (!count) {
		ev_io_stop(wire->server->loop, &wire->readable);
		return;
	}
	slot->busy = 1;
	/* One piece is cheaper to hand over, and enough if a message fits. */
	size = count == 1 || pieces[0].iov_len >= WIRE_MESSAGE_MAX
		       ? read(wire->fd, pieces[0].iov_base, pieces[0].iov_len)
		       : readv(wire->fd, pieces, count);
	if (size > 0) {
		slot_received(slot, (uint32_t)size);
	} else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
		wire->dead = true;
	}
	slot->busy = 0;
}

void socket_send(struct wire *wire)
{
	struct slot *slot = wire->conn->slot;
	struct iovec pieces[2];
	int count;

	while ((count = slot_out_bytes(slot, pieces)) > 0) {
		ssize_t size;

		slot->busy = 1;
		size = count == 1 ? write(wire->fd, pieces[0].iov_base, pieces[0].iov_len)
				  : writev(wire->fd, pieces, count);
		if (size > 0) {
			slot_sent(slot, (uint32_t)size);
		}
		slot->busy = 0;
		if (size < 0 && errno == EAGAIN) {
			ev_io_start(wire->server->loop, &wire->writable);
			return;
		}
		if (size < 0 && errno != EINTR) {
			wire->dead = true;
			return;
		}
	}
	ev_io_stop(wire->server->loop, &wire->writable);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct wire *wire = io->data;

	socket_receive(wire);
	server_queue(wire->server, wire);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct wire *wire = io->data;

	server_queue(wire->server, wire);
}

void socket_detach(struct wire *wire)
{
	ev_io_stop(wire->server->loop, &wire->readable);
	ev_io_stop(wire->server->loop, &wire->writable);
	close(wire->fd);
	(void)keeper_forget(&wire->server->keeper, wire->name);
}

static void attach(struct server *server, struct conn *conn, int fd)
{
	struct wire *wire = wire_new(server, conn);

	wire->fd = fd;
	snprintf(wire->name, sizeof(wire->name), "socket-%llu", (unsigned long long)conn->slot->id);
	ev_io_init(&wire->readable, on_readable, fd, EV_READ);
	wire->readable.data = wire;
	ev_io_init(&wire->writable, on_writable, fd, EV_WRITE);
	wire->writable.data = wire;
	ev_io_start(server->loop, &wire->readable);
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	struct listener *listener = io->data;
	struct server *server = listener->server;
	struct conn *conn;
	struct wire *wire;
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int err;

	if (fd < 0) {
		return;
	}
	err = xsd_accept(&server->store, listener->read_only, &conn);
	if (err) {
		xsd_log(&server->store, "%s: a connection is refused: %s", listener->path,
			strerror(-err));
		close(fd);
		return;
	}
	attach(server, conn, fd);
	wire = conn->transport;
	err = keeper_store(&server->keeper, wire->name, fd);
	if (err) {
		xsd_log(&server->store, "%s: a connection would not survive a restart: %s",
			wire->name, strerror(-err));
	}
	/* The first request usually is there already. */
	socket_receive(wire);
	server_queue(server, wire);
}

static int bind_socket(const char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, path);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0) {
		return -errno;
	}
	unlink(path);
	if (bind(*fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    chmod(path, 0600) == 0 && listen(*fd, 128) == 0) {
		return 0;
	}
	err = -errno;
	close(*fd);
	return err;
}

int socket_listen(struct server *server, struct listener *listener, const char *path,
		  const char *name, bool read_only, struct report *report)
{
	int err = keeper_take(&server->keeper, name, &listener->fd);

	if (err) {
		err = bind_socket(path, &listener->fd);
		if (err) {
			err = report_error(report, -err, "socket %s cannot be made", path);
			report_next(report, "make its folder, writable for root");
			return err;
		}
		err = keeper_store(&server->keeper, name, listener->fd);
	}
	if (err) {
		report_warning(report, "socket %s cannot be given to the keeper", path);
	}
	listener->server = server;
	listener->read_only = read_only;
	listener->path = memory_copy(path);
	ev_io_init(&listener->readable, on_connection, listener->fd, EV_READ);
	listener->readable.data = listener;
	ev_io_start(server->loop, &listener->readable);
	return 0;
}

void socket_resume(struct server *server)
{
	struct conn *next;

	for (struct conn *conn = server->store.conns; conn; conn = next) {
		char name[32];
		int fd = -1;

		next = conn->next;
		if (conn->slot->kind != SLOT_SOCKET) {
			continue;
		}
		snprintf(name, sizeof(name), "socket-%llu", (unsigned long long)conn->slot->id);
		if (keeper_take(&server->keeper, name, &fd) || conn->slot->busy) {
			if (fd >= 0) {
				close(fd);
				(void)keeper_forget(&server->keeper, name);
			}
			xsd_disconnect(&server->store, conn);
			continue;
		}
		attach(server, conn, fd);
		server_queue(server, conn->transport);
	}
	xsd_settle(&server->store);
}
