/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of connections; see journal.h for what it promises. The file is a header page and
 * then slots; address space for all of them is reserved at once, so that slots never move, and the
 * file grows by STEP slots, with all its blocks, so that a full disk is an error and no SIGBUS.
 *
 * Ordering: a killed process's stores reach the mapping in program order; a compiler barrier before
 * the store that makes others count is all it takes.
 */
#include "xenstored/journal.h"
#include "xenstored/bytes.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define HEADER 4096u
#define STEP 16u
#define SLOTS_MOST 16384u
#define MAGIC "Proxenos wires 1"

struct journal_header {
	char magic[16];
	uint64_t slot_size;
	uint64_t newest_id;
	uint32_t virq_port;
};

static size_t file_size(unsigned int slots)
{
	return HEADER + slots * sizeof(struct slot);
}

static void barrier(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

/* Room for `count` slots in the file, mapped. */
static int provide(struct journal *journal, unsigned int count)
{
	int err = posix_fallocate(journal->file, 0, (off_t)file_size(count));

	if (err) {
		return -err;
	}
	if (mmap(journal->base, file_size(count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 journal->file, 0) == MAP_FAILED) {
		return -errno;
	}
	journal->count = count;
	return 0;
}

static int damaged(const char *path, struct report *report)
{
	int err = report_error(report, EIO, "journal %s is damaged, or of another version", path);

	report_next(report,
		    "remove it: the store's nodes stay, its clients have to connect anew and "
		    "running domains have to be restarted");
	return err;
}

static int check(struct journal *journal, const char *path, struct report *report)
{
	const struct journal_header *header = (const void *)journal->base;

	if (memcmp(header->magic, MAGIC, sizeof(header->magic)) == 0 &&
	    header->slot_size == sizeof(struct slot)) {
		return 0;
	}
	return damaged(path, report);
}

static int map_file(struct journal *journal, const char *path, bool fresh, struct report *report)
{
	struct stat info;
	unsigned int slots = STEP;
	int err;

	if (fstat(journal->file, &info) < 0) {
		return report_error(report, errno, "journal %s", path);
	}
	if (!fresh && info.st_size == 0) {
		report_warning(report,
			       "journal %s is new: clients have to connect anew, running domains "
			       "to be restarted",
			       path);
		fresh = true;
	}
	if (!fresh && (size_t)info.st_size > file_size(STEP)) {
		slots = (unsigned int)(((size_t)info.st_size - HEADER) / sizeof(struct slot));
	}
	if (slots > SLOTS_MOST) {
		slots = SLOTS_MOST;
	}
	if (!fresh && (size_t)info.st_size < file_size(slots)) {
		return damaged(path, report);
	}
	journal->base = mmap(NULL, file_size(SLOTS_MOST), PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (journal->base == MAP_FAILED) {
		journal->base = NULL;
		return report_error(report, errno, "journal %s: no address space", path);
	}
	err = provide(journal, slots);
	if (err) {
		err = report_error(report, -err, "journal %s needs %zu bytes", path,
				   file_size(slots));
		report_next(report, "make room on that file system, or use --database");
		return err;
	}
	if (fresh) {
		struct journal_header header = {.slot_size = sizeof(struct slot)};

		memcpy(header.magic, MAGIC, sizeof(header.magic));
		memcpy(journal->base, &header, sizeof(header));
	}
	return check(journal, path, report);
}

int journal_open(struct journal *journal, const char *dir, bool fresh, struct report *report)
{
	struct bytes path = {0};
	int err;

	bytes_format(&path, "%s/journal", dir);
	bytes_add(&path, "", 1);
	*journal = (struct journal){.file = -1};
	if (fresh) {
		unlink(path.data); /* one that somebody may still have mapped is left to him */
	}
	journal->file = open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (journal->file < 0) {
		err = report_error(report, errno, "journal %s cannot be opened", path.data);
	} else {
		err = map_file(journal, path.data, fresh, report);
	}
	bytes_free(&path);
	if (err) {
		journal_close(journal);
		return err;
	}
	journal->slots = (struct slot *)(void *)(journal->base + HEADER);
	journal->newest_id = &((struct journal_header *)(void *)journal->base)->newest_id;
	journal->virq_port = &((struct journal_header *)(void *)journal->base)->virq_port;
	return 0;
}

void journal_close(struct journal *journal)
{
	if (journal->base) {
		munmap(journal->base, file_size(SLOTS_MOST));
	}
	if (journal->file >= 0) {
		close(journal->file);
	}
	*journal = (struct journal){.file = -1};
}

int journal_take(struct journal *journal, struct slot **slot)
{
	unsigned int at = journal->hint;

	while (at < journal->count && journal->slots[at].id) {
		at++;
	}
	journal->hint = at;
	if (at == journal->count) {
		unsigned int more = at + (at / 4 > STEP ? at / 4 : STEP);
		int err;

		if (at == SLOTS_MOST) {
			return -ENFILE;
		}
		err = provide(journal, more < SLOTS_MOST ? more : SLOTS_MOST);
		if (err) {
			return err == -EFBIG ? -ENOSPC : err;
		}
	}
	*slot = &journal->slots[at];
	memset(*slot, 0, offsetof(struct slot, in));
	(*slot)->state[0].next_txn = 1;
	return 0;
}

void journal_use(struct journal *journal, struct slot *slot)
{
	uint64_t id = ++*journal->newest_id;

	barrier();
	slot->id = id;
	barrier();
}

void journal_release(struct journal *journal, struct slot *slot)
{
	unsigned int at = (unsigned int)(slot - journal->slots);

	barrier();
	slot->id = 0;
	barrier();
	if (at < journal->hint) {
		journal->hint = at;
	}
}

const struct slot_state *slot_state(const struct slot *slot)
{
	return &slot->state[slot->which & 1];
}

bool slot_is_sane(const struct slot *slot)
{
	const struct slot_state *state = slot_state(slot);

	return (slot->kind == SLOT_SOCKET || slot->kind == SLOT_RING) && slot->which <= 1 &&
	       slot->in_end - state->in_begin <= JOURNAL_QUEUE &&
	       state->out_end - slot->out_begin <= JOURNAL_QUEUE &&
	       state->txn_count <= JOURNAL_TXNS;
}

void slot_set_state(struct slot *slot, const struct slot_state *state)
{
	unsigned int other = 1 - (slot->which & 1);

	slot->state[other] = *state;
	barrier();
	slot->which = other;
	barrier();
}

static void copy_to_queue(char queue[JOURNAL_QUEUE], uint32_t at, const char *data, size_t size)
{
	size_t first = JOURNAL_QUEUE - at % JOURNAL_QUEUE;

	if (first > size) {
		first = size;
	}
	memcpy(queue + at % JOURNAL_QUEUE, data, first);
	memcpy(queue, data + first, size - first);
}

static void copy_from_queue(const char queue[JOURNAL_QUEUE], uint32_t at, char *to, size_t size)
{
	size_t first = JOURNAL_QUEUE - at % JOURNAL_QUEUE;

	if (first > size) {
		first = size;
	}
	memcpy(to, queue + at % JOURNAL_QUEUE, first);
	memcpy(to + first, queue, size - first);
}

void slot_put_out(struct slot *slot, uint32_t at, const void *data, size_t size)
{
	copy_to_queue(slot->out, at, data, size);
}

void slot_copy_in(const struct slot *slot, uint32_t position, void *to, size_t size)
{
	copy_from_queue(slot->in, position, to, size);
}

void slot_copy_out(const struct slot *slot, uint32_t position, void *to, size_t size)
{
	copy_from_queue(slot->out, position, to, size);
}

uint32_t slot_in_room(const struct slot *slot)
{
	return JOURNAL_QUEUE - (slot->in_end - slot_state(slot)->in_begin);
}

uint32_t slot_out_waiting(const struct slot *slot)
{
	return slot_state(slot)->out_end - slot->out_begin;
}

static int pieces_of(char queue[JOURNAL_QUEUE], uint32_t at, uint32_t size, struct iovec pieces[2])
{
	uint32_t first = JOURNAL_QUEUE - at % JOURNAL_QUEUE;

	if (!size) {
		return 0;
	}
	if (first > size) {
		first = size;
	}
	pieces[0] = (struct iovec){.iov_base = queue + at % JOURNAL_QUEUE, .iov_len = first};
	pieces[1] = (struct iovec){.iov_base = queue, .iov_len = size - first};
	return size > first ? 2 : 1;
}

int slot_in_space(struct slot *slot, struct iovec pieces[2])
{
	return pieces_of(slot->in, slot->in_end, slot_in_room(slot), pieces);
}

int slot_out_bytes(struct slot *slot, struct iovec pieces[2])
{
	return pieces_of(slot->out, slot->out_begin, slot_out_waiting(slot), pieces);
}

void slot_received(struct slot *slot, uint32_t size)
{
	barrier();
	slot->in_end += size;
	barrier();
}

/* The first message behind out_begin, found by going from message to message. */
static void advance_next(struct slot *slot)
{
	uint32_t end = slot_state(slot)->out_end;

	while ((int32_t)(slot->out_begin - slot->out_next) > 0) {
		struct xsd_sockmsg header;

		if (end - slot->out_next < sizeof(header)) {
			slot->out_next = slot->out_begin;
			return;
		}
		slot_copy_out(slot, slot->out_next, &header, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			slot->out_next = slot->out_begin;
			return;
		}
		slot->out_next += (uint32_t)sizeof(header) + header.len;
	}
}

void slot_sent(struct slot *slot, uint32_t size)
{
	barrier();
	slot->out_begin += size;
	barrier();
	advance_next(slot);
}

void slot_empty(struct slot *slot, uint32_t in_position, uint32_t out_position)
{
	struct slot_state state = {
		.serial = slot_state(slot)->serial,
		.in_begin = in_position,
		.out_end = out_position,
		.next_txn = 1,
	};

	slot->out_next = out_position;
	slot->out_begin = out_position;
	slot->in_end = in_position;
	slot_set_state(slot, &state);
}
