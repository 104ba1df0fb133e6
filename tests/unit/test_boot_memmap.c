/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot memory map: firmware's broken maps first, then merging and claiming. The last claim
 * compares random maps with a model that has one byte per page.
 */
#include "unit/unit.h"

#include "boot/memmap.h"

#include <stdlib.h>
#include <string.h>

static struct boot_info info;

static void setup(void)
{
	memset(&info, 0, sizeof(info));
}

static bool add(uint64_t start, uint64_t bytes, uint32_t type, uint32_t attributes)
{
	return memmap_add(&info, (struct boot_memory_range){start, bytes, type, attributes});
}

static bool range_is(uint32_t index, uint64_t start, uint64_t bytes, uint32_t type)
{
	const struct boot_memory_range *range = &info.memory[index];

	return index < info.memory_count && range->start == start && range->bytes == bytes &&
	       range->type == type;
}

static void a_range_that_wraps_is_refused(void)
{
	CU_ASSERT_FALSE(add(~0UL - 0xfff, 0x2000, BOOT_MEM_RAM, 0));
	CU_ASSERT_FALSE(memmap_claim(&info, ~0UL, 2));
	CU_ASSERT_EQUAL(info.memory_count, 0);
}

static void a_full_map_refuses_more_but_still_merges(void)
{
	for (uint64_t i = 0; i < BOOT_MEMORY_MAX; i++) {
		CU_ASSERT_TRUE(add(i * 0x3000, 0x1000, BOOT_MEM_RAM, 0));
	}
	CU_ASSERT_FALSE(add(BOOT_MEMORY_MAX * 0x3000UL, 0x1000, BOOT_MEM_RAM, 0));
	CU_ASSERT_EQUAL(info.memory_count, BOOT_MEMORY_MAX);
	CU_ASSERT_TRUE(add(0x1000, 0x1000, BOOT_MEM_RAM, 0));
	CU_ASSERT_TRUE(range_is(0, 0, 0x2000, BOOT_MEM_RAM));
}

static void only_ram_can_be_claimed(void)
{
	CU_ASSERT_TRUE(add(0x1000, 0x3000, BOOT_MEM_RAM, 0));
	CU_ASSERT_TRUE(add(0x4000, 0x1000, BOOT_MEM_ACPI, 0));
	CU_ASSERT_FALSE(memmap_claim(&info, 0x3000, 0x2000));
	CU_ASSERT_FALSE(memmap_claim(&info, 0, 0x2000));
	CU_ASSERT_FALSE(memmap_claim(&info, 0x8000, 0x1000));
	CU_ASSERT_EQUAL(info.memory_count, 2);
}

static void a_byte_described_twice_is_not_ram(void)
{
	CU_ASSERT_TRUE(add(0x1000, 0x5000, BOOT_MEM_RAM, 0));
	CU_ASSERT_TRUE(add(0x2000, 0x1000, BOOT_MEM_RESERVED, 0));
	CU_ASSERT_TRUE(range_is(0, 0x1000, 0x1000, BOOT_MEM_RAM));
	CU_ASSERT_TRUE(range_is(1, 0x2000, 0x1000, BOOT_MEM_RESERVED));
	CU_ASSERT_TRUE(range_is(2, 0x3000, 0x3000, BOOT_MEM_RAM));
	CU_ASSERT_TRUE(add(0x0, 0x8000, BOOT_MEM_RAM, 0));
	CU_ASSERT_TRUE(range_is(1, 0x2000, 0x1000, BOOT_MEM_RESERVED));
	CU_ASSERT_EQUAL(info.memory_count, 3);
}

static void an_empty_range_leaves_no_trace(void)
{
	CU_ASSERT_TRUE(add(0x1000, 0, BOOT_MEM_RAM, 0));
	CU_ASSERT_EQUAL(info.memory_count, 0);
	CU_ASSERT_TRUE(add(0, 0x2000, BOOT_MEM_RAM, 0));
	CU_ASSERT_TRUE(add(0x1000, 0, BOOT_MEM_ACPI, 0));
	CU_ASSERT_EQUAL(info.memory_count, 1);
}

static void neighbours_merge_in_any_order(void)
{
	CU_ASSERT_TRUE(add(0x3000, 0x1000, BOOT_MEM_RAM, 0xf));
	CU_ASSERT_TRUE(add(0x1000, 0x1000, BOOT_MEM_RAM, 0xf));
	CU_ASSERT_TRUE(add(0x2000, 0x1000, BOOT_MEM_RAM, 0x9));
	CU_ASSERT_EQUAL(info.memory_count, 1);
	CU_ASSERT_TRUE(range_is(0, 0x1000, 0x3000, BOOT_MEM_RAM));
	CU_ASSERT_EQUAL(info.memory[0].attributes, 0x9);
}

static void runtime_ranges_merge_only_with_equal_attributes(void)
{
	CU_ASSERT_TRUE(add(0x1000, 0x1000, BOOT_MEM_EFI_RUNTIME, 0xf));
	CU_ASSERT_TRUE(add(0x2000, 0x1000, BOOT_MEM_EFI_RUNTIME, 0x1));
	CU_ASSERT_TRUE(add(0x3000, 0x1000, BOOT_MEM_EFI_RUNTIME, 0x1));
	CU_ASSERT_EQUAL(info.memory_count, 2);
}

static void a_claim_splits_ram_and_touching_claims_merge(void)
{
	CU_ASSERT_TRUE(add(0, 0x10000, BOOT_MEM_RAM, 0xf));
	CU_ASSERT_TRUE(memmap_claim(&info, 0x4000, 0x1000));
	CU_ASSERT_TRUE(memmap_claim(&info, 0x5000, 0x1000));
	CU_ASSERT_EQUAL(info.memory_count, 3);
	CU_ASSERT_TRUE(range_is(1, 0x4000, 0x2000, BOOT_MEM_LOADER));
	CU_ASSERT_EQUAL(info.memory[1].attributes, 0xf);
	CU_ASSERT_TRUE(memmap_claim(&info, 0, 0x10000));
	CU_ASSERT_EQUAL(info.memory_count, 1);
}

static void efi_types_become_boot_types(void)
{
	static const uint32_t ram[] = {1, 2, 3, 4, 7};
	static const uint32_t reserved[] = {0, 11, 12, 13, 14, 15, 99, 0x80000000};

	for (size_t i = 0; i < array_size(ram); i++) {
		CU_ASSERT_EQUAL(memmap_efi_type(ram[i], 0xf), BOOT_MEM_RAM);
	}
	for (size_t i = 0; i < array_size(reserved); i++) {
		CU_ASSERT_EQUAL(memmap_efi_type(reserved[i], 0xf), BOOT_MEM_RESERVED);
	}
	CU_ASSERT_EQUAL(memmap_efi_type(5, 0), BOOT_MEM_EFI_RUNTIME);
	CU_ASSERT_EQUAL(memmap_efi_type(6, 0), BOOT_MEM_EFI_RUNTIME);
	CU_ASSERT_EQUAL(memmap_efi_type(8, 0), BOOT_MEM_UNUSABLE);
	CU_ASSERT_EQUAL(memmap_efi_type(9, 0), BOOT_MEM_ACPI);
	CU_ASSERT_EQUAL(memmap_efi_type(10, 0), BOOT_MEM_NVS);
	CU_ASSERT_EQUAL(memmap_efi_type(11, 1UL << 63), BOOT_MEM_EFI_RUNTIME);
}

static void random_maps_agree_with_one_type_per_page(void)
{
	static const uint32_t types[] = {BOOT_MEM_RAM, BOOT_MEM_RAM, BOOT_MEM_RESERVED,
					 BOOT_MEM_ACPI};
	uint32_t model[64];

	srand(1);
	for (unsigned int round = 0; round < 2000; round++) {
		setup();
		memset(model, 0, sizeof(model));
		for (unsigned int step = 0; step < 20; step++) {
			uint64_t start = (uint64_t)rand() % 60, pages = (uint64_t)rand() % 5;
			uint32_t type = types[rand() % 4];

			CU_ASSERT_TRUE(add(start << 12, pages << 12, type, 0));
			for (uint64_t p = start; p < start + pages; p++) {
				model[p] = !model[p] || model[p] == BOOT_MEM_RAM ? type : model[p];
			}
		}
		for (uint32_t i = 0; i < info.memory_count; i++) {
			const struct boot_memory_range *range = &info.memory[i];

			CU_ASSERT_TRUE(i == 0 || range[-1].start + range[-1].bytes < range->start ||
				       (range[-1].start + range[-1].bytes == range->start &&
					range[-1].type != range->type));
			for (uint64_t p = 0; p < range->bytes >> 12; p++) {
				CU_ASSERT_EQUAL(model[(range->start >> 12) + p], range->type);
				model[(range->start >> 12) + p] = 0;
			}
		}
		for (size_t p = 0; p < array_size(model); p++) {
			CU_ASSERT_EQUAL(model[p], 0);
		}
	}
}

static const struct unit_test tests[] = {
	UNIT(a_range_that_wraps_is_refused),
	UNIT(a_full_map_refuses_more_but_still_merges),
	UNIT(only_ram_can_be_claimed),
	UNIT(a_byte_described_twice_is_not_ram),
	UNIT(an_empty_range_leaves_no_trace),
	UNIT(neighbours_merge_in_any_order),
	UNIT(runtime_ranges_merge_only_with_equal_attributes),
	UNIT(a_claim_splits_ram_and_touching_claims_merge),
	UNIT(efi_types_become_boot_types),
	UNIT(random_maps_agree_with_one_type_per_page),
};

int main(void)
{
	return unit_main("boot_memmap", tests, array_size(tests), setup);
}
