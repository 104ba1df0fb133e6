/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain: one guest, its vcpus, its memory, what it may touch.
 *
 *     new -> alive        first unpause by its creator
 *     alive -> dying      domain_kill(): its parts are torn down, restartably
 *     dying -> dead       all its own references are gone; frames held by others remain
 *     dead -> freed       the last reference (a frame others map, a lookup) is put
 *
 * References: domain_find() borrows until the exit path (the structure is retired, not freed,
 * while a CPU may hold it: domain/retire.c); domain_get/put keep it. Each frame owned by the domain
 * counts as one reference together (refs_frames), so a domain whose frames are mapped elsewhere
 * stays.
 *
 * Legend: (c) constant after creation, (l) under ->lock, (m) under ->memory_lock, (a) atomic.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include "lib/range.h"
#include "machine/lock.h"
#include "mm/frame.h"
#include "sched/sched.h"
#include "sched/timer.h"

#include <xen/base.h>

struct cpu_policy;
struct evtchn_table;
struct grant_table;
struct guest_ops;
struct hvm_domain;
struct pv_domain;
struct shared_info;
struct vcpu;

#define DOMAIN_VCPUS_MAX 128

enum domain_life {
	DOMAIN_NEW,
	DOMAIN_ALIVE,
	DOMAIN_DYING,
	DOMAIN_DEAD,
};

struct domain_config {
	uint8_t handle[16];
	uint32_t max_vcpus;
	uint32_t max_evtchn_port;   /* highest port it may have, ~0: the ABI's limit */
	uint32_t max_grant_frames;
	uint32_t max_maptrack_frames;
	uint32_t emulation_flags;
	uint32_t pool;              /* of CPUs */
	bool is_xenstore;
};

struct domain_e820 {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
};
#define DOMAIN_E820_MAX 128

/* domain/clearing.h */
struct domain_clearing {
	mfn_t first;
	uint64_t cleared; /* frames */
	unsigned int address_bits;
	uint8_t order;
	bool exists;
	bool is_busy; /* the CPU that set it owns the other fields */
};

/* hypercall/memory_exchange.c: a chunk on its way */
struct domain_exchange {
	mfn_t block;
	struct frame_list old_frames;
	uint64_t taken;    /* old frames so far */
	uint64_t first_in; /* extent of the list the chunk begins at */
	uint8_t order;
	uint8_t stage;
	bool is_busy; /* as above */
};

struct domain {
	uint16_t id;         /* (c) */
	bool is_control;     /* (c) may control others: domain 0 */
	bool is_hardware;    /* (c) owns the machine's devices: domain 0 */
	bool is_xenstore;    /* (c) */
	bool is_pv;          /* (c) */
	uint8_t life;        /* (l) enum domain_life */
	bool is_shutting_down; /* (a) some vcpu asked; all are being stopped */
	bool is_shut_down;     /* (a) all are stopped */
	uint8_t shutdown_code; /* (a) SHUTDOWN_*, 0xff: none yet */
	uint8_t teardown_part; /* how far domain_kill() or domain_free() has come */
	uint8_t handle[16];    /* (l) */
	uint32_t refs;         /* (a) */
	uint32_t pause_count;  /* (a) the core's own pauses */
	uint32_t control_pause_count; /* (l) XEN_DOMCTL_pausedomain; 1 at birth */
	uint32_t max_vcpus;    /* (c) */
	uint32_t vm_assist;    /* (a) bit per VMASST_TYPE_* */
	uint64_t vm_assist_high; /* (a) bits 32.. */
	struct spinlock lock;
	const struct guest_ops *ops; /* (c) */
	struct domain_config config; /* (c) */
	struct vcpu **vcpus;         /* (c) max_vcpus pointers, NULL until created */
	struct domain *next;         /* by ascending id; written under the list lock */
	struct domain *hash_next;    /* same */
	struct domain *retire_next;
	uint64_t retire_grace;

	struct spinlock memory_lock;
	struct frame_list frames;      /* (m) allocated to it */
	struct frame_list heap_frames; /* (m) FRAME_HEAP frames it owns */
	uint64_t frame_count;          /* (m) tot_pages */
	uint64_t frame_max;            /* (m) max_pages */
	uint64_t claimed;              /* (m) outstanding claim */
	struct domain_clearing clearing; /* (m) */
	struct domain_exchange exchange; /* (m) */

	struct shared_info *shared;    /* (c) hypervisor address of a FRAME_HEAP frame */
	struct evtchn_table *evtchn;   /* (c) */
	struct grant_table *grants;    /* (c) */
	struct pv_domain *pv;          /* (c) */
	struct hvm_domain *hvm;        /* (c) one of the two */
	struct cpu_policy *policy;     /* (c) pointer; contents fixed at the first unpause */
	struct sched_group sched;

	struct range_set ioports;      /* what a device-owning domain may touch */
	struct range_set iomem;        /* frame numbers */
	struct range_set irqs;         /* physical interrupts */

	struct cpu_set dirty_cpus;     /* (a by word) CPUs that may hold its translations */

	/* Guest time: domain/vtime.c */
	uint32_t tsc_mode;             /* XEN_CPUID_TSC_MODE_*: 0 default, 1 emulate, 2 native */
	bool tsc_emulated;
	uint32_t tsc_khz;
	uint32_t tsc_incarnation;
	uint64_t tsc_start; /* system time at which an emulated TSC is 0; may be "negative" */
	uint32_t tsc_mul,
		tsc_inverse_mul; /* emulated: ticks to ns and back, as in the time tuple */
	int8_t tsc_shift, tsc_inverse_shift;
	int64_t time_offset_seconds;

	struct domain_e820 *e820;      /* XENMEM_set_memory_map, or NULL */
	uint32_t e820_count;
	uint32_t suspend_port;         /* XEN_DOMCTL_subscribe, 0: none */
	struct timer watchdogs[2];
};

extern struct domain *domain_hardware; /* domain 0 once it exists, else NULL */

/* A new domain with that id (the caller checked it is free), paused; -XEN_ENOMEM and the parts'
 * errors; on failure nothing is left. */
int must_check domain_create(uint16_t id, const struct domain_config *config,
			     const struct guest_ops *ops, bool is_control, struct domain **result);
/* An id not in use and not used lately; -XEN_ENOSPC. */
int must_check domain_choose_id(uint16_t *id);

/* Borrowed until the next exit path; NULL if there is none. Finds dying ones too. */
struct domain *domain_find(uint16_t id);
/* The first with an id >= id. */
struct domain *domain_find_from(uint16_t id);
bool must_check domain_get(struct domain *d);
void domain_put(struct domain *d);

static inline bool domain_is_dying(const struct domain *d)
{
	return d->life >= DOMAIN_DYING;
}

/* Stop all its vcpus from running, waiting until none does; counted. */
void domain_pause(struct domain *d);
void domain_pause_nowait(struct domain *d);
void domain_unpause(struct domain *d);
/* The controller's counted pause: -XEN_EINVAL to unpause one that is not paused. */
int must_check domain_control_pause(struct domain *d);
int must_check domain_control_unpause(struct domain *d);

/* The guest asks (or is made) to stop; reason is SHUTDOWN_*. When its last vcpu has stopped,
 * VIRQ_DOM_EXC goes to the control domain. */
void domain_shutdown(struct domain *d, uint8_t reason);
/* Undoes it: XEN_DOMCTL_resumedomain. */
void domain_resume(struct domain *d);
/* A guest broke a rule that has no error return: says why in the log, shuts it down as crashed. */
void domain_crash(struct domain *d, const char *format, ...) printf_like(2, 3);

/* Tears a domain down; -XEN_ERESTART when there is more to do, 0 when it holds nothing. */
int must_check domain_kill(struct domain *d);

/* SCHEDOP_shutdown_code: the reason that counts if none was given yet. */
void domain_preset_shutdown_code(struct domain *d, uint8_t reason);
/* SCHEDOP_watchdog: the id (1 or 2) of a new watchdog, 0 for one changed; -XEN_EINVAL,
 * -XEN_ENOSPC. */
int must_check domain_watchdog(struct domain *d, uint32_t id, uint32_t seconds);

/* Set at start-up. The last one may be called with any lock held, the others with none. */
extern void (*domain_exception_hook)(void);                           /* raise VIRQ_DOM_EXC */
extern void (*domain_suspend_hook)(struct domain *d, uint32_t port);  /* notify its port */
extern void (*domain_hardware_shutdown_hook)(uint8_t reason);         /* end the machine */

/* Before the first domain: the registers of domains, ids and retired ones; SOFTIRQ_RETIRE. */
void domains_init(void);

/* The exit path of each CPU calls this after it ran its softirqs: whatever the CPU borrowed it has
 * given back. */
void domain_exit_path_passed(unsigned int cpu);
/* Starts waiting until each CPU has passed its exit path once more; domain_grace_is_over()
 * tells. */
uint64_t must_check domain_grace_start(void);
bool must_check domain_grace_is_over(uint64_t grace);
/* domain.c hands over a domain whose last reference went; safe with locks held. */
void domain_retire(struct domain *d);
/* retire.c's way back: takes it out of the register; frees it, or a share of it: call again. */
void domain_unregister(struct domain *d);
bool must_check domain_free(struct domain *d);

/* True if caller may control target (is the control domain). Domains do not control themselves
 * through this: see rights_check. */
static inline bool domain_controls(const struct domain *caller, const struct domain *target)
{
	return caller->is_control && caller != target;
}

#endif
