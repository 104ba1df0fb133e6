/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads ELF64 images (System V ABI, AMD64 supplement). elf_open() checks once that the tables and
 * every segment's contents lie inside the data; sections are checked when asked for. Structures
 * are read by offset through load_*(), so the image needs no alignment. Xen's notes are read in
 * elf_notes.c.
 */
#include "lib/elf.h"

#include "lib/math.h"
#include "lib/mem.h"

#include <xen/errno.h>

#define HEADER_BYTES 64
#define SEGMENT_BYTES 56
#define SECTION_BYTES 64

#define MACHINE_X86_64 62

/* e_shnum or e_phnum escape values would need section 0: no kernel has that many. */
#define COUNT_MAX 0xff00

static uint16_t load_u16(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t load_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t load_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

enum elf_class elf_class_of(const void *data, size_t size)
{
	static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
	const uint8_t *bytes = data;

	if (size < 52 || memcmp(bytes, magic, sizeof(magic)) != 0) {
		return ELF_CLASS_NONE;
	}
	return bytes[4] == 2 && size >= HEADER_BYTES ? ELF_CLASS_64
	       : bytes[4] == 1			     ? ELF_CLASS_32
						     : ELF_CLASS_NONE;
}

static int fail(const char **why, const char *text)
{
	*why = text;
	return -XEN_EINVAL;
}

/* [offset, offset + size) is inside the image. */
static bool is_inside(const struct elf_image *image, uint64_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static int check_header(const uint8_t *header, const char **why)
{
	/* EI_DATA 1: little endian; EI_VERSION 1. */
	if (header[5] != 1 || header[6] != 1 || load_u16(header + 18) != MACHINE_X86_64) {
		return fail(why, "not an x86-64 ELF file");
	}
	/* ET_EXEC or ET_DYN. */
	if (load_u16(header + 16) != 2 && load_u16(header + 16) != 3) {
		return fail(why, "ELF file is not executable");
	}
	if (load_u16(header + 56) != 0 && load_u16(header + 54) != SEGMENT_BYTES) {
		return fail(why, "ELF segment table has an unknown format");
	}
	if (load_u16(header + 60) != 0 && load_u16(header + 58) != SECTION_BYTES) {
		return fail(why, "ELF section table has an unknown format");
	}
	return 0;
}

static int check_segments(const struct elf_image *image, const char **why)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		struct elf_segment segment = elf_segment(image, i);
		uint64_t end;

		if (!is_inside(image, segment.offset, segment.filesz)) {
			return fail(why, "ELF segment reaches outside the file");
		}
		if (segment.type != ELF_SEGMENT_LOAD) {
			continue;
		}
		if (segment.filesz > segment.memsz) {
			return fail(why, "ELF segment is larger in the file than in memory");
		}
		if (!checked_add(segment.paddr, segment.memsz, &end) ||
		    !checked_add(segment.vaddr, segment.memsz, &end)) {
			return fail(why, "ELF segment wraps around the address space");
		}
	}
	return 0;
}

int elf_open(struct elf_image *image, const void *data, size_t size, const char **why)
{
	const uint8_t *header = data;
	int err;

	*why = "";
	if (elf_class_of(data, size) != ELF_CLASS_64) {
		return fail(why, "not an ELF64 file");
	}
	err = check_header(header, why);
	if (err) {
		return err;
	}
	*image = (struct elf_image){
		.data = data,
		.size = size,
		.entry = load_u64(header + 24),
		.segments_offset = load_u64(header + 32),
		.sections_offset = load_u64(header + 40),
		.segment_count = load_u16(header + 56),
		.section_count = load_u16(header + 60),
		.names_index = load_u16(header + 62),
	};
	if (image->segment_count >= COUNT_MAX || image->section_count >= COUNT_MAX ||
	    !is_inside(image, image->segments_offset,
		       (uint64_t)image->segment_count * SEGMENT_BYTES)) {
		return fail(why, "ELF segment table reaches outside the file");
	}
	if (!is_inside(image, image->sections_offset,
		       (uint64_t)image->section_count * SECTION_BYTES)) {
		return fail(why, "ELF section table reaches outside the file");
	}
	if (image->names_index >= image->section_count) {
		image->names_index = 0;
	}
	return check_segments(image, why);
}

struct elf_segment elf_segment(const struct elf_image *image, uint32_t i)
{
	const uint8_t *at = image->data + image->segments_offset + (uint64_t)i * SEGMENT_BYTES;

	return (struct elf_segment){
		.type = load_u32(at),
		.flags = load_u32(at + 4),
		.offset = load_u64(at + 8),
		.vaddr = load_u64(at + 16),
		.paddr = load_u64(at + 24),
		.filesz = load_u64(at + 32),
		.memsz = load_u64(at + 40),
	};
}

static const uint8_t *section_header(const struct elf_image *image, uint32_t i)
{
	return image->data + image->sections_offset + (uint64_t)i * SECTION_BYTES;
}

/* "" unless the name ends inside the name section. */
static const char *section_name(const struct elf_image *image, uint32_t name)
{
	const uint8_t *header;
	uint64_t offset, size;

	if (image->names_index == 0) {
		return "";
	}
	header = section_header(image, image->names_index);
	offset = load_u64(header + 24);
	size = load_u64(header + 32);
	if (!is_inside(image, offset, size)) {
		return "";
	}
	for (uint64_t i = name; i < size; i++) {
		if (image->data[offset + i] == '\0') {
			return (const char *)image->data + offset + name;
		}
	}
	return "";
}

int elf_section(const struct elf_image *image, uint32_t i, struct elf_section *section)
{
	const uint8_t *at;

	if (i >= image->section_count) {
		return -XEN_EINVAL;
	}
	at = section_header(image, i);
	*section = (struct elf_section){
		.name = section_name(image, load_u32(at)),
		.type = load_u32(at + 4),
		.flags = load_u64(at + 8),
		.addr = load_u64(at + 16),
		.offset = load_u64(at + 24),
		.size = load_u64(at + 32),
		.link = load_u32(at + 40),
	};
	if (section->type != ELF_SECTION_NOBITS &&
	    !is_inside(image, section->offset, section->size)) {
		return -XEN_EINVAL;
	}
	return 0;
}

bool elf_text_eq(const struct elf_text *a, const char *b)
{
	return a->text && a->length == strlen(b) && memcmp(a->text, b, a->length) == 0;
}
