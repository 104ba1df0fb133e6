/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests about nodes, watches and transactions: one function each, and the table that says which
 * type is whose. Each first checks everything that can be refused, then changes, then tells
 * watches, then replies; so events caused by a request come before its reply (but a new watch's own
 * event comes after).
 *
 * Semantics are those of Xen 4.17's C daemon: order of checks, names of errors, what counts as
 * missing.
 */
#include "xenstored/xsd.h"
#include "xenstored/xsd_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

/* --- replies -------------------------------------------------------------- */
static void send_reply(struct request *request, uint32_t type, const void *data, size_t size)
{
	struct xsd_sockmsg header = {
		.type = type,
		.req_id = request->id,
		.tx_id = request->txn_id,
		.len = (uint32_t)size,
	};

	if (request->conn->closing) {
		return;
	}
	conn_send(request->store, request->conn, &header, sizeof(header));
	conn_send(request->store, request->conn, data, size);
}

void request_reply(struct request *request, const void *data, size_t size)
{
	send_reply(request, request->type, data, size);
}

void request_ok(struct request *request)
{
	request_reply(request, "OK", 3);
}

static void reply_error(struct request *request, int error)
{
	const char *name = wire_error_name(error);

	send_reply(request, XS_ERROR, name, strlen(name) + 1);
}

/* --- finding nodes -------------------------------------------------------- */
static int canonical(struct request *request, const char *name, bool special, char path[PATH_ROOM])
{
	if (!name || !path_absolute(name, request->conn->subject.domid, special, path)) {
		return -EINVAL;
	}
	return 0;
}

static unsigned int access_of(const struct request *request, const struct node *node)
{
	return perms_access(node->perms, &request->conn->subject);
}

/* -ENOENT to those who might see it if it were there: by the nearest node above. */
static int missing(struct request *request, const char *path, unsigned int need)
{
	char above[PATH_ROOM];
	struct node node;
	int err = -ENOENT;

	if (request->conn->subject.privileged) {
		return -ENOENT;
	}
	memcpy(above, path, strlen(path) + 1);
	while (err == -ENOENT && path_to_parent(above)) {
		err = view_peek(request->view, above, &node);
	}
	if (err && err != -ENOENT) {
		return err;
	}
	return !err && (access_of(request, &node) & need) ? -ENOENT : -EACCES;
}

static int get_node(struct request *request, const char *path, unsigned int need, struct node *node)
{
	int err = view_read(request->view, path, node);

	if (err == -ENOENT) {
		return missing(request, path, need);
	}
	if (!err && (access_of(request, node) & need) != need) {
		return -EACCES;
	}
	return err;
}

/* The payload's only string as a path, and its node. */
static int get_argument(struct request *request, bool special, unsigned int need,
			char path[PATH_ROOM], struct node *node)
{
	int err =
		canonical(request, wire_one_string(request->payload, request->size), special, path);

	return err ? err : get_node(request, path, need, node);
}

static void fire(struct request *request, const char *path, bool exact, struct perm_list old_perms)
{
	if (request->view.txn) {
		txn_fire(request->view.txn, path, exact, old_perms);
	} else {
		xsd_fire(request->store, path, exact, old_perms);
	}
}

static const struct perm_list no_perms;

/* --- reading -------------------------------------------------------------- */
static int do_read(struct request *request)
{
	char path[PATH_ROOM];
	struct node node;
	int err = get_argument(request, false, ACCESS_READ, path, &node);

	if (!err && node.value_size > XENSTORE_PAYLOAD_MAX) {
		err = -E2BIG;
	}
	if (!err) {
		request_reply(request, node.value, node.value_size);
	}
	return err;
}

static int do_directory(struct request *request)
{
	struct bytes names = {0};
	char path[PATH_ROOM];
	struct node node;
	int err = get_argument(request, false, ACCESS_READ, path, &node);

	if (!err && node.child_bytes > XENSTORE_PAYLOAD_MAX) {
		err = -E2BIG;
	}
	if (!err) {
		err = view_children(request->view, path, &names);
	}
	if (!err && names.size > XENSTORE_PAYLOAD_MAX) {
		err = -E2BIG;
	}
	if (!err) {
		request_reply(request, names.data, names.size);
	}
	bytes_free(&names);
	return err;
}

/* The list of a long directory, kept from one part to the next while the node does not change. */
static int part_list(struct request *request, const char *path, const struct node *node)
{
	struct xsd *store = request->store;
	uint64_t generation = node->generation;
	int err;

	if (!request->view.txn && store->part_path && store->part_generation == generation &&
	    strcmp(store->part_path, path) == 0) {
		return 0;
	}
	free(store->part_path);
	store->part_path = NULL;
	bytes_clear(&store->part_list);
	err = view_children(request->view, path, &store->part_list);
	if (!err && !request->view.txn) {
		store->part_path = memory_copy(path);
		store->part_generation = generation;
	}
	return err;
}

static int send_part(struct request *request, uint64_t generation, size_t offset)
{
	const struct bytes *list = &request->store->part_list;
	char reply[XENSTORE_PAYLOAD_MAX + 32];
	size_t size = (size_t)snprintf(reply, sizeof(reply), "%" PRIu64, generation) + 1;

	while (offset < list->size) {
		size_t name = strlen(list->data + offset) + 1;

		if (size + name > XENSTORE_PAYLOAD_MAX) {
			break;
		}
		memcpy(reply + size, list->data + offset, name);
		size += name;
		offset += name;
	}
	if (offset >= list->size && size < XENSTORE_PAYLOAD_MAX) {
		reply[size++] = '\0';
	}
	request_reply(request, reply, size);
	return 0;
}

static int do_directory_part(struct request *request)
{
	const char *strings[2];
	char path[PATH_ROOM];
	struct node node;
	char *end;
	unsigned long offset;
	int err;

	if (wire_strings(request->payload, request->size, strings, 2) != 2) {
		return -EINVAL;
	}
	err = canonical(request, strings[0], false, path);
	if (!err) {
		err = get_node(request, path, ACCESS_READ, &node);
	}
	if (!err) {
		err = part_list(request, path, &node);
	}
	if (err) {
		return err;
	}
	offset = strtoul(strings[1], &end, 10);
	if (*end || end == strings[1] || offset > request->store->part_list.size ||
	    (offset && request->store->part_list.data[offset - 1])) {
		return -EINVAL;
	}
	return send_part(request, node.generation, offset);
}

static int do_get_perms(struct request *request)
{
	struct bytes reply = {0};
	char path[PATH_ROOM];
	struct node node;
	int err =
		get_argument(request, request->conn->subject.privileged, ACCESS_READ, path, &node);

	for (unsigned int i = 0; !err && i < node.perms.count; i++) {
		char text[16];

		perm_format(perm_at(node.perms, i), text);
		bytes_add(&reply, text, strlen(text) + 1);
	}
	if (!err && reply.size > XENSTORE_PAYLOAD_MAX) {
		err = -E2BIG;
	}
	if (!err) {
		request_reply(request, reply.data, reply.size);
	}
	bytes_free(&reply);
	return err;
}

/* --- writing -------------------------------------------------------------- */
static int check_size(struct request *request, size_t size, const char *path)
{
	/* The limit is inclusive: `used` is what would be one too many. */
	return xsd_quota(request->store, request->conn, QUOTA_NODE_SIZE,
			 size ? (unsigned int)size - 1 : 0, path);
}

/* The nearest node above path that exists. *missing_count: how many have to be made, path included.
 */
static int find_ancestor(struct request *request, const char *path, char above[PATH_ROOM],
			 unsigned int *missing_count, struct node *node)
{
	int err;

	*missing_count = 0;
	memcpy(above, path, strlen(path) + 1);
	do {
		(*missing_count)++;
		if (!path_to_parent(above)) {
			return -ENOENT;
		}
		err = view_read(request->view, above, node);
	} while (err == -ENOENT);
	return err;
}

/* What the creator's nodes inherit: the parent's list, an unprivileged creator becoming the owner.
 */
static void inherit(const struct request *request, struct perm_list from, struct bytes *perms)
{
	bytes_add(perms, from.raw, from.count * sizeof(struct perm));
	if (!request->conn->subject.privileged && perms->size) {
		struct perm owner = perm_at(from, 0);

		owner.domid = request->conn->subject.domid;
		memcpy(perms->data, &owner, sizeof(owner));
	}
}

static int check_creation(struct request *request, const char *path, const struct node *above,
			  unsigned int count, size_t value_size)
{
	unsigned int domid = request->conn->subject.domid;
	unsigned int owned;
	size_t own = 24 + above->perms.count * sizeof(struct perm);
	int err;

	if (request->conn->subject.privileged) {
		return 0;
	}
	owned = xsd_owned(request->store, domid) + count - 1;
	if (request->view.txn) {
		owned = (unsigned int)((int)owned + txn_owned_change(request->view.txn, domid));
	}
	err = xsd_quota(request->store, request->conn, QUOTA_NODES, owned, path);
	if (!err) {
		err = check_size(request, own + value_size, path);
	}
	/* The longest name the ancestor's list can gain is the whole path. */
	if (!err) {
		char next[PATH_ROOM];

		memcpy(next, path, strlen(path) + 1);
		while (--count) {
			path_to_parent(next);
		}
		err = check_size(request, node_size(above) + strlen(path_name(next)) + 1, path);
	}
	return err;
}

/* Makes the node and those missing above it, these with empty values. */
static int create_nodes(struct request *request, const char *path, const char *value, size_t size)
{
	struct bytes perms = {0};
	char at[PATH_ROOM];
	unsigned int count;
	struct node above;
	int err = tree_has_room(&request->store->tree);

	if (!err) {
		err = find_ancestor(request, path, at, &count, &above);
	}
	if (!err) {
		err = check_creation(request, path, &above, count, size);
	}
	if (err) {
		return err;
	}
	inherit(request, above.perms, &perms);
	while (!err && count--) {
		struct perm_list list = {.raw = perms.data,
					 .count = (unsigned int)(perms.size / sizeof(struct perm))};
		size_t length = strlen(at) == 1 ? 0 : strlen(at);
		const char *end = strchr(path + length + 1, '/');
		size_t next = end ? (size_t)(end - path) : strlen(path);

		memcpy(at, path, next);
		at[next] = '\0';
		err = view_create(request->view, at, list, count ? "" : value, count ? 0 : size);
	}
	bytes_free(&perms);
	return err;
}

static int do_write(struct request *request)
{
	const char *nul = memchr(request->payload, '\0', request->size);
	char path[PATH_ROOM];
	const char *value;
	struct node node;
	size_t size;
	int err;

	if (!nul) {
		return -EINVAL;
	}
	value = nul + 1;
	size = (size_t)(request->payload + request->size - value);
	err = canonical(request, request->payload, false, path);
	if (!err) {
		err = get_node(request, path, ACCESS_WRITE, &node);
	}
	if (err == -ENOENT) {
		err = create_nodes(request, path, value, size);
	} else if (!err) {
		err = check_size(request, node_size(&node) - node.value_size + size, path);
		if (!err) {
			err = tree_has_room(&request->store->tree);
		}
		if (!err) {
			err = view_write(request->view, path, value, size);
		}
	}
	if (!err) {
		fire(request, path, false, no_perms);
		request_ok(request);
	}
	return err;
}

static int do_mkdir(struct request *request)
{
	char path[PATH_ROOM];
	struct node node;
	int err = get_argument(request, false, ACCESS_WRITE, path, &node);

	if (err == -ENOENT) {
		err = create_nodes(request, path, "", 0);
		if (!err) {
			fire(request, path, false, no_perms);
		}
	}
	if (!err) {
		request_ok(request);
	}
	return err;
}

struct removal {
	struct xsd *store;
	struct view view;
};

static int remove_one(void *data, const char *path, bool is_root)
{
	struct removal *removal = data;
	struct bytes kept = {0};
	struct perm_list perms;
	struct node node;
	int err = view_read(removal->view, path, &node);

	if (err == -ENOENT) {
		return 0; /* only in a transaction that will be refused */
	}
	if (err) {
		return err;
	}
	bytes_add(&kept, node.perms.raw, node.perms.count * sizeof(struct perm));
	perms = (struct perm_list){.raw = kept.data, .count = node.perms.count};
	err = view_remove(removal->view, path);
	if (!err && removal->view.txn) {
		txn_fire(removal->view.txn, path, !is_root, perms);
	} else if (!err) {
		xsd_fire(removal->store, path, !is_root, perms);
	}
	bytes_free(&kept);
	return err;
}

int nodes_remove(struct xsd *store, struct view view, const char *path)
{
	struct removal removal = {.store = store, .view = view};

	return view_walk(view, path, remove_one, &removal);
}

static int do_rm(struct request *request)
{
	char path[PATH_ROOM];
	struct node node;
	int err = get_argument(request, false, ACCESS_WRITE, path, &node);

	if (err == -ENOENT) {
		/* Nothing to remove is fine where there could be something. */
		char above[PATH_ROOM];

		memcpy(above, path, strlen(path) + 1);
		if (!path_to_parent(above) || view_read(request->view, above, &node)) {
			return -ENOENT;
		}
		request_ok(request);
		return 0;
	}
	if (!err && !path[1]) {
		err = -EINVAL; /* "/" */
	}
	if (!err) {
		err = nodes_remove(request->store, request->view, path);
	}
	if (!err) {
		request_ok(request);
	}
	return err;
}

static int parse_perms(struct request *request, const char *texts, unsigned int count,
		       struct bytes *perms)
{
	for (unsigned int i = 0; i < count; i++) {
		struct perm perm = {0};

		if (!perm_parse(texts, &perm)) {
			return -EINVAL;
		}
		bytes_add(perms, &perm, sizeof(perm));
		texts += strlen(texts) + 1;
	}
	return 0;
}

static int check_perms(struct request *request, const char *path, const struct node *node,
		       struct perm_list perms)
{
	if (!request->conn->subject.privileged &&
	    perm_at(perms, 0).domid != perm_at(node->perms, 0).domid) {
		return -EPERM;
	}
	return check_size(request,
			  node_size(node) +
				  ((size_t)perms.count - node->perms.count) * sizeof(struct perm),
			  path);
}

static int set_perms(struct request *request, const char *path, struct perm_list perms)
{
	struct bytes kept = {0};
	struct perm_list old;
	struct node node;
	int err = get_node(request, path, ACCESS_WRITE | ACCESS_OWNER, &node);

	if (!err) {
		err = check_perms(request, path, &node, perms);
	}
	if (!err) {
		err = tree_has_room(&request->store->tree);
	}
	if (err) {
		return err;
	}
	/* tree_has_room() may have moved the database: what was read is read anew. */
	err = view_read(request->view, path, &node);
	if (!err) {
		bytes_add(&kept, node.perms.raw, node.perms.count * sizeof(struct perm));
		old = (struct perm_list){.raw = kept.data, .count = node.perms.count};
		err = view_set_perms(request->view, path, perms);
		if (!err) {
			fire(request, path, false, old);
		}
	}
	bytes_free(&kept);
	return err;
}

static int do_set_perms(struct request *request)
{
	unsigned int count = wire_string_count(request->payload, request->size);
	struct bytes perms = {0};
	char path[PATH_ROOM];
	int err = 0;

	if (count < 2 || request->payload[request->size - 1]) {
		return -EINVAL;
	}
	err = xsd_quota(request->store, request->conn, QUOTA_PERMISSIONS, count - 2,
			request->payload);
	if (!err) {
		err = parse_perms(request, request->payload + strlen(request->payload) + 1,
				  count - 1, &perms);
	}
	if (!err) {
		err = canonical(request, request->payload, true, path);
	}
	if (!err && path[0] == '@' && request->view.txn) {
		err = -EINVAL;
	}
	if (!err) {
		err = set_perms(request, path,
				(struct perm_list){.raw = perms.data, .count = count - 1});
	}
	if (!err) {
		request_ok(request);
	}
	bytes_free(&perms);
	return err;
}

/* --- watches -------------------------------------------------------------- */
static int watch_arguments(struct request *request, char path[PATH_ROOM], const char **name,
			   const char **token)
{
	const char *strings[2];

	if (wire_strings(request->payload, request->size, strings, 2) != 2) {
		return -EINVAL;
	}
	*name = strings[0];
	*token = strings[1];
	return canonical(request, strings[0], true, path);
}

static int do_watch(struct request *request)
{
	struct conn *conn = request->conn;
	struct watch *watch;
	char path[PATH_ROOM];
	const char *name;
	const char *token;
	int err = watch_arguments(request, path, &name, &token);

	if (!err && watch_find(&request->store->watches, conn, path, token)) {
		err = -EEXIST;
	}
	if (!err) {
		err = xsd_quota(request->store, conn, QUOTA_WATCHES, conn->watches.count, path);
	}
	if (!err) {
		err = tree_has_room(&request->store->tree);
	}
	if (!err) {
		err = xsd_watch(request->store, conn, path, token, name[0] != '/' && name[0] != '@',
				&watch);
	}
	if (!err) {
		request_ok(request);
		xsd_fire_watch(request->store, watch, name);
	}
	return err;
}

static int do_unwatch(struct request *request)
{
	struct watch *watch;
	char path[PATH_ROOM];
	const char *name;
	const char *token;
	int err = watch_arguments(request, path, &name, &token);

	if (err) {
		return err;
	}
	watch = watch_find(&request->store->watches, request->conn, path, token);
	if (!watch) {
		return -ENOENT;
	}
	err = xsd_unwatch(request->store, watch);
	if (!err) {
		request_ok(request);
	}
	return err;
}

/* --- transactions --------------------------------------------------------- */
static int do_start(struct request *request)
{
	char text[16];
	struct txn *txn;
	int err;

	if (request->view.txn) {
		return -EBUSY;
	}
	err = xsd_quota(request->store, request->conn, QUOTA_TRANSACTIONS, request->conn->txn_count,
			"a transaction is refused");
	if (err) {
		return err;
	}
	txn = xsd_start_txn(request->store, request->conn);
	snprintf(text, sizeof(text), "%u", txn->id);
	request_reply(request, text, strlen(text) + 1);
	return 0;
}

static int commit(struct request *request)
{
	struct txn *txn = request->view.txn;
	unsigned int domid = request->conn->subject.domid;
	int err = txn_check(txn);

	/* Others of the domain may have come first. */
	if (!err && !request->conn->subject.privileged) {
		int more = txn_owned_change(txn, domid);

		if (more > 0) {
			err = xsd_quota(request->store, request->conn, QUOTA_NODES,
					xsd_owned(request->store, domid) + (unsigned int)more - 1,
					"a transaction is refused");
		}
	}
	if (!err) {
		err = tree_has_room(&request->store->tree);
	}
	if (!err) {
		err = txn_apply(txn);
	}
	for (struct txn_node *node = txn->first; !err && node; node = node->next) {
		struct perm_list old = {
			.raw = node->old_perms.data,
			.count = (unsigned int)(node->old_perms.size / sizeof(struct perm)),
		};

		if (node->fire) {
			xsd_fire(request->store, node->path, node->exact, old);
		}
	}
	return err;
}

static int do_end(struct request *request)
{
	const char *answer = wire_one_string(request->payload, request->size);
	int err = 0;

	if (!answer || (strcmp(answer, "T") != 0 && strcmp(answer, "F") != 0)) {
		return -EINVAL;
	}
	if (!request->view.txn) {
		return -ENOENT;
	}
	if (answer[0] == 'T') {
		err = commit(request);
	}
	xsd_end_txn(request->conn, request->view.txn);
	if (!err) {
		request_ok(request);
	}
	return err;
}

/* --- the table ------------------------------------------------------------ */
enum {
	PRIVILEGED = 1,
	CHANGES = 2, /* refused on the read-only socket */
	NO_TXN = 4,  /* the transaction's number is ignored */
};

static const struct handler {
	int (*run)(struct request *request);
	unsigned int flags;
} handlers[XS_TYPE_COUNT] = {
	[XS_CONTROL] = {control_run, PRIVILEGED | CHANGES | NO_TXN},
	[XS_DIRECTORY] = {do_directory, 0},
	[XS_READ] = {do_read, 0},
	[XS_GET_PERMS] = {do_get_perms, 0},
	[XS_WATCH] = {do_watch, NO_TXN},
	[XS_UNWATCH] = {do_unwatch, NO_TXN},
	[XS_TRANSACTION_START] = {do_start, 0},
	[XS_TRANSACTION_END] = {do_end, 0},
	[XS_INTRODUCE] = {special_introduce, PRIVILEGED | CHANGES | NO_TXN},
	[XS_RELEASE] = {special_release, PRIVILEGED | CHANGES | NO_TXN},
	[XS_GET_DOMAIN_PATH] = {special_domain_path, NO_TXN},
	[XS_WRITE] = {do_write, CHANGES},
	[XS_MKDIR] = {do_mkdir, CHANGES},
	[XS_RM] = {do_rm, CHANGES},
	[XS_SET_PERMS] = {do_set_perms, CHANGES},
	[XS_IS_DOMAIN_INTRODUCED] = {special_is_introduced, PRIVILEGED | NO_TXN},
	[XS_RESUME] = {special_resume, PRIVILEGED | CHANGES | NO_TXN},
	[XS_SET_TARGET] = {special_set_target, PRIVILEGED | CHANGES | NO_TXN},
	[XS_RESET_WATCHES] = {special_reset_watches, NO_TXN},
	[XS_DIRECTORY_PART] = {do_directory_part, 0},
};

static int find_txn(struct request *request, const struct handler *handler)
{
	struct txn *txn = request->conn->txns;

	if (!request->txn_id || (handler->flags & NO_TXN)) {
		return 0;
	}
	while (txn && txn->id != request->txn_id) {
		txn = txn->next;
	}
	request->view.txn = txn;
	return txn ? 0 : -ENOENT;
}

static int run(struct request *request)
{
	const struct handler *handler;
	int err;

	if (request->type >= XS_TYPE_COUNT || !handlers[request->type].run) {
		return -ENOSYS;
	}
	handler = &handlers[request->type];
	if ((handler->flags & PRIVILEGED) && !request->conn->subject.privileged) {
		return -EACCES;
	}
	if ((handler->flags & CHANGES) && request->conn->read_only) {
		return -EROFS;
	}
	if (request->store->refuse && request->store->refuse == request->conn->slot->id) {
		request->store->refuse = 0;
		return -ENOSPC;
	}
	err = find_txn(request, handler);
	return err ? err : handler->run(request);
}

void request_run(struct request *request)
{
	struct xsd *store = request->store;
	uint64_t id = request->conn->slot->id;
	unsigned int domid = request->conn->subject.domid;
	int err = run(request);

	if (store->log_requests) {
		xsd_log(store, "%llu domain %u: %s %.*s tx %u: %s", (unsigned long long)id, domid,
			wire_type_name(request->type), (int)strnlen(request->payload, 200),
			request->payload, request->txn_id, err ? wire_error_name(-err) : "ok");
	}
	if (err) {
		reply_error(request, -err);
	}
}
