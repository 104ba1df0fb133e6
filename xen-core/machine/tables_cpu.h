/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start-up of a CPU's descriptor tables, entry stubs and control registers; called from
 * init/cpus.c once that CPU's area is mapped.
 *
 * Layout of a CPU's area (CPU_AREA_START + cpu * CPU_AREA_BYTES, mm/map.h):
 *     +0x00000  stack block: pages 0..3 for NMI, #MC, #DF, #DB; page 4 unmapped; 5..7 the stack
 *     +0x10000  GDT window, 16 pages      +0x20000  LDT window, 16 pages
 *     +0x30000  SYSCALL stubs, RX         +0x31000  TSS and the stubs' data, RW
 */
#ifndef MACHINE_TABLES_CPU_H
#define MACHINE_TABLES_CPU_H

#include "machine/percpu.h"
#include "x86/pte.h"

#define CPU_AREA_STACK 0x00000UL
#define CPU_AREA_GDT 0x10000UL
#define CPU_AREA_LDT 0x20000UL
#define CPU_AREA_STUB 0x30000UL
#define CPU_AREA_DATA 0x31000UL
#define STACK_GUARD_PAGE 4

struct cpu_area {
	uint64_t base;       /* virtual */
	pte_t *gdt_window;   /* 16 entries in the core's L1 table */
	pte_t *ldt_window;   /* 16 entries */
	mfn_t zero_frame;    /* shown where a guest has no descriptors */
	void *gdt_page;      /* page 14 of the GDT window, writable */
	void *stub_page;     /* writable alias of the stub page */
};

/* Fills the pages of the area; can run on another CPU. */
void tables_prepare(unsigned int cpu, const struct cpu_area *area);
/* Loads them: GDT, IDT, TSS, SYSCALL MSRs, control registers. On the CPU itself. */
void tables_cpu_load(unsigned int cpu);
/* Builds the IDT, once, before any tables_cpu_load(). */
void tables_init(void);
struct cpu_local *tables_cpu_local(unsigned int cpu);

#endif
