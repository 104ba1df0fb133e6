/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multiboot front door: what a multiboot 1 loader says, as boot_info (Multiboot Specification
 * 0.6.96, 3.3). The first module is dom0's kernel, the second its initrd; the first word of each
 * string is a file name and dropped. All of it lies below 4 GiB.
 */
#include "init/init.h"

#include "boot/memmap.h"
#include "lib/check.h"
#include "lib/mem.h"
#include "machine/frames.h"

struct multiboot_information {
	uint32_t flags;
	uint32_t memory_lower, memory_upper;
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, modules;
	uint32_t symbols[4];
	uint32_t map_bytes, map;
};
_Static_assert(sizeof(struct multiboot_information) == 52, "3.3");

struct multiboot_module {
	uint32_t start, end, string, reserved;
};

struct multiboot_range {
	uint32_t size; /* of what follows */
	uint64_t start, bytes;
	uint32_t type;
} packed_struct;

extern const char core_image_start[], core_image_end[];

#define HAS_COMMAND_LINE (1U << 2)
#define HAS_MODULES (1U << 3)
#define HAS_MAP (1U << 6)

static const void *low(uint32_t address)
{
	return (const char *)frame_map(mfn(0)) + address;
}

static void copy_after_first_word(char *to, size_t size, const char *from)
{
	size_t i = 0;

	while (*from && *from != ' ') {
		from++;
	}
	while (*from == ' ') {
		from++;
	}
	for (; from[i] && i < size - 1; i++) {
		to[i] = from[i];
	}
	to[i] = '\0';
}

static void add_modules(const struct multiboot_information *info)
{
	const struct multiboot_module *modules = low(info->modules);

	for (uint32_t i = 0; i < info->module_count && i < BOOT_MODULES_MAX; i++) {
		struct boot_module *module = &boot.modules[boot.module_count++];

		module->start = modules[i].start;
		module->bytes = modules[i].end - modules[i].start;
		module->kind = i == 0 ? BOOT_MODULE_KERNEL
			     : i == 1 ? BOOT_MODULE_RAMDISK : BOOT_MODULE_UCODE;
		if (modules[i].string) {
			copy_after_first_word(module->cmdline, sizeof(module->cmdline),
					      low(modules[i].string));
		}
	}
}

static void add_map(const struct multiboot_information *info)
{
	uint32_t offset = 0;

	while (offset < info->map_bytes) {
		const struct multiboot_range *range = low(info->map + offset);
		uint32_t type = range->type >= BOOT_MEM_RAM && range->type <= BOOT_MEM_UNUSABLE
					? range->type : BOOT_MEM_RESERVED;

		if (!memmap_add(&boot,
				(struct boot_memory_range){range->start, range->bytes, type, 0})) {
			panic("multiboot: the memory map has more than %u ranges", BOOT_MEMORY_MAX);
		}
		offset += range->size + 4;
	}
}

/* Takes what the loader placed out of the free RAM. */
static void claim(uint64_t start, uint64_t bytes)
{
	uint64_t first = start & PAGE_MASK;

	if (!memmap_claim(&boot, first, ((start + bytes + PAGE_SIZE - 1) & PAGE_MASK) - first)) {
		panic("multiboot: %lx+%lx is not RAM in the memory map", start, bytes);
	}
}

void multiboot_to_boot_info(uint64_t information, uint64_t image)
{
	const struct multiboot_information *info = low((uint32_t)information);

	memset(&boot, 0, sizeof(boot));
	boot.magic = BOOT_INFO_MAGIC;
	boot.version = BOOT_INFO_VERSION;
	boot.front_door = BOOT_FROM_MULTIBOOT;
	boot.core_start = image;
	if (info->flags & HAS_COMMAND_LINE) {
		copy_after_first_word(boot.cmdline, sizeof(boot.cmdline), low(info->command_line));
	}
	if (info->flags & HAS_MODULES) {
		add_modules(info);
	}
	if (info->flags & HAS_MAP) {
		add_map(info);
	}
	boot.core_bytes = (uint64_t)(core_image_end - core_image_start);
	claim(boot.core_start, boot.core_bytes);
	for (uint32_t i = 0; i < boot.module_count; i++) {
		claim(boot.modules[i].start, boot.modules[i].bytes);
	}
}
