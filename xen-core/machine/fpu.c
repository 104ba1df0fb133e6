/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended state by XSAVE/XRSTOR where the CPU has it, else FXSAVE/FXRSTOR. The feature mask of
 * guests is what all CPUs have of x87, SSE, AVX and AVX-512 whose area fits FPU_AREA_BYTES.
 */
#include "machine/fpu.h"

#include "lib/mem.h"
#include "machine/cpu.h"
#include "x86/cr.h"

#define XSTATE_KNOWN 0xe7UL /* x87 SSE AVX, opmask, ZMM low and high (SDM 1 13.1) */

static uint64_t features;

void fpu_cpu_init(void)
{
	uint64_t offered;

	if (!(cpu_cpuid(1, 0).c & 1U << 26)) {
		return;
	}
	cpu_write_cr4(cpu_read_cr4() | CR4_OSXSAVE);
	offered = cpu_cpuid(0xd, 0).a & XSTATE_KNOWN;
	cpu_xsetbv(0, offered);
	while (cpu_cpuid(0xd, 0).b > FPU_AREA_BYTES) {
		offered &= 7;
		cpu_xsetbv(0, offered);
	}
	if (!features) {
		features = offered;
	}
}

uint64_t fpu_features(void)
{
	return features;
}

void fpu_area_init(void *area)
{
	uint8_t *bytes = area;
	uint16_t fcw = 0x37f;
	uint32_t mxcsr = 0x1f80;

	memset(area, 0, FPU_AREA_BYTES);
	memcpy(bytes, &fcw, sizeof(fcw));
	memcpy(bytes + 24, &mxcsr, sizeof(mxcsr));
}

void fpu_save(void *area, uint64_t xcr0)
{
	if (features) {
		__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"((uint32_t)xcr0),
				 "d"((uint32_t)(xcr0 >> 32))
				 : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
	}
}

void fpu_load(const void *area, uint64_t xcr0)
{
	if (features) {
		/* Components the guest has not turned on go to their initial state. */
		cpu_xsetbv(0, features);
		__asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"((uint32_t)features),
				 "d"((uint32_t)(features >> 32))
				 : "memory");
		if (xcr0 != features) {
			cpu_xsetbv(0, xcr0);
		}
	} else {
		__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
	}
}
