/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the store. Blocking requests, one at a time but where it is said; watch events that
 * arrive meanwhile wait in a queue. The way in is the daemon's socket (XENSTORED_PATH,
 * XENSTORED_RUNDIR/socket, /run/xenstored/socket), else the kernel's own connection,
 * /dev/xen/xenbus.
 *
 * Errors are negative errno values, the store's by their names ("EAGAIN" is -EAGAIN).
 * -EPROTO: the peer does not speak the protocol; the connection is not usable any more.
 *
 * A connection that ends under us (the daemon was killed between a request and its reply) is opened
 * anew, watches are registered again (each fires once more, as after registration), and a request
 * outside transactions whose repetition changes nothing is sent once more. Others return
 * -ECONNRESET: inside a transaction begin it anew, as store_transact() does. Connections made by
 * store_attach() cannot be opened anew.
 *
 * Paths without a leading "/" are relative to the caller's own home. Values are bytes: no
 * terminator is part of them; what these functions return has one added behind its last byte.
 * `tx` is a transaction's number, STORE_NO_TX outside. Not thread-safe: one struct store per
 * thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report;
struct store;

#define STORE_NO_TX 0u

enum store_flags {
	STORE_ANY = 0,
	STORE_SOCKET_ONLY = 1, /* never through the kernel */
	STORE_KERNEL_ONLY = 2, /* never through the socket: what a guest has */
};

/* A node's rights: the first entry names the owner, and what everybody not listed may do. */
enum store_access {
	STORE_NONE = 0,
	STORE_READ = 1,
	STORE_WRITE = 2,
	STORE_BOTH = 3,
};

struct store_perm {
	unsigned int domid;
	enum store_access access;
};

struct store_event {
	char *path; /* as registered: relative if the watch is relative */
	char *token;
};

int store_open(struct store **store, unsigned int flags, struct report *report);

/* A store client on a connected stream socket, which it owns from then on. */
int store_attach(struct store **store, int fd);
void store_close(struct store *store);

/* To poll for readability. It may change with each call that reconnects; readable means that
 * store_next_event() has something to do. Events already queued do not make it readable: drain with
 * a timeout of 0 before each poll. */
int store_fd(const struct store *store);

/* Strings and arrays returned are the caller's: free(). *length may be NULL. */
int store_read(struct store *store, uint32_t tx, const char *path, char **value, size_t *length);
/* Many nodes at once, for the price of a few: values[i] is the caller's, NULL where the node is not
 * there or not readable. On error all are NULL. */
int store_read_many(struct store *store, uint32_t tx, const char *const *paths, unsigned int count,
		    char **values);
int store_write(struct store *store, uint32_t tx, const char *path, const void *value,
		size_t length);
int store_write_text(struct store *store, uint32_t tx, const char *path, const char *text);
/* store_write_format(s, tx, "%u", vcpus, ...): path first, then the value's format. */
int store_write_format(struct store *store, uint32_t tx, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int store_mkdir(struct store *store, uint32_t tx, const char *path);
int store_rm(struct store *store, uint32_t tx, const char *path);

/* Names of the children in the store's order; one allocation: free(*names). A list too long for one
 * message is fetched in parts, again from the start when it changed meanwhile. */
int store_list(struct store *store, uint32_t tx, const char *path, char ***names,
	       unsigned int *count);
int store_get_perms(struct store *store, uint32_t tx, const char *path, struct store_perm **perms,
		    unsigned int *count);
int store_set_perms(struct store *store, uint32_t tx, const char *path,
		    const struct store_perm *perms, unsigned int count);

/* "n0", "r5": text has at least 16 bytes. The second: -EINVAL for anything else. */
void store_perm_format(const struct store_perm *perm, char text[16]);
int store_perm_parse(const char *text, struct store_perm *perm);

/* A number in decimal, whole value. -EINVAL: it is not one. */
int store_read_number(struct store *store, uint32_t tx, const char *path, uint64_t *number);

int store_tx_start(struct store *store, uint32_t *tx);
/* -EAGAIN: somebody else changed what this transaction saw; nothing of it was done. */
int store_tx_end(struct store *store, uint32_t tx, bool commit);

/* Runs body in a transaction and commits it, anew as often as it conflicts or the connection ends.
 * body returns 0 to commit; anything else aborts and is returned, except -EAGAIN and -ECONNRESET,
 * which begin anew. body must do nothing outside the store that may not be repeated. What body
 * writes, makes and gives rights to is sent with its next read, or at its end; an error of that
 * aborts the transaction and is returned then. */
int store_transact(struct store *store, int (*body)(struct store *store, uint32_t tx, void *data),
		   void *data);

int store_watch(struct store *store, const char *path, const char *token);
int store_unwatch(struct store *store, const char *path, const char *token);

/* The oldest event; -ETIMEDOUT when none came in time. timeout_ms < 0: no limit. */
int store_next_event(struct store *store, int timeout_ms, struct store_event *event);
void store_event_clear(struct store_event *event);

/* Privileged requests. */
int store_introduce(struct store *store, unsigned int domid, uint64_t frame, unsigned int port);
int store_release(struct store *store, unsigned int domid);
int store_resume(struct store *store, unsigned int domid);
int store_set_target(struct store *store, unsigned int domid, unsigned int target);
int store_is_introduced(struct store *store, unsigned int domid, bool *introduced);
int store_home(struct store *store, unsigned int domid, char **path);
/* count words, answered by one text. */
int store_control(struct store *store, const char *const *words, unsigned int count, char **answer);

#endif
