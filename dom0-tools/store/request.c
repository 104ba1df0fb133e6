/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests: arguments to payload, payload to results. Nothing here believes a reply: lists
 * without their last NUL, numbers that are none and permissions of unknown kind are -EPROTO.
 */
#include "store/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* iovec is not const-correct: what is sent is only read. */
static struct iovec part(const void *bytes, size_t length)
{
	return (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
}

static struct iovec text(const char *string)
{
	return part(string, strlen(string) + 1);
}

static int ask_path(struct store *store, uint32_t type, uint32_t tx, const char *path, char **reply,
		    size_t *length)
{
	struct iovec parts[] = {text(path)};

	return store_ask(store, type, tx, parts, 1, reply, length);
}

/* --- nodes ----------------------------------------------------------------------------------- */

int store_read(struct store *store, uint32_t tx, const char *path, char **value, size_t *length)
{
	return ask_path(store, XS_READ, tx, path, value, length);
}

static int read_each(struct store *store, uint32_t tx, const char *const *paths, unsigned int count,
		     char **values)
{
	int err = 0;
	int rest;

	for (unsigned int i = 0; i < count && !err; i++) {
		struct iovec parts[] = {text(paths[i])};

		if (store->kernel) {
			err = store_read(store, tx, paths[i], &values[i], NULL);
			err = err == -ENOENT || err == -EACCES ? 0 : err;
		} else {
			err = store_ask_later(store, XS_READ, tx, parts, 1, &values[i]);
		}
	}
	/* Those before are heard in any case. */
	rest = store_settle(store);
	return err ? err : rest;
}

int store_read_many(struct store *store, uint32_t tx, const char *const *paths, unsigned int count,
		    char **values)
{
	int err = 0;

	memset(values, 0, count * sizeof(*values));
	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		if (store->fd < 0) {
			err = tx == STORE_NO_TX ? store_reopen(store) : -ECONNRESET;
		}
		err = err ? err : read_each(store, tx, paths, count, values);
		if (!err) {
			return 0;
		}
		for (unsigned int i = 0; i < count; i++) {
			free(values[i]);
			values[i] = NULL;
		}
		if (err != -ECONNRESET || store->attached || tx != STORE_NO_TX) {
			break;
		}
		err = 0;
	}
	return err ? err : -ECONNRESET;
}

int store_write(struct store *store, uint32_t tx, const char *path, const void *value,
		size_t length)
{
	struct iovec parts[] = {text(path), part(value, length)};

	return store_tell(store, XS_WRITE, tx, parts, 2);
}

int store_write_text(struct store *store, uint32_t tx, const char *path, const char *value)
{
	return store_write(store, tx, path, value, strlen(value));
}

int store_write_format(struct store *store, uint32_t tx, const char *path, const char *format, ...)
{
	va_list args;
	char *value;
	int length;
	int err;

	va_start(args, format);
	length = vasprintf(&value, format, args);
	va_end(args);
	if (length < 0) {
		return -ENOMEM;
	}
	err = store_write(store, tx, path, value, (size_t)length);
	free(value);
	return err;
}

int store_mkdir(struct store *store, uint32_t tx, const char *path)
{
	struct iovec parts[] = {text(path)};

	return store_tell(store, XS_MKDIR, tx, parts, 1);
}

int store_rm(struct store *store, uint32_t tx, const char *path)
{
	return ask_path(store, XS_RM, tx, path, NULL, NULL);
}

int store_read_number(struct store *store, uint32_t tx, const char *path, uint64_t *number)
{
	size_t length;
	char *value;
	char *end;
	int err = store_read(store, tx, path, &value, &length);

	if (err) {
		return err;
	}
	errno = 0;
	*number = strtoull(value, &end, 10);
	if (errno || !length || value[0] < '0' || value[0] > '9' || end != value + length) {
		err = -EINVAL;
	}
	free(value);
	return err;
}

/* --- lists ----------------------------------------------------------------------------------- */

/* Names with a NUL behind each, to an array with its strings in one allocation. */
static int split(const char *bytes, size_t length, char ***names, unsigned int *count)
{
	unsigned int found = 0;
	char **array;
	char *copy;

	if (length && bytes[length - 1] != '\0') {
		return -EPROTO;
	}
	for (size_t i = 0; i < length; i++) {
		found += bytes[i] == '\0';
	}
	array = malloc((found + 1) * sizeof(*array) + length);
	if (!array) {
		return -ENOMEM;
	}
	copy = (char *)(array + found + 1);
	if (length) {
		memcpy(copy, bytes, length);
	}
	for (unsigned int i = 0; i < found; i++) {
		array[i] = copy;
		copy += strlen(copy) + 1;
	}
	array[found] = NULL;
	*names = array;
	*count = found;
	return 0;
}

/* What has been collected of a long list. */
struct parts {
	char *bytes;
	size_t length;
	char generation[32];
};

static int parts_add(struct parts *parts, const char *bytes, size_t length)
{
	char *more = realloc(parts->bytes, parts->length + length + 1);

	if (!more) {
		return -ENOMEM;
	}
	memcpy(more + parts->length, bytes, length);
	parts->bytes = more;
	parts->length += length;
	return 0;
}

/* Asks for one part. *done: it was the last. Another generation than before begins the list anew.
 */
static int fetch_part(struct store *store, uint32_t tx, const char *path, struct parts *parts,
		      bool *done)
{
	char offset[32];
	char *reply;
	size_t length;
	size_t header;
	int err;

	snprintf(offset, sizeof(offset), "%zu", parts->length);
	struct iovec asked[] = {text(path), text(offset)};

	err = store_ask(store, XS_DIRECTORY_PART, tx, asked, 2, &reply, &length);
	if (err) {
		return err;
	}
	header = strlen(reply) + 1;
	*done = false;
	if (header > length || header > sizeof(parts->generation)) {
		err = -EPROTO;
	} else if (parts->length && strcmp(parts->generation, reply) != 0) {
		parts->length = 0;
	} else {
		memcpy(parts->generation, reply, header);
		/* The last part has a NUL more than its names. */
		*done = length - header <= 1 ||
			(reply[length - 1] == '\0' && reply[length - 2] == '\0');
		length -= header + (*done && length > header);
		err = !*done && !length ? -EPROTO : parts_add(parts, reply + header, length);
	}
	free(reply);
	return err;
}

static int list_long(struct store *store, uint32_t tx, const char *path, char ***names,
		     unsigned int *count)
{
	struct parts parts = {0};
	bool done = false;
	int err = 0;

	while (!err && !done) {
		err = fetch_part(store, tx, path, &parts, &done);
	}
	if (!err) {
		err = split(parts.bytes, parts.length, names, count);
	}
	free(parts.bytes);
	return err;
}

int store_list(struct store *store, uint32_t tx, const char *path, char ***names,
	       unsigned int *count)
{
	char *reply;
	size_t length;
	int err = ask_path(store, XS_DIRECTORY, tx, path, &reply, &length);

	if (err == -E2BIG) {
		return list_long(store, tx, path, names, count);
	}
	if (!err) {
		err = split(reply, length, names, count);
		free(reply);
	}
	return err;
}

/* --- permissions ----------------------------------------------------------------------------- */

static const char access_letters[] = {
	[STORE_NONE] = 'n',
	[STORE_READ] = 'r',
	[STORE_WRITE] = 'w',
	[STORE_BOTH] = 'b',
};

void store_perm_format(const struct store_perm *perm, char to[16])
{
	snprintf(to, 16, "%c%u", access_letters[perm->access & STORE_BOTH], perm->domid);
}

int store_perm_parse(const char *from, struct store_perm *perm)
{
	unsigned long domid;
	char *end;

	for (unsigned int i = 0; i < sizeof(access_letters); i++) {
		if (from[0] != access_letters[i] || from[1] < '0' || from[1] > '9') {
			continue;
		}
		errno = 0;
		domid = strtoul(from + 1, &end, 10);
		if (errno || *end || domid > UINT16_MAX) {
			break;
		}
		*perm = (struct store_perm){.domid = (unsigned int)domid,
					    .access = (enum store_access)i};
		return 0;
	}
	return -EINVAL;
}

int store_get_perms(struct store *store, uint32_t tx, const char *path, struct store_perm **perms,
		    unsigned int *count)
{
	struct store_perm *array = NULL;
	char **words = NULL;
	char *reply;
	size_t length;
	int err = ask_path(store, XS_GET_PERMS, tx, path, &reply, &length);

	if (err) {
		return err;
	}
	err = split(reply, length, &words, count);
	free(reply);
	if (err) {
		return err;
	}
	array = calloc(*count + 1, sizeof(*array));
	if (!array) {
		err = -ENOMEM;
	}
	for (unsigned int i = 0; !err && i < *count; i++) {
		err = store_perm_parse(words[i], &array[i]) ? -EPROTO : 0;
	}
	free(words);
	if (err) {
		free(array);
	} else {
		*perms = array;
	}
	return err;
}

int store_set_perms(struct store *store, uint32_t tx, const char *path,
		    const struct store_perm *perms, unsigned int count)
{
	char words[XENSTORE_PAYLOAD_MAX];
	size_t used = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (used + 16 > sizeof(words)) {
			return -E2BIG;
		}
		store_perm_format(&perms[i], words + used);
		used += strlen(words + used) + 1;
	}
	struct iovec parts[] = {text(path), part(words, used)};

	return store_tell(store, XS_SET_PERMS, tx, parts, 2);
}

/* --- transactions ---------------------------------------------------------------------------- */

int store_tx_start(struct store *store, uint32_t *tx)
{
	struct iovec parts[] = {text("")};
	char *reply;
	char *end;
	size_t length;
	unsigned long number;
	int err = store_ask(store, XS_TRANSACTION_START, STORE_NO_TX, parts, 1, &reply, &length);

	if (err) {
		return err;
	}
	errno = 0;
	number = strtoul(reply, &end, 10);
	if (errno || end == reply || *end || !number || number > UINT32_MAX) {
		err = -EPROTO;
	} else {
		*tx = (uint32_t)number;
	}
	free(reply);
	return err;
}

int store_tx_end(struct store *store, uint32_t tx, bool commit)
{
	struct iovec parts[] = {text(commit ? "T" : "F")};

	return store_ask(store, XS_TRANSACTION_END, tx, parts, 1, NULL, NULL);
}

int store_transact(struct store *store, int (*body)(struct store *store, uint32_t tx, void *data),
		   void *data)
{
	int err, put_off;

	do {
		uint32_t tx;

		err = store_tx_start(store, &tx);
		if (err) {
			return err;
		}
		store->deferring = true;
		err = body(store, tx, data);
		store->deferring = false;
		put_off = store_settle(store);
		err = err ? err : put_off;
		if (!err) {
			err = store_tx_end(store, tx, true);
		} else if (err != -ECONNRESET) {
			store_tx_end(store, tx, false);
		}
	} while (err == -EAGAIN || (err == -ECONNRESET && !store->attached));
	return err;
}

/* --- watches --------------------------------------------------------------------------------- */

int store_watch(struct store *store, const char *path, const char *token)
{
	struct iovec parts[] = {text(path), text(token)};
	struct store_watched *watched = calloc(1, sizeof(*watched));
	int err = -ENOMEM;

	if (watched) {
		watched->path = strdup(path);
		watched->token = strdup(token);
		if (watched->path && watched->token) {
			err = store_ask(store, XS_WATCH, STORE_NO_TX, parts, 2, NULL, NULL);
		}
	}
	if (!err) {
		LIST_INSERT_HEAD(&store->watches, watched, next);
		return 0;
	}
	if (watched) {
		free(watched->path);
		free(watched->token);
		free(watched);
	}
	return err;
}

int store_unwatch(struct store *store, const char *path, const char *token)
{
	struct iovec parts[] = {text(path), text(token)};
	struct store_watched *watched;
	int err = store_ask(store, XS_UNWATCH, STORE_NO_TX, parts, 2, NULL, NULL);

	LIST_FOREACH(watched, &store->watches, next)
	{
		if (strcmp(watched->path, path) == 0 && strcmp(watched->token, token) == 0) {
			LIST_REMOVE(watched, next);
			free(watched->path);
			free(watched->token);
			free(watched);
			break;
		}
	}
	return err;
}

/* --- privileged ------------------------------------------------------------------------------ */

/* A request whose arguments are numbers, each in decimal with its NUL. */
static int ask_numbers(struct store *store, uint32_t type, const uint64_t *numbers,
		       unsigned int count, char **reply)
{
	char words[3][24];
	struct iovec parts[3];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(words[i], sizeof(words[i]), "%" PRIu64, numbers[i]);
		parts[i] = text(words[i]);
	}
	return store_ask(store, type, STORE_NO_TX, parts, count, reply, NULL);
}

int store_introduce(struct store *store, unsigned int domid, uint64_t frame, unsigned int port)
{
	return ask_numbers(store, XS_INTRODUCE, (uint64_t[]){domid, frame, port}, 3, NULL);
}

int store_release(struct store *store, unsigned int domid)
{
	return ask_numbers(store, XS_RELEASE, (uint64_t[]){domid}, 1, NULL);
}

int store_resume(struct store *store, unsigned int domid)
{
	return ask_numbers(store, XS_RESUME, (uint64_t[]){domid}, 1, NULL);
}

int store_set_target(struct store *store, unsigned int domid, unsigned int target)
{
	return ask_numbers(store, XS_SET_TARGET, (uint64_t[]){domid, target}, 2, NULL);
}

int store_is_introduced(struct store *store, unsigned int domid, bool *introduced)
{
	char *reply;
	int err = ask_numbers(store, XS_IS_DOMAIN_INTRODUCED, (uint64_t[]){domid}, 1, &reply);

	if (!err) {
		*introduced = strcmp(reply, "T") == 0;
		free(reply);
	}
	return err;
}

int store_home(struct store *store, unsigned int domid, char **path)
{
	return ask_numbers(store, XS_GET_DOMAIN_PATH, (uint64_t[]){domid}, 1, path);
}

int store_control(struct store *store, const char *const *words, unsigned int count, char **answer)
{
	struct iovec parts[16];

	if (count > sizeof(parts) / sizeof(parts[0])) {
		return -E2BIG;
	}
	for (unsigned int i = 0; i < count; i++) {
		parts[i] = text(words[i]);
	}
	return store_ask(store, XS_CONTROL, STORE_NO_TX, parts, count, answer, NULL);
}
