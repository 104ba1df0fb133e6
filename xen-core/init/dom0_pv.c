/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain 0 as a paravirtual guest: its memory, first page tables, start_info, vcpu 0.
 *
 * PFNs, each also mapped at VIRT_BASE + PFN * 4096 up to "end":
 *
 *     kernel | initrd* | p2m* | start_info | page tables: L4 L3 L2 L1.. | stack | padding | end
 *
 * one contiguous block of machine memory; behind it, unmapped, initrd and p2m unless they are
 * where the stars are (kernels without the notes MOD_START_PFN and INIT_P2M), then all other RAM.
 * The p2m is then mapped at INIT_P2M by tables of its own that follow it: one PFN range.
 */
#include "init/dom0.h"
#include "init/init.h"

#include "domain/memory.h"
#include "domain/restart.h"
#include "lib/log.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/asm.h"
#include "machine/frames.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "pv/cpuid.h"
#include "pv/pv.h"
#include "pv/type.h"
#include "x86/cr.h"

#include <xen/errno.h>
#include <xen/start_info.h>

#define PAGES_OF(bytes) (((bytes) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PAGE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)

/* All in pages; *_pfn are numbers from VIRT_BASE. */
struct layout {
	uint64_t virt_base;
	uint64_t kernel_end;
	uint64_t initrd_pfn, initrd_pages;
	uint64_t p2m_pfn, p2m_pages;     /* the list itself */
	uint64_t p2m_table_pages;        /* tables behind it; 0 when it is inside the map */
	uint64_t start_info_pfn;
	uint64_t tables_pfn, l1_count;   /* L4, L3, L2, then l1_count L1s */
	uint64_t stack_pfn;
	uint64_t end;
	unsigned int order;              /* of the contiguous block */
};

struct builder {
	struct domain *d;
	const struct dom0 *from;
	struct layout layout;
	uint64_t *p2m; /* mfn of each pfn */
	unsigned int p2m_order;
};

/* --- where ----------------------------------------------------------------------------------- */

static void lay_out(struct builder *b)
{
	const struct elf_xen_notes *notes = &b->from->image.notes;
	struct layout *l = &b->layout;
	uint64_t next;

	l->virt_base = notes->virt_base;
	l->kernel_end = PAGES_OF(notes->virt_end - notes->virt_base);
	l->initrd_pages = b->from->initrd ? PAGES_OF(b->from->initrd->bytes) : 0;
	l->p2m_pages = PAGES_OF(b->from->pages * sizeof(uint64_t));
	next = l->kernel_end;
	if (!notes->has_mod_start_pfn) {
		l->initrd_pfn = next;
		next += l->initrd_pages;
	}
	if (!notes->has_init_p2m) {
		l->p2m_pfn = next;
		next += l->p2m_pages;
	}
	l->start_info_pfn = next++;
	l->tables_pfn = next;
	for (l->l1_count = 1;; l->l1_count++) {
		l->stack_pfn = l->tables_pfn + 3 + l->l1_count;
		l->end =
			align_up(l->stack_pfn + 1 + (KIB(512) >> PAGE_SHIFT), MIB(4) >> PAGE_SHIFT);
		if (l->l1_count * PT_ENTRIES >= l->end) {
			break;
		}
	}
	l->order = order_of(l->end);
	next = 1UL << l->order;
	if (notes->has_mod_start_pfn) {
		l->initrd_pfn = next;
		next += l->initrd_pages;
	}
	if (notes->has_init_p2m) {
		l->p2m_pfn = next;
		l->p2m_table_pages = div_round_up(l->p2m_pages, PT_ENTRIES);
		l->p2m_table_pages += div_round_up(l->p2m_table_pages, PT_ENTRIES) + 1;
		next += l->p2m_pages + l->p2m_table_pages;
	}
	if (l->virt_base & ((1UL << L3_SHIFT) - 1) || l->end > PT_ENTRIES * PT_ENTRIES) {
		dom0_refuse("kernel", "does not fit in one GiB at a GiB boundary");
	}
	if (next > b->from->pages) {
		dom0_refuse("dom0_mem", "too little for kernel and initrd; give it more");
	}
}

/* --- memory ---------------------------------------------------------------------------------- */

static void take(struct builder *b, uint64_t *pfn, unsigned int order)
{
	mfn_t first;

	while (memory_allocate(b->d, order, 0, MEMORY_NO_CONTENTS, &first)) {
		if (order == 0 || *pfn == 0) {
			dom0_refuse("memory", "the machine has not enough of it in one piece");
		}
		order--;
	}
	for (uint64_t i = 0; i < 1UL << order; i++, (*pfn)++) {
		b->p2m[*pfn] = first.n + i;
		m2p_set(mfn_add(first, i), *pfn);
	}
	memset(frame_map(first), 0, PAGE_SIZE << order);
}

static void allocate(struct builder *b)
{
	uint64_t pfn = 0;

	b->p2m_order = order_of(PAGES_OF(b->from->pages * sizeof(uint64_t)));
	b->p2m = heap_alloc_pages(b->p2m_order);
	if (!b->p2m) {
		dom0_refuse("memory", "none for the p2m");
	}
	b->d->frame_max = max_u64(b->from->pages, 1UL << b->layout.order);
	take(b, &pfn, b->layout.order);
	while (pfn < b->from->pages) {
		unsigned int order = log2_floor(b->from->pages - pfn);

		take(b, &pfn, order > 9 ? 9 : order);
	}
}

static void *page_of(struct builder *b, uint64_t pfn)
{
	return frame_map(mfn(b->p2m[pfn]));
}

static void copy_to_pfns(struct builder *b, uint64_t pfn, const void *data, uint64_t bytes)
{
	const char *from = data;

	for (uint64_t done = 0; done < bytes; done += PAGE_SIZE) {
		memcpy(page_of(b, pfn++), from + done, min_u64(bytes - done, PAGE_SIZE));
	}
}

static void load_kernel(struct builder *b)
{
	const struct elf_xen_notes *notes = &b->from->image.notes;
	char *memory = page_of(b, 0); /* contiguous up to layout.end */

	for (uint32_t i = 0; i < elf_segment_count(&b->from->image.elf); i++) {
		struct elf_segment segment = elf_segment(&b->from->image.elf, i);

		if (segment.type == ELF_SEGMENT_LOAD && segment.flags & 7) {
			memcpy(memory + (elf_xen_virt(notes, segment.paddr) - notes->virt_base),
			       elf_segment_data(&b->from->image.elf, &segment), segment.filesz);
		}
	}
	if (notes->has_hypercall_page) {
		pv_fill_hypercall_page(memory + (notes->hypercall_page - notes->virt_base));
	}
}

/* --- page tables ----------------------------------------------------------------------------- */

static pte_t *table(struct builder *b, uint64_t pfn)
{
	return page_of(b, pfn);
}

static void link(struct builder *b, pte_t *slot, uint64_t pfn)
{
	*slot = pte_make(mfn(b->p2m[pfn]), TABLE_FLAGS);
}

static void build_map(struct builder *b)
{
	struct layout *l = &b->layout;
	uint64_t l4 = l->tables_pfn, l3 = l4 + 1, l2 = l4 + 2, l1 = l4 + 3;

	link(b, &table(b, l4)[l4_index(l->virt_base)], l3);
	link(b, &table(b, l3)[l3_index(l->virt_base)], l2);
	for (uint64_t i = 0; i < l->l1_count; i++) {
		link(b, &table(b, l2)[i], l1 + i);
	}
	for (uint64_t pfn = 0; pfn < l->end; pfn++) {
		bool is_table = pfn >= l4 && pfn < l1 + l->l1_count;

		table(b, l1 + pfn / PT_ENTRIES)[pfn % PT_ENTRIES] =
			pte_make(mfn(b->p2m[pfn]), is_table ? PAGE_FLAGS & ~PTE_RW : PAGE_FLAGS);
	}
}

/* The p2m at INIT_P2M: list, L1s, L2s, L3 in one PFN range. */
static void build_p2m_map(struct builder *b)
{
	struct layout *l = &b->layout;
	uint64_t address = b->from->image.notes.init_p2m;
	uint64_t l1 = l->p2m_pfn + l->p2m_pages;
	uint64_t l1_count = div_round_up(l->p2m_pages, PT_ENTRIES);
	uint64_t l2 = l1 + l1_count;
	uint64_t l2_count = div_round_up(l1_count, PT_ENTRIES);
	uint64_t l3 = l2 + l2_count;

	if (address & ((1UL << L3_SHIFT) - 1) ||
	    l4_index(address) == l4_index(l->virt_base) || address_is_hypervisor(address)) {
		dom0_refuse("kernel", "its INIT_P2M address cannot be used");
	}
	link(b, &table(b, l->tables_pfn)[l4_index(address)], l3);
	for (uint64_t i = 0; i < l2_count; i++) {
		link(b, &table(b, l3)[l3_index(address) + i], l2 + i);
	}
	for (uint64_t i = 0; i < l1_count; i++) {
		link(b, &table(b, l2 + i / PT_ENTRIES)[i % PT_ENTRIES], l1 + i);
	}
	for (uint64_t i = 0; i < l->p2m_pages; i++) {
		table(b, l1 + i / PT_ENTRIES)[i % PT_ENTRIES] =
			pte_make(mfn(b->p2m[l->p2m_pfn + i]), PAGE_FLAGS);
	}
}

/* --- start_info ------------------------------------------------------------------------------ */

static uint64_t virt_of(const struct builder *b, uint64_t pfn)
{
	return b->layout.virt_base + (pfn << PAGE_SHIFT);
}

static void describe_screen(struct start_info *si)
{
	const struct boot_framebuffer *fb = &boot.framebuffer;
	struct dom0_vga_console_info *info = (struct dom0_vga_console_info *)(si + 1);

	si->console.dom0.info_off = sizeof(*si);
	si->console.dom0.info_size = sizeof(*info);
	if (fb->base == 0) {
		info->video_type = XEN_VGATYPE_TEXT_MODE_3;
		info->u.text_mode_3.font_height = 16;
		info->u.text_mode_3.rows = 25;
		info->u.text_mode_3.columns = 80;
		return;
	}
	info->video_type = XEN_VGATYPE_EFI_LFB;
	info->u.vesa_lfb.width = (uint16_t)fb->width;
	info->u.vesa_lfb.height = (uint16_t)fb->height;
	info->u.vesa_lfb.bytes_per_line = (uint16_t)fb->pitch;
	info->u.vesa_lfb.bits_per_pixel = (uint16_t)fb->bits_per_pixel;
	info->u.vesa_lfb.lfb_base = (uint32_t)fb->base;
	info->u.vesa_lfb.ext_lfb_base = (uint32_t)(fb->base >> 32);
	info->u.vesa_lfb.lfb_size = (uint32_t)div_round_up(fb->bytes, KIB(64));
	info->u.vesa_lfb.red_pos = fb->red_position;
	info->u.vesa_lfb.red_size = fb->red_bits;
	info->u.vesa_lfb.green_pos = fb->green_position;
	info->u.vesa_lfb.green_size = fb->green_bits;
	info->u.vesa_lfb.blue_pos = fb->blue_position;
	info->u.vesa_lfb.blue_size = fb->blue_bits;
	info->u.vesa_lfb.rsvd_pos = fb->reserved_position;
	info->u.vesa_lfb.rsvd_size = fb->reserved_bits;
}

static void write_start_info(struct builder *b)
{
	const struct elf_xen_notes *notes = &b->from->image.notes;
	struct layout *l = &b->layout;
	struct start_info *si = page_of(b, l->start_info_pfn);
	size_t length = strlen(b->from->kernel->cmdline);

	memcpy(si->magic, notes->pae ? "xen-3.0-x86_64p" : "xen-3.0-x86_64", notes->pae ? 15 : 14);
	si->nr_pages = b->from->pages;
	si->shared_info = pointer_to_maddr(b->d->shared).n;
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = virt_of(b, l->tables_pfn);
	si->nr_pt_frames = 3 + l->l1_count;
	si->mfn_list = notes->has_init_p2m ? notes->init_p2m : virt_of(b, l->p2m_pfn);
	if (notes->has_init_p2m) {
		si->first_p2m_pfn = l->p2m_pfn;
		si->nr_p2m_frames = l->p2m_pages + l->p2m_table_pages;
	}
	if (b->from->initrd) {
		si->flags |= notes->has_mod_start_pfn ? SIF_MOD_START_PFN : 0U;
		si->mod_start =
			notes->has_mod_start_pfn ? l->initrd_pfn : virt_of(b, l->initrd_pfn);
		si->mod_len = b->from->initrd->bytes;
	}
	if (length >= MAX_GUEST_CMDLINE) {
		log_warning("dom0: its command line is cut to %u bytes", MAX_GUEST_CMDLINE - 1);
		length = MAX_GUEST_CMDLINE - 1;
	}
	memcpy(si->cmd_line, b->from->kernel->cmdline, length);
	describe_screen(si);
}

/* --- vcpu 0 ---------------------------------------------------------------------------------- */

static void type_tables(struct builder *b)
{
	mfn_t root = mfn(b->p2m[b->layout.tables_pfn]);
	struct frame *f = frame_of(root);
	int err;

	if (!frame_get(f, b->d->id)) {
		dom0_refuse("page tables", "the root is not dom0's");
	}
	do {
		restart_reset();
		err = pv_type_get(b->d, f, TYPE_L4);
	} while (err == -XEN_ERESTART);
	if (err || !pv_type_pin(f)) {
		dom0_refuse("page tables", "they do not validate");
	}
	do {
		restart_reset();
		err = pv_root_get(b->d, root);
	} while (err == -XEN_ERESTART);
	if (err) {
		dom0_refuse("page tables", "the root cannot be taken");
	}
	b->d->vcpus[0]->pv->kernel_root = root;
}

static void start_vcpu(struct builder *b)
{
	struct vcpu *v = b->d->vcpus[0];

	v->regs.rip = b->from->image.notes.entry;
	v->regs.rsp = virt_of(b, b->layout.stack_pfn + 1);
	v->regs.rsi = virt_of(b, b->layout.start_info_pfn);
	v->regs.rflags = RFLAGS_IF | RFLAGS_FIXED;
	v->regs.cs = SELECTOR_GUEST_CODE64;
	v->regs.ss = SELECTOR_GUEST_DATA;
	v->pv->in_kernel = true;
}

static void report(const struct builder *b)
{
	const struct elf_xen_notes *notes = &b->from->image.notes;
	const struct layout *l = &b->layout;

	log_info("dom0: %lu MiB, %u vcpus, kernel %lx-%lx, entry %lx", b->from->pages >> 8,
		 b->d->max_vcpus, notes->virt_start, notes->virt_end, notes->entry);
	log_info("dom0: start info %lx, page tables %lx, stack %lx, end %lx, initrd pfn %lx, "
		 "p2m %lx",
		 virt_of(b, l->start_info_pfn), virt_of(b, l->tables_pfn),
		 virt_of(b, l->stack_pfn), virt_of(b, l->end), l->initrd_pfn,
		 notes->has_init_p2m ? notes->init_p2m : virt_of(b, l->p2m_pfn));
}

void dom0_build_pv(const struct dom0 *from)
{
	struct builder b = {.d = from->d, .from = from};
	const char *why = "?";

	if (elf_xen_check_pv(&from->image.notes, &why)) {
		dom0_refuse("kernel", why);
	}
	lay_out(&b);
	allocate(&b);
	load_kernel(&b);
	if (from->initrd) {
		copy_to_pfns(&b, b.layout.initrd_pfn, memory_module(from->initrd),
			     from->initrd->bytes);
	}
	build_map(&b);
	if (from->image.notes.has_init_p2m) {
		build_p2m_map(&b);
	}
	copy_to_pfns(&b, b.layout.p2m_pfn, b.p2m, from->pages * sizeof(uint64_t));
	write_start_info(&b);
	type_tables(&b);
	start_vcpu(&b);
	report(&b);
	heap_free_pages(b.p2m, b.p2m_order);
}
