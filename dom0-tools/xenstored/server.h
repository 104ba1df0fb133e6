/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's surroundings: an event loop, sockets, rings, the hypervisor, the keeper.
 *
 * Whatever can be received is received into the slots; before the loop sleeps, the requests lying
 * there are carried out as one batch, it is settled, and the output leaves (server_work()). So many
 * clients at once share one commit, and a single request costs a wake-up, a read and a write.
 */
#ifndef XENSTORED_SERVER_H
#define XENSTORED_SERVER_H

#include "xenstored/attention.h"
#include "xenstored/xsd.h"

#include "call/call.h"
#include "keeper/keeper.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct xenstore_domain_interface;

/* A connection's transport. */
struct wire {
	struct server *server;
	struct conn *conn;
	bool queued; /* on the list of those to look at */
	bool dead;   /* the peer is gone, or does not speak the protocol */
	struct wire *next_queued;
	/* socket */
	int fd; /* -1: a ring */
	ev_io readable;
	ev_io writable;
	char name[32]; /* in the keeper */
	/* ring */
	struct xenstore_domain_interface *page;
	void *mapping;
	bool granted; /* mapping is one of gntdev */
	uint32_t port;
};

struct listener {
	struct server *server;
	int fd;
	bool read_only;
	char *path;
	ev_io readable;
};

struct server {
	struct xsd store;
	struct ev_loop *loop;
	struct keeper keeper;
	struct listener listeners[2];
	ev_prepare prepare;
	ev_idle idle;
	struct wire *queue;
	struct wire *working; /* what is left of the queue being gone over */
	struct attention attention;
	/* the hypervisor; all -1 and NULL with --no-domain-init */
	struct call *call;
	int ports;  /* /dev/xen/evtchn */
	int grants; /* /dev/xen/gntdev */
	uint32_t virq_port;
	bool old_ports; /* `ports` came from the keeper: ports in the slots are bound */
	ev_io ports_readable;
	struct wire **by_port;
	uint32_t by_port_count;
	bool domains_changed;
	void (*log)(const char *line);
};

/* Looks at a wire before the loop sleeps. */
void server_queue(struct server *server, struct wire *wire);

/* --- sockets (socket.c) --------------------------------------------------- */
int socket_listen(struct server *server, struct listener *listener, const char *path,
		  const char *name, bool read_only, struct report *report);
/* Gives back their descriptors to the socket connections found in the journal. */
void socket_resume(struct server *server);
void socket_receive(struct wire *wire);
void socket_send(struct wire *wire);
void socket_detach(struct wire *wire);

/* --- domains (introduce.c) ------------------------------------------------ */
int domains_open(struct server *server, struct report *report);
int domains_attach(void *server, struct conn *conn, bool again);
int domains_reset(void *server, struct conn *conn, uint32_t old_port);
int domains_state(void *server, unsigned int domid, enum domain_state *state);
void domains_detach(struct wire *wire);
void domains_notify(struct wire *wire);
/* dom0's own kernel is introduced when nobody did it yet. */
int domains_introduce_own(struct server *server, struct report *report);

/* --- the loop (server.c) -------------------------------------------------- */
struct wire *wire_new(struct server *server, struct conn *conn);
void server_world(struct server *server, struct xsd_world *world);
/* Starts the loop; returns after SIGTERM or SIGINT. */
void server_run(struct server *server);

#endif
