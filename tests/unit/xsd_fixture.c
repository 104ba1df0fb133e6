/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store without sockets and hypervisor; see xsd_fixture.h. */
#include "unit/xsd_fixture.h"

#include "lib/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char fixture_events[65536];

static int attach(void *data, struct conn *conn, bool again)
{
	struct fixture *fixture = data;

	fixture->attached++;
	return fixture->attach_error;
}

static void detach(void *data, struct conn *conn)
{
	struct fixture *fixture = data;

	fixture->detached++;
	for (unsigned int i = 0; i < FIXTURE_CONNS; i++) {
		if (fixture->clients[i].id == conn->slot->id) {
			fixture->clients[i].id = 0;
		}
	}
}

static int reset(void *data, struct conn *conn, uint32_t old_port)
{
	return 0;
}

static int domain_state(void *data, unsigned int domid, enum domain_state *state)
{
	struct fixture *fixture = data;

	*state = fixture->domain_state[domid % 64];
	return 0;
}

static void ready(void *data, struct conn *conn)
{
}

static void note_log(void *data, const char *line)
{
	struct fixture *fixture = data;

	snprintf(fixture->last_log, sizeof(fixture->last_log), "%s", line);
	fixture->logged++;
	if (getenv("FIXTURE_LOG")) {
		fprintf(stderr, "# %s\n", line);
	}
}

int fixture_reopen(struct fixture *fixture, unsigned int flags)
{
	const struct xsd_world world = {
		.data = fixture,
		.attach = attach,
		.detach = detach,
		.reset = reset,
		.domain_state = domain_state,
		.ready = ready,
		.log = note_log,
	};
	const struct xsd_options options = {.dir = fixture->dir, .flags = flags};
	struct report report = {0};
	bool fresh;
	int err = xsd_open(&fixture->xsd, &options, &world, &fresh, &report);

	if (getenv("FIXTURE_LOG")) {
		report_print(&report, "fixture", true, stderr);
	}
	if (report.count) {
		snprintf(fixture->last_log, sizeof(fixture->last_log), "%s",
			 report.messages[report.count - 1].what);
	}
	report_clear(&report);
	if (!err) {
		xsd_resume(&fixture->xsd);
	}
	return err;
}

void fixture_open(struct fixture *fixture)
{
	*fixture = (struct fixture){0};
	snprintf(fixture->dir, sizeof(fixture->dir), "/dev/shm/test-xenstored-XXXXXX");
	if (!mkdtemp(fixture->dir) || fixture_reopen(fixture, 0)) {
		fprintf(stderr, "fixture: no store in %s\n", fixture->dir);
		abort();
	}
}

void fixture_close(struct fixture *fixture)
{
	char command[160];

	if (fixture->xsd.domains) {
		xsd_close(&fixture->xsd);
	}
	for (unsigned int i = 0; i < FIXTURE_CONNS; i++) {
		bytes_free(&fixture->clients[i].got);
	}
	snprintf(command, sizeof(command), "rm -rf %s", fixture->dir);
	if (system(command)) {
		fprintf(stderr, "fixture: %s remains\n", fixture->dir);
	}
}

void fixture_restart(struct fixture *fixture)
{
	int err;

	xsd_close(&fixture->xsd);
	err = fixture_reopen(fixture, 0);
	if (err) {
		fprintf(stderr, "fixture: the store does not open again: %s\n", strerror(-err));
		abort();
	}
}

static unsigned int enter(struct fixture *fixture, struct conn *conn)
{
	unsigned int at = 0;

	while (fixture->clients[at].id) {
		at++;
	}
	fixture->clients[at].id = conn->slot->id;
	bytes_clear(&fixture->clients[at].got);
	return at;
}

unsigned int fixture_socket(struct fixture *fixture)
{
	struct conn *conn;

	if (xsd_accept(&fixture->xsd, false, &conn)) {
		abort();
	}
	return enter(fixture, conn);
}

unsigned int fixture_domain(struct fixture *fixture, unsigned int domid)
{
	struct conn *conn;

	if (xsd_introduce(&fixture->xsd, domid, 1, 1, false, &conn)) {
		abort();
	}
	xsd_settle(&fixture->xsd);
	return enter(fixture, conn);
}

struct conn *fixture_conn(struct fixture *fixture, unsigned int client)
{
	struct conn *conn = fixture->xsd.conns;

	while (conn && conn->slot->id != fixture->clients[client].id) {
		conn = conn->next;
	}
	return conn;
}

static void put_bytes(struct slot *slot, const char *data, size_t size)
{
	struct iovec pieces[2];
	int count = slot_in_space(slot, pieces);
	size_t done = 0;

	for (int i = 0; i < count && done < size; i++) {
		size_t part = size - done < pieces[i].iov_len ? size - done : pieces[i].iov_len;

		memcpy(pieces[i].iov_base, data + done, part);
		done += part;
	}
	slot_received(slot, (uint32_t)done);
}

bool fixture_put(struct fixture *fixture, unsigned int client, uint32_t type, uint32_t txn,
		 const void *payload, size_t size)
{
	static uint32_t number;
	struct conn *conn = fixture_conn(fixture, client);
	struct xsd_sockmsg header = {
		.type = type, .req_id = ++number, .tx_id = txn, .len = (uint32_t)size};

	if (slot_in_room(conn->slot) < sizeof(header) + size) {
		return false;
	}
	put_bytes(conn->slot, (const char *)&header, sizeof(header));
	put_bytes(conn->slot, payload, size);
	return true;
}

void fixture_take(struct fixture *fixture, unsigned int client)
{
	struct conn *conn = fixture_conn(fixture, client);
	struct iovec pieces[2];
	int count = conn ? slot_out_bytes(conn->slot, pieces) : 0;
	size_t size = 0;

	for (int i = 0; i < count; i++) {
		bytes_add(&fixture->clients[client].got, pieces[i].iov_base, pieces[i].iov_len);
		size += pieces[i].iov_len;
	}
	if (size) {
		slot_sent(conn->slot, (uint32_t)size);
		xsd_refill(&fixture->xsd, conn);
		xsd_settle(&fixture->xsd);
	}
}

void fixture_run_only(struct fixture *fixture)
{
	bool again = true;

	while (again) {
		again = false;
		for (struct conn *conn = fixture->xsd.conns; conn; conn = conn->next) {
			again = xsd_run(&fixture->xsd, conn) > 0 || again;
		}
		xsd_settle(&fixture->xsd);
	}
}

void fixture_run(struct fixture *fixture)
{
	bool again = true;

	while (again) {
		again = false;
		fixture_run_only(fixture);
		for (unsigned int i = 0; i < FIXTURE_CONNS; i++) {
			struct conn *conn =
				fixture->clients[i].id ? fixture_conn(fixture, i) : NULL;

			if (conn && slot_out_waiting(conn->slot)) {
				fixture_take(fixture, i);
				again = true;
			}
		}
	}
}

bool fixture_message(struct fixture *fixture, unsigned int client, struct xsd_sockmsg *header,
		     char payload[XENSTORE_PAYLOAD_MAX + 1])
{
	struct bytes *got = &fixture->clients[client].got;
	size_t size;

	if (got->size < sizeof(*header)) {
		return false;
	}
	memcpy(header, got->data, sizeof(*header));
	size = sizeof(*header) + header->len;
	if (header->len > XENSTORE_PAYLOAD_MAX || got->size < size) {
		return false;
	}
	memcpy(payload, got->data + sizeof(*header), header->len);
	payload[header->len] = '\0';
	memmove(got->data, got->data + size, got->size - size);
	got->size -= size;
	return true;
}

static void to_text(char *payload, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!payload[i]) {
			payload[i] = '|';
		}
	}
	payload[size] = '\0';
}

const char *fixture_ask(struct fixture *fixture, unsigned int client, uint32_t type, uint32_t txn,
			const char *request)
{
	static char payload[XENSTORE_PAYLOAD_MAX + 2];
	static char answer[XENSTORE_PAYLOAD_MAX + 2];
	struct xsd_sockmsg header;
	size_t size = strlen(request);

	memcpy(payload, request, size);
	for (size_t i = 0; i < size; i++) {
		if (payload[i] == '|') {
			payload[i] = '\0';
		}
	}
	if (!fixture_put(fixture, client, type, txn, payload, size)) {
		return "no room";
	}
	fixture_run(fixture);
	snprintf(answer, sizeof(answer), "no answer");
	while (fixture_message(fixture, client, &header, payload)) {
		to_text(payload, header.len);
		if (header.type == XS_WATCH_EVENT) {
			size_t used = strlen(fixture_events);

			snprintf(fixture_events + used, sizeof(fixture_events) - used, "%s\n",
				 payload);
		} else if (header.type == XS_ERROR) {
			snprintf(answer, sizeof(answer), "!%.*s", (int)strcspn(payload, "|"),
				 payload);
		} else {
			snprintf(answer, sizeof(answer), "%s", payload);
		}
	}
	return answer;
}
