/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flushes here and elsewhere. Guest entries are never global, so loading CR3 drops them all; the
 * core's own are global and go only when CR4.PGE is toggled (SDM 3A 4.10.4.1).
 *
 * The epoch. A flush is newer than a stamp if it began after the stamp was taken, and then no
 * translation older than the stamp survives it. Flushes are frequent (each system call of a PV
 * guest is two) and so are stamps, but they come in bursts of one kind; so neither pays for a
 * locked instruction unless the other kind came before it:
 *
 *     epoch even: no stamp since the last flush      odd: stamps were taken
 *     stamp   even -> odd, once; the stamp is the odd value
 *     flush   odd -> even, once; then flushes; then notes the even value for its CPU
 *
 * The epoch only grows. A stamp s was taken while the epoch was s. A flush that notes f has read an
 * epoch of at least f before it began: if f > s the epoch had moved past s by then, so the flush
 * began after the stamp. If f < s nothing is known, and the CPU counts as stale. Equality cannot
 * be: one is odd, the other even; so no stamp is 0 either. Reading the epoch cannot be moved behind
 * the flush: loading CR3 or CR4 serialises. Whoever takes a stamp has changed the entry by, or
 * followed the change with, a locked instruction (pv_table_unlock), so it is visible before the
 * stamp is taken.
 *
 * A remote flush is one request at a time under the tlb lock: the sender fills it in, marks the
 * CPUs, sends the IPI and waits until each has cleared its mark, answering nobody else meanwhile:
 * there is only one request.
 */
#include "machine/tlb.h"

#include "machine/atomic.h"
#include "machine/cpu.h"
#include "machine/lapic.h"
#include "machine/lock.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "x86/cr.h"

#define FLUSH_VECTOR 0xfb /* plat/irq.h VECTOR_FLUSH */

enum flush_kind {
	FLUSH_GUEST,
	FLUSH_EVERYTHING,
	FLUSH_PAGE,
};

struct tlb_clock tlb_clock = {.epoch = 2};

static struct spinlock request_lock = SPINLOCK(tlb);
static enum flush_kind request_kind;
static uint64_t request_address;
static uint8_t request_pending[CPUS_MAX];

void tlb_flush_local(void)
{
	tlb_load_cr3(maddr_to_mfn(maddr(cpu_read_cr3())));
}

void tlb_flush_all_local(void)
{
	uint64_t cr4 = cpu_read_cr4();
	uint32_t now = tlb_flush_epoch();

	cpu_write_cr4(cr4 & ~CR4_PGE);
	cpu_write_cr4(cr4);
	atomic_write(&tlb_clock.flushed[this_cpu()], now);
}

void tlb_flush_page_local(uint64_t address)
{
	__asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

static void flush_here(enum flush_kind kind, uint64_t address)
{
	switch (kind) {
	case FLUSH_GUEST:
		tlb_flush_local();
		break;
	case FLUSH_EVERYTHING:
		tlb_flush_all_local();
		break;
	case FLUSH_PAGE:
		tlb_flush_page_local(address);
		break;
	}
}

void tlb_poll(void)
{
	unsigned int cpu = this_cpu();

	if (atomic_read_acquire(&request_pending[cpu])) {
		flush_here(request_kind, request_address);
		atomic_write_release(&request_pending[cpu], (uint8_t)0);
	}
}

static void flush_there(const struct cpu_set *cpus, enum flush_kind kind, uint64_t address)
{
	unsigned int me = this_cpu();
	unsigned int cpu;

	spin_lock(&request_lock);
	request_kind = kind;
	request_address = address;
	for (cpu = cpu_set_first(cpus); cpu < CPUS_MAX; cpu = cpu_set_next(cpus, cpu)) {
		if (cpu != me && cpu_set_has(&cpus_online, cpu)) {
			atomic_write_release(&request_pending[cpu], (uint8_t)1);
			lapic_send_ipi(smp_apic_id(cpu), FLUSH_VECTOR);
		}
	}
	for (cpu = 0; cpu < smp_cpu_count(); cpu++) {
		while (cpu != me && atomic_read_acquire(&request_pending[cpu])) {
			cpu_pause();
		}
	}
	spin_unlock(&request_lock);
}

static void flush_set(const struct cpu_set *cpus, enum flush_kind kind, uint64_t address)
{
	unsigned int me = this_cpu();
	struct cpu_set others = *cpus;

	cpu_set_remove(&others, me);
	if (cpu_set_has(cpus, me)) {
		flush_here(kind, address);
	}
	if (!cpu_set_is_empty(&others)) {
		flush_there(&others, kind, address);
	}
}

void tlb_flush_cpus(const struct cpu_set *cpus)
{
	flush_set(cpus, FLUSH_GUEST, 0);
}

void tlb_flush_all_cpus(const struct cpu_set *cpus)
{
	flush_set(cpus, FLUSH_EVERYTHING, 0);
}

void tlb_flush_page_cpus(const struct cpu_set *cpus, uint64_t address)
{
	flush_set(cpus, FLUSH_PAGE, address);
}

uint32_t tlb_epoch(void)
{
	uint32_t now = atomic_read(&tlb_clock.epoch);

	if (__builtin_expect(!(now & 1), 0)) {
		now = atomic_or(&tlb_clock.epoch, 1U) | 1U;
	}
	return now;
}

static bool cpu_is_stale(unsigned int cpu, uint32_t stamp)
{
	/* Stamp 0: never mapped. Signed distance: right as long as a stamp is less than 2^31 steps
	 * old; an older one costs a flush too many, or the CPU has flushed 2^30 times since. */
	return stamp != 0 && (int32_t)(atomic_read(&tlb_clock.flushed[cpu]) - stamp) <= 0;
}

/* Most sets are of few CPUs, most CPUs are up to date: a mask of stale ones, word by word. */
static bool find_stale(const struct cpu_set *cpus, uint32_t stamp, struct cpu_set *stale)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < array_size(cpus->words); i++) {
		uint64_t found = 0;

		for (uint64_t left = atomic_read(&cpus->words[i]); left; left &= left - 1) {
			unsigned int bit = (unsigned int)__builtin_ctzl(left);

			found |= (uint64_t)cpu_is_stale(i * 64 + bit, stamp) << bit;
		}
		stale->words[i] = found;
		any |= found;
	}
	return any != 0;
}

void tlb_flush_stale(const struct cpu_set *cpus, uint32_t stamp)
{
	struct cpu_set stale;

	if (stamp != 0 && find_stale(cpus, stamp, &stale)) {
		tlb_flush_cpus(&stale);
	}
}
