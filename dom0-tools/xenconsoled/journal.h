/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a console must not forget when the daemon is killed: a memfd the keeper holds. It is the
 * history, a circle of the last 64 KiB a guest printed, with positions in the stream of all bytes
 * it ever printed. Position p stands at history[p % JOURNAL_HISTORY].
 *
 *	taken    bytes copied out of the ring. One store commits them; only then does the guest see
 *	         its consumer index move. The index is base + taken, so it can always be made anew.
 *	logged   bytes that are in the log file, whose length was then `size`. What the file has
 *	         beyond that was written by an instance that died before it said so, and is cut off.
 *	shown    bytes given to the terminal while somebody is attached
 *
 * Killed at any instruction, a byte is therefore either still in the ring or in here, never in
 * neither; it is in the log once, and on a terminal at least once. A channel's user is disconnected
 * rather than given a byte twice.
 *
 * Everything here is plain memory: no system calls, no guest.
 */
#ifndef XENCONSOLED_JOURNAL_H
#define XENCONSOLED_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_HISTORY 65536U

#define JOURNAL_ATTACHED 1U
/* Bytes of a channel are between its user and here or the ring: killed now, nobody knows whether
 * they have arrived. */
#define JOURNAL_CARRYING 2U

/* Where the log file stood. Two of them, so that all fields change at once. */
struct journal_mark {
	uint64_t logged;
	uint64_t size;
	uint64_t inode;
	uint32_t in_line; /* the last byte was not the end of a line */
	uint32_t unused;
};

struct journal {
	uint32_t magic; /* written last when the journal is made */
	uint32_t local_port;
	uint32_t remote_port;
	uint32_t base;
	uint64_t ring_ref;
	uint64_t taken;
	uint64_t shown;
	uint64_t lost; /* overwritten before the log could be written */
	uint32_t current;
	uint32_t attached; /* bits JOURNAL_ATTACHED, JOURNAL_CARRYING */
	struct journal_mark marks[2];
	char owner[64];     /* which of the domains that bore this number */
	char log_name[192]; /* so that somebody can write what is left when the domain is gone */
	char history[JOURNAL_HISTORY];
};

/* Makes a journal anew. */
void journal_init(struct journal *journal, const char *owner);
/* Whether it is one, and of this owner. */
bool journal_is_of(const struct journal *journal, const char *owner);
bool journal_is_one(const struct journal *journal);

/* Copies bytes behind `taken` without committing them: at most JOURNAL_HISTORY. */
void journal_put(struct journal *journal, const void *bytes, size_t length);
void journal_commit(struct journal *journal, size_t length);

/* Where the oldest byte still there stands. */
uint64_t journal_oldest(const struct journal *journal);

/* Bytes from a position that lie side by side, at most up to `taken`. The position is moved up to
 * the oldest if it is older. */
const char *journal_at(const struct journal *journal, uint64_t *position, size_t *length);

struct journal_mark journal_mark(const struct journal *journal);
void journal_set_mark(struct journal *journal, const struct journal_mark *mark);

#endif
