/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of nodes; see path.h. Everything works on texts of at most PATH_ROOM bytes; nothing here
 * knows of the database.
 */
#include "xenstored/path.h"

#include <stdio.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#define HOME "/local/domain/"

static bool is_allowed(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '@' || c == '/';
}

/* The length of "/local/domain/N/" at the beginning of path, or 0. */
static size_t home_length(const char *path)
{
	size_t at = sizeof(HOME) - 1;
	size_t digits = 0;

	if (strncmp(path, HOME, at) != 0) {
		return 0;
	}
	while (digits < 5 && path[at] >= '0' && path[at] <= '9') {
		digits++;
		at++;
	}
	return digits && path[at] == '/' ? at + 1 : 0;
}

bool path_is_valid(const char *path, bool special)
{
	size_t length = strnlen(path, PATH_ROOM);

	if (path[0] != '/' && !(special && path[0] == '@')) {
		return false;
	}
	if (length >= XENSTORE_ABS_PATH_MAX || length - home_length(path) > XENSTORE_REL_PATH_MAX) {
		return false;
	}
	if (length > 1 && path[length - 1] == '/') {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		if (!is_allowed(path[i]) || (path[i] == '/' && path[i + 1] == '/')) {
			return false;
		}
	}
	return true;
}

bool path_absolute(const char *name, unsigned int domid, bool special, char path[PATH_ROOM])
{
	size_t home = 0;
	size_t size = strlen(name) + 1;

	if (name[0] != '/' && name[0] != '@') {
		home = (size_t)snprintf(path, PATH_ROOM, HOME "%u/", domid);
	}
	if (home + size > PATH_ROOM) {
		return false;
	}
	memcpy(path + home, name, size);
	return path_is_valid(path, special);
}

bool path_to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (path[0] != '/' || !path[1] || !slash) {
		return false;
	}
	slash[slash == path ? 1 : 0] = '\0';
	return true;
}

const char *path_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_append(char path[PATH_ROOM], const char *name)
{
	size_t length = strlen(path);
	int added;

	if (length == 1) {
		length = 0; /* "/" */
	}
	added = snprintf(path + length, PATH_ROOM - length, "/%s", name);
	return added > 0 && (size_t)added < PATH_ROOM - length;
}

const char *path_relative(const char *path, unsigned int domid)
{
	char home[32];
	size_t length;

	if (strncmp(path, HOME, strlen(HOME)) != 0) {
		return NULL;
	}
	length = (size_t)snprintf(home, sizeof(home), HOME "%u", domid);
	if (strncmp(path, home, length) != 0) {
		return NULL;
	}
	if (!path[length]) {
		return path + length;
	}
	return path[length] == '/' ? path + length + 1 : NULL;
}

static uint64_t load64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t rotate(uint64_t value, unsigned int by)
{
	return value << by | value >> (64 - by);
}

static void sip_rounds(uint64_t v[4], unsigned int count)
{
	while (count--) {
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

/* Constants and rounds: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
void path_hash(const uint8_t key[16], const void *data, size_t size, struct path_key *hash)
{
	uint64_t k0 = load64(key);
	uint64_t k1 = load64(key + 8);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du ^ 0xee,
			 k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
	const uint8_t *at = data;
	uint64_t last = (uint64_t)size << 56;
	uint64_t half;

	for (size_t words = size / 8; words; words--) {
		sip_word(v, load64(at));
		at += 8;
	}
	for (unsigned int i = 0; i < size % 8; i++) {
		last |= (uint64_t)at[i] << (8 * i);
	}
	sip_word(v, last);
	v[2] ^= 0xee;
	sip_rounds(v, 4);
	half = v[0] ^ v[1] ^ v[2] ^ v[3];
	memcpy(hash->byte, &half, 8);
	v[1] ^= 0xdd;
	sip_rounds(v, 4);
	half = v[0] ^ v[1] ^ v[2] ^ v[3];
	memcpy(hash->byte + 8, &half, 8);
}
