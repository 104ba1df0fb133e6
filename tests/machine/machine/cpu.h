/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions of the simulated machine, answered from tables that tests fill (sim.h).
 * Control and debug registers are kept per simulated CPU.
 */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "lib/types.h"

struct cpuid_result {
	uint32_t a, b, c, d;
};

struct cpuid_result cpu_cpuid(uint32_t leaf, uint32_t subleaf);
/* Panic on an MSR no test has set: the real ones would raise #GP. */
uint64_t cpu_rdmsr(uint32_t msr);
void cpu_wrmsr(uint32_t msr, uint64_t value);
uint64_t cpu_rdtsc(void);

uint64_t cpu_read_cr0(void);
void cpu_write_cr0(uint64_t value);
uint64_t cpu_read_cr2(void);
void cpu_write_cr2(uint64_t value);
uint64_t cpu_read_cr3(void);
void cpu_write_cr3(uint64_t value);
uint64_t cpu_read_cr4(void);
void cpu_write_cr4(uint64_t value);
uint64_t cpu_read_dr0(void);
void cpu_write_dr0(uint64_t value);
uint64_t cpu_read_dr1(void);
void cpu_write_dr1(uint64_t value);
uint64_t cpu_read_dr2(void);
void cpu_write_dr2(uint64_t value);
uint64_t cpu_read_dr3(void);
void cpu_write_dr3(uint64_t value);
uint64_t cpu_read_dr6(void);
void cpu_write_dr6(uint64_t value);
uint64_t cpu_read_dr7(void);
void cpu_write_dr7(uint64_t value);

uint64_t cpu_xgetbv(uint32_t index);
void cpu_xsetbv(uint32_t index, uint64_t value);
void cpu_pause(void);
void cpu_wbinvd(void);
void cpu_clts(void);
void cpu_swapgs(void);

uint16_t cpu_read_ds(void);
uint16_t cpu_read_es(void);
uint16_t cpu_read_fs(void);
uint16_t cpu_read_gs(void);

uint8_t cpu_in8(uint16_t port);
uint16_t cpu_in16(uint16_t port);
uint32_t cpu_in32(uint16_t port);
void cpu_out8(uint16_t port, uint8_t value);
void cpu_out16(uint16_t port, uint16_t value);
void cpu_out32(uint16_t port, uint32_t value);

#endif
