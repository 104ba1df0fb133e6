/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: who is told of a change, and where the message waits.
 *
 * An event goes into the connection's queue as long as that keeps room for a reply; beyond it lies
 * in the database ("spilled") until the queue is half empty. While events are spilled no request of
 * the connection is started, so the order of events and replies stays. An event equal to one that
 * has not begun to be sent is dropped: the reader will look at the path after it anyway. Names with
 * "@" are always sent.
 */
#include "xenstored/xsd.h"
#include "xenstored/xsd_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#define EVENT_FILL (JOURNAL_QUEUE - WIRE_MESSAGE_MAX)

void conn_send(struct xsd *store, struct conn *conn, const void *message, size_t size)
{
	conn_touch(store, conn);
	bytes_add(&conn->pending, message, size);
}

/* --- spilled events ------------------------------------------------------- */
static char *fingerprint(const void *message, size_t size)
{
	static const uint8_t secret[16];
	struct path_key hash;
	char *text = memory_get(2 * sizeof(hash.byte) + 1);

	/* Equal fingerprints drop an event: only its own connection could gain from two that
	 * collide. */
	path_hash(secret, message, size, &hash);
	for (size_t i = 0; i < sizeof(hash.byte); i++) {
		snprintf(text + 2 * i, 3, "%02x", hash.byte[i]);
	}
	return text;
}

void conn_note_spilled(struct conn *conn, uint64_t number, const void *message, size_t size)
{
	char *text = fingerprint(message, size);

	if (conn->spill_begin == conn->spill_end) {
		conn->spill_begin = number;
	}
	conn->spill_end = number + 1;
	conn->spill_bytes += size;
	if (table_find(&conn->spilled, text)) {
		free(text);
	} else {
		table_add(&conn->spilled, text, text);
	}
}

static void drop_note(struct conn *conn, const void *message, size_t size)
{
	char *text = fingerprint(message, size);
	char *kept = table_find(&conn->spilled, text);

	if (kept) {
		table_remove(&conn->spilled, kept);
		free(kept);
	}
	free(text);
	conn->spill_bytes -= size;
}

static void spill(struct xsd *store, struct conn *conn, const char *message, size_t size)
{
	unsigned int kib = (unsigned int)(conn->spill_bytes / 1024);
	uint64_t number = conn->spill_begin == conn->spill_end ? 1 : conn->spill_end;

	if (xsd_quota(store, conn, QUOTA_EVENTS, kib, "an event is lost to it")) {
		return;
	}
	if (tree_put(&store->tree, 's', conn->slot->id, number, message, size) == 0) {
		conn_note_spilled(conn, number, message, size);
	}
}

void xsd_refill(struct xsd *store, struct conn *conn)
{
	uint64_t id = conn->slot->id;

	while (conn->spill_begin != conn->spill_end && !conn->closing) {
		const char *message;
		size_t size;
		int err = tree_get(&store->tree, 's', id, conn->spill_begin, &message, &size);

		if (!err && slot_out_waiting(conn->slot) + conn->pending.size + size > EVENT_FILL) {
			return;
		}
		if (!err) {
			drop_note(conn, message, size);
			conn_send(store, conn, message, size);
		}
		conn_touch(store, conn);
		(void)tree_delete(&store->tree, 's', id, conn->spill_begin);
		conn->spill_begin++;
	}
}

/* --- queueing ------------------------------------------------------------- */
static bool in_pending(const struct bytes *pending, const char *message, size_t size)
{
	size_t at = 0;

	while (at < pending->size) {
		struct xsd_sockmsg header;
		size_t length;

		memcpy(&header, pending->data + at, sizeof(header));
		length = sizeof(header) + header.len;
		if (length == size && memcmp(pending->data + at, message, size) == 0) {
			return true;
		}
		at += length;
	}
	return false;
}

static bool in_queue(const struct conn *conn, const char *message, size_t size)
{
	const struct slot *slot = conn->slot;
	uint32_t end = slot_state(slot)->out_end;
	char other[WIRE_MESSAGE_MAX];

	for (uint32_t at = slot->out_next;
	     (int32_t)(end - at) >= (int32_t)sizeof(struct xsd_sockmsg);) {
		struct xsd_sockmsg header;
		uint32_t length;

		slot_copy_out(slot, at, &header, sizeof(header));
		length = (uint32_t)sizeof(header) + header.len;
		if (length > sizeof(other)) {
			return false;
		}
		if (length == size) {
			slot_copy_out(slot, at, other, size);
			if (memcmp(other, message, size) == 0) {
				return true;
			}
		}
		at += length;
	}
	return false;
}

static bool in_spill(const struct conn *conn, const char *message, size_t size)
{
	char *text;
	bool found;

	if (!conn->spilled.count) {
		return false;
	}
	text = fingerprint(message, size);
	found = table_find(&conn->spilled, text) != NULL;
	free(text);
	return found;
}

static void queue_event(struct xsd *store, struct conn *conn, const char *name, const char *token)
{
	char message[WIRE_MESSAGE_MAX];
	struct xsd_sockmsg header = {.type = XS_WATCH_EVENT};
	size_t name_size = strlen(name) + 1;
	size_t token_size = strlen(token) + 1;
	size_t size = sizeof(header) + name_size + token_size;

	if (conn->closing || conn->slot->broken || size > sizeof(message)) {
		return;
	}
	header.len = (uint32_t)(name_size + token_size);
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), name, name_size);
	memcpy(message + sizeof(header) + name_size, token, token_size);
	if (name[0] != '@' && (in_pending(&conn->pending, message, size) ||
			       in_queue(conn, message, size) || in_spill(conn, message, size))) {
		return;
	}
	if (conn->spill_begin == conn->spill_end &&
	    slot_out_waiting(conn->slot) + conn->pending.size + size <= EVENT_FILL) {
		conn_send(store, conn, message, size);
	} else {
		spill(store, conn, message, size);
	}
}

/* --- whom a change concerns ----------------------------------------------- */
static bool may_read(struct xsd *store, const char *path, const struct subject *subject)
{
	struct node node;

	return tree_read(&store->tree, path, &node) == 0 &&
	       (perms_access(node.perms, subject) & ACCESS_READ);
}

/* Those who may read the node, or could before the change, or may read its parent. */
static bool may_know(struct xsd *store, const struct conn *conn, const char *path,
		     struct perm_list old_perms)
{
	char above[PATH_ROOM];

	if (conn->subject.privileged) {
		return true;
	}
	if (old_perms.count && (perms_access(old_perms, &conn->subject) & ACCESS_READ)) {
		return true;
	}
	if (may_read(store, path, &conn->subject)) {
		return true;
	}
	memcpy(above, path, strlen(path) + 1);
	return path_to_parent(above) && may_read(store, above, &conn->subject);
}

void xsd_fire(struct xsd *store, const char *path, bool exact, struct perm_list old_perms)
{
	const struct watch_matches *matches = watch_match(&store->watches, path, exact);
	struct bytes kept = {0};

	if (!matches->count) {
		return;
	}
	/* Spilling changes the database, under which the rights may lie. */
	bytes_add(&kept, old_perms.raw, old_perms.count * sizeof(struct perm));
	old_perms.raw = kept.data;
	for (unsigned int i = 0; i < matches->count; i++) {
		struct watch *watch = matches->watches[i];
		const char *name = path;

		if (!may_know(store, watch->conn, path, old_perms)) {
			continue;
		}
		if (watch->relative) {
			name = path_relative(path, watch->conn->subject.domid);
		}
		queue_event(store, watch->conn, name ? name : path, watch->token);
	}
	bytes_free(&kept);
}

void xsd_fire_watch(struct xsd *store, struct watch *watch, const char *name)
{
	queue_event(store, watch->conn, name, watch->token);
}
