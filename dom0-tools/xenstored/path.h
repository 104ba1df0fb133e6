/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of nodes: what is a valid one, relative ones made absolute, and the 128-bit keyed hash
 * under which a node is found in the database.
 *
 * Valid: begins with "/" (or "@" for the names of special events), letters, digits, "-/_@" only, no
 * "//", no "/" at the end but in "/" itself, at most 2048 bytes behind "/local/domain/N/", fewer
 * than 3072 in all (io/xs_wire.h). Relative names are below "/local/domain/<caller>".
 */
#ifndef XENSTORED_PATH_H
#define XENSTORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_ROOM 3072 /* of any valid path, its NUL included */

struct path_key {
	uint8_t byte[16];
};

bool path_is_valid(const char *path, bool special);

/* Writes the absolute form of `name` as seen from a domain. false: no valid name. */
bool path_absolute(const char *name, unsigned int domid, bool special, char path[PATH_ROOM]);

/* "/a/b" -> "/a", "/a" -> "/"; in place. false: "/" and special names have no parent. */
bool path_to_parent(char *path);

/* The last component; of "/" the empty text. Points into path. */
const char *path_name(const char *path);

/* Appends "/name"; the result must fit. */
bool path_append(char path[PATH_ROOM], const char *name);

/* What a watch registered with a relative name calls `path`: without the domain's home, "" for
 * the home itself; NULL if it is not below. */
const char *path_relative(const char *path, unsigned int domid);

/* SipHash-2-4 with 128 bits of output: guests choose names, so they must not be able to choose
 * two that collide. */
void path_hash(const uint8_t key[16], const void *data, size_t size, struct path_key *hash);

#endif
