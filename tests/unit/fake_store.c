/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of the tests; see fake_store.h. Transactions change the nodes at once. */
#include "unit/fake_store.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define CONNECTIONS 64
#define WATCHES 256
#define NODES 4096

struct node {
	char *path;
	char *value;
	size_t length;
	char perms[256];
	size_t perms_length;
};

struct registered {
	int fd;
	char path[2200];
	char token[512];
};

struct fake_store {
	pthread_t thread;
	pthread_mutex_t lock;
	int wake[2];
	int listener;
	int fds[CONNECTIONS];
	unsigned int fd_count;
	struct node nodes[NODES];
	unsigned int node_count;
	struct registered watches[WATCHES];
	unsigned int watch_count;
	unsigned int conflicts;
	unsigned int drops[XS_TYPE_COUNT];
	const char *failures[XS_TYPE_COUNT];
	unsigned int requests[XS_TYPE_COUNT];
	unsigned int list_limit;
	struct node saved[NODES]; /* while there is a transaction: as before it */
	unsigned int saved_count;
	uint32_t transaction;
	int transaction_fd;
	uint32_t last_transaction;
	unsigned int generation;
	bool stop;
};

static void send_reply(int fd, uint32_t type, const struct xsd_sockmsg *to, const void *payload,
		       size_t length)
{
	char bytes[sizeof(*to) + XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg header = {.type = type, .len = (uint32_t)length};

	if (to) {
		header.req_id = to->req_id;
		header.tx_id = to->tx_id;
	}
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), payload, length);
	ssize_t ignored = send(fd, bytes, sizeof(header) + length, MSG_NOSIGNAL);

	(void)ignored;
}

static struct node *node_find(struct fake_store *fake, const char *path)
{
	for (unsigned int i = 0; i < fake->node_count; i++) {
		if (strcmp(fake->nodes[i].path, path) == 0) {
			return &fake->nodes[i];
		}
	}
	return NULL;
}

static bool is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	if (strcmp(top, "/") == 0) {
		return path[0] == '/';
	}
	return strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static void fire(struct fake_store *fake, const char *path)
{
	for (unsigned int i = 0; i < fake->watch_count; i++) {
		struct registered *watch = &fake->watches[i];

		if (is_below(path, watch->path)) {
			char payload[2048];
			int length = snprintf(payload, sizeof(payload), "%s%c%s", path, '\0',
					      watch->token);

			send_reply(watch->fd, XS_WATCH_EVENT, NULL, payload, (size_t)length + 1);
		}
	}
}

static struct node *node_make(struct fake_store *fake, const char *path)
{
	struct node *node = node_find(fake, path);
	char parent[512];

	if (node) {
		return node;
	}
	snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');

	if (slash && slash > parent) {
		*slash = '\0';
		node_make(fake, parent);
	}
	if (fake->node_count == NODES) {
		abort();
	}
	node = &fake->nodes[fake->node_count++];
	*node = (struct node){
		.path = strdup(path), .value = strdup(""), .perms = "n0", .perms_length = 3};
	fake->generation++;
	return node;
}

static void node_set(struct fake_store *fake, const char *path, const void *value, size_t length)
{
	struct node *node = node_make(fake, path);

	free(node->value);
	node->value = malloc(length + 1);
	memcpy(node->value, value, length);
	node->value[length] = '\0';
	node->length = length;
	fire(fake, path);
}

static void node_remove(struct fake_store *fake, const char *path)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < fake->node_count; i++) {
		if (is_below(fake->nodes[i].path, path)) {
			free(fake->nodes[i].path);
			free(fake->nodes[i].value);
		} else {
			fake->nodes[kept++] = fake->nodes[i];
		}
	}
	fake->node_count = kept;
	fake->generation++;
	fire(fake, path);
}

/* Children's names with their NULs; the number of bytes, -1 for no such node. */
static int children(struct fake_store *fake, const char *path, char *to, size_t room)
{
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);
	size_t used = 0;

	if (!node_find(fake, path) && length) {
		return -1;
	}
	for (unsigned int i = 0; i < fake->node_count; i++) {
		const char *child = fake->nodes[i].path;

		if (strncmp(child, path, length) == 0 && child[length] == '/' &&
		    !strchr(child + length + 1, '/')) {
			size_t size = strlen(child + length + 1) + 1;

			if (used + size > room) {
				abort();
			}
			memcpy(to + used, child + length + 1, size);
			used += size;
		}
	}
	return (int)used;
}

static struct node node_copy(const struct node *node)
{
	struct node copy = *node;

	copy.path = strdup(node->path);
	copy.value = malloc(node->length + 1);
	memcpy(copy.value, node->value, node->length + 1);
	return copy;
}

static void nodes_free(struct node *nodes, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		free(nodes[i].path);
		free(nodes[i].value);
	}
}

static void begin_transaction(struct fake_store *fake, int fd)
{
	nodes_free(fake->saved, fake->saved_count);
	fake->saved_count = fake->node_count;
	for (unsigned int i = 0; i < fake->node_count; i++) {
		fake->saved[i] = node_copy(&fake->nodes[i]);
	}
	fake->transaction = ++fake->last_transaction;
	fake->transaction_fd = fd;
}

static void end_transaction(struct fake_store *fake, bool commit)
{
	if (commit) {
		nodes_free(fake->saved, fake->saved_count);
	} else {
		nodes_free(fake->nodes, fake->node_count);
		memcpy(fake->nodes, fake->saved, sizeof(fake->nodes[0]) * fake->saved_count);
		fake->node_count = fake->saved_count;
		fake->generation++;
	}
	fake->saved_count = 0;
	fake->transaction = 0;
}

static const char *transact(struct fake_store *fake, const struct xsd_sockmsg *header,
			    const char *payload)
{
	if (header->tx_id == 0 || header->tx_id != fake->transaction) {
		return "ENOENT";
	}
	if (payload[0] == 'T' && fake->conflicts) {
		fake->conflicts--;
		end_transaction(fake, false);
		return "EAGAIN";
	}
	end_transaction(fake, payload[0] == 'T');
	return NULL;
}

/* Executes; *reply and *length become the answer. Returns an error's name, or NULL. */
static const char *execute(struct fake_store *fake, int fd, const struct xsd_sockmsg *header,
			   char *payload, char *reply, size_t *length)
{
	static char list[1 << 20];
	size_t path_size = strnlen(payload, header->len) + 1;
	char home[2200];
	const char *path = payload;
	struct node *node;
	int size;

	if (payload[0] != '/' && payload[0] != '@') {
		snprintf(home, sizeof(home), "/local/domain/0%s%s", payload[0] ? "/" : "", payload);
		path = home;
	}
	memcpy(reply, "OK", 3);
	*length = 3;
	switch ((enum xsd_sockmsg_type)header->type) {
	case XS_READ:
		node = node_find(fake, path);
		if (!node) {
			return "ENOENT";
		}
		memcpy(reply, node->value, node->length);
		*length = node->length;
		return NULL;
	case XS_WRITE:
		if (strstr(path, "//")) {
			return "EINVAL";
		}
		node_set(fake, path, payload + path_size, header->len - path_size);
		return NULL;
	case XS_MKDIR:
		node_make(fake, path);
		return NULL;
	case XS_RM:
		node_remove(fake, path);
		return NULL;
	case XS_DIRECTORY:
		size = children(fake, path, list, sizeof(list));
		if (size < 0) {
			return "ENOENT";
		}
		if ((unsigned int)size > (fake->list_limit ? fake->list_limit : 4096)) {
			return "E2BIG";
		}
		memcpy(reply, list, (size_t)size);
		*length = (size_t)size;
		return NULL;
	case XS_DIRECTORY_PART: {
		size_t from = (size_t)atoi(payload + path_size);
		size_t limit = fake->list_limit ? fake->list_limit : 4000;
		size_t used = (size_t)sprintf(reply, "%u", fake->generation) + 1;

		size = children(fake, path, list, sizeof(list));
		if (size < 0) {
			return "ENOENT";
		}
		while (from < (size_t)size && used + strlen(list + from) < limit) {
			size_t name = strlen(list + from) + 1;

			memcpy(reply + used, list + from, name);
			used += name;
			from += name;
		}
		if (from >= (size_t)size) {
			reply[used++] = '\0';
		}
		*length = used;
		return NULL;
	}
	case XS_GET_PERMS:
		node = node_find(fake, path);
		if (!node) {
			return "ENOENT";
		}
		memcpy(reply, node->perms, node->perms_length);
		*length = node->perms_length;
		return NULL;
	case XS_SET_PERMS:
		node = node_find(fake, path);
		if (!node) {
			return "ENOENT";
		}
		if (header->len == path_size || header->len - path_size > sizeof(node->perms)) {
			return "EINVAL";
		}
		node->perms_length = header->len - path_size;
		memcpy(node->perms, payload + path_size, node->perms_length);
		return NULL;
	case XS_WATCH:
		if (fake->watch_count == WATCHES) {
			return "E2BIG";
		}
		fake->watches[fake->watch_count].fd = fd;
		snprintf(fake->watches[fake->watch_count].path, 2200, "%s", path);
		snprintf(fake->watches[fake->watch_count++].token, 512, "%s", payload + path_size);
		return NULL;
	case XS_UNWATCH:
		for (unsigned int i = 0; i < fake->watch_count; i++) {
			if (fake->watches[i].fd == fd && strcmp(fake->watches[i].path, path) == 0 &&
			    strcmp(fake->watches[i].token, payload + path_size) == 0) {
				fake->watches[i] = fake->watches[--fake->watch_count];
				return NULL;
			}
		}
		return "ENOENT";
	case XS_TRANSACTION_START:
		begin_transaction(fake, fd);
		*length = (size_t)sprintf(reply, "%u", fake->transaction) + 1;
		return NULL;
	case XS_TRANSACTION_END:
		return transact(fake, header, payload);
	case XS_GET_DOMAIN_PATH:
		*length = (size_t)sprintf(reply, "/local/domain/%s", payload) + 1;
		return NULL;
	case XS_IS_DOMAIN_INTRODUCED:
		memcpy(reply, payload[0] == '7' ? "T" : "F", 2);
		*length = 2;
		return NULL;
	case XS_CONTROL:
		if (strcmp(payload, "help") == 0) {
			*length = (size_t)sprintf(reply, "check\t\nhelp\t\n") + 1;
			return NULL;
		}
		return strcmp(payload, "check") == 0 ? NULL : "EINVAL";
	case XS_INTRODUCE:
	case XS_RELEASE:
	case XS_RESUME:
	case XS_SET_TARGET:
		return NULL;
	case XS_WATCH_EVENT:
	case XS_ERROR:
	case XS_RESET_WATCHES:
	case XS_TYPE_COUNT:
	case XS_INVALID:
		break;
	}
	return "ENOSYS";
}

static bool read_all(int fd, void *to, size_t length)
{
	return length == 0 || recv(fd, to, length, MSG_WAITALL) == (ssize_t)length;
}

static bool serve(struct fake_store *fake, int fd)
{
	struct xsd_sockmsg header;
	static char payload[XENSTORE_PAYLOAD_MAX + 1];
	static char reply[XENSTORE_PAYLOAD_MAX + 64];
	size_t length = 0;
	const char *error;

	if (!read_all(fd, &header, sizeof(header)) || header.len > XENSTORE_PAYLOAD_MAX ||
	    !read_all(fd, payload, header.len) || header.type >= XS_TYPE_COUNT) {
		return false;
	}
	payload[header.len] = '\0';
	fake->requests[header.type]++;
	if (fake->failures[header.type]) {
		error = fake->failures[header.type];
		fake->failures[header.type] = NULL;
		if (header.type == XS_TRANSACTION_END) {
			end_transaction(fake, false);
		}
	} else {
		error = execute(fake, fd, &header, payload, reply, &length);
	}
	if (fake->drops[header.type]) {
		fake->drops[header.type]--;
		return false;
	}
	if (error) {
		send_reply(fd, XS_ERROR, &header, error, strlen(error) + 1);
		return true;
	}
	send_reply(fd, header.type, &header, reply, length);
	if (header.type == XS_WATCH) {
		struct registered *watch = &fake->watches[fake->watch_count - 1];
		char event[2048];
		int size = snprintf(event, sizeof(event), "%s%c%s", payload, '\0', watch->token);

		send_reply(fd, XS_WATCH_EVENT, NULL, event, (size_t)size + 1);
	}
	return true;
}

static void drop_connection(struct fake_store *fake, unsigned int at)
{
	unsigned int kept = 0;
	int fd = fake->fds[at];

	for (unsigned int i = 0; i < fake->watch_count; i++) {
		if (fake->watches[i].fd != fd) {
			fake->watches[kept++] = fake->watches[i];
		}
	}
	fake->watch_count = kept;
	if (fake->transaction && fake->transaction_fd == fd) {
		end_transaction(fake, false);
	}
	close(fd);
	fake->fds[at] = fake->fds[--fake->fd_count];
}

static void *run(void *data)
{
	struct fake_store *fake = data;

	for (;;) {
		struct pollfd polls[CONNECTIONS + 2];
		unsigned int count;
		char byte;

		pthread_mutex_lock(&fake->lock);
		count = fake->fd_count;
		for (unsigned int i = 0; i < count; i++) {
			polls[i] = (struct pollfd){.fd = fake->fds[i], .events = POLLIN};
		}
		pthread_mutex_unlock(&fake->lock);
		polls[count] = (struct pollfd){.fd = fake->wake[0], .events = POLLIN};
		polls[count + 1] = (struct pollfd){.fd = fake->listener, .events = POLLIN};
		poll(polls, count + 2, -1);
		pthread_mutex_lock(&fake->lock);
		if (polls[count].revents && read(fake->wake[0], &byte, 1) < 0) {
			abort();
		}
		for (unsigned int i = count; i-- > 0;) {
			if (polls[i].revents && !serve(fake, polls[i].fd)) {
				drop_connection(fake, i);
			}
		}
		if (polls[count + 1].revents) {
			int fd = accept(fake->listener, NULL, NULL);

			if (fd >= 0) {
				fake->fds[fake->fd_count++] = fd;
			}
		}
		bool stop = fake->stop;

		pthread_mutex_unlock(&fake->lock);
		if (stop) {
			return NULL;
		}
	}
}

static void wake(struct fake_store *fake)
{
	if (write(fake->wake[1], "", 1) < 0) {
		abort();
	}
}

struct fake_store *fake_store_start(const char *path)
{
	struct fake_store *fake = calloc(1, sizeof(*fake));

	if (!fake || pipe(fake->wake) < 0) {
		abort();
	}
	fake->listener = -1;
	if (path) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};

		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		unlink(path);
		fake->listener = socket(AF_UNIX, SOCK_STREAM, 0);
		if (bind(fake->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		    listen(fake->listener, 8) < 0) {
			abort();
		}
	}
	pthread_mutex_init(&fake->lock, NULL);
	pthread_create(&fake->thread, NULL, run, fake);
	return fake;
}

void fake_store_stop(struct fake_store *fake)
{
	fake->stop = true;
	wake(fake);
	pthread_join(fake->thread, NULL);
	while (fake->fd_count) {
		drop_connection(fake, 0);
	}
	nodes_free(fake->nodes, fake->node_count);
	nodes_free(fake->saved, fake->saved_count);
	close(fake->wake[0]);
	close(fake->wake[1]);
	if (fake->listener >= 0) {
		close(fake->listener);
	}
	pthread_mutex_destroy(&fake->lock);
	free(fake);
}

int fake_store_connect(struct fake_store *fake)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		abort();
	}
	pthread_mutex_lock(&fake->lock);
	fake->fds[fake->fd_count++] = pair[0];
	pthread_mutex_unlock(&fake->lock);
	wake(fake);
	return pair[1];
}

void fake_store_set(struct fake_store *fake, const char *path, const char *value)
{
	pthread_mutex_lock(&fake->lock);
	node_set(fake, path, value, strlen(value));
	pthread_mutex_unlock(&fake->lock);
}

void fake_store_remove(struct fake_store *fake, const char *path)
{
	pthread_mutex_lock(&fake->lock);
	node_remove(fake, path);
	pthread_mutex_unlock(&fake->lock);
}

char *fake_store_get(struct fake_store *fake, const char *path)
{
	pthread_mutex_lock(&fake->lock);
	struct node *node = node_find(fake, path);
	char *value = node ? strdup(node->value) : NULL;

	pthread_mutex_unlock(&fake->lock);
	return value;
}

void fake_store_fire(struct fake_store *fake, const char *path)
{
	pthread_mutex_lock(&fake->lock);
	fire(fake, path);
	pthread_mutex_unlock(&fake->lock);
}

void fake_store_conflict(struct fake_store *fake, unsigned int commits)
{
	pthread_mutex_lock(&fake->lock);
	fake->conflicts = commits;
	pthread_mutex_unlock(&fake->lock);
}

void fake_store_drop(struct fake_store *fake, uint32_t type, unsigned int requests)
{
	pthread_mutex_lock(&fake->lock);
	fake->drops[type] = requests;
	pthread_mutex_unlock(&fake->lock);
}

void fake_store_fail(struct fake_store *fake, uint32_t type, const char *error)
{
	pthread_mutex_lock(&fake->lock);
	fake->failures[type] = error;
	pthread_mutex_unlock(&fake->lock);
}

void fake_store_limit_lists(struct fake_store *fake, unsigned int bytes)
{
	pthread_mutex_lock(&fake->lock);
	fake->list_limit = bytes;
	pthread_mutex_unlock(&fake->lock);
}

unsigned int fake_store_requests(struct fake_store *fake, uint32_t type)
{
	pthread_mutex_lock(&fake->lock);
	unsigned int count = fake->requests[type];

	pthread_mutex_unlock(&fake->lock);
	return count;
}

unsigned int fake_store_watches(struct fake_store *fake)
{
	pthread_mutex_lock(&fake->lock);
	unsigned int count = fake->watch_count;

	pthread_mutex_unlock(&fake->lock);
	return count;
}

unsigned int fake_store_nodes(struct fake_store *fake)
{
	pthread_mutex_lock(&fake->lock);
	unsigned int count = fake->node_count;

	pthread_mutex_unlock(&fake->lock);
	return count;
}

unsigned int fake_store_clients(struct fake_store *fake)
{
	pthread_mutex_lock(&fake->lock);
	unsigned int count = fake->fd_count;

	pthread_mutex_unlock(&fake->lock);
	return count;
}

bool fake_store_in_transaction(struct fake_store *fake)
{
	pthread_mutex_lock(&fake->lock);
	bool open = fake->transaction != 0;

	pthread_mutex_unlock(&fake->lock);
	return open;
}
