/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long random sequences of requests against a second store: plain lists, searched from end to end,
 * no database, no index, no overlay trees. Every reply and every event must be the same; at random
 * moments the store under test is closed and opened again, which the model only notices by its open
 * transactions being lost. Several connections: two of dom0, two guests.
 *
 * MODEL_STEPS, MODEL_SEED and MODEL_AGAIN in the environment change the sequence (model.h).
 */
#include "unit/model.h"
#include "unit/xsd_fixture.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES 512
#define CLIENTS 4
#define TXNS 4
#define WATCHES 64
#define VALUE 24
#define LATER (1U << 30)

/* --- the model's tree: an array in order of creation ---------------------- */
struct mnode {
	bool used;
	char path[64];
	char value[VALUE];
	char perms[64]; /* as GET_PERMS shows them: "n0|r3|" */
	unsigned int version;
	unsigned int order;
};

struct mstore {
	struct mnode nodes[NODES];
};

struct mtouch {
	char path[64];
	unsigned int version; /* 0: it did not exist */
	bool fire;
	bool exact;
	char old_perms[64];
};

struct mtxn {
	bool used;
	bool doomed;
	uint32_t id;
	struct mstore store; /* what it sees */
	struct mtouch touched[NODES];
	unsigned int count;
};

struct mwatch {
	bool used;
	unsigned int client;
	unsigned int order;
	char path[64];
	char token[4];
};

struct mclient {
	unsigned int domid;
	struct mtxn txns[TXNS];
	uint32_t next_txn;
};

static struct mstore model;
static struct mclient clients[CLIENTS];
static struct mwatch watches[WATCHES];
static unsigned int versions;
static unsigned int orders;
static char expected_events[CLIENTS][8192];
static char answer[8192];

static struct mnode *find(struct mstore *store, const char *path)
{
	for (unsigned int i = 0; i < NODES; i++) {
		if (store->nodes[i].used && strcmp(store->nodes[i].path, path) == 0) {
			return &store->nodes[i];
		}
	}
	return NULL;
}

static bool parent_of(const char *path, char above[64])
{
	char *slash;

	memmove(above, path, strlen(path) + 1);
	slash = strrchr(above, '/');
	if (strcmp(above, "/") == 0) {
		return false;
	}
	slash[slash == above ? 1 : 0] = '\0';
	return true;
}

/* 'r', 'w', or 'o' for what only owners may do. */
static bool may(const char *perms, unsigned int domid, char right)
{
	char first = perms[0];
	unsigned int owner = (unsigned int)atoi(perms + 1);

	if (domid == 0 || owner == domid) {
		return true;
	}
	for (const char *entry = strchr(perms, '|') + 1; *entry; entry = strchr(entry, '|') + 1) {
		if ((unsigned int)atoi(entry + 1) == domid) {
			first = entry[0];
			break;
		}
	}
	return first == 'b' || first == right;
}

/* --- transactions --------------------------------------------------------- */
static struct mtxn *txn_of(unsigned int client, uint32_t id)
{
	for (unsigned int i = 0; id && i < TXNS; i++) {
		if (clients[client].txns[i].used && clients[client].txns[i].id == id) {
			return &clients[client].txns[i];
		}
	}
	return NULL;
}

static struct mtouch *touch(struct mtxn *txn, const char *path)
{
	struct mnode *now = find(&model, path);
	struct mnode *seen;

	for (unsigned int i = 0; i < txn->count; i++) {
		if (strcmp(txn->touched[i].path, path) == 0) {
			return &txn->touched[i];
		}
	}
	/* From here on the transaction has its own copy. */
	seen = find(&txn->store, path);
	if (seen) {
		seen->used = false;
	}
	if (now) {
		for (unsigned int i = 0; i < NODES; i++) {
			if (!txn->store.nodes[i].used) {
				txn->store.nodes[i] = *now;
				break;
			}
		}
	}
	txn->touched[txn->count] = (struct mtouch){.version = now ? now->version : 0};
	strcpy(txn->touched[txn->count].path, path);
	return &txn->touched[txn->count++];
}

static bool is_touched(const struct mtxn *txn, const char *path)
{
	for (unsigned int i = 0; txn && i < txn->count; i++) {
		if (strcmp(txn->touched[i].path, path) == 0) {
			return true;
		}
	}
	return false;
}

/* A node as the transaction (or everybody, if none) sees it. */
static struct mnode *peek(struct mtxn *txn, const char *path)
{
	return find(is_touched(txn, path) ? &txn->store : &model, path);
}

static struct mnode *look(struct mtxn *txn, const char *path)
{
	if (txn) {
		touch(txn, path);
	}
	return peek(txn, path);
}

static struct mnode *add(struct mtxn *txn, const char *path, const char *perms, const char *value)
{
	struct mstore *store = txn ? &txn->store : &model;

	for (unsigned int i = 0; i < NODES; i++) {
		struct mnode *node = &store->nodes[i];

		if (!node->used) {
			*node = (struct mnode){.used = true, .version = ++versions};
			/* Children a transaction made are listed behind all others. */
			node->order = ++orders + (txn ? LATER : 0);
			strcpy(node->path, path);
			strcpy(node->perms, perms);
			strcpy(node->value, value);
			return node;
		}
	}
	abort();
}

static bool is_child(const char *path, const char *parent)
{
	char above[64];

	return parent_of(path, above) && strcmp(above, parent) == 0;
}

/* The next child of parent with an order above `after`. */
static struct mnode *next_child(struct mtxn *txn, const char *parent, unsigned int after)
{
	struct mnode *best = NULL;

	for (unsigned int pass = 0; pass < (txn ? 2U : 1U); pass++) {
		struct mstore *store = pass ? &txn->store : &model;

		for (unsigned int i = 0; i < NODES; i++) {
			struct mnode *node = &store->nodes[i];

			if (!node->used || !is_child(node->path, parent) ||
			    is_touched(txn, node->path) != (pass == 1) || node->order <= after) {
				continue;
			}
			if (!best || node->order < best->order) {
				best = node;
			}
		}
	}
	return best;
}

/* --- events --------------------------------------------------------------- */
static void expect_event(unsigned int client, const char *path, const char *token)
{
	char line[160];

	snprintf(line, sizeof(line), "%s|%s|\n", path, token);
	if (!strstr(expected_events[client], line)) {
		strcat(expected_events[client], line);
	}
}

static void fire(const char *path, bool exact, const char *old_perms)
{
	char above[64];
	struct mnode *node = find(&model, path);
	struct mnode *parent = parent_of(path, above) ? find(&model, above) : NULL;

	for (unsigned int order = 1; order <= orders; order++) {
		for (unsigned int i = 0; i < WATCHES; i++) {
			struct mwatch *w = &watches[i];
			unsigned int domid;
			size_t length = strlen(w->path);
			bool fits = strcmp(w->path, path) == 0;

			if (!w->used || w->order != order) {
				continue;
			}
			if (!exact && strncmp(w->path, path, length) == 0 && path[length] == '/') {
				fits = true;
			}
			if (!exact && strcmp(w->path, "/") == 0) {
				fits = true;
			}
			domid = clients[w->client].domid;
			if (fits && ((old_perms[0] && may(old_perms, domid, 'r')) ||
				     (node && may(node->perms, domid, 'r')) ||
				     (parent && may(parent->perms, domid, 'r')) || domid == 0)) {
				expect_event(w->client, path, w->token);
			}
		}
	}
}

static void changed(struct mtxn *txn, const char *path, bool exact, const char *old_perms)
{
	struct mtouch *t;

	if (!txn) {
		fire(path, exact, old_perms);
		return;
	}
	t = touch(txn, path);
	t->fire = true;
	t->exact = exact;
	if (old_perms[0]) {
		strcpy(t->old_perms, old_perms);
	}
}

/* --- requests ------------------------------------------------------------- */
static const char *no_node(struct mtxn *txn, unsigned int domid, const char *path, char right)
{
	char above[64];
	struct mnode *node = NULL;

	strcpy(above, path);
	while (!node && parent_of(above, above)) {
		node = peek(txn, above);
	}
	return domid == 0 || (node && (may(node->perms, domid, right) ||
				       (right == 'o' && may(node->perms, domid, 'w'))))
		       ? "!ENOENT"
		       : "!EACCES";
}

static void make(struct mtxn *txn, unsigned int domid, const char *path, const char *value)
{
	char above[64];
	char perms[64];
	struct mnode *parent;

	parent_of(path, above);
	if (!look(txn, path)) {
		parent = look(txn, above);
		if (!parent) {
			make(txn, domid, above, "");
			parent = look(txn, above);
		}
		parent->version = ++versions;
		strcpy(perms, parent->perms);
		if (domid) {
			snprintf(perms, sizeof(perms), "%c%u%s", parent->perms[0], domid,
				 strchr(parent->perms, '|'));
		}
		add(txn, path, perms, value);
	}
}

static const char *m_write(struct mtxn *txn, unsigned int domid, const char *path,
			   const char *value, bool mkdir)
{
	struct mnode *node = look(txn, path);

	if (node && !may(node->perms, domid, 'w')) {
		return "!EACCES";
	}
	if (!node && strcmp(no_node(txn, domid, path, 'w'), "!ENOENT") != 0) {
		return "!EACCES";
	}
	if (node && mkdir) {
		return "OK|";
	}
	if (node) {
		strcpy(node->value, value);
		node->version = ++versions;
	} else {
		make(txn, domid, path, value);
	}
	changed(txn, path, false, "");
	return "OK|";
}

static void m_remove(struct mtxn *txn, const char *path, bool is_root)
{
	char above[64];
	char perms[64];
	struct mnode *node = look(txn, path);
	struct mnode *child;
	struct mnode *parent;

	while ((child = next_child(txn, path, 0))) {
		char below[64];

		strcpy(below, child->path);
		m_remove(txn, below, false);
	}
	node = look(txn, path);
	strcpy(perms, node->perms);
	node->used = false;
	parent_of(path, above);
	parent = look(txn, above);
	parent->version = ++versions;
	changed(txn, path, !is_root, perms);
}

static const char *m_rm(struct mtxn *txn, unsigned int domid, const char *path)
{
	char above[64];
	struct mnode *node = look(txn, path);

	if (node && !may(node->perms, domid, 'w')) {
		return "!EACCES";
	}
	if (!node) {
		if (strcmp(no_node(txn, domid, path, 'w'), "!EACCES") == 0) {
			return "!EACCES";
		}
		parent_of(path, above);
		return look(txn, above) ? "OK|" : "!ENOENT";
	}
	if (strcmp(path, "/") == 0) {
		return "!EINVAL";
	}
	m_remove(txn, path, true);
	return "OK|";
}

static const char *m_read(struct mtxn *txn, unsigned int domid, const char *path, char what)
{
	struct mnode *node = look(txn, path);
	unsigned int after = 0;

	if (!node) {
		return no_node(txn, domid, path, 'r');
	}
	if (!may(node->perms, domid, 'r')) {
		return "!EACCES";
	}
	if (what == 'v') {
		strcpy(answer, node->value);
	} else if (what == 'p') {
		strcpy(answer, node->perms);
	} else {
		answer[0] = '\0';
		while ((node = next_child(txn, path, after))) {
			after = node->order;
			strcat(answer, strrchr(node->path, '/') + 1);
			strcat(answer, "|");
		}
	}
	return answer;
}

static const char *m_set_perms(struct mtxn *txn, unsigned int domid, const char *path,
			       const char *perms)
{
	struct mnode *node = look(txn, path);
	char old[64];

	if (!node) {
		return no_node(txn, domid, path, 'o');
	}
	if (domid && (unsigned int)atoi(node->perms + 1) != domid) {
		return "!EACCES";
	}
	if (domid && (unsigned int)atoi(perms + 1) != domid) {
		return "!EPERM";
	}
	strcpy(old, node->perms);
	strcpy(node->perms, perms);
	node->version = ++versions;
	changed(txn, path, false, old);
	return "OK|";
}

static const char *m_watch(unsigned int client, const char *path, const char *token, bool on)
{
	struct mwatch *found = NULL;
	struct mwatch *room = NULL;

	for (unsigned int i = 0; i < WATCHES; i++) {
		struct mwatch *w = &watches[i];

		if (!w->used) {
			room = room ? room : w;
		} else if (w->client == client && strcmp(w->path, path) == 0 &&
			   strcmp(w->token, token) == 0) {
			found = w;
		}
	}
	if (!on) {
		if (found) {
			found->used = false;
		}
		return found ? "OK|" : "!ENOENT";
	}
	if (found) {
		return "!EEXIST";
	}
	*room = (struct mwatch){.used = true, .client = client, .order = ++orders};
	strcpy(room->path, path);
	strcpy(room->token, token);
	expect_event(client, path, token);
	return "OK|";
}

static const char *m_start(unsigned int client, struct mtxn *txn)
{
	struct mclient *c = &clients[client];

	if (txn) {
		return "!EBUSY";
	}
	for (unsigned int i = 0; i < TXNS; i++) {
		if (!c->txns[i].used) {
			memset(&c->txns[i], 0, sizeof(c->txns[i]));
			c->txns[i].used = true;
			c->txns[i].id = ++c->next_txn;
			snprintf(answer, sizeof(answer), "%u|", c->txns[i].id);
			return answer;
		}
	}
	abort();
}

/* What the transaction made of the nodes it touched becomes everybody's. */
static void apply(struct mtxn *txn)
{
	for (unsigned int i = 0; i < txn->count; i++) {
		struct mtouch *t = &txn->touched[i];
		struct mnode *new = find(&txn->store, t->path);
		struct mnode *now = find(&model, t->path);
		struct mnode copy;

		if (new &&now) {
			*now = *new;
		} else if (new) {
			copy = *new;
			now = add(NULL, t->path, "", "");
			*now = copy;
		} else if (now) {
			now->used = false;
		}
	}
	for (;;) {
		struct mnode *oldest = NULL;

		for (unsigned int i = 0; i < NODES; i++) {
			struct mnode *node = &model.nodes[i];

			if (node->used && node->order > LATER &&
			    (!oldest || node->order < oldest->order)) {
				oldest = node;
			}
		}
		if (!oldest) {
			return;
		}
		oldest->order = ++orders;
	}
}

/* Somebody else changed what it saw. What it sees from then on nobody promises; only that its end
 * is refused and that nothing of it is ever seen outside. */
static bool is_doomed(const struct mtxn *txn)
{
	for (unsigned int i = 0; i < txn->count; i++) {
		struct mnode *now = find(&model, txn->touched[i].path);

		if ((now ? now->version : 0) != txn->touched[i].version) {
			return true;
		}
	}
	return txn->doomed;
}

static const char *m_end(struct mtxn *txn, bool keep)
{
	if (!txn) {
		return "!ENOENT";
	}
	txn->used = false;
	if (!keep) {
		return "OK|";
	}
	if (is_doomed(txn)) {
		return "!EAGAIN";
	}
	apply(txn);
	for (unsigned int i = 0; i < txn->count; i++) {
		if (txn->touched[i].fire) {
			fire(txn->touched[i].path, txn->touched[i].exact,
			     txn->touched[i].old_perms);
		}
	}
	return "OK|";
}

/* --- the sequence --------------------------------------------------------- */
static struct model_run *run;

static unsigned int pick(unsigned int count)
{
	return model_pick(run, count);
}

static const char *some_path(void)
{
	static const char *const tops[] = {"/a", "/b", "/local/domain/1", "/local/domain/2"};
	static const char *const names[] = {"x", "y", "x-y", "z"};
	static char path[64];
	unsigned int depth = pick(4);

	if (pick(40) == 0) {
		return "/";
	}
	strcpy(path, tops[pick(4)]);
	while (depth--) {
		strcat(path, "/");
		strcat(path, names[pick(4)]);
	}
	return path;
}

static const char *some_perms(unsigned int domid)
{
	static const char letters[] = "nrwb";
	static char text[64];
	unsigned int owner = pick(4) ? domid : pick(3);

	switch (pick(3)) {
	case 0:
		snprintf(text, sizeof(text), "%c%u|", letters[pick(4)], owner);
		break;
	case 1:
		snprintf(text, sizeof(text), "%c%u|%c%u|", letters[pick(4)], owner,
			 letters[pick(4)], pick(3));
		break;
	default:
		snprintf(text, sizeof(text), "%c%u|%c%u|%c%u|", letters[pick(4)], owner,
			 letters[pick(4)], pick(3), letters[pick(4)], pick(3));
		break;
	}
	return text;
}

static struct fixture fixture;
static unsigned int numbers[CLIENTS]; /* the fixture's */
static unsigned int client_count;

struct step {
	uint32_t type;
	uint32_t txn;
	char request[256];
	const char *expected;
};

static uint32_t some_txn(unsigned int client)
{
	struct mclient *c = &clients[client];

	for (unsigned int i = 0; i < TXNS; i++) {
		if (c->txns[i].used && pick(2)) {
			return c->txns[i].id;
		}
	}
	return pick(50) ? 0 : 1000000;
}

static void choose(unsigned int client, struct step *step)
{
	unsigned int domid = clients[client].domid;
	struct mtxn *txn;
	const char *path = some_path();
	unsigned int kind = pick(100);
	unsigned int open = 0;
	char perms[64];
	char value[VALUE];

	for (unsigned int i = 0; i < TXNS; i++) {
		open += clients[client].txns[i].used;
	}
	step->txn = some_txn(client);
	txn = txn_of(client, step->txn);
	if (kind < 12 && client_count) {
		char token[4] = {(char)('s' + pick(2)), '\0'};
		bool on = pick(2);
		unsigned int used = 0;

		for (unsigned int i = 0; i < WATCHES; i++) {
			used += watches[i].used;
		}
		on = on && used < WATCHES / 2;
		step->type = on ? XS_WATCH : XS_UNWATCH;
		step->txn = 0;
		snprintf(step->request, sizeof(step->request), "%s|%s|", path, token);
		step->expected = m_watch(client, path, token, on);
		return;
	}
	if (step->txn && !txn) {
		step->type = XS_READ;
		snprintf(step->request, sizeof(step->request), "%s|", path);
		step->expected = "!ENOENT";
		return;
	}
	if (txn && is_doomed(txn)) {
		kind = 99; /* see is_doomed(); a node that comes and goes may even save it */
	}
	snprintf(step->request, sizeof(step->request), "%s|", path);
	if (kind < 25) {
		step->type = XS_READ;
		step->expected = m_read(txn, domid, path, 'v');
	} else if (kind < 35) {
		step->type = XS_DIRECTORY;
		step->expected = m_read(txn, domid, path, 'c');
	} else if (kind < 40) {
		step->type = XS_GET_PERMS;
		step->expected = m_read(txn, domid, path, 'p');
	} else if (kind < 62) {
		step->type = XS_WRITE;
		snprintf(value, sizeof(value), "v%u", pick(1000));
		snprintf(step->request, sizeof(step->request), "%s|%s", path, value);
		step->expected = m_write(txn, domid, path, value, false);
	} else if (kind < 68) {
		step->type = XS_MKDIR;
		step->expected = m_write(txn, domid, path, "", true);
	} else if (kind < 80) {
		step->type = XS_RM;
		step->expected = m_rm(txn, domid, path);
	} else if (kind < 90) {
		step->type = XS_SET_PERMS;
		strcpy(perms, some_perms(domid));
		snprintf(step->request, sizeof(step->request), "%s|%s", path, perms);
		step->expected = m_set_perms(txn, domid, path, perms);
	} else if (open < TXNS && !txn) {
		step->type = XS_TRANSACTION_START;
		strcpy(step->request, "|");
		step->expected = m_start(client, txn);
	} else {
		bool keep = pick(4) != 0;

		step->type = XS_TRANSACTION_END;
		strcpy(step->request, keep ? "T|" : "F|");
		step->expected = m_end(txn, keep);
	}
}

static void model_restart(void)
{
	for (unsigned int c = 0; c < CLIENTS; c++) {
		for (unsigned int i = 0; i < TXNS; i++) {
			struct mtxn *txn = &clients[c].txns[i];
			bool used = txn->used;
			uint32_t id = txn->id;

			memset(txn, 0, sizeof(*txn));
			txn->used = used;
			txn->id = id;
			txn->doomed = true;
		}
	}
}

static bool same_events(unsigned int client, char *got)
{
	bool same = strcmp(got, expected_events[client]) == 0;

	if (!same) {
		printf("client %u: events\n%sinstead of\n%s", client, got, expected_events[client]);
	}
	expected_events[client][0] = '\0';
	got[0] = '\0';
	return same;
}

static bool others_have_their_events(unsigned int asking)
{
	struct xsd_sockmsg header;
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	static char got[8192];
	bool same = true;

	for (unsigned int c = 0; c < CLIENTS; c++) {
		if (c == asking) {
			continue;
		}
		got[0] = '\0';
		while (fixture_message(&fixture, numbers[c], &header, payload)) {
			size_t used = strlen(got);

			snprintf(got + used, sizeof(got) - used, "%s|%s|\n", payload,
				 payload + strlen(payload) + 1);
		}
		same = same_events(c, got) && same;
	}
	return same;
}

static void one_step(struct model_run *this_run)
{
	unsigned int client = this_run->actor;
	static struct step step;
	static char expected[8192];
	const char *got;
	bool same;

	run = this_run;
	if (pick(60) == 0) {
		model_say(run, "the store is closed and opened");
		fixture_restart(&fixture);
		model_restart();
	}
	choose(client, &step);
	snprintf(expected, sizeof(expected), "%s", step.expected);
	fixture_events[0] = '\0';
	got = fixture_ask(&fixture, numbers[client], step.type, step.txn, step.request);
	same = strcmp(got, expected) == 0;
	model_say(run, "domain %u: %s %s in %u: %s", clients[client].domid,
		  wire_type_name(step.type), step.request, step.txn, got);
	if (!same) {
		printf("%s instead of %s\n", got, expected);
	}
	CU_ASSERT(same);
	CU_ASSERT(same_events(client, fixture_events));
	CU_ASSERT(others_have_their_events(client));
}

static void begin(struct model_run *this_run)
{
	static const char *const first[] = {"/tool", "/tool/xenstored"};

	run = this_run;
	memset(&model, 0, sizeof(model));
	memset(clients, 0, sizeof(clients));
	memset(watches, 0, sizeof(watches));
	versions = 0;
	orders = 0;
	fixture_open(&fixture);
	add(NULL, "/", "n0|", "");
	for (unsigned int i = 0; i < 2; i++) {
		add(NULL, first[i], "n0|", "");
	}
	numbers[0] = fixture_socket(&fixture);
	numbers[1] = fixture_socket(&fixture);
	numbers[2] = fixture_domain(&fixture, 1);
	numbers[3] = fixture_domain(&fixture, 2);
	clients[2].domid = 1;
	clients[3].domid = 2;
	client_count = CLIENTS;
	for (unsigned int d = 1; d <= 2; d++) {
		char request[64];
		char path[32];

		snprintf(path, sizeof(path), "/local/domain/%u", d);
		snprintf(request, sizeof(request), "%s|n%u|", path, d);
		m_write(NULL, 0, path, "", true);
		snprintf(path, sizeof(path), "/local/domain/%u|", d);
		fixture_ask(&fixture, numbers[0], XS_MKDIR, 0, path);
		fixture_ask(&fixture, numbers[0], XS_SET_PERMS, 0, request);
		path[strlen(path) - 1] = '\0';
		snprintf(request, sizeof(request), "n%u|", d);
		m_set_perms(NULL, 0, path, request);
	}
}

static void nothing_to_audit(struct model_run *this_run)
{
	(void)this_run;
}

static void end(struct model_run *this_run)
{
	(void)this_run;
	CU_ASSERT_PTR_NOT_NULL(
		strstr(fixture_ask(&fixture, numbers[0], XS_CONTROL, 0, "check|"), "no damage"));
}

static void close_store(struct model_run *this_run)
{
	(void)this_run;
	fixture_close(&fixture);
}

static void random_requests_are_answered_as_by_the_model(void)
{
	for (unsigned int i = 1; i <= 5; i++) {
		const struct model store = {
			.name = "store",
			.seed = i,
			.steps = 3000,
			.actors = CLIENTS,
			.begin = begin,
			.step = one_step,
			.audit = nothing_to_audit,
			.end = end,
			.close = close_store,
		};

		model_check(&store);
	}
}

static const struct unit_test tests[] = {
	UNIT(random_requests_are_answered_as_by_the_model),
};

int main(void)
{
	return unit_main("xenstored_model", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
