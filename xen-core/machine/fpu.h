/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended state of the running CPU. Saved and loaded eagerly at each context switch with XSAVE
 * where there is one, FXSAVE else. An area is FPU_AREA_BYTES, 64-byte aligned, in the standard
 * (uncompacted) format (SDM vol. 1, 13.4).
 */
#ifndef MACHINE_FPU_H
#define MACHINE_FPU_H

#include "lib/types.h"

#define FPU_AREA_BYTES 4096UL

/* Finds out what the CPU has; turns on CR4.OSXSAVE. On every CPU. */
void fpu_cpu_init(void);
/* XCR0 bits guests may use; 3 (x87, SSE) at least; 0 when there is no XSAVE. */
uint64_t fpu_features(void);
/* Fills an area with the state after FNINIT: FCW 0x37f, MXCSR 0x1f80. */
void fpu_area_init(void *area);
void fpu_save(void *area, uint64_t xcr0);
void fpu_load(const void *area, uint64_t xcr0);

#endif
