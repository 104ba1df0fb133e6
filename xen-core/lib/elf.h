/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads ELF64 x86-64 images in memory: segments, sections, and the notes by which a kernel tells
 * a Xen-compatible hypervisor how it wants to be started (xen/include/public/elfnote.h).
 * Parsing only; nothing is loaded or allocated. Results point into the image.
 */
#ifndef LIB_ELF_H
#define LIB_ELF_H

#include "lib/types.h"

enum elf_class { ELF_CLASS_NONE, ELF_CLASS_32, ELF_CLASS_64 };

/* p_type values. */
#define ELF_SEGMENT_LOAD 1u
#define ELF_SEGMENT_NOTE 4u

/* p_flags bits. */
#define ELF_FLAG_EXECUTE 1u
#define ELF_FLAG_WRITE 2u
#define ELF_FLAG_READ 4u

/* sh_type values. */
#define ELF_SECTION_STRTAB 3u
#define ELF_SECTION_NOTE 7u
#define ELF_SECTION_NOBITS 8u

struct elf_image {
	const uint8_t *data;
	size_t size;
	uint64_t entry;
	uint64_t segments_offset;
	uint64_t sections_offset;
	uint32_t segment_count;
	uint32_t section_count;
	uint32_t names_index; /* section with the section names, or 0 */
};

struct elf_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t offset;
	uint64_t filesz; /* offset + filesz is inside the image, filesz <= memsz for LOAD */
	uint64_t memsz;	 /* paddr + memsz does not wrap */
};

struct elf_section {
	const char *name; /* terminated inside the image, or "" */
	uint32_t type;
	uint32_t link;
	uint64_t flags;
	uint64_t addr;
	uint64_t offset; /* offset + size is inside the image unless type is NOBITS */
	uint64_t size;
};

/* What the data is, judging by its first bytes. */
enum elf_class elf_class_of(const void *data, size_t size);

/* On error -XEN_EINVAL and *why says what is wrong. Every segment is checked here. */
int must_check elf_open(struct elf_image *image, const void *data, size_t size, const char **why);

static inline uint64_t elf_entry(const struct elf_image *image)
{
	return image->entry;
}

static inline uint32_t elf_segment_count(const struct elf_image *image)
{
	return image->segment_count;
}

/* i < elf_segment_count(). */
struct elf_segment elf_segment(const struct elf_image *image, uint32_t i);

static inline uint32_t elf_section_count(const struct elf_image *image)
{
	return image->section_count;
}

/* -XEN_EINVAL when the section reaches outside the image. */
int must_check elf_section(const struct elf_image *image, uint32_t i, struct elf_section *section);

/* First byte of a segment's file contents, filesz bytes long. */
static inline const void *elf_segment_data(const struct elf_image *image,
					   const struct elf_segment *segment)
{
	return image->data + segment->offset;
}

/* Text of a note or of a key in the legacy section: not terminated. text NULL: absent. */
struct elf_text {
	const char *text;
	size_t length;
};

bool elf_text_eq(const struct elf_text *a, const char *b);

enum elf_xen_notes_source { ELF_XEN_NO_NOTES, ELF_XEN_SEGMENT, ELF_XEN_SECTION, ELF_XEN_LEGACY };

struct elf_xen_notes {
	enum elf_xen_notes_source source;
	bool has_entry, has_hypercall_page, has_virt_base, has_paddr_offset, has_init_p2m;
	bool has_mod_start_pfn, has_phys32_entry;
	uint64_t entry;		/* e_entry without has_entry */
	uint64_t hypercall_page; /* virtual address */
	uint64_t virt_base;	/* 0 when absent */
	uint64_t paddr_offset;	/* 0, or virt_base in a legacy image, when absent */
	uint64_t init_p2m;
	uint64_t mod_start_pfn;
	uint64_t phys32_entry;	/* of a PVH kernel: guest physical */
	struct elf_text features;
	struct elf_text guest_os;
	struct elf_text loader;
	struct elf_text xen_version;
	struct elf_text pae_mode;
	bool pae;	  /* PAE_MODE "yes" or "bimodal", with or without extended-cr3 */

	/* Computed: all PT_LOADs with any of R, W, X. */
	uint64_t paddr_start; /* lowest p_paddr */
	uint64_t paddr_end;   /* highest p_paddr + memsz */
	uint64_t virt_start;  /* paddr_start - paddr_offset + virt_base */
	uint64_t virt_end;
};

/*
 * Looks in PT_NOTE, then SHT_NOTE, then the __xen_guest section. -XEN_ENOENT when there is none of
 * them, -XEN_EINVAL when they are malformed, *why naming the reason. Says nothing about whether
 * the kernel can run here: elf_xen_check_pv() does.
 */
int must_check elf_xen_notes_parse(const struct elf_image *image, struct elf_xen_notes *notes,
				   const char **why);

/*
 * What must hold before a PV guest is built from the image: version and OS fit, the required
 * features are known, VIRT_BASE <= start <= entry <= end, INIT_P2M outside.
 */
int must_check elf_xen_check_pv(const struct elf_xen_notes *notes, const char **why);

/* The virtual address at which a PV kernel sees its physical address. */
static inline uint64_t elf_xen_virt(const struct elf_xen_notes *notes, uint64_t paddr)
{
	return paddr - notes->paddr_offset + notes->virt_base;
}

#endif
