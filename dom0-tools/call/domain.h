/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control domain asks about one domain: domctl, and the hvm_op, sched_op and
 * event_channel_op that belong to its life. Thin: each function is one hypercall unless it says
 * otherwise, takes and fills the structures of the ABI, and returns 0 or -errno.
 *
 * Domains that do not exist: -ESRCH. Memory is in KiB where the name ends in kib, else in frames
 * of 4 KiB.
 */
#ifndef CALL_DOMAIN_H
#define CALL_DOMAIN_H

#include "call/call.h"

#include <stdbool.h>

#include <xen/domctl.h>
#include <xen/hvm_params.h>
#include <xen/sched.h>

/* --- life ------------------------------------------------------------------------------------ */
/* *domid in: the id wanted, or DOMID_INVALID for any; out: the new domain's. It is born paused,
 * with no memory and no vcpus. -EEXIST: the id is taken. */
int call_domain_create(struct call *call, const struct xen_domctl_createdomain *config,
		       domid_t *domid);
/* Repeats the call for as long as the hypervisor asks for it (-EAGAIN). 0 once all that the
 * hypervisor held is given back; frames others have mapped keep the domain dying a little longer.
 * -ESRCH: it was gone already. */
int call_domain_destroy(struct call *call, domid_t domid);
int call_domain_pause(struct call *call, domid_t domid);
int call_domain_unpause(struct call *call, domid_t domid); /* -EINVAL: was not paused */
int call_domain_resume(struct call *call, domid_t domid);
int call_domain_shutdown(struct call *call, domid_t domid, uint32_t reason); /* SHUTDOWN_* */

/* Exactly this domain, or -ESRCH (the hypervisor would answer for the next one). */
int call_domain_info(struct call *call, domid_t domid, struct xen_domctl_getdomaininfo *info);
/* Domains with ids from first, ascending, at most `room`. */
int call_domain_list(struct call *call, domid_t first, struct xen_domctl_getdomaininfo *infos,
		     uint32_t room, uint32_t *count);
/* All of them. *infos is the caller's: free(). Several hypercalls when there are many. */
int call_domain_list_all(struct call *call, struct xen_domctl_getdomaininfo **infos,
			 uint32_t *count);

int call_domain_set_handle(struct call *call, domid_t domid, const xen_domain_handle_t handle);
int call_domain_set_max_vcpus(struct call *call, domid_t domid, uint32_t count);
int call_domain_set_max_mem(struct call *call, domid_t domid, uint64_t kib);
int call_domain_set_address_size(struct call *call, domid_t domid, uint32_t bits);
int call_domain_get_address_size(struct call *call, domid_t domid, uint32_t *bits);
int call_domain_set_tsc(struct call *call, domid_t domid, const struct xen_domctl_tsc_info *info);
int call_domain_get_tsc(struct call *call, domid_t domid, struct xen_domctl_tsc_info *info);
int call_domain_set_time_offset(struct call *call, domid_t domid, int64_t seconds);
int call_domain_set_paging_pool(struct call *call, domid_t domid, uint64_t bytes);
int call_domain_get_paging_pool(struct call *call, domid_t domid, uint64_t *bytes);
int call_domain_send_trigger(struct call *call, domid_t domid, uint32_t trigger, uint32_t vcpu);
/* Calls this domain's own port when the guest suspends. */
int call_domain_subscribe_suspend(struct call *call, domid_t domid, uint32_t port);

/* Nodes as a bitmap of `bytes` bytes, bit 0 of byte 0 being node 0; so with CPUs below. */
int call_domain_set_nodes(struct call *call, domid_t domid, const uint8_t *nodes, size_t bytes);
int call_domain_get_nodes(struct call *call, domid_t domid, uint8_t *nodes, size_t bytes);

/* --- hardware -------------------------------------------------------------------------------- */
int call_domain_permit_irq(struct call *call, domid_t domid, uint32_t pirq, bool allow);
int call_domain_permit_iomem(struct call *call, domid_t domid, uint64_t first_mfn, uint64_t count,
			     bool allow);
int call_domain_permit_ioports(struct call *call, domid_t domid, uint32_t first, uint32_t count,
			       bool allow);

/* Leaves only, MSRs stay as they are. On -EINVAL or -ERANGE *bad_leaf names the leaf (~0: none). */
int call_domain_set_cpu_policy(struct call *call, domid_t domid,
			       const struct xen_cpuid_leaf *leaves, uint32_t count,
			       uint32_t *bad_leaf);
int call_domain_get_cpu_policy(struct call *call, domid_t domid, struct xen_cpuid_leaf *leaves,
			       uint32_t *leaf_count, struct xen_msr_entry *msrs,
			       uint32_t *msr_count);

/* --- vcpus ----------------------------------------------------------------------------------- */
int call_vcpu_info(struct call *call, domid_t domid, uint32_t vcpu,
		   struct xen_domctl_getvcpuinfo *info);
/* hard or soft may be NULL: left alone (not read). Both maps have `bytes` bytes. The hypervisor
 * may pin to fewer CPUs than asked for: set does not tell, ask again. */
int call_vcpu_set_affinity(struct call *call, domid_t domid, uint32_t vcpu, const uint8_t *hard,
			   const uint8_t *soft, size_t bytes, bool force);
int call_vcpu_get_affinity(struct call *call, domid_t domid, uint32_t vcpu, uint8_t *hard,
			   uint8_t *soft, size_t bytes);
int call_vcpu_set_context(struct call *call, domid_t domid, uint32_t vcpu,
			  const struct vcpu_guest_context *context);
int call_vcpu_get_context(struct call *call, domid_t domid, uint32_t vcpu,
			  struct vcpu_guest_context *context);

/* --- scheduling: sched_id, cmd and the union are the caller's; they come back filled in ---------
 */
int call_domain_sched(struct call *call, domid_t domid, struct xen_domctl_scheduler_op *op);
/* Parameters per vcpu (cmd putvcpuinfo, getvcpuinfo). */
int call_domain_sched_vcpus(struct call *call, domid_t domid, uint32_t sched_id, uint32_t cmd,
			    struct xen_domctl_schedparam_vcpu *vcpus, uint32_t count);

/* --- translated domains ------------------------------------------------------------------------
 */
int call_domain_set_param(struct call *call, domid_t domid, uint32_t index, uint64_t value);
int call_domain_get_param(struct call *call, domid_t domid, uint32_t index, uint64_t *value);
/* buffer NULL: *size becomes the room needed. Else *size in: room, out: used. */
int call_domain_get_hvm_context(struct call *call, domid_t domid, void *buffer, uint32_t *size);
int call_domain_set_hvm_context(struct call *call, domid_t domid, const void *buffer,
				uint32_t size);

/* --- event channels of others ------------------------------------------------------------------
 */
/* A port of `domid` that `remote` may bind to. Freed with the domain. */
int call_domain_alloc_port(struct call *call, domid_t domid, domid_t remote, uint32_t *port);
int call_domain_reset_ports(struct call *call, domid_t domid);

#endif
