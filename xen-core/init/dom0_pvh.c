/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain 0 as a translated guest (dom0=pvh), entered as xen/hvm_start_info.h says. It has its local
 * APIC and no other devices: of the machine it sees nothing but what hypercalls tell. That is
 * enough for any PVH image that needs no more, and for tests of one alone.
 *
 *     0        RAM; the image at its own addresses, initrd, tables (struct tables)
 *     3 GiB    nothing
 *     4 GiB    what RAM is left
 */
#include "init/dom0.h"
#include "init/init.h"

#include "domain/memory.h"
#include "hvm/hvm.h"
#include "hvm/walk.h"
#include "hypercall/memory.h"
#include "lib/log.h"
#include "lib/math.h"
#include "lib/mem.h"
#include "machine/frames.h"
#include "mm/heap.h"
#include "x86/cr.h"

#include <xen/arch_x86.h>
#include <xen/hvm_start_info.h>
#include <xen/start_info.h>

#define LOW_RAM_END GIB(3)
#define HIGH_RAM GIB(4)
#define ORDER_2M 9U

/* Behind image and initrd, in one piece. */
struct tables {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[2];
	char command_line[BOOT_CMDLINE_MAX], initrd_line[BOOT_CMDLINE_MAX];
};

static void place(struct domain *d, uint64_t g, unsigned int order)
{
	mfn_t first;

	if (memory_allocate(d, order, 0, 0, &first)) {
		if (order == 0) {
			dom0_refuse("memory", "the machine has not enough of it");
		}
		place(d, g, order - 1);
		place(d, g + (1UL << (order - 1)), order - 1);
		return;
	}
	if (memory_place_ram(d, g, first, order)) {
		dom0_refuse("memory", "none for its nested page tables");
	}
}

static void fill(struct domain *d, const struct hvm_memmap_table_entry *range)
{
	uint64_t g = range->addr >> PAGE_SHIFT, end = g + (range->size >> PAGE_SHIFT);

	while (g < end) {
		unsigned int order = min_u32(ORDER_2M, log2_floor(end - g));

		place(d, g, order);
		g += 1UL << order;
	}
}

/* What the guest asks for by XENMEM_memory_map. */
static void tell_map(struct domain *d, const struct tables *t)
{
	d->e820 = heap_alloc(sizeof(*d->e820) * t->info.memmap_entries);
	if (!d->e820) {
		dom0_refuse("memory", "none for its memory map");
	}
	for (uint32_t i = 0; i < t->info.memmap_entries; i++) {
		d->e820[i] = (struct domain_e820){t->map[i].addr, t->map[i].size, t->map[i].type};
	}
	d->e820_count = t->info.memmap_entries;
}

static void put(struct domain *d, uint64_t address, const void *from, size_t bytes)
{
	if (address >= LOW_RAM_END || bytes > LOW_RAM_END - address ||
	    walk_physical_out(d, address, from, bytes)) {
		dom0_refuse("dom0_mem", "too little for kernel and initrd; give it more");
	}
}

static void load(const struct dom0 *from)
{
	for (uint32_t i = 0; i < elf_segment_count(&from->image.elf); i++) {
		struct elf_segment segment = elf_segment(&from->image.elf, i);

		if (segment.type == ELF_SEGMENT_LOAD) {
			put(from->d, segment.paddr, elf_segment_data(&from->image.elf, &segment),
			    segment.filesz);
		}
	}
}

static uint64_t page_behind(uint64_t address)
{
	return align_up(address, PAGE_SIZE);
}

/* The initrd, and the tables behind it at the address returned. */
static uint64_t describe(const struct dom0 *from, struct tables *t)
{
	uint64_t initrd = page_behind(from->image.notes.paddr_end);
	uint64_t at = initrd;

	if (from->initrd) {
		put(from->d, initrd, memory_module(from->initrd), from->initrd->bytes);
		at = page_behind(initrd + from->initrd->bytes);
		t->info.nr_modules = 1;
		t->info.modlist_paddr = at + offsetof(struct tables, module);
		t->module.paddr = initrd;
		t->module.size = from->initrd->bytes;
		t->module.cmdline_paddr = at + offsetof(struct tables, initrd_line);
		memcpy(t->initrd_line, from->initrd->cmdline, sizeof(t->initrd_line));
	}
	memcpy(t->command_line, from->kernel->cmdline, sizeof(t->command_line));
	t->info.cmdline_paddr = at + offsetof(struct tables, command_line);
	t->info.memmap_paddr = at + offsetof(struct tables, map);
	put(from->d, at, t, sizeof(*t));
	return at;
}

static void start(struct vcpu *v, uint64_t entry, uint64_t start_info)
{
	struct vcpu_hvm_context context = {
		.mode = VCPU_HVM_MODE_32B,
		.cpu_regs.x86_32 = {
			.eip = (uint32_t)entry,
			.ebx = (uint32_t)start_info,
			.cr0 = CR0_PE,
			.cs_limit = ~0U,
			.ds_limit = ~0U,
			.es_limit = ~0U,
			.ss_limit = ~0U,
			.tr_limit = 0x67,
			.cs_ar = 0xc9b,
			.ds_ar = 0xc93,
			.es_ar = 0xc93,
			.ss_ar = 0xc93,
			.tr_ar = 0x8b,
		},
	};

	if (hvm_set_context(v, &context)) {
		dom0_refuse("vcpu 0", "its state is not taken");
	}
}

void dom0_build_pvh(const struct dom0 *from)
{
	const struct elf_xen_notes *notes = &from->image.notes;
	uint64_t bytes = from->pages << PAGE_SHIFT, at;
	static struct tables t;

	if (!notes->has_phys32_entry || notes->phys32_entry >> 32) {
		dom0_refuse("kernel", "no PVH image: its notes name no 32-bit entry");
	}
	t.info.magic = XEN_HVM_START_MAGIC_VALUE;
	t.info.version = 1;
	t.info.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	t.map[0] = (struct hvm_memmap_table_entry){
		.size = min_u64(bytes, LOW_RAM_END),
		.type = XEN_HVM_MEMMAP_TYPE_RAM,
	};
	t.map[1] = (struct hvm_memmap_table_entry){
		.addr = HIGH_RAM,
		.size = bytes - t.map[0].size,
		.type = XEN_HVM_MEMMAP_TYPE_RAM,
	};
	t.info.memmap_entries = t.map[1].size ? 2 : 1;
	from->d->frame_max = from->pages;
	fill(from->d, &t.map[0]);
	fill(from->d, &t.map[1]);
	tell_map(from->d, &t);
	load(from);
	at = describe(from, &t);
	start(from->d->vcpus[0], notes->phys32_entry, at);
	log_info("dom0: PVH, %lu MiB, %u vcpus, kernel %lx-%lx, entry %lx, start info %lx",
		 from->pages >> 8, from->d->max_vcpus, notes->paddr_start, notes->paddr_end,
		 notes->phys32_entry, at);
}
