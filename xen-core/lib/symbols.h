/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the core's functions, for backtraces. The table is made from the linked image by
 * machine/make-symbols and linked in a second time round; without it names are "?".
 */
#ifndef LIB_SYMBOLS_H
#define LIB_SYMBOLS_H

#include "lib/types.h"

/* One line of the table: 32-bit offset from core_image_start, and of the name in symbol_names. */
struct symbol {
	uint32_t address;
	uint32_t name;
};

extern const struct symbol symbol_table[];
extern const uint32_t symbol_count;
extern const char symbol_names[];

/* The function that contains the address, and how far inside. Never NULL. */
const char *symbol_find(uint64_t address, uint64_t *offset);

#endif
