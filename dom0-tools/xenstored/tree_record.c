/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys and records of the database; see tree_record.h. Nothing here trusts a record: it may come
 * from a damaged file.
 */
#include "xenstored/tree_record.h"

#include <errno.h>
#include <nmmintrin.h>
#include <string.h>

static void add_number(struct record_key *key, uint64_t number, unsigned int bytes)
{
	while (bytes--) {
		key->byte[key->size++] = (uint8_t)(number >> (8 * bytes));
	}
}

static void add_hash(struct record_key *key, const struct path_key *hash)
{
	memcpy(key->byte + key->size, hash->byte, sizeof(hash->byte));
	key->size += sizeof(hash->byte);
}

struct record_key record_node_key(const struct path_key *hash)
{
	struct record_key key = {.byte = {'n'}, .size = 1};

	add_hash(&key, hash);
	return key;
}

struct record_key record_child_key(const struct path_key *hash, uint64_t place)
{
	struct record_key key = {.byte = {'c'}, .size = 1};

	add_hash(&key, hash);
	add_number(&key, place, 8);
	return key;
}

struct record_key record_name_key(uint32_t domid, const struct path_key *hash)
{
	struct record_key key = {.byte = {'p'}, .size = 1};

	add_number(&key, domid, 4);
	add_hash(&key, hash);
	return key;
}

struct record_key record_other_key(char kind, uint64_t a, uint64_t b)
{
	struct record_key key = {.byte = {(uint8_t)kind}, .size = 1};

	add_number(&key, a, 8);
	add_number(&key, b, 8);
	return key;
}

MDB_val record_val(struct record_key *key)
{
	return (MDB_val){.mv_size = key->size, .mv_data = key->byte};
}

uint64_t record_number(const void *at)
{
	const uint8_t *byte = at;
	uint64_t number = 0;

	for (unsigned int i = 0; i < 8; i++) {
		number = number << 8 | byte[i];
	}
	return number;
}

uint32_t record_crc_plain(uint32_t sum, const void *data, size_t size)
{
	const uint8_t *byte = data;

	while (size--) {
		sum ^= *byte++;
		for (unsigned int i = 0; i < 8; i++) {
			sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
		}
	}
	return sum;
}

__attribute__((target("sse4.2"))) static uint32_t crc_fast(uint32_t sum, const void *data,
							   size_t size)
{
	const uint8_t *byte = data;
	uint64_t wide = sum;

	for (; size >= 8; size -= 8, byte += 8) {
		uint64_t eight;

		memcpy(&eight, byte, sizeof(eight));
		wide = _mm_crc32_u64(wide, eight);
	}
	sum = (uint32_t)wide;
	while (size--) {
		sum = _mm_crc32_u8(sum, *byte++);
	}
	return sum;
}

uint32_t record_crc(uint32_t sum, const void *data, size_t size)
{
	return __builtin_cpu_supports("sse4.2") ? crc_fast(sum, data, size)
						: record_crc_plain(sum, data, size);
}

uint32_t record_check(MDB_val key, MDB_val record)
{
	uint32_t sum = record_crc(~0U, key.mv_data, key.mv_size);

	return ~record_crc(sum, (const char *)record.mv_data + 4, record.mv_size - 4);
}

bool record_is_sound(MDB_val key, MDB_val record)
{
	uint32_t stored;

	if (record.mv_size < 4) {
		return false;
	}
	memcpy(&stored, record.mv_data, sizeof(stored));
	return stored == record_check(key, record);
}

bool record_decode(MDB_val record, struct node *node, const char **path)
{
	struct node_record header;
	const char *at = record.mv_data;
	size_t perms;

	if (record.mv_size < sizeof(header)) {
		return false;
	}
	memcpy(&header, at, sizeof(header));
	perms = header.perm_count * sizeof(struct perm);
	if (record.mv_size != sizeof(header) + perms + header.path_size + header.value_size ||
	    !header.path_size) {
		return false;
	}
	at += sizeof(header);
	*node = (struct node){
		.generation = header.generation,
		.place = header.place,
		.next_place = header.next_place,
		.child_count = header.child_count,
		.child_bytes = header.child_bytes,
		.perms = {.raw = at, .count = header.perm_count},
		.value = at + perms + header.path_size,
		.value_size = header.value_size,
	};
	*path = at + perms;
	return (*path)[header.path_size - 1] == '\0';
}

int record_errno(int lmdb)
{
	if (lmdb == MDB_SUCCESS) {
		return 0;
	}
	if (lmdb > 0) {
		return -lmdb;
	}
	switch (lmdb) {
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_KEYEXIST:
		return -EEXIST;
	case MDB_MAP_FULL:
	case MDB_TXN_FULL:
		return -ENOSPC;
	default:
		return -EIO;
	}
}
