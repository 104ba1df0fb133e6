/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of a hardware-virtualized vcpu, as a register page and as x2APIC MSRs: Intel SDM
 * 3A chapter 10 (now 11), AMD APM 2 chapter 16. Version 0x14, six LVT entries, a timer of 100 MHz
 * with one-shot, periodic and TSC-deadline modes. There is no I/O APIC behind it: interrupts come
 * from other local APICs, from its own timer and from event channels.
 *
 *     raised -> IRR            vlapic_raise(), from any CPU
 *     IRR -> ISR               vlapic_accept(), when the vcpu takes it
 *     ISR -> gone              EOI
 *
 * INIT and SIPI are words in `startup` that the vcpu itself acts on before it runs again:
 *
 *     waits_for_sipi           after birth (but vcpu 0) and INIT; nothing runs
 *     + SIPI                   vlapic_take_startup() says: reset, start at vector << 12
 *
 * Legend: (c) constant, (a) atomic, written by any CPU, (v) written by the CPU that runs the vcpu,
 * or with the vcpu stopped.
 */
#ifndef HVM_VLAPIC_H
#define HVM_VLAPIC_H

#include "lib/types.h"
#include "sched/timer.h"

struct vlapic;

#define VLAPIC_PAGE_BYTES 4096U
#define VLAPIC_DEFAULT_BASE 0xfee00000UL

/* What it needs of the vcpu and the domain around it. Those marked (any) are called on any CPU. */
struct vlapic_ops {
	/* (any) There may be something to deliver: wake the vcpu if it halts, interrupt it if it
	 * runs. */
	void (*kick)(struct vlapic *l);
	/* (any) An NMI for it. */
	void (*nmi)(struct vlapic *l);
	/* (any) startup changed. start: a SIPI came, the vcpu has to be scheduled; else an INIT. */
	void (*startup)(struct vlapic *l, bool start);
	/* (any) The local APIC of vcpu index of the same domain; NULL where there is none. */
	struct vlapic *(*peer)(struct vlapic *l, uint32_t index);
	/* The guest's TSC now, and the system time at which it shows a value. */
	uint64_t (*tsc)(struct vlapic *l);
	uint64_t (*tsc_time)(struct vlapic *l, uint64_t tsc);
};

struct vlapic {
	const struct vlapic_ops *ops; /* (c) */
	uint32_t id;                  /* (c) x2APIC id: twice the vcpu's number */
	uint32_t vcpu_count;          /* (c) highest number of a peer + 1 */
	bool has_x2apic;              /* (c from the first run on) offered by CPUID */
	bool has_deadline;            /* likewise: TSC-deadline mode */

	uint64_t base;                /* (v) MSR APIC_BASE */
	uint32_t irr[8];              /* (a) */
	uint32_t isr[8];              /* (v) */
	uint32_t tmr[8];              /* (v) */
	uint32_t xapic_id;            /* (v) bits 31-24 */
	uint32_t tpr, ldr, dfr, svr;  /* (v); others read them to find destinations */
	uint32_t esr, esr_pending;    /* (v) */
	uint32_t icr_low, icr_high;   /* (v) */
	uint32_t lvt[6];              /* (v) timer thermal performance lint0 lint1 error */
	uint32_t initial_count, divide; /* (v) */
	uint64_t count_start;         /* (v) system time at which it began to count down */
	uint64_t deadline;            /* (v) guest TSC; 0: disarmed */
	uint32_t startup;             /* (a) */
	struct timer timer;
};

/* What the vcpu has to do about INIT and SIPI before it may run. */
enum vlapic_startup {
	VLAPIC_NOTHING,
	VLAPIC_WAIT,  /* reset it and keep it from running until ops->startup(start) */
	VLAPIC_START, /* reset it, real mode at vector << 12, let it run */
};

/* id: number of the vcpu. All zero before. vcpu 0 runs at once, others wait for a SIPI. cpu: where
 * the timer begins. */
void vlapic_init(struct vlapic *l, const struct vlapic_ops *ops, uint32_t vcpu, uint32_t vcpu_count,
		 unsigned int cpu);
/* Its timer never runs again. */
void vlapic_fini(struct vlapic *l);
/* As by INIT: registers lose what they held, mode and id stay. A vcpu brought up by VCPUOP_up no
 * longer waits for a SIPI: vlapic_started(). */
void vlapic_reset(struct vlapic *l);
void vlapic_started(struct vlapic *l);
void vlapic_migrate(struct vlapic *l, unsigned int cpu);

/* --- interrupts ------------------------------------------------------------------------------ */
/* Any CPU. An edge; a local APIC that is disabled (by hardware or software) drops it, as it does
 * vectors below 16. */
void vlapic_raise(struct vlapic *l, uint8_t vector);
/* The vector that is due: above the processor priority. -1: none. */
int vlapic_due(const struct vlapic *l);
/* Something is in IRR, due or not: masked by TPR only if vlapic_due() says no. */
bool vlapic_has_pending(const struct vlapic *l);
/* The vcpu takes that one, which vlapic_due() gave. */
void vlapic_accept(struct vlapic *l, int vector);
bool vlapic_is_enabled(const struct vlapic *l);

/* CR8: bits 7-4 of TPR. */
uint64_t vlapic_cr8(const struct vlapic *l);
void vlapic_set_cr8(struct vlapic *l, uint64_t value);

/* --- guest accesses -------------------------------------------------------------------------- */
/* The register page lies there and is decoded there: enabled and not in x2APIC mode. */
bool vlapic_page_is(const struct vlapic *l, uint64_t gpa);
/* offset in the page; of any alignment and 1, 2, 4 or 8 bytes. A read gives the bytes, a write
 * of something else than an aligned 32-bit word is ignored. */
uint64_t vlapic_page_read(struct vlapic *l, uint32_t offset, unsigned int bytes);
void vlapic_page_write(struct vlapic *l, uint32_t offset, unsigned int bytes, uint64_t value);
/* MSRs: 0x1b, 0x6e0, 0x800-0x8ff. False: #GP. */
bool must_check vlapic_rdmsr(struct vlapic *l, uint32_t msr, uint64_t *value);
bool must_check vlapic_wrmsr(struct vlapic *l, uint32_t msr, uint64_t value);

/* --- INIT and SIPI --------------------------------------------------------------------------- */
/* By the CPU that runs the vcpu, before it enters the guest. *vector belongs to VLAPIC_START. The
 * local APIC has been reset where the vcpu has to be. */
enum vlapic_startup must_check vlapic_take_startup(struct vlapic *l, uint8_t *vector);
/* vlapic_take_startup() has something to say. */
static inline bool vlapic_startup_is_pending(const struct vlapic *l)
{
	return __atomic_load_n(&l->startup, __ATOMIC_RELAXED) & 0x300U;
}

/* --- context records ------------------------------------------------------------------------- */
/* struct hvm_hw_lapic and the register page of hvm_hw_lapic_regs (xen/hvm_save.h): the two are set
 * in this order with the vcpu stopped. -XEN_EINVAL: impossible values. */
struct hvm_hw_lapic;
void vlapic_save(struct vlapic *l, struct hvm_hw_lapic *record);
void vlapic_save_page(struct vlapic *l, uint8_t page[1024]);
int must_check vlapic_load(struct vlapic *l, const struct hvm_hw_lapic *record);
int must_check vlapic_load_page(struct vlapic *l, const uint8_t page[1024]);

#endif
