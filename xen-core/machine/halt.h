/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last instructions a CPU executes.
 */
#ifndef MACHINE_HALT_H
#define MACHINE_HALT_H

#include "lib/types.h"

/* Not even an NMI brings it back to its code. */
static inline void noreturn_fn cpu_halt_forever(void)
{
	for (;;) {
		__asm__ volatile("cli; hlt" ::: "memory");
	}
}

/* An empty IDT and an exception: shutdown, which the chipset turns into a reset (SDM 3A 6.15). */
static inline void noreturn_fn cpu_triple_fault(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed_struct empty = {0, 0};

	__asm__ volatile("lidt %0; int3" ::"m"(empty) : "memory");
	cpu_halt_forever();
}

#endif
