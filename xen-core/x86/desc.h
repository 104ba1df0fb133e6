/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment descriptors: taking one apart, and what a PV guest may have in its descriptor tables.
 * Formats: Intel SDM 3A 3.4.5 (code, data), 3.5 (system), 5.8.3.1 (64-bit call gates).
 */
#ifndef X86_DESC_H
#define X86_DESC_H

#include "lib/types.h"

#define DESC_SEGMENT (1UL << 44) /* code or data, not system */
#define DESC_DPL_SHIFT 45
#define DESC_DPL (3UL << DESC_DPL_SHIFT)
#define DESC_PRESENT (1UL << 47)
#define DESC_LONG (1UL << 53)
#define DESC_BIG (1UL << 54)
#define DESC_GRANULAR (1UL << 55)

/* System types in 64-bit mode (SDM 3A table 3-2). */
#define DESC_TYPE_NONE 0x0U
#define DESC_TYPE_CALL_GATE 0xcU

#define SELECTOR_LDT 4U
#define SELECTOR_INDEX_SHIFT 3

struct desc {
	uint32_t base;
	uint32_t limit; /* last valid offset, granularity applied */
	uint8_t type;	/* four bits; with segment they name the kind */
	uint8_t dpl;
	bool segment; /* code or data; otherwise a system descriptor */
	bool present;
	bool long_mode; /* L: 64-bit code */
	bool big;	/* D/B: 32-bit by default */
};

/* Code and data descriptors, and the low half of system ones that are not gates. */
struct desc desc_decode(uint64_t raw);

/*
 * Whether a PV guest may have raw in a descriptor table. *fixed is what must be stored instead:
 * the guest runs in ring 3 and its gates are ours to emulate.
 */
must_check int desc_guest_check(uint64_t raw, uint64_t *fixed);

static inline bool desc_is_code(const struct desc *desc)
{
	return desc->segment && (desc->type & 8U);
}

/* Selectors of a PV guest always ask for ring 3; null selectors stay what they are. */
static inline uint16_t selector_guest_fix(uint16_t selector)
{
	return selector > 3U ? (uint16_t)(selector | 3U) : selector;
}

#endif
