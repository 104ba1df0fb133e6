/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control calls about a domain as a whole: birth, pauses, death, what it looks like from outside.
 *
 * libxl depends on details: a new domain is paused once and must be unpaused as often; information
 * is about the first domain at or above the id asked for; "dying" shows only when the domain holds
 * nothing any more, and a domain whose frames others still map stays visible in that state.
 */
#include "hypercall/domctl.h"

#include "hypercall/host_info.h"
#include "lib/log.h"

#include "domain/guest_ops.h"
#include "domain/vtime.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hvm/hvm.h"
#include "lib/mem.h"
#include "machine/frames.h"
#include "plat/clock.h"

#include <xen/errno.h>
#include <xen/shared_info.h>

/* What createdomain may ask for at most. */
#define GRANT_FRAMES_LIMIT 256
#define MAPTRACK_FRAMES_LIMIT 4096
/* A translated guest has nested paging: there is no other way. */
#define CDF_TRANSLATED (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)

/* --- createdomain ---------------------------------------------------------------------------- */

static int check_kind(const struct xen_domctl_createdomain *request)
{
	/* Flags of IOMMUs, counters and virtualization for the guest, none of which there are. */
	static const uint32_t known = XEN_DOMCTL_CDF_s3_integrity | XEN_DOMCTL_CDF_oos_off |
				      XEN_DOMCTL_CDF_xs_domain | CDF_TRANSLATED;

	if ((request->flags & ~known) != 0 || request->iommu_opts != 0 ||
	    request->vmtrace_size != 0 ||
	    (request->arch.misc_flags & ~XEN_X86_MISC_FLAGS_MAX) != 0) {
		return -XEN_EINVAL;
	}
	if ((request->flags & CDF_TRANSLATED) == 0) {
		return (request->arch.emulation_flags & ~XEN_X86_EMU_PIT) != 0 ? -XEN_EINVAL : 0;
	}
	if (!virt_ops || (request->flags & CDF_TRANSLATED) != CDF_TRANSLATED) {
		return -XEN_EINVAL;
	}
	/* A local APIC and nothing else: PVH. */
	return request->arch.emulation_flags == XEN_X86_EMU_LAPIC ? 0 : -XEN_EOPNOTSUPP;
}

/* Page tables are isolated from a translated guest; from a paravirtual one only if the CPU can. */
static int check_safety(bool is_pv)
{
	if (is_pv && host_info->pv_is_unsafe) {
		log_warning("no PV guest is made: this CPU has Meltdown and page tables are not "
			    "isolated; boot with 'pv-unisolated' to accept that");
		return -XEN_EOPNOTSUPP;
	}
	return 0;
}

static int check_sizes(const struct xen_domctl_createdomain *request)
{
	if (request->max_vcpus == 0 || request->max_vcpus > DOMAIN_VCPUS_MAX ||
	    request->grant_opts != XEN_DOMCTL_GRANT_version(1) || request->max_grant_frames == 0 ||
	    request->max_grant_frames > GRANT_FRAMES_LIMIT ||
	    request->max_maptrack_frames > MAPTRACK_FRAMES_LIMIT) {
		return -XEN_EINVAL;
	}
	return 0;
}

static void decode_config(const struct xen_domctl_createdomain *request,
			  struct domain_config *config)
{
	*config = (struct domain_config){
		.max_vcpus = request->max_vcpus,
		.max_evtchn_port = request->max_evtchn_port,
		.max_grant_frames = request->max_grant_frames < 0
					    ? GRANT_FRAMES_DEFAULT
					    : (uint32_t)request->max_grant_frames,
		.max_maptrack_frames = request->max_maptrack_frames < 0
					       ? MAPTRACK_FRAMES_DEFAULT
					       : (uint32_t)request->max_maptrack_frames,
		.emulation_flags = request->arch.emulation_flags,
		.pool = request->cpupool_id,
		.is_xenstore = (request->flags & XEN_DOMCTL_CDF_xs_domain) != 0,
	};
	memcpy(config->handle, request->handle, sizeof(config->handle));
}

static int choose_id(const struct domctl *c, uint16_t *id)
{
	if (c->op.domain == 0 || c->op.domain >= DOMID_FIRST_RESERVED) {
		return domain_choose_id(id);
	}
	*id = c->op.domain;
	return domain_find(*id) ? -XEN_EEXIST : 0;
}

int domctl_createdomain(struct domctl *c)
{
	const struct xen_domctl_createdomain *request = &c->op.u.createdomain;
	struct domain_config config;
	uint16_t id;
	int err = check_kind(request);

	bool is_pv = (request->flags & CDF_TRANSLATED) == 0;

	if (!err) {
		err = check_safety(is_pv);
	}
	if (!err) {
		err = check_sizes(request);
	}
	if (!err) {
		err = choose_id(c, &id);
	}
	if (err) {
		return err;
	}
	decode_config(request, &config);
	err = domain_create(id, &config, is_pv ? &pv_guest_ops : &hvm_guest_ops, false,
			    &c->d);
	c->op.domain = id;
	return err;
}

/* --- pauses and the end ---------------------------------------------------------------------- */

int domctl_destroydomain(struct domctl *c)
{
	return domain_kill(c->d);
}

int domctl_pausedomain(struct domctl *c)
{
	return domain_control_pause(c->d);
}

int domctl_unpausedomain(struct domctl *c)
{
	return domain_control_unpause(c->d);
}

int domctl_resumedomain(struct domctl *c)
{
	domain_resume(c->d);
	return 0;
}

/* --- getdomaininfo --------------------------------------------------------------------------- */

static uint32_t state_flags(struct domain *d)
{
	uint32_t flags = 0;

	spin_lock(&d->lock);
	flags |= d->life == DOMAIN_DEAD ? XEN_DOMINF_dying : 0;
	flags |= d->is_shut_down ? XEN_DOMINF_shutdown : 0;
	flags |= d->control_pause_count != 0 ? XEN_DOMINF_paused : 0;
	flags |= (uint32_t)d->shutdown_code << XEN_DOMINF_shutdownshift;
	spin_unlock(&d->lock);
	flags |= d->is_pv ? 0 : XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
	flags |= d->is_xenstore ? XEN_DOMINF_xs_domain : 0;
	return flags;
}

/* Running if any vcpu is, blocked unless one wants to. */
static void sum_up_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	struct vcpu *v;

	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	info->flags |= XEN_DOMINF_blocked;
	for_each_vcpu(d, v) {
		uint32_t pauses = atomic_read(&v->pause_flags);
		struct vcpu_runstate times;

		vtime_get_runstate(v, &times);
		info->cpu_time += times.time[RUNSTATE_running];
		info->max_vcpu_id = v->id;
		if (pauses & VCPU_DOWN) {
			continue;
		}
		info->nr_online_vcpus++;
		if ((pauses & VCPU_BLOCKED) == 0) {
			info->flags &= ~XEN_DOMINF_blocked;
		}
		if (sched_is_running(&v->unit)) {
			info->flags |= XEN_DOMINF_running;
		}
	}
}

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->flags = state_flags(d);
	sum_up_vcpus(d, info);
	spin_lock(&d->memory_lock);
	info->tot_pages = d->frame_count;
	info->max_pages = d->frame_max;
	info->outstanding_pages = d->claimed;
	spin_unlock(&d->memory_lock);
	/* Who maps a translated domain's frames names its own numbers: this has none for others. */
	info->shared_info_frame = d->shared && d->is_pv ? pointer_to_mfn(d->shared).n : ~0UL;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->cpupool = d->sched.pool;
	info->arch_config.emulation_flags = d->config.emulation_flags;
}

int domctl_getdomaininfo(struct domctl *c)
{
	struct domain *d;

	if (c->op.domain >= DOMID_FIRST_RESERVED) {
		return -XEN_EINVAL;
	}
	d = domain_find_from(c->op.domain);
	if (!d) {
		return -XEN_ESRCH;
	}
	domctl_fill_info(d, &c->op.u.getdomaininfo);
	c->op.domain = d->id;
	return 0;
}

/* --- names, time, notifications -------------------------------------------------------------- */

int domctl_setdomainhandle(struct domctl *c)
{
	spin_lock(&c->d->lock);
	memcpy(c->d->handle, c->op.u.setdomainhandle.handle, sizeof(c->d->handle));
	spin_unlock(&c->d->lock);
	return 0;
}

int domctl_settimeoffset(struct domctl *c)
{
	c->d->time_offset_seconds = c->op.u.settimeoffset.time_offset_seconds;
	vtime_update_wallclock(c->d);
	return 0;
}

int domctl_subscribe(struct domctl *c)
{
	uint32_t port = c->op.u.subscribe.port;

	if (port != 0 && !evtchn_port_is_valid(c->d, port)) {
		return -XEN_EINVAL;
	}
	c->d->suspend_port = port;
	return 0;
}

int domctl_set_virq_handler(struct domctl *c)
{
	return evtchn_set_virq_handler(c->d, c->op.u.set_virq_handler.virq);
}

int domctl_settscinfo(struct domctl *c)
{
	const struct xen_domctl_tsc_info *info = &c->op.u.tsc_info;
	int err;

	domain_pause(c->d);
	err = vtime_set_tsc(c->d, info->tsc_mode, info->gtsc_khz, info->incarnation,
			    info->elapsed_nsec);
	domain_unpause(c->d);
	return err;
}

/* ticks at that frequency as nanoseconds. */
static uint64_t ticks_to_ns(uint64_t ticks, uint32_t khz)
{
	return ticks / khz * 1000000U + ticks % khz * 1000000U / khz;
}

int domctl_gettscinfo(struct domctl *c)
{
	struct xen_domctl_tsc_info *info = &c->op.u.tsc_info;
	struct domain *d = c->d;
	struct vcpu *first = vcpu_find(d, 0);

	memset(info, 0, sizeof(*info));
	domain_pause(d);
	info->tsc_mode = d->tsc_mode;
	info->incarnation = d->tsc_incarnation;
	/* In the default mode a native counter simply goes on, on whatever host. */
	if (d->tsc_mode != 0 || d->tsc_emulated) {
		info->gtsc_khz = d->tsc_khz != 0 ? d->tsc_khz : clock_tsc_khz();
		info->elapsed_nsec = first ? ticks_to_ns(vtime_tsc(first), info->gtsc_khz) : 0;
	}
	domain_unpause(d);
	return 0;
}
