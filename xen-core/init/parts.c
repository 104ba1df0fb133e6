/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a domain is made of, in the order it is built. It is torn down from the end to the start:
 * page tables before the grants they map, those before the frames they may lie in.
 */
#include "domain/access.h"
#include "domain/domain.h"
#include "domain/memory.h"
#include "domain/part.h"
#include "domain/vcpu.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"

static int no_create(struct domain *d unused_arg)
{
	return 0;
}

static void no_free(struct domain *d unused_arg)
{
}

static const struct domain_part memory_part = {"memory", no_create, memory_relinquish, no_free};
static const struct domain_part evtchn_part = {"event channels", evtchn_domain_create,
					       evtchn_domain_teardown, evtchn_domain_free};
static const struct domain_part grant_part = {"grants", grant_domain_create, grant_domain_teardown,
					      grant_domain_free};

const struct domain_part *const domain_parts[] = {
	&memory_part, &access_part, &shared_part, &evtchn_part, &grant_part, &vcpus_part, NULL,
};
