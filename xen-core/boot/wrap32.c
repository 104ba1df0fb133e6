/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build-time program: puts core.bin into an ELF32 file a multiboot 1 loader takes. Multiboot wants
 * i386 ELF, the core is linked as ELF64 at a high address, so the flat image becomes the one
 * PT_LOAD of a file made here: physical 0x200000, entry = that + entry32_offset, bss as memsz.
 *
 * The multiboot headers stand in the image. Multiboot 1's must lie in the first 8 KiB of the file
 * (multiboot 0.6.96, 3.1); that is checked here so that a mistake in the linker script fails the
 * build. With --pvh they are wiped out, because QEMU prefers them, and a note names the PVH entry.
 *
 * usage: wrap32 [--pvh] CORE.BIN OUTPUT
 */
#include "boot/core_image.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_OFFSET 0x1000U
#define MULTIBOOT_MAGIC 0x1badb002U
#define MULTIBOOT2_MAGIC 0xe85250d6U
#define MULTIBOOT_SEARCH 8192U
#define NOTE_OFFSET 0x800U
#define XEN_ELFNOTE_PHYS32_ENTRY 18U
#define IMAGE_MAX (64UL << 20)

static int fail(const char *file, const char *why)
{
	fprintf(stderr, "wrap32: %s: %s\n", file, why);
	return 1;
}

static bool has_multiboot_header(const unsigned char *image, size_t bytes)
{
	for (size_t i = 0; i + 12 <= bytes && i + 12 <= MULTIBOOT_SEARCH - IMAGE_OFFSET; i += 4) {
		uint32_t words[3];

		memcpy(words, image + i, sizeof(words));
		if (words[0] == MULTIBOOT_MAGIC && words[0] + words[1] + words[2] == 0) {
			return true;
		}
	}
	return false;
}

static void wipe_multiboot_headers(unsigned char *image)
{
	for (size_t i = 0; i < MULTIBOOT_SEARCH; i += 4) {
		uint32_t word;

		memcpy(&word, image + i, sizeof(word));
		if (word == MULTIBOOT_MAGIC || word == MULTIBOOT2_MAGIC) {
			memset(image + i, 0, sizeof(word));
		}
	}
}

/* The note of a PVH kernel, and the program header that leads to it. */
static void add_note(unsigned char page[IMAGE_OFFSET], const struct core_image_header *core)
{
	struct {
		Elf32_Nhdr head;
		char name[4];
		uint32_t entry;
	} note = {{4, 4, XEN_ELFNOTE_PHYS32_ENTRY},
		  {'X', 'e', 'n', '\0'},
		  (uint32_t)(CORE_IMAGE_MULTIBOOT_ADDRESS + core->pvh_offset)};
	Elf32_Phdr header = {
		.p_type = PT_NOTE,
		.p_offset = NOTE_OFFSET,
		.p_filesz = sizeof(note),
		.p_memsz = sizeof(note),
		.p_flags = PF_R,
		.p_align = 4,
	};
	Elf32_Ehdr elf;

	memcpy(&elf, page, sizeof(elf));
	elf.e_phnum = 2;
	elf.e_entry = note.entry;
	memcpy(page, &elf, sizeof(elf));
	memcpy(page + sizeof(elf) + sizeof(Elf32_Phdr), &header, sizeof(header));
	memcpy(page + NOTE_OFFSET, &note, sizeof(note));
}

static void make_headers(unsigned char page[IMAGE_OFFSET], const struct core_image_header *core,
			 size_t bytes)
{
	Elf32_Ehdr elf = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_entry = (Elf32_Addr)(CORE_IMAGE_MULTIBOOT_ADDRESS + core->entry32_offset),
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf32_Shdr),
	};
	Elf32_Phdr load = {
		.p_type = PT_LOAD,
		.p_offset = IMAGE_OFFSET,
		.p_vaddr = (Elf32_Addr)CORE_IMAGE_MULTIBOOT_ADDRESS,
		.p_paddr = (Elf32_Addr)CORE_IMAGE_MULTIBOOT_ADDRESS,
		.p_filesz = (Elf32_Word)bytes,
		.p_memsz = (Elf32_Word)core->memory_bytes,
		.p_flags = PF_R | PF_W | PF_X,
		.p_align = IMAGE_OFFSET,
	};

	memset(page, 0, IMAGE_OFFSET);
	memcpy(page, &elf, sizeof(elf));
	memcpy(page + sizeof(elf), &load, sizeof(load));
}

static int write_output(const char *name, const unsigned char *headers, const unsigned char *image,
			size_t bytes)
{
	FILE *file = fopen(name, "wb");
	bool written;

	if (!file) {
		return fail(name, "cannot be created");
	}
	written = fwrite(headers, 1, IMAGE_OFFSET, file) == IMAGE_OFFSET &&
		  fwrite(image, 1, bytes, file) == bytes;
	if (fclose(file) != 0 || !written) {
		remove(name);
		return fail(name, "cannot be written");
	}
	return 0;
}

int main(int argc, char **argv)
{
	static unsigned char headers[IMAGE_OFFSET];
	struct core_image_header core;
	unsigned char *image;
	const char *fault;
	size_t bytes;
	FILE *file;
	int status;
	bool pvh = argc > 1 && strcmp(argv[1], "--pvh") == 0;

	argv += pvh;
	if (argc - pvh != 3) {
		fprintf(stderr, "usage: wrap32 [--pvh] CORE.BIN OUTPUT\n");
		return 2;
	}
	image = calloc(1, IMAGE_MAX);
	file = fopen(argv[1], "rb");
	if (!image || !file) {
		free(image);
		return fail(argv[1], "cannot be read");
	}
	bytes = fread(image, 1, IMAGE_MAX, file);
	fclose(file);
	memcpy(&core, image, sizeof(core));
	fault = core_image_fault(&core, bytes);
	if (bytes == IMAGE_MAX) {
		fault = "larger than 64 MiB";
	} else if (!fault && !has_multiboot_header(image, bytes)) {
		fault = "no valid multiboot header within the first 4 KiB of the image";
	}
	if (fault) {
		status = fail(argv[1], fault);
	} else {
		make_headers(headers, &core, bytes);
		if (pvh) {
			wipe_multiboot_headers(image);
			add_note(headers, &core);
		}
		status = write_output(argv[2], headers, image, bytes);
	}
	free(image);
	return status;
}
