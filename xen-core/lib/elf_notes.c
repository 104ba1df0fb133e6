/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel asks of the hypervisor that starts it: notes of owner "Xen" in PT_NOTE segments,
 * else in SHT_NOTE sections, else `KEY=value` pairs in the section __xen_guest
 * (xen/include/public/elfnote.h).
 *
 * Unknown notes and keys are skipped: new kernels carry notes old hypervisors need not know. A
 * known note with a value that cannot be read is an error, because the kernel relies on it.
 */
#include "lib/elf.h"

#include "lib/math.h"
#include "lib/mem.h"

#include <xen/errno.h>

#define NOTE_HEADER_BYTES 12

/* What is read: XEN_ELFNOTE_* by number, the same as a key in the legacy section, and where its
 * value goes. Those that only tell what a kernel could do are not among them. */
static const struct note_kind {
	uint32_t type;
	const char *key; /* NULL: there was none yet */
	size_t value;
	size_t has; /* of a number; 0: the value is a text */
} kinds[] = {
#define NUMBER(type, key, name)                                                                    \
	{type, key, offsetof(struct elf_xen_notes, name),                                          \
	 offsetof(struct elf_xen_notes, has_##name)}
#define TEXT(type, key, name) {type, key, offsetof(struct elf_xen_notes, name), 0}
	NUMBER(1, "VIRT_ENTRY", entry),
	NUMBER(2, "HYPERCALL_PAGE", hypercall_page),
	NUMBER(3, "VIRT_BASE", virt_base),
	NUMBER(4, "ELF_PADDR_OFFSET", paddr_offset),
	TEXT(5, "XEN_VER", xen_version),
	TEXT(6, "GUEST_OS", guest_os),
	TEXT(8, "LOADER", loader),
	TEXT(9, "PAE", pae_mode),
	TEXT(10, "FEATURES", features),
	NUMBER(15, NULL, init_p2m),
	NUMBER(16, NULL, mod_start_pfn),
	NUMBER(18, NULL, phys32_entry),
#undef NUMBER
#undef TEXT
};

static int fail(const char **why, const char *text)
{
	*why = text;
	return -XEN_EINVAL;
}

/* ---- values ---------------------------------------------------------------------------- */

/* A numeric value is 4 or 8 bytes long. */
static bool read_value(const uint8_t *at, uint64_t size, uint64_t *value)
{
	uint32_t narrow;

	if (size == 8) {
		memcpy(value, at, 8);
		return true;
	}
	if (size == 4) {
		memcpy(&narrow, at, 4);
		*value = narrow;
		return true;
	}
	return false;
}

/* Up to the terminator, which may be missing. */
static struct elf_text read_text(const uint8_t *at, uint64_t size)
{
	struct elf_text text = {.text = (const char *)at};

	while (text.length < size && at[text.length] != '\0') {
		text.length++;
	}
	return text;
}

static bool text_begins_with(const struct elf_text *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return text->text && text->length >= length && memcmp(text->text, prefix, length) == 0;
}

static uint64_t *number_of(struct elf_xen_notes *notes, const struct note_kind *kind)
{
	*(bool *)((char *)notes + kind->has) = true;
	return (uint64_t *)((char *)notes + kind->value);
}

static struct elf_text *text_of(struct elf_xen_notes *notes, const struct note_kind *kind)
{
	return (struct elf_text *)((char *)notes + kind->value);
}

static int take_note(struct elf_xen_notes *notes, uint32_t type, const uint8_t *value,
		     uint64_t size, const char **why)
{
	for (size_t i = 0; i < array_size(kinds); i++) {
		if (kinds[i].type != type) {
			continue;
		}
		if (kinds[i].has == 0) {
			*text_of(notes, &kinds[i]) = read_text(value, size);
		} else if (!read_value(value, size, number_of(notes, &kinds[i]))) {
			return fail(why, "numeric Xen note is neither 4 nor 8 bytes long");
		}
	}
	return 0;
}

/* ---- notes ----------------------------------------------------------------------------- */

/* All notes of one segment or section; *found when one of them was Xen's. */
static int take_notes(struct elf_xen_notes *notes, const uint8_t *at, uint64_t size, bool *found,
		      const char **why)
{
	while (size >= NOTE_HEADER_BYTES) {
		uint32_t header[3]; /* name size, value size, type */
		uint64_t name_size, value_size;

		memcpy(header, at, sizeof(header));
		name_size = align_up(header[0], 4);
		value_size = align_up(header[1], 4);
		at += NOTE_HEADER_BYTES;
		size -= NOTE_HEADER_BYTES;
		/* The last value's padding may be cut off. */
		if (name_size > size || header[1] > size - name_size) {
			return fail(why, "ELF note reaches outside its segment");
		}
		if (header[0] == 4 && memcmp(at, "Xen", 4) == 0) {
			int err = take_note(notes, header[2], at + name_size, header[1], why);

			if (err) {
				return err;
			}
			*found = true;
		}
		value_size = min_u64(name_size + value_size, size);
		at += value_size;
		size -= value_size;
	}
	return 0;
}

static int take_note_segments(const struct elf_image *image, struct elf_xen_notes *notes,
			      bool *found, const char **why)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		struct elf_segment segment = elf_segment(image, i);
		int err;

		/* Offset 0 would be the ELF header: such a segment has no contents. */
		if (segment.type != ELF_SEGMENT_NOTE || segment.offset == 0) {
			continue;
		}
		err = take_notes(notes, elf_segment_data(image, &segment), segment.filesz, found,
				 why);
		if (err) {
			return err;
		}
	}
	return 0;
}

static int take_note_sections(const struct elf_image *image, struct elf_xen_notes *notes,
			      bool *found, const char **why)
{
	for (uint32_t i = 0; i < image->section_count; i++) {
		struct elf_section section;
		int err = elf_section(image, i, &section);

		if (err) {
			return fail(why, "ELF section reaches outside the file");
		}
		if (section.type != ELF_SECTION_NOTE) {
			continue;
		}
		err = take_notes(notes, image->data + section.offset, section.size, found, why);
		if (err) {
			return err;
		}
	}
	return 0;
}

/* ---- the legacy section ---------------------------------------------------------------- */

static uint32_t hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
	       : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
	       : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
				      : 16;
}

/* Decimal, or hexadecimal with 0x. */
static bool parse_number(const struct elf_text *text, uint64_t *number)
{
	bool hex = text_begins_with(text, "0x") || text_begins_with(text, "0X");
	size_t i = hex ? 2 : 0;

	*number = 0;
	if (i == text->length) {
		return false;
	}
	for (; i < text->length; i++) {
		uint32_t digit = hex_digit(text->text[i]);

		if (digit >= (hex ? 16u : 10u) || !checked_mul(*number, hex ? 16 : 10, number) ||
		    !checked_add(*number, digit, number)) {
			return false;
		}
	}
	return true;
}

static int take_legacy_key(struct elf_xen_notes *notes, const struct elf_text *key,
			   const struct elf_text *value, const char **why)
{
	for (size_t i = 0; i < array_size(kinds); i++) {
		if (!kinds[i].key || !elf_text_eq(key, kinds[i].key)) {
			continue;
		}
		if (kinds[i].has == 0) {
			*text_of(notes, &kinds[i]) = *value;
		} else if (!parse_number(value, number_of(notes, &kinds[i]))) {
			return fail(why, "bad number in __xen_guest");
		}
	}
	return 0;
}

/* KEY=value,KEY=value,KEY and a terminator. */
static int take_legacy_text(struct elf_xen_notes *notes, struct elf_text all, const char **why)
{
	for (size_t i = 0; i < all.length;) {
		struct elf_text key = {.text = all.text + i};
		struct elf_text value = {0};
		int err;

		while (i < all.length && all.text[i] != ',' && all.text[i] != '=') {
			i++;
			key.length++;
		}
		if (i < all.length && all.text[i] == '=') {
			value.text = all.text + ++i;
			while (i < all.length && all.text[i] != ',') {
				i++;
				value.length++;
			}
		} else {
			value.text = key.text + key.length;
		}
		i++;
		err = take_legacy_key(notes, &key, &value, why);
		if (err) {
			return err;
		}
	}
	/* Here the page is given as its number, counted from VIRT_BASE. */
	if (notes->has_hypercall_page) {
		notes->hypercall_page = notes->virt_base + (notes->hypercall_page << 12);
	}
	return 0;
}

static int take_legacy_section(const struct elf_image *image, struct elf_xen_notes *notes,
			       bool *found, const char **why)
{
	for (uint32_t i = 0; i < image->section_count; i++) {
		struct elf_section section;

		if (elf_section(image, i, &section) || section.type == ELF_SECTION_NOBITS ||
		    strcmp(section.name, "__xen_guest") != 0) {
			continue;
		}
		*found = true;
		return take_legacy_text(notes,
					read_text(image->data + section.offset, section.size), why);
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------- */

static int find_extent(const struct elf_image *image, struct elf_xen_notes *notes, const char **why)
{
	notes->paddr_start = UINT64_MAX;
	for (uint32_t i = 0; i < image->segment_count; i++) {
		struct elf_segment segment = elf_segment(image, i);

		if (segment.type != ELF_SEGMENT_LOAD ||
		    !(segment.flags & (ELF_FLAG_READ | ELF_FLAG_WRITE | ELF_FLAG_EXECUTE))) {
			continue;
		}
		notes->paddr_start = min_u64(notes->paddr_start, segment.paddr);
		notes->paddr_end = max_u64(notes->paddr_end, segment.paddr + segment.memsz);
	}
	if (notes->paddr_start >= notes->paddr_end) {
		return fail(why, "kernel has nothing to load");
	}
	notes->virt_start = elf_xen_virt(notes, notes->paddr_start);
	notes->virt_end = elf_xen_virt(notes, notes->paddr_end);
	return 0;
}

static int find_notes(const struct elf_image *image, struct elf_xen_notes *notes, const char **why)
{
	static const struct {
		enum elf_xen_notes_source source;
		int (*take)(const struct elf_image *image, struct elf_xen_notes *notes, bool *found,
			    const char **why);
	} places[] = {
		{ELF_XEN_SEGMENT, take_note_segments},
		{ELF_XEN_SECTION, take_note_sections},
		{ELF_XEN_LEGACY, take_legacy_section},
	};

	for (size_t i = 0; i < array_size(places); i++) {
		bool found = false;
		int err = places[i].take(image, notes, &found, why);

		if (err) {
			return err;
		}
		if (found) {
			notes->source = places[i].source;
			return 0;
		}
	}
	*why = "kernel has no Xen notes";
	return -XEN_ENOENT;
}

int elf_xen_notes_parse(const struct elf_image *image, struct elf_xen_notes *notes,
			const char **why)
{
	int err;

	*notes = (struct elf_xen_notes){0};
	*why = "";
	err = find_notes(image, notes, why);
	if (err) {
		return err;
	}
	if (notes->has_paddr_offset && !notes->has_virt_base) {
		return fail(why, "PADDR_OFFSET without VIRT_BASE");
	}
	if (!notes->has_paddr_offset && notes->source == ELF_XEN_LEGACY) {
		notes->paddr_offset = notes->virt_base;
	}
	if (!notes->has_entry) {
		notes->entry = image->entry;
	}
	notes->pae = text_begins_with(&notes->pae_mode, "yes") ||
		     text_begins_with(&notes->pae_mode, "bimodal");
	return find_extent(image, notes, why);
}

/* Names of XENFEAT_* that may stand in FEATURES (xen/include/public/features.h). */
static bool is_known_feature(const char *name, size_t length)
{
	static const char *const known[] = {
		"writable_page_tables",
		"writable_descriptor_tables",
		"auto_translated_physmap",
		"supervisor_mode_kernel",
		"pae_pgdir_above_4gb",
		"mmu_pt_update_preserve_ad",
		"highmem_assist",
		"gnttab_map_avail_bits",
		"hvm_callback_vector",
		"hvm_safe_pvclock",
		"hvm_pirqs",
		"dom0",
		"memory_op_vnode_supported",
		"linux_rsdp_unrestricted",
	};

	for (size_t i = 0; i < array_size(known); i++) {
		if (strlen(known[i]) == length && memcmp(known[i], name, length) == 0) {
			return true;
		}
	}
	return false;
}

/* name|!name|...: every name behind a '!' must be known. */
static int check_features(const struct elf_text *features, const char **why)
{
	for (size_t i = 0; i < features->length;) {
		bool required = features->text[i] == '!';
		size_t start = required ? i + 1 : i;

		for (i = start; i < features->length && features->text[i] != '|'; i++) {
		}
		if (required && !is_known_feature(features->text + start, i - start)) {
			return fail(why, "kernel requires an unknown feature");
		}
		i++;
	}
	return 0;
}

int elf_xen_check_pv(const struct elf_xen_notes *notes, const char **why)
{
	*why = "";
	if (!text_begins_with(&notes->xen_version, "xen-3.0")) {
		return fail(why, "kernel is for another interface than xen-3.0");
	}
	if (!elf_text_eq(&notes->loader, "generic") &&
	    !text_begins_with(&notes->guest_os, "linux")) {
		return fail(why, "kernel is neither Linux nor for the generic loader");
	}
	if (notes->virt_start < notes->virt_base || notes->virt_end < notes->virt_start) {
		return fail(why, "kernel begins below VIRT_BASE or wraps around");
	}
	if (notes->entry < notes->virt_start || notes->entry > notes->virt_end) {
		return fail(why, "entry point is outside the kernel");
	}
	if (notes->has_init_p2m && notes->init_p2m >= notes->virt_start &&
	    notes->init_p2m < notes->virt_end) {
		return fail(why, "INIT_P2M is inside the kernel");
	}
	return check_features(&notes->features, why);
}
