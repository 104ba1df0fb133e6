/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single instructions that need privilege, one function each. The simulated machine answers the
 * same calls from plain variables.
 */
#ifndef MACHINE_CPU_H
#define MACHINE_CPU_H

#include "lib/types.h"

struct cpuid_result {
	uint32_t a, b, c, d;
};

static inline struct cpuid_result cpu_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	__asm__ volatile("cpuid"
			 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "0"(leaf), "2"(subleaf));
	return r;
}

static inline uint64_t cpu_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static inline void cpu_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t cpu_rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

#define CPU_CONTROL_REGISTER(number)                                          \
	static inline uint64_t cpu_read_cr##number(void)                      \
	{                                                                     \
		uint64_t value;                                               \
		__asm__ volatile("mov %%cr" #number ", %0" : "=r"(value));    \
		return value;                                                 \
	}                                                                     \
	static inline void cpu_write_cr##number(uint64_t value)               \
	{                                                                     \
		__asm__ volatile("mov %0, %%cr" #number ::"r"(value) : "memory"); \
	}

CPU_CONTROL_REGISTER(0)
CPU_CONTROL_REGISTER(2)
CPU_CONTROL_REGISTER(3)
CPU_CONTROL_REGISTER(4)

#define CPU_DEBUG_REGISTER(number)                                            \
	static inline uint64_t cpu_read_dr##number(void)                      \
	{                                                                     \
		uint64_t value;                                               \
		__asm__ volatile("mov %%dr" #number ", %0" : "=r"(value));    \
		return value;                                                 \
	}                                                                     \
	static inline void cpu_write_dr##number(uint64_t value)               \
	{                                                                     \
		__asm__ volatile("mov %0, %%dr" #number ::"r"(value));        \
	}

CPU_DEBUG_REGISTER(0)
CPU_DEBUG_REGISTER(1)
CPU_DEBUG_REGISTER(2)
CPU_DEBUG_REGISTER(3)
CPU_DEBUG_REGISTER(6)
CPU_DEBUG_REGISTER(7)

static inline uint64_t cpu_xgetbv(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
	return low | (uint64_t)high << 32;
}

static inline void cpu_xsetbv(uint32_t index, uint64_t value)
{
	__asm__ volatile("xsetbv" ::"c"(index), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32)));
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline void cpu_wbinvd(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

static inline void cpu_clts(void)
{
	__asm__ volatile("clts");
}

/* Of a guest to the hypervisor below; Intel's CPUs have an instruction of their own for it. */
static inline int64_t cpu_hypercall(bool is_intel, uint64_t number, uint64_t a, const void *b)
{
	int64_t result = (int64_t)number;

	if (is_intel) {
		__asm__ volatile("vmcall" : "+a"(result), "+D"(a), "+S"(b)::"memory");
	} else {
		__asm__ volatile("vmmcall" : "+a"(result), "+D"(a), "+S"(b)::"memory");
	}
	return result;
}

static inline void cpu_swapgs(void)
{
	__asm__ volatile("swapgs" ::: "memory");
}

/* Data segment selectors as they are now. */
#define CPU_SELECTOR(name)                                         \
	static inline uint16_t cpu_read_##name(void)                \
	{                                                           \
		uint16_t selector;                                  \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(selector)); \
		return selector;                                    \
	}

CPU_SELECTOR(ds)
CPU_SELECTOR(es)
CPU_SELECTOR(fs)
CPU_SELECTOR(gs)

static inline uint8_t cpu_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t cpu_in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint32_t cpu_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void cpu_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void cpu_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void cpu_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

#endif
