/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pins, roots, flushes and page copies for PV guests.
 *
 * A flush for some vcpus reaches the CPUs they run or last ran on: whichever CPU a vcpu moves to
 * reloads CR3, which flushes, so only the last one may hold its translations. Guest entries never
 * carry G: the flush without global entries is complete.
 */
#include "pv/mmuext.h"

#include "pv/desc.h"
#include "pv/pte_rules.h"
#include "pv/pv.h"
#include "pv/root.h"
#include "pv/update.h"

#include "domain/guest.h"
#include "lib/mem.h"
#include "machine/frames.h"

static struct frame *get_frame(const struct domain *owner, uint64_t n)
{
	struct frame *f;

	if (!frame_is_valid(mfn(n))) {
		return NULL;
	}
	f = frame_of(mfn(n));
	return pv_frame_get(f, owner->id) ? f : NULL;
}

static void drop(struct vcpu *v, struct domain *d, struct frame *f)
{
	if (v->pv) {
		pv_table_drop(v, d, f);
		return;
	}
	/* A translated caller has nowhere to keep an unfinished table: it waits here. */
	while (pv_type_put(d, f)) {
		tlb_poll();
		cpu_pause();
	}
	pv_frame_put(f);
}

static int pin(struct vcpu *v, struct domain *d, uint64_t n, enum frame_type type)
{
	struct frame *f = get_frame(d, n);
	int err;

	if (!f) {
		return -XEN_EINVAL;
	}
	if (domain_is_dying(d)) {
		err = -XEN_EINVAL;
	} else {
		err = pv_type_get_fast(f, type) ? 0 : pv_type_get(d, f, type);
	}
	if (err) {
		pv_frame_put(f);
		return err;
	}
	if (!pv_type_pin(f)) {
		drop(v, d, f);
		return -XEN_EINVAL;
	}
	/* It may have begun to die meanwhile, its teardown may have passed this frame. */
	if (domain_is_dying(d)) {
		err = pv_type_unpin(d, f);
		return err == -XEN_ERESTART ? err : -XEN_EINVAL;
	}
	return 0;
}

static int unpin(struct domain *d, uint64_t n)
{
	struct frame *f = get_frame(d, n);
	int err;

	if (!f) {
		return -XEN_EINVAL;
	}
	err = pv_type_unpin(d, f);
	pv_frame_put(f);
	return err;
}

/* Writable for the time of a write by the core. */
static struct frame *get_destination(struct domain *d, uint64_t n)
{
	struct frame *f = get_frame(d, n);

	if (f && pv_writable_get(d, f)) {
		pv_frame_put(f);
		f = NULL;
	}
	return f;
}

static void put_destination(struct frame *f)
{
	pv_writable_put(f);
	pv_frame_put(f);
}

static int clear_page(struct domain *d, uint64_t n)
{
	struct frame *f = get_destination(d, n);
	void *page;

	if (!f) {
		return -XEN_EINVAL;
	}
	page = frame_map(mfn(n));
	memset(page, 0, PAGE_SIZE);
	frame_unmap(page);
	put_destination(f);
	return 0;
}

static int copy_page(struct domain *d, uint64_t to, uint64_t from)
{
	struct frame *source = get_frame(d, from);
	struct frame *f;
	void *page;
	const void *source_page;

	if (!source) {
		return -XEN_EINVAL;
	}
	f = get_destination(d, to);
	if (f) {
		page = frame_map(mfn(to));
		source_page = frame_map(mfn(from));
		memmove(page, source_page, PAGE_SIZE);
		frame_unmap(source_page);
		frame_unmap(page);
		put_destination(f);
	}
	pv_frame_put(source);
	return f ? 0 : -XEN_EINVAL;
}

/* The CPUs of the vcpus in the guest's bitmap. Bits beyond its vcpus mean nothing. */
static int read_cpus(struct vcpu *v, uint64_t mask_address, struct cpu_set *cpus)
{
	struct domain *d = v->domain;
	uint64_t words[DOMAIN_VCPUS_MAX / 64] = {0};
	uint32_t count = (d->max_vcpus + 63) / 64;
	struct vcpu *target;

	if (guest_in(v, words, guest_ptr(mask_address), count * sizeof(*words))) {
		return -XEN_EFAULT;
	}
	cpu_set_zero(cpus);
	for_each_vcpu(d, target) {
		uint32_t cpu = target->unit.cpu;

		if (bitmap_test(words, target->id) && atomic_bit_test(d->dirty_cpus.words, cpu)) {
			cpu_set_add(cpus, cpu);
		}
	}
	return 0;
}

static int flush_multi(struct vcpu *v, const struct mmuext_op *op)
{
	struct cpu_set cpus;
	uint64_t va = op->arg1.linear_addr;

	if (read_cpus(v, op->arg2.vcpumask, &cpus)) {
		return -XEN_EINVAL;
	}
	if (op->cmd == MMUEXT_TLB_FLUSH_MULTI) {
		tlb_flush_cpus(&cpus);
	} else if (address_is_canonical(va) && !address_is_hypervisor(va)) {
		tlb_flush_page_cpus(&cpus, va);
	}
	return 0;
}

static int flush_page(struct vcpu *v, const struct mmuext_op *op)
{
	uint64_t va = op->arg1.linear_addr;

	if (!address_is_canonical(va) || address_is_hypervisor(va)) {
		return 0;
	}
	if (op->cmd == MMUEXT_INVLPG_LOCAL) {
		tlb_flush_page_local(va);
	} else {
		tlb_flush_page_cpus(&v->domain->dirty_cpus, va);
	}
	return 0;
}

/* Caches are coherent among CPUs; what a device without snooping must see is what the caller's
 * CPU has written. */
static int flush_cache(struct vcpu *v, int refusal)
{
	if (!pv_has_devices(v->domain)) {
		return refusal;
	}
	cpu_wbinvd();
	return 0;
}

static int set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
	if (entries > LDT_ENTRIES_MAX || page_offset(base) ||
	    (entries && (!address_is_canonical(base) || address_is_hypervisor(base)))) {
		return -XEN_EINVAL;
	}
	return pv_set_ldt(v, entries ? base : 0, entries);
}

/* What acts on the calling vcpu or its domain only. */
static int own_op(struct vcpu *v, const struct mmuext_op *op)
{
	switch (op->cmd) {
	case MMUEXT_NEW_BASEPTR:
		return pv_root_set_kernel(v, mfn(op->arg1.mfn));
	case MMUEXT_NEW_USER_BASEPTR:
		return pv_root_set_user(v, mfn(op->arg1.mfn));
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush_local();
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		tlb_flush_cpus(&v->domain->dirty_cpus);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
	case MMUEXT_INVLPG_ALL:
		return flush_page(v, op);
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_multi(v, op);
	case MMUEXT_FLUSH_CACHE:
		return flush_cache(v, -XEN_EACCES);
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return flush_cache(v, -XEN_EINVAL);
	case MMUEXT_SET_LDT:
		return set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_ENOSYS;
	}
}

static bool is_own_only(uint32_t cmd)
{
	return (cmd >= MMUEXT_NEW_BASEPTR && cmd <= MMUEXT_NEW_USER_BASEPTR) ||
	       cmd == MMUEXT_FLUSH_CACHE_GLOBAL;
}

int pv_mmuext(struct vcpu *v, struct domain *owner, const struct mmuext_op *op)
{
	uint64_t n = op->arg1.mfn;

	if (op->cmd > MMUEXT_UNPIN_TABLE && !v->pv) {
		return -XEN_EOPNOTSUPP;
	}
	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return pin(v, owner, n, (enum frame_type)(TYPE_L1 + op->cmd));
	case MMUEXT_UNPIN_TABLE:
		return unpin(owner, n);
	case MMUEXT_CLEAR_PAGE:
		return clear_page(owner, n);
	case MMUEXT_COPY_PAGE:
		return copy_page(owner, n, op->arg2.src_mfn);
	default:
		return is_own_only(op->cmd) && owner != v->domain ? -XEN_EPERM : own_op(v, op);
	}
}

int pv_flush_va(struct vcpu *v, uint64_t va, uint64_t flags)
{
	uint64_t kind = flags & UVMF_FLUSHTYPE_MASK;
	uint64_t where = flags & ~UVMF_FLUSHTYPE_MASK;
	struct cpu_set cpus;

	if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG) {
		return 0;
	}
	if (where == UVMF_LOCAL) {
		if (kind == UVMF_TLB_FLUSH) {
			tlb_flush_local();
		} else {
			tlb_flush_page_local(va);
		}
		return 0;
	}
	if (where == UVMF_ALL) {
		cpus = v->domain->dirty_cpus;
	} else if (read_cpus(v, where, &cpus)) {
		return -XEN_EFAULT;
	}
	if (kind == UVMF_TLB_FLUSH) {
		tlb_flush_cpus(&cpus);
	} else {
		tlb_flush_page_cpus(&cpus, va);
	}
	return 0;
}
