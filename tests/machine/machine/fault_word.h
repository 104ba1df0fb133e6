/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of the simulated guest's memory: copies of eight bytes, with all their checks.
 */
#ifndef MACHINE_FAULT_WORD_H
#define MACHINE_FAULT_WORD_H

#include "machine/fault.h"

static inline bool must_check fault_load_word(uint64_t from, uint64_t *value)
{
	return fault_copy_in(value, from, sizeof(*value)) == 0;
}

static inline bool must_check fault_store_word(uint64_t to, unsigned int offset, uint64_t value)
{
	return fault_copy_out(to + offset, &value, sizeof(value)) == 0;
}

#endif
