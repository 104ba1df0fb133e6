/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the words of a 32-bit loader to boot_info.
 */
#include "init/door.h"

#include "boot/memmap.h"
#include "lib/check.h"
#include "lib/mem.h"
#include "machine/frames.h"

#define IMAGE_ADDRESS 0x200000UL /* where these loaders put the core */

extern const char core_image_start[], core_image_end[];

const void *door_at(uint64_t address)
{
	if (address >> 32) {
		panic("boot: the loader's data at %lx is not below 4 GiB", address);
	}
	return (const char *)frame_map(mfn(0)) + address;
}

static void copy_text(char to[BOOT_CMDLINE_MAX], const char *from, bool with_name)
{
	size_t i = 0;

	while (with_name && *from && *from != ' ') {
		from++;
	}
	while (*from == ' ') {
		from++;
	}
	for (; i < BOOT_CMDLINE_MAX - 1 && from[i]; i++) {
		to[i] = from[i];
	}
	to[i] = '\0';
}

void door_open(enum boot_front_door door)
{
	memset(&boot, 0, sizeof(boot));
	boot.magic = BOOT_INFO_MAGIC;
	boot.version = BOOT_INFO_VERSION;
	boot.front_door = door;
	boot.core_start = IMAGE_ADDRESS;
	boot.core_bytes = (uint64_t)(core_image_end - core_image_start);
}

void door_command_line(const char *text, bool with_name)
{
	copy_text(boot.cmdline, text, with_name);
}

void door_module(uint64_t start, uint64_t bytes, const char *text, bool with_name)
{
	struct boot_module *module = &boot.modules[boot.module_count];

	if (boot.module_count == BOOT_MODULES_MAX) {
		return;
	}
	module->start = start;
	module->bytes = bytes;
	module->kind = boot.module_count == 0   ? BOOT_MODULE_KERNEL
		       : boot.module_count == 1 ? BOOT_MODULE_RAMDISK
						: BOOT_MODULE_UCODE;
	copy_text(module->cmdline, text, with_name);
	boot.module_count++;
}

void door_memory(uint64_t start, uint64_t bytes, uint32_t type)
{
	if (type < BOOT_MEM_RAM || type > BOOT_MEM_UNUSABLE) {
		type = BOOT_MEM_RESERVED;
	}
	if (!memmap_add(&boot, (struct boot_memory_range){start, bytes, type, 0})) {
		panic("boot: the memory map has more than %u ranges", BOOT_MEMORY_MAX);
	}
}

/* Takes what the loader placed out of the free RAM. */
static void claim(uint64_t start, uint64_t bytes)
{
	uint64_t first = start & PAGE_MASK;

	if (!memmap_claim(&boot, first, ((start + bytes + PAGE_SIZE - 1) & PAGE_MASK) - first)) {
		panic("boot: %lx+%lx is not RAM in the memory map", start, bytes);
	}
}

void door_close(void)
{
	claim(boot.core_start, boot.core_bytes);
	for (uint32_t i = 0; i < boot.module_count; i++) {
		claim(boot.modules[i].start, boot.modules[i].bytes);
	}
}
