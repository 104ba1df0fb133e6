/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of domains; see quota.h. In the database: record q D+1 N holds the limit N of domain D, q
 * 0 N the one for all. The standard values are those users of Xen 4.17 know.
 */
#include "xenstored/quota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct quota_info infos[QUOTA_COUNT] = {
	[QUOTA_NODES] = {"nodes", 1000, "nodes a domain owns"},
	[QUOTA_WATCHES] = {"watches", 128, "watches of a domain"},
	[QUOTA_TRANSACTIONS] = {"transactions", 10, "open transactions of a domain"},
	[QUOTA_TRANSACTION_NODES] = {"transaction-nodes", 1024, "nodes one transaction touches"},
	[QUOTA_NODE_SIZE] = {"node-size", 2048, "bytes of one node, with its children's names"},
	[QUOTA_PERMISSIONS] = {"permissions", 5, "entries in a node's list of rights"},
	[QUOTA_EVENTS] = {"events", 1024, "KiB of events a domain has not fetched"},
};

const struct quota_info *quota_info(enum quota quota)
{
	return &infos[quota];
}

int quota_by_name(const char *name)
{
	for (int i = 0; i < QUOTA_COUNT; i++) {
		if (strcmp(infos[i].name, name) == 0) {
			return i;
		}
	}
	return -1;
}

static struct quota_domain *domain_find(const struct quotas *quotas, unsigned int domid)
{
	struct quota_domain *domain = quotas->domains;

	while (domain && domain->domid != domid) {
		domain = domain->next;
	}
	return domain;
}

static struct quota_domain *domain_get(struct quotas *quotas, unsigned int domid)
{
	struct quota_domain *domain = domain_find(quotas, domid);

	if (!domain) {
		domain = memory_get(sizeof(*domain));
		domain->domid = domid;
		domain->next = quotas->domains;
		quotas->domains = domain;
	}
	return domain;
}

int quotas_load(struct quotas *quotas, struct tree *tree)
{
	uint64_t a = 0;
	uint64_t b = 0;
	const char *data;
	size_t size;
	int err;

	for (int i = 0; i < QUOTA_COUNT; i++) {
		quotas->limits[i] = infos[i].standard;
	}
	for (err = tree_next(tree, 'q', true, &a, &b, &data, &size); !err;
	     err = tree_next(tree, 'q', false, &a, &b, &data, &size)) {
		unsigned int limit;

		if (size != sizeof(limit) || b >= QUOTA_COUNT) {
			continue; /* of a newer version */
		}
		memcpy(&limit, data, sizeof(limit));
		if (a == 0) {
			quotas->limits[b] = limit;
		} else {
			struct quota_domain *domain = domain_get(quotas, (unsigned int)(a - 1));

			domain->limits[b] = limit;
			domain->set[b] = true;
		}
	}
	return err == -ENOENT ? 0 : err;
}

void quotas_free(struct quotas *quotas)
{
	while (quotas->domains) {
		struct quota_domain *domain = quotas->domains;

		quotas->domains = domain->next;
		free(domain);
	}
}

unsigned int quotas_limit(const struct quotas *quotas, unsigned int domid, enum quota quota)
{
	const struct quota_domain *domain = domain_find(quotas, domid);

	return domain && domain->set[quota] ? domain->limits[quota] : quotas->limits[quota];
}

int quotas_set(struct quotas *quotas, struct tree *tree, int domid, enum quota quota,
	       unsigned int limit)
{
	if (domid < 0) {
		quotas->limits[quota] = limit;
	} else {
		struct quota_domain *domain = domain_get(quotas, (unsigned int)domid);

		domain->limits[quota] = limit;
		domain->set[quota] = true;
	}
	return tree_put(tree, 'q', (uint64_t)(domid + 1), quota, &limit, sizeof(limit));
}

int quotas_forget(struct quotas *quotas, struct tree *tree, unsigned int domid)
{
	struct quota_domain **link = &quotas->domains;
	int err = 0;

	while (*link && (*link)->domid != domid) {
		link = &(*link)->next;
	}
	if (!*link) {
		return 0;
	}
	for (unsigned int i = 0; !err && i < QUOTA_COUNT; i++) {
		if ((*link)->set[i]) {
			err = tree_delete(tree, 'q', (uint64_t)domid + 1, i);
		}
	}
	if (!err) {
		struct quota_domain *domain = *link;

		*link = domain->next;
		free(domain);
	}
	return err;
}

bool quotas_refused(struct quotas *quotas, unsigned int domid, enum quota quota,
		    unsigned int *count)
{
	struct quota_domain *domain = domain_get(quotas, domid);

	*count = ++domain->refused[quota];
	return (*count & (*count - 1)) == 0;
}

const struct quota_domain *quotas_of(const struct quotas *quotas, unsigned int domid)
{
	return domain_find(quotas, domid);
}
