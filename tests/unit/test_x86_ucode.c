/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which microcode is taken from a file, and that damaged files are refused. */
#include "unit/unit.h"

#include "x86/ucode.h"

#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>

static uint8_t file[16384];
static size_t used;

static void put32(size_t offset, uint32_t value)
{
	memcpy(file + offset, &value, 4);
}

static void start_file(void)
{
	memset(file, 0, sizeof(file));
	used = 0;
}

/* An Intel update of 64 bytes of data, perhaps with one further signature. */
static void add_intel(uint32_t revision, uint32_t signature, uint32_t platforms, uint32_t further)
{
	uint32_t bytes = 48 + 64 + (further ? 32 : 0), sum = 0;

	put32(used, 1);
	put32(used + 4, revision);
	put32(used + 12, signature);
	put32(used + 24, platforms);
	put32(used + 28, 64);
	put32(used + 32, bytes);
	if (further) {
		put32(used + 112, 1);
		put32(used + 132, further);
		put32(used + 136, platforms);
	}
	for (uint32_t i = 0; i < bytes; i += 4) {
		uint32_t word;

		memcpy(&word, file + used + i, 4);
		sum += word;
	}
	put32(used + 16, 0 - sum);
	used += bytes;
}

static void add_amd_container(uint32_t signature, uint32_t id)
{
	put32(used, 0x00414d44);
	put32(used + 4, 0);
	put32(used + 8, 32);
	put32(used + 12, signature);
	put32(used + 24, id);
	used += 12 + 32;
}

static void add_amd_patch(uint32_t revision, uint32_t id)
{
	put32(used, 1);
	put32(used + 4, 96);
	put32(used + 8 + 4, revision);
	put32(used + 8 + 24, id);
	used += 8 + 96;
}

static int find(bool amd, uint32_t signature, uint32_t revision, struct ucode_update *update)
{
	struct ucode_cpu cpu = {amd, signature, 1 << 2, revision};
	/* A block of its own, so that a read beyond the file is seen. */
	uint8_t *copy = malloc(used ? used : 1);
	int err;

	memcpy(copy, file, used);
	err = ucode_find(copy, used, &cpu, update);
	free(copy);
	return err;
}

static void the_newest_update_for_the_cpu_is_taken(void)
{
	struct ucode_update update;

	add_intel(5, 0x806ec, 4, 0);
	add_intel(9, 0x806ec, 4, 0);
	add_intel(7, 0x806ec, 4, 0);
	add_intel(20, 0x906ea, 4, 0);
	CU_ASSERT_EQUAL(find(false, 0x806ec, 4, &update), 0);
	CU_ASSERT_EQUAL(update.revision, 9);
	CU_ASSERT_EQUAL(update.bytes, 64);
}

static void what_is_not_newer_or_for_another_is_not_taken(void)
{
	struct ucode_update update;

	add_intel(5, 0x806ec, 4, 0);
	CU_ASSERT_EQUAL(find(false, 0x806ec, 5, &update), -XEN_ENOENT);
	CU_ASSERT_EQUAL(find(false, 0x806ed, 1, &update), -XEN_ENOENT);
	start_file();
	add_intel(5, 0x806ec, 8, 0);
	CU_ASSERT_EQUAL(find(false, 0x806ec, 1, &update), -XEN_ENOENT);
}

static void a_further_signature_counts(void)
{
	struct ucode_update update;

	add_intel(5, 0x806ec, 4, 0x806ed);
	CU_ASSERT_EQUAL(find(false, 0x806ed, 1, &update), 0);
	CU_ASSERT_EQUAL(update.revision, 5);
}

static void a_damaged_update_is_refused(void)
{
	struct ucode_update update;

	add_intel(5, 0x806ec, 4, 0);
	file[60] ^= 1;
	CU_ASSERT_EQUAL(find(false, 0x806ec, 1, &update), -XEN_EINVAL);
	file[60] ^= 1;
	used -= 4;
	CU_ASSERT_EQUAL(find(false, 0x806ec, 1, &update), -XEN_EINVAL);
	used = 3;
	CU_ASSERT_EQUAL(find(false, 0x806ec, 1, &update), -XEN_EINVAL);
}

static void amd_patches_are_found_by_equivalence(void)
{
	struct ucode_update update;

	add_amd_container(0x800f12, 0x8012);
	add_amd_patch(0x8001250, 0x8012);
	add_amd_patch(0x8001260, 0x8012);
	add_amd_patch(0x8001299, 0x8013);
	add_amd_container(0xa20f10, 0xa210);
	add_amd_patch(0xa201000, 0xa210);
	CU_ASSERT_EQUAL(find(true, 0x800f12, 1, &update), 0);
	CU_ASSERT_EQUAL(update.revision, 0x8001260);
	CU_ASSERT_EQUAL(find(true, 0xa20f10, 1, &update), 0);
	CU_ASSERT_EQUAL(update.revision, 0xa201000);
	CU_ASSERT_EQUAL(find(true, 0x123, 1, &update), -XEN_ENOENT);
}

static void a_file_of_the_other_maker_is_refused(void)
{
	struct ucode_update update;

	add_intel(5, 0x806ec, 4, 0);
	CU_ASSERT_EQUAL(find(true, 0x806ec, 1, &update), -XEN_EINVAL);
}

static void random_damage_reads_nothing_beyond_the_file(void)
{
	struct ucode_update update;

	srand(1);
	for (unsigned int i = 0; i < 4000; i++) {
		start_file();
		if (i & 1) {
			add_intel(5, 0x806ec, 4, 0x806ed);
		} else {
			add_amd_container(0x800f12, 0x8012);
			add_amd_patch(0x8001250, 0x8012);
		}
		file[(unsigned int)rand() % used] = (uint8_t)rand();
		used -= (unsigned int)rand() % 8;
		(void)find(!(i & 1), i & 2 ? 0x806ed : 0x800f12, 1, &update);
	}
	CU_PASS("no sanitizer complained");
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(the_newest_update_for_the_cpu_is_taken),
		UNIT(what_is_not_newer_or_for_another_is_not_taken),
		UNIT(a_further_signature_counts),
		UNIT(a_damaged_update_is_refused),
		UNIT(amd_patches_are_found_by_equivalence),
		UNIT(a_file_of_the_other_maker_is_refused),
		UNIT(random_damage_reads_nothing_beyond_the_file),
	};

	return unit_main("x86/ucode", tests, sizeof(tests) / sizeof(tests[0]), start_file);
}
