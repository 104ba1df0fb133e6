/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control calls about a domain's memory: its limit, what its frames are used as (for saving it),
 * and the few properties of PV guests that are fixed here.
 */
#include "hypercall/domctl.h"

#include "domain/own_frame.h"
#include "domain/restart.h"
#include "hvm/hvm.h"
#include "hypercall/cpu_bitmap.h"
#include "lib/math.h"
#include "machine/frames.h"
#include "pv/cpuid.h"

#include <xen/errno.h>

#define FRAMEINFO_MAX 1024U
#define ADDRESS_BITS 64U

/* Below what the domain has: it keeps that, and gets no more. */
int domctl_max_mem(struct domctl *c)
{
	spin_lock(&c->d->memory_lock);
	c->d->frame_max = c->op.u.max_mem.max_memkb >> (PAGE_SHIFT - 10);
	spin_unlock(&c->d->memory_lock);
	return 0;
}

/* --- getpageframeinfo3 ----------------------------------------------------------------------- */

static uint64_t table_bits(const struct frame *f)
{
	switch (frame_type(f)) {
	case TYPE_L1:
		return XEN_DOMCTL_PFINFO_L1TAB;
	case TYPE_L2:
		return XEN_DOMCTL_PFINFO_L2TAB;
	case TYPE_L3:
		return XEN_DOMCTL_PFINFO_L3TAB;
	case TYPE_L4:
		return XEN_DOMCTL_PFINFO_L4TAB;
	case TYPE_NONE:
	case TYPE_WRITABLE:
	case TYPE_SEGDESC:
		break;
	}
	return XEN_DOMCTL_PFINFO_NOTAB;
}

static uint64_t frame_use(struct domain *d, mfn_t m)
{
	struct frame *f = frame_is_valid(m) ? frame_of(m) : NULL;
	uint64_t use = XEN_DOMCTL_PFINFO_XTAB;

	if (!f || !frame_get(f, d->id)) {
		return use;
	}
	if ((atomic_read(&f->refs) & FRAME_HEAP) == 0) {
		use = table_bits(f);
		if (atomic_read(&f->type) & TYPE_PINNED) {
			use |= XEN_DOMCTL_PFINFO_LPINTAB;
		}
	}
	frame_put(f);
	return use;
}

/* The request itself moves on in guest memory, so that a restarted call does not take the types it
 * has written for frame numbers. */
static int restart_frameinfo(struct domctl *c, uint64_t done)
{
	struct xen_domctl_getpageframeinfo3 *request = &c->op.u.getpageframeinfo3;

	request->num -= done;
	request->array += done * sizeof(xen_pfn_t);
	return guest_out(c->v, c->at, &c->op, sizeof(c->op)) ? -XEN_EFAULT : -XEN_ERESTART;
}

int domctl_getpageframeinfo3(struct domctl *c)
{
	const struct xen_domctl_getpageframeinfo3 *request = &c->op.u.getpageframeinfo3;

	if (request->num > FRAMEINFO_MAX) {
		return -XEN_E2BIG;
	}
	for (uint64_t i = 0; i < request->num;) {
		struct guest_ptr at = guest_ptr_at(guest_ptr(request->array), i, sizeof(xen_pfn_t));
		uint64_t word;

		if (guest_in(c->v, &word, at, sizeof(word))) {
			return -XEN_EFAULT;
		}
		word = frame_use(c->d, mfn(word));
		if (guest_out(c->v, at, &word, sizeof(word))) {
			return -XEN_EFAULT;
		}
		i++;
		if (restart_wanted() && i < request->num) {
			return restart_frameinfo(c, i);
		}
	}
	return 0;
}

/* --- the rest -------------------------------------------------------------------------------- */

int domctl_set_address_size(struct domctl *c)
{
	if (!c->d->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	switch (c->op.u.address_size.size) {
	case ADDRESS_BITS:
		return 0;
	case 32:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_EINVAL;
	}
}

int domctl_get_address_size(struct domctl *c)
{
	if (!c->d->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	c->op.u.address_size.size = ADDRESS_BITS;
	return 0;
}

/* There is one node: every placement is right. */
int domctl_setnodeaffinity(struct domctl *c unused_arg)
{
	return 0;
}

int domctl_getnodeaffinity(struct domctl *c)
{
	struct cpu_set node_0 = cpu_set_of(0);

	return cpu_bitmap_out(c->v, &c->op.u.nodeaffinity.nodemap, &node_0);
}

int domctl_hypercall_init(struct domctl *c)
{
	struct domain *d = c->d;
	struct frame *f;
	void *page;

	/* Not into page tables or descriptors. */
	if (own_frame_get_writable(d, gfn(c->op.u.hypercall_init.gmfn), &f)) {
		return -XEN_EACCES;
	}
	page = frame_map(frame_mfn(f));
	d->is_pv ? pv_fill_hypercall_page(page) : hvm_fill_hypercall_page(page);
	frame_unmap(page);
	own_frame_put_writable(d, f);
	return 0;
}

/* Tables come from the heap as they are needed: what is set is remembered, for who asks. */
int domctl_set_paging_mempool_size(struct domctl *c)
{
	if (c->d->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	if (!is_aligned(c->op.u.paging_mempool.size, PAGE_SIZE)) {
		return -XEN_EINVAL;
	}
	c->d->hvm->mempool_bytes = c->op.u.paging_mempool.size;
	return 0;
}

int domctl_get_paging_mempool_size(struct domctl *c)
{
	if (c->d->is_pv) {
		return -XEN_EOPNOTSUPP;
	}
	c->op.u.paging_mempool.size = c->d->hvm->mempool_bytes;
	return 0;
}

/* Log-dirty and shadow paging, pools for them, a debugger's hooks: PV guests have none of these. */
int domctl_no_paging(struct domctl *c unused_arg)
{
	return -XEN_EOPNOTSUPP;
}
