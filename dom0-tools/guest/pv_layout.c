/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of pv_layout.h. The bootstrap tables map themselves, so their number depends on
 * itself: it is counted again until it stays the same, which happens soon, because one table maps
 * 512 pages.
 */
#include "guest/pv_layout.h"

#include <errno.h>

#define PAGE 4096UL
#define SLACK_PAGES 128UL      /* 512 KiB of mapped padding at least */
#define MAPPED_MULTIPLE 1024UL /* 4 MiB */
#define L1_SHIFT 21
#define L2_SHIFT 30
#define L3_SHIFT 39

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + PAGE - 1) / PAGE;
}

static uint64_t up(uint64_t number, uint64_t multiple)
{
	return (number + multiple - 1) / multiple * multiple;
}

static uint64_t spans(uint64_t first, uint64_t last, unsigned int shift)
{
	return (last >> shift) - (first >> shift) + 1;
}

struct pv_tables pv_tables_for(uint64_t address, uint64_t pages)
{
	/* The last byte, not the end: that may be 2^64. */
	uint64_t last = address + pages * PAGE - 1;

	return (struct pv_tables){
		.address = address,
		.pages = pages,
		.l3_count = spans(address, last, L3_SHIFT),
		.l2_count = spans(address, last, L2_SHIFT),
		.l1_count = spans(address, last, L1_SHIFT),
	};
}

static uint64_t take(uint64_t *next, uint64_t count)
{
	uint64_t first = *next;

	*next += count;
	return first;
}

static int place_tables(struct pv_layout *layout, uint64_t first)
{
	uint64_t count = 0;

	for (;;) {
		uint64_t needed = first + count + 1 + SLACK_PAGES;
		uint64_t now;

		layout->mapped = up(needed, MAPPED_MULTIPLE);
		if (layout->mapped > -layout->virt_base / PAGE && layout->virt_base) {
			return -ENOEXEC;
		}
		layout->bootstrap = pv_tables_for(layout->virt_base, layout->mapped);
		now = 1 + layout->bootstrap.l3_count + layout->bootstrap.l2_count +
		      layout->bootstrap.l1_count;
		if (now <= count) {
			break;
		}
		count = now;
	}
	layout->tables = (struct pv_extent){first, count};
	layout->stack = first + count;
	return 0;
}

static void place_p2m(struct pv_layout *layout, const struct kernel *kernel, uint64_t *next)
{
	layout->p2m.first = take(next, layout->p2m.count);
	layout->p2m_map = pv_tables_for(kernel->init_p2m.value, layout->p2m.count);
	layout->p2m_tables.count =
		layout->p2m_map.l3_count + layout->p2m_map.l2_count + layout->p2m_map.l1_count;
	layout->p2m_tables.first = take(next, layout->p2m_tables.count);
}

int pv_layout_make(const struct kernel *kernel, uint64_t ramdisk_size, uint64_t pages,
		   struct pv_layout *layout)
{
	uint64_t offset = kernel->paddr_offset.value;
	uint64_t next;
	int err;

	*layout = (struct pv_layout){
		.virt_base = kernel->virt_base.value,
		.pages = pages,
		.ramdisk.count = pages_of(ramdisk_size),
		.ramdisk_is_mapped = !kernel->mod_start_pfn.given || !kernel->mod_start_pfn.value,
		.p2m.count = pages_of(pages * sizeof(uint64_t)),
		.p2m_is_mapped = !kernel->init_p2m.given,
	};
	layout->kernel.first = (kernel->start - offset) / PAGE;
	layout->kernel.count = pages_of(kernel->end - offset) - layout->kernel.first;
	next = layout->kernel.first + layout->kernel.count;
	if (layout->ramdisk_is_mapped) {
		layout->ramdisk.first = take(&next, layout->ramdisk.count);
	}
	if (layout->p2m_is_mapped) {
		layout->p2m.first = take(&next, layout->p2m.count);
	}
	layout->start_info = take(&next, 1);
	layout->store = take(&next, 1);
	layout->console = take(&next, 1);
	err = place_tables(layout, next);
	if (err) {
		return err;
	}
	next = layout->mapped;
	if (!layout->ramdisk_is_mapped) {
		layout->ramdisk.first = take(&next, layout->ramdisk.count);
	}
	if (!layout->p2m_is_mapped) {
		place_p2m(layout, kernel, &next);
	}
	layout->used = next;
	return next > pages ? -ENOSPC : 0;
}

uint64_t pv_layout_address(const struct pv_layout *layout, uint64_t pfn)
{
	return layout->virt_base + pfn * PAGE;
}
