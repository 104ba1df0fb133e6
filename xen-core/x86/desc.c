/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment descriptors. The rules for PV guests: anything not present, and the empty system
 * type, is harmless. Code and data must be usable in ring 3 only, so their DPL is raised to 3;
 * base and limit do not matter, as addresses are protected by paging. A call gate gets DPL 0,
 * which makes its use from ring 3 fault into the hypervisor. Everything else (TSS, LDT,
 * interrupt gates) is refused: through it the guest could reach ring 0.
 */
#include "x86/desc.h"

#include <xen/errno.h>

struct desc desc_decode(uint64_t raw)
{
	struct desc desc = {
		.base = (uint32_t)(((raw >> 16) & 0xffffffU) | (((raw >> 56) & 0xffU) << 24)),
		.limit = (uint32_t)((raw & 0xffffU) | (((raw >> 48) & 0xfU) << 16)),
		.type = (uint8_t)((raw >> 40) & 0xfU),
		.dpl = (uint8_t)((raw & DESC_DPL) >> DESC_DPL_SHIFT),
		.segment = raw & DESC_SEGMENT,
		.present = raw & DESC_PRESENT,
		.long_mode = raw & DESC_LONG,
		.big = raw & DESC_BIG,
	};

	if (raw & DESC_GRANULAR) {
		desc.limit = (desc.limit << 12) | 0xfffU;
	}
	return desc;
}

int desc_guest_check(uint64_t raw, uint64_t *fixed)
{
	struct desc desc = desc_decode(raw);

	*fixed = raw;
	if (!desc.present) {
		return 0;
	}
	if (desc.segment) {
		*fixed = raw | DESC_DPL;
		return 0;
	}
	if (desc.type == DESC_TYPE_NONE) {
		return 0;
	}
	if (desc.type == DESC_TYPE_CALL_GATE) {
		*fixed = raw & ~DESC_DPL;
		return 0;
	}
	return -XEN_EINVAL;
}
