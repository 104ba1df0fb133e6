/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of saved state: see hvm_context.h. */
#include "guest/hvm_context.h"

#include <string.h>

/* Offsets in the CPU record. */
#define CPU_RBX 0x208
#define CPU_RIP 0x280
#define CPU_RFLAGS 0x288
#define CPU_CR0 0x290
#define CPU_DR6 0x2d0
#define CPU_DR7 0x2d8
#define CPU_LIMITS 0x300 /* cs ds es fs gs ss tr ldtr */
#define CPU_ARBYTES 0x378

#define CR0_PE 0x1U
#define CR0_ET 0x10U
#define FLAT_LIMIT 0xffffffffU
#define CODE_ACCESS 0xc9bU /* present, execute and read, accessed, 32-bit, 4 KiB */
#define DATA_ACCESS 0xc93U
#define TSS_ACCESS 0x8bU /* present, busy 32-bit TSS */
#define TSS_LIMIT 0x67U

enum segment_index {
	SEGMENT_CS,
	SEGMENT_DS,
	SEGMENT_ES,
	SEGMENT_FS,
	SEGMENT_GS,
	SEGMENT_SS,
	SEGMENT_TR,
};

const uint8_t *hvm_record_find(const uint8_t *blob, size_t blob_size, uint16_t code,
			       uint16_t instance, uint32_t *size)
{
	size_t at = 0;

	while (blob_size - at >= sizeof(struct hvm_record)) {
		struct hvm_record record;

		memcpy(&record, blob + at, sizeof(record));
		at += sizeof(record);
		if (record.size > blob_size - at) {
			return NULL;
		}
		if (record.code == code && record.instance == instance) {
			*size = record.size;
			return blob + at;
		}
		if (record.code == HVM_RECORD_END) {
			return NULL;
		}
		at += record.size;
	}
	return NULL;
}

void hvm_record_add(uint8_t *blob, size_t *used, uint16_t code, uint16_t instance, const void *data,
		    uint32_t size)
{
	const struct hvm_record record = {.code = code, .instance = instance, .size = size};

	memcpy(blob + *used, &record, sizeof(record));
	*used += sizeof(record);
	if (size) {
		memcpy(blob + *used, data, size);
		*used += size;
	}
}

static void put32(uint8_t *cpu, size_t offset, uint32_t value)
{
	memcpy(cpu + offset, &value, sizeof(value));
}

static void put_segment(uint8_t *cpu, enum segment_index segment, uint32_t limit, uint32_t access)
{
	put32(cpu, CPU_LIMITS + segment * 4U, limit);
	put32(cpu, CPU_ARBYTES + segment * 4U, access);
}

void hvm_cpu_pvh(uint8_t cpu[HVM_CPU_SIZE], uint32_t entry, uint32_t start_info)
{
	memset(cpu, 0, HVM_CPU_SIZE);
	put32(cpu, CPU_RIP, entry);
	put32(cpu, CPU_RBX, start_info);
	put32(cpu, CPU_RFLAGS, 2);
	put32(cpu, CPU_CR0, CR0_PE | CR0_ET);
	put32(cpu, CPU_DR6, 0xffff0ff0U);
	put32(cpu, CPU_DR7, 0x400);
	put_segment(cpu, SEGMENT_CS, FLAT_LIMIT, CODE_ACCESS);
	put_segment(cpu, SEGMENT_DS, FLAT_LIMIT, DATA_ACCESS);
	put_segment(cpu, SEGMENT_ES, FLAT_LIMIT, DATA_ACCESS);
	put_segment(cpu, SEGMENT_SS, FLAT_LIMIT, DATA_ACCESS);
	put_segment(cpu, SEGMENT_TR, TSS_LIMIT, TSS_ACCESS);
}
