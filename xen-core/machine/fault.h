/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses that may fault and say so instead. The guest's kernel page tables must be loaded for
 * the copies; addresses are not checked here against the hypervisor's range: domain/guest.c does.
 */
#ifndef MACHINE_FAULT_H
#define MACHINE_FAULT_H

#include "lib/types.h"

/* Copy with guest mappings. Return the number of bytes NOT copied (0: all). */
size_t must_check fault_copy_in(void *to, uint64_t from, size_t bytes);
size_t must_check fault_copy_out(uint64_t to, const void *from, size_t bytes);
/* Address of the last fault of fault_copy_*, for page faults to pass on. */
uint64_t fault_last_address(void);

/* 0 or -XEN_EFAULT where the CPU raises #GP. */
int must_check fault_rdmsr(uint32_t msr, uint64_t *value);
int must_check fault_wrmsr(uint32_t msr, uint64_t value);
int must_check fault_xsetbv(uint32_t index, uint64_t value);

/* Loads a data segment register; on a fault loads 0 and returns -XEN_EFAULT. */
int fault_load_ds(uint16_t selector);
int fault_load_es(uint16_t selector);
int fault_load_fs(uint16_t selector);
/* Loads %gs as the guest sees it while its kernel base must survive: swapgs; mov; swapgs. */
int fault_load_gs_inactive(uint16_t selector);
int fault_load_gs(uint16_t selector);

#endif
