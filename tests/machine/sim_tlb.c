/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulated translation caches: a translation a test remembers stays until its CPU flushes it. The
 * epoch is that of machine/tlb.h: a CPU's last full flush is newer than a stamp when its recorded
 * epoch is above it.
 */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/lock.h"
#include "machine/percpu.h"
#include "machine/smp.h"
#include "machine/tlb.h"

#define ENTRIES_MAX 16384
#define ANY_ADDRESS 1UL /* not page aligned: no page flush matches */

static struct {
	unsigned int cpu;
	uint64_t address;
	uint64_t mfn;
} entries[ENTRIES_MAX];
static unsigned int entry_count;
static uint32_t epoch;
static uint32_t flushed_at[CPUS_MAX];
static unsigned int flushes[CPUS_MAX];
static mfn_t root[CPUS_MAX];
static struct spinlock tlb_lock = SPINLOCK(tlb);

void sim_tlb_reset(void)
{
	entry_count = 0;
	epoch = 1;
	memset(flushed_at, 0, sizeof(flushed_at));
	memset(flushes, 0, sizeof(flushes));
	spin_init(&tlb_lock, tlb);
	for (unsigned int i = 0; i < CPUS_MAX; i++) {
		root[i] = MFN_NONE;
	}
}

void sim_tlb_remember_page(unsigned int cpu, uint64_t address, mfn_t m)
{
	assert(entry_count < ENTRIES_MAX);
	entries[entry_count].cpu = cpu;
	entries[entry_count].address = address;
	entries[entry_count].mfn = m.n;
	entry_count++;
}

void sim_tlb_remember(unsigned int cpu, mfn_t m)
{
	sim_tlb_remember_page(cpu, ANY_ADDRESS, m);
}

struct cpu_set sim_tlb_may_see(mfn_t m)
{
	struct cpu_set set = {{0}};

	for (unsigned int i = 0; i < entry_count; i++) {
		if (entries[i].mfn == m.n) {
			cpu_set_add(&set, entries[i].cpu);
		}
	}
	return set;
}

unsigned int sim_tlb_flushes(unsigned int cpu)
{
	return flushes[cpu];
}

void sim_tlb_set_epoch(uint32_t value)
{
	epoch = value;
}

mfn_t sim_cr3(unsigned int cpu)
{
	return root[cpu];
}

static void forget(unsigned int cpu, const uint64_t *address)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < entry_count; i++) {
		bool goes = entries[i].cpu == cpu && (!address || entries[i].address == *address);

		if (!goes) {
			entries[kept++] = entries[i];
		}
	}
	entry_count = kept;
}

static void flush_one(unsigned int cpu)
{
	forget(cpu, NULL);
	flushed_at[cpu] = epoch;
	flushes[cpu]++;
}

static void advance_epoch(void)
{
	epoch++;
	if (epoch == 0) {
		epoch = 1;
		for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
			flush_one(cpu);
		}
	}
}

static void flush_full(const struct cpu_set *cpus)
{
	unsigned int cpu;

	spin_lock(&tlb_lock);
	cpu_set_for_each(cpu, cpus) {
		assert(cpu < smp_cpu_count());
		advance_epoch();
		flush_one(cpu);
	}
	spin_unlock(&tlb_lock);
}

void tlb_flush_cpus(const struct cpu_set *cpus)
{
	flush_full(cpus);
}

void tlb_flush_all_cpus(const struct cpu_set *cpus)
{
	flush_full(cpus);
}

void tlb_flush_page_cpus(const struct cpu_set *cpus, uint64_t address)
{
	uint64_t page = address & PAGE_MASK;
	unsigned int cpu;

	spin_lock(&tlb_lock);
	cpu_set_for_each(cpu, cpus) {
		forget(cpu, &page);
	}
	spin_unlock(&tlb_lock);
}

void tlb_flush_local(void)
{
	advance_epoch();
	flush_one(this_cpu());
}

void tlb_flush_all_local(void)
{
	tlb_flush_local();
}

void tlb_flush_page_local(uint64_t address)
{
	uint64_t page = address & PAGE_MASK;

	forget(this_cpu(), &page);
}

void tlb_poll(void)
{
}

uint32_t tlb_epoch(void)
{
	return epoch;
}

static struct cpu_set stale_cpus(const struct cpu_set *cpus, uint32_t stamp)
{
	struct cpu_set stale = {{0}};
	unsigned int cpu;

	cpu_set_for_each(cpu, cpus) {
		if (flushed_at[cpu] <= stamp) {
			cpu_set_add(&stale, cpu);
		}
	}
	return stale;
}

void tlb_flush_stale(const struct cpu_set *cpus, uint32_t stamp)
{
	struct cpu_set stale = stale_cpus(cpus, stamp);

	flush_full(&stale);
}

void tlb_load_cr3(mfn_t m)
{
	root[this_cpu()] = m;
	tlb_flush_local();
}

uint32_t tlb_last_flush(void)
{
	return flushed_at[this_cpu()];
}
