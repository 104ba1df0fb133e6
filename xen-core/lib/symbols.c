/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds a function's name by binary search; see symbols.h. */
#include "lib/symbols.h"

extern const char core_image_start[];

const char *symbol_find(uint64_t address, uint64_t *offset)
{
	uint64_t relative = address - (uint64_t)core_image_start;
	uint32_t low = 0, high = symbol_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (symbol_table[middle].address <= relative) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		*offset = relative;
		return "?";
	}
	*offset = relative - symbol_table[low - 1].address;
	return &symbol_names[symbol_table[low - 1].name];
}
