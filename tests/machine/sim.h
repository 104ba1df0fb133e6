/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests ask of the simulated machine. sim_reset() in each test's setup makes a fresh machine:
 * CPUs 0..3, RAM from frame SIM_RAM_FIRST on, the clock at one second, no guest mappings.
 *
 * Headers of the seam that hold only prototypes are used as they are; those with instructions in
 * them have a counterpart in machine/.
 */
#ifndef MACHINE_SIM_H
#define MACHINE_SIM_H

#include "lib/cpu_set.h"
#include "machine/cpu.h"
#include "machine/tables.h"
#include "x86/addr.h"

#define SIM_RAM_FIRST 256
/* RAM may be declared anywhere below this frame: 64 GiB. */
#define SIM_FRAMES (1UL << 24)
#define SIM_CPUS 4
#define SIM_TSC_PER_NS 2

/* A fresh machine; heap and frame allocator start anew and own all its RAM. */
void sim_reset(uint64_t ram_frames);
/* The same, but the frame allocator is empty: the test calls buddy_add(). */
void sim_reset_bare(uint64_t ram_frames);
/* More RAM, declared; not given to the allocator. */
void sim_add_ram(mfn_t first, uint64_t count);
/* n allocations succeed, then all fail; ~0UL: none fails. Heap objects and frames count alike. */
void sim_fail_allocation_after(uint64_t n);
/* Points where something may fail: allocations, copies from and to guest memory, and what a test
 * adds. The n-th point from now on fails, that one only; 0: none. */
void sim_fail_point(uint64_t n);
/* Passed since then. */
uint64_t sim_points(void);
/* The program is at such a point; true: it is to fail. */
bool sim_point_fails(void);
bool sim_is_poisoned(mfn_t m);

void sim_set_cpu(unsigned int cpu);
/* Before anything runs on them: cpus_online becomes 0..count-1. */
void sim_set_cpu_count(unsigned int count);
unsigned int sim_kicks(unsigned int cpu);
void sim_kicks_clear(void);
/* Called by irq_window() and irq_wait(); NULL: nothing pending. */
extern void (*sim_irq_hook)(void);

/* --- time: plat/clock.h answers from this ---------------------------------------------------- */
void sim_clock_set(uint64_t ns);
void sim_clock_advance(uint64_t ns);
/* What clock_program() last asked for on that CPU; ~0: disarmed. */
uint64_t sim_clock_programmed(unsigned int cpu);
void sim_clock_set_reliable(bool reliable);

/* --- guest memory: what fault_copy_*() see --------------------------------------------------- */
void sim_guest_map(uint64_t address, mfn_t m, bool writable);
void sim_guest_unmap(uint64_t address);
/* A hypercall starts: every guest byte may be read once from now on. A byte read again comes back
 * inverted and counts as a violation. */
void sim_hypercall_begin(void);
unsigned int sim_violations(void);
/* The test's own access to mapped guest memory, counted nowhere; panics when not mapped. */
void sim_guest_write(uint64_t address, const void *from, size_t bytes);
void sim_guest_read(void *to, uint64_t address, size_t bytes);

/* --- registers ------------------------------------------------------------------------------- */
/* The MSR exists from now on, on all CPUs. */
void sim_msr_set(uint32_t msr, uint64_t value);
/* Value on the present CPU; panics if there is no such MSR. */
uint64_t sim_msr_get(uint32_t msr);
void sim_cpuid_set(uint32_t leaf, uint32_t subleaf, struct cpuid_result result);
void sim_xcr0_set_allowed(uint64_t bits);
/* Loading this selector into a data segment register faults. */
void sim_selector_set_bad(uint16_t selector);
enum sim_segment { SIM_DS, SIM_ES, SIM_FS, SIM_GS, SIM_SEGMENTS };
uint16_t sim_selector(enum sim_segment segment);
/* I/O ports: reads give all ones and writes vanish without a hook. size in bytes. */
extern uint32_t (*sim_port_in)(uint16_t port, unsigned int size);
extern void (*sim_port_out)(uint16_t port, uint32_t value, unsigned int size);

/* --- TLB ------------------------------------------------------------------------------------- */
/* From now on the CPU may hold a translation to that frame (at that address). */
void sim_tlb_remember(unsigned int cpu, mfn_t m);
void sim_tlb_remember_page(unsigned int cpu, uint64_t address, mfn_t m);
struct cpu_set sim_tlb_may_see(mfn_t m);
/* Full flushes that CPU has done since sim_reset(). */
unsigned int sim_tlb_flushes(unsigned int cpu);
/* Moves the epoch on without flushing anything: for wrap-around tests. */
void sim_tlb_set_epoch(uint32_t epoch);
/* The root tlb_load_cr3() last loaded on that CPU; MFN_NONE at first. */
mfn_t sim_cr3(unsigned int cpu);

/* --- descriptor tables and local APIC, as last asked for on a CPU ---------------------------- */
struct sim_tables {
	mfn_t gdt[GDT_GUEST_FRAMES];
	mfn_t ldt[LDT_WINDOW_PAGES];
	uint32_t ldt_entries;
};
const struct sim_tables *sim_tables(unsigned int cpu);
uint64_t sim_gdt_window(unsigned int cpu);
uint64_t sim_ldt_window(unsigned int cpu);

struct sim_ipi {
	uint32_t apic_id;
	uint8_t vector; /* 0 for NMI, INIT, STARTUP */
	char kind;      /* 'v', 'n', 'i', 's' */
};
/* IPIs since sim_reset(); false past the end. */
bool sim_ipi(unsigned int index, struct sim_ipi *ipi);
unsigned int sim_eois(void);
uint32_t sim_lapic_timer(unsigned int cpu);

#endif
