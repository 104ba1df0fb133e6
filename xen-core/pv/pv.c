/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PV guests as the rest of the core sees them: the table of struct guest_ops, creation and end of
 * a vcpu's PV state, and the change between guest kernel and guest user mode.
 */
#include "pv/pv.h"

#include "pv/bounce.h"
#include "pv/context.h"
#include "pv/desc.h"
#include "pv/mmu.h"

#include "domain/guest_ops.h"
#include "domain/vtime.h"
#include "machine/cpu.h"
#include "machine/fault.h"
#include "mm/heap.h"

#include <xen/errno.h>

#define TRAP_VECTORS 256U

static int create_vcpu(struct vcpu *v)
{
	struct pv_vcpu *p = heap_new(struct pv_vcpu);

	if (!p) {
		return -XEN_ENOMEM;
	}
	p->traps = heap_alloc(TRAP_VECTORS * sizeof(*p->traps));
	if (!p->traps) {
		heap_free(p);
		return -XEN_ENOMEM;
	}
	p->kernel_root = MFN_NONE;
	p->user_root = MFN_NONE;
	for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
		p->gdt_frames[i] = MFN_NONE;
	}
	for (unsigned int i = 0; i < LDT_WINDOW_PAGES; i++) {
		p->ldt_frames[i] = MFN_NONE;
	}
	v->pv = p;
	pv_context_init(v);
	return 0;
}

static void free_vcpu(struct vcpu *v)
{
	if (v->pv) {
		heap_free(v->pv->traps);
		heap_free(v->pv);
		v->pv = NULL;
	}
}

static int teardown(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		pv_desc_release(v);
	}
	return pv_mmu_teardown(d);
}

static size_t copy_in(struct vcpu *v, void *to, uint64_t from, size_t bytes)
{
	return fault_copy_in(to, from, bytes);
}

static size_t copy_out(struct vcpu *v, uint64_t to, const void *from, size_t bytes)
{
	return fault_copy_out(to, from, bytes);
}

const struct guest_ops pv_guest_ops = {
	.name = "PV",
	.is_pv = true,
	.vcpu_create = create_vcpu,
	.vcpu_free = free_vcpu,
	.load = pv_load,
	.save = pv_save,
	.deliver = pv_deliver,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.translate = pv_translate,
	.get_writable = pv_get_writable,
	.put_writable = pv_put_writable,
	.grant_map = pv_grant_map,
	.grant_unmap = pv_grant_unmap,
	.set_context = pv_set_context,
	.get_context = pv_get_context,
	.reset_context = pv_reset_context,
	.teardown = teardown,
};
