/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control call on its way: domctl.c has decoded it, checked version, right and target, and
 * holds the domctl lock; the functions of the other domctl files do the work. A function changes
 * *op, and domctl.c copies it back if the command has outputs. -XEN_ERESTART: the call comes again
 * as it is now in guest memory.
 */
#ifndef HYPERCALL_DOMCTL_H
#define HYPERCALL_DOMCTL_H

#include "hypercall/call.h"

#include <xen/domctl.h>

struct domctl {
	struct vcpu *v;   /* the caller */
	struct domain *d; /* the target; NULL for those that look for it themselves */
	struct xen_domctl op;
	struct guest_ptr at;
};

typedef int domctl_handler(struct domctl *c);

/* domctl_life.c */
domctl_handler domctl_createdomain, domctl_destroydomain, domctl_pausedomain,
	domctl_unpausedomain, domctl_getdomaininfo, domctl_resumedomain, domctl_setdomainhandle,
	domctl_settimeoffset, domctl_subscribe, domctl_set_virq_handler, domctl_settscinfo,
	domctl_gettscinfo;
void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* domctl_vcpu.c */
domctl_handler domctl_max_vcpus, domctl_setvcpucontext, domctl_getvcpucontext,
	domctl_getvcpuinfo, domctl_setvcpuaffinity, domctl_getvcpuaffinity, domctl_scheduler_op,
	domctl_set_ext_vcpucontext, domctl_get_ext_vcpucontext;
/* NULL: no such vcpu of the target. */
struct vcpu *domctl_vcpu(const struct domctl *c, uint32_t id);

/* domctl_state.c: what save and restore carry besides the context */
domctl_handler domctl_setvcpuextstate, domctl_getvcpuextstate, domctl_get_vcpu_msrs,
	domctl_set_vcpu_msrs;

/* domctl_memory.c */
domctl_handler domctl_max_mem, domctl_getpageframeinfo3, domctl_set_address_size,
	domctl_get_address_size, domctl_setnodeaffinity, domctl_getnodeaffinity,
	domctl_hypercall_init, domctl_no_paging, domctl_get_paging_mempool_size,
	domctl_set_paging_mempool_size;

/* domctl_hvm.c */
domctl_handler domctl_gethvmcontext, domctl_sethvmcontext, domctl_gethvmcontext_partial;

/* domctl_device.c */
domctl_handler domctl_irq_permission, domctl_iomem_permission, domctl_ioport_permission,
	domctl_memory_mapping;

/* cpu_policy.c */
domctl_handler domctl_get_cpu_policy, domctl_set_cpu_policy;

#endif
