/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which I/O ports, device memory and physical interrupts a domain may use.
 */
#ifndef DOMAIN_ACCESS_H
#define DOMAIN_ACCESS_H

#include "domain/domain.h"

/* Part: storage for the domain's three sets. */
extern const struct domain_part access_part;

/* What the core keeps for itself; noted for ever, before the hardware domain gets the rest.
 * -XEN_ENOSPC. Frames for iomem. */
int must_check access_deny_ioports(uint64_t first, uint64_t last);
int must_check access_deny_iomem(uint64_t first, uint64_t last);
/* Everything but what is denied. */
int must_check access_grant_all(struct domain *d);
/* The control domain gives or takes; under d->lock. -XEN_EPERM to give what the core keeps. */
enum access_kind { ACCESS_IOPORTS, ACCESS_IOMEM, ACCESS_IRQS, ACCESS_KINDS };
int must_check access_change(struct domain *d, enum access_kind kind, uint64_t first,
			     uint64_t last, bool allow);
/* Whether d may use all of them; under d->lock. */
bool access_allows(struct domain *d, enum access_kind kind, uint64_t first, uint64_t last);

#endif
