/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of connections: sockets that come and go, domains that are introduced, shut down, die
 * and are released, and the watches and transactions they hold.
 *
 *	domain: unknown -> introduced      INTRODUCE: slot, ring, @introduceDomain
 *	domain: introduced -> introduced   INTRODUCE again: ring emptied, port bound anew, watches
 *	                                   dropped domain: introduced -> shut down    VIRQ_DOM_EXC:
 *	                                   @releaseDomain domain: shut down -> introduced    RESUME
 *	                                   domain: any -> unknown             RELEASE, or the
 *	                                   hypervisor says it is gone: @releaseDomain
 */
#include "xenstored/xsd.h"
#include "xenstored/xsd_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/base.h>

/* --- watches and transactions of a connection ----------------------------- */
int xsd_watch(struct xsd *store, struct conn *conn, const char *path, const char *token,
	      bool relative, struct watch **watch)
{
	struct bytes record = {0};
	uint64_t id = store->watches.newest_id + 1;
	int err;

	bytes_add(&record, relative ? "r" : "a", 1);
	bytes_add(&record, path, strlen(path) + 1);
	bytes_add(&record, token, strlen(token) + 1);
	err = tree_put(&store->tree, 'w', conn->slot->id, id, record.data, record.size);
	bytes_free(&record);
	if (!err) {
		*watch =
			watch_add(&store->watches, &conn->watches, conn, path, token, relative, id);
	}
	return err;
}

int xsd_unwatch(struct xsd *store, struct watch *watch)
{
	struct conn *conn = watch->conn;
	int err = tree_delete(&store->tree, 'w', conn->slot->id, watch->id);

	if (!err) {
		watch_remove(&store->watches, &conn->watches, watch);
	}
	return err;
}

int xsd_unwatch_all(struct xsd *store, struct conn *conn)
{
	int err = 0;

	while (!err && conn->watches.first) {
		err = xsd_unwatch(store, conn->watches.first);
	}
	return err;
}

static void forget_txn_id(struct slot_state *state, uint32_t id)
{
	for (uint32_t i = 0; i < state->txn_count; i++) {
		if (state->txns[i] == id) {
			state->txns[i] = state->txns[--state->txn_count];
			return;
		}
	}
}

void xsd_drop_txns(struct conn *conn)
{
	while (conn->txns) {
		struct txn *txn = conn->txns;

		conn->txns = txn->next;
		txn_free(txn);
	}
	conn->txn_count = 0;
	if (conn->touched) {
		conn->next_state.txn_count = 0;
	}
}

static struct txn *txn_find(const struct conn *conn, uint32_t id)
{
	struct txn *txn = conn->txns;

	while (txn && txn->id != id) {
		txn = txn->next;
	}
	return txn;
}

struct txn *xsd_start_txn(struct xsd *store, struct conn *conn)
{
	struct slot_state *state = &conn->next_state;
	unsigned int limit = 0;
	struct txn *txn;

	if (!conn->subject.privileged) {
		limit = quotas_limit(&store->quotas, conn->subject.domid, QUOTA_TRANSACTION_NODES);
	}
	while (!state->next_txn || txn_find(conn, state->next_txn)) {
		state->next_txn++;
	}
	txn = txn_new(&store->tree, state->next_txn++, limit);
	txn->next = conn->txns;
	conn->txns = txn;
	conn->txn_count++;
	if (state->txn_count < JOURNAL_TXNS) {
		state->txns[state->txn_count++] = txn->id;
	}
	return txn;
}

void xsd_end_txn(struct conn *conn, struct txn *txn)
{
	struct txn **link = &conn->txns;

	while (*link != txn) {
		link = &(*link)->next;
	}
	*link = txn->next;
	conn->txn_count--;
	forget_txn_id(&conn->next_state, txn->id);
	txn_free(txn);
}

/* --- sockets -------------------------------------------------------------- */
int xsd_accept(struct xsd *store, bool read_only, struct conn **conn)
{
	struct slot *slot;
	int err = journal_take(&store->journal, &slot);

	if (err) {
		return err;
	}
	slot->kind = SLOT_SOCKET;
	slot->flags = read_only ? SLOT_READ_ONLY : 0;
	journal_use(&store->journal, slot);
	*conn = conn_new(store, slot);
	return 0;
}

void xsd_disconnect(struct xsd *store, struct conn *conn)
{
	conn_touch(store, conn);
	xsd_drop_txns(conn);
	(void)xsd_unwatch_all(store, conn);
	while (conn->spill_begin != conn->spill_end) {
		(void)tree_delete(&store->tree, 's', conn->slot->id, conn->spill_begin++);
	}
	bytes_clear(&conn->pending);
	conn->closing = true;
}

/* --- domains -------------------------------------------------------------- */
struct conn *xsd_domain(const struct xsd *store, unsigned int domid)
{
	struct conn *conn = domid < DOMID_FIRST_RESERVED ? store->domains[domid] : NULL;

	return conn && !conn->closing ? conn : NULL;
}

int xsd_introduce(struct xsd *store, unsigned int domid, uint64_t frame, uint32_t port, bool adopt,
		  struct conn **conn)
{
	struct slot *slot;
	int err = journal_take(&store->journal, &slot);

	if (err) {
		return err;
	}
	slot->kind = SLOT_RING;
	slot->flags = SLOT_NEW;
	slot->domid = domid;
	slot->frame = frame;
	slot->remote_port = port;
	journal_use(&store->journal, slot);
	*conn = conn_new(store, slot);
	conn_touch(store, *conn);
	err = store->world.attach(store->world.data, *conn, false);
	if (err) {
		(*conn)->closing = true;
		return err;
	}
	if (!adopt) {
		err = store->world.reset(store->world.data, *conn, port);
	}
	xsd_fire(store, "@introduceDomain", true, (struct perm_list){0});
	return err;
}

/* A list of rights without a domain's entries. */
static int strike_out(struct xsd *store, const char *path, unsigned int domid)
{
	struct bytes kept = {0};
	struct node node;
	int err = tree_read(&store->tree, path, &node);

	for (unsigned int i = 0; !err && i < node.perms.count; i++) {
		struct perm perm = perm_at(node.perms, i);

		if (i == 0 && perm.domid == domid) {
			perm.domid = 0; /* a special name given away: nobody's but dom0's */
		}
		if (i == 0 || perm.domid != domid) {
			bytes_add(&kept, &perm, sizeof(perm));
		}
	}
	if (!err) {
		err = tree_set_perms(
			&store->tree, path,
			(struct perm_list){
				.raw = kept.data,
				.count = (unsigned int)(kept.size / sizeof(struct perm)),
			});
	}
	bytes_free(&kept);
	return err;
}

static int remove_traces(struct xsd *store, unsigned int domid)
{
	struct view view = {.tree = &store->tree};
	char path[PATH_ROOM];
	bool owner;
	int err;

	while ((err = tree_named(&store->tree, domid, path, &owner)) == 0) {
		err = owner && path[0] == '/' && path[1] ? nodes_remove(store, view, path)
							 : strike_out(store, path, domid);
		if (err) {
			break;
		}
	}
	return err == -ENOENT ? 0 : err;
}

int xsd_release_domain(struct xsd *store, struct conn *conn)
{
	unsigned int domid = conn->subject.domid;
	int err;

	xsd_disconnect(store, conn);
	for (struct conn *other = store->conns; other; other = other->next) {
		if (other->subject.has_target && other->subject.target == domid) {
			other->subject.has_target = false;
			other->slot->target = 0;
		}
	}
	err = remove_traces(store, domid);
	if (!err) {
		err = quotas_forget(&store->quotas, &store->tree, domid);
	}
	store->owned[domid] = 0;
	if (err && !store->tree.failed) {
		xsd_log(store, "domain %u: what it owned cannot be removed: %s", domid,
			strerror(-err));
	}
	xsd_fire(store, "@releaseDomain", true, (struct perm_list){0});
	return err;
}

static void check_domain(struct xsd *store, struct conn *conn)
{
	unsigned int domid = conn->subject.domid;
	enum domain_state state = DOMAIN_RUNS;

	if (domid == 0 || conn->closing ||
	    store->world.domain_state(store->world.data, domid, &state)) {
		return;
	}
	if (state == DOMAIN_IS_GONE) {
		(void)xsd_release_domain(store, conn);
	} else if (state == DOMAIN_IS_SHUT_DOWN && !(conn->slot->flags & SLOT_SHUTDOWN)) {
		xsd_fire(store, "@releaseDomain", true, (struct perm_list){0});
		xsd_settle(store); /* told before it is noted that it was */
		conn->slot->flags |= SLOT_SHUTDOWN;
	}
	/* A batch each: what is released at once stays small, and conn may be freed by it. */
	xsd_settle(store);
}

void xsd_check_domains(struct xsd *store)
{
	xsd_settle(store);
	for (unsigned int domid = 1; domid < DOMID_FIRST_RESERVED; domid++) {
		if (store->domains[domid]) {
			check_domain(store, store->domains[domid]);
		}
	}
}

void xsd_resume(struct xsd *store)
{
	for (unsigned int domid = 0; domid < DOMID_FIRST_RESERVED; domid++) {
		struct conn *conn = store->domains[domid];
		enum domain_state state = DOMAIN_RUNS;
		int err;

		if (!conn) {
			continue;
		}
		err = domid ? store->world.domain_state(store->world.data, domid, &state) : 0;
		if (!err && state != DOMAIN_IS_GONE) {
			err = store->world.attach(store->world.data, conn, true);
		}
		if (!err && state != DOMAIN_IS_GONE) {
			continue;
		}
		xsd_log(store, "domain %u: cannot be served any more: %s: released", domid,
			err ? strerror(-err) : "it is gone");
		(void)xsd_release_domain(store, conn);
		xsd_settle(store);
	}
}

unsigned int xsd_owned(struct xsd *store, unsigned int domid)
{
	unsigned int count;

	if (!store->owned[domid]) {
		if (tree_count_owned(&store->tree, domid, &count)) {
			return 0;
		}
		store->owned[domid] = count + 1;
	}
	return store->owned[domid] - 1;
}

int xsd_quota(struct xsd *store, const struct conn *conn, enum quota quota, unsigned int used,
	      const char *what)
{
	unsigned int domid = conn->subject.domid;
	const char *name = quota_info(quota)->name;
	unsigned int limit;
	unsigned int count;

	if (conn->subject.privileged) {
		return 0;
	}
	limit = quotas_limit(&store->quotas, domid, quota);
	if (used < limit) {
		return 0;
	}
	if (quotas_refused(&store->quotas, domid, quota, &count)) {
		xsd_log(store,
			"domain %u: quota '%s' (%u) is used up: %.200s (refusal %u); to raise it: "
			"xenstore-control quota %u %s N",
			domid, name, limit, what, count, domid, name);
	}
	return quota == QUOTA_WATCHES ? -E2BIG : -ENOSPC;
}
