/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the program for a translated guest share.
 */
#ifndef PVH_PAYLOAD_H
#define PVH_PAYLOAD_H

#include "results.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APIC 0xfee00000UL
#define HOLE 0xe0000000UL
#define CODE_64 0x08U
#define CODE_32 0x18U
#define CODE_USER 0x23U
#define RUN_OVER 256 /* run_code() came to its time, not to an exception */

/* The registers run_code() loads: rax rcx rdx rbx rbp rsi rdi r8 to r15. */
extern uint64_t run_registers[15];
/* Runs code in that segment, with the registers above and a stack of its own, until it traps. */
extern void run_code(const void *code, uint64_t segment);
/* While run_code() runs: where its stack is. Whatever traps then ends it. */
extern volatile uint64_t run_stack;
extern volatile int last_vector; /* -1: none since it was cleared */

void claim(bool holds, const char *name);
void claim_equal(const char *name, uint64_t is, uint64_t should);
/* Starts the second vcpu, which then runs ap_main(). */
void start_second_vcpu(void);
/* So that timers end what does not end by itself. */
void start_ticking(uint32_t period);

void shut_down(uint32_t reason);

void hostile(void);
void fuzz(uint64_t seed);
/* What the second vcpu does meanwhile. */
void fuzz_second_vcpu(void);

#endif
