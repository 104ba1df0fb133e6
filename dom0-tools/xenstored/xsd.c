/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Batches and restarts of the store: see xsd.h for the rules. This file knows record m 1 ("last"):
 *
 *	struct last_head, then for each connection of the batch a struct last_conn, the numbers
 *	    of its open transactions and its output
 *
 * and brings memory in line with database and journal, at the start and after a batch broke off.
 */
#include "xenstored/xsd.h"
#include "xenstored/xsd_private.h"

#include "lib/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/base.h>
#include <xen/io/xs_wire.h>

#define TURN 64 /* requests of one connection in one batch */

struct last_head {
	uint64_t serial;
	uint64_t generation;
	uint64_t watch_id;
	uint64_t count;
};

struct last_conn {
	uint64_t id;
	uint32_t closing;
	uint32_t in_begin;
	uint32_t out_begin; /* where the output goes: out_end before the batch */
	uint32_t next_txn;
	uint32_t txn_count;
	uint32_t out_size;
};

void xsd_log(struct xsd *store, const char *format, ...)
{
	char line[PATH_ROOM + 512];
	va_list args;

	if (!store->world.log) {
		return;
	}
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	store->world.log(store->world.data, line);
}

/* --- memory of connections ------------------------------------------------ */
struct conn *conn_new(struct xsd *store, struct slot *slot)
{
	struct conn *conn = memory_get(sizeof(*conn));

	conn->slot = slot;
	conn->subject = (struct subject){
		.domid = slot->domid,
		.privileged = slot->domid == 0,
		.has_target = slot->target != 0,
		.target = slot->target ? slot->target - 1 : 0,
	};
	conn->read_only = slot->flags & SLOT_READ_ONLY;
	conn->next = store->conns;
	if (conn->next) {
		conn->next->previous = conn;
	}
	store->conns = conn;
	store->conn_count++;
	if (slot->kind == SLOT_RING) {
		store->domains[slot->domid] = conn;
	}
	return conn;
}

static void forget_spill(struct conn *conn)
{
	for (unsigned int i = 0; i < conn->spilled.size; i++) {
		free(conn->spilled.slots[i].value);
	}
	table_free(&conn->spilled);
	conn->spill_begin = 0;
	conn->spill_end = 0;
	conn->spill_bytes = 0;
}

/* All of a connection that is not in its slot. */
static void conn_forget(struct xsd *store, struct conn *conn)
{
	while (conn->watches.first) {
		watch_remove(&store->watches, &conn->watches, conn->watches.first);
	}
	xsd_drop_txns(conn);
	forget_spill(conn);
	bytes_clear(&conn->pending);
	conn->touched = false;
	conn->closing = false;
}

static void conn_free(struct xsd *store, struct conn *conn)
{
	if (store->domains[conn->subject.domid] == conn) {
		store->domains[conn->subject.domid] = NULL;
	}
	conn_forget(store, conn);
	bytes_free(&conn->pending);
	if (conn->previous) {
		conn->previous->next = conn->next;
	} else {
		store->conns = conn->next;
	}
	if (conn->next) {
		conn->next->previous = conn->previous;
	}
	store->conn_count--;
	free(conn);
}

void conn_touch(struct xsd *store, struct conn *conn)
{
	if (!conn->touched) {
		conn->touched = true;
		conn->next_state = *slot_state(conn->slot);
		conn->next_touched = store->touched;
		store->touched = conn;
	}
}

/* --- the record of a batch ------------------------------------------------ */
static int write_last(struct xsd *store)
{
	struct bytes *record = &store->last;
	struct last_head head = {
		.serial = store->serial + 1,
		.generation = store->tree.generation,
		.watch_id = store->watches.newest_id,
	};

	bytes_clear(record);
	bytes_add(record, &head, sizeof(head));
	for (struct conn *conn = store->touched; conn; conn = conn->next_touched) {
		struct last_conn entry = {
			.id = conn->slot->id,
			.closing = conn->closing,
			.in_begin = conn->next_state.in_begin,
			.out_begin = slot_state(conn->slot)->out_end,
			.next_txn = conn->next_state.next_txn,
			.txn_count = conn->next_state.txn_count,
			.out_size = conn->closing ? 0 : (uint32_t)conn->pending.size,
		};

		bytes_add(record, &entry, sizeof(entry));
		bytes_add(record, conn->next_state.txns,
			  entry.txn_count * sizeof(conn->next_state.txns[0]));
		bytes_add(record, conn->pending.data, entry.out_size);
		head.count++;
	}
	memcpy(record->data, &head, sizeof(head));
	return tree_put(&store->tree, 'm', 1, 0, record->data, record->size);
}

/* What write_last() described, for one slot. */
static void redo(struct slot *slot, const struct last_conn *entry, uint64_t serial,
		 const char *txns, const char *out)
{
	struct slot_state state = {
		.serial = serial,
		.in_begin = entry->in_begin,
		.out_end = entry->out_begin + entry->out_size,
		.next_txn = entry->next_txn,
		.txn_count = entry->txn_count,
	};

	memcpy(state.txns, txns, entry->txn_count * sizeof(state.txns[0]));
	slot_put_out(slot, entry->out_begin, out, entry->out_size);
	slot_set_state(slot, &state);
}

static struct slot *slot_by_id(struct xsd *store, uint64_t id)
{
	for (unsigned int i = 0; i < store->journal.count; i++) {
		if (store->journal.slots[i].id == id) {
			return &store->journal.slots[i];
		}
	}
	return NULL;
}

/* Finishes the batch a killed daemon had committed. */
static int redo_last(struct xsd *store)
{
	struct last_head head;
	const char *at;
	const char *end;
	size_t size;
	int err = tree_get(&store->tree, 'm', 1, 0, &at, &size);

	if (err || size < sizeof(head)) {
		return err == -ENOENT ? 0 : err ? err : -EIO;
	}
	end = at + size;
	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	store->serial = head.serial;
	store->tree.generation = head.generation;
	store->watches.newest_id = head.watch_id;
	for (uint64_t i = 0; i < head.count; i++) {
		struct last_conn entry;
		struct slot *slot;
		const char *txns = at + sizeof(entry);

		if ((size_t)(end - at) < sizeof(entry)) {
			return -EIO;
		}
		memcpy(&entry, at, sizeof(entry));
		at = txns + entry.txn_count * sizeof(uint32_t);
		if (entry.txn_count > JOURNAL_TXNS || entry.out_size > JOURNAL_QUEUE || at > end ||
		    (size_t)(end - at) < entry.out_size) {
			return -EIO;
		}
		slot = slot_by_id(store, entry.id);
		if (slot && entry.closing) {
			journal_release(&store->journal, slot);
		} else if (slot && slot_state(slot)->serial < head.serial) {
			redo(slot, &entry, head.serial, txns, at);
		}
		at += entry.out_size;
	}
	return 0;
}

/* --- loading -------------------------------------------------------------- */
static void load_txns(struct xsd *store, struct conn *conn)
{
	const struct slot_state *state = slot_state(conn->slot);

	for (uint32_t i = 0; i < state->txn_count; i++) {
		struct txn *txn = txn_new(&store->tree, state->txns[i], 0);

		txn->doomed = true;
		txn->next = conn->txns;
		conn->txns = txn;
		conn->txn_count++;
	}
}

static struct conn *conn_by_id(struct xsd *store, uint64_t id)
{
	struct conn *conn = store->conns;

	while (conn && conn->slot->id != id) {
		conn = conn->next;
	}
	return conn;
}

static int load_watches(struct xsd *store)
{
	struct conn *conn = NULL;
	uint64_t owner = 0;
	uint64_t id = 0;
	const char *data;
	size_t size;
	int err;

	for (err = tree_next(&store->tree, 'w', true, &owner, &id, &data, &size); !err;
	     err = tree_next(&store->tree, 'w', false, &owner, &id, &data, &size)) {
		const char *strings[2];

		if (!conn || conn->slot->id != owner) {
			conn = conn_by_id(store, owner);
		}
		if (size < 2 || wire_strings(data + 1, size - 1, strings, 2) != 2) {
			return -EIO;
		}
		if (conn) {
			watch_add(&store->watches, &conn->watches, conn, strings[0], strings[1],
				  data[0] == 'r', id);
		} else {
			/* Its connection ended without the commit that takes its watches away. */
			err = tree_delete(&store->tree, 'w', owner, id);
			if (err) {
				return err;
			}
		}
	}
	return err == -ENOENT ? 0 : err;
}

static int load_spilled(struct xsd *store)
{
	uint64_t owner = 0;
	uint64_t number = 0;
	const char *data;
	size_t size;
	int err;

	for (err = tree_next(&store->tree, 's', true, &owner, &number, &data, &size); !err;
	     err = tree_next(&store->tree, 's', false, &owner, &number, &data, &size)) {
		struct conn *conn = conn_by_id(store, owner);

		if (conn) {
			conn_note_spilled(conn, number, data, size);
		} else {
			err = tree_delete(&store->tree, 's', owner, number);
			if (err) {
				return err;
			}
		}
	}
	return err == -ENOENT ? 0 : err;
}

static int load_records(struct xsd *store)
{
	int err = load_watches(store);

	if (!err) {
		err = load_spilled(store);
	}
	if (!err) {
		err = quotas_load(&store->quotas, &store->tree);
	}
	return err ? err : tree_commit(&store->tree);
}

static void load_conns(struct xsd *store)
{
	for (unsigned int i = 0; i < store->journal.count; i++) {
		struct slot *slot = &store->journal.slots[i];
		bool taken = slot->kind == SLOT_RING && slot->domid < DOMID_FIRST_RESERVED &&
			     store->domains[slot->domid];

		if (!slot->id) {
			continue;
		}
		if (!slot_is_sane(slot) || slot->domid >= DOMID_FIRST_RESERVED || taken) {
			xsd_log(store, "connection %llu: its journal makes no sense: closed",
				(unsigned long long)slot->id);
			journal_release(&store->journal, slot);
			continue;
		}
		load_txns(store, conn_new(store, slot));
	}
}

static const struct {
	const char *path;
} first_nodes[] = {{"/"}, {"/tool"}, {"/tool/xenstored"}, {"@introduceDomain"}, {"@releaseDomain"}};

static int make_first_nodes(struct xsd *store)
{
	const struct perm perm = {.domid = 0, .access = ACCESS_NONE};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(first_nodes) / sizeof(first_nodes[0]); i++) {
		err = tree_create(&store->tree, first_nodes[i].path,
				  (struct perm_list){.raw = (const char *)&perm, .count = 1}, "",
				  0);
	}
	return err;
}

static void count_owned(void *data, unsigned int domid, int change)
{
	struct xsd *store = data;

	if (domid < DOMID_FIRST_RESERVED && store->owned[domid]) {
		store->owned[domid] += (unsigned int)change;
	}
}

static int load(struct xsd *store, struct report *report)
{
	int err = redo_last(store);

	if (!err && !store->serial) { /* new, or its first daemon did not come as far as this */
		err = make_first_nodes(store);
		if (!err) {
			err = write_last(store);
		}
		if (!err) {
			err = tree_commit(&store->tree);
			store->serial = 1;
		}
	}
	if (!err) {
		load_conns(store);
		err = load_records(store);
	}
	if (err) {
		err = report_error(report, -err, "database %s/data.mdb cannot be loaded",
				   store->tree.dir);
		report_next(report, "xenstored --fresh begins with an empty store; running domains "
				    "then have to be restarted");
	}
	return err;
}

int xsd_open(struct xsd *store, const struct xsd_options *options, const struct xsd_world *world,
	     bool *fresh, struct report *report)
{
	int err;

	*store = (struct xsd){.world = *world};
	store->domains = memory_get(DOMID_FIRST_RESERVED * sizeof(store->domains[0]));
	store->owned = memory_get(DOMID_FIRST_RESERVED * sizeof(store->owned[0]));
	store->journal.file = -1;
	store->tree.log = world->log;
	store->tree.log_data = world->data;
	store->tree.owned = count_owned;
	store->tree.owned_data = store;
	err = tree_open(&store->tree, options->dir, options->flags, fresh, report);
	if (!err) {
		err = journal_open(&store->journal, options->dir, *fresh, report);
	}
	if (!err) {
		err = load(store, report);
	}
	if (err) {
		xsd_close(store);
	}
	return err;
}

void xsd_close(struct xsd *store)
{
	while (store->conns) {
		conn_free(store, store->conns);
	}
	watch_index_free(&store->watches);
	quotas_free(&store->quotas);
	journal_close(&store->journal);
	tree_close(&store->tree);
	bytes_free(&store->part_list);
	bytes_free(&store->last);
	free(store->part_path);
	free(store->domains);
	free(store->owned);
	*store = (struct xsd){0};
}

/* A batch broke off: back to what database and journal say. */
static void reload(struct xsd *store, int why)
{
	int err;

	tree_abort(&store->tree);
	store->grown = why == -ENOSPC && tree_grow(&store->tree);
	if (!store->grown) {
		xsd_log(store,
			"a batch of requests could not be stored: %s: carrying them out one by one",
			strerror(-why));
	}
	store->touched = NULL;
	for (struct conn *conn = store->conns; conn; conn = conn->next) {
		conn_forget(store, conn);
		load_txns(store, conn);
		store->domains[conn->subject.domid] =
			conn->slot->kind == SLOT_RING ? conn : store->domains[conn->subject.domid];
	}
	quotas_free(&store->quotas);
	memset(store->owned, 0, DOMID_FIRST_RESERVED * sizeof(store->owned[0]));
	free(store->part_path);
	store->part_path = NULL;
	err = redo_last(store);
	if (!err) {
		err = load_records(store);
	}
	if (err) {
		xsd_log(store, "the database cannot be read any more: %s: see xenstored(8)",
			strerror(-err));
		abort();
	}
	store->careful = true;
}

/* --- batches -------------------------------------------------------------- */
static void finish_conns(struct xsd *store, bool committed)
{
	struct conn *next;

	for (struct conn *conn = store->touched; conn; conn = next) {
		next = conn->next_touched;
		conn->touched = false;
		if (conn->closing) {
			store->world.detach(store->world.data, conn);
			journal_release(&store->journal, conn->slot);
			conn_free(store, conn);
			continue;
		}
		if (committed) {
			conn->next_state.serial = store->serial;
		}
		if (conn->pending.size) {
			slot_put_out(conn->slot, conn->next_state.out_end, conn->pending.data,
				     conn->pending.size);
			conn->next_state.out_end += (uint32_t)conn->pending.size;
			bytes_clear(&conn->pending);
		}
		slot_set_state(conn->slot, &conn->next_state);
		conn->slot->flags &= ~(uint32_t)SLOT_NEW;
		if (slot_out_waiting(conn->slot)) {
			store->world.ready(store->world.data, conn);
		}
	}
	store->touched = NULL;
}

void xsd_settle(struct xsd *store)
{
	bool commit = store->tree.writer || store->tree.failed;
	int err = 0;

	if (commit) {
		err = store->tree.failed ? store->tree.failed : write_last(store);
		err = err ? err : tree_commit(&store->tree);
		if (err) {
			reload(store, err);
			return;
		}
		store->serial++;
	}
	finish_conns(store, commit);
}

static bool can_start(const struct conn *conn)
{
	uint32_t waiting = slot_out_waiting(conn->slot) + (uint32_t)conn->pending.size;

	return !conn->closing && !conn->slot->broken && conn->spill_begin == conn->spill_end &&
	       waiting + WIRE_MESSAGE_MAX <= JOURNAL_QUEUE;
}

/* >0: the size of the complete message at the front; 0: none; -EPROTO. */
static int front_message(const struct conn *conn, uint32_t at, struct xsd_sockmsg *header)
{
	uint32_t waiting = conn->slot->in_end - at;

	if (waiting < sizeof(*header)) {
		return 0;
	}
	slot_copy_in(conn->slot, at, header, sizeof(*header));
	if (header->len > XENSTORE_PAYLOAD_MAX) {
		return -EPROTO;
	}
	return waiting < sizeof(*header) + header->len ? 0 : (int)(sizeof(*header) + header->len);
}

static uint32_t in_begin(const struct conn *conn)
{
	return conn->touched ? conn->next_state.in_begin : slot_state(conn->slot)->in_begin;
}

bool xsd_has_work(const struct xsd *store, const struct conn *conn)
{
	struct xsd_sockmsg header;

	return can_start(conn) && front_message(conn, in_begin(conn), &header) != 0;
}

/* What ends a domain's connection, or resets one, happens outside transactions of the database and
 * has a batch of its own. */
static bool stands_alone(uint32_t type)
{
	return type == XS_INTRODUCE || type == XS_RELEASE;
}

static void run_one(struct xsd *store, struct conn *conn, const struct xsd_sockmsg *header)
{
	struct request request = {
		.store = store,
		.conn = conn,
		.type = header->type,
		.id = header->req_id,
		.txn_id = header->tx_id,
		.payload = store->message,
		.size = header->len,
		.view = {.tree = &store->tree},
	};

	slot_copy_in(conn->slot, conn->next_state.in_begin + WIRE_HEADER, store->message,
		     header->len);
	store->message[header->len] = '\0';
	conn->next_state.in_begin += WIRE_HEADER + header->len;
	conn->requests++;
	request_run(&request);
}

int xsd_run(struct xsd *store, struct conn *conn)
{
	struct xsd_sockmsg header;
	int done = 0;

	while (done < TURN && can_start(conn)) {
		int size = front_message(conn, in_begin(conn), &header);

		if (size <= 0) {
			return done ? done : size;
		}
		if (store->careful || stands_alone(header.type)) {
			xsd_settle(store);
		}
		conn_touch(store, conn);
		run_one(store, conn, &header);
		done++;
		if (store->tree.failed) {
			uint64_t id = conn->slot->id;
			bool again = store->careful;

			xsd_settle(store); /* loads the state again */
			store->refuse = again && !store->grown ? id : 0;
			return done;
		}
		if (store->careful) {
			store->careful = false;
			xsd_settle(store);
			store->refuse = store->careful && !store->grown ? conn->slot->id : 0;
			return done;
		}
	}
	return done;
}
