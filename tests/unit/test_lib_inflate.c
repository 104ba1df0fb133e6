/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gzip decoder: right on every sample, and wrong on damaged ones only by an error. */
#include "lib/inflate.h"

#include "unit/lib_samples.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#define PLAIN_SIZE sizeof(sample_plain)

static struct inflate_workspace workspace;
static const char *why;

static int decode(const uint8_t *in, size_t in_size, size_t out_size, bool *same)
{
	uint8_t *source = malloc(in_size ? in_size : 1);
	uint8_t *out = malloc(out_size ? out_size : 1);
	size_t written = 0;
	int err;

	memcpy(source, in, in_size);
	err = inflate_gzip(&workspace, source, in_size, out, out_size, &written, &why);
	*same = !err && written == PLAIN_SIZE && memcmp(out, sample_plain, written) == 0;
	free(source);
	free(out);
	return err;
}

static void a_truncated_member_is_refused(void)
{
	bool same;

	for (size_t size = 0; size < sizeof(sample_gzip); size++) {
		CU_ASSERT_EQUAL(decode(sample_gzip, size, PLAIN_SIZE, &same), -XEN_EINVAL);
		CU_ASSERT(*why);
	}
}

static void a_short_output_buffer_is_refused(void)
{
	bool same;

	for (size_t size = 0; size < PLAIN_SIZE; size += 97) {
		CU_ASSERT_EQUAL(decode(sample_gzip, sizeof(sample_gzip), size, &same), -XEN_ENOSPC);
	}
}

static void damaged_members(const uint8_t *sample, size_t size, unsigned int rounds)
{
	uint8_t *damaged = malloc(size);

	for (unsigned int i = 0; i < rounds; i++) {
		unsigned int flips = 1 + (unsigned int)rand() % 4;
		bool same;
		int err;

		memcpy(damaged, sample, size);
		while (flips-- > 0) {
			damaged[(size_t)rand() % size] = (uint8_t)rand();
		}
		err = decode(damaged, size, PLAIN_SIZE + (size_t)rand() % 64, &same);
		CU_ASSERT(err != 0 || same);
	}
	free(damaged);
}

static void a_damaged_member_never_passes_or_leaves_its_buffers(void)
{
	srand(2);
	damaged_members(sample_gzip, sizeof(sample_gzip), 12000);
	damaged_members(sample_gzip_fixed, sizeof(sample_gzip_fixed), 6000);
	damaged_members(sample_gzip_stored, sizeof(sample_gzip_stored), 2000);
}

static void each_sample_decodes_to_the_plain_text(void)
{
	bool same;

	CU_ASSERT_EQUAL(decode(sample_gzip, sizeof(sample_gzip), PLAIN_SIZE, &same), 0);
	CU_ASSERT(same);
	CU_ASSERT_EQUAL(decode(sample_gzip_fixed, sizeof(sample_gzip_fixed), PLAIN_SIZE, &same), 0);
	CU_ASSERT(same);
	CU_ASSERT_EQUAL(decode(sample_gzip_stored, sizeof(sample_gzip_stored), PLAIN_SIZE, &same),
			0);
	CU_ASSERT(same);
}

static const struct unit_test tests[] = {
	UNIT(a_truncated_member_is_refused),
	UNIT(a_short_output_buffer_is_refused),
	UNIT(a_damaged_member_never_passes_or_leaves_its_buffers),
	UNIT(each_sample_decodes_to_the_plain_text),
};

int main(void)
{
	return unit_main("lib/inflate", tests, array_size(tests), NULL);
}
