/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The change between guest kernel and guest user mode, inline: two to each system call. GS bases
 * and CR3 change; the vcpu is loaded, so this CPU is in its domain's dirty set already.
 */
#ifndef PV_MODE_H
#define PV_MODE_H

#include "pv/pv.h"

#include "domain/vtime.h"
#include "machine/cpu.h"
#include "machine/tlb.h"

static inline void pv_load_mode_root(struct vcpu *v, mfn_t root)
{
	cpu_swapgs();
	if (__builtin_expect(mfn_is_none(root), 0)) {
		pv_load_root(v);
	} else {
		tlb_load_cr3(root);
	}
}

static inline void pv_enter_kernel_mode(struct vcpu *v)
{
	struct pv_vcpu *pv = v->pv;

	pv->in_kernel = true;
	pv_load_mode_root(v, pv->kernel_root);
	if (__builtin_expect(v->areas_stale, 0)) {
		vtime_write_areas(v);
	}
}

/* Whether entering the kernel is no more than GS and CR3. */
static inline bool pv_kernel_entry_is_plain(const struct vcpu *v)
{
	return !v->areas_stale && !mfn_is_none(v->pv->kernel_root);
}

static inline void pv_enter_kernel_mode_plainly(struct vcpu *v)
{
	v->pv->in_kernel = true;
	cpu_swapgs();
	tlb_load_cr3(v->pv->kernel_root);
}

static inline void pv_enter_user_mode(struct vcpu *v)
{
	struct pv_vcpu *pv = v->pv;

	pv->in_kernel = false;
	pv_load_mode_root(v, pv->user_root);
}

#endif
