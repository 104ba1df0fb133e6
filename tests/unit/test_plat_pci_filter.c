/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hardware domain may write into configuration space.
 */
#include "plat/pci_filter.h"
#include "unit/unit.h"

static struct pci_msi_layout layout;

static void setup(void)
{
	layout = (struct pci_msi_layout){
		.msi = 0x50,
		.msix = 0x70,
		.msi_is_64bit = true,
		.msi_is_maskable = true,
		.msi_in_use = true,
		.msix_in_use = true,
	};
}

static bool allowed(uint32_t reg, uint32_t bytes)
{
	struct pci_access access = {.reg = reg, .bytes = bytes};

	return pci_config_write_allowed(&layout, &access);
}

static void odd_widths_and_unaligned_writes_are_dropped(void)
{
	CU_ASSERT_FALSE(allowed(0x10, 0));
	CU_ASSERT_FALSE(allowed(0x10, 3));
	CU_ASSERT_FALSE(allowed(0x10, 8));
	CU_ASSERT_FALSE(allowed(0x11, 2));
	CU_ASSERT_FALSE(allowed(0x12, 4));
}

static void an_msix_capability_admits_its_control_word_only(void)
{
	CU_ASSERT_TRUE(allowed(0x72, 2));
	CU_ASSERT_FALSE(allowed(0x70, 4));
	CU_ASSERT_FALSE(allowed(0x72, 1));
	CU_ASSERT_FALSE(allowed(0x73, 1));
	for (uint32_t reg = 0x74; reg < 0x7c; reg += 4) {
		CU_ASSERT_FALSE(allowed(reg, 4));
	}
	CU_ASSERT_FALSE(allowed(0x7b, 1));
	CU_ASSERT_TRUE(allowed(0x7c, 4));
	CU_ASSERT_TRUE(allowed(0x6c, 4));
}

static void an_msi_in_use_admits_control_and_mask_only(void)
{
	CU_ASSERT_TRUE(allowed(0x52, 2));
	CU_ASSERT_TRUE(allowed(0x60, 4)); /* mask, 64-bit layout */
	CU_ASSERT_FALSE(allowed(0x50, 4));
	CU_ASSERT_FALSE(allowed(0x54, 4));
	CU_ASSERT_FALSE(allowed(0x58, 4));
	CU_ASSERT_FALSE(allowed(0x5c, 2));
	CU_ASSERT_FALSE(allowed(0x60, 2));
	CU_ASSERT_FALSE(allowed(0x64, 4));
	CU_ASSERT_TRUE(allowed(0x68, 4));
	layout.msi_is_64bit = false;
	CU_ASSERT_TRUE(allowed(0x5c, 4));
	CU_ASSERT_FALSE(allowed(0x60, 4));
	CU_ASSERT_TRUE(allowed(0x64, 4));
}

static void an_msi_nobody_uses_is_the_guests(void)
{
	layout.msi_in_use = false;
	CU_ASSERT_TRUE(allowed(0x54, 4));
	layout.msi_in_use = true;
	layout.msi_is_maskable = false;
	CU_ASSERT_TRUE(allowed(0x54, 4));
}

static void the_cores_mask_bits_are_added(void)
{
	struct pci_access access = {.reg = 0x72, .bytes = 2, .value = MSIX_CONTROL_ENABLE};

	CU_ASSERT_TRUE(pci_config_write_allowed(&layout, &access));
	CU_ASSERT_EQUAL(access.value, MSIX_CONTROL_ENABLE);
	layout.msix_mask_all = true;
	CU_ASSERT_TRUE(pci_config_write_allowed(&layout, &access));
	CU_ASSERT_EQUAL(access.value, MSIX_CONTROL_ENABLE | MSIX_CONTROL_MASK_ALL);
	layout.msi_own_mask = 1;
	access = (struct pci_access){.reg = 0x60, .bytes = 4, .value = 0};
	CU_ASSERT_TRUE(pci_config_write_allowed(&layout, &access));
	CU_ASSERT_EQUAL(access.value, 1);
}

static void headers_and_extended_registers_pass(void)
{
	for (uint32_t reg = 0; reg < 0x40; reg += 4) {
		CU_ASSERT_TRUE(allowed(reg, 4));
	}
	CU_ASSERT_TRUE(allowed(0x100, 4));
	CU_ASSERT_TRUE(allowed(0xffc, 4));
	layout = (struct pci_msi_layout){0};
	CU_ASSERT_TRUE(allowed(0x54, 4));
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(odd_widths_and_unaligned_writes_are_dropped),
		UNIT(an_msix_capability_admits_its_control_word_only),
		UNIT(an_msi_in_use_admits_control_and_mask_only),
		UNIT(an_msi_nobody_uses_is_the_guests),
		UNIT(the_cores_mask_bits_are_added),
		UNIT(headers_and_extended_registers_pass),
	};

	return unit_main("plat_pci_filter", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
