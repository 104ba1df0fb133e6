/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small kernels for the tests of the domain builder: ELF files with Xen notes, made in memory and
 * written to a temporary file. Their segments hold recognizable bytes.
 */
#ifndef UNIT_FAKE_KERNEL_H
#define UNIT_FAKE_KERNEL_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/elfnote.h>

#define FAKE_KERNEL_PADDR 0x1000000UL
#define FAKE_KERNEL_TEXT 0x3000UL /* bytes of the first segment */
#define FAKE_KERNEL_DATA 0x1800UL /* of the second, in the file */
#define FAKE_KERNEL_BSS 0x5000UL  /* and in memory */
#define FAKE_KERNEL_DATA_PADDR 0x1200000UL
#define FAKE_KERNEL_VIRT 0xffffffff80000000UL
#define FAKE_KERNEL_ENTRY (FAKE_KERNEL_VIRT + FAKE_KERNEL_PADDR + 0x123)

/* The file: ehdr, 3 phdrs, notes at 0x400, segments at 0x1000 and 0x4000. */
struct fake_kernel {
	uint8_t file[0x6000];
	Elf64_Ehdr *ehdr;
	Elf64_Phdr *phdrs;
	size_t notes; /* bytes used */
};

static inline void fake_kernel_note(struct fake_kernel *kernel, uint32_t type, const void *data,
				    uint32_t size)
{
	Elf64_Nhdr note = {.n_namesz = 4, .n_descsz = size, .n_type = type};
	uint8_t *at = kernel->file + 0x400 + kernel->notes;

	memcpy(at, &note, sizeof(note));
	memcpy(at + sizeof(note), "Xen", 4);
	memcpy(at + sizeof(note) + 4, data, size);
	kernel->notes += sizeof(note) + 4 + ((size + 3) & ~3U);
	kernel->phdrs[2].p_filesz = kernel->notes;
}

static inline void fake_kernel_number(struct fake_kernel *kernel, uint32_t type, uint64_t number)
{
	fake_kernel_note(kernel, type, &number, sizeof(number));
}

/* Without notes. */
static inline void fake_kernel_start(struct fake_kernel *kernel)
{
	uint32_t noise = 1;

	*kernel = (struct fake_kernel){0};
	kernel->ehdr = (Elf64_Ehdr *)kernel->file;
	kernel->phdrs = (Elf64_Phdr *)(kernel->file + sizeof(Elf64_Ehdr));
	memcpy(kernel->ehdr->e_ident, ELFMAG, SELFMAG);
	kernel->ehdr->e_ident[EI_CLASS] = ELFCLASS64;
	kernel->ehdr->e_ident[EI_DATA] = ELFDATA2LSB;
	kernel->ehdr->e_type = ET_EXEC;
	kernel->ehdr->e_machine = EM_X86_64;
	kernel->ehdr->e_phoff = sizeof(Elf64_Ehdr);
	kernel->ehdr->e_phentsize = sizeof(Elf64_Phdr);
	kernel->ehdr->e_phnum = 3;
	kernel->phdrs[0] = (Elf64_Phdr){.p_type = PT_LOAD,
					.p_flags = PF_R | PF_X,
					.p_offset = 0x1000,
					.p_paddr = FAKE_KERNEL_PADDR,
					.p_filesz = FAKE_KERNEL_TEXT,
					.p_memsz = FAKE_KERNEL_TEXT};
	kernel->phdrs[1] = (Elf64_Phdr){.p_type = PT_LOAD,
					.p_flags = PF_R | PF_W,
					.p_offset = 0x4000,
					.p_paddr = FAKE_KERNEL_DATA_PADDR,
					.p_filesz = FAKE_KERNEL_DATA,
					.p_memsz = FAKE_KERNEL_BSS};
	kernel->phdrs[2] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = 0x400};
	for (size_t i = 0; i < FAKE_KERNEL_TEXT; i++) {
		noise = noise * 1103515245 + 12345;
		kernel->file[0x1000 + i] = (uint8_t)(noise >> 24);
	}
	memset(kernel->file + 0x4000, 0xd1, FAKE_KERNEL_DATA);
}

/* As Linux describes itself. */
static inline void fake_kernel_linux(struct fake_kernel *kernel)
{
	fake_kernel_start(kernel);
	fake_kernel_note(kernel, XEN_ELFNOTE_GUEST_OS, "linux", 6);
	fake_kernel_note(kernel, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
	fake_kernel_note(kernel, XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb",
			 42);
	fake_kernel_number(kernel, XEN_ELFNOTE_VIRT_BASE, FAKE_KERNEL_VIRT);
	fake_kernel_number(kernel, XEN_ELFNOTE_ENTRY, FAKE_KERNEL_ENTRY);
	fake_kernel_number(kernel, XEN_ELFNOTE_INIT_P2M, 0x8000000000UL);
	fake_kernel_number(kernel, XEN_ELFNOTE_MOD_START_PFN, 1);
	fake_kernel_number(kernel, XEN_ELFNOTE_PHYS32_ENTRY, FAKE_KERNEL_PADDR + 0x850);
}

/* As mini-os does: everything within the map, stubs filled by the builder. */
static inline void fake_kernel_mini(struct fake_kernel *kernel)
{
	fake_kernel_start(kernel);
	kernel->phdrs[0].p_paddr = 0;
	kernel->phdrs[1].p_paddr = 0x200000;
	kernel->ehdr->e_entry = 0x40;
	fake_kernel_note(kernel, XEN_ELFNOTE_GUEST_OS, "Mini-OS", 8);
	fake_kernel_note(kernel, XEN_ELFNOTE_LOADER, "generic", 8);
	fake_kernel_note(kernel, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
	fake_kernel_number(kernel, XEN_ELFNOTE_HYPERCALL_PAGE, 0x2000);
}

static inline void fake_file_write(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file)) {
		abort();
	}
}

#endif
