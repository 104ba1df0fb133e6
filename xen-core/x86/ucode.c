/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel: a header of 48 bytes, the data, and perhaps a table of further signatures (SDM 3A 9.11.1,
 * 9.11.2); all 32-bit words of an update add up to 0.
 *
 * AMD: "DMA\0", then sections of {type, bytes}: type 0 maps CPU signatures to 16-bit equivalence
 * ids, type 1 is a patch whose header has its revision at 4 and its equivalence id at 24 (the
 * format of the files in Debian's amd64-microcode).
 */
#include "x86/ucode.h"

#include "lib/mem.h"

#include <xen/errno.h>

#define INTEL_HEADER 48U
#define INTEL_DATA_DEFAULT 2000U
#define INTEL_TABLE_HEADER 20U
#define INTEL_TABLE_ROW 12U

#define AMD_MAGIC 0x00414d44U
#define AMD_SECTION_TABLE 0U
#define AMD_SECTION_PATCH 1U
#define AMD_TABLE_ROW 16U
#define AMD_PATCH_HEADER 64U

static uint32_t word(const uint8_t *p, size_t offset)
{
	uint32_t value;

	memcpy(&value, p + offset, sizeof(value));
	return value;
}

static bool adds_up(const uint8_t *p, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 4 <= bytes; i += 4) {
		sum += word(p, i);
	}
	return sum == 0;
}

static bool intel_row_fits(uint32_t signature, uint32_t platforms, const struct ucode_cpu *cpu)
{
	return signature == cpu->signature && (platforms & cpu->platform || platforms == 0);
}

/* bytes: of the whole update; data: of its data part. */
static bool intel_fits(const uint8_t *p, size_t bytes, size_t data, const struct ucode_cpu *cpu)
{
	size_t table = INTEL_HEADER + data;
	uint32_t rows;

	if (intel_row_fits(word(p, 12), word(p, 24), cpu)) {
		return true;
	}
	if (bytes - table < INTEL_TABLE_HEADER) {
		return false;
	}
	rows = word(p, table);
	if (rows > (bytes - table - INTEL_TABLE_HEADER) / INTEL_TABLE_ROW) {
		return false;
	}
	for (uint32_t i = 0; i < rows; i++) {
		size_t row = table + INTEL_TABLE_HEADER + (size_t)i * INTEL_TABLE_ROW;

		if (intel_row_fits(word(p, row), word(p, row + 4), cpu)) {
			return true;
		}
	}
	return false;
}

static int find_intel(const uint8_t *p, size_t left, const struct ucode_cpu *cpu,
		      struct ucode_update *update)
{
	while (left >= INTEL_HEADER) {
		size_t data = word(p, 28) ? word(p, 28) : INTEL_DATA_DEFAULT;
		size_t bytes = word(p, 28) ? word(p, 32) : INTEL_HEADER + INTEL_DATA_DEFAULT;

		if (word(p, 0) != 1 || bytes > left || bytes % 4 != 0 || bytes < INTEL_HEADER ||
		    data > bytes - INTEL_HEADER || !adds_up(p, bytes)) {
			return -XEN_EINVAL;
		}
		if (intel_fits(p, bytes, data, cpu) &&
		    (int32_t)word(p, 4) > (int32_t)update->revision) {
			*update = (struct ucode_update){p + INTEL_HEADER, data, word(p, 4)};
		}
		p += bytes;
		left -= bytes;
	}
	return left == 0 ? 0 : -XEN_EINVAL;
}

/* The equivalence id of the CPU, 0: none. Rows end with a signature of 0. */
static uint32_t amd_equivalence(const uint8_t *table, size_t bytes, uint32_t signature)
{
	for (size_t row = 0; row + AMD_TABLE_ROW <= bytes && word(table, row) != 0;
	     row += AMD_TABLE_ROW) {
		if (word(table, row) == signature) {
			return word(table, row + 12) & 0xffff;
		}
	}
	return 0;
}

static void amd_consider(const uint8_t *patch, size_t bytes, uint32_t id,
			 struct ucode_update *update)
{
	if (id != 0 && (word(patch, 24) & 0xffff) == id && word(patch, 4) > update->revision) {
		*update = (struct ucode_update){patch, bytes, word(patch, 4)};
	}
}

static int find_amd(const uint8_t *p, size_t left, const struct ucode_cpu *cpu,
		    struct ucode_update *update)
{
	uint32_t id = 0;

	while (left >= 8) {
		size_t bytes = word(p, 4);
		uint32_t type = word(p, 0);

		/* Containers of several families follow each other, each with its magic. */
		if (type == AMD_MAGIC) {
			p += 4;
			left -= 4;
			id = 0;
			continue;
		}
		if (bytes > left - 8 || (type == AMD_SECTION_PATCH && bytes < AMD_PATCH_HEADER)) {
			return -XEN_EINVAL;
		}
		if (type == AMD_SECTION_TABLE) {
			id = amd_equivalence(p + 8, bytes, cpu->signature);
		} else if (type == AMD_SECTION_PATCH) {
			amd_consider(p + 8, bytes, id, update);
		} else {
			return -XEN_EINVAL;
		}
		p += 8 + bytes;
		left -= 8 + bytes;
	}
	return left == 0 ? 0 : -XEN_EINVAL;
}

int ucode_find(const void *file, size_t bytes, const struct ucode_cpu *cpu,
	       struct ucode_update *update)
{
	int err;

	*update = (struct ucode_update){NULL, 0, cpu->revision};
	if (bytes < 8 || (cpu->is_amd && word(file, 0) != AMD_MAGIC)) {
		return -XEN_EINVAL;
	}
	err = cpu->is_amd ? find_amd(file, bytes, cpu, update)
			  : find_intel(file, bytes, cpu, update);
	if (err) {
		return err;
	}
	return update->data ? 0 : -XEN_ENOENT;
}
