/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole core behind its hypercalls, as start-up puts it together, on the simulated machine: the
 * control domain 0 and domain 1 are PV, domain 2 is translated. Only the platform, the CPU and the
 * virtualization extension are made up.
 *
 * Each domain has PLACES frames of memory its calls can name: for PV guests mapped at place_va(),
 * for the translated one RAM at that physical address. What a domain's kind is asked to do with
 * memory (copy, translate, type, map) passes a point where it may fail (sim_fail_point()).
 *
 * whole_end() destroys everything and tells how much memory did not come back.
 */
#ifndef UNIT_WHOLE_WORLD_H
#define UNIT_WHOLE_WORLD_H

#include "domain/access.h"
#include "domain/guest_ops.h"
#include "domain/memory.h"
#include "domain/restart.h"
#include "domain/vtime.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hvm/cpuid.h"
#include "hypercall/call.h"
#include "hypercall/dispatch.h"
#include "lib/check.h"
#include "machine/frames.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "plat/clock.h"
#include "pv/cpuid.h"
#include "pv/pte_rules.h"
#include "pv/pv.h"
#include "sched/softirq.h"
#include "unit/fake_cpu.h"
#include "unit/fake_plat.h"
#include "unit/fake_virt.h"

#include <xen/base.h>
#include <xen/grant_table.h>

#include <stdlib.h>

#define WHOLE_DOMAINS 3
#define WHOLE_FRAMES 8192U
#define PLACES 16U
#define STAYS_MAX 100000U

static const struct guest_ops *whole_real_ops[2];
static struct guest_ops whole_ops[2]; /* translated, PV */
static mfn_t whole_places[WHOLE_DOMAINS][PLACES];
static uint64_t whole_calls, whole_heap_at_start, whole_frames_at_start;
/* Units of restart budget each stay gets. */
static unsigned int whole_units;

void map_install_slots(pte_t *l4)
{
	for (unsigned int i = HYPERVISOR_SLOT_FIRST; i < HYPERVISOR_SLOT_END; i++) {
		l4[i] = pte_raw(0x1000063);
	}
}

mfn_t map_idle_root(void)
{
	return mfn(1);
}

/* --- a kind of guest that may fail ----------------------------------------------------------- */

static size_t whole_copy_in(struct vcpu *v, void *to, uint64_t from, size_t bytes)
{
	return sim_point_fails() ? bytes : whole_real_ops[v->domain->is_pv]->copy_in(v, to, from,
										     bytes);
}

static size_t whole_copy_out(struct vcpu *v, uint64_t to, const void *from, size_t bytes)
{
	return sim_point_fails() ? bytes : whole_real_ops[v->domain->is_pv]->copy_out(v, to, from,
										      bytes);
}

static int whole_translate(struct domain *d, gfn_t g, mfn_t *m)
{
	return sim_point_fails() ? -XEN_EINVAL : whole_real_ops[d->is_pv]->translate(d, g, m);
}

static int whole_get_writable(struct domain *d, struct frame *f)
{
	return sim_point_fails() ? -XEN_EINVAL : whole_real_ops[d->is_pv]->get_writable(d, f);
}

static int whole_grant_map(struct vcpu *v, const struct grant_mapping *mapping)
{
	return sim_point_fails() ? GNTST_general_error
				 : whole_real_ops[v->domain->is_pv]->grant_map(v, mapping);
}

static void whole_take_over(struct domain *d)
{
	struct guest_ops *ops = &whole_ops[d->is_pv];

	whole_real_ops[d->is_pv] = d->is_pv ? &pv_guest_ops : &hvm_guest_ops;
	*ops = *whole_real_ops[d->is_pv];
	ops->copy_in = whole_copy_in;
	ops->copy_out = whole_copy_out;
	ops->translate = whole_translate;
	ops->grant_map = whole_grant_map;
	if (ops->get_writable) {
		ops->get_writable = whole_get_writable;
	}
	d->ops = ops;
}

/* --- a machine that may fail to route an interrupt ------------------------------------------- */

static int whole_pirq_bind(struct domain *d unused_arg, uint32_t pirq unused_arg,
			   unsigned int cpu unused_arg)
{
	return sim_point_fails() ? -XEN_ENOSPC : 0;
}

static void whole_pirq_unbind(struct domain *d unused_arg, uint32_t pirq unused_arg)
{
}

static void whole_pirq_retarget(struct domain *d unused_arg, uint32_t pirq unused_arg,
				unsigned int cpu unused_arg)
{
}

static bool whole_pirq_needs_eoi(struct domain *d unused_arg, uint32_t pirq unused_arg)
{
	return false;
}

static const struct pirq_ops whole_pirqs = {whole_pirq_bind, whole_pirq_unbind,
					    whole_pirq_retarget, whole_pirq_needs_eoi};

/* --- places ---------------------------------------------------------------------------------- */

static inline uint64_t place_va(unsigned int n, unsigned int place)
{
	return 0x400000UL + n * 0x100000UL + place * PAGE_SIZE;
}

/* What lies there, as the guest itself would see it. */
static inline void *place(unsigned int n, unsigned int which)
{
	return frame_map(whole_places[n][which]);
}

/* The number its domain calls the frame by. */
static inline uint64_t place_gfn(unsigned int n, unsigned int which)
{
	return n == 2 ? place_va(n, which) >> PAGE_SHIFT : whole_places[n][which].n;
}

static void whole_give_place(struct domain *d, unsigned int which)
{
	mfn_t m = MFN_NONE;

	if (memory_allocate(d, 0, 0, 0, &m)) {
		abort();
	}
	whole_places[d->id][which] = m;
	if (d->is_pv) {
		/* As its page-table entry would. */
		if (!frame_get(frame_of(m), d->id)) {
			abort();
		}
		sim_guest_map(place_va(d->id, which), m, true);
		return;
	}
	spin_lock(&d->hvm->p2m.lock);
	if (p2m_set_locked(&d->hvm->p2m, gfn(place_gfn(d->id, which)), m, 0, P2M_RAM)) {
		abort();
	}
	spin_unlock(&d->hvm->p2m.lock);
}

/* --- start and end --------------------------------------------------------------------------- */

static inline void whole_exit_path(void)
{
	restart_reset();
	softirq_run(0);
	domain_exit_path_passed(0);
}

/* What the exit path of the only CPU does, as often as it takes. */
static inline void whole_exit_paths(void)
{
	cpu_local()->current_vcpu = NULL;
	for (unsigned int round = 0; round < 6; round++) {
		whole_exit_path();
	}
}

/* Frames that are neither free nor cut into small objects, which heap_used() counts. */
static uint64_t whole_frames_used(void)
{
	uint64_t used = 0;

	for (uint64_t n = SIM_RAM_FIRST; n < SIM_RAM_FIRST + WHOLE_FRAMES; n++) {
		const struct frame *f = frame_of(mfn(n));

		if (f->owner == FRAME_OWNER_FREE) {
			n += (1UL << f->partial_index) - 1;
		} else {
			used += f->owner != DOMID_XEN || (f->partial_index & ~0xffU) != 0x100;
		}
	}
	return used;
}

static struct domain *whole_domain(uint16_t id, const struct guest_ops *ops)
{
	struct domain_config config = {.max_vcpus = 2,
				       .max_evtchn_port = 1023,
				       .max_grant_frames = 4,
				       .max_maptrack_frames = 4};
	struct domain *d = NULL;

	if (domain_create(id, &config, ops, id == 0, &d) || vcpu_create(d, 0) ||
	    vcpu_create(d, 1)) {
		abort();
	}
	d->frame_max = 1024;
	whole_take_over(d);
	for (unsigned int i = 0; i < PLACES; i++) {
		whole_give_place(d, i);
	}
	if (!d->is_pv) {
		fake(d->vcpus[0])->registers[HVM_CR0] = CR0_PE | CR0_ET;
	}
	if (domain_control_unpause(d)) {
		abort();
	}
	return d;
}

static void whole_start(void)
{
	/* Domains of a run that was broken off: the memory they lay in is gone. */
	for (struct domain *d; (d = domain_find_from(0)) != NULL;) {
		domain_unregister(d);
	}
	sim_reset(WHOLE_FRAMES);
	sim_set_cpu_count(1);
	sim_set_cpu(0);
	sim_fail_point(0);
	make_cpu();
	cpu_write_cr4(CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
	plat_reset();
	memory_init();
	timers_init(clock_program, clock_now);
	sched_init(clock_now);
	sched_cpu_online(0);
	domains_init();
	evtchn_init();
	evtchn_set_pirq_ops(&whole_pirqs);
	whole_exit_paths();
	virt_ops = &fake_ops;
	pv_policy_init();
	hvm_policy_init(pv_policy_host());
	range_clear(&pv_mmio_readonly);
	whole_heap_at_start = heap_used();
	whole_frames_at_start = whole_frames_used();
	(void)whole_domain(0, &pv_guest_ops);
	(void)whole_domain(1, &pv_guest_ops);
	(void)whole_domain(2, &hvm_guest_ops);
	whole_units = RESTART_UNITS;
}

unused_arg static void whole_audit(void)
{
	for (struct domain *d = domain_find_from(0); d;
	     d = domain_find_from((uint16_t)(d->id + 1))) {
		if (d->life != DOMAIN_DEAD) {
			grant_audit(d);
			evtchn_audit(d);
		}
	}
	pv_audit(domain_find_from(0));
}

/* Bytes and frames that did not come back. */
unused_arg static uint64_t whole_end(void)
{
	struct domain *d;

	for (unsigned int i = 0; i < PLACES; i++) {
		frame_put(frame_of(whole_places[0][i]));
		frame_put(frame_of(whole_places[1][i]));
	}
	whole_exit_paths();
	/* Two rounds: what one holds of another goes with the holder. */
	for (unsigned int round = 0; round < 2; round++) {
		for (d = domain_find_from(0); d; d = domain_find_from((uint16_t)(d->id + 1))) {
			int err = d->life == DOMAIN_DEAD ? 0 : -XEN_ERESTART;

			while (err == -XEN_ERESTART) {
				whole_exit_path();
				err = domain_kill(d);
			}
			assert(err == 0);
		}
		whole_exit_paths();
	}
	for (unsigned int round = 0; domain_find_from(0) && round < 100; round++) {
		whole_exit_paths();
	}
	whole_exit_paths();
	return heap_used() - whole_heap_at_start + whole_frames_used() - whole_frames_at_start;
}

/* --- calls ----------------------------------------------------------------------------------- */

/* One call of that vcpu to its end; -XEN_ERESTART if it does not come to one. */
static inline int64_t whole_call(struct vcpu *v, uint64_t number, const uint64_t args[6])
{
	struct hypercall call = {.v = v};
	int64_t result;

	memcpy(call.args, args, sizeof(call.args));
	whole_calls++;
	v->hypercall_count++;
	for (unsigned int stays = 0; stays < STAYS_MAX; stays++) {
		cpu_local()->regs = v->regs;
		cpu_local()->current_vcpu = v;
		sim_hypercall_begin();
		whole_exit_path();
		restart_spend(RESTART_UNITS - whole_units);
		result = hypercall_run(&call, number);
		v->regs = cpu_local()->regs;
		if (result != -XEN_ERESTART) {
			break;
		}
	}
	return result;
}

#endif
