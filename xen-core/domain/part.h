/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain is made of. init/parts.c lists the parts in order; creation runs down the list and
 * undoes itself from where it failed, teardown runs up the list. Teardown of a part is restartable:
 * it returns -XEN_ERESTART when it has done enough for now and is called again.
 */
#ifndef DOMAIN_PART_H
#define DOMAIN_PART_H

#include "lib/types.h"

struct domain;

struct domain_part {
	const char *name;
	int (*create)(struct domain *d);
	/* Drops what the dying domain holds of others, and what others need not wait for. */
	int (*teardown)(struct domain *d);
	/* Frees the rest: nobody holds a reference to the domain any more. */
	void (*free)(struct domain *d);
	/* Frees a share of that, some ten thousand instructions of work; true when there is no more
	 * than that left for free(). NULL: there never is more. */
	bool (*shrink)(struct domain *d);
};

extern const struct domain_part *const domain_parts[]; /* NULL-terminated */

#endif
