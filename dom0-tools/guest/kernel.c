/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a kernel's ELF headers: see kernel.h. Both classes are brought into one form (a PVH
 * kernel may be a 32-bit file). Layouts are <elf.h>'s; the meaning of the notes is that of
 * xen/include/public/elfnote.h: owner "Xen", numbers of 4 or 8 bytes, texts with a NUL.
 *
 * A segment is loaded by its physical address, never by the virtual one: Linux's per-CPU segment
 * has virtual address 0.
 */
#include "guest/kernel.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#define HEADERS_MAX 128
#define NOTES_MAX (64U << 10)
#define PADDR_MAX (1UL << 40)

struct header {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t paddr;
	uint64_t file_size;
	uint64_t size;
};

struct table {
	uint64_t offset;
	uint64_t entry_size;
	unsigned int count;
};

struct reader {
	const struct image *image;
	struct kernel *kernel;
	const char *why;
};

static int refuse(struct reader *reader, const char *why)
{
	reader->why = why;
	return -ENOEXEC;
}

static int get(struct reader *reader, uint64_t offset, void *to, size_t size)
{
	int err = image_read(reader->image, offset, to, size);

	return err == -ENODATA ? refuse(reader, "the ELF file is truncated") : err;
}

/* --- headers -----------------------------------------------------------------------------------
 */
static int check_ident(struct reader *reader, const unsigned char *ident)
{
	if (memcmp(ident, ELFMAG, SELFMAG)) {
		return refuse(reader, "what was unpacked is not an ELF file");
	}
	if (ident[EI_DATA] != ELFDATA2LSB ||
	    (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32)) {
		return refuse(reader, "not an ELF file for x86");
	}
	return 0;
}

static int read_ehdr(struct reader *reader, struct table *programs, struct table *sections)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;
	int err = get(reader, 0, &narrow, sizeof(narrow));

	err = err ? err : check_ident(reader, narrow.e_ident);
	if (err) {
		return err;
	}
	if (narrow.e_ident[EI_CLASS] == ELFCLASS32) {
		reader->kernel->elf_entry = narrow.e_entry;
		*programs = (struct table){narrow.e_phoff, narrow.e_phentsize, narrow.e_phnum};
		*sections = (struct table){narrow.e_shoff, narrow.e_shentsize, narrow.e_shnum};
		return narrow.e_machine == EM_386 ? 0 : refuse(reader, "not an ELF file for x86");
	}
	err = get(reader, 0, &wide, sizeof(wide));
	if (err) {
		return err;
	}
	reader->kernel->is_64bit = true;
	reader->kernel->elf_entry = wide.e_entry;
	*programs = (struct table){wide.e_phoff, wide.e_phentsize, wide.e_phnum};
	*sections = (struct table){wide.e_shoff, wide.e_shentsize, wide.e_shnum};
	return wide.e_machine == EM_X86_64 ? 0 : refuse(reader, "not an ELF file for x86");
}

static int read_phdr(struct reader *reader, const struct table *table, unsigned int index,
		     struct header *header)
{
	uint64_t at = table->offset + index * table->entry_size;
	Elf64_Phdr wide;
	Elf32_Phdr narrow;
	int err;

	if (reader->kernel->is_64bit) {
		err = get(reader, at, &wide, sizeof(wide));
		*header = (struct header){wide.p_type,  wide.p_flags,  wide.p_offset,
					  wide.p_paddr, wide.p_filesz, wide.p_memsz};
		return err;
	}
	err = get(reader, at, &narrow, sizeof(narrow));
	*header = (struct header){narrow.p_type,  narrow.p_flags,  narrow.p_offset,
				  narrow.p_paddr, narrow.p_filesz, narrow.p_memsz};
	return err;
}

/* Only sections of notes are of interest. */
static int read_shdr(struct reader *reader, const struct table *table, unsigned int index,
		     struct header *header)
{
	uint64_t at = table->offset + index * table->entry_size;
	Elf64_Shdr wide;
	Elf32_Shdr narrow;
	int err;

	if (reader->kernel->is_64bit) {
		err = get(reader, at, &wide, sizeof(wide));
		*header = (struct header){
			.type = wide.sh_type, .offset = wide.sh_offset, .file_size = wide.sh_size};
		return err;
	}
	err = get(reader, at, &narrow, sizeof(narrow));
	*header = (struct header){
		.type = narrow.sh_type, .offset = narrow.sh_offset, .file_size = narrow.sh_size};
	return err;
}

static bool inside(const struct image *image, const struct header *header)
{
	return header->offset <= image->size && header->file_size <= image->size - header->offset;
}

/* --- segments ----------------------------------------------------------------------------------
 */
static int add_segment(struct reader *reader, const struct header *header)
{
	struct kernel *kernel = reader->kernel;
	unsigned int at = kernel->segment_count;

	if (!header->size) {
		return 0;
	}
	if (!inside(reader->image, header)) {
		return refuse(reader, "the ELF file is truncated");
	}
	if (header->file_size > header->size || header->size > PADDR_MAX ||
	    header->paddr > PADDR_MAX) {
		return refuse(reader, "an ELF segment has an impossible size or address");
	}
	if (at == KERNEL_SEGMENTS) {
		return refuse(reader, "more than 16 ELF segments to load");
	}
	while (at && kernel->segments[at - 1].paddr > header->paddr) {
		kernel->segments[at] = kernel->segments[at - 1];
		at--;
	}
	kernel->segments[at] = (struct kernel_segment){
		.offset = header->offset,
		.file_size = header->file_size,
		.paddr = header->paddr,
		.size = header->size,
	};
	kernel->segment_count++;
	return 0;
}

static int check_segments(struct reader *reader)
{
	struct kernel *kernel = reader->kernel;

	if (!kernel->segment_count) {
		return refuse(reader, "the ELF file has nothing to load");
	}
	kernel->start = kernel->segments[0].paddr;
	for (unsigned int i = 0; i < kernel->segment_count; i++) {
		const struct kernel_segment *segment = &kernel->segments[i];

		if (i && segment->paddr < kernel->end) {
			return refuse(reader, "ELF segments overlap");
		}
		kernel->end = segment->paddr + segment->size;
	}
	if (kernel->end - kernel->start > IMAGE_LIMIT) {
		return refuse(reader, "the kernel spans more than 1 GiB");
	}
	return 0;
}

/* --- notes -------------------------------------------------------------------------------------
 */
static void set_number(struct kernel_note *note, const uint8_t *data, uint32_t size)
{
	note->given = true;
	note->value = 0;
	memcpy(&note->value, data, size);
}

static int take_number(struct reader *reader, struct kernel_note *note, const uint8_t *data,
		       uint32_t size)
{
	if (size != 4 && size != 8) {
		return refuse(reader, "a Xen ELF note is not a number of 4 or 8 bytes");
	}
	set_number(note, data, size);
	return 0;
}

static void take_text(char text[KERNEL_TEXT], const uint8_t *data, uint32_t size)
{
	size_t length = strnlen((const char *)data, size);

	if (length >= KERNEL_TEXT) {
		length = KERNEL_TEXT - 1;
	}
	memcpy(text, data, length);
	text[length] = 0;
}

static int take_note(struct reader *reader, uint32_t type, const uint8_t *data, uint32_t size)
{
	struct kernel *kernel = reader->kernel;

	kernel->has_notes = true;
	switch (type) {
	case XEN_ELFNOTE_ENTRY:
		return take_number(reader, &kernel->entry, data, size);
	case XEN_ELFNOTE_HYPERCALL_PAGE:
		return take_number(reader, &kernel->hypercall_page, data, size);
	case XEN_ELFNOTE_VIRT_BASE:
		return take_number(reader, &kernel->virt_base, data, size);
	case XEN_ELFNOTE_PADDR_OFFSET:
		return take_number(reader, &kernel->paddr_offset, data, size);
	case XEN_ELFNOTE_INIT_P2M:
		return take_number(reader, &kernel->init_p2m, data, size);
	case XEN_ELFNOTE_MOD_START_PFN:
		return take_number(reader, &kernel->mod_start_pfn, data, size);
	case XEN_ELFNOTE_PHYS32_ENTRY:
		return take_number(reader, &kernel->phys32_entry, data, size);
	case XEN_ELFNOTE_XEN_VERSION:
		take_text(kernel->xen_version, data, size);
		return 0;
	case XEN_ELFNOTE_GUEST_OS:
		take_text(kernel->guest_os, data, size);
		return 0;
	case XEN_ELFNOTE_LOADER:
		take_text(kernel->loader, data, size);
		return 0;
	case XEN_ELFNOTE_FEATURES:
		take_text(kernel->features, data, size);
		return 0;
	default:
		return 0;
	}
}

static uint64_t aligned4(uint64_t size)
{
	return (size + 3) & ~3UL;
}

static int walk_notes(struct reader *reader, const uint8_t *data, uint64_t size)
{
	uint64_t at = 0;
	int err = 0;

	while (!err && size - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		uint64_t text;
		uint64_t next;

		memcpy(&note, data + at, sizeof(note));
		text = at + sizeof(note) + aligned4(note.n_namesz);
		next = text + aligned4(note.n_descsz);
		if (text > size || note.n_descsz > size - text) {
			return refuse(reader, "the ELF notes are damaged");
		}
		if (note.n_namesz == 4 && !memcmp(data + at + sizeof(note), "Xen", 4)) {
			err = take_note(reader, note.n_type, data + text, note.n_descsz);
		}
		at = next < size ? next : size;
	}
	return err;
}

static int read_notes(struct reader *reader, const struct header *header)
{
	uint8_t *data;
	int err;

	if (!header->offset || !header->file_size) {
		return 0;
	}
	if (!inside(reader->image, header)) {
		return refuse(reader, "the ELF file is truncated");
	}
	if (header->file_size > NOTES_MAX) {
		return refuse(reader, "the ELF notes are larger than 64 KiB");
	}
	data = malloc(header->file_size);
	if (!data) {
		return -ENOMEM;
	}
	err = get(reader, header->offset, data, header->file_size);
	err = err ? err : walk_notes(reader, data, header->file_size);
	free(data);
	return err;
}

/* --- together ----------------------------------------------------------------------------------
 */
static int check_table(struct reader *reader, const struct table *table, size_t wide, size_t narrow)
{
	size_t least = reader->kernel->is_64bit ? wide : narrow;

	if (table->count > HEADERS_MAX || (table->count && table->entry_size < least) ||
	    table->offset > reader->image->size) {
		return refuse(reader, "the ELF headers are damaged");
	}
	return 0;
}

static int read_programs(struct reader *reader, const struct table *programs)
{
	int err = check_table(reader, programs, sizeof(Elf64_Phdr), sizeof(Elf32_Phdr));

	for (unsigned int i = 0; !err && i < programs->count; i++) {
		struct header header;

		err = read_phdr(reader, programs, i, &header);
		if (err) {
			break;
		}
		if (header.type == PT_LOAD && (header.flags & (PF_R | PF_W | PF_X))) {
			err = add_segment(reader, &header);
		} else if (header.type == PT_NOTE) {
			err = read_notes(reader, &header);
		}
	}
	return err ? err : check_segments(reader);
}

/* Old kernels have their notes in sections alone. */
static int read_sections(struct reader *reader, const struct table *sections)
{
	if (check_table(reader, sections, sizeof(Elf64_Shdr), sizeof(Elf32_Shdr))) {
		reader->why = NULL;
		return 0; /* not needed: sections may be stripped, or counted elsewhere */
	}
	for (unsigned int i = 0; i < sections->count; i++) {
		struct header header;
		int err = read_shdr(reader, sections, i, &header);

		if (!err && header.type == SHT_NOTE) {
			err = read_notes(reader, &header);
		}
		if (err) {
			return err;
		}
	}
	return 0;
}

int kernel_parse(const struct image *image, struct kernel *kernel, const char **why)
{
	struct reader reader = {.image = image, .kernel = kernel};
	struct table programs;
	struct table sections;
	int err;

	*kernel = (struct kernel){0};
	err = read_ehdr(&reader, &programs, &sections);
	err = err ? err : read_programs(&reader, &programs);
	if (!err && !kernel->has_notes) {
		err = read_sections(&reader, &sections);
	}
	*why = err ? reader.why : NULL;
	return err;
}

/* --- what it is fit for ------------------------------------------------------------------------
 */
uint64_t kernel_virtual(const struct kernel *kernel, uint64_t paddr)
{
	return paddr - kernel->paddr_offset.value + kernel->virt_base.value;
}

uint64_t kernel_pv_entry(const struct kernel *kernel)
{
	return kernel->entry.given ? kernel->entry.value : kernel->elf_entry;
}

/* Features a kernel may insist on, "!name": each of these a PV domain has, or does without. */
static bool is_known_feature(const char *name, size_t length)
{
	static const char *const names[] = {
		"writable_page_tables",
		"writable_descriptor_tables",
		"auto_translated_physmap",
		"supervisor_mode_kernel",
		"pae_pgdir_above_4gb",
		"mmu_pt_update_preserve_ad",
		"hvm_callback_vector",
		"memory_op_vnode_supported",
		"dom0",
		"linux_rsdp_unrestricted",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == length && !memcmp(names[i], name, length)) {
			return true;
		}
	}
	return false;
}

static bool wants_unknown_feature(const char *features)
{
	for (const char *at = features; *at;) {
		size_t length = strcspn(at, "|");

		if (*at == '!' && !is_known_feature(at + 1, length - 1)) {
			return true;
		}
		at += length + (at[length] == '|');
	}
	return false;
}

static const char *check_pv_addresses(const struct kernel *kernel)
{
	uint64_t base = kernel->virt_base.value;
	uint64_t size = kernel->end - kernel->paddr_offset.value;
	uint64_t entry = kernel_pv_entry(kernel);

	if (kernel->paddr_offset.given && !kernel->virt_base.given) {
		return "its notes give PADDR_OFFSET without VIRT_BASE";
	}
	if (base % 4096 || kernel->paddr_offset.value % 4096) {
		return "VIRT_BASE or PADDR_OFFSET is not page aligned";
	}
	if (kernel->start < kernel->paddr_offset.value || size > IMAGE_LIMIT * 4) {
		return "its segments lie outside of the address space its notes describe";
	}
	if (base + size < base || (base < 0xffff880000000000UL && base + size > 1UL << 47)) {
		return "its segments lie where a PV guest has no address space";
	}
	if (entry < kernel_virtual(kernel, kernel->start) ||
	    entry >= kernel_virtual(kernel, kernel->end)) {
		return "its entry point is outside of its segments";
	}
	if (kernel->init_p2m.given && (kernel->init_p2m.value % (1UL << 39) ||
				       kernel->init_p2m.value >> 39 == (base >> 39 & 0x1ffffff))) {
		return "it wants its P2M list at an address we cannot give";
	}
	return NULL;
}

const char *kernel_check_pv(const struct kernel *kernel)
{
	if (!kernel->has_notes) {
		return "not a PV kernel: it has no Xen ELF notes";
	}
	if (!kernel->is_64bit) {
		return "a 32-bit kernel; PV domains are 64-bit here";
	}
	if (strncmp(kernel->xen_version, "xen-3.0", 7)) {
		return "not a PV kernel: its notes do not name xen-3.0";
	}
	if (!kernel->entry.given && !kernel->elf_entry) {
		return "not a PV kernel: it has no entry point";
	}
	if (wants_unknown_feature(kernel->features)) {
		return "it requires a feature that does not exist here";
	}
	return check_pv_addresses(kernel);
}

const char *kernel_check_pvh(const struct kernel *kernel)
{
	uint64_t entry = kernel->phys32_entry.value & 0xffffffffUL;

	if (!kernel->phys32_entry.given) {
		return "not a PVH kernel: it has no PHYS32_ENTRY note";
	}
	if (entry < kernel->start || entry >= kernel->end) {
		return "its PVH entry point is outside of its segments";
	}
	return NULL;
}
