/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual CPU. It runs when nothing in pause_flags, its own pause count, or its domain's pause
 * counts says no; whenever one of those changes, vcpu_reconsider() tells the scheduler.
 *
 * Registers lie in cpu_local()->regs of the CPU it is loaded on, in ->regs else;
 * vcpu_regs() is for code that runs for the loaded vcpu.
 */
#ifndef DOMAIN_VCPU_H
#define DOMAIN_VCPU_H

#include "domain/domain.h"
#include "domain/guest.h"
#include "machine/percpu.h"
#include "sched/timer.h"

#include <xen/event_channel.h>
#include <xen/shared_info.h>

struct domain_part;
struct hvm_vcpu;
struct pv_vcpu;

/* vcpu.pause_flags: */
#define VCPU_DOWN (1U << 0)       /* VCPUOP_down, or never brought up */
#define VCPU_BLOCKED (1U << 1)    /* SCHEDOP_block, SCHEDOP_poll: until an event */
#define VCPU_SHUTDOWN (1U << 2)   /* its domain is shutting down */

#define VCPU_VIRQS 24

struct vcpu_runstate {
	uint32_t state;        /* RUNSTATE_* */
	uint64_t entry_time;   /* clock_now() */
	uint64_t time[4];      /* ns in each state */
};

struct vcpu {
	struct cpu_regs regs;    /* when not loaded */
	struct domain *domain;   /* (c) */
	uint32_t id;             /* (c) */
	struct sched_unit unit;
	uint32_t pause_flags;    /* (a) VCPU_* */
	uint32_t pause_count;    /* (a) */
	bool is_initialised;     /* (domain lock) */
	bool nmi_pending;        /* (a) */
	bool nmi_blocked;        /* (v) until the next iret */
	bool trap_pending;       /* (v) an exception waits for delivery: pv/trap.c; always true of a
				  * translated guest's vcpu, whose hvm_deliver() is always asked */
	struct vcpu_info *info;  /* hypervisor address: in shared_info or a registered page */
	struct frame *info_frame; /* the registered page's frame, or NULL */
	struct vcpu_info spare_info; /* for ids without a slot in shared_info, and after teardown */
	struct spinlock virq_lock;
	uint32_t virq_port[VCPU_VIRQS]; /* (a) 0: not bound */

	/* SCHEDOP_poll */
	int32_t poll_port;       /* (a) 0: not polling, > 0: that port, -1: any of several */

	/* domain/vtime.c */
	struct timer singleshot_timer;
	struct timer periodic_timer;
	struct timer poll_timer;
	uint64_t periodic_ns;
	uint64_t periodic_last;
	struct spinlock time_lock;
	struct vcpu_runstate runstate;   /* under time_lock */
	uint64_t runstate_address;       /* guest virtual, 0: none */
	uint64_t time_area_address;      /* guest virtual, 0: none */
	bool areas_stale;                /* a write failed in user mode: retry in kernel mode */
	uint32_t time_version;
	bool time_published;
	uint64_t tsc_offset; /* (v) HVM: what the guest added to its TSC */

	/* Extended state; area of FPU_AREA_BYTES */
	void *fpu;
	uint64_t xcr0;

	struct pv_vcpu *pv;
	struct hvm_vcpu *hvm; /* one of the two */
	uint64_t hypercall_count;
	struct guest_window window; /* (v) */
};

/* The vcpu running on this CPU; only entry/ and this header may name it. */
static inline struct vcpu *current_vcpu(void)
{
	return cpu_local()->current_vcpu;
}

static inline struct cpu_regs *vcpu_regs(struct vcpu *v)
{
	return current_vcpu() == v ? &cpu_local()->regs : &v->regs;
}

static inline bool vcpu_is_loaded(const struct vcpu *v)
{
	return current_vcpu() == v;
}

int must_check vcpu_create(struct domain *d, uint32_t id);
void vcpu_free(struct vcpu *v);
/* NULL if id is out of range or not created. Bounded under speculation. */
struct vcpu *vcpu_find(struct domain *d, uint64_t id);

static inline bool vcpu_is_runnable(const struct vcpu *v)
{
	return atomic_read(&v->pause_flags) == 0 && atomic_read(&v->pause_count) == 0 &&
	       atomic_read(&v->domain->pause_count) == 0 &&
	       atomic_read(&v->domain->control_pause_count) == 0;
}

/* Tells the scheduler after a change of what vcpu_is_runnable() looks at. */
void vcpu_reconsider(struct vcpu *v);
/* Sets or clears a flag; clearing reconsiders, setting stops it soon (no waiting). */
void vcpu_set_flag(struct vcpu *v, uint32_t flag);
void vcpu_clear_flag(struct vcpu *v, uint32_t flag);
/* Not running and its context saved when this returns; counted. Not for the current vcpu. */
void vcpu_pause(struct vcpu *v);
void vcpu_pause_nowait(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
/* Makes it look for events soon: wakes it if blocked, kicks its CPU if running. */
void vcpu_kick(struct vcpu *v);
/* Wakes it if VCPU_BLOCKED. */
void vcpu_unblock(struct vcpu *v);

static inline bool vcpu_events_deliverable(const struct vcpu *v)
{
	return atomic_read(&v->info->evtchn_upcall_pending) != 0 &&
	       (atomic_read(&v->info->evtchn_upcall_mask) & 1) == 0;
}

/* An exception, NMI or event waits, masked or not: the exit path must ask guest_ops.deliver. */
static inline bool vcpu_is_owed(const struct vcpu *v)
{
	return v->trap_pending || atomic_read(&v->nmi_pending) ||
	       atomic_read(&v->info->evtchn_upcall_pending) != 0;
}

/* VCPUOP_register_vcpu_info; the frame must belong to the domain. */
int must_check vcpu_register_info(struct vcpu *v, gfn_t g, uint32_t offset);
/* False while events of a vcpu without a slot in shared_info have nowhere to go. */
bool vcpu_has_info(const struct vcpu *v);

/* Part: the array of vcpus. Its teardown calls the guest_ops' and gives registered pages back. */
extern const struct domain_part vcpus_part;
/* Part: the page shared with the guest (domain/shared.c). Needs the memory part. */
extern const struct domain_part shared_part;

#define for_each_vcpu(d, v)                                                              \
	for (uint32_t v##_index = 0; v##_index < (d)->max_vcpus; v##_index++)            \
		if (((v) = (d)->vcpus[v##_index]) != NULL)

#endif
