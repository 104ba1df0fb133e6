/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor tables of PV guests. A frame in a GDT or LDT has the type SEGDESC, so nobody can write
 * to it but pv_update_descriptor(), and its 512 descriptors have been checked (pv/validate.c).
 *
 *     GDT frame: in gdt_frames[], with a general and a SEGDESC reference, shown at once
 *     LDT page:  not looked up -> in ldt_frames[], with both references, shown: first touch
 *                -> not looked up: SET_LDT, a new kernel root, pv_forget_ldt_pages()
 *
 * The windows of the CPU (machine/tables.h) are changed only for the vcpu loaded on it.
 */
#include "pv/desc.h"

#include "pv/type.h"
#include "pv/va.h"

#include "lib/math.h"
#include "machine/frames.h"
#include "machine/shared.h"
#include "x86/desc.h"

#include <xen/errno.h>

#define DESCRIPTORS_PER_PAGE 512U
#define SELECTOR_TO_ENTRY(selector) ((uint32_t)(selector) >> SELECTOR_INDEX_SHIFT)

static bool is_loaded(struct vcpu *v)
{
	return vcpu_regs(v) != &v->regs;
}

static int get_segdesc(struct domain *d, mfn_t m)
{
	struct frame *f;
	int err;

	if (!frame_is_valid(m)) {
		return -XEN_EINVAL;
	}
	f = frame_of(m);
	if (!pv_frame_get(f, d->id)) {
		return -XEN_EINVAL;
	}
	err = pv_type_get(d, f, TYPE_SEGDESC);
	if (err) {
		pv_frame_put(f);
	}
	return err;
}

static void put_segdesc(struct domain *d, mfn_t m)
{
	struct frame *f = frame_of(m);

	/* Only page tables have contents to undo, so this never asks for a restart. */
	(void)!pv_type_put(d, f);
	pv_frame_put(f);
}

/* --- GDT ------------------------------------------------------------------------------------- */

static void put_gdt_frames(struct vcpu *v, mfn_t frames[GDT_GUEST_FRAMES])
{
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		if (!mfn_is_none(frames[i])) {
			put_segdesc(v->domain, frames[i]);
			frames[i] = MFN_NONE;
		}
	}
}

int pv_set_gdt(struct vcpu *v, const uint64_t *frames, uint64_t entries)
{
	struct pv_vcpu *p = v->pv;
	mfn_t new[GDT_GUEST_FRAMES];
	mfn_t old[GDT_GUEST_FRAMES];
	unsigned int count = (unsigned int)div_round_up(entries, DESCRIPTORS_PER_PAGE);

	if (entries > GDT_ENTRIES_MAX) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		new[i] = MFN_NONE;
	}
	for (unsigned int i = 0; i < count; i++) {
		int err = get_segdesc(v->domain, mfn(frames[i]));

		if (err) {
			put_gdt_frames(v, new);
			return err;
		}
		new[i] = mfn(frames[i]);
	}
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		old[i] = p->gdt_frames[i];
		p->gdt_frames[i] = new[i];
	}
	p->gdt_entries = (uint32_t)entries;
	if (is_loaded(v)) {
		tables_show_gdt(p->gdt_frames);
	}
	put_gdt_frames(v, old);
	return 0;
}

/* --- LDT ------------------------------------------------------------------------------------- */

void pv_forget_ldt_pages(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;

	if (is_loaded(v)) {
		tables_show_ldt(p->ldt_entries);
	}
	for (unsigned int i = 0; i < LDT_WINDOW_PAGES; i++) {
		if (!mfn_is_none(p->ldt_frames[i])) {
			put_segdesc(v->domain, p->ldt_frames[i]);
			p->ldt_frames[i] = MFN_NONE;
		}
	}
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
	struct pv_vcpu *p = v->pv;

	if (entries > LDT_ENTRIES_MAX || !is_aligned(base, PAGE_SIZE) ||
	    address_is_hypervisor(base)) {
		return -XEN_EINVAL;
	}
	if (entries == 0 && p->ldt_entries == 0) {
		return 0;
	}
	p->ldt_base = base;
	p->ldt_entries = entries;
	pv_forget_ldt_pages(v);
	return 0;
}

bool pv_map_ldt_page(struct vcpu *v, uint32_t offset)
{
	struct pv_vcpu *p = v->pv;
	unsigned int page = offset >> PAGE_SHIFT;
	struct frame *table;
	pte_t *slot;
	pte_t pte;

	if (page >= LDT_WINDOW_PAGES || offset / 8 >= p->ldt_entries) {
		return false;
	}
	if (mfn_is_none(p->ldt_frames[page])) {
		if (pv_va_find(p->kernel_root, p->ldt_base + (offset & PAGE_MASK), &table, &slot)) {
			return false;
		}
		/* The entry may change or be nonsense: what counts is that its frame is ours. */
		pte = pte_raw(shared_read(&slot->raw));
		if (!pte_is_present(pte) || get_segdesc(v->domain, pte_mfn(pte)) != 0) {
			return false;
		}
		p->ldt_frames[page] = pte_mfn(pte);
	}
	tables_map_ldt(page, p->ldt_frames[page]);
	return true;
}

/* --- both ------------------------------------------------------------------------------------ */

void pv_desc_release(struct vcpu *v)
{
	v->pv->gdt_entries = 0;
	put_gdt_frames(v, v->pv->gdt_frames);
	v->pv->ldt_entries = 0;
	pv_forget_ldt_pages(v);
}

void pv_desc_load(struct vcpu *v)
{
	struct pv_vcpu *p = v->pv;

	tables_show_gdt(p->gdt_frames);
	tables_show_ldt(p->ldt_entries);
	if (p->ldt_entries == 0) {
		return;
	}
	for (unsigned int i = 0; i < LDT_WINDOW_PAGES; i++) {
		if (!mfn_is_none(p->ldt_frames[i])) {
			tables_map_ldt(i, p->ldt_frames[i]);
		}
	}
}

static void write_descriptor(maddr_t where, uint64_t raw)
{
	char *page = frame_map(maddr_to_mfn(where));

	/* In one store: the CPU may load it at any moment. */
	shared_write((uint64_t *)(void *)(page + page_offset(where.n)), raw);
	frame_unmap(page);
}

int pv_update_descriptor(struct domain *d, maddr_t where, uint64_t raw)
{
	mfn_t m = maddr_to_mfn(where);
	struct frame *f;
	uint64_t fixed;
	int err;

	if (!is_aligned(where.n, 8) || !frame_is_valid(m) || desc_guest_check(raw, &fixed) != 0) {
		return -XEN_EINVAL;
	}
	f = frame_of(m);
	if (!pv_frame_get(f, d->id)) {
		return -XEN_EINVAL;
	}
	err = frame_type(f) == TYPE_SEGDESC && frame_type_count(f) > 0
		      ? pv_type_get(d, f, TYPE_SEGDESC)
		      : pv_get_writable(d, f);
	if (!err) {
		bool is_segdesc = frame_type(f) == TYPE_SEGDESC;

		write_descriptor(where, fixed);
		if (is_segdesc) {
			(void)!pv_type_put(d, f);
		} else {
			pv_put_writable(d, f);
		}
	}
	pv_frame_put(f);
	return err;
}

static uint64_t read_entry(mfn_t m, uint32_t entry)
{
	const uint64_t *page = frame_map(m);
	uint64_t raw = shared_read(&page[entry % DESCRIPTORS_PER_PAGE]);

	frame_unmap(page);
	return raw;
}

bool pv_descriptor_read(struct vcpu *v, uint16_t selector, uint64_t *raw)
{
	struct pv_vcpu *p = v->pv;
	uint32_t entry = SELECTOR_TO_ENTRY(selector);
	uint32_t count = selector & SELECTOR_LDT ? p->ldt_entries : p->gdt_entries;
	mfn_t m;

	switch (selector | 3) {
	case FLAT_RING3_CS64:
		*raw = 0x00affb000000ffffUL;
		return true;
	case FLAT_RING3_CS32:
		*raw = 0x00cffb000000ffffUL;
		return true;
	case FLAT_RING3_DS32:
		*raw = 0x00cff3000000ffffUL;
		return true;
	default:
		break;
	}
	if (selector <= 3 || entry >= count) {
		return false;
	}
	/* An LDT selector that is loaded has had its page looked up. */
	m = selector & SELECTOR_LDT ? p->ldt_frames[entry / DESCRIPTORS_PER_PAGE]
				    : p->gdt_frames[entry / DESCRIPTORS_PER_PAGE];
	if (mfn_is_none(m)) {
		return false;
	}
	*raw = read_entry(m, entry);
	return true;
}
