/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain is made of, in the order it is built. It is torn down from the end to the start:
 * page tables before the grants they map, those before the frames they may lie in.
 */
#include "domain/access.h"
#include "domain/clearing.h"
#include "domain/domain.h"
#include "domain/memory.h"
#include "domain/part.h"
#include "domain/policy.h"
#include "domain/vcpu.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hvm/hvm.h"
#include "hypercall/memory.h"
#include "mm/heap.h"
#include "pv/cpuid.h"
#include "pv/pv.h"

#include <xen/errno.h>

static void free_guest(struct domain *d)
{
	if (d->is_pv) {
		heap_free(d->pv);
		d->pv = NULL;
		domain_policy_free(d);
	} else if (d->hvm) {
		hvm_domain_free(d);
	}
	heap_free(d->e820);
}

static bool shrink_guest(struct domain *d)
{
	return !d->hvm || hvm_domain_shrink(d);
}

static int create_guest(struct domain *d)
{
	if (!d->is_pv) {
		return hvm_domain_create(d);
	}
	d->pv = heap_new(struct pv_domain);
	if (!d->pv || pv_policy_create(d)) {
		free_guest(d);
		return -XEN_ENOMEM;
	}
	return 0;
}

static int no_teardown(struct domain *d unused_arg)
{
	return 0;
}

static int no_create(struct domain *d unused_arg)
{
	return 0;
}

static void no_free(struct domain *d unused_arg)
{
}

static const struct domain_part guest_part = {"guest", create_guest, no_teardown, free_guest,
					      shrink_guest};
static const struct domain_part memory_part = {"memory", no_create, memory_relinquish, no_free,
					       NULL};
static const struct domain_part clearing_part = {"clearing", no_create, clearing_teardown, no_free,
						 NULL};
static const struct domain_part exchange_part = {"exchange", no_create, memory_exchange_teardown,
						 no_free, NULL};
static const struct domain_part evtchn_part = {"event channels", evtchn_domain_create,
					       evtchn_domain_teardown, evtchn_domain_free,
					       evtchn_domain_shrink};
static const struct domain_part grant_part = {"grants", grant_domain_create, grant_domain_teardown,
					      grant_domain_free, grant_domain_shrink};

const struct domain_part *const domain_parts[] = {
	&memory_part, &clearing_part, &exchange_part, &access_part, &shared_part, &evtchn_part,
	&grant_part,  &guest_part,    &vcpus_part,  NULL,
};
