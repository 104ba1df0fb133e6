/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF images made by hand: one LOAD segment, one NOTE segment with Xen notes, or a legacy section.
 * Every prefix of a good image, and 20000 damaged ones, must be refused or parsed within bounds.
 */
#include "lib/elf.h"

#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>

#define IMAGE_BYTES 2048
#define NOTES_OFFSET 512
#define SECTIONS_OFFSET 1024
#define NAMES_OFFSET 1400
#define LEGACY_OFFSET 1500
#define VIRT 0xffffffff80000000

static uint8_t image_data[IMAGE_BYTES];
static size_t notes_size;
static struct elf_image image;
static struct elf_xen_notes notes;
static const char *why;

static void put(size_t at, uint64_t value, size_t size)
{
	memcpy(image_data + at, &value, size);
}

static void put_segment(size_t i, uint32_t type, uint64_t offset, uint64_t paddr, uint64_t size)
{
	size_t at = 64 + i * 56;

	put(at, type, 4);
	put(at + 4, 7, 4);
	put(at + 8, offset, 8);
	put(at + 16, VIRT + paddr, 8);
	put(at + 24, paddr, 8);
	put(at + 32, size, 8);
	put(at + 40, size * 2, 8);
}

static void put_note(uint32_t type, const void *value, uint32_t size)
{
	size_t at = NOTES_OFFSET + notes_size;

	put(at, 4, 4);
	put(at + 4, size, 4);
	put(at + 8, type, 4);
	memcpy(image_data + at + 12, "Xen", 4);
	memcpy(image_data + at + 16, value, size);
	notes_size += 16 + (size + 3) / 4 * 4;
	put(64 + 56 + 32, notes_size, 8);
}

static void put_number(uint32_t type, uint64_t value)
{
	put_note(type, &value, 8);
}

static void setup(void)
{
	memset(image_data, 0, sizeof(image_data));
	memcpy(image_data, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, 62, 2);
	put(24, 0x1000100, 8);
	put(32, 64, 8);
	put(54, 56, 2);
	put(56, 2, 2);
	put(58, 64, 2);
	put_segment(0, ELF_SEGMENT_LOAD, 0, 0x1000000, IMAGE_BYTES);
	put_segment(1, ELF_SEGMENT_NOTE, NOTES_OFFSET, 0, 0);
	notes_size = 0;
	put_note(99, "unknown", 8);
	put_number(1, VIRT + 0x1000200);
	put_number(3, VIRT);
	put_number(4, 0);
	put_note(5, "xen-3.0", 8);
	put_note(6, "linux", 6);
	put_note(8, "generic", 8);
	put_note(9, "yes", 4);
	put_note(10, "!writable_page_tables|pae_pgdir_above_4gb", 42);
	put_number(15, 0x8000000000);
	put_note(17, "\1\210\0\0", 4);
}

static int open_and_parse(void)
{
	int err = elf_open(&image, image_data, sizeof(image_data), &why);

	return err ? err : elf_xen_notes_parse(&image, &notes, &why);
}

static void a_truncated_image_is_refused(void)
{
	for (size_t size = 0; size < IMAGE_BYTES; size++) {
		uint8_t *copy = malloc(size ? size : 1);

		memcpy(copy, image_data, size);
		CU_ASSERT_EQUAL(elf_open(&image, copy, size, &why), -XEN_EINVAL);
		free(copy);
	}
}

static void the_wrong_kind_of_file_is_refused(void)
{
	CU_ASSERT_EQUAL(elf_class_of("hello", 5), ELF_CLASS_NONE);
	image_data[4] = 1;
	CU_ASSERT_EQUAL(elf_class_of(image_data, sizeof(image_data)), ELF_CLASS_32);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
	image_data[4] = 2;
	put(18, 183, 2);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
}

static void a_segment_that_wraps_is_refused(void)
{
	put(64 + 24, UINT64_MAX - 100, 8);
	CU_ASSERT_EQUAL(elf_open(&image, image_data, sizeof(image_data), &why), -XEN_EINVAL);
	setup();
	put(64 + 16, UINT64_MAX - 100, 8);
	CU_ASSERT_EQUAL(elf_open(&image, image_data, sizeof(image_data), &why), -XEN_EINVAL);
	setup();
	put(64 + 8, UINT64_MAX - 100, 8);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
	setup();
	put(64 + 40, 1, 8);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
}

static void a_note_outside_its_segment_is_refused(void)
{
	put(NOTES_OFFSET + 4, 0xfffffffc, 4);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
	setup();
	put(NOTES_OFFSET, 0xffffffff, 4);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
}

static void a_numeric_note_has_four_or_eight_bytes(void)
{
	put_note(16, "abc", 3);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
	CU_ASSERT(*why);
}

static void an_image_without_notes_says_so(void)
{
	put(64 + 56, 0, 4);
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_ENOENT);
}

static void a_kernel_that_cannot_be_started_is_refused(void)
{
	put_number(1, VIRT + 0x100);
	CU_ASSERT_EQUAL(open_and_parse(), 0);
	CU_ASSERT_EQUAL(elf_xen_check_pv(&notes, &why), -XEN_EINVAL);
	setup();
	put_number(15, VIRT + 0x1000000);
	CU_ASSERT_EQUAL(open_and_parse(), 0);
	CU_ASSERT_EQUAL(elf_xen_check_pv(&notes, &why), -XEN_EINVAL);
	setup();
	put_note(10, "a|!teleportation", 17);
	CU_ASSERT_EQUAL(open_and_parse(), 0);
	CU_ASSERT_EQUAL(elf_xen_check_pv(&notes, &why), -XEN_EINVAL);
	setup();
	put_note(5, "xen-2.0", 8);
	CU_ASSERT_EQUAL(open_and_parse(), 0);
	CU_ASSERT_EQUAL(elf_xen_check_pv(&notes, &why), -XEN_EINVAL);
}

static void notes_of_a_linux_kernel_are_read(void)
{
	CU_ASSERT_EQUAL(open_and_parse(), 0);
	CU_ASSERT_EQUAL(notes.source, ELF_XEN_SEGMENT);
	CU_ASSERT_EQUAL(notes.entry, VIRT + 0x1000200);
	CU_ASSERT_EQUAL(notes.virt_base, VIRT);
	CU_ASSERT(notes.has_init_p2m && !notes.has_mod_start_pfn && notes.pae);
	CU_ASSERT(elf_text_eq(&notes.guest_os, "linux"));
	CU_ASSERT_EQUAL(notes.paddr_start, 0x1000000);
	CU_ASSERT_EQUAL(notes.paddr_end, 0x1000000 + 2 * IMAGE_BYTES);
	CU_ASSERT_EQUAL(notes.virt_end, VIRT + notes.paddr_end);
	CU_ASSERT_EQUAL(elf_xen_check_pv(&notes, &why), 0);
}

static void put_section(size_t i, uint32_t name, uint32_t type, uint64_t offset, uint64_t size)
{
	size_t at = SECTIONS_OFFSET + i * 64;

	put(at, name, 4);
	put(at + 4, type, 4);
	put(at + 24, offset, 8);
	put(at + 32, size, 8);
}

static void make_legacy(const char *text)
{
	put(64 + 56, 0, 4);
	put(40, SECTIONS_OFFSET, 8);
	put(60, 3, 2);
	put(62, 1, 2);
	put_section(1, 0, ELF_SECTION_STRTAB, NAMES_OFFSET, 13);
	memcpy(image_data + NAMES_OFFSET, "\0__xen_guest", 13);
	put_section(2, 1, 1, LEGACY_OFFSET, strlen(text) + 1);
	memcpy(image_data + LEGACY_OFFSET, text, strlen(text) + 1);
}

static void a_legacy_section_is_read(void)
{
	make_legacy(
		"GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,HYPERCALL_PAGE=0x2,"
		"LOADER=generic,,BSD_SYMTAB");
	put(64 + 24, VIRT + 0x1000000, 8);
	put(24, VIRT + 0x1000100, 8);
	CU_ASSERT_EQUAL(open_and_parse(), 0);
	CU_ASSERT_EQUAL(notes.source, ELF_XEN_LEGACY);
	CU_ASSERT_EQUAL(notes.hypercall_page, VIRT + 0x2000);
	CU_ASSERT_EQUAL(notes.paddr_offset, VIRT);
	CU_ASSERT_EQUAL(elf_xen_check_pv(&notes, &why), 0);
	make_legacy("VIRT_BASE=0xxyz");
	CU_ASSERT_EQUAL(open_and_parse(), -XEN_EINVAL);
}

static void a_damaged_image_is_never_read_out_of_bounds(void)
{
	srand(4);
	for (int round = 0; round < 20000; round++) {
		uint8_t *copy = malloc(IMAGE_BYTES);

		setup();
		if (round % 2) {
			make_legacy("GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0");
		}
		memcpy(copy, image_data, IMAGE_BYTES);
		for (int flips = 1 + rand() % 4; flips > 0; flips--) {
			size_t at = (size_t)rand() % (rand() % 2 ? 1216 : 176);

			copy[at] = (uint8_t)(rand() % 3 ? rand() : 0xff);
		}
		if (elf_open(&image, copy, IMAGE_BYTES, &why) == 0 &&
		    elf_xen_notes_parse(&image, &notes, &why) == 0) {
			(void)!elf_xen_check_pv(&notes, &why);
		}
		free(copy);
	}
}

static const struct unit_test tests[] = {
	UNIT(a_truncated_image_is_refused),
	UNIT(the_wrong_kind_of_file_is_refused),
	UNIT(a_segment_that_wraps_is_refused),
	UNIT(a_note_outside_its_segment_is_refused),
	UNIT(a_numeric_note_has_four_or_eight_bytes),
	UNIT(an_image_without_notes_says_so),
	UNIT(a_kernel_that_cannot_be_started_is_refused),
	UNIT(notes_of_a_linux_kernel_are_read),
	UNIT(a_legacy_section_is_read),
	UNIT(a_damaged_image_is_never_read_out_of_bounds),
};

int main(void)
{
	return unit_main("lib/elf", tests, array_size(tests), setup);
}
