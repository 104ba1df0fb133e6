/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interprocessor interrupts: what a write of ICR does (Intel SDM 3A 10.6, 10.12.9; AMD APM 2
 * 16.5). The sender walks its domain's local APICs, at most as many as a domain has vcpus, and
 * hands each destination its message; nothing waits and nothing can be lost, so delivery status
 * reads idle. SMI, remote read and external interrupts do not exist here and are dropped.
 */
#include "hvm/vlapic_inside.h"

static void note_error(struct vlapic *l, uint32_t bit)
{
	uint32_t lvt = l->lvt[LVT_ERROR];

	l->esr_pending |= bit;
	if (!(lvt & LVT_MASKED)) {
		vlapic_raise(l, (uint8_t)(lvt & LVT_VECTOR));
	}
}

static bool physical_matches(const struct vlapic *to, uint32_t destination, bool is_wide)
{
	if (destination == (is_wide ? 0xffffffff : 0xff)) {
		return true;
	}
	if (vlapic_is_x2apic(to)) {
		return destination == to->id;
	}
	return destination == atomic_read(&to->xapic_id) >> 24;
}

static bool logical_matches(const struct vlapic *to, uint32_t destination)
{
	uint32_t ldr = atomic_read(&to->ldr) >> 24;

	if (vlapic_is_x2apic(to)) {
		ldr = vlapic_x2apic_ldr(to);
		return destination == 0xffffffff ||
		       (destination >> 16 == ldr >> 16 && (destination & ldr & 0xffff) != 0);
	}
	if (destination > 0xff) {
		return false;
	}
	switch (atomic_read(&to->dfr) >> 28) {
	case 0xf: /* flat */
		return (destination & ldr) != 0;
	case 0: /* clusters of four; cluster 15 is all of them */
		return (destination >> 4 == ldr >> 4 || destination >> 4 == 0xf) &&
		       (destination & ldr & 0xf) != 0;
	default:
		return false;
	}
}

static bool is_destination(struct vlapic *from, const struct vlapic *to, uint32_t icr,
			   uint32_t destination)
{
	switch (icr & ICR_SHORTHAND) {
	case ICR_TO_SELF:
		return to == from;
	case ICR_TO_ALL:
		return true;
	case ICR_TO_OTHERS:
		return to != from;
	default:
		break;
	}
	return icr & ICR_LOGICAL ? logical_matches(to, destination)
				 : physical_matches(to, destination, vlapic_is_x2apic(from));
}

static void receive(struct vlapic *to, uint32_t icr)
{
	uint8_t vector = (uint8_t)(icr & ICR_VECTOR);

	switch (icr & ICR_MODE) {
	case ICR_MODE_FIXED:
		vlapic_raise(to, vector);
		break;
	case ICR_MODE_NMI:
		to->ops->nmi(to);
		break;
	case ICR_MODE_INIT:
		vlapic_receive_init(to);
		break;
	case ICR_MODE_STARTUP:
		vlapic_receive_sipi(to, vector);
		break;
	default:
		break;
	}
}

/* Of the destinations that listen, the one with the lowest task priority; the first of equals. */
static struct vlapic *find_lowest(struct vlapic *l, uint32_t icr, uint32_t destination)
{
	struct vlapic *best = NULL;

	for (uint32_t i = 0; i < l->vcpu_count; i++) {
		struct vlapic *to = l->ops->peer(l, i);

		if (to && vlapic_is_enabled(to) && is_destination(l, to, icr, destination) &&
		    (!best || atomic_read(&to->tpr) < atomic_read(&best->tpr))) {
			best = to;
		}
	}
	return best;
}

static void send_to_all(struct vlapic *l, uint32_t icr, uint32_t destination)
{
	for (uint32_t i = 0; i < l->vcpu_count; i++) {
		struct vlapic *to = l->ops->peer(l, i);

		if (to && is_destination(l, to, icr, destination)) {
			receive(to, icr);
		}
	}
}

void vlapic_send(struct vlapic *l, uint32_t icr, uint32_t destination)
{
	uint32_t mode = icr & ICR_MODE;
	struct vlapic *to;

	if ((mode == ICR_MODE_FIXED || mode == ICR_MODE_LOWEST) &&
	    (icr & ICR_VECTOR) < VECTOR_FIRST) {
		note_error(l, ESR_SEND_ILLEGAL);
		return;
	}
	/* INIT level de-assert only synchronised arbitration ids, once upon a time. */
	if (mode == ICR_MODE_INIT && (icr & (ICR_LEVEL | ICR_ASSERT)) == ICR_LEVEL) {
		return;
	}
	if (mode != ICR_MODE_LOWEST) {
		send_to_all(l, icr, destination);
		return;
	}
	to = find_lowest(l, icr, destination);
	if (to) {
		vlapic_raise(to, (uint8_t)(icr & ICR_VECTOR));
	}
}
