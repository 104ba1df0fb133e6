/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever bytes three connections send, in whatever order, the store stays whole: dom0, and two
 * guests. The input is a sequence of chunks: one byte says which connection (bits 0-1), whether its
 * output is taken (bit 2) and whether the store is closed and opened again first (bits 3-7 all
 * set); the next the length; then the bytes. At the end the database must pass its own check.
 *
 * With clang: built with -fsanitize=fuzzer. Without: main() replays the files named.
 */
#include "unit/xsd_fixture.h"

#include "fuzz/fuzz.h"
#include "lib/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNS 3

static void put(struct slot *slot, const uint8_t *data, size_t size)
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

static void run_all(struct fixture *fixture)
{
	struct conn *next;

	for (struct conn *conn = fixture->xsd.conns; conn; conn = next) {
		next = conn->next;
		if (xsd_run(&fixture->xsd, conn) < 0) {
			/* What the daemon does with one that does not speak the protocol. */
			conn->slot->broken = XENSTORE_ERROR_PROTO;
		}
	}
	xsd_settle(&fixture->xsd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixture fixture;
	unsigned int clients[CONNS];
	struct report report = {0};
	uint64_t nodes;

	fixture_open(&fixture);
	clients[0] = fixture_socket(&fixture);
	clients[1] = fixture_domain(&fixture, 1);
	clients[2] = fixture_domain(&fixture, 2);
	fixture_ask(&fixture, clients[0], XS_MKDIR, 0, "/local/domain/1|");
	fixture_ask(&fixture, clients[0], XS_SET_PERMS, 0, "/local/domain/1|b1|");
	while (size >= 2) {
		unsigned int client = clients[(data[0] & 3) % CONNS];
		size_t length = data[1] < size - 2 ? data[1] : size - 2;
		struct conn *conn;

		if ((data[0] & 0xf8) == 0xf8) {
			fixture_restart(&fixture);
		}
		conn = fixture_conn(&fixture, client);
		if (conn) {
			put(conn->slot, data + 2, length);
		}
		run_all(&fixture);
		if (data[0] & 4) {
			fixture_take(&fixture, client);
			bytes_clear(&fixture.clients[client].got);
		}
		data += 2 + length;
		size -= 2 + length;
	}
	if (tree_check(&fixture.xsd.tree, &nodes, &report)) {
		report_print(&report, "fuzz", true, stderr);
		abort();
	}
	report_clear(&report);
	fixture_close(&fixture);
	return 0;
}
