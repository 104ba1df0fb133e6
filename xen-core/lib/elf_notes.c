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

/* XEN_ELFNOTE_*. */
enum note_type {
	NOTE_ENTRY = 1,
	NOTE_HYPERCALL_PAGE = 2,
	NOTE_VIRT_BASE = 3,
	NOTE_PADDR_OFFSET = 4,
	NOTE_XEN_VERSION = 5,
	NOTE_GUEST_OS = 6,
	NOTE_GUEST_VERSION = 7,
	NOTE_LOADER = 8,
	NOTE_PAE_MODE = 9,
	NOTE_FEATURES = 10,
	NOTE_BSD_SYMTAB = 11,
	NOTE_HV_START_LOW = 12,
	NOTE_L1_MFN_VALID = 13,
	NOTE_SUSPEND_CANCEL = 14,
	NOTE_INIT_P2M = 15,
	NOTE_MOD_START_PFN = 16,
	NOTE_SUPPORTED_FEATURES = 17,
	NOTE_PHYS32_ENTRY = 18,
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

/* Pages are described by a mask and a value, of 4 or 8 bytes each; only the first pair counts. */
static bool read_pair(const uint8_t *at, uint64_t size, struct elf_xen_notes *notes)
{
	uint64_t half = size >= 16 && size % 16 == 0 ? 8 : 4;

	return size >= 2 * half && read_value(at, half, &notes->l1_mfn_valid_mask) &&
	       read_value(at + half, half, &notes->l1_mfn_valid_value);
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

static void set_pae_mode(struct elf_xen_notes *notes)
{
	notes->pae = text_begins_with(&notes->pae_mode, "yes") ||
		     text_begins_with(&notes->pae_mode, "bimodal");
}

/* Where a numeric note goes; NULL for the others. */
static uint64_t *numeric_slot(struct elf_xen_notes *notes, uint32_t type, bool **has)
{
	switch (type) {
	case NOTE_ENTRY:
		*has = &notes->has_entry;
		return &notes->entry;
	case NOTE_HYPERCALL_PAGE:
		*has = &notes->has_hypercall_page;
		return &notes->hypercall_page;
	case NOTE_VIRT_BASE:
		*has = &notes->has_virt_base;
		return &notes->virt_base;
	case NOTE_PADDR_OFFSET:
		*has = &notes->has_paddr_offset;
		return &notes->paddr_offset;
	case NOTE_HV_START_LOW:
		*has = &notes->has_hv_start_low;
		return &notes->hv_start_low;
	case NOTE_SUSPEND_CANCEL:
		*has = &notes->has_suspend_cancel;
		return &notes->suspend_cancel;
	case NOTE_INIT_P2M:
		*has = &notes->has_init_p2m;
		return &notes->init_p2m;
	case NOTE_MOD_START_PFN:
		*has = &notes->has_mod_start_pfn;
		return &notes->mod_start_pfn;
	case NOTE_SUPPORTED_FEATURES:
		*has = &notes->has_supported_features;
		return &notes->supported_features;
	case NOTE_PHYS32_ENTRY:
		*has = &notes->has_phys32_entry;
		return &notes->phys32_entry;
	default:
		return NULL;
	}
}

static struct elf_text *text_slot(struct elf_xen_notes *notes, uint32_t type)
{
	switch (type) {
	case NOTE_XEN_VERSION:
		return &notes->xen_version;
	case NOTE_GUEST_OS:
		return &notes->guest_os;
	case NOTE_GUEST_VERSION:
		return &notes->guest_version;
	case NOTE_LOADER:
		return &notes->loader;
	case NOTE_PAE_MODE:
		return &notes->pae_mode;
	case NOTE_FEATURES:
		return &notes->features;
	default:
		return NULL;
	}
}

static int take_note(struct elf_xen_notes *notes, uint32_t type, const uint8_t *value,
		     uint64_t size, const char **why)
{
	bool *has = NULL;
	uint64_t *number = numeric_slot(notes, type, &has);
	struct elf_text *text = text_slot(notes, type);
	struct elf_text answer;

	if (number) {
		*has = true;
		return read_value(value, size, number)
			       ? 0
			       : fail(why, "numeric Xen note is neither 4 nor 8 bytes long");
	}
	if (text) {
		*text = read_text(value, size);
	} else if (type == NOTE_BSD_SYMTAB) {
		answer = read_text(value, size);
		notes->bsd_symtab = elf_text_eq(&answer, "yes");
	} else if (type == NOTE_L1_MFN_VALID) {
		notes->has_l1_mfn_valid = true;
		if (!read_pair(value, size, notes)) {
			return fail(why, "Xen note L1_MFN_VALID is too short");
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
	static const struct {
		const char *key;
		enum note_type type;
	} keys[] = {
		{"XEN_VER", NOTE_XEN_VERSION},
		{"GUEST_OS", NOTE_GUEST_OS},
		{"GUEST_VER", NOTE_GUEST_VERSION},
		{"GUEST_VERSION", NOTE_GUEST_VERSION},
		{"LOADER", NOTE_LOADER},
		{"PAE", NOTE_PAE_MODE},
		{"FEATURES", NOTE_FEATURES},
		{"VIRT_BASE", NOTE_VIRT_BASE},
		{"VIRT_ENTRY", NOTE_ENTRY},
		{"ELF_PADDR_OFFSET", NOTE_PADDR_OFFSET},
		{"HYPERCALL_PAGE", NOTE_HYPERCALL_PAGE},
	};

	if (elf_text_eq(key, "BSD_SYMTAB")) {
		notes->bsd_symtab = true;
		return 0;
	}
	for (size_t i = 0; i < array_size(keys); i++) {
		bool *has = NULL;
		uint64_t *number;

		if (!elf_text_eq(key, keys[i].key)) {
			continue;
		}
		number = numeric_slot(notes, keys[i].type, &has);
		if (!number) {
			*text_slot(notes, keys[i].type) = *value;
			return 0;
		}
		*has = true;
		return parse_number(value, number) ? 0 : fail(why, "bad number in __xen_guest");
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
	set_pae_mode(notes);
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
