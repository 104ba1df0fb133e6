/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of one console; see journal.h. The only reader after a death is the next instance, on
 * the same machine: what must be in order is the order of instructions, so stores that commit are
 * release stores and no more.
 */
#include "xenconsoled/journal.h"

#include <string.h>

#define MAGIC 0x436a6c31U

void journal_init(struct journal *journal, const char *owner)
{
	__atomic_store_n(&journal->magic, 0, __ATOMIC_RELEASE);
	memset(journal, 0, offsetof(struct journal, history));
	strncpy(journal->owner, owner, sizeof(journal->owner) - 1);
	__atomic_store_n(&journal->magic, MAGIC, __ATOMIC_RELEASE);
}

bool journal_is_one(const struct journal *journal)
{
	return journal->magic == MAGIC && journal->current < 2 &&
	       memchr(journal->owner, 0, sizeof(journal->owner)) &&
	       memchr(journal->log_name, 0, sizeof(journal->log_name));
}

bool journal_is_of(const struct journal *journal, const char *owner)
{
	return journal_is_one(journal) &&
	       strncmp(journal->owner, owner, sizeof(journal->owner) - 1) == 0;
}

void journal_put(struct journal *journal, const void *bytes, size_t length)
{
	size_t at = journal->taken % JOURNAL_HISTORY;
	size_t first = JOURNAL_HISTORY - at < length ? JOURNAL_HISTORY - at : length;

	memcpy(journal->history + at, bytes, first);
	memcpy(journal->history, (const char *)bytes + first, length - first);
}

void journal_commit(struct journal *journal, size_t length)
{
	__atomic_store_n(&journal->taken, journal->taken + length, __ATOMIC_RELEASE);
}

uint64_t journal_oldest(const struct journal *journal)
{
	return journal->taken > JOURNAL_HISTORY ? journal->taken - JOURNAL_HISTORY : 0;
}

const char *journal_at(const struct journal *journal, uint64_t *position, size_t *length)
{
	uint64_t oldest = journal_oldest(journal);
	size_t at;

	if (*position < oldest || *position > journal->taken) {
		*position = oldest;
	}
	at = *position % JOURNAL_HISTORY;
	*length = journal->taken - *position;
	if (*length > JOURNAL_HISTORY - at) {
		*length = JOURNAL_HISTORY - at;
	}
	return journal->history + at;
}

struct journal_mark journal_mark(const struct journal *journal)
{
	return journal->marks[journal->current];
}

void journal_set_mark(struct journal *journal, const struct journal_mark *mark)
{
	uint32_t other = 1 - journal->current;

	journal->marks[other] = *mark;
	__atomic_store_n(&journal->current, other, __ATOMIC_RELEASE);
}
