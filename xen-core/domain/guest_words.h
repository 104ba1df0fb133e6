/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_in() and guest_out() for arrays of small structures on hot paths: the range is checked
 * once, then words are moved one by one, inline. Only for loaded PV guests; guest_is_direct() says
 * no to the others and to ranges that are not the guest's, and the caller falls back to
 * domain/guest.h.
 */
#ifndef DOMAIN_GUEST_WORDS_H
#define DOMAIN_GUEST_WORDS_H

#include "domain/guest.h"
#include "domain/vcpu.h"
#include "machine/fault_word.h"

#define GUEST_LOWER_HALF_END (1UL << 47)

/* count elements of that many bytes, which is a constant: count * bytes cannot wrap around. */
static inline bool guest_is_direct(const struct vcpu *v, struct guest_ptr p, uint32_t count,
				   size_t bytes)
{
	uint64_t length = count * bytes;
	uint64_t end = p.address + length;

	return v->domain->is_pv && end >= p.address &&
	       (end <= GUEST_LOWER_HALF_END || p.address >= HYPERVISOR_END);
}

#endif
