/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to the store: the ways in, the queue of events, and what happens when it ends.
 *
 *	connection: open -> lost      end of file, a broken pipe, or bytes that are no message
 *	connection: lost -> open      by the next request; all watches are registered again
 *
 * A daemon that is being started again by its keeper still listens, so connecting waits at most for
 * that; without a keeper there is nobody for a moment, hence the patience.
 */
#include "store/connection.h"

#include "lib/report.h"
#include "store/message.h"

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

/* --- opened anew ----------------------------------------------------------------------------- */

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
			err = store_watch_again(store);
		} else {
			store->fd = -1;
		}
		if (!err || now_ms() >= deadline) {
			return err ? -ECONNRESET : 0;
		}
		poll(NULL, 0, STEP_MS);
	}
}

/* --- events ---------------------------------------------------------------------------------- */

int store_enqueue(struct store *store, const char *payload, size_t length)
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

/* --- waiting for events ---------------------------------------------------------------------- */

static int receive_event(struct store *store)
{
	struct xsd_sockmsg header;
	char *payload;
	int err = store_receive(store, &header, &payload);

	if (!err) {
		err = header.type == XS_WATCH_EVENT ? store_enqueue(store, payload, header.len)
						    : -EPROTO;
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
			store_lose(store);
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
