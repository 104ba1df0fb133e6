/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tlb_load_cr3() of the real machine, inline: each system call of a PV guest does it twice. What
 * the epoch means stands in tlb.c.
 */
#ifndef MACHINE_TLB_LOAD_H
#define MACHINE_TLB_LOAD_H

#include "machine/atomic.h"
#include "machine/cpu.h"
#include "machine/percpu.h"
#include "x86/addr.h"

struct tlb_clock {
	uint32_t epoch;             /* (a) */
	uint32_t flushed[CPUS_MAX]; /* (a) epoch of each CPU's last full flush, even */
};
extern struct tlb_clock tlb_clock;

/* What a flush that begins now may note. */
static inline uint32_t tlb_flush_epoch(void)
{
	uint32_t now = atomic_read(&tlb_clock.epoch);

	if (__builtin_expect(now & 1, 0)) {
		/* If another CPU was faster, now is what it, or one still later, made of it. */
		now = atomic_compare_exchange(&tlb_clock.epoch, &now, now + 1) ? now + 1
									       : now & ~1U;
	}
	return now;
}

static inline void tlb_load_cr3(mfn_t root)
{
	uint32_t now = tlb_flush_epoch();

	cpu_write_cr3(mfn_to_maddr(root).n);
	atomic_write(&tlb_clock.flushed[this_cpu()], now);
}

/* The epoch of this CPU's last full flush: another value means there was one since. */
static inline uint32_t tlb_last_flush(void)
{
	return atomic_read(&tlb_clock.flushed[this_cpu()]);
}

#endif
