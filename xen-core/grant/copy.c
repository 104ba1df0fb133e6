/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying between a granted frame and one's own, or between two granted ones. A side is named by
 * reference (then its domain must have granted it) or by frame number (then it must be the
 * caller's). Both sides are held for the copy: by a pin where granted, by a reference, and the
 * destination by a writable type, so that it cannot be a page table.
 */
#include "grant/table.h"

#include "domain/own_frame.h"
#include "lib/mem.h"
#include "machine/frames.h"

#include <xen/errno.h>

struct side {
	struct domain *domain;
	struct frame *frame;
	uint32_t ref;
	uint32_t pins; /* 0: named by frame number */
	bool is_destination;
};

static int find_domain(struct vcpu *v, uint16_t domid, struct domain **d)
{
	*d = domid == DOMID_SELF ? v->domain : domain_find(domid);
	return *d ? GNTST_okay : GNTST_bad_domain;
}

static int hold_granted(struct vcpu *v, struct side *side)
{
	struct grant_pin want = {
		.pins = grant_pins_of(GNTMAP_host_map, !side->is_destination),
		.domid = v->domain->id,
	};
	int status = grant_entry_pin(side->domain->grants, side->ref, &want, &side->frame);

	if (status == GNTST_okay) {
		side->pins = want.pins;
	}
	return status;
}

static int hold_own(struct side *side, uint64_t number)
{
	return own_frame_get(side->domain, gfn(number), &side->frame) ? GNTST_bad_page
								      : GNTST_okay;
}

static void unpin_side(const struct side *side)
{
	if (side->pins != 0) {
		grant_entry_unpin(side->domain->grants, side->ref, side->pins);
	}
}

static int hold_side(struct vcpu *v, const struct gnttab_copy_ptr *where, bool is_granted,
		     struct side *side)
{
	int status = find_domain(v, where->domid, &side->domain);

	if (status != GNTST_okay) {
		return status;
	}
	side->ref = where->u.ref;
	status = is_granted ? hold_granted(v, side) : hold_own(side, where->u.gmfn);
	if (status != GNTST_okay) {
		return status;
	}
	status = grant_bind_use(side->domain, side->frame, !side->is_destination);
	if (status != GNTST_okay) {
		frame_put(side->frame);
		unpin_side(side);
	}
	return status;
}

static void release_side(const struct side *side)
{
	grant_drop_use(side->domain, side->frame, !side->is_destination);
	unpin_side(side);
}

static int check_copy(const struct gnttab_copy *op)
{
	if (op->source.offset + op->len > (int)PAGE_SIZE ||
	    op->dest.offset + op->len > (int)PAGE_SIZE) {
		return GNTST_bad_copy_arg;
	}
	if (((op->flags & GNTCOPY_source_gref) == 0 && op->source.domid != DOMID_SELF) ||
	    ((op->flags & GNTCOPY_dest_gref) == 0 && op->dest.domid != DOMID_SELF)) {
		return GNTST_permission_denied;
	}
	return GNTST_okay;
}

static void copy_bytes(const struct gnttab_copy *op, const struct side *from, const struct side *to)
{
	const uint8_t *source = frame_map(frame_mfn(from->frame));
	uint8_t *target = frame_map(frame_mfn(to->frame));

	/* Both sides may be one frame, and guests write them meanwhile. */
	memmove(target + op->dest.offset, source + op->source.offset, op->len);
	frame_unmap(target);
	frame_unmap(source);
}

void grant_copy(struct vcpu *v, struct gnttab_copy *op)
{
	struct side from = {.is_destination = false};
	struct side to = {.is_destination = true};
	int status = check_copy(op);

	if (status == GNTST_okay) {
		status = hold_side(v, &op->source, (op->flags & GNTCOPY_source_gref) != 0, &from);
	}
	if (status == GNTST_okay) {
		status = hold_side(v, &op->dest, (op->flags & GNTCOPY_dest_gref) != 0, &to);
		if (status == GNTST_okay) {
			copy_bytes(op, &from, &to);
			release_side(&to);
		}
		release_side(&from);
	}
	op->status = (int16_t)status;
}
