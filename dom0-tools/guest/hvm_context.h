/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state of translated domains: a row of records, each a descriptor and its data. A domain
 * builder takes two from a fresh domain (header, memory type ranges) and makes one itself: vcpu 0
 * as a PVH kernel is entered. Layouts: xen/include/public/arch-x86/hvm/save.h.
 */
#ifndef GUEST_HVM_CONTEXT_H
#define GUEST_HVM_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#define HVM_RECORD_END 0
#define HVM_RECORD_HEADER 1
#define HVM_RECORD_CPU 2
#define HVM_RECORD_MTRR 14

#define HVM_HEADER_SIZE 24U
#define HVM_CPU_SIZE 1032U
#define HVM_MTRR_SIZE 240U
#define HVM_MTRR_DEF_TYPE 232U /* offset of the default type register */

struct hvm_record {
	uint16_t code;
	uint16_t instance;
	uint32_t size;
};

/* The data of a record, or NULL; *size its length. */
const uint8_t *hvm_record_find(const uint8_t *blob, size_t blob_size, uint16_t code,
			       uint16_t instance, uint32_t *size);

/* Appends a record at blob + *used; room has been made. */
void hvm_record_add(uint8_t *blob, size_t *used, uint16_t code, uint16_t instance, const void *data,
		    uint32_t size);

/* A vcpu in flat 32-bit protected mode without paging at `entry`, ebx = start_info. */
void hvm_cpu_pvh(uint8_t cpu[HVM_CPU_SIZE], uint32_t entry, uint32_t start_info);

#endif
