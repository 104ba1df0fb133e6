/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A node's list of rights: the first entry names the owner and what everybody not listed may do,
 * each further one a domain and what it may do; the first entry that fits counts. Owners, and
 * those who are privileged, may do everything.
 *
 * Lists are kept as they are stored: eight bytes an entry, at any alignment.
 */
#ifndef XENSTORED_PERMS_H
#define XENSTORED_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum access {
	ACCESS_NONE = 0,
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_OWNER = 4,
};

struct perm {
	uint32_t domid;
	uint32_t access; /* enum access: read, write, both, none */
};

struct perm_list {
	const char *raw; /* count times sizeof(struct perm) bytes */
	unsigned int count;
};

/* Who asks. */
struct subject {
	unsigned int domid;
	bool privileged;
	bool has_target; /* this domain may do what its target may */
	unsigned int target;
};

struct perm perm_at(struct perm_list perms, unsigned int index);

/* What the subject may do: enum access combined. */
unsigned int perms_access(struct perm_list perms, const struct subject *subject);

/* "b7" <-> entry. text has room for 16 bytes. */
bool perm_parse(const char *text, struct perm *perm);
void perm_format(struct perm perm, char text[16]);

#endif
