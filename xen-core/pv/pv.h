/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State of a paravirtual vcpu and the few functions its parts call of each other. Kernel and user
 * both run at CPL 3; in_kernel tells which. Kernel mode runs on kernel_root, user mode on
 * user_root.
 *
 * Legend: (v) only by the CPU that runs the vcpu, or by one that has it paused.
 */
#ifndef PV_PV_H
#define PV_PV_H

#include "domain/vcpu.h"
#include "machine/tables.h"

#include <xen/arch_x86.h>

enum pv_callback_kind {
	PV_CALLBACK_EVENT,
	PV_CALLBACK_FAILSAFE,
	PV_CALLBACK_SYSCALL,
	PV_CALLBACK_SYSCALL32,
	PV_CALLBACK_SYSENTER,
	PV_CALLBACK_COUNT,
};

struct pv_callback {
	uint64_t address; /* 0: none */
	bool masks_events;
};

struct pv_trap_handler {
	uint64_t address; /* 0: none */
	uint8_t flags;    /* bits 0-1 DPL, bit 2 masks events */
};

/* An exception waiting to be delivered on the exit path. */
struct pv_trap {
	uint8_t vector;
	bool has_error;
	bool is_software; /* int n: DPL already checked */
	uint32_t error;
	uint64_t cr2;
};

struct pv_vcpu {
	/* (v) roots: each holds a general and an L4 type reference; MFN_NONE: none */
	mfn_t kernel_root;
	mfn_t user_root;
	/* (v) a table whose last type count is being dropped, restartably; NULL: none
	 * (pv/update.c) */
	struct frame *unfinished;
	bool in_kernel;
	uint8_t iopl;
	uint16_t kernel_ss;
	uint64_t kernel_sp;
	struct pv_callback callbacks[PV_CALLBACK_COUNT];
	struct pv_trap_handler *traps; /* 256 */
	struct pv_trap pending;        /* valid when vcpu.trap_pending */

	/* segments */
	uint16_t ds, es, fs, gs;
	uint64_t fs_base, gs_base_kernel, gs_base_user; /* inactive ones, all when not loaded */

	mfn_t gdt_frames[GDT_GUEST_FRAMES]; /* each holds a general and a SEGDESC reference */
	uint32_t gdt_entries;
	uint64_t ldt_base;
	uint32_t ldt_entries;
	mfn_t ldt_frames[LDT_WINDOW_PAGES]; /* mapped so far, with references; MFN_NONE: not yet */

	/* control, debug and other registers as the guest sees them */
	uint64_t cr2;
	uint64_t cr4;
	bool task_switched; /* CR0.TS as the guest set it */
	uint64_t dr[4], dr6, dr7;
	uint64_t tsc_aux;
	uint64_t iobitmap; /* guest virtual address, 0: none */
	uint32_t iobitmap_ports;
	uint32_t pci_config_address; /* last dword written to 0xcf8 */
	uint8_t cmos_index;	     /* last byte written to 0x70 */

	bool failsafe_pending; /* a selector could not be loaded at switch-in */
	uint16_t failsafe_ds, failsafe_es, failsafe_fs, failsafe_gs;
};

struct pv_domain {
	uint64_t teardown_left; /* frames pv_mmu_teardown() has to look at, plus 1; 0: not begun */
};

/* pv/type.h users outside pv need only these (init/dom0.c, pv/context.c). */

/* Takes a general and an L4 reference on a root of the domain; restartable (-XEN_ERESTART: call
 * again with the same frame); -XEN_EINVAL if it is no valid L4 of d. */
int must_check pv_root_get(struct domain *d, mfn_t root);
/* Drops both; -XEN_ERESTART: call again. */
int must_check pv_root_put(struct domain *d, mfn_t root);

/* Loads the page tables of the vcpu's present mode into CR3 (of this CPU). */
void pv_load_root(struct vcpu *v);

/* Queues an exception for delivery by the exit path; error is used if the vector has one. */
void pv_inject(struct vcpu *v, uint8_t vector, uint32_t error);
void pv_inject_page_fault(struct vcpu *v, uint64_t address, uint32_t error);

/* What entry/ calls for exceptions of a loaded PV vcpu. regs is cpu_local()->regs. */
void pv_trap(struct vcpu *v, struct cpu_regs *regs);
/* SYSCALL from user mode (64-bit or 32-bit code segment) and SYSENTER. */
void pv_syscall(struct vcpu *v, struct cpu_regs *regs, enum pv_callback_kind kind);
/* The exit IRET or SYSRET faulted on the guest's frame: re-raised as the guest's exception. */
void pv_exit_fault(struct vcpu *v, struct cpu_regs *regs, uint8_t vector, uint32_t error);
/* Page fault in kernel mode on a read-only page of its own: 0 handled (retry or skipped), else
 * not ours: inject. In pv/ro_fault.c. */
bool must_check pv_emulate_write(struct vcpu *v, struct cpu_regs *regs, uint64_t address,
				 uint32_t error);
/* Page fault inside this CPU's LDT window caused by the guest: maps the page if it may. */
bool must_check pv_map_ldt_page(struct vcpu *v, uint32_t offset);

/* Recomputes everything about the domain's page types from scratch; host builds only. */
void pv_audit(struct domain *d);

#endif
