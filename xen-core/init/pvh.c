/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PVH front door (xen/hvm_start_info.h): by QEMU's -kernel, or any loader of PVH kernels.
 * Strings carry no file name.
 */
#include "init/door.h"

#include "lib/check.h"

#include <xen/hvm_start_info.h>

void pvh_door(uint64_t information)
{
	const struct hvm_start_info *info = door_at(information);
	const struct hvm_modlist_entry *modules = door_at(info->modlist_paddr);
	const struct hvm_memmap_table_entry *map = door_at(info->memmap_paddr);

	if (info->magic != XEN_HVM_START_MAGIC_VALUE || info->version < 1) {
		panic("boot: PVH start info at %lx has magic %x and version %u, not %x and 1 or "
		      "more",
		      information, info->magic, info->version, XEN_HVM_START_MAGIC_VALUE);
	}
	door_open(BOOT_FROM_PVH);
	boot.rsdp = info->rsdp_paddr;
	if (info->cmdline_paddr) {
		door_command_line(door_at(info->cmdline_paddr), false);
	}
	for (uint32_t i = 0; i < info->nr_modules; i++) {
		door_module(modules[i].paddr, modules[i].size,
			    modules[i].cmdline_paddr ? door_at(modules[i].cmdline_paddr) : "",
			    false);
	}
	for (uint32_t i = 0; i < info->memmap_entries; i++) {
		door_memory(map[i].addr, map[i].size, map[i].type);
	}
	door_close();
}
