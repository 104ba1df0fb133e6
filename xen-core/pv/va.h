/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a guest's virtual address to the L1 entry that maps it.
 */
#ifndef PV_VA_H
#define PV_VA_H

#include "x86/pte.h"

struct frame;

/*
 * Walks from the root down. *table is the frame that should be an L1 table: a guest may change
 * the levels above at the same moment, so it is only trusted once locked (pv_table_lock) and its
 * owner compared. No references. -XEN_EINVAL if there is no entry or the address is not theirs.
 */
int must_check pv_va_find(mfn_t root, uint64_t va, struct frame **table, pte_t **slot);

#endif
