/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables (version 1): a domain offers its frames to others by reference. entry.c alone reads
 * the shared, guest-written entries; an active entry beside each keeps what was read and counts
 * the pins. See docs/grants.md.
 */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "domain/vcpu.h"

#include <xen/grant_table.h>

#define GRANT_FRAMES_DEFAULT 64U
#define MAPTRACK_FRAMES_DEFAULT 1024U

int must_check grant_domain_create(struct domain *d);
/* Unmaps all it has mapped of others: restartable. */
int must_check grant_domain_teardown(struct domain *d);
void grant_domain_free(struct domain *d);
/* Frees a share of it (struct domain_part); true when little is left. */
bool must_check grant_domain_shrink(struct domain *d);

/* One operation each; the GNTST_* goes into op->status. Maps and unmaps act on v's domain. */
void grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op);
/* Unmaps up to GRANT_UNMAP_BATCH operations: clears all, flushes once, then drops references. */
#define GRANT_UNMAP_BATCH 32U
void grant_unmap(struct vcpu *v, struct gnttab_unmap_grant_ref *ops, unsigned int count);
void grant_copy(struct vcpu *v, struct gnttab_copy *op);

/* Grows the shared table to at least count frames; -XEN_ENOMEM or -XEN_EINVAL above the limit. */
int must_check grant_grow(struct domain *d, uint32_t count);
uint32_t grant_frame_count(struct domain *d);
uint32_t grant_frame_max(struct domain *d);
mfn_t grant_frame(struct domain *d, uint32_t index);
uint32_t grant_version(struct domain *d);
int must_check grant_set_version(struct domain *d, uint32_t version);

void grant_dump(struct domain *d, void (*print)(const char *format, ...));
void grant_audit(struct domain *d);

#endif
