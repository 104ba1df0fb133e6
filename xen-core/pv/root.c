/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page-table roots of a vcpu: kernel_root and user_root each hold a general and an L4
 * reference. A root is given up only after this CPU has loaded the next one; no other CPU can have
 * it loaded for this vcpu, since a CPU that switches away from a vcpu loads something else.
 */
#include "pv/root.h"

#include "pv/desc.h"
#include "pv/pv.h"
#include "pv/type.h"
#include "pv/update.h"

#include "mm/map.h"

int pv_root_get(struct domain *d, mfn_t root)
{
	struct frame *f;
	int err;

	if (!frame_is_valid(root)) {
		return -XEN_EINVAL;
	}
	f = frame_of(root);
	if (!pv_frame_get(f, d->id)) {
		return -XEN_EINVAL;
	}
	if (pv_type_get_fast(f, TYPE_L4)) {
		return 0;
	}
	err = pv_type_get(d, f, TYPE_L4);
	if (err) {
		pv_frame_put(f);
	}
	return err;
}

int pv_root_put(struct domain *d, mfn_t root)
{
	struct frame *f = frame_of(root);
	int err = pv_type_put(d, f);

	if (!err) {
		pv_frame_put(f);
	}
	return err;
}

void pv_load_root(struct vcpu *v)
{
	const struct pv_vcpu *pv = v->pv;
	mfn_t root = pv->in_kernel ? pv->kernel_root : pv->user_root;
	uint64_t *dirty = v->domain->dirty_cpus.words;
	unsigned int cpu = this_cpu();

	/* Before the load: from then on this CPU may cache translations. */
	if (!atomic_bit_test(dirty, cpu)) {
		(void)atomic_bit_test_and_set(dirty, cpu);
	}
	tlb_load_cr3(mfn_is_none(root) ? map_idle_root() : root);
}

int pv_root_set_kernel(struct vcpu *v, mfn_t m)
{
	mfn_t old = v->pv->kernel_root;
	int err = 0;

	if (!mfn_eq(old, m)) {
		err = pv_root_get(v->domain, m);
		if (err) {
			return err;
		}
		v->pv->kernel_root = m;
	}
	pv_load_root(v);
	/* LDT pages were found through the old tables: they are looked up again when touched. */
	if (v->pv->ldt_entries) {
		err = pv_set_ldt(v, v->pv->ldt_base, v->pv->ldt_entries);
	}
	if (!mfn_eq(old, m) && !mfn_is_none(old)) {
		pv_table_drop(v, v->domain, frame_of(old));
	}
	return err;
}

int pv_root_set_user(struct vcpu *v, mfn_t m)
{
	mfn_t old = v->pv->user_root;
	int err;

	if (m.n == 0) {
		m = MFN_NONE;
	}
	if (mfn_eq(old, m)) {
		return 0;
	}
	if (!mfn_is_none(m)) {
		err = pv_root_get(v->domain, m);
		if (err) {
			return err;
		}
	}
	v->pv->user_root = m;
	if (!v->pv->in_kernel) {
		pv_load_root(v);
	}
	if (!mfn_is_none(old)) {
		pv_table_drop(v, v->domain, frame_of(old));
	}
	return 0;
}
