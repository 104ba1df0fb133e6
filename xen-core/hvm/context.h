/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Context records of translated guests in Xen's format (xen/hvm_save.h): what a toolstack reads and
 * writes to build, save and restore one. A stream is a header, the records of each vcpu, an end;
 * here it is made and taken one record at a time, so that copying stays outside and restartable.
 *
 * A vcpu that is down has no CPU and no XSAVE record. All functions want the domain paused.
 */
#ifndef HVM_CONTEXT_H
#define HVM_CONTEXT_H

#include "domain/vcpu.h"

struct hvm_save_descriptor;

/* The longest record with its descriptor. */
#define HVM_CONTEXT_RECORD_MAX (8U + 24U + 4096U)

/* What a whole stream takes at most; no need to have it paused. */
uint32_t hvm_context_bytes(const struct domain *d);

/* Each writes descriptor and record and returns their bytes. */
uint32_t hvm_context_header(const struct domain *d, void *to);
uint32_t hvm_context_end(void *to);
/* The records of a vcpu by position from 0 on. 0: v has no such record now. */
#define HVM_CONTEXT_RECORDS 7U
uint32_t hvm_context_record(struct vcpu *v, unsigned int position, void *to);
/* The position of a type; HVM_CONTEXT_RECORDS: none is of that type. */
unsigned int hvm_context_position(uint32_t type);

/* Before the records of a stream: every vcpu is down until its CPU record comes. */
void hvm_context_begin_load(struct domain *d);
/* -XEN_EINVAL: a type, vcpu or length there is not, or values the guest could not have; nothing
 * has changed then. The first record is a header, the caller sees to it. */
int must_check hvm_context_load(struct domain *d, const struct hvm_save_descriptor *descriptor,
				const void *record);

#endif
