/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single words of guest memory, inline: one instruction each when nothing goes wrong. For frames
 * and other small fixed structures on hot paths; the rest uses fault_copy_in() and _out(). The
 * address has been checked to be no address of the hypervisor's, and the caller has opened the
 * window (smap.h), once for all its words; a fault closes it.
 */
#ifndef MACHINE_FAULT_WORD_H
#define MACHINE_FAULT_WORD_H

#include "lib/types.h"
#include "machine/smap.h"

/* A line of the fault table (fault.c): the instruction at label 1, and where to go on. */
#define FAULT_LINE(label)                     \
	".pushsection .fault_table, \"a\"\n\t" \
	".long 1b - .\n\t"                    \
	".long %l[" #label "] - .\n\t"        \
	".popsection"

/* False: the access faulted. */
static inline bool must_check fault_load_word(uint64_t from, uint64_t *value)
{
	uint64_t word;

	__asm__ goto("1: movq %1, %0\n\t" FAULT_LINE(fault)
		     : "=r"(word)
		     : "m"(*(const volatile uint64_t *)from)
		     :
		     : fault);
	*value = word;
	return true;
fault:
	return false;
}

/* The offset is a constant: the compiler would make an address of its own for each of several
 * stores. */
static inline __attribute__((always_inline)) bool must_check
fault_store_word(uint64_t to, unsigned int offset, uint64_t value)
{
	__asm__ goto("1: movq %1, %c2(%0)\n\t" FAULT_LINE(fault)
		     :
		     : "r"(to), "er"(value), "i"(offset)
		     : "memory"
		     : fault);
	return true;
fault:
	return false;
}

#endif
