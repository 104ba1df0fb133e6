/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants, from both ends. A daemon maps what a guest offers through /dev/xen/gntdev; a domain
 * builder writes the first entries of a new domain's table, by which the guest offers its console
 * and store pages before it runs.
 *
 * gntdev mappings belong to the process that made them: no other can inherit them.
 */
#ifndef CALL_GRANT_H
#define CALL_GRANT_H

#include "call/call.h"

#include <xen/grant_table.h>

/* A descriptor of /dev/xen/gntdev, O_CLOEXEC; -errno otherwise. */
int grant_open(void);

/* Maps `count` grants of one domain side by side; prot as for mmap(). */
int grant_map(int fd, domid_t domid, const uint32_t *refs, size_t count, int prot, void **at);
/* Undoes one grant_map(), given the same count. */
int grant_unmap(int fd, void *at, size_t count);

/* One entry to seed. */
struct grant_seed {
	uint32_t ref;    /* GNTTAB_RESERVED_*, below 512 */
	domid_t to;      /* who may map it, read-write */
	xen_pfn_t frame; /* MFN of a PV domain, GFN of a translated one */
};

/* Writes entries into the version 1 table of a domain that never ran. */
int grant_seed(struct call *call, domid_t domid, const struct grant_seed *seeds, size_t count);

#endif
