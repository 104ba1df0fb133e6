/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables as firmware gets them wrong: bad sums, lengths that reach past what is mapped,
 * entries of no length. Tables live in exactly sized heap blocks, so reading past one is caught.
 */
#include "plat/acpi_table.h"
#include "plat/fadt.h"
#include "plat/madt.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <xen/errno.h>

static uint8_t *block;
static uint32_t block_bytes;

static void *fresh(uint32_t bytes)
{
	free(block);
	block = calloc(1, bytes);
	block_bytes = bytes;
	return block;
}

static void set32(uint32_t at, uint32_t value)
{
	memcpy(block + at, &value, 4);
}

static void set64(uint32_t at, uint64_t value)
{
	memcpy(block + at, &value, 8);
}

static void set_sum(uint32_t at, uint32_t bytes)
{
	uint8_t sum = 0;

	block[at] = 0;
	for (uint32_t i = 0; i < bytes; i++) {
		sum = (uint8_t)(sum + block[i]);
	}
	block[at] = (uint8_t)-sum;
}

static void *fresh_table(const char *signature, uint32_t bytes)
{
	fresh(bytes);
	memcpy(block, signature, 4);
	set32(4, bytes);
	return block;
}

static void make_rsdp(uint8_t revision)
{
	fresh(36);
	memcpy(block, "RSD PTR ", 8);
	block[15] = revision;
	set32(16, 0x1000);
	set32(20, 36);
	set64(24, 0x200001000);
	set_sum(8, 20);
	set_sum(32, 36);
}

static void a_root_pointer_with_a_bad_sum_is_none(void)
{
	struct acpi_root root;

	make_rsdp(2);
	block[16] ^= 1;
	CU_ASSERT_FALSE(acpi_parse_rsdp(block, 36, &root));
}

static void a_root_pointer_cut_short_is_none(void)
{
	struct acpi_root root;

	make_rsdp(2);
	CU_ASSERT_FALSE(acpi_parse_rsdp(block, 19, &root));
	CU_ASSERT_FALSE(acpi_parse_rsdp(block, 0, &root));
}

static void revision_two_names_the_xsdt(void)
{
	struct acpi_root root;

	make_rsdp(2);
	CU_ASSERT_TRUE(acpi_parse_rsdp(block, 36, &root));
	CU_ASSERT_TRUE(root.is_xsdt);
	CU_ASSERT_EQUAL(root.address, 0x200001000);
}

static void a_broken_extended_part_leaves_the_rsdt(void)
{
	struct acpi_root root;

	make_rsdp(2);
	block[24] ^= 1;
	CU_ASSERT_TRUE(acpi_parse_rsdp(block, 36, &root));
	CU_ASSERT_FALSE(root.is_xsdt);
	CU_ASSERT_EQUAL(root.address, 0x1000);
	make_rsdp(0);
	CU_ASSERT_TRUE(acpi_parse_rsdp(block, 20, &root));
	CU_ASSERT_FALSE(root.is_xsdt);
}

static void a_scan_finds_aligned_pointers_only(void)
{
	struct acpi_root root;
	uint8_t saved[36];

	make_rsdp(2);
	memcpy(saved, block, 36);
	fresh(128);
	memcpy(block + 40, saved, 36);
	CU_ASSERT_FALSE(acpi_scan_rsdp(block, 128, &root));
	memset(block, 0, 128);
	memcpy(block + 80, saved, 36);
	CU_ASSERT_TRUE(acpi_scan_rsdp(block, 128, &root));
	/* At the very end only the first 20 bytes fit. */
	fresh(100);
	memcpy(block + 80, saved, 20);
	CU_ASSERT_TRUE(acpi_scan_rsdp(block, 100, &root));
	CU_ASSERT_FALSE(root.is_xsdt);
}

static void a_table_longer_than_mapped_is_bad(void)
{
	fresh_table("TEST", 48);
	set_sum(9, 48);
	CU_ASSERT_TRUE(acpi_table_is_good(block, 48));
	CU_ASSERT_FALSE(acpi_table_is_good(block, 47));
	CU_ASSERT_FALSE(acpi_table_is_good(block, 8));
	set32(4, 0xffffffff);
	CU_ASSERT_FALSE(acpi_table_is_good(block, 48));
	set32(4, 35);
	CU_ASSERT_FALSE(acpi_table_is_good(block, 48));
}

static void root_entries_end_with_the_table(void)
{
	fresh_table("XSDT", 36 + 8 + 5);
	set64(36, 0x123456789a);
	CU_ASSERT_EQUAL(acpi_root_count(block, true), 1);
	CU_ASSERT_EQUAL(acpi_root_entry(block, true, 0), 0x123456789a);
	CU_ASSERT_EQUAL(acpi_root_entry(block, true, 1), 0);
	CU_ASSERT_EQUAL(acpi_root_count(block, false), 3);
}

static const uint8_t s5_aml[] = {0x08, '_',  'S',  '5',  '_', 0x12, 0x06,
				 0x04, 0x0a, 0x05, 0x01, 0,   0};

static void make_dsdt(const uint8_t *aml, uint32_t bytes)
{
	fresh_table("DSDT", 36 + bytes);
	memcpy(block + 36, aml, bytes);
}

static void s5_values_are_found(void)
{
	uint8_t a = 9, b = 9;

	make_dsdt(s5_aml, sizeof(s5_aml));
	CU_ASSERT_TRUE(acpi_find_s5(block, block_bytes, &a, &b));
	CU_ASSERT_EQUAL(a, 5);
	CU_ASSERT_EQUAL(b, 1);
}

static void s5_values_have_any_width_and_the_second_may_be_missing(void)
{
	static const struct {
		uint8_t aml[16], bytes, whole, a, b;
	} forms[] = {
		{{0x08, '_', 'S', '5', '_', 0x12, 9, 4, 0x0b, 6, 0, 0x0a, 2}, 13, 11, 6, 2},
		{{0x08, '_', 'S', '5', '_', 0x12, 9, 4, 0x0c, 3, 0, 0, 0, 0}, 14, 13, 3, 0},
		{{0x08, '_', 'S', '5', '_', 0x12, 4, 1, 0x0a, 7}, 10, 10, 7, 7},
	};

	for (unsigned int i = 0; i < array_size(forms); i++) {
		uint8_t a = 9, b = 9;

		make_dsdt(forms[i].aml, forms[i].bytes);
		CU_ASSERT_TRUE(acpi_find_s5(block, block_bytes, &a, &b));
		CU_ASSERT(a == forms[i].a && b == forms[i].b);
		for (uint32_t bytes = 0; bytes < forms[i].whole; bytes++) {
			make_dsdt(forms[i].aml, bytes);
			CU_ASSERT_FALSE(acpi_find_s5(block, block_bytes, &a, &b));
		}
	}
}

static void a_sum_is_good_if_it_is_nothing_modulo_256(void)
{
	static const uint8_t bytes[] = {0xff, 0x80, 0x81, 1};

	CU_ASSERT_TRUE(acpi_checksum_is_good(bytes, 0));
	CU_ASSERT_FALSE(acpi_checksum_is_good(bytes, 1));
	CU_ASSERT_TRUE(acpi_checksum_is_good(bytes, 3));
	CU_ASSERT_FALSE(acpi_checksum_is_good(bytes, 4));
}

static void s5_cut_off_anywhere_is_not_read_past(void)
{
	uint8_t a, b;

	for (uint32_t bytes = 0; bytes < 10; bytes++) {
		make_dsdt(s5_aml, bytes);
		CU_ASSERT_FALSE(acpi_find_s5(block, block_bytes, &a, &b));
	}
}

static void s5_as_a_method_is_not_taken(void)
{
	uint8_t aml[sizeof(s5_aml)], a, b;

	memcpy(aml, s5_aml, sizeof(aml));
	aml[0] = 0x14; /* MethodOp */
	make_dsdt(aml, sizeof(aml));
	CU_ASSERT_FALSE(acpi_find_s5(block, block_bytes, &a, &b));
	memcpy(aml, s5_aml, sizeof(aml));
	aml[5] = 0x11; /* a buffer */
	make_dsdt(aml, sizeof(aml));
	CU_ASSERT_FALSE(acpi_find_s5(block, block_bytes, &a, &b));
	memcpy(aml, s5_aml, sizeof(aml));
	aml[9] = 8; /* no such sleep type */
	make_dsdt(aml, sizeof(aml));
	CU_ASSERT_FALSE(acpi_find_s5(block, block_bytes, &a, &b));
}

static void mcfg_windows_that_make_no_sense_are_dropped(void)
{
	struct mcfg_entry entries[2];

	fresh_table("MCFG", 44 + 3 * 16 + 7);
	set64(44, 0xb0000000);
	block[55] = 0xff;
	set64(60, 0xc0000001); /* unaligned */
	block[71] = 0xff;
	set64(76, 0xd0000000);
	block[86] = 2; /* first bus above the last */
	CU_ASSERT_EQUAL(acpi_parse_mcfg(block, block_bytes, entries, 2), 1);
	CU_ASSERT_EQUAL(entries[0].address, 0xb0000000);
	CU_ASSERT_EQUAL(entries[0].last_bus, 0xff);
	CU_ASSERT_EQUAL(acpi_parse_mcfg(block, 40, entries, 2), 0);
}

static void hpet_must_be_in_memory(void)
{
	fresh_table("HPET", 56);
	set64(44, 0xfed00000);
	CU_ASSERT_EQUAL(acpi_parse_hpet(block, 56), 0xfed00000);
	CU_ASSERT_EQUAL(acpi_parse_hpet(block, 51), 0);
	block[40] = 1;
	CU_ASSERT_EQUAL(acpi_parse_hpet(block, 56), 0);
}

static struct madt madt;

static void madt_entries_of_no_length_end_the_walk(void)
{
	fresh_table("APIC", 44 + 8);
	block[44] = 0;
	block[45] = 0;
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), -XEN_EINVAL);
	block[45] = 9; /* reaches one byte past the end */
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), -XEN_EINVAL);
	block[45] = 7; /* too short for its type */
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), -XEN_EINVAL);
	CU_ASSERT_EQUAL(madt_parse(block, 40, &madt), -XEN_EINVAL);
	CU_ASSERT_EQUAL(madt.cpu_count, 0);
}

/* The shape of QEMU's table: two CPUs, an I/O APIC, IRQ 0 on line 2, the SCI level. */
static void make_madt(void)
{
	static const uint8_t entries[] = {
		0, 8, 0, 0, 1, 0, 0, 0,
		0, 8, 1, 1, 1, 0, 0, 0,
		0, 8, 2, 2, 0, 0, 0, 0, /* neither enabled nor enableable */
		9, 16, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, /* CPU 1 again, as x2APIC */
		9, 16, 0, 0, 0x2c, 1, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0,
		1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0,
		2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0,
		2, 10, 0, 10, 10, 0, 0, 0, 0x0f, 0,
		4, 6, 0xff, 0, 0, 1,
		0x7f, 2,
	};

	fresh_table("APIC", 44 + sizeof(entries));
	set32(36, 0xfee00000);
	set32(40, 1);
	memcpy(block + 44, entries, sizeof(entries));
}

static void madt_lists_each_processor_once(void)
{
	make_madt();
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), 0);
	CU_ASSERT_EQUAL(madt.cpu_count, 3);
	CU_ASSERT_EQUAL(madt.cpus[1].apic_id, 1);
	CU_ASSERT_TRUE(madt.cpus[1].is_enabled);
	CU_ASSERT_EQUAL(madt.cpus[2].apic_id, 0x12c);
	CU_ASSERT_EQUAL(madt.cpus[2].acpi_id, 7);
	CU_ASSERT_FALSE(madt.cpus[2].is_enabled);
	CU_ASSERT_EQUAL(madt.lapic_address, 0xfee00000);
	CU_ASSERT_TRUE(madt.has_8259 && madt.nmi_line_is_1);
	CU_ASSERT_EQUAL(madt.ioapic_count, 1);
	CU_ASSERT_EQUAL(madt.ioapics[0].address, 0xfec00000);
}

static void overrides_give_line_trigger_and_polarity(void)
{
	make_madt();
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), 0);
	CU_ASSERT_EQUAL(madt.overrides[0].source, 0);
	CU_ASSERT_EQUAL(madt.overrides[0].gsi, 2);
	CU_ASSERT_FALSE(madt.overrides[0].is_level || madt.overrides[0].is_active_low);
	CU_ASSERT_TRUE(madt.overrides[1].is_level && !madt.overrides[1].is_active_low);
	CU_ASSERT_TRUE(madt.overrides[2].is_level && madt.overrides[2].is_active_low);
}

static void too_many_processors_are_counted_as_dropped(void)
{
	fresh_table("APIC", 44 + 300 * 16);
	for (uint32_t i = 0; i < 300; i++) {
		block[44 + 16 * i] = 9;
		block[45 + 16 * i] = 16;
		set32(44 + 16 * i + 4, i);
		set32(44 + 16 * i + 8, 1);
	}
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), 0);
	CU_ASSERT_EQUAL(madt.cpu_count, CPUS_MAX);
	CU_ASSERT_EQUAL(madt.dropped, 300 - CPUS_MAX);
}

static void too_many_of_anything_are_counted_as_dropped(void)
{
	uint32_t at = 44;

	fresh_table("APIC", 44 + 20 * 12 + 40 * 10 + 12 + 12);
	for (uint32_t i = 0; i < 20; i++, at += 12) {
		block[at] = 1;
		block[at + 1] = 12;
	}
	for (uint32_t i = 0; i < 40; i++, at += 10) {
		block[at] = 2;
		block[at + 1] = 10;
	}
	block[at] = 5; /* a wide address of the local APICs */
	block[at + 1] = 12;
	set64(at + 4, 0x1fee00000);
	block[at + 12] = 10; /* NMI of an x2APIC, on line 1 */
	block[at + 13] = 12;
	block[at + 20] = 1;
	CU_ASSERT_EQUAL(madt_parse(block, block_bytes, &madt), 0);
	CU_ASSERT_EQUAL(madt.ioapic_count, MADT_IOAPICS_MAX);
	CU_ASSERT_EQUAL(madt.override_count, MADT_OVERRIDES_MAX);
	CU_ASSERT_EQUAL(madt.dropped, 20 - MADT_IOAPICS_MAX + 40 - MADT_OVERRIDES_MAX);
	CU_ASSERT_EQUAL(madt.lapic_address, 0x1fee00000);
	CU_ASSERT_TRUE(madt.nmi_line_is_1);
}

static void an_old_fadt_has_no_reset_register(void)
{
	struct fadt fadt;

	fresh_table("FACP", 116);
	block[8] = 1;
	set32(40, 0x7fe0000);
	set32(64, 0x604);
	set32(76, 0x608);
	block[109] = 0xff; /* reserved then */
	set32(112, FADT_FLAG_RESET | FADT_FLAG_TIMER_32BIT);
	CU_ASSERT_EQUAL(fadt_parse(block, 115, &fadt), -XEN_EINVAL);
	CU_ASSERT_EQUAL(fadt_parse(block, 116, &fadt), 0);
	CU_ASSERT_EQUAL(fadt.reset.address, 0);
	CU_ASSERT_EQUAL(fadt.pm1a_control.address, 0x604);
	CU_ASSERT_EQUAL(fadt.pm1a_control.space, ACPI_SPACE_IO);
	CU_ASSERT_EQUAL(fadt.pm_timer.address, 0x608);
	CU_ASSERT_EQUAL(fadt.boot_flags, 0);
	CU_ASSERT_EQUAL(fadt.dsdt, 0x7fe0000);
}

static void a_new_fadt_prefers_wide_addresses(void)
{
	struct fadt fadt;

	fresh_table("FACP", 244);
	block[8] = 3;
	set32(40, 0x1000);
	set64(140, 0x100000000);
	set32(64, 0xb004);
	block[172] = ACPI_SPACE_MEMORY;
	set64(176, 0xfed10000);
	set32(112, FADT_FLAG_RESET);
	block[116] = ACPI_SPACE_IO;
	set64(120, 0xcf9);
	block[128] = 0x0f;
	CU_ASSERT_EQUAL(fadt_parse(block, block_bytes, &fadt), 0);
	CU_ASSERT_EQUAL(fadt.dsdt, 0x100000000);
	CU_ASSERT_EQUAL(fadt.pm1a_control.space, ACPI_SPACE_MEMORY);
	CU_ASSERT_EQUAL(fadt.pm1a_control.address, 0xfed10000);
	CU_ASSERT_EQUAL(fadt.reset.address, 0xcf9);
	CU_ASSERT_EQUAL(fadt.reset_value, 0x0f);
}

static void a_sleep_word_keeps_the_other_bits(void)
{
	CU_ASSERT_EQUAL(fadt_sleep_word(0x0001 | 7 << 10, 5), 0x0001 | 5 << 10 | 1 << 13);
	CU_ASSERT_EQUAL(fadt_sleep_word(0, 0xff), 7 << 10 | 1 << 13);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(a_root_pointer_with_a_bad_sum_is_none),
		UNIT(a_root_pointer_cut_short_is_none),
		UNIT(revision_two_names_the_xsdt),
		UNIT(a_broken_extended_part_leaves_the_rsdt),
		UNIT(a_scan_finds_aligned_pointers_only),
		UNIT(a_table_longer_than_mapped_is_bad),
		UNIT(root_entries_end_with_the_table),
		UNIT(s5_values_are_found),
		UNIT(s5_values_have_any_width_and_the_second_may_be_missing),
		UNIT(a_sum_is_good_if_it_is_nothing_modulo_256),
		UNIT(s5_cut_off_anywhere_is_not_read_past),
		UNIT(s5_as_a_method_is_not_taken),
		UNIT(mcfg_windows_that_make_no_sense_are_dropped),
		UNIT(hpet_must_be_in_memory),
		UNIT(madt_entries_of_no_length_end_the_walk),
		UNIT(madt_lists_each_processor_once),
		UNIT(overrides_give_line_trigger_and_polarity),
		UNIT(too_many_processors_are_counted_as_dropped),
		UNIT(too_many_of_anything_are_counted_as_dropped),
		UNIT(an_old_fadt_has_no_reset_register),
		UNIT(a_new_fadt_prefers_wide_addresses),
		UNIT(a_sleep_word_keeps_the_other_bits),
	};
	int status = unit_main("plat_acpi", tests, sizeof(tests) / sizeof(tests[0]), NULL);

	free(block);
	return status;
}
