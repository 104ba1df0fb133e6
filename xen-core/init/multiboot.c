/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multiboot front door (Multiboot Specification 0.6.96, 3.3).
 */
#include "init/door.h"

#include "lib/mem.h"

struct multiboot_information {
	uint32_t flags;
	uint32_t memory_lower, memory_upper;
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, modules;
	uint32_t symbols[4];
	uint32_t map_bytes, map;
	uint32_t drives_bytes, drives;
	uint32_t rom_table;
	uint32_t loader_name;
};
_Static_assert(sizeof(struct multiboot_information) == 68, "3.3");

struct multiboot_module {
	uint32_t start, end, string, reserved;
};

struct multiboot_range {
	uint32_t size; /* of what follows */
	uint64_t start, bytes;
	uint32_t type;
} packed_struct;

#define HAS_COMMAND_LINE (1U << 2)
#define HAS_MODULES (1U << 3)
#define HAS_MAP (1U << 6)
#define HAS_LOADER_NAME (1U << 9)

/* GRUB since version 1 leaves the file name out; GRUB 0.97, QEMU and others put it first. */
static bool puts_name_first(const struct multiboot_information *info)
{
	const char *name = info->flags & HAS_LOADER_NAME ? door_at(info->loader_name) : "";

	return strncmp(name, "GRUB ", 5) != 0 || name[5] == '0';
}

void multiboot_door(uint64_t information)
{
	const struct multiboot_information *info = door_at(information);
	const struct multiboot_module *modules = door_at(info->modules);
	const struct multiboot_range *range;
	bool with_name = puts_name_first(info);

	door_open(BOOT_FROM_MULTIBOOT);
	if (info->flags & HAS_COMMAND_LINE) {
		door_command_line(door_at(info->command_line), with_name);
	}
	for (uint32_t i = 0; (info->flags & HAS_MODULES) && i < info->module_count; i++) {
		door_module(modules[i].start, modules[i].end - modules[i].start,
			    modules[i].string ? door_at(modules[i].string) : "", with_name);
	}
	for (uint32_t at = 0; (info->flags & HAS_MAP) && at < info->map_bytes;) {
		range = door_at(info->map + at);
		door_memory(range->start, range->bytes, range->type);
		at += range->size + 4;
	}
	door_close();
}
