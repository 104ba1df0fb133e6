/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a guest's virtual address to the L1 entry that maps it. The walk takes no locks and no
 * references: at worst another vcpu tears the tables down meanwhile and the walk reads words of
 * some other frame of RAM. Each step therefore checks that the next frame is RAM, and the caller
 * checks under the lock that it ended in an L1 table of the right domain.
 */
#include "pv/va.h"

#include "machine/frames.h"
#include "machine/shared.h"
#include "mm/frame.h"

#include <xen/errno.h>

int pv_va_find(mfn_t root, uint64_t va, struct frame **table, pte_t **slot)
{
	mfn_t m = root;

	if (mfn_is_none(root) || address_is_hypervisor(va) || !address_is_canonical(va)) {
		return -XEN_EINVAL;
	}
	/* The shifts become constants. */
#pragma GCC unroll 3
	for (unsigned int level = 4; level > 1; level--) {
		pte_t *page = frame_map(m);
		pte_t pte = pte_raw(shared_read(&page[pt_index(va, level)].raw));

		frame_unmap(page);
		m = pte_mfn(pte);
		if (!pte_is_present(pte) || pte_is_large(pte) || !frame_is_valid(m)) {
			return -XEN_EINVAL;
		}
	}
	*table = frame_of(m);
	*slot = (pte_t *)frame_map(m) + l1_index(va);
	return 0;
}
