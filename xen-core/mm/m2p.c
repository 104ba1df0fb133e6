/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine-to-physical table: for each frame the number its PV owner gave it. Guests read it
 * directly; the core only writes it, through an alias, and hands values back (dumps, exchange).
 */
#include "mm/frame.h"

uint64_t *m2p_table;

void m2p_set(mfn_t m, uint64_t pfn)
{
	atomic_write(&m2p_table[m.n], pfn);
}

uint64_t m2p_get(mfn_t m)
{
	return frame_is_valid(m) ? atomic_read(&m2p_table[m.n]) : M2P_INVALID;
}
