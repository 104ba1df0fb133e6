/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The xz decoder: right on every sample, and, fed damaged streams, wrong only by an error. Inputs
 * and outputs lie in exact heap blocks, so the address sanitizer sees one byte too many. With
 * PROXENOS_VMLINUZ naming a bzImage its payload is decoded as well.
 */
#include "lib/xz.h"

#include "lib/crc.h"

#include "unit/lib_samples.h"
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#define PLAIN_SIZE sizeof(sample_plain)

static struct xz_workspace workspace;
static const char *why;
static size_t written;

/* Decodes a copy in exact blocks; true when the result is the plain text. */
static int decode(const uint8_t *in, size_t in_size, size_t out_size, bool *same)
{
	uint8_t *source = malloc(in_size ? in_size : 1);
	uint8_t *out = malloc(out_size ? out_size : 1);
	int err;

	memcpy(source, in, in_size);
	written = 0;
	err = xz_decode(&workspace, source, in_size, out, out_size, &written, &why);
	*same = !err && written == PLAIN_SIZE && memcmp(out, sample_plain, written) == 0;
	free(source);
	free(out);
	return err;
}

static void a_truncated_stream_is_refused(void)
{
	bool same;

	for (size_t size = 0; size < sizeof(sample_xz_crc32_x86); size++) {
		CU_ASSERT_NOT_EQUAL(decode(sample_xz_crc32_x86, size, PLAIN_SIZE, &same), 0);
		CU_ASSERT(why && *why);
	}
}

static void a_short_output_buffer_is_refused(void)
{
	bool same;

	for (size_t size = 0; size < PLAIN_SIZE; size += 97) {
		CU_ASSERT_EQUAL(
			decode(sample_xz_crc32_x86, sizeof(sample_xz_crc32_x86), size, &same),
			-XEN_ENOSPC);
	}
}

static void an_unknown_check_is_refused(void)
{
	bool same;

	CU_ASSERT_EQUAL(decode(sample_xz_sha256, sizeof(sample_xz_sha256), PLAIN_SIZE, &same),
			-XEN_EOPNOTSUPP);
}

static void damaged_streams(const uint8_t *sample, size_t size, unsigned int rounds, bool checked)
{
	uint8_t *damaged = malloc(size);

	for (unsigned int i = 0; i < rounds; i++) {
		unsigned int flips = 1 + (unsigned int)rand() % 4;
		bool changed, same;
		int err;

		memcpy(damaged, sample, size);
		while (flips-- > 0) {
			damaged[(size_t)rand() % size] = (uint8_t)rand();
		}
		changed = memcmp(damaged, sample, size) != 0;
		err = decode(damaged, size, PLAIN_SIZE + (size_t)rand() % 64, &same);
		if (changed && checked) {
			CU_ASSERT(err != 0 || same);
		}
	}
	free(damaged);
}

static void a_damaged_stream_never_passes_or_leaves_its_buffers(void)
{
	srand(1);
	damaged_streams(sample_xz_crc32_x86, sizeof(sample_xz_crc32_x86), 12000, true);
	damaged_streams(sample_xz_crc64_lc0_lp2_pb0, sizeof(sample_xz_crc64_lc0_lp2_pb0), 4000,
			true);
	damaged_streams(sample_xz_none_blocks, sizeof(sample_xz_none_blocks), 6000, false);
}

/* Data that decode well but are not what was packed. The stream ends: check, index, footer. */
static void a_wrong_check_or_index_is_refused(void)
{
	static uint8_t stream[sizeof(sample_xz_crc32_x86)];
	struct crc32_tables *tables = malloc(sizeof(*tables));
	uint8_t *footer = stream + sizeof(stream) - 12;
	uint32_t blocks, sum;
	uint8_t *index;
	bool same;

	memcpy(stream, sample_xz_crc32_x86, sizeof(stream));
	memcpy(&blocks, footer + 4, sizeof(blocks));
	index = footer - (blocks + 1) * 4;
	CU_ASSERT_EQUAL_FATAL(index[0], 0);
	index[-1] ^= 1;
	CU_ASSERT_EQUAL(decode(stream, sizeof(stream), PLAIN_SIZE, &same), -XEN_EINVAL);
	index[-1] ^= 1;
	CU_ASSERT_EQUAL(decode(stream, sizeof(stream), PLAIN_SIZE, &same), 0);
	/* Another size, and the index's own sum made right. */
	index[2] ^= 1;
	crc32_prepare(tables);
	sum = crc32_update(tables, 0, index, blocks * 4);
	memcpy(footer - sizeof(sum), &sum, sizeof(sum));
	CU_ASSERT_EQUAL(decode(stream, sizeof(stream), PLAIN_SIZE, &same), -XEN_EINVAL);
	free(tables);
}

static void each_sample_decodes_to_the_plain_text(void)
{
	bool same;

	CU_ASSERT_EQUAL(decode(sample_xz_crc32_x86, sizeof(sample_xz_crc32_x86), PLAIN_SIZE, &same),
			0);
	CU_ASSERT(same);
	CU_ASSERT_EQUAL(decode(sample_xz_crc64_lc0_lp2_pb0, sizeof(sample_xz_crc64_lc0_lp2_pb0),
			       PLAIN_SIZE + 100, &same), 0);
	CU_ASSERT(same);
	CU_ASSERT_EQUAL(
		decode(sample_xz_none_blocks, sizeof(sample_xz_none_blocks), PLAIN_SIZE, &same), 0);
	CU_ASSERT(same);
}

static void bytes_after_the_stream_are_ignored(void)
{
	uint8_t longer[sizeof(sample_xz_crc32_x86) + 4] = {0};
	bool same;

	memcpy(longer, sample_xz_crc32_x86, sizeof(sample_xz_crc32_x86));
	CU_ASSERT_EQUAL(decode(longer, sizeof(longer), PLAIN_SIZE, &same), 0);
	CU_ASSERT(same);
}

/* The boot protocol: setup_sects at 1f1, payload offset and length at 248 and 24c. */
static void a_kernel_payload_decodes_if_one_is_named(void)
{
	const char *path = getenv("PROXENOS_VMLINUZ");
	FILE *file = path ? fopen(path, "rb") : NULL;
	static uint8_t image[32 << 20];
	uint32_t offset, length, size;
	uint8_t *out;

	if (!file) {
		return;
	}
	CU_ASSERT(fread(image, 1, sizeof(image), file) > 0x1000);
	fclose(file);
	memcpy(&offset, image + 0x248, 4);
	memcpy(&length, image + 0x24c, 4);
	offset += (image[0x1f1] + 1u) * 512;
	CU_ASSERT_FATAL(offset < sizeof(image) && length < sizeof(image) - offset);
	memcpy(&size, image + offset + length - 4, 4);
	out = malloc(size);
	CU_ASSERT_EQUAL(
		xz_decode(&workspace, image + offset, length - 4, out, size, &written, &why), 0);
	CU_ASSERT_EQUAL(written, size);
	CU_ASSERT_EQUAL(memcmp(out, "\177ELF", 4), 0);
	free(out);
}

static const struct unit_test tests[] = {
	UNIT(a_truncated_stream_is_refused),
	UNIT(a_short_output_buffer_is_refused),
	UNIT(an_unknown_check_is_refused),
	UNIT(a_damaged_stream_never_passes_or_leaves_its_buffers),
	UNIT(a_wrong_check_or_index_is_refused),
	UNIT(each_sample_decodes_to_the_plain_text),
	UNIT(bytes_after_the_stream_are_ignored),
	UNIT(a_kernel_payload_decodes_if_one_is_named),
};

int main(void)
{
	return unit_main("lib/xz", tests, array_size(tests), NULL);
}
