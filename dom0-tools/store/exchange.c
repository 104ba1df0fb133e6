/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and their replies: one at a time, or many under way whose replies are heard together;
 * and which of them may be repeated when a connection ended before it told what became of them.
 */
#include "store/connection.h"

#include "store/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
		int err = store_receive(store, &header, &payload);

		if (err) {
			return (struct outcome){.err = err, .lost = true};
		}
		if (header.type == XS_WATCH_EVENT) {
			err = store_enqueue(store, payload, header.len);
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
	int err = store_send_out(store);
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
	int err = store_put_message(store, &header, parts, count);
	struct outcome outcome = {.err = err, .lost = err != 0};

	if (!err) {
		outcome = catch_up(store);
	}
	if (!outcome.lost) {
		outcome = await_reply(store, &header, reply, length);
	}
	if (outcome.lost) {
		store_lose(store);
	}
	return outcome;
}

int store_watch_again(struct store *store)
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
		outcome.err = store_put_message(store, &next->header, parts, count);
		outcome.lost = outcome.err != 0;
		store->pending_count++;
	}
	if (outcome.lost) {
		store_lose(store);
	}
	return store->fd < 0 ? -ECONNRESET : 0;
}

int store_settle(struct store *store)
{
	int err;

	if (store->fd >= 0 && catch_up(store).lost) {
		store_lose(store);
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
