/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one instruction of SVM that is not in machine/vmrun.S.
 */
#ifndef MACHINE_SVM_H
#define MACHINE_SVM_H

#include "lib/types.h"

/* Notes this CPU's FS, GS, TR, LDTR and system call registers in the page at that machine address;
 * each exit from a guest loads them from there (AMD APM 3, VMSAVE). */
static inline void svm_save_host(uint64_t page)
{
	__asm__ volatile("vmsave %0" ::"a"(page) : "memory");
}

#endif
