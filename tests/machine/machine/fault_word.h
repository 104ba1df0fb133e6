/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of the simulated guest's memory: copies of eight bytes, with all their checks, inside the
 * caller's window.
 */
#ifndef MACHINE_FAULT_WORD_H
#define MACHINE_FAULT_WORD_H

#include "machine/fault.h"
#include "machine/smap.h"

static inline bool must_check fault_load_word(uint64_t from, uint64_t *value)
{
	assert(sim_smap_open);
	sim_smap_open = false;
	return sim_smap_open = fault_copy_in(value, from, sizeof(*value)) == 0;
}

static inline bool must_check fault_store_word(uint64_t to, unsigned int offset, uint64_t value)
{
	assert(sim_smap_open);
	sim_smap_open = false;
	return sim_smap_open = fault_copy_out(to + offset, &value, sizeof(value)) == 0;
}

#endif
