/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation caches. Time is counted by a global epoch, and each CPU's last full flush is noted in
 * it (tlb.c says how). A frame is stamped with the epoch when its last writable reference goes or
 * when it is freed; before it changes type or owner, those CPUs that may hold stale entries and
 * have not flushed since are flushed (tlb_flush_stale).
 *
 * Remote flushes are IPIs; the sender waits, and every waiting loop in the core calls tlb_poll().
 */
#ifndef MACHINE_TLB_H
#define MACHINE_TLB_H

#include "lib/cpu_set.h"
#include "x86/addr.h"

/* Non-global entries of this CPU (a CR3 reload). */
void tlb_flush_local(void);
/* Everything of this CPU, global entries too. */
void tlb_flush_all_local(void);
void tlb_flush_page_local(uint64_t address);

/* The same on a set of CPUs, this one included if it is in the set; returns when all have done
 * it. */
void tlb_flush_cpus(const struct cpu_set *cpus);
void tlb_flush_all_cpus(const struct cpu_set *cpus);
void tlb_flush_page_cpus(const struct cpu_set *cpus, uint64_t address);

/* Answers a flush request another CPU has made of this one. Cheap when there is none. */
void tlb_poll(void);

/* The stamp to write into a frame now. Never 0: that means no translation was ever made. */
uint32_t tlb_epoch(void);
/* Flushes those CPUs of the set that have not flushed since the stamp was taken. */
void tlb_flush_stale(const struct cpu_set *cpus, uint32_t stamp);

/* tlb_load_cr3(): called where CR3 is loaded, as that load is a flush. Writes CR3. */
#include "machine/tlb_load.h"

#endif
