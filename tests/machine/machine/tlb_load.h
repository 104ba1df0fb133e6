/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading page tables on the simulated machine: sim_tlb.c.
 */
#ifndef MACHINE_TLB_LOAD_H
#define MACHINE_TLB_LOAD_H

#include "x86/addr.h"

void tlb_load_cr3(mfn_t root);
uint32_t tlb_last_flush(void);

#endif
