/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store without sockets and hypervisor: connections whose bytes a test puts into the journal and
 * takes from it, domains whose state a test decides. A restart is closing everything and opening
 * the same folder.
 */
#ifndef UNIT_XSD_FIXTURE_H
#define UNIT_XSD_FIXTURE_H

#include "xenstored/xsd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#define FIXTURE_CONNS 64

struct fixture_client {
	uint64_t id;      /* of the connection; 0: none */
	struct bytes got; /* messages taken from the store */
};

struct fixture {
	struct xsd xsd;
	char dir[64];
	struct fixture_client clients[FIXTURE_CONNS];
	enum domain_state domain_state[64];
	int attach_error;
	unsigned int attached;
	unsigned int detached;
	char last_log[512];
	unsigned int logged;
};

/* A fresh store in a folder of its own; the folder is removed by fixture_close(). */
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);
/* 0 or xsd_open()'s error, with nothing printed. */
int fixture_reopen(struct fixture *fixture, unsigned int flags);
void fixture_restart(struct fixture *fixture);

/* Number of a client; used below. */
unsigned int fixture_socket(struct fixture *fixture);
unsigned int fixture_domain(struct fixture *fixture, unsigned int domid);
struct conn *fixture_conn(struct fixture *fixture, unsigned int client);

/* Puts a request into the queue; false: it does not fit. */
bool fixture_put(struct fixture *fixture, unsigned int client, uint32_t type, uint32_t txn,
		 const void *payload, size_t size);
/* Carries out what lies there, takes all output. */
void fixture_run(struct fixture *fixture);
/* Without taking output. */
void fixture_run_only(struct fixture *fixture);
void fixture_take(struct fixture *fixture, unsigned int client);

/* The oldest message; false: none. payload ends with a NUL of its own. */
bool fixture_message(struct fixture *fixture, unsigned int client, struct xsd_sockmsg *header,
		     char payload[XENSTORE_PAYLOAD_MAX + 1]);

/* Request and reply as texts, strings separated by '|'. Events are left out of the answer and
 * collected as "path|token\n". Error replies are their name with '!' in front. */
const char *fixture_ask(struct fixture *fixture, unsigned int client, uint32_t type, uint32_t txn,
			const char *request);
extern char fixture_events[65536];

#endif
