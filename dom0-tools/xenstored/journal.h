/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is between the daemon and each client while it is under way: bytes received and not yet
 * carried out, bytes to be sent. It lies in DIR/journal, a file mapped shared, so that every store
 * to it survives the process; the next daemon goes on at the same byte.
 *
 * A connection has a slot with two byte queues. Positions are free-running 32-bit numbers; a
 * queue's place is position modulo its size. Of a ring, `in_end` is the request consumer index and
 * `out_begin` the response producer index: they are the truth, the copies in the page shared with
 * the guest are only what it was told.
 *
 *	in_begin  next byte to carry out     out_begin  next byte to send
 *	in_end    next byte to receive       out_end    where the next reply goes
 *
 * in_begin, out_end and the open transactions change together, when a request has been carried out:
 * they are kept twice, and one store says which counts. `serial` is the number of the newest
 * database commit whose effects are in the slot: after a kill between that commit and here, xsd.c
 * brings the slot up to date from the copy the commit holds.
 *
 * recv() and send() cannot be repeated, so `busy` is set around them; a socket found busy is
 * closed, and nothing else ever is.
 */
#ifndef XENSTORED_JOURNAL_H
#define XENSTORED_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct report;

#define JOURNAL_QUEUE 8192u
#define JOURNAL_TXNS 24u /* open transactions remembered; more are forgotten by a restart */

enum slot_kind {
	SLOT_FREE = 0,
	SLOT_SOCKET = 1,
	SLOT_RING = 2,
};

enum slot_flags {
	SLOT_READ_ONLY = 1, /* came through the read-only socket */
	SLOT_SHUTDOWN = 2,  /* the domain was seen shut down and not resumed since */
	SLOT_NEW = 4,       /* introduced, and @introduceDomain may not have been told */
};

struct slot_state {
	uint64_t serial;
	uint32_t in_begin;
	uint32_t out_end;
	uint32_t next_txn;
	uint32_t txn_count;
	uint32_t txns[JOURNAL_TXNS];
};

struct slot {
	uint64_t id;    /* 0: free */
	uint64_t frame; /* a ring's frame number, as introduced */
	uint32_t kind;
	uint32_t domid;
	uint32_t remote_port;
	uint32_t local_port; /* valid while the keeper holds the event channel handle */
	uint32_t target;     /* domain id + 1; 0: none */
	uint32_t flags;
	uint32_t in_end;
	uint32_t out_begin;
	uint32_t out_next; /* where the first message that was not begun to be sent begins */
	uint32_t broken;   /* XENSTORE_ERROR_*: a ring that is not served until introduced anew */
	uint32_t busy;
	uint32_t which; /* of state[] */
	struct slot_state state[2];
	char in[JOURNAL_QUEUE];
	char out[JOURNAL_QUEUE];
};

struct journal {
	struct slot *slots;
	unsigned int count; /* slots the file has room for */
	unsigned int hint;  /* no slot below is free */
	int file;
	uint64_t *newest_id; /* in the file */
	uint32_t
		*virq_port; /* in the file: valid while the keeper holds the event channel handle */
	char *base;
};

/* The file of that folder; made, or emptied, if `fresh`. Contents that make no sense are an
 * error: the database then still has all nodes. */
int journal_open(struct journal *journal, const char *dir, bool fresh, struct report *report);
void journal_close(struct journal *journal);

/* A free slot, all zero but its queues. -ENFILE: the limit of connections is reached; -ENOSPC: the
 * file cannot grow. Once its fields are filled in, journal_use() gives it a new id: from then on it
 * counts. */
int journal_take(struct journal *journal, struct slot **slot);
void journal_use(struct journal *journal, struct slot *slot);
void journal_release(struct journal *journal, struct slot *slot);

const struct slot_state *slot_state(const struct slot *slot);
bool slot_is_sane(const struct slot *slot);

/* Makes `state` the one that counts. */
void slot_set_state(struct slot *slot, const struct slot_state *state);
/* Writes bytes behind out_end; they count once a state with that out_end does. The caller has
 * checked the room. */
void slot_put_out(struct slot *slot, uint32_t at, const void *data, size_t size);

/* Copies `size` bytes at `position` of the in or the out queue. */
void slot_copy_in(const struct slot *slot, uint32_t position, void *to, size_t size);
void slot_copy_out(const struct slot *slot, uint32_t position, void *to, size_t size);

uint32_t slot_in_room(const struct slot *slot);
uint32_t slot_out_waiting(const struct slot *slot);

/* The free part of the in queue and the waiting part of the out queue: up to two pieces each. */
int slot_in_space(struct slot *slot, struct iovec pieces[2]);
int slot_out_bytes(struct slot *slot, struct iovec pieces[2]);
/* After as many bytes were put there, or sent. */
void slot_received(struct slot *slot, uint32_t size);
void slot_sent(struct slot *slot, uint32_t size);

/* Both queues empty, indices zero, no transactions: what an introduction does to a ring. */
void slot_empty(struct slot *slot, uint32_t in_position, uint32_t out_position);

#endif
