/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the store: bytes to messages, replies to their request, events to the queue,
 *and what happens when it ends.
 *
 *	connection: open -> lost      end of file, a broken pipe, or bytes that are no message
 *	connection: lost -> open      by the next request; all watches are registered again
 *
 * A daemon that is being started again by its keeper still listens, so connecting waits at most for
 * that; without a keeper there is nobody for a moment, hence the patience.
 */
#include "store/connection.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RUN_FOLDER "/run/xenstored"
#define KERNEL_DEVICE "/dev/xen/xenbus"
#define KERNEL_FILE "/proc/xen/xenbus"
#define PATIENCE_MS 5000 /* for a store that is being started again */
#define STEP_MS 20

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- opening --------------------------------------------------------------------------------- */

static int connect_socket(const char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int made;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path));
	made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (made < 0) {
		return -errno;
	}
	if (connect(made, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int err = -errno;

		close(made);
		return err;
	}
	*fd = made;
	return 0;
}

static int open_device(const char *path, int *fd)
{
	*fd = open(path, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* A path of the user's choice may be a socket or a device. */
static int open_path(const char *path, int *fd)
{
	struct stat state;

	if (stat(path, &state) < 0) {
		return -errno;
	}
	return S_ISSOCK(state.st_mode) ? connect_socket(path, fd) : open_device(path, fd);
}

int store_connect(unsigned int flags, int *fd, char *tried, size_t room)
{
	const char *path = getenv("XENSTORED_PATH");
	const char *folder = getenv("XENSTORED_RUNDIR");
	int err = -ENOENT;

	if (!(flags & STORE_KERNEL_ONLY)) {
		if (path) {
			snprintf(tried, room, "%s", path);
			return open_path(path, fd);
		}
		snprintf(tried, room, "%s/socket", folder ? folder : RUN_FOLDER);
		err = connect_socket(tried, fd);
		if (!err || folder || (flags & STORE_SOCKET_ONLY)) {
			return err;
		}
	}
	int second = open_device(KERNEL_DEVICE, fd);

	if (second == -ENOENT) {
		second = open_device(KERNEL_FILE, fd);
	}
	/* Without the device, the socket's error is the one that explains. */
	if (second && (second != -ENOENT || (flags & STORE_KERNEL_ONLY))) {
		snprintf(tried, room, "%s", KERNEL_DEVICE);
		return second;
	}
	return second ? err : 0;
}

static bool is_kernel(int fd)
{
	struct stat state;

	return fstat(fd, &state) == 0 && !S_ISSOCK(state.st_mode);
}

static struct store *make(int fd, bool attached, unsigned int flags)
{
	struct store *store = calloc(1, sizeof(*store));

	if (store) {
		store->fd = fd;
		store->kernel = is_kernel(fd);
		store->attached = attached;
		store->flags = flags;
		store->next_id = 1;
		STAILQ_INIT(&store->events);
		LIST_INIT(&store->watches);
	}
	return store;
}

int store_open(struct store **store, unsigned int flags, struct report *report)
{
	char tried[sizeof(((struct sockaddr_un *)0)->sun_path) + 64];
	int fd;
	int err = store_connect(flags, &fd, tried, sizeof(tried));

	if (err) {
		report_error(report, -err, "xenstore: %s", tried);
		report_next(report, "%s",
			    err == -EACCES || err == -EPERM
				    ? "this needs root"
				    : "is xenstored running? see proxenos-keeper(8)");
		return err;
	}
	*store = make(fd, false, flags);
	if (!*store) {
		close(fd);
		return report_error(report, ENOMEM, "xenstore");
	}
	return 0;
}

int store_attach(struct store **store, int fd)
{
	*store = make(fd, true, STORE_ANY);
	return *store ? 0 : -ENOMEM;
}

void store_close(struct store *store)
{
	struct store_queued *queued;
	struct store_watched *watched;

	if (!store) {
		return;
	}
	while ((queued = STAILQ_FIRST(&store->events))) {
		STAILQ_REMOVE_HEAD(&store->events, next);
		store_event_clear(&queued->event);
		free(queued);
	}
	while ((watched = LIST_FIRST(&store->watches))) {
		LIST_REMOVE(watched, next);
		free(watched->path);
		free(watched->token);
		free(watched);
	}
	if (store->fd >= 0) {
		close(store->fd);
	}
	free(store);
}

int store_fd(const struct store *store)
{
	return store->fd;
}

/* --- bytes ----------------------------------------------------------------------------------- */

static void lose(struct store *store)
{
	if (store->fd >= 0) {
		close(store->fd);
		store->fd = -1;
	}
	if (store->pending_count) {
		store->deferred_error = -ECONNRESET;
	}
	store->pending_count = 0;
	store->out_used = 0;
	store->in_begin = store->in_end = 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		/* Not every way in is a socket, so no MSG_NOSIGNAL: a program that can lose its
		 * store ignores SIGPIPE, or dies of it as any client of a pipe does. */
		ssize_t done = send(fd, bytes, length, MSG_NOSIGNAL);

		if (done < 0 && errno == ENOTSOCK) {
			done = write(fd, bytes, length);
		}
		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done < 0) {
			return errno == EPIPE ? -ECONNRESET : -errno;
		}
		bytes += done;
		length -= (size_t)done;
	}
	return 0;
}

static int fill(struct store *store)
{
	ssize_t done;

	do {
		done = read(store->fd, store->in, sizeof(store->in));
	} while (done < 0 && errno == EINTR);
	if (done <= 0) {
		return done ? -errno : -ECONNRESET;
	}
	store->in_begin = 0;
	store->in_end = (size_t)done;
	return 0;
}

static int read_all(struct store *store, char *bytes, size_t length)
{
	while (length) {
		int err = store->in_begin == store->in_end ? fill(store) : 0;
		size_t ready = store->in_end - store->in_begin;
		size_t taken = ready < length ? ready : length;

		if (err) {
			return err;
		}
		memcpy(bytes, store->in + store->in_begin, taken);
		store->in_begin += taken;
		bytes += taken;
		length -= taken;
	}
	return 0;
}

static int send_out(struct store *store)
{
	int err = write_all(store->fd, store->out, store->out_used);

	store->out_used = 0;
	return err;
}

/* The kernel takes a request with each write, and no more. */
static int put_message(struct store *store, const struct xsd_sockmsg *header,
		       const struct iovec *parts, unsigned int count)
{
	int err = 0;

	if (store->kernel || STORE_OUT_ROOM - store->out_used < sizeof(*header) + header->len) {
		err = send_out(store);
	}
	memcpy(store->out + store->out_used, header, sizeof(*header));
	store->out_used += sizeof(*header);
	for (unsigned int i = 0; i < count; i++) {
		memcpy(store->out + store->out_used, parts[i].iov_base, parts[i].iov_len);
		store->out_used += parts[i].iov_len;
	}
	return err;
}

/* Receives one whole message; *payload is allocated, with a NUL behind it. */
static int receive(struct store *store, struct xsd_sockmsg *header, char **payload)
{
	int err = read_all(store, (char *)header, sizeof(*header));

	if (err) {
		return err;
	}
	if (header->len > XENSTORE_PAYLOAD_MAX) {
		return -EPROTO;
	}
	*payload = malloc(header->len + 1);
	if (!*payload) {
		return -ENOMEM;
	}
	err = read_all(store, *payload, header->len);
	if (err) {
		free(*payload);
		return err;
	}
	(*payload)[header->len] = '\0';
	return 0;
}

/* --- events ---------------------------------------------------------------------------------- */

static int enqueue(struct store *store, const char *payload, size_t length)
{
	size_t path_length = strnlen(payload, length);
	size_t token_length = path_length < length
				      ? strnlen(payload + path_length + 1, length - path_length - 1)
				      : 0;
	struct store_queued *queued;

	/* Two strings, each with its end. */
	if (path_length + 1 + token_length + 1 > length) {
		return -EPROTO;
	}
	queued = calloc(1, sizeof(*queued));
	if (!queued) {
		return -ENOMEM;
	}
	queued->event.path = strdup(payload);
	queued->event.token = strdup(payload + path_length + 1);
	if (!queued->event.path || !queued->event.token) {
		store_event_clear(&queued->event);
		free(queued);
		return -ENOMEM;
	}
	STAILQ_INSERT_TAIL(&store->events, queued, next);
	return 0;
}

void store_event_clear(struct store_event *event)
{
	free(event->path);
	free(event->token);
	*event = (struct store_event){0};
}

/* --- requests -------------------------------------------------------------------------------- */

/* The errors the protocol knows by name. */
static int error_of(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
		{"EINVAL", EINVAL}, {"EACCES", EACCES},   {"EEXIST", EEXIST},
		{"EISDIR", EISDIR}, {"ENOENT", ENOENT},   {"ENOMEM", ENOMEM},
		{"ENOSPC", ENOSPC}, {"EIO", EIO},         {"ENOTEMPTY", ENOTEMPTY},
		{"ENOSYS", ENOSYS}, {"EROFS", EROFS},     {"EBUSY", EBUSY},
		{"EAGAIN", EAGAIN}, {"EISCONN", EISCONN}, {"E2BIG", E2BIG},
		{"EPERM", EPERM},
	};

	for (unsigned int i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (strcmp(errors[i].name, name) == 0) {
			return -errors[i].error;
		}
	}
	return -EINVAL;
}

/* How a request ended: what the store answered, or that there is no connection any more. */
struct outcome {
	int err;
	bool lost;
};

/* Reads until the reply with this request's number; events on the way are kept. */
static struct outcome await_reply(struct store *store, const struct xsd_sockmsg *asked,
				  char **reply, size_t *length)
{
	for (;;) {
		struct xsd_sockmsg header;
		char *payload;
		int err = receive(store, &header, &payload);

		if (err) {
			return (struct outcome){.err = err, .lost = true};
		}
		if (header.type == XS_WATCH_EVENT) {
			err = enqueue(store, payload, header.len);
			free(payload);
			if (err) {
				return (struct outcome){.err = err, .lost = true};
			}
			continue;
		}
		/* The kernel answers WATCH and UNWATCH itself, without the number. */
		if ((header.req_id != asked->req_id && (header.req_id || !store->kernel)) ||
		    (header.type != asked->type && header.type != XS_ERROR)) {
			free(payload);
			return (struct outcome){.err = -EPROTO, .lost = true};
		}
		if (header.type == XS_ERROR) {
			err = error_of(payload);
			free(payload);
			return (struct outcome){.err = err};
		}
		*reply = payload;
		*length = header.len;
		return (struct outcome){0};
	}
}

static struct outcome hear_one(struct store *store, const struct store_pending *pending)
{
	char *reply = NULL;
	size_t length;
	struct outcome outcome = await_reply(store, &pending->header, &reply, &length);

	if (pending->value) {
		*pending->value = reply;
		if (outcome.err == -ENOENT || outcome.err == -EACCES) {
			outcome.err = 0;
		}
	} else {
		free(reply);
	}
	return outcome;
}

/* Sends what is to be sent and hears what is under way. Only the connection can fail. */
static struct outcome catch_up(struct store *store)
{
	int err = send_out(store);
	struct outcome outcome = {.err = err, .lost = err != 0};

	for (unsigned int i = 0; i < store->pending_count && !outcome.lost; i++) {
		outcome = hear_one(store, &store->pending[i]);
		if (!store->deferred_error) {
			store->deferred_error = outcome.err;
		}
	}
	if (outcome.lost) {
		return outcome;
	}
	store->pending_count = 0;
	return (struct outcome){0};
}

static struct xsd_sockmsg header_of(struct store *store, uint32_t type, uint32_t tx,
				    const struct iovec *parts, unsigned int count)
{
	struct xsd_sockmsg header = {.type = type, .req_id = store->next_id++, .tx_id = tx};

	for (unsigned int i = 0; i < count; i++) {
		header.len += (uint32_t)parts[i].iov_len;
	}
	return header;
}

static struct outcome ask_once(struct store *store, uint32_t type, uint32_t tx,
			       const struct iovec *parts, unsigned int count, char **reply,
			       size_t *length)
{
	struct xsd_sockmsg header = header_of(store, type, tx, parts, count);
	int err = put_message(store, &header, parts, count);
	struct outcome outcome = {.err = err, .lost = err != 0};

	if (!err) {
		outcome = catch_up(store);
	}
	if (!outcome.lost) {
		outcome = await_reply(store, &header, reply, length);
	}
	if (outcome.lost) {
		lose(store);
	}
	return outcome;
}

static int register_again(struct store *store)
{
	struct store_watched *watched;

	LIST_FOREACH(watched, &store->watches, next)
	{
		struct iovec parts[] = {
			{.iov_base = watched->path, .iov_len = strlen(watched->path) + 1},
			{.iov_base = watched->token, .iov_len = strlen(watched->token) + 1},
		};
		char *reply;
		size_t length;
		struct outcome outcome =
			ask_once(store, XS_WATCH, STORE_NO_TX, parts, 2, &reply, &length);

		if (outcome.lost) {
			return outcome.err;
		}
		if (!outcome.err) {
			free(reply);
		}
	}
	return 0;
}

int store_reopen(struct store *store)
{
	int64_t deadline = now_ms() + PATIENCE_MS;
	char tried[256];
	int err;

	if (store->attached) {
		return -ECONNRESET;
	}
	for (;;) {
		err = store_connect(store->flags, &store->fd, tried, sizeof(tried));
		if (!err) {
			store->kernel = is_kernel(store->fd);
			err = register_again(store);
		} else {
			store->fd = -1;
		}
		if (!err || now_ms() >= deadline) {
			return err ? -ECONNRESET : 0;
		}
		poll(NULL, 0, STEP_MS);
	}
}

/* Whether a second execution leaves the same store and gives the same answer. */
static bool is_repeatable(uint32_t type, uint32_t tx)
{
	switch ((enum xsd_sockmsg_type)type) {
	case XS_DIRECTORY:
	case XS_DIRECTORY_PART:
	case XS_READ:
	case XS_GET_PERMS:
	case XS_GET_DOMAIN_PATH:
	case XS_IS_DOMAIN_INTRODUCED:
	case XS_TRANSACTION_START:
	case XS_WATCH:
	case XS_UNWATCH:
	case XS_WRITE:
	case XS_MKDIR:
	case XS_RM:
	case XS_SET_PERMS:
		return tx == STORE_NO_TX;
	case XS_CONTROL:
	case XS_TRANSACTION_END:
	case XS_INTRODUCE:
	case XS_RELEASE:
	case XS_WATCH_EVENT:
	case XS_ERROR:
	case XS_RESUME:
	case XS_SET_TARGET:
	case XS_RESET_WATCHES:
	case XS_TYPE_COUNT:
	case XS_INVALID:
		break;
	}
	return false;
}

static bool is_too_big(const struct iovec *parts, unsigned int count)
{
	size_t total = 0;

	for (unsigned int i = 0; i < count; i++) {
		total += parts[i].iov_len;
	}
	return total > XENSTORE_PAYLOAD_MAX;
}

int store_ask_later(struct store *store, uint32_t type, uint32_t tx, const struct iovec *parts,
		    unsigned int count, char **value)
{
	struct outcome outcome = {0};
	struct store_pending *next;

	if (is_too_big(parts, count)) {
		return -E2BIG;
	}
	if (store->fd >= 0 && store->pending_count == STORE_WINDOW) {
		outcome = catch_up(store);
	}
	if (store->fd >= 0 && !outcome.lost) {
		next = &store->pending[store->pending_count];
		*next = (struct store_pending){header_of(store, type, tx, parts, count), value};
		outcome.err = put_message(store, &next->header, parts, count);
		outcome.lost = outcome.err != 0;
		store->pending_count++;
	}
	if (outcome.lost) {
		lose(store);
	}
	return store->fd < 0 ? -ECONNRESET : 0;
}

int store_settle(struct store *store)
{
	int err;

	if (store->fd >= 0 && catch_up(store).lost) {
		lose(store);
	}
	err = store->deferred_error;
	store->deferred_error = 0;
	return err;
}

int store_tell(struct store *store, uint32_t type, uint32_t tx, const struct iovec *parts,
	       unsigned int count)
{
	if (!store->deferring || store->kernel || tx == STORE_NO_TX) {
		return store_ask(store, type, tx, parts, count, NULL, NULL);
	}
	return store_ask_later(store, type, tx, parts, count, NULL);
}

int store_ask(struct store *store, uint32_t type, uint32_t tx, const struct iovec *parts,
	      unsigned int count, char **reply, size_t *length)
{
	size_t ignored;
	char *got = NULL;
	struct outcome outcome;

	if (is_too_big(parts, count)) {
		return -E2BIG;
	}
	for (unsigned int attempt = 0;; attempt++) {
		if (store->fd < 0) {
			int err = tx == STORE_NO_TX ? store_reopen(store) : -ECONNRESET;

			if (err) {
				return err;
			}
		}
		outcome = ask_once(store, type, tx, parts, count, &got, length ? length : &ignored);
		if (!outcome.lost || store->attached || attempt >= 2 || !is_repeatable(type, tx) ||
		    outcome.err == -EPROTO) {
			break;
		}
	}
	if (outcome.err) {
		return outcome.err;
	}
	if (reply) {
		*reply = got;
	} else {
		free(got);
	}
	return 0;
}

/* --- waiting for events ---------------------------------------------------------------------- */

static int receive_event(struct store *store)
{
	struct xsd_sockmsg header;
	char *payload;
	int err = receive(store, &header, &payload);

	if (!err) {
		err = header.type == XS_WATCH_EVENT ? enqueue(store, payload, header.len) : -EPROTO;
		free(payload);
	}
	return err;
}

int store_next_event(struct store *store, int timeout_ms, struct store_event *event)
{
	int64_t deadline = now_ms() + timeout_ms;
	struct store_queued *queued;

	while (!(queued = STAILQ_FIRST(&store->events))) {
		int64_t left = deadline - now_ms();
		struct pollfd wait = {.fd = store->fd, .events = POLLIN};
		int err = 0;

		if (store->fd < 0) {
			err = store_reopen(store);
			if (err) {
				return err;
			}
			continue;
		}
		int ready = 1;

		if (store->in_begin == store->in_end) {
			ready = poll(&wait, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);
		}

		if (ready == 0) {
			return -ETIMEDOUT;
		}
		if (ready < 0) {
			return -errno;
		}
		err = receive_event(store);
		if (err) {
			lose(store);
			if (err != -ECONNRESET || store->attached) {
				return err;
			}
		}
	}
	STAILQ_REMOVE_HEAD(&store->events, next);
	*event = queued->event;
	free(queued);
	return 0;
}
