/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Array indices from guests. A bounds check alone does not bind the CPU's speculation (Spectre v1,
 * CVE-2017-5753): the load after it may run ahead with the bad index. index_clamp() makes the
 * index itself depend on the comparison, without a branch to predict.
 */
#ifndef LIB_INDEX_H
#define LIB_INDEX_H

#include "lib/types.h"

/* i when i < count, else 0; holds under speculation too. Use after the check, not instead. */
static inline uint64_t index_clamp(uint64_t i, uint64_t count)
{
	uint64_t mask;

	/* cmp sets carry exactly when i < count; sbb turns carry into all ones. */
	__asm__ volatile("cmp %[count], %[i]; sbb %[mask], %[mask]"
			 : [mask] "=r"(mask)
			 : [i] "r"(i), [count] "r"(count)
			 : "cc");
	return i & mask;
}

#endif
