/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor table windows of the simulated machine: remembers what each CPU was told to show. */
#include "machine/sim.h"
#include "machine/sim_private.h"

#include "lib/check.h"
#include "lib/mem.h"
#include "machine/percpu.h"

#define AREA(cpu) (0xffff82e000000000UL + (uint64_t)(cpu) * 0x100000UL)
#define LDT_ENTRIES_MAX (LDT_WINDOW_PAGES * 512U)

static struct sim_tables tables[CPUS_MAX];

static void clear_ldt(struct sim_tables *t)
{
	for (unsigned int i = 0; i < LDT_WINDOW_PAGES; i++) {
		t->ldt[i] = MFN_NONE;
	}
}

void sim_tables_reset(void)
{
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++) {
		for (unsigned int i = 0; i < GDT_GUEST_FRAMES; i++) {
			tables[cpu].gdt[i] = MFN_NONE;
		}
		clear_ldt(&tables[cpu]);
		tables[cpu].ldt_entries = 0;
	}
}

const struct sim_tables *sim_tables(unsigned int cpu)
{
	return &tables[cpu];
}

uint64_t sim_gdt_window(unsigned int cpu)
{
	return AREA(cpu) + 0x20000;
}

uint64_t sim_ldt_window(unsigned int cpu)
{
	return AREA(cpu) + 0x30000;
}

void tables_show_gdt(const mfn_t frames[GDT_GUEST_FRAMES])
{
	memcpy(tables[this_cpu()].gdt, frames, sizeof(tables[0].gdt));
}

void tables_show_ldt(uint32_t entries)
{
	assert(entries <= LDT_ENTRIES_MAX);
	clear_ldt(&tables[this_cpu()]);
	tables[this_cpu()].ldt_entries = entries;
}

void tables_map_ldt(unsigned int page, mfn_t m)
{
	assert(page < LDT_WINDOW_PAGES);
	tables[this_cpu()].ldt[page] = m;
}

static bool window_offset(uint64_t address, uint64_t start, uint64_t bytes, uint32_t *offset)
{
	if (address < start || address - start >= bytes) {
		return false;
	}
	*offset = (uint32_t)(address - start);
	return true;
}

bool tables_ldt_offset(uint64_t address, uint32_t *offset)
{
	return window_offset(address, sim_ldt_window(this_cpu()), LDT_WINDOW_PAGES * PAGE_SIZE,
			     offset);
}

bool tables_gdt_offset(uint64_t address, uint32_t *offset)
{
	return window_offset(address, sim_gdt_window(this_cpu()), 16 * PAGE_SIZE, offset);
}
