/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop: see server.h. A wire is queued when something happened to it (bytes, an event, output
 * made by somebody's request); server_work() then goes over the queue until nothing moves any more
 * or a round has been long enough for others to be heard.
 */
#include "xenstored/server.h"
#include "xenstored/ring.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xen/io/xs_wire.h>

#define ROUNDS 8 /* of work between two looks at the sockets */

struct wire *wire_new(struct server *server, struct conn *conn)
{
	struct wire *wire = memory_get(sizeof(*wire));

	wire->server = server;
	wire->conn = conn;
	wire->fd = -1;
	conn->transport = wire;
	return wire;
}

void server_queue(struct server *server, struct wire *wire)
{
	if (!wire->queued) {
		wire->queued = true;
		wire->next_queued = server->queue;
		server->queue = wire;
	}
}

static bool unlink_wire(struct wire **link, struct wire *wire)
{
	while (*link && *link != wire) {
		link = &(*link)->next_queued;
	}
	if (!*link) {
		return false;
	}
	*link = wire->next_queued;
	return true;
}

/* Settling frees wires, and introductions settle while the queue is being gone over. */
static void unqueue(struct server *server, struct wire *wire)
{
	if (wire->queued) {
		wire->queued = false;
		if (!unlink_wire(&server->queue, wire)) {
			(void)unlink_wire(&server->working, wire);
		}
	}
}

static void on_ready(void *data, struct conn *conn)
{
	if (conn->transport) {
		server_queue(data, conn->transport);
	}
}

static void on_detach(void *data, struct conn *conn)
{
	struct wire *wire = conn->transport;

	if (!wire) {
		return;
	}
	conn->transport = NULL;
	unqueue(data, wire);
	attention_forget(&wire->server->attention, wire);
	if (wire->fd >= 0) {
		socket_detach(wire);
	} else {
		domains_detach(wire);
	}
	free(wire);
}

static void on_log(void *data, const char *line)
{
	struct server *server = data;

	server->log(line);
}

void server_world(struct server *server, struct xsd_world *world)
{
	*world = (struct xsd_world){
		.data = server,
		.attach = domains_attach,
		.detach = on_detach,
		.reset = domains_reset,
		.domain_state = domains_state,
		.ready = on_ready,
		.log = on_log,
	};
}

static void move_ring(struct wire *wire)
{
	struct slot *slot = wire->conn->slot;
	bool moved = false;

	if (slot->broken) {
		return;
	}
	if (ring_send(slot, wire->page, &moved) || ring_receive(slot, wire->page, &moved)) {
		xsd_log(&wire->server->store,
			"domain %u: the indices of its store ring make no sense: not served any "
			"more",
			slot->domid);
		moved = true;
	}
	if (moved) {
		domains_notify(wire);
	}
}

static void move(struct wire *wire)
{
	if (wire->dead) {
		return;
	}
	if (wire->fd >= 0) {
		socket_send(wire);
		if (slot_in_room(wire->conn->slot)) {
			ev_io_start(wire->server->loop, &wire->readable);
		}
	} else if (wire->page) {
		move_ring(wire);
	}
}

static void refuse(struct wire *wire)
{
	struct slot *slot = wire->conn->slot;

	if (wire->fd >= 0) {
		wire->dead = true;
		return;
	}
	xsd_log(&wire->server->store,
		"domain %u: does not speak the store's protocol: not served "
		"any more",
		slot->domid);
	ring_break(slot, wire->page, XENSTORE_ERROR_PROTO);
	domains_notify(wire);
}

/* Bytes move; nothing is settled here, so all wires stay. */
static void move_all(struct server *server)
{
	struct xsd *store = &server->store;

	for (struct wire *wire = server->working; wire; wire = wire->next_queued) {
		struct conn *conn = wire->conn;

		move(wire);
		if (wire->dead && !conn->closing) {
			xsd_disconnect(store, conn);
		} else if (conn->spill_begin != conn->spill_end) {
			xsd_refill(store, conn);
		}
	}
}

static void run_wire(struct server *server, struct wire *wire)
{
	struct xsd *store = &server->store;

	if (wire->dead || wire->conn->closing) {
		return;
	}
	if (xsd_run(store, wire->conn) == -EPROTO) {
		refuse(wire);
		if (wire->dead) {
			server_queue(server, wire);
		}
	} else if (xsd_has_work(store, wire->conn)) {
		server_queue(server, wire);
	}
}

/* One look at everything queued; what still has something to do is queued again. */
static void work_once(struct server *server)
{
	server->working = server->queue;
	server->queue = NULL;
	move_all(server);
	while (server->working) {
		struct wire *wire = server->working;

		server->working = wire->next_queued;
		wire->queued = false;
		run_wire(server, wire);
	}
	xsd_settle(&server->store);
}

static void work(struct server *server)
{
	for (unsigned int i = 0; i < ROUNDS && server->queue; i++) {
		work_once(server);
	}
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

/* The one socket that is to be looked at, or NULL. */
static struct wire *only_socket(const struct server *server)
{
	struct wire *wire = server->queue;

	return wire && !wire->next_queued && wire->fd >= 0 ? wire : NULL;
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct server *server = prepare->data;
	bool waits;

	if (server->domains_changed) {
		server->domains_changed = false;
		xsd_check_domains(&server->store);
	}
	if (server->queue) {
		attention_asked(&server->attention, only_socket(server), now_ns());
		work(server);
		attention_answered(&server->attention, now_ns());
	}
	waits = server->attention.waits && attention_goes_on(&server->attention, now_ns());
	if (waits) {
		sched_yield(); /* the client may have been woken on this very CPU */
	}
	if (server->queue || waits) {
		ev_idle_start(loop, &server->idle);
	} else {
		ev_idle_stop(loop, &server->idle);
	}
}

static void on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
	/* Its being active keeps the loop from sleeping. */
}

static void on_signal(struct ev_loop *loop, ev_signal *signal, int events)
{
	ev_break(loop, EVBREAK_ALL);
}

void server_run(struct server *server)
{
	ev_signal terminate;
	ev_signal interrupt;

	attention_init(&server->attention);
	ev_prepare_init(&server->prepare, on_prepare);
	server->prepare.data = server;
	ev_prepare_start(server->loop, &server->prepare);
	ev_idle_init(&server->idle, on_idle);
	ev_signal_init(&terminate, on_signal, SIGTERM);
	ev_signal_start(server->loop, &terminate);
	ev_signal_init(&interrupt, on_signal, SIGINT);
	ev_signal_start(server->loop, &interrupt);
	ev_run(server->loop, 0);
}
