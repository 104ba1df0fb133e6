/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world of the hypercall tests: the real domain modules on the simulated machine, with a kind
 * of guest that has no page tables. Domain 0 is control and hardware domain, domain 1 nobody
 * special. Guest pages lie at WORLD_VA; frames are numbered by the machine, as for PV guests.
 */
#ifndef UNIT_CALL_WORLD_H
#define UNIT_CALL_WORLD_H

#include "domain/access.h"
#include "domain/guest_ops.h"
#include "domain/memory.h"
#include "domain/part.h"
#include "domain/restart.h"
#include "domain/vtime.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hypercall/call.h"
#include "machine/frames.h"
#include "machine/sim.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "plat/clock.h"
#include "pv/cpuid.h"
#include "pv/pv.h"
#include "sched/timer.h"
#include "unit/fake_plat.h"
#include "unit/unit.h"

#include <xen/errno.h>

#include <stdlib.h>
#include <string.h>

#define WORLD_VA 0x400000UL
#define WORLD_PAGES 8
#define LIST_VA (WORLD_VA + 0x1000)
#define LIST2_VA (WORLD_VA + 0x3000)

static struct domain *dom0, *dom1;
static unsigned int world_contexts; /* set_context calls that are still to restart */

static int world_vcpu_create(struct vcpu *v)
{
	v->pv = heap_new(struct pv_vcpu);
	return v->pv ? 0 : -XEN_ENOMEM;
}

static void world_vcpu_free(struct vcpu *v)
{
	heap_free(v->pv);
}

static int world_translate(struct domain *d unused_arg, gfn_t g, mfn_t *m)
{
	*m = mfn(g.n);
	return 0;
}

static int world_set_context(struct vcpu *v unused_arg, const void *context unused_arg)
{
	if (world_contexts == 0) {
		return 0;
	}
	world_contexts--;
	return -XEN_ERESTART;
}

static void world_get_context(struct vcpu *v unused_arg, void *context unused_arg)
{
}

static int world_nothing_vcpu(struct vcpu *v unused_arg)
{
	return 0;
}

static int world_nothing(struct domain *d unused_arg)
{
	return 0;
}

const struct guest_ops pv_guest_ops = {
	.name = "world",
	.is_pv = true,
	.vcpu_create = world_vcpu_create,
	.vcpu_free = world_vcpu_free,
	.translate = world_translate,
	.set_context = world_set_context,
	.get_context = world_get_context,
	.reset_context = world_nothing_vcpu,
	.teardown = world_nothing,
};

static void world_no_free(struct domain *d unused_arg)
{
}

static const struct domain_part world_memory = {"memory", world_nothing, memory_relinquish,
						world_no_free, NULL};
static const struct domain_part world_evtchn = {"event channels", evtchn_domain_create,
						evtchn_domain_teardown, evtchn_domain_free,
						evtchn_domain_shrink};
static const struct domain_part world_grant = {"grants", grant_domain_create,
					       grant_domain_teardown, grant_domain_free,
					       grant_domain_shrink};
const struct domain_part *const domain_parts[] = {
	&world_memory, &access_part, &shared_part, &world_evtchn, &world_grant, &vcpus_part, NULL,
};

static void world_program(uint64_t expires unused_arg)
{
}

static struct domain *world_domain(uint16_t id, bool is_control)
{
	struct domain_config config = {.max_vcpus = 2, .max_evtchn_port = 1023,
				       .max_grant_frames = 8, .max_maptrack_frames = 8};
	struct domain *d = NULL;

	if (domain_create(id, &config, &pv_guest_ops, is_control, &d) || vcpu_create(d, 0) ||
	    vcpu_create(d, 1)) {
		abort();
	}
	d->frame_max = 2048;
	if (domain_control_unpause(d)) {
		abort();
	}
	return d;
}

static void world_reset(void)
{
	/* The register of domains outlives a test; the memory they lie in does not. */
	for (struct domain *d; (d = domain_find_from(0)) != NULL;) {
		domain_unregister(d);
	}
	sim_reset(8192);
	restart_reset();
	memory_init();
	domains_init();
	timers_init(world_program, clock_now);
	sched_init(clock_now);
	for (unsigned int cpu = 0; cpu < SIM_CPUS; cpu++) {
		sched_cpu_online(cpu);
	}
	dom0 = world_domain(0, true);
	dom1 = world_domain(1, false);
	for (unsigned int i = 0; i < WORLD_PAGES; i++) {
		mfn_t m = buddy_alloc(0, 0, BUDDY_ZERO);

		sim_guest_map(WORLD_VA + i * PAGE_SIZE, m, true);
	}
	world_contexts = 0;
	plat_reset();
}

static inline void put(uint64_t address, const void *from, size_t bytes)
{
	sim_guest_write(address, from, bytes);
}

static inline void get(void *to, uint64_t address, size_t bytes)
{
	sim_guest_read(to, address, bytes);
}

/* One stay in the core with that many units left. */
static inline int64_t stay(hypercall_handler *handler, struct hypercall *call, unsigned int units)
{
	sim_hypercall_begin();
	restart_reset();
	restart_spend(RESTART_UNITS - units);
	return handler(call);
}

static unsigned int world_stays;

/* A call of vcpu 0 to its end, restarted as often as it wants to be. */
static inline int64_t call_units(struct domain *d, hypercall_handler *handler, uint64_t a,
				 uint64_t b, uint64_t c, unsigned int units)
{
	struct hypercall call = {.v = d->vcpus[0], .args = {a, b, c}};
	int64_t result;

	world_stays = 0;
	do {
		result = stay(handler, &call, units);
		world_stays++;
	} while (result == -XEN_ERESTART && world_stays < 100000);
	CU_ASSERT_EQUAL(sim_violations(), 0);
	return result;
}

static inline int64_t call_as(struct domain *d, hypercall_handler *handler, uint64_t a, uint64_t b,
			      uint64_t c)
{
	return call_units(d, handler, a, b, c, RESTART_UNITS);
}

#endif
