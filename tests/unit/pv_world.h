/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for the page-table tests: domain 0 (control, hardware), a plain PV domain 1 and a
 * translated domain 5, each with one vcpu (a second one is there for who raises max_vcpus), frames
 * handed out by the real allocator, and stand-ins for the parts of the core the page-table code
 * only names.
 */
#ifndef UNIT_PV_WORLD_H
#define UNIT_PV_WORLD_H

#include "pv/audit.h"
#include "pv/desc.h"
#include "pv/mmu.h"
#include "pv/mmuext.h"
#include "pv/pte_rules.h"
#include "pv/pv.h"
#include "pv/update.h"
#include "pv/va.h"

#include "domain/guest.h"
#include "domain/restart.h"
#include "hypercall/call.h"
#include "machine/fault.h"
#include "machine/frames.h"
#include "machine/sim.h"
#include "mm/buddy.h"
#include "mm/map.h"
#include "unit/unit.h"
#include "x86/exception.h"

#include <xen/grant_table.h>

#include <stdlib.h>
#include <string.h>

#define ARGS_VA 0x10000UL
#define DONE_VA (ARGS_VA + 0xf00)
#define MASK_VA (ARGS_VA + 0xf80)
#define CODE_VA 0x20000UL

#define RO (PTE_P | PTE_US)
#define RW (PTE_P | PTE_US | PTE_RW)

static struct world_domain {
	struct domain d;
	struct vcpu v[2];
	struct vcpu *vcpus[2];
	struct pv_vcpu pv[2];
	struct pv_domain pv_domain;
	struct range iomem[4], ioports[4], irqs[4];
} world[3];

#define dom0 (&world[0].d)
#define domu (&world[1].d)
#define hvm (&world[2].d)
#define vcpu0 (&world[0].v[0])
#define vcpu1 (&world[1].v[0])

static mfn_t args_frame, code_frame;
/* Units of restart budget each entry gets; 0: all. */
static unsigned int world_budget;
static unsigned int world_restarts;
static unsigned int ldt_resets, page_faults;

/* --- stand-ins ------------------------------------------------------------------------------- */
struct domain *domain_find_from(uint16_t id)
{
	for (unsigned int i = 0; i < 3; i++) {
		if (world[i].d.id >= id) {
			return &world[i].d;
		}
	}
	return NULL;
}

struct domain *domain_find(uint16_t id)
{
	struct domain *d = domain_find_from(id);

	return d && d->id == id ? d : NULL;
}

int rights_check(const struct domain *caller, const struct domain *target,
		 enum right right unused_arg)
{
	return caller == target || domain_controls(caller, target) ? 0 : -XEN_EPERM;
}

int guest_in(struct vcpu *v unused_arg, void *to, struct guest_ptr from, size_t bytes)
{
	return fault_copy_in(to, from.address, bytes) ? -XEN_EFAULT : 0;
}

int guest_out(struct vcpu *v unused_arg, struct guest_ptr to, const void *from, size_t bytes)
{
	return fault_copy_out(to.address, from, bytes) ? -XEN_EFAULT : 0;
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
	v->pv->ldt_base = base;
	v->pv->ldt_entries = entries;
	ldt_resets++;
	return 0;
}

void pv_inject(struct vcpu *v unused_arg, uint8_t vector unused_arg, uint32_t error unused_arg)
{
}

void pv_inject_page_fault(struct vcpu *v unused_arg, uint64_t address unused_arg,
			  uint32_t error unused_arg)
{
	page_faults++;
}

void map_install_slots(pte_t *l4)
{
	for (unsigned int i = HYPERVISOR_SLOT_FIRST; i < HYPERVISOR_SLOT_END; i++) {
		l4[i] = pte_raw(0x1000063);
	}
}

mfn_t map_idle_root(void)
{
	return mfn(1);
}

static size_t world_copy_in(struct vcpu *v unused_arg, void *to, uint64_t from, size_t bytes)
{
	sim_hypercall_begin();
	return fault_copy_in(to, from, bytes);
}

static int world_translate(struct domain *d, gfn_t g, mfn_t *m)
{
	*m = mfn(g.n - 0x100000);
	return frame_is_valid(*m) && frame_of(*m)->owner == d->id ? 0 : -XEN_EINVAL;
}

static const struct guest_ops world_pv_ops = {.copy_in = world_copy_in, .translate = pv_translate};
static const struct guest_ops world_hvm_ops = {.translate = world_translate};

static void world_release(struct frame *f)
{
	struct domain *d = domain_find(f->owner);

	CU_ASSERT_EQUAL_FATAL(frame_type_count(f), 0);
	frame_list_remove(&d->frames, f);
	f->type = 0;
	f->refs = 0;
	f->owner = DOMID_XEN;
	buddy_free(frame_mfn(f), 0);
}

/* --- frames ---------------------------------------------------------------------------------- */
unused_arg static mfn_t give(struct domain *d)
{
	mfn_t m = buddy_alloc(0, 0, BUDDY_ZERO);
	struct frame *f;

	CU_ASSERT_FALSE_FATAL(mfn_is_none(m));
	f = frame_of(m);
	f->owner = d->id;
	f->refs = FRAME_ALLOCATED | 1;
	f->type = 0;
	frame_list_add(&d->frames, f);
	return m;
}

unused_arg static mfn_t give_heap(struct domain *d)
{
	mfn_t m = give(d);

	frame_of(m)->refs |= FRAME_HEAP;
	frame_of(m)->type = (uint32_t)TYPE_WRITABLE << TYPE_SHIFT | TYPE_VALIDATED | 1;
	return m;
}

unused_arg static pte_t *entry(mfn_t table, unsigned int index)
{
	return (pte_t *)frame_map(table) + index;
}

unused_arg static maddr_t entry_address(mfn_t table, unsigned int index)
{
	return maddr(mfn_to_maddr(table).n + index * sizeof(pte_t));
}

unused_arg static uint32_t type_count(mfn_t m)
{
	return frame_type_count(frame_of(m));
}

unused_arg static uint32_t ref_count(mfn_t m)
{
	return frame_of(m)->refs & FRAME_REF_MASK;
}

unused_arg static bool is_table(mfn_t m)
{
	return pv_type_is_table(frame_type(frame_of(m))) && type_count(m) > 0;
}

/* --- calls ----------------------------------------------------------------------------------- */
static void enter(void)
{
	restart_reset();
	if (world_budget) {
		restart_spend(RESTART_UNITS - world_budget);
	}
	sim_hypercall_begin();
}

unused_arg static int64_t run(hypercall_handler *handler, struct vcpu *v, uint64_t a, uint64_t b,
			      uint64_t c, uint64_t e)
{
	struct hypercall call = {.v = v, .args = {a, b, c, e}};
	int64_t result;

	for (;;) {
		enter();
		result = handler(&call);
		if (result != -XEN_ERESTART) {
			return result;
		}
		world_restarts++;
	}
}

unused_arg static uint32_t done_count(void)
{
	uint32_t done;

	sim_guest_read(&done, DONE_VA, sizeof(done));
	return done;
}

unused_arg static int64_t update_by(struct vcpu *v, maddr_t at, uint64_t value,
				    unsigned int command, uint32_t domid)
{
	struct mmu_update request = {at.n | command, value};

	sim_guest_write(ARGS_VA, &request, sizeof(request));
	return run(hypercall_mmu_update, v, ARGS_VA, 1, DONE_VA, domid);
}

unused_arg static int64_t update(maddr_t at, uint64_t value)
{
	return update_by(vcpu1, at, value, MMU_NORMAL_PT_UPDATE, DOMID_SELF);
}

unused_arg static int64_t extended_by(struct vcpu *v, uint32_t cmd, uint64_t arg1, uint64_t arg2,
				      uint32_t domid)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2};

	sim_guest_write(ARGS_VA, &op, sizeof(op));
	return run(hypercall_mmuext_op, v, ARGS_VA, 1, DONE_VA, domid);
}

unused_arg static int64_t extended(uint32_t cmd, uint64_t arg1)
{
	return extended_by(vcpu1, cmd, arg1, 0, DOMID_SELF);
}

/* --- page tables ----------------------------------------------------------------------------- */
struct tree {
	mfn_t l4, l3, l2, l1;
};

/* Slots the small tree uses: va TREE_VA + 4096 * l1 index. */
#define TREE_L4 300U
#define TREE_VA (0xffff000000000000UL | (uint64_t)TREE_L4 << L4_SHIFT)

/* Plain memory so far: an L1 that maps nothing, and what leads to it. */
unused_arg static struct tree tree_build(struct domain *d)
{
	struct tree t = {give(d), give(d), give(d), give(d)};

	*entry(t.l4, TREE_L4) = pte_make(t.l3, RW);
	*entry(t.l3, 0) = pte_make(t.l2, RW);
	*entry(t.l2, 0) = pte_make(t.l1, RW);
	return t;
}

/* The same, in use as the vcpu's kernel root. */
unused_arg static struct tree tree_load(struct vcpu *v)
{
	struct tree t = tree_build(v->domain);

	CU_ASSERT_EQUAL_FATAL(extended_by(v, MMUEXT_NEW_BASEPTR, t.l4.n, 0, DOMID_SELF), 0);
	return t;
}

static void world_pv_init(struct pv_vcpu *pv)
{
	pv->kernel_root = MFN_NONE;
	pv->user_root = MFN_NONE;
	pv->in_kernel = true;
	for (unsigned int i = 0; i < LDT_WINDOW_PAGES; i++) {
		pv->ldt_frames[i] = MFN_NONE;
	}
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		pv->gdt_frames[i] = MFN_NONE;
	}
}

static void world_domain_init(struct world_domain *w, uint16_t id, bool is_pv)
{
	memset(w, 0, sizeof(*w));
	w->d.id = id;
	w->d.is_pv = is_pv;
	w->d.life = DOMAIN_ALIVE;
	w->d.max_vcpus = 1;
	w->d.vcpus = w->vcpus;
	w->d.ops = is_pv ? &world_pv_ops : &world_hvm_ops;
	w->d.pv = &w->pv_domain;
	for (uint32_t i = 0; i < array_size(w->v); i++) {
		w->vcpus[i] = &w->v[i];
		w->v[i].domain = &w->d;
		w->v[i].id = i;
		if (is_pv) {
			world_pv_init(&w->pv[i]);
			w->v[i].pv = &w->pv[i];
		}
	}
	spin_init(&w->d.memory_lock, memory);
	frame_list_init(&w->d.frames);
	range_set_init(&w->d.iomem, w->iomem, 4);
	range_set_init(&w->d.ioports, w->ioports, 4);
	range_set_init(&w->d.irqs, w->irqs, 4);
}

static void world_reset(void)
{
	sim_reset(4096);
	sim_set_cpu(0);
	frame_set_release_hook(world_release);
	world_domain_init(&world[0], 0, true);
	world_domain_init(&world[1], 1, true);
	world_domain_init(&world[2], 5, false);
	dom0->is_control = true;
	dom0->is_hardware = true;
	range_clear(&pv_mmio_readonly);
	args_frame = give(dom0);
	code_frame = give(dom0);
	sim_guest_map(ARGS_VA, args_frame, true);
	sim_guest_map(CODE_VA, code_frame, true);
	world_budget = 0;
	world_restarts = 0;
	ldt_resets = 0;
	page_faults = 0;
}

#endif
