/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recomputes from scratch what page tables, pins, roots and allocations require of every frame,
 * and compares it with the frame table. Built for the host only; the machine must be at rest.
 *
 *     a table in use         is validated or stopped half way, not locked, has exactly the counts
 *                            its users explain, and is mapped writable by nobody
 *     any other frame        has at least the references and counts that are explained
 *     an entry of a table    has the forced bits
 */
#include "pv/audit.h"

#include "pv/pte_rules.h"
#include "pv/pv.h"

#include "domain/vcpu.h"
#include "lib/check.h"
#include "machine/frames.h"
#include "mm/map.h"

#include <stdlib.h>

struct explained {
	uint32_t refs;
	uint32_t types;
	uint32_t writable;
};

static struct explained *explained;
static uint64_t explained_end;

static void use(mfn_t m, uint32_t types, uint32_t writable)
{
	assert(frame_is_valid(m));
	explained[m.n].refs++;
	explained[m.n].types += types;
	explained[m.n].writable += writable;
}

static void use_l1_entry(pte_t pte)
{
	mfn_t m = pte_mfn(pte);
	const struct domain *owner;
	uint32_t writable;

	assert((pte.raw & (PTE_US | PTE_G)) == PTE_US);
	if (!frame_is_valid(m) || frame_of(m)->owner == DOMID_IO) {
		return;
	}
	owner = domain_find(frame_of(m)->owner);
	writable = pte_is_writable(pte) && (!owner || owner->is_pv);
	use(m, writable, writable);
}

static void use_table(struct frame *f)
{
	enum frame_type type = frame_type(f);
	pte_t *table = frame_map(frame_mfn(f));
	unsigned int end = PT_ENTRIES;

	if (f->type & TYPE_PARTIAL) {
		end = f->partial_index & PARTIAL_INDEX_MASK;
	}
	for (unsigned int i = 0; i < end; i++) {
		bool is_ours = type == TYPE_L4 && i >= HYPERVISOR_SLOT_FIRST &&
			       i < HYPERVISOR_SLOT_END;

		if (!pte_is_present(table[i]) || is_ours) {
			continue;
		}
		if (type == TYPE_L1) {
			use_l1_entry(table[i]);
		} else {
			assert((table[i].raw & (PTE_US | PTE_UPPER_REFUSED)) == PTE_US);
			assert(frame_of(pte_mfn(table[i]))->owner == f->owner);
			use(pte_mfn(table[i]), 1, 0);
		}
	}
}

static void use_frame(struct frame *f)
{
	mfn_t m = frame_mfn(f);

	if (!(f->refs & FRAME_REF_MASK)) {
		return;
	}
	explained[m.n].refs += (f->refs & FRAME_ALLOCATED) != 0;
	explained[m.n].types += (f->refs & FRAME_HEAP) != 0;
	if (f->type & TYPE_PINNED) {
		use(m, 1, 0);
	}
	if (frame_type_count(f) == 0 || !pv_type_is_table(frame_type(f))) {
		return;
	}
	assert(f->type & (TYPE_VALIDATED | TYPE_PARTIAL));
	assert(!(f->type & TYPE_LOCKED));
	if ((f->type & TYPE_PARTIAL) && (f->partial_index & PARTIAL_OWNED)) {
		use(m, 1, 0);
	}
	use_table(f);
}

static void use_root(mfn_t m)
{
	if (!mfn_is_none(m)) {
		use(m, 1, 0);
	}
}

static void use_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		if (!v->pv) {
			continue;
		}
		use_root(v->pv->kernel_root);
		use_root(v->pv->user_root);
		if (v->pv->unfinished) {
			use(frame_mfn(v->pv->unfinished), 1, 0);
		}
		for (unsigned int i = 0; i < LDT_WINDOW_PAGES; i++) {
			use_root(v->pv->ldt_frames[i]);
		}
		for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
			use_root(v->pv->gdt_frames[i]);
		}
	}
}

/* The first valid frame from n on, explained_end if none. */
static uint64_t next_valid(uint64_t n)
{
	while (n < explained_end && !frame_is_valid(mfn(n))) {
		n = frame_has_entry(mfn(n)) ? n + 1 : (n | (FRAME_GRANULE - 1)) + 1;
	}
	return n < explained_end ? n : explained_end;
}

static void explain(void)
{
	struct domain *d;

	explained_end = 0;
	for (uint64_t g = 0; g < FRAME_END_MAX; g += FRAME_GRANULE) {
		if (g % (64 * FRAME_GRANULE) == 0 && frame_granules[g / FRAME_GRANULE / 64] == 0) {
			g += 63 * FRAME_GRANULE;
		} else if (frame_has_entry(mfn(g))) {
			explained_end = g + FRAME_GRANULE;
		}
	}
	explained = calloc(explained_end, sizeof(*explained));
	assert(explained);
	for (uint64_t n = next_valid(0); n < explained_end; n = next_valid(n + 1)) {
		use_frame(frame_of(mfn(n)));
	}
	for (d = domain_find_from(0); d; d = domain_find_from((uint16_t)(d->id + 1))) {
		if (d->is_pv) {
			use_vcpus(d);
		}
	}
}

/* What is not explained about one frame. */
static uint64_t compare(const struct frame *f)
{
	const struct explained *e = &explained[frame_mfn(f).n];
	uint32_t refs = f->refs & FRAME_REF_MASK;
	uint32_t types = frame_type_count(f);

	assert(refs >= e->refs);
	assert(types >= e->types);
	if (pv_type_is_table(frame_type(f)) && types) {
		assert(types == e->types);
		assert(e->writable == 0);
	}
	return (refs - e->refs) + (types - e->types);
}

uint64_t pv_audit_excess(struct domain *d)
{
	uint64_t excess = 0;

	explain();
	for (uint64_t n = next_valid(0); n < explained_end; n = next_valid(n + 1)) {
		if (frame_of(mfn(n))->owner == d->id && frame_of(mfn(n))->refs) {
			excess += compare(frame_of(mfn(n)));
		}
	}
	free(explained);
	explained = NULL;
	return excess;
}

void pv_audit(struct domain *d)
{
	(void)pv_audit_excess(d);
}
