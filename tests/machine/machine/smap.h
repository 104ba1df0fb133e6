/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window to guest memory on the simulated machine: a flag that fault_word.h asks for. It must
 * not be opened twice, nor be left open.
 */
#ifndef MACHINE_SMAP_H
#define MACHINE_SMAP_H

#include "lib/check.h"
#include "lib/types.h"

extern bool sim_smap_open;

static inline void smap_open(void)
{
	assert(!sim_smap_open);
	sim_smap_open = true;
}

static inline void smap_close(void)
{
	sim_smap_open = false;
}

#endif
