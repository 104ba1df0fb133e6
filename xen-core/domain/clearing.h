/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Big blocks of frames for a domain, cleared over several stays in the core: two megabytes are more
 * work than one stay may do. A domain has at most one block that is being cleared. Whoever wanted
 * it restarts and asks again; who asks for another size begins anew with that.
 */
#ifndef DOMAIN_CLEARING_H
#define DOMAIN_CLEARING_H

#include "domain/domain.h"

#define CLEARING_COUNTED (1U << 0) /* asks for room below max_pages, uses the domain's claim */

/* 2^order frames of zeros. Nobody's yet: for memory_replace(), or buddy_free(). -XEN_ERESTART: call
 * again after a restart. -XEN_ENOMEM; -XEN_EINVAL: dying. */
int must_check clearing_alloc(struct domain *d, unsigned int order, unsigned int address_bits,
			      unsigned int flags, mfn_t *first);
/* Domain part: frees what nobody came back for. Always 0. */
int must_check clearing_teardown(struct domain *d);

#endif
