/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of other domains: memory_op, and the mmuext_op that a domain builder needs.
 *
 * Long lists are cut into batches whose buffers fit the arena; what had been done by the batches
 * before a failing one stays done, and the count of it is handed back.
 */
#ifndef CALL_MEMORY_H
#define CALL_MEMORY_H

#include "call/call.h"

#include <xen/memory.h>

/* Gives a domain frames of 2^order pages at the pseudo-physical frames[] (in), which become the
 * machine frames for a PV domain (out). *done of count were given; fewer than asked for: -ENOMEM
 * (free memory or the domain's maximum), or the hypervisor's error if it gave none and named one.
 */
int call_memory_populate(struct call *call, domid_t domid, xen_pfn_t *frames, size_t count,
			 unsigned int order, uint32_t mem_flags, size_t *done);
/* Takes frames (MFNs, GFNs) away from a domain. */
int call_memory_decrease(struct call *call, domid_t domid, const xen_pfn_t *frames, size_t count,
			 unsigned int order, size_t *done);
/* Reserves free frames for a domain up to a total of `pages`; 0 drops the claim. -ENOMEM: there
 * are not that many; -ENOSYS: no claims here. */
int call_memory_claim(struct call *call, domid_t domid, uint64_t pages);
int call_memory_set_map(struct call *call, domid_t domid, const struct xen_e820_entry *entries,
			uint32_t count);
int call_memory_max_gpfn(struct call *call, domid_t domid, uint64_t *gpfn);
int call_memory_current(struct call *call, domid_t domid, uint64_t *pages);
int call_memory_maximum(struct call *call, domid_t domid, uint64_t *pages);
/* Puts a hypervisor page (XENMAPSPACE_*) at a guest frame of a translated domain. */
int call_memory_add_to_physmap(struct call *call, domid_t domid, uint32_t space, uint64_t index,
			       xen_pfn_t gpfn);

/* --- PV page tables ----------------------------------------------------------------------------
 */
int call_memory_pin_l4(struct call *call, domid_t domid, xen_pfn_t mfn);
int call_memory_unpin(struct call *call, domid_t domid, xen_pfn_t mfn);
/* machine_to_phys[mfns[i]] = pfns[i]. */
int call_memory_set_m2p(struct call *call, domid_t domid, const xen_pfn_t *mfns,
			const xen_pfn_t *pfns, size_t count);

#endif
