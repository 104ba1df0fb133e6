/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the boot memory map from firmware's descriptors.
 *
 * Invariants of info->memory after each call: sorted by start, no two ranges overlap, no two
 * neighbours that touch could be one. Descriptors may come in any order. Firmware that describes
 * a byte twice is broken; the less usable description wins, since believing "RAM" about something
 * else destroys it:
 *     overlap of RAM and another type -> the other type
 *     overlap of anything else        -> the range that was there first
 *
 * Attributes of merged RAM are those all its parts have; runtime ranges are merged only when
 * their attributes are equal, because the core maps them accordingly.
 */
#include "boot/memmap.h"

/* UEFI 2.10, 7.2: EFI_MEMORY_TYPE and the attribute of ranges the runtime services need. */
enum {
	EFI_TYPE_LOADER_CODE = 1,
	EFI_TYPE_LOADER_DATA = 2,
	EFI_TYPE_BOOT_SERVICES_CODE = 3,
	EFI_TYPE_BOOT_SERVICES_DATA = 4,
	EFI_TYPE_RUNTIME_CODE = 5,
	EFI_TYPE_RUNTIME_DATA = 6,
	EFI_TYPE_CONVENTIONAL = 7,
	EFI_TYPE_UNUSABLE = 8,
	EFI_TYPE_ACPI_RECLAIM = 9,
	EFI_TYPE_ACPI_NVS = 10,
};
#define EFI_ATTRIBUTE_RUNTIME (1UL << 63)

enum boot_memory_type memmap_efi_type(uint32_t efi_type, uint64_t attributes)
{
	if (attributes & EFI_ATTRIBUTE_RUNTIME) {
		return BOOT_MEM_EFI_RUNTIME; /* also memory-mapped flash the services use */
	}
	switch (efi_type) {
	case EFI_TYPE_LOADER_CODE:
	case EFI_TYPE_LOADER_DATA:
	case EFI_TYPE_BOOT_SERVICES_CODE:
	case EFI_TYPE_BOOT_SERVICES_DATA:
	case EFI_TYPE_CONVENTIONAL:
		return BOOT_MEM_RAM;
	case EFI_TYPE_RUNTIME_CODE:
	case EFI_TYPE_RUNTIME_DATA:
		return BOOT_MEM_EFI_RUNTIME;
	case EFI_TYPE_UNUSABLE:
		return BOOT_MEM_UNUSABLE;
	case EFI_TYPE_ACPI_RECLAIM:
		return BOOT_MEM_ACPI;
	case EFI_TYPE_ACPI_NVS:
		return BOOT_MEM_NVS;
	default:
		return BOOT_MEM_RESERVED;
	}
}

static uint64_t range_end(const struct boot_memory_range *range)
{
	return range->start + range->bytes;
}

static bool can_merge(const struct boot_memory_range *low, const struct boot_memory_range *high)
{
	return low->type == high->type && range_end(low) == high->start &&
	       (low->type != BOOT_MEM_EFI_RUNTIME || low->attributes == high->attributes);
}

static void remove_at(struct boot_info *info, uint32_t index)
{
	info->memory_count--;
	for (uint32_t i = index; i < info->memory_count; i++) {
		info->memory[i] = info->memory[i + 1];
	}
}

static bool insert_at(struct boot_info *info, uint32_t index, struct boot_memory_range range)
{
	if (info->memory_count >= BOOT_MEMORY_MAX) {
		return false;
	}
	for (uint32_t i = info->memory_count; i > index; i--) {
		info->memory[i] = info->memory[i - 1];
	}
	info->memory[index] = range;
	info->memory_count++;
	return true;
}

/* Makes one range of index and index + 1 if they can be one. */
static void merge_at(struct boot_info *info, uint32_t index)
{
	struct boot_memory_range *low = &info->memory[index];

	if (index + 1 < info->memory_count && can_merge(low, low + 1)) {
		low->bytes += low[1].bytes;
		low->attributes &= low[1].attributes;
		remove_at(info, index + 1);
	}
}

/* Adds a range that overlaps nothing. Merging comes first: a full map can still grow that way. */
static bool add_disjoint(struct boot_info *info, struct boot_memory_range range)
{
	uint32_t index = 0;

	while (index < info->memory_count && info->memory[index].start < range.start) {
		index++;
	}
	if (index > 0 && can_merge(&info->memory[index - 1], &range)) {
		info->memory[index - 1].bytes += range.bytes;
		info->memory[index - 1].attributes &= range.attributes;
		merge_at(info, index - 1);
		return true;
	}
	if (index < info->memory_count && can_merge(&range, &info->memory[index])) {
		info->memory[index].start = range.start;
		info->memory[index].bytes += range.bytes;
		info->memory[index].attributes &= range.attributes;
		return true;
	}
	return insert_at(info, index, range);
}

/* Cuts [start, end) out of the RAM ranges, leaving a hole there. */
static bool cut_ram(struct boot_info *info, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < info->memory_count; i++) {
		struct boot_memory_range *range = &info->memory[i];
		struct boot_memory_range tail = *range;

		if (range->type != BOOT_MEM_RAM || range->start >= end ||
		    range_end(range) <= start) {
			continue;
		}
		if (range_end(range) > end) {
			tail.start = end;
			tail.bytes = range_end(range) - end;
			if (range->start < start) {
				range->bytes = start - range->start;
				return insert_at(info, i + 1, tail);
			}
			*range = tail;
		} else if (range->start < start) {
			range->bytes = start - range->start;
		} else {
			remove_at(info, i);
			i--;
		}
	}
	return true;
}

bool memmap_add(struct boot_info *info, struct boot_memory_range range)
{
	uint64_t next = range.start, end;

	if (__builtin_add_overflow(range.start, range.bytes, &end)) {
		return false;
	}
	if (!range.bytes) {
		return true;
	}
	if (range.type != BOOT_MEM_RAM && !cut_ram(info, range.start, end)) {
		return false;
	}
	/* What is left of the range in the gaps between those already known. */
	while (next < end) {
		struct boot_memory_range piece = range;
		uint64_t piece_end = end, resume = end;

		for (uint32_t i = 0; i < info->memory_count; i++) {
			const struct boot_memory_range *known = &info->memory[i];

			if (range_end(known) > next && known->start < end) {
				piece_end = known->start;
				resume = range_end(known);
				break;
			}
		}
		if (piece_end > next) {
			piece.start = next;
			piece.bytes = piece_end - next;
			if (!add_disjoint(info, piece)) {
				return false;
			}
		}
		next = resume;
	}
	return true;
}

static bool is_all_ram(const struct boot_info *info, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < info->memory_count && start < end; i++) {
		const struct boot_memory_range *range = &info->memory[i];

		if (range->start <= start && range_end(range) > start &&
		    (range->type == BOOT_MEM_RAM || range->type == BOOT_MEM_LOADER)) {
			start = range_end(range);
		}
	}
	return start >= end;
}

bool memmap_claim(struct boot_info *info, uint64_t start, uint64_t bytes)
{
	struct boot_memory_range claim = {start, bytes, BOOT_MEM_LOADER, 0};
	uint64_t end;

	if (__builtin_add_overflow(start, bytes, &end) || !is_all_ram(info, start, end)) {
		return false;
	}
	for (uint32_t i = 0; i < info->memory_count; i++) {
		if (info->memory[i].start <= start && range_end(&info->memory[i]) > start) {
			claim.attributes = info->memory[i].attributes;
		}
	}
	return memmap_add(info, claim);
}
