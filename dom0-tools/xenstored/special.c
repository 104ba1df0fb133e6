/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests about domains instead of nodes: introduction, release, target, and the like. Most are
 * for dom0 only; the table in dispatch.c says which.
 */
#include "xenstored/xsd.h"
#include "xenstored/xsd_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int get_domid(struct request *request, unsigned int *domid)
{
	const char *text = wire_one_string(request->payload, request->size);

	return text && wire_domid(text, domid) ? 0 : -EINVAL;
}

static int reintroduce(struct request *request, struct conn *conn, uint64_t frame, uint32_t port)
{
	struct xsd *store = request->store;
	uint32_t old_port = conn->slot->remote_port;
	bool told = !(conn->slot->flags & SLOT_NEW);
	int err;

	if (conn == request->conn) {
		return -EINVAL; /* its own reply would be lost with the ring's contents */
	}
	xsd_drop_txns(conn);
	err = xsd_unwatch_all(store, conn);
	while (!err && conn->spill_begin != conn->spill_end) {
		err = tree_delete(&store->tree, 's', conn->slot->id, conn->spill_begin++);
	}
	if (err) {
		return err;
	}
	conn->slot->frame = frame;
	conn->slot->remote_port = port;
	conn->slot->broken = 0;
	slot_empty(conn->slot, 0, 0);
	err = store->world.reset(store->world.data, conn, old_port);
	if (!err && !told) {
		conn_touch(store, conn);
		xsd_fire(store, "@introduceDomain", true, (struct perm_list){0});
	}
	return err;
}

int special_introduce(struct request *request)
{
	const char *strings[3];
	struct conn *conn;
	unsigned int domid;
	unsigned long frame;
	unsigned long port;
	char *end;
	int err;

	if (wire_strings(request->payload, request->size, strings, 3) < 3 ||
	    !wire_domid(strings[0], &domid)) {
		return -EINVAL;
	}
	frame = strtoul(strings[1], &end, 10);
	port = strtoul(strings[2], &end, 10);
	if (*end || port == 0 || port > UINT32_MAX) {
		return -EINVAL;
	}
	conn = xsd_domain(request->store, domid);
	if (conn) {
		err = reintroduce(request, conn, frame, (uint32_t)port);
	} else {
		err = xsd_introduce(request->store, domid, frame, (uint32_t)port, false, &conn);
	}
	if (!err) {
		request_ok(request);
	}
	return err;
}

int special_release(struct request *request)
{
	struct conn *conn;
	unsigned int domid;
	int err = get_domid(request, &domid);

	if (err || domid == 0) {
		return -EINVAL;
	}
	conn = xsd_domain(request->store, domid);
	if (!conn) {
		return -ENOENT;
	}
	err = xsd_release_domain(request->store, conn);
	if (!err) {
		request_ok(request);
	}
	return err;
}

int special_resume(struct request *request)
{
	struct conn *conn;
	unsigned int domid;
	int err = get_domid(request, &domid);

	if (err) {
		return err;
	}
	conn = xsd_domain(request->store, domid);
	if (!conn) {
		return -ENOENT;
	}
	conn->slot->flags &= ~(uint32_t)SLOT_SHUTDOWN;
	request_ok(request);
	return 0;
}

int special_set_target(struct request *request)
{
	const char *strings[2];
	struct conn *conn;
	unsigned int domid;
	unsigned int target;

	if (wire_strings(request->payload, request->size, strings, 2) != 2 ||
	    !wire_domid(strings[0], &domid) || !wire_domid(strings[1], &target)) {
		return -EINVAL;
	}
	conn = xsd_domain(request->store, domid);
	if (!conn || !xsd_domain(request->store, target)) {
		return -ENOENT;
	}
	conn->slot->target = target + 1;
	conn->subject.has_target = true;
	conn->subject.target = target;
	request_ok(request);
	return 0;
}

int special_is_introduced(struct request *request)
{
	unsigned int domid;
	int err = get_domid(request, &domid);

	if (!err) {
		request_reply(request, xsd_domain(request->store, domid) ? "T" : "F", 2);
	}
	return err;
}

int special_domain_path(struct request *request)
{
	unsigned int domid;
	char path[32];
	int err = get_domid(request, &domid);

	if (!err) {
		snprintf(path, sizeof(path), "/local/domain/%u", domid);
		request_reply(request, path, strlen(path) + 1);
	}
	return err;
}

int special_reset_watches(struct request *request)
{
	int err = xsd_unwatch_all(request->store, request->conn);

	if (!err) {
		xsd_drop_txns(request->conn);
		request_ok(request);
	}
	return err;
}
