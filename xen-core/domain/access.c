/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's rights to devices are three sets of ranges. They start empty. The hardware domain is
 * given everything except what the core drives itself (interrupt controllers, its serial line, the
 * timers): the denied ranges, declared at start-up by whoever owns them. Nobody is ever given a
 * denied range, so declaring comes before granting.
 */
#include "domain/access.h"

#include "domain/part.h"
#include "mm/heap.h"

#include <xen/errno.h>

#define DENIED_MAX 64
#define RANGES_HARDWARE 256
#define RANGES_OTHERS 16

#define IOPORT_LAST 0xffffUL
#define IOMEM_LAST ((1UL << 40) - 1) /* 52 address bits */
#define IRQ_LAST 0xffffUL

static struct range denied_storage[ACCESS_KINDS][DENIED_MAX];
static struct range_set denied[ACCESS_KINDS];

static struct range_set *denied_set(enum access_kind kind)
{
	if (!denied[kind].ranges) {
		range_set_init(&denied[kind], denied_storage[kind], DENIED_MAX);
	}
	return &denied[kind];
}

static struct range_set *domain_set(struct domain *d, enum access_kind kind)
{
	switch (kind) {
	case ACCESS_IOPORTS:
		return &d->ioports;
	case ACCESS_IOMEM:
		return &d->iomem;
	case ACCESS_IRQS:
	case ACCESS_KINDS:
		break;
	}
	return &d->irqs;
}

int access_deny_ioports(uint64_t first, uint64_t last)
{
	return range_add(denied_set(ACCESS_IOPORTS), first, last);
}

int access_deny_iomem(uint64_t first, uint64_t last)
{
	return range_add(denied_set(ACCESS_IOMEM), first, last);
}

static int grant_rest(struct domain *d, enum access_kind kind, uint64_t last)
{
	struct range_set *set = domain_set(d, kind);
	const struct range *range;
	int err = range_add(set, 0, last);

	range_for_each(range, denied_set(kind)) {
		if (!err) {
			err = range_remove(set, range->first, range->last);
		}
	}
	return err;
}

int access_grant_all(struct domain *d)
{
	int err = grant_rest(d, ACCESS_IOPORTS, IOPORT_LAST);

	if (!err) {
		err = grant_rest(d, ACCESS_IOMEM, IOMEM_LAST);
	}
	return err ? err : grant_rest(d, ACCESS_IRQS, IRQ_LAST);
}

int access_change(struct domain *d, enum access_kind kind, uint64_t first, uint64_t last,
		  bool allow)
{
	int err;

	if (allow && range_overlaps(denied_set(kind), first, last)) {
		return -XEN_EPERM;
	}
	spin_lock(&d->lock);
	err = allow ? range_add(domain_set(d, kind), first, last)
		    : range_remove(domain_set(d, kind), first, last);
	spin_unlock(&d->lock);
	return err;
}

bool access_allows(struct domain *d, enum access_kind kind, uint64_t first, uint64_t last)
{
	bool allowed;

	spin_lock(&d->lock);
	allowed = range_contains(domain_set(d, kind), first, last);
	spin_unlock(&d->lock);
	return allowed;
}

static int create(struct domain *d)
{
	size_t capacity = d->is_hardware ? RANGES_HARDWARE : RANGES_OTHERS;
	struct range *storage = heap_alloc(ACCESS_KINDS * capacity * sizeof(struct range));

	if (!storage) {
		return -XEN_ENOMEM;
	}
	range_set_init(&d->ioports, storage, capacity);
	range_set_init(&d->iomem, storage + capacity, capacity);
	range_set_init(&d->irqs, storage + 2 * capacity, capacity);
	return 0;
}

static int teardown(struct domain *d)
{
	spin_lock(&d->lock);
	range_clear(&d->ioports);
	range_clear(&d->iomem);
	range_clear(&d->irqs);
	spin_unlock(&d->lock);
	return 0;
}

static void free_storage(struct domain *d)
{
	heap_free(d->ioports.ranges);
}

const struct domain_part access_part = {
	.name = "device access",
	.create = create,
	.teardown = teardown,
	.free = free_storage,
};
