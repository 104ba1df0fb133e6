/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of the store a domain may use. Limits are named, kept in the database, and set for all
 * domains or for one; privileged connections have none. Who runs into one gets the protocol's
 * error, and the log says which limit of which domain it was, and how to raise it.
 */
#ifndef XENSTORED_QUOTA_H
#define XENSTORED_QUOTA_H

#include "xenstored/tree.h"

#include <stdbool.h>
#include <stdint.h>

enum quota {
	QUOTA_NODES,
	QUOTA_WATCHES,
	QUOTA_TRANSACTIONS,
	QUOTA_TRANSACTION_NODES,
	QUOTA_NODE_SIZE,
	QUOTA_PERMISSIONS,
	QUOTA_EVENTS, /* KiB of events waiting beyond what the connection's queue holds */
	QUOTA_COUNT,
};

struct quota_info {
	const char *name;
	unsigned int standard;
	const char *meaning;
};

/* One domain that differs from the others, or that ran into a limit. */
struct quota_domain {
	unsigned int domid;
	unsigned int limits[QUOTA_COUNT]; /* valid where set[] */
	bool set[QUOTA_COUNT];
	unsigned int refused[QUOTA_COUNT]; /* since the daemon started */
	struct quota_domain *next;
};

struct quotas {
	unsigned int limits[QUOTA_COUNT];
	struct quota_domain *domains;
};

const struct quota_info *quota_info(enum quota quota);
/* -1: no quota has that name. */
int quota_by_name(const char *name);

/* The limits as they stand in the database. */
int quotas_load(struct quotas *quotas, struct tree *tree);
void quotas_free(struct quotas *quotas);

unsigned int quotas_limit(const struct quotas *quotas, unsigned int domid, enum quota quota);

/* Sets one for a domain, or (domid < 0) for all that have none of their own; also in the database.
 */
int quotas_set(struct quotas *quotas, struct tree *tree, int domid, enum quota quota,
	       unsigned int limit);

/* Forgets what was set for a domain, which is gone. */
int quotas_forget(struct quotas *quotas, struct tree *tree, unsigned int domid);

/* Counts a refusal. true: worth a log line (the first, then each time their number doubles). */
bool quotas_refused(struct quotas *quotas, unsigned int domid, enum quota quota,
		    unsigned int *count);
const struct quota_domain *quotas_of(const struct quotas *quotas, unsigned int domid);

#endif
