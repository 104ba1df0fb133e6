/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Core files of domains. The sections, by name:
 *
 *     .note.Xen         who made it, how many vcpus and pages, of which format version
 *     .xen_prstatus     one struct vcpu_guest_context for each vcpu
 *     .xen_shared_info  the page of that name
 *     .xen_p2m          PV: pairs (pfn, mfn) of 64 bits; .xen_pfn otherwise: one pfn each
 *     .xen_pages        the pages, in that order
 *
 * A PV guest tells where its p2m is: at an address in its own page tables, or as a list of frames
 * of lists of frames. Both are the guest's to write, so every frame is mapped as one of this
 * domain's and no other, and what it says is only ever used to find more of the guest's own memory.
 */
#include "control/core.h"

#include "call/domain.h"
#include "call/host.h"
#include "call/memory.h"
#include "lib/report.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/shared_info.h>

#define PAGE CALL_PAGE_SIZE
#define ENTRIES (PAGE / sizeof(uint64_t)) /* of a p2m page */
#define BATCH 256U                        /* pages mapped at once */
#define PAGES_LIMIT (1ULL << 28)          /* 1 TiB: no domain here is larger */
#define PTE_PRESENT 1ULL
#define PTE_FRAME 0x000ffffffffff000ULL
#define NOTE_NONE 0x2000000U
#define NOTE_HEADER 0x2000001U
#define NOTE_VERSION 0x2000003U
#define MAGIC_PV 0xF00FEBEDULL
#define MAGIC_HVM 0xF00FEBEEULL
#define FORMAT_VERSION 1ULL

enum section { SECTION_NULL, NAMES, NOTES, PRSTATUS, SHARED_INFO, P2M, PAGES, SECTIONS };

struct page {
	uint64_t pfn;
	uint64_t frame; /* what maps it: the mfn of a PV guest, the pfn of others */
};

struct dump {
	struct control *control;
	domid_t domid;
	struct xen_domctl_getdomaininfo info;
	bool translated;
	uint32_t vcpus;
	struct vcpu_guest_context *contexts;
	struct shared_info *shared; /* mapped; NULL: none */
	struct page *pages;
	size_t page_count;
	size_t page_room;
	int fd;
	struct report *report;
};

static int add_page(struct dump *dump, uint64_t pfn, uint64_t frame)
{
	if (dump->page_count == dump->page_room) {
		size_t room = dump->page_room ? dump->page_room * 2 : 4096;
		struct page *grown = reallocarray(dump->pages, room, sizeof(*grown));

		if (!grown) {
			return report_error(dump->report, ENOMEM, "the pages of domain %u",
					    dump->domid);
		}
		dump->pages = grown;
		dump->page_room = room;
	}
	dump->pages[dump->page_count++] = (struct page){.pfn = pfn, .frame = frame};
	return 0;
}

static int map_one(struct dump *dump, uint64_t frame, void **at)
{
	xen_pfn_t one = frame;

	return call_map(dump->control->call, dump->domid, &one, 1, PROT_READ, at, NULL);
}

/* One page of the p2m: the frames of ENTRIES pfns. */
static int add_leaf(struct dump *dump, uint64_t frame, uint64_t first, uint64_t end)
{
	uint64_t *entries;
	void *at;
	int err = map_one(dump, frame, &at);

	if (err) {
		return err == -ENOMEM ? err : 0; /* a hole */
	}
	entries = at;
	for (uint64_t i = 0; i < ENTRIES && first + i < end && !err; i++) {
		uint64_t mfn = entries[i];

		/* The top bits mark what is not memory: foreign frames, identity, nothing. */
		if (mfn >> 62 == 0 && mfn != 0) {
			err = add_page(dump, first + i, mfn);
		}
	}
	call_unmap(dump->control->call, at, 1);
	return err;
}

static int add_middle(struct dump *dump, uint64_t frame, uint64_t first, uint64_t end)
{
	uint64_t *frames;
	void *at;
	int err = map_one(dump, frame, &at);

	if (err) {
		return 0;
	}
	frames = at;
	for (uint64_t i = 0; i < ENTRIES && first + i * ENTRIES < end && !err; i++) {
		err = add_leaf(dump, frames[i], first + i * ENTRIES, end);
	}
	call_unmap(dump->control->call, at, 1);
	return err;
}

/* The frame behind an address, by the guest's tables. -ENOENT: nothing is there. */
static int walk(struct dump *dump, uint64_t root, uint64_t address, uint64_t *frame)
{
	*frame = root;
	for (unsigned int level = 4; level > 0; level--) {
		uint64_t index = address >> (12 + 9 * (level - 1)) & (ENTRIES - 1), entry;
		void *at;

		if (map_one(dump, *frame, &at)) {
			return -ENOENT;
		}
		entry = ((const uint64_t *)at)[index];
		call_unmap(dump->control->call, at, 1);
		if (!(entry & PTE_PRESENT)) {
			return -ENOENT;
		}
		*frame = (entry & PTE_FRAME) >> 12;
	}
	return 0;
}

static int collect_virtual(struct dump *dump, uint64_t end)
{
	uint64_t root = dump->shared->arch.p2m_cr3 >> 12, address = dump->shared->arch.p2m_vaddr;
	int err = 0;

	for (uint64_t first = 0; first < end && !err; first += ENTRIES) {
		uint64_t frame;

		if (!walk(dump, root, address + first * sizeof(uint64_t), &frame)) {
			err = add_leaf(dump, frame, first, end);
		}
	}
	return err;
}

static int collect_listed(struct dump *dump, uint64_t end)
{
	uint64_t *frames;
	void *at;
	int err = 0;

	if (map_one(dump, dump->shared->arch.pfn_to_mfn_frame_list_list, &at)) {
		return 0;
	}
	frames = at;
	for (uint64_t i = 0; i < ENTRIES && i * ENTRIES * ENTRIES < end && !err; i++) {
		err = add_middle(dump, frames[i], i * ENTRIES * ENTRIES, end);
	}
	call_unmap(dump->control->call, at, 1);
	return err;
}

static int collect_pv(struct dump *dump)
{
	uint64_t end = dump->shared ? dump->shared->arch.max_pfn : 0;
	int err = 0;

	if (end > 0 && end <= PAGES_LIMIT) {
		err = dump->shared->arch.p2m_cr3 ? collect_virtual(dump, end)
						 : collect_listed(dump, end);
	}
	if (!err && dump->page_count == 0) {
		report_error(dump->report, ENODATA, "the memory of domain %u", dump->domid);
		report_why(dump->report, "its kernel has not said yet where its pages are");
		report_next(dump->report, "this works once the guest has started");
		err = -ENODATA;
	}
	return err;
}

static int collect_translated(struct dump *dump)
{
	uint64_t last = 0;
	int err = call_memory_max_gpfn(dump->control->call, dump->domid, &last);

	if (err) {
		return control_failed(dump->report, err, "memory_op maximum_gpfn",
				      "the memory of domain %u", dump->domid);
	}
	for (uint64_t pfn = 0; pfn <= last && last < PAGES_LIMIT && !err; pfn++) {
		err = add_page(dump, pfn, pfn);
	}
	return err;
}

/* Keeps only what can be mapped: holes of a translated guest, stale entries of a PV one. */
static int drop_holes(struct dump *dump)
{
	size_t kept = 0;

	for (size_t first = 0; first < dump->page_count; first += BATCH) {
		size_t count = dump->page_count - first < BATCH ? dump->page_count - first : BATCH;
		xen_pfn_t frames[BATCH];
		int errors[BATCH];
		void *at;

		for (size_t i = 0; i < count; i++) {
			frames[i] = dump->pages[first + i].frame;
		}
		if (call_map_some(dump->control->call, dump->domid, frames, count, PROT_READ,
				  errors, &at)) {
			continue;
		}
		call_unmap(dump->control->call, at, count);
		for (size_t i = 0; i < count; i++) {
			if (errors[i] == 0) {
				dump->pages[kept++] = dump->pages[first + i];
			}
		}
	}
	dump->page_count = kept;
	return 0;
}

/* --- writing --------------------------------------------------------------------------------- */
static int put(struct dump *dump, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t written = write(dump->fd, (const char *)data + done, size - done);

		if (written < 0 && errno != EINTR) {
			return report_error(dump->report, errno, "writing the core file");
		}
		done += written > 0 ? (size_t)written : 0;
	}
	return 0;
}

static int put_zeros(struct dump *dump, size_t size)
{
	static const char zeros[PAGE];

	return put(dump, zeros, size);
}

struct note {
	Elf64_Nhdr header;
	char name[4];
};

static const char section_names[] =
	"\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_shared_info\0.xen_p2m\0.xen_pfn\0.xen_pages";

static Elf64_Word name_offset(const char *name)
{
	Elf64_Word at = 1;

	while (strcmp(section_names + at, name) != 0) {
		at += (Elf64_Word)strlen(section_names + at) + 1;
	}
	return at;
}

/* The whole of .note.Xen. */
struct notes {
	struct note none;
	struct note header;
	uint64_t magic;
	uint64_t vcpus;
	uint64_t pages;
	uint64_t page_size;
	struct note version;
	uint64_t format;
};

static void fill_notes(const struct dump *dump, struct notes *notes)
{
	const char name[4] = "Xen";

	memset(notes, 0, sizeof(*notes));
	notes->none.header = (Elf64_Nhdr){sizeof(name), 0, NOTE_NONE};
	notes->header.header = (Elf64_Nhdr){sizeof(name), 32, NOTE_HEADER};
	notes->version.header = (Elf64_Nhdr){sizeof(name), 8, NOTE_VERSION};
	memcpy(notes->none.name, name, sizeof(name));
	memcpy(notes->header.name, name, sizeof(name));
	memcpy(notes->version.name, name, sizeof(name));
	notes->magic = dump->translated ? MAGIC_HVM : MAGIC_PV;
	notes->vcpus = dump->vcpus;
	notes->pages = dump->page_count;
	notes->page_size = PAGE;
	notes->format = FORMAT_VERSION;
}

static void lay_out(const struct dump *dump, Elf64_Shdr sections[SECTIONS])
{
	const size_t entry = dump->translated ? sizeof(uint64_t) : sizeof(struct page);
	const size_t sizes[SECTIONS] = {
		[NAMES] = sizeof(section_names),
		[NOTES] = sizeof(struct notes),
		[PRSTATUS] = dump->vcpus * sizeof(struct vcpu_guest_context),
		[SHARED_INFO] = dump->shared ? PAGE : 0,
		[P2M] = dump->page_count * entry,
		[PAGES] = dump->page_count * PAGE,
	};
	const char *const names[SECTIONS] = {
		[NAMES] = ".shstrtab",
		[NOTES] = ".note.Xen",
		[PRSTATUS] = ".xen_prstatus",
		[SHARED_INFO] = ".xen_shared_info",
		[P2M] = dump->translated ? ".xen_pfn" : ".xen_p2m",
		[PAGES] = ".xen_pages",
	};
	size_t at = sizeof(Elf64_Ehdr) + SECTIONS * sizeof(Elf64_Shdr);

	memset(sections, 0, SECTIONS * sizeof(Elf64_Shdr));
	for (unsigned int i = NAMES; i < SECTIONS; i++) {
		size_t align = i == PAGES ? PAGE : 8;

		at = (at + align - 1) / align * align;
		sections[i] = (Elf64_Shdr){
			.sh_name = name_offset(names[i]),
			.sh_type = i == NAMES   ? SHT_STRTAB
				   : i == NOTES ? SHT_NOTE
						: SHT_PROGBITS,
			.sh_offset = at,
			.sh_size = sizes[i],
			.sh_addralign = align,
		};
		at += sizes[i];
	}
	sections[PRSTATUS].sh_entsize = sizeof(struct vcpu_guest_context);
	sections[P2M].sh_entsize = entry;
	sections[PAGES].sh_entsize = PAGE;
}

static int put_header(struct dump *dump, const Elf64_Shdr sections[SECTIONS])
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
			    ELFOSABI_NONE},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = NAMES,
	};
	int err = put(dump, &header, sizeof(header));

	return err ? err : put(dump, sections, SECTIONS * sizeof(*sections));
}

static int put_p2m(struct dump *dump)
{
	int err = 0;

	if (!dump->translated) {
		return put(dump, dump->pages, dump->page_count * sizeof(*dump->pages));
	}
	for (size_t i = 0; i < dump->page_count && !err; i++) {
		err = put(dump, &dump->pages[i].pfn, sizeof(uint64_t));
	}
	return err;
}

static int put_pages(struct dump *dump)
{
	int err = 0;

	for (size_t first = 0; first < dump->page_count && !err; first += BATCH) {
		size_t count = dump->page_count - first < BATCH ? dump->page_count - first : BATCH;
		xen_pfn_t frames[BATCH];
		int errors[BATCH];
		char *at;
		void *mapping;

		for (size_t i = 0; i < count; i++) {
			frames[i] = dump->pages[first + i].frame;
		}
		err = call_map_some(dump->control->call, dump->domid, frames, count, PROT_READ,
				    errors, &mapping);
		if (err) {
			return report_error(dump->report, -err, "mapping pages of domain %u",
					    dump->domid);
		}
		at = mapping;
		for (size_t i = 0; i < count && !err; i++) {
			err = errors[i] ? put_zeros(dump, PAGE) : put(dump, at + i * PAGE, PAGE);
		}
		call_unmap(dump->control->call, mapping, count);
	}
	return err;
}

static int put_section(struct dump *dump, enum section section)
{
	struct notes notes;

	switch (section) {
	case SECTION_NULL:
	case SECTIONS:
		return 0;
	case NAMES:
		return put(dump, section_names, sizeof(section_names));
	case NOTES:
		fill_notes(dump, &notes);
		return put(dump, &notes, sizeof(notes));
	case PRSTATUS:
		return put(dump, dump->contexts, dump->vcpus * sizeof(*dump->contexts));
	case SHARED_INFO:
		return dump->shared ? put(dump, dump->shared, PAGE) : 0;
	case P2M:
		return put_p2m(dump);
	case PAGES:
		return put_pages(dump);
	}
	return 0;
}

static int put_all(struct dump *dump)
{
	Elf64_Shdr sections[SECTIONS];
	size_t at = sizeof(Elf64_Ehdr) + sizeof(sections);
	int err;

	lay_out(dump, sections);
	err = put_header(dump, sections);
	for (unsigned int i = NAMES; i < SECTIONS && !err; i++) {
		err = put_zeros(dump, sections[i].sh_offset - at);
		if (!err) {
			err = put_section(dump, (enum section)i);
		}
		at = sections[i].sh_offset + sections[i].sh_size;
	}
	return err;
}

/* --- collecting ------------------------------------------------------------------------------ */
static int read_vcpus(struct dump *dump)
{
	uint32_t count =
		dump->info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : dump->info.max_vcpu_id + 1;

	dump->contexts = calloc(count ? count : 1, sizeof(*dump->contexts));
	if (!dump->contexts) {
		return report_error(dump->report, ENOMEM, "the vcpus of domain %u", dump->domid);
	}
	for (uint32_t vcpu = 0; vcpu < count; vcpu++) {
		/* A vcpu that never ran has no registers, and no place in the file. */
		if (!call_vcpu_get_context(dump->control->call, dump->domid, vcpu,
					   &dump->contexts[dump->vcpus])) {
			dump->vcpus++;
		}
	}
	return 0;
}

static int collect(struct dump *dump)
{
	void *at = NULL;
	int err = read_vcpus(dump);

	if (err) {
		return err;
	}
	if (dump->info.shared_info_frame != ~0ULL &&
	    !map_one(dump, dump->info.shared_info_frame, &at)) {
		dump->shared = at;
	}
	err = dump->translated ? collect_translated(dump) : collect_pv(dump);
	return err ? err : drop_holes(dump);
}

static int run(struct dump *dump, const char *path)
{
	int err = collect(dump);

	if (err) {
		return err;
	}
	dump->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (dump->fd < 0) {
		return report_error(dump->report, errno, "core file %s", path);
	}
	err = put_all(dump);
	if (close(dump->fd) && !err) {
		err = report_error(dump->report, errno, "core file %s", path);
	}
	if (err) {
		unlink(path);
	}
	return err;
}

int control_domain_dump(struct control *control, domid_t domid, const char *path,
			struct report *report)
{
	struct dump dump = {.control = control, .domid = domid, .fd = -1, .report = report};
	bool paused;
	int err = call_domain_info(control->call, domid, &dump.info);

	if (err) {
		return control_failed(report, err, "domctl getdomaininfo", "domain %u", domid);
	}
	dump.translated = dump.info.flags & XEN_DOMINF_hvm_guest;
	paused = !call_domain_pause(control->call, domid);
	err = run(&dump, path);
	if (paused) {
		call_domain_unpause(control->call, domid);
	}
	call_unmap(control->call, dump.shared, 1);
	free(dump.contexts);
	free(dump.pages);
	return err;
}
