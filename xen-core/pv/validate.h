/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of whole tables: checking each entry and taking its references, and giving them
 * back. Called by type.c only, for a table that is busy by this CPU.
 */
#ifndef PV_VALIDATE_H
#define PV_VALIDATE_H

#include "mm/frame.h"
#include "x86/pte.h"

struct domain;

/* All or nothing; never stops half way. -XEN_EINVAL: an entry was refused. */
int must_check pv_l1_validate(struct domain *d, struct frame *f);
void pv_l1_release(struct domain *d, struct frame *f);

/*
 * L2 to L4, restartable. *progress is PARTIAL_* and the number of leading entries that hold
 * references; validate raises it to the end, release lowers it to 0.
 */
int must_check pv_table_validate(struct domain *d, struct frame *f, enum frame_type type,
				 uint32_t *progress);
int must_check pv_table_release(struct domain *d, struct frame *f, enum frame_type type,
				uint32_t *progress);

/* Takes the references of one present L2..L4 entry of d's table and sets the forced bits. */
int must_check pv_upper_get(struct domain *d, pte_t *pte, enum frame_type type);

#endif
