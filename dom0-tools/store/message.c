/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See message.h. */
#include "store/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void store_lose(struct store *store)
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

int store_send_out(struct store *store)
{
	int err = write_all(store->fd, store->out, store->out_used);

	store->out_used = 0;
	return err;
}

int store_put_message(struct store *store, const struct xsd_sockmsg *header,
		      const struct iovec *parts, unsigned int count)
{
	int err = 0;

	if (store->kernel || STORE_OUT_ROOM - store->out_used < sizeof(*header) + header->len) {
		err = store_send_out(store);
	}
	memcpy(store->out + store->out_used, header, sizeof(*header));
	store->out_used += sizeof(*header);
	for (unsigned int i = 0; i < count; i++) {
		memcpy(store->out + store->out_used, parts[i].iov_base, parts[i].iov_len);
		store->out_used += parts[i].iov_len;
	}
	return err;
}

int store_receive(struct store *store, struct xsd_sockmsg *header, char **payload)
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
