/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the firmware's memory map to the core's own page tables, frame table and allocator.
 *
 * Page tables of the direct map come from RAM below 4 GiB, which the boot tables reach; once they
 * are loaded the frame table and M2P may come from anywhere. What the early allocator took is left
 * out when the rest is given to the buddy allocator. The first MiB is never RAM here: it is
 * device memory for dom0, but for the page other CPUs start in.
 */
#include "init/init.h"

#include "hypercall/host_info.h"
#include "lib/check.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "machine/cpu.h"
#include "machine/frames.h"
#include "machine/tlb.h"
#include "mm/buddy.h"
#include "mm/frame.h"
#include "mm/map_boot.h"
#include "x86/cr.h"
#include "x86/msr.h"

#include <xen/base.h>

#define LOW_END MIB(1)
#define BOOT_MAP_END GIB(4)
#define GRANULE 512UL /* frames described by one page of M2P and three of frame table */

extern const char core_image_start[], core_text_end[], core_rodata_end[], core_image_end[];

struct boot_info boot;

static uint64_t early_limit = BOOT_MAP_END; /* hand out below this */

/* RAM nobody has taken yet: range i's end moves down as pages are handed out. */
static bool usable(const struct boot_memory_range *range, uint64_t *first, uint64_t *end)
{
	uint64_t start = range->start < LOW_END ? LOW_END : range->start;

	*first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	*end = (range->start + range->bytes) >> PAGE_SHIFT;
	return range->type == BOOT_MEM_RAM && *first < *end;
}

static mfn_t early_page(void)
{
	for (uint32_t i = boot.memory_count; i-- > 0;) {
		struct boot_memory_range *range = &boot.memory[i];
		uint64_t first, end;

		if (usable(range, &first, &end) && end << PAGE_SHIFT <= early_limit) {
			range->bytes = ((end - 1) << PAGE_SHIFT) - range->start;
			return mfn(end - 1);
		}
	}
	panic("no RAM below %lx for page tables", early_limit);
}

static bool is_ram(const struct boot_memory_range *range)
{
	return range->type == BOOT_MEM_RAM || range->type == BOOT_MEM_LOADER;
}

/* The map as it was before early_page() shortened ranges: what is RAM at all. */
static struct boot_memory_range ram[BOOT_MEMORY_MAX];
static uint32_t ram_count;

static void note_ram(void)
{
	for (uint32_t i = 0; i < boot.memory_count; i++) {
		struct boot_memory_range range = boot.memory[i];
		uint64_t end = (range.start + range.bytes) & PAGE_MASK;

		range.start = (range.start + PAGE_SIZE - 1) & PAGE_MASK;
		range.start = range.start < LOW_END ? LOW_END : range.start;
		if (is_ram(&range) && range.start < end) {
			range.bytes = end - range.start;
			ram[ram_count++] = range;
		}
	}
}

/* The low page for starting CPUs must be reachable though it is not RAM to us. */
static void map_low_memory(void)
{
	map_boot_direct(mfn(0), LOW_END >> PAGE_SHIFT);
}

static void map_image(void)
{
	uint64_t pages = (uint64_t)(core_image_end - core_image_start) >> PAGE_SHIFT;
	uint64_t text = (uint64_t)(core_text_end - core_image_start) >> PAGE_SHIFT;
	uint64_t constants = (uint64_t)(core_rodata_end - core_image_start) >> PAGE_SHIFT;
	mfn_t first = maddr_to_mfn(maddr(boot.core_start));

	for (uint64_t i = 0; i < pages; i++) {
		map_boot_page(CORE_START + (i << PAGE_SHIFT), mfn_add(first, i),
			      i < text ? MAP_EXECUTE : i < constants ? MAP_READ : MAP_WRITE, false);
	}
	map_boot_direct_split(first, constants);
}

static void map_tables_of_granule(uint64_t granule)
{
	mfn_t m2p = early_page();

	memset(frame_map(m2p), 0xff, PAGE_SIZE);
	map_boot_page(M2P_START + (granule << PAGE_SHIFT), m2p, MAP_READ, true);
	map_boot_page(M2P_ALIAS_START + (granule << PAGE_SHIFT), m2p, MAP_WRITE, false);
	for (unsigned int i = 0; i < 3; i++) {
		mfn_t page = early_page();

		memset(frame_map(page), 0, PAGE_SIZE);
		map_boot_page(FRAME_TABLE_START + ((granule * 3 + i) << PAGE_SHIFT), page,
			      MAP_WRITE, false);
	}
}

static void map_frame_tables(void)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < ram_count; i++) {
		uint64_t first = (ram[i].start >> PAGE_SHIFT) / GRANULE;
		uint64_t last = ((ram[i].start + ram[i].bytes - 1) >> PAGE_SHIFT) / GRANULE;

		for (uint64_t g = first < next ? next : first; g <= last; g++) {
			map_tables_of_granule(g);
			next = g + 1;
		}
	}
	frame_table = (struct frame *)FRAME_TABLE_START;
	m2p_table = (uint64_t *)M2P_ALIAS_START;
}

static void give_to_allocator(void)
{
	uint64_t first, end;

	for (uint32_t i = 0; i < ram_count; i++) {
		frame_declare(maddr_to_mfn(maddr(ram[i].start)), ram[i].bytes >> PAGE_SHIFT);
		frame_end = (ram[i].start + ram[i].bytes) >> PAGE_SHIFT;
	}
	for (uint32_t i = 0; i < boot.memory_count; i++) {
		if (usable(&boot.memory[i], &first, &end)) {
			buddy_add(mfn(first), end - first);
		}
	}
}

void memory_setup(void)
{
	note_ram();
	map_boot_start(early_page);
	for (uint32_t i = 0; i < ram_count; i++) {
		map_boot_direct(maddr_to_mfn(maddr(ram[i].start)), ram[i].bytes >> PAGE_SHIFT);
	}
	map_low_memory();
	map_image();
	cpu_wrmsr(MSR_EFER, cpu_rdmsr(MSR_EFER) | EFER_NXE);
	tlb_load_cr3(map_idle_root());
	early_limit = ~0UL;
	map_frame_tables();
	frame_init();
	buddy_init();
	give_to_allocator();
	map_boot_finish();
	log_info("memory: %lu MiB, %lu MiB free", buddy_total_count() >> 8,
		 buddy_free_count() >> 8);
}

const void *memory_module(const struct boot_module *module)
{
	return (const char *)frame_map(mfn(0)) + module->start;
}

void memory_free_module(struct boot_module *module)
{
	uint64_t pages = (module->bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;

	if (pages) {
		buddy_add(maddr_to_mfn(maddr(module->start)), pages);
	}
	module->bytes = 0;
}
