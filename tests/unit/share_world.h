/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small world for the event channel and grant tests: domain 0 (control, hardware) and the plain
 * domains 1 and 2, two vcpus each, with stand-ins for what these modules name of the core. Guest
 * page tables are an array of slots; the stand-in for grant_map fills slot host_address / 4096.
 */
#ifndef UNIT_SHARE_WORLD_H
#define UNIT_SHARE_WORLD_H

#include "domain/guest.h"
#include "domain/guest_ops.h"
#include "domain/memory.h"
#include "domain/restart.h"
#include "evtchn/evtchn.h"
#include "grant/grant.h"
#include "hypercall/call.h"
#include "lib/check.h"
#include "machine/fault.h"
#include "machine/frames.h"
#include "machine/sim.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/heap.h"
#include "unit/unit.h"

#include <xen/errno.h>

#include <stdlib.h>
#include <string.h>

#define WORLD_DOMAINS 3
#define WORLD_VCPUS 2
#define WORLD_SLOTS 64
#define ARGS_VA 0x100000UL
#define FRAMES_EACH 8

struct world_slot {
	mfn_t mfn;
	bool present;
	bool readonly;
};

static struct world_domain {
	struct domain d;
	struct vcpu v[WORLD_VCPUS];
	struct vcpu *vcpus[WORLD_VCPUS];
	struct range irqs[4];
	struct world_slot slots[WORLD_SLOTS];
	mfn_t frames[FRAMES_EACH];
	mfn_t args;
	int refs; /* domain_get minus domain_put */
	unsigned int kicks[WORLD_VCPUS], unblocks[WORLD_VCPUS];
} world[WORLD_DOMAINS];

#define dom(n) (&world[n].d)
#define cpu_of(n) (&world[n].v[0])

static unsigned int world_released;

struct domain *domain_hardware;
void (*domain_exception_hook)(void);
void (*domain_suspend_hook)(struct domain *d, uint32_t port);

static inline struct world_domain *world_of(const struct domain *d)
{
	return &world[d->id];
}

struct domain *domain_find_from(uint16_t id)
{
	return id < WORLD_DOMAINS ? dom(id) : NULL;
}

struct domain *domain_find(uint16_t id)
{
	return domain_find_from(id);
}

bool domain_get(struct domain *d)
{
	world_of(d)->refs++;
	return true;
}

void domain_put(struct domain *d)
{
	world_of(d)->refs--;
}

struct domain *call_target(struct hypercall *call, uint16_t domid)
{
	return domid == DOMID_SELF ? call->v->domain : domain_find(domid);
}

int rights_check(const struct domain *caller, const struct domain *target,
		 enum right right unused_arg)
{
	return caller == target || caller->is_control ? 0 : -XEN_EPERM;
}

int call_find(struct hypercall *call, uint16_t domid, enum right right, struct domain **d)
{
	*d = call_target(call, domid);
	return *d ? rights_check(call->v->domain, *d, right) : -XEN_ESRCH;
}

struct vcpu *vcpu_find(struct domain *d, uint64_t id)
{
	return id < d->max_vcpus ? d->vcpus[id] : NULL;
}

void vcpu_kick(struct vcpu *v)
{
	world_of(v->domain)->kicks[v->id]++;
}

void vcpu_unblock(struct vcpu *v)
{
	world_of(v->domain)->unblocks[v->id]++;
}

/* Time for a grace passes when the test says so. */
static bool world_grace_over;

uint64_t domain_grace_start(void)
{
	return 1;
}

bool domain_grace_is_over(uint64_t grace unused_arg)
{
	return world_grace_over;
}

void *memory_allocate_heap(struct domain *d unused_arg)
{
	return heap_alloc_pages(0);
}

void memory_free_heap(struct domain *d unused_arg, void *page)
{
	heap_free_pages(page, 0);
}

int guest_in(struct vcpu *v unused_arg, void *to, struct guest_ptr from, size_t bytes)
{
	return fault_copy_in(to, from.address, bytes) ? -XEN_EFAULT : 0;
}

int guest_out(struct vcpu *v unused_arg, struct guest_ptr to, const void *from, size_t bytes)
{
	return fault_copy_out(to.address, from, bytes) ? -XEN_EFAULT : 0;
}

/* Any frame, as for PV guests: whose it is must be asked by who uses it. */
static int world_translate(struct domain *d unused_arg, gfn_t g, mfn_t *m)
{
	*m = mfn(g.n);
	return frame_is_valid(*m) ? 0 : -XEN_EINVAL;
}

static int world_get_writable(struct domain *d unused_arg, struct frame *f)
{
	if (frame_type_count(f) != 0 && frame_type(f) != TYPE_WRITABLE) {
		return -XEN_EINVAL;
	}
	f->type = (uint32_t)TYPE_WRITABLE << TYPE_SHIFT | (frame_type_count(f) + 1);
	return 0;
}

static void world_put_writable(struct domain *d unused_arg, struct frame *f)
{
	assert(frame_type(f) == TYPE_WRITABLE && frame_type_count(f) != 0);
	f->type--;
}

static int world_grant_map(struct vcpu *v, const struct grant_mapping *mapping)
{
	uint64_t slot = mapping->host_address >> PAGE_SHIFT;

	if (slot >= WORLD_SLOTS || world_of(v->domain)->slots[slot].present) {
		return GNTST_general_error;
	}
	world_of(v->domain)->slots[slot] =
		(struct world_slot){mapping->mfn, true, mapping->readonly};
	sim_tlb_remember(this_cpu(), mapping->mfn);
	return GNTST_okay;
}

static int world_grant_unmap(struct vcpu *v, const struct grant_mapping *mapping)
{
	uint64_t slot = mapping->host_address >> PAGE_SHIFT;
	struct world_slot *s;

	if (slot >= WORLD_SLOTS) {
		return GNTST_general_error;
	}
	s = &world_of(v->domain)->slots[slot];
	if (!s->present || !mfn_eq(s->mfn, mapping->mfn) || s->readonly != mapping->readonly) {
		return GNTST_general_error;
	}
	s->present = false;
	return GNTST_okay;
}

static const struct guest_ops world_ops = {
	.name = "world",
	.translate = world_translate,
	.get_writable = world_get_writable,
	.put_writable = world_put_writable,
	.grant_map = world_grant_map,
	.grant_unmap = world_grant_unmap,
};

static void world_release(struct frame *f)
{
	world_released++;
	buddy_free(frame_mfn(f), 0);
}

static mfn_t world_frame(uint16_t owner)
{
	mfn_t m = buddy_alloc(0, 0, BUDDY_ZERO);
	struct frame *f = frame_of(m);

	assert(!mfn_is_none(m));
	f->owner = owner;
	f->refs = FRAME_ALLOCATED | 1;
	return m;
}

static void world_add(uint16_t id)
{
	struct world_domain *w = &world[id];

	w->d.id = id;
	w->d.is_pv = true;
	w->d.is_control = w->d.is_hardware = id == 0;
	w->d.life = DOMAIN_ALIVE;
	w->d.ops = &world_ops;
	w->d.max_vcpus = WORLD_VCPUS;
	w->d.vcpus = w->vcpus;
	w->d.config.max_evtchn_port = 1023;
	w->d.config.max_grant_frames = 4;
	w->d.config.max_maptrack_frames = 1;
	w->d.shared = heap_alloc_pages(0);
	range_set_init(&w->d.irqs, w->irqs, array_size(w->irqs));
	cpu_set_add(&w->d.dirty_cpus, 0);
	for (uint32_t i = 0; i < WORLD_VCPUS; i++) {
		w->v[i].domain = &w->d;
		w->v[i].id = i;
		w->v[i].unit.cpu = i;
		w->v[i].info = &w->d.shared->vcpu_info[i];
		w->vcpus[i] = &w->v[i];
	}
	for (unsigned int i = 0; i < FRAMES_EACH; i++) {
		w->frames[i] = world_frame(id);
	}
	w->args = world_frame(id);
}

static void world_reset(void)
{
	sim_reset(4096);
	memset(world, 0, sizeof(world));
	world_released = 0;
	world_grace_over = true;
	frame_set_release_hook(world_release);
	restart_reset();
	for (uint16_t i = 0; i < WORLD_DOMAINS; i++) {
		world_add(i);
	}
	domain_hardware = dom(0);
}

/* A hypercall of vcpu 0 of a domain, its argument structure copied there and back. */
static inline int64_t world_call(hypercall_handler *handler, unsigned int n, uint64_t cmd,
				 void *arg, size_t bytes, uint64_t count)
{
	struct hypercall call = {.v = cpu_of(n), .args = {cmd, ARGS_VA, count}};
	int64_t result;

	sim_guest_map(ARGS_VA, world[n].args, true);
	sim_guest_write(ARGS_VA, arg, bytes);
	do {
		sim_hypercall_begin();
		restart_reset();
		result = handler(&call);
	} while (result == -XEN_ERESTART);
	sim_guest_read(arg, ARGS_VA, bytes);
	CU_ASSERT_EQUAL(sim_violations(), 0);
	return result;
}

#endif
