/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How records lie in the database: shared by the code that changes them and the one that checks
 * them. Numbers in keys are big-endian, so that LMDB's order is theirs; numbers in records are
 * native: a database never leaves its machine.
 */
#ifndef XENSTORED_TREE_RECORD_H
#define XENSTORED_TREE_RECORD_H

#include "xenstored/path.h"
#include "xenstored/tree.h"

#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>

/* n: followed by the rights, the path with its NUL, and the value. */
struct node_record {
	uint32_t check;
	uint16_t path_size; /* with NUL */
	uint16_t perm_count;
	uint64_t generation;
	uint64_t place;
	uint64_t next_place;
	uint32_t child_count;
	uint32_t child_bytes;
	uint32_t value_size;
	uint32_t zero;
};

struct record_key {
	uint8_t byte[32];
	size_t size;
};

struct record_key record_node_key(const struct path_key *hash);
struct record_key record_child_key(const struct path_key *hash, uint64_t place);
struct record_key record_name_key(uint32_t domid, const struct path_key *hash);
struct record_key record_other_key(char kind, uint64_t a, uint64_t b);
MDB_val record_val(struct record_key *key);
uint64_t record_number(const void *at); /* eight bytes of a key */

/* CRC-32C, which CPUs have an instruction for, going on from `sum`; the second form is for those
 * that have not. Callers begin with ~0 and take the complement of the end. */
uint32_t record_crc(uint32_t sum, const void *data, size_t size);
uint32_t record_crc_plain(uint32_t sum, const void *data, size_t size);

/* The checksum of a record whose first four bytes are left out. */
uint32_t record_check(MDB_val key, MDB_val record);
bool record_is_sound(MDB_val key, MDB_val record);

/* Takes a node's record apart; false if its sizes contradict each other. */
bool record_decode(MDB_val record, struct node *node, const char **path);

int record_errno(int lmdb); /* LMDB's errors as -errno */

#endif
