/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rights on nodes; see perms.h. Only decisions: nothing is stored here.
 */
#include "xenstored/perms.h"

#include <stdio.h>
#include <string.h>

struct perm perm_at(struct perm_list perms, unsigned int index)
{
	struct perm perm;

	memcpy(&perm, perms.raw + index * sizeof(perm), sizeof(perm));
	return perm;
}

static bool speaks_for(const struct subject *subject, uint32_t domid)
{
	return subject->domid == domid || (subject->has_target && subject->target == domid);
}

unsigned int perms_access(struct perm_list perms, const struct subject *subject)
{
	const unsigned int all = ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;

	if (subject->privileged) {
		return all;
	}
	if (!perms.count) {
		return ACCESS_NONE;
	}
	if (speaks_for(subject, perm_at(perms, 0).domid)) {
		return all;
	}
	for (unsigned int i = 1; i < perms.count; i++) {
		struct perm perm = perm_at(perms, i);

		if (speaks_for(subject, perm.domid)) {
			return perm.access;
		}
	}
	return perm_at(perms, 0).access;
}

bool perm_parse(const char *text, struct perm *perm)
{
	uint64_t domid = 0;

	switch (text[0]) {
	case 'n':
		perm->access = ACCESS_NONE;
		break;
	case 'r':
		perm->access = ACCESS_READ;
		break;
	case 'w':
		perm->access = ACCESS_WRITE;
		break;
	case 'b':
		perm->access = ACCESS_READ | ACCESS_WRITE;
		break;
	default:
		return false;
	}
	if (!text[1]) {
		return false;
	}
	for (text++; *text; text++) {
		if (*text < '0' || *text > '9') {
			return false;
		}
		domid = domid * 10 + (uint64_t)(*text - '0');
		if (domid > UINT32_MAX) {
			return false;
		}
	}
	perm->domid = (uint32_t)domid;
	return true;
}

void perm_format(struct perm perm, char text[16])
{
	static const char letters[] = {'n', 'r', 'w', 'b'};

	snprintf(text, 16, "%c%u", letters[perm.access & 3], perm.domid);
}
