/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual CPUs: creation, when they may run, how they are woken, where their vcpu_info lies.
 *
 * Running or not follows from pause_flags and the pause counts. They are changed atomically by
 * anybody; after each change vcpu_reconsider() tells the scheduler what they say and looks again:
 * of two that change them at once, the later look sees both changes.
 *
 * vcpu_info: a slot in shared_info for the first 32 vcpus, the vcpu's own spare (events masked) for
 * others, until the guest registers a place in one of its frames. From then on that frame has a
 * reference and a writable type. At teardown the vcpu goes back to the spare; the frame is let go
 * when every CPU has passed its exit path, since raising an event there takes no lock.
 */
#include "domain/vcpu.h"

#include "domain/guest_ops.h"
#include "domain/own_frame.h"
#include "domain/part.h"
#include "domain/vtime.h"
#include "lib/check.h"
#include "lib/index.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/fpu.h"
#include "machine/frames.h"
#include "machine/shared.h"
#include "machine/smp.h"
#include "machine/tlb.h"
#include "mm/heap.h"

#include <xen/errno.h>

#define XCR0_X87_SSE 3

/* --- running and not running ----------------------------------------------------------------- */

void vcpu_reconsider(struct vcpu *v)
{
	bool runnable;

	do {
		runnable = vcpu_is_runnable(v);
		if (runnable) {
			sched_wake(&v->unit);
		} else {
			sched_sleep(&v->unit);
		}
		atomic_fence();
	} while (vcpu_is_runnable(v) != runnable);
	vtime_runstate_settle(v);
}

void vcpu_set_flag(struct vcpu *v, uint32_t flag)
{
	if ((atomic_or(&v->pause_flags, flag) & flag) == 0) {
		vcpu_reconsider(v);
	}
}

void vcpu_clear_flag(struct vcpu *v, uint32_t flag)
{
	if (atomic_and(&v->pause_flags, ~flag) & flag) {
		vcpu_reconsider(v);
	}
}

void vcpu_pause_nowait(struct vcpu *v)
{
	atomic_add(&v->pause_count, 1);
	vcpu_reconsider(v);
}

void vcpu_pause(struct vcpu *v)
{
	assert(!vcpu_is_loaded(v));
	vcpu_pause_nowait(v);
	while (atomic_read_acquire(&v->unit.on_cpu)) {
		tlb_poll();
		cpu_pause();
	}
}

void vcpu_unpause(struct vcpu *v)
{
	assert(atomic_read(&v->pause_count) != 0);
	if (atomic_sub(&v->pause_count, 1) == 0) {
		vcpu_reconsider(v);
	}
}

void vcpu_unblock(struct vcpu *v)
{
	if (atomic_read(&v->pause_flags) & VCPU_BLOCKED) {
		atomic_write(&v->poll_port, 0);
		vcpu_clear_flag(v, VCPU_BLOCKED);
	}
}

void vcpu_kick(struct vcpu *v)
{
	/* What it is to find was written before; it blocks before it looks. */
	atomic_fence();
	vcpu_unblock(v);
	/* If it has moved since, it has passed the exit path since. */
	if (atomic_read(&v->unit.on_cpu)) {
		smp_kick(atomic_read(&v->unit.cpu));
	}
}

/* --- creation -------------------------------------------------------------------------------- */

/* Spreads domains and their vcpus over the CPUs. */
static unsigned int first_cpu(const struct domain *d, uint32_t id)
{
	unsigned int skip = (d->id + id) % cpu_set_weight(&cpus_online);
	unsigned int cpu = cpu_set_first(&cpus_online);

	while (skip-- > 0) {
		cpu = cpu_set_next(&cpus_online, cpu);
	}
	return cpu;
}

int vcpu_create(struct domain *d, uint32_t id)
{
	struct vcpu *v;
	int err = -XEN_ENOMEM;

	if (id >= d->max_vcpus) {
		return -XEN_EINVAL;
	}
	if (d->vcpus[id]) {
		return -XEN_EEXIST;
	}
	v = heap_new(struct vcpu);
	if (!v) {
		return -XEN_ENOMEM;
	}
	v->fpu = heap_alloc(FPU_AREA_BYTES);
	if (!v->fpu) {
		goto free_vcpu;
	}
	fpu_area_init(v->fpu);
	v->xcr0 = XCR0_X87_SSE;
	v->domain = d;
	v->id = id;
	v->pause_flags = VCPU_DOWN | (atomic_read(&d->is_shutting_down) ? VCPU_SHUTDOWN : 0);
	spin_init(&v->virq_lock, vcpu);
	v->spare_info.evtchn_upcall_mask = 1;
	v->info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared->vcpu_info[id] : &v->spare_info;
	sched_unit_init(&v->unit, &d->sched, first_cpu(d, id));
	vtime_vcpu_init(v);
	err = d->ops->vcpu_create(v);
	if (err) {
		goto fini_time;
	}
	atomic_write_release(&d->vcpus[id], v);
	return 0;

fini_time:
	vtime_vcpu_fini(v);
	heap_free(v->fpu);
free_vcpu:
	heap_free(v);
	return err;
}

void vcpu_free(struct vcpu *v)
{
	assert(!v->info_frame);
	vtime_vcpu_fini(v);
	v->domain->ops->vcpu_free(v);
	sched_unit_fini(&v->unit);
	heap_free(v->fpu);
	heap_free(v);
}

struct vcpu *vcpu_find(struct domain *d, uint64_t id)
{
	if (id >= d->max_vcpus) {
		return NULL;
	}
	return atomic_read_acquire(&d->vcpus[index_clamp(id, d->max_vcpus)]);
}

/* --- vcpu_info ------------------------------------------------------------------------------- */

bool vcpu_has_info(const struct vcpu *v)
{
	return v->info != &v->spare_info;
}

/* May this vcpu's info move now? */
static int check_register_locked(const struct vcpu *v)
{
	if (v->info_frame || domain_is_dying(v->domain)) {
		return -XEN_EINVAL;
	}
	if (!vcpu_is_loaded(v) && (atomic_read(&v->pause_flags) & VCPU_DOWN) == 0) {
		return -XEN_EINVAL;
	}
	return 0;
}

static void move_info_locked(struct vcpu *v, struct frame *f, uint32_t offset)
{
	struct vcpu_info *info = (struct vcpu_info *)((uint8_t *)frame_map(frame_mfn(f)) + offset);

	*info = *v->info;
	v->info_frame = f;
	atomic_write_release(&v->info, info);
	atomic_fence();
	/* Events raised in the old place while it was copied: have the guest look at all ports. */
	atomic_or(&info->evtchn_pending_sel, ~0UL);
	atomic_write_release(&info->evtchn_upcall_pending, 1);
	if (v->domain->ops->upcall) {
		v->domain->ops->upcall(v);
	}
}

int vcpu_register_info(struct vcpu *v, gfn_t g, uint32_t offset)
{
	struct domain *d = v->domain;
	struct frame *f;
	int err;

	if (offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
	    offset % _Alignof(struct vcpu_info) != 0) {
		return -XEN_ENXIO;
	}
	err = own_frame_get_writable(d, g, &f);
	if (err) {
		return err;
	}
	spin_lock(&d->lock);
	err = check_register_locked(v);
	if (!err) {
		move_info_locked(v, f, offset);
	}
	spin_unlock(&d->lock);
	if (err) {
		own_frame_put_writable(d, f);
		return err;
	}
	vtime_update(v, true);
	return 0;
}

/* --- the part -------------------------------------------------------------------------------- */

static int create(struct domain *d)
{
	d->vcpus = heap_alloc(d->max_vcpus * sizeof(d->vcpus[0]));
	return d->vcpus ? 0 : -XEN_ENOMEM;
}

/* Leaves the registered places; true if there were any. */
static bool leave_info_frames(struct domain *d)
{
	bool any = false;
	struct vcpu *v;

	for_each_vcpu(d, v) {
		if (v->info_frame && v->info != &v->spare_info) {
			atomic_write_release(&v->info, &v->spare_info);
			any = true;
		}
	}
	return any;
}

static int teardown(struct domain *d)
{
	struct vcpu *v;
	int err;

	if (leave_info_frames(d)) {
		d->retire_grace = domain_grace_start();
		return -XEN_ERESTART;
	}
	if (!domain_grace_is_over(d->retire_grace)) {
		return -XEN_ERESTART;
	}
	for_each_vcpu(d, v) {
		/* Its timers raise no more events, and nobody reads its areas. */
		vtime_vcpu_fini(v);
		if (v->info_frame) {
			own_frame_put_writable(d, v->info_frame);
			v->info_frame = NULL;
		}
	}
	err = d->ops->teardown ? d->ops->teardown(d) : 0;
	return err;
}

static void free_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		d->vcpus[v_index] = NULL;
		vcpu_free(v);
	}
	heap_free(d->vcpus);
}

static bool shrink_vcpus(struct domain *d)
{
	static const unsigned int share = 8;
	unsigned int freed = 0;
	struct vcpu *v;

	for_each_vcpu(d, v) {
		if (freed++ == share) {
			return false;
		}
		d->vcpus[v_index] = NULL;
		vcpu_free(v);
	}
	return true;
}

const struct domain_part vcpus_part = {
	.name = "vcpus",
	.create = create,
	.teardown = teardown,
	.free = free_vcpus,
	.shrink = shrink_vcpus,
};
