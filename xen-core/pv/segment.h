/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data segments of a PV vcpu: selectors and the three 64-bit bases.
 */
#ifndef PV_SEGMENT_H
#define PV_SEGMENT_H

#include "pv/pv.h"

/* From and to this CPU's registers. */
void pv_segments_save(struct vcpu *v);
void pv_segments_load(struct vcpu *v);
/* HYPERVISOR_set_segment_base, from kernel mode: SEGBASE_*. */
int must_check pv_segment_base_set(struct vcpu *v, uint64_t which, uint64_t base);
/* 16, 32 or 64: how the CPU decodes instructions with that CS; 0: it is no code segment. */
unsigned int pv_code_bits(struct vcpu *v, uint16_t selector);
/* Base of a segment outside 64-bit mode; false if there is none. */
bool pv_segment_base(struct vcpu *v, uint16_t selector, uint64_t *base);

#endif
