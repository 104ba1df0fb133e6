/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of pvh_layout.h. */
#include "guest/pvh_layout.h"

#include <errno.h>

#include <xen/hvm_start_info.h>

#define PAGE 4096UL

static uint64_t page_up(uint64_t address)
{
	return (address + PAGE - 1) / PAGE * PAGE;
}

static void add(struct pvh_layout *layout, uint64_t address, uint64_t size, uint32_t type)
{
	layout->map[layout->map_count++] =
		(struct xen_e820_entry){.addr = address, .size = size, .type = type};
}

int pvh_layout_make(const struct kernel *kernel, uint64_t ramdisk_size, uint64_t command_line_size,
		    uint64_t pages, struct pvh_layout *layout)
{
	uint64_t bytes = pages * PAGE;
	uint64_t next = page_up(kernel->end);

	*layout = (struct pvh_layout){
		.low_ram = bytes < PVH_ACPI ? bytes : PVH_ACPI,
		.high_ram = bytes < PVH_ACPI ? 0 : bytes - PVH_ACPI,
		.ramdisk_size = ramdisk_size,
	};
	if (ramdisk_size) {
		layout->ramdisk = next;
		next = page_up(next + ramdisk_size);
	}
	layout->start_info = next;
	layout->start_info_pages = 1 + page_up(command_line_size) / PAGE;
	next += layout->start_info_pages * PAGE;
	layout->used = next;
	add(layout, 0, layout->low_ram, XEN_HVM_MEMMAP_TYPE_RAM);
	add(layout, PVH_ACPI, PVH_ACPI_PAGES * PAGE, XEN_HVM_MEMMAP_TYPE_ACPI);
	add(layout, PVH_PAGING * PAGE, PVH_SPECIAL_PAGES * PAGE, XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (layout->high_ram) {
		add(layout, PVH_HIGH_RAM, layout->high_ram, XEN_HVM_MEMMAP_TYPE_RAM);
	}
	return next > layout->low_ram ? -ENOSPC : 0;
}
