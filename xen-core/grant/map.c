/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping and unmapping grants of others into the calling domain.
 *
 * A mapping has a host part (a PTE), a device part (the frame may be a DMA target), or both. Each
 * part holds one general reference of the frame and, unless readonly, one writable type; each has
 * a pin in the granter's entry. The references of a host part belong to the PTE: if the guest
 * overwrites that PTE by other means they go with it, and an explicit unmap of it then fails and
 * changes nothing. Handle and pin stay until the mapper dies (table.c).
 *
 * Unmap works on batches: first every PTE of the batch is cleared, then the CPUs that may cache
 * translations of the domain are flushed, once, and only then references, pins and entry flags
 * go: the granter may reuse the frame the moment the flags are clear.
 */
#include "grant/table.h"

#include "machine/tlb.h"

#include <xen/errno.h>

#define MAP_PV_ONLY (GNTMAP_device_map | GNTMAP_application_map | GNTMAP_contains_pte)

/* One map operation under way. */
struct mapping {
	struct domain *granter;
	struct frame *frame;
	uint32_t parts; /* GNTMAP_host_map, GNTMAP_device_map */
	bool readonly;
};

static int check_map(const struct vcpu *v, const struct gnttab_map_grant_ref *op)
{
	if ((op->flags & HANDLE_PARTS) == 0) {
		return GNTST_bad_gntref;
	}
	if (!v->domain->is_pv && (op->flags & MAP_PV_ONLY) != 0) {
		return GNTST_general_error;
	}
	return GNTST_okay;
}

static void drop_parts(const struct mapping *m)
{
	grant_drop_use(m->granter, m->frame, m->readonly);
	if (m->parts == HANDLE_PARTS) {
		grant_drop_use(m->granter, m->frame, m->readonly);
	}
}

/* Turns the general reference the pin brought into the uses of all parts; on failure it is gone. */
static int bind_parts(const struct mapping *m)
{
	if (grant_bind_use(m->granter, m->frame, m->readonly) != GNTST_okay) {
		frame_put(m->frame);
		return GNTST_general_error;
	}
	if (m->parts != HANDLE_PARTS) {
		return GNTST_okay;
	}
	if (!frame_get_again(m->frame)) {
		grant_drop_use(m->granter, m->frame, m->readonly);
		return GNTST_general_error;
	}
	if (grant_bind_use(m->granter, m->frame, m->readonly) != GNTST_okay) {
		frame_put(m->frame);
		grant_drop_use(m->granter, m->frame, m->readonly);
		return GNTST_general_error;
	}
	return GNTST_okay;
}

static int map_parts(struct vcpu *v, const struct gnttab_map_grant_ref *op, const struct mapping *m)
{
	struct grant_mapping mapping = {
		.host_address = op->host_addr,
		.flags = op->flags,
		.mfn = frame_mfn(m->frame),
		.readonly = m->readonly,
	};
	int status = bind_parts(m);

	if (status != GNTST_okay || (m->parts & GNTMAP_host_map) == 0) {
		return status;
	}
	status = v->domain->ops->grant_map(v, &mapping);
	if (status != GNTST_okay) {
		drop_parts(m);
	}
	return status;
}

/* With a handle taken and the granter kept. On success the pin stays. */
static int map_pinned(struct vcpu *v, struct gnttab_map_grant_ref *op, struct mapping *m)
{
	struct grant_pin want = {
		.pins = grant_pins_of(m->parts, m->readonly),
		.domid = v->domain->id,
		.is_map = true,
	};
	struct grant_table *table = m->granter->grants;
	int status = grant_entry_pin(table, op->ref, &want, &m->frame);

	if (status != GNTST_okay) {
		return status;
	}
	status = map_parts(v, op, m);
	if (status == GNTST_okay) {
		op->dev_bus_addr = mfn_to_maddr(frame_mfn(m->frame)).n;
	} else {
		grant_entry_unpin(table, op->ref, want.pins);
	}
	return status;
}

static int map_with_handle(struct vcpu *v, struct gnttab_map_grant_ref *op, struct domain *granter)
{
	struct grant_table *table = v->domain->grants;
	struct mapping m = {
		.granter = granter,
		.parts = op->flags & HANDLE_PARTS,
		.readonly = (op->flags & GNTMAP_readonly) != 0,
	};
	uint32_t handle = track_get(table);
	struct grant_handle *h;
	int status;

	if (handle == HANDLE_NONE) {
		return GNTST_no_space;
	}
	status = map_pinned(v, op, &m);
	if (status != GNTST_okay) {
		track_put(table, handle);
		return status;
	}
	h = track_find(table, handle);
	h->granter = granter;
	h->ref = op->ref;
	atomic_write_release(&h->flags, op->flags);
	op->handle = handle;
	return GNTST_okay;
}

void grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op)
{
	struct domain *granter;
	int status = check_map(v, op);

	if (status == GNTST_okay) {
		granter = domain_find(op->dom);
		if (!granter || !domain_get(granter)) {
			status = GNTST_bad_domain;
		} else {
			status = map_with_handle(v, op, granter);
			if (status != GNTST_okay) {
				domain_put(granter);
			}
		}
	}
	op->status = (int16_t)status;
}

/* What the first half of an unmap leaves for the second. */
struct ended {
	struct domain *granter; /* NULL: nothing to do */
	uint32_t ref;
	uint32_t frame;
	uint32_t parts;
	bool readonly;
	bool is_last; /* the handle is free now */
};

static int clear_parts_locked(struct vcpu *v, const struct gnttab_unmap_grant_ref *op,
			      struct grant_handle *h, uint32_t frame, struct ended *end)
{
	uint32_t flags = h->flags;
	uint32_t parts = (op->host_addr ? flags & GNTMAP_host_map : 0) |
			 (op->dev_bus_addr ? flags & GNTMAP_device_map : 0);
	struct grant_mapping mapping = {
		.host_address = op->host_addr,
		.flags = flags,
		.mfn = mfn(frame),
		.readonly = (flags & GNTMAP_readonly) != 0,
	};

	if ((parts & GNTMAP_device_map) && op->dev_bus_addr != mfn_to_maddr(mfn(frame)).n) {
		return GNTST_general_error;
	}
	if (parts & GNTMAP_host_map) {
		int status = v->domain->ops->grant_unmap(v, &mapping);

		if (status != GNTST_okay) {
			return status;
		}
	}
	if (parts == 0) {
		return GNTST_okay;
	}
	atomic_write(&h->flags, flags & ~parts);
	*end = (struct ended){
		.granter = h->granter,
		.ref = h->ref,
		.frame = frame,
		.parts = parts,
		.readonly = mapping.readonly,
		.is_last = (flags & HANDLE_PARTS) == parts,
	};
	return GNTST_okay;
}

static int clear_one(struct vcpu *v, const struct gnttab_unmap_grant_ref *op, struct ended *end)
{
	struct grant_handle *h = track_find(v->domain->grants, op->handle);
	struct grant_active *active;
	struct domain *granter;
	uint32_t ref;
	int status;

	end->granter = NULL;
	if (!h || (atomic_read_acquire(&h->flags) & HANDLE_PARTS) == 0) {
		return GNTST_bad_handle;
	}
	granter = atomic_read(&h->granter);
	ref = atomic_read(&h->ref);
	active = grant_active(granter->grants, ref);
	if (!active) {
		/* Another vcpu freed the handle just now: ref is a link of the free list. */
		return GNTST_bad_handle;
	}
	spin_lock(&active->lock);
	if ((h->flags & HANDLE_PARTS) == 0 || h->granter != granter || h->ref != ref) {
		status = GNTST_bad_handle;
	} else {
		status = clear_parts_locked(v, op, h, active->frame, end);
	}
	spin_unlock(&active->lock);
	return status;
}

static void drop_one(struct vcpu *v, uint32_t handle, const struct ended *end)
{
	struct domain *granter = end->granter;
	struct frame *f = frame_of(mfn(end->frame));

	if (end->parts & GNTMAP_host_map) {
		grant_drop_use(granter, f, end->readonly);
	}
	if (end->parts & GNTMAP_device_map) {
		grant_drop_use(granter, f, end->readonly);
	}
	grant_entry_unpin(granter->grants, end->ref, grant_pins_of(end->parts, end->readonly));
	if (end->is_last) {
		track_put(v->domain->grants, handle);
		domain_put(granter);
	}
}

void grant_unmap(struct vcpu *v, struct gnttab_unmap_grant_ref *ops, unsigned int count)
{
	struct ended end[GRANT_UNMAP_BATCH];
	uint32_t parts = 0;

	assert(count <= GRANT_UNMAP_BATCH);
	for (unsigned int i = 0; i < count; i++) {
		ops[i].status = (int16_t)clear_one(v, &ops[i], &end[i]);
		parts |= end[i].granter ? end[i].parts : 0;
	}
	if (parts & GNTMAP_host_map) {
		tlb_flush_cpus(&v->domain->dirty_cpus);
	}
	for (unsigned int i = 0; i < count; i++) {
		if (end[i].granter) {
			drop_one(v, ops[i].handle, &end[i]);
		}
	}
}
