/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multiboot 2 front door (Multiboot2 Specification 2.0, 3.6): a row of tags, each at a
 * multiple of 8 bytes. Unlike multiboot 1's, GRUB's strings do not begin with a file name.
 */
#include "init/door.h"

#include "lib/math.h"

enum {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
};

struct tag {
	uint32_t type;
	uint32_t bytes; /* with this head */
	union {
		char text[0];
		struct {
			uint32_t start, end;
			char text[];
		} module;
		struct {
			uint32_t entry_bytes, entry_version;
			char entries[];
		} map;
	};
};

struct entry {
	uint64_t start, bytes;
	uint32_t type, reserved;
};

static void take_map(const struct tag *tag)
{
	uint32_t bytes = tag->bytes - (uint32_t)(tag->map.entries - (const char *)tag);

	for (uint32_t at = 0; at < bytes && tag->map.entry_bytes; at += tag->map.entry_bytes) {
		const struct entry *entry = (const void *)(tag->map.entries + at);

		door_memory(entry->start, entry->bytes, entry->type);
	}
}

void multiboot2_door(uint64_t information)
{
	const uint32_t *total = door_at(information);
	const struct tag *tag;

	door_open(BOOT_FROM_MULTIBOOT2);
	for (uint32_t at = 8; at < *total; at += (tag->bytes + 7) & ~7U) {
		tag = door_at(information + at);
		switch (tag->type) {
		case TAG_COMMAND_LINE:
			door_command_line(tag->text, false);
			break;
		case TAG_MODULE:
			door_module(tag->module.start, tag->module.end - tag->module.start,
				    tag->module.text, false);
			break;
		case TAG_MEMORY_MAP:
			take_map(tag);
			break;
		default:
			break;
		}
		if (tag->type == TAG_END || !tag->bytes) {
			break;
		}
	}
	door_close();
}
