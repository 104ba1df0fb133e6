/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What SVM needs of single instructions and is not in machine/vmrun.S.
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

/* An intercepted machine check is not taken by the host: this takes it (APM 2 15.12). */
static inline void svm_raise_machine_check(void)
{
	__asm__ volatile("int $18" ::: "memory");
}

#endif
