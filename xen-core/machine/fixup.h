/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where to go on after an exception at one of the instructions that may fault.
 */
#ifndef MACHINE_FIXUP_H
#define MACHINE_FIXUP_H

#include "machine/percpu.h"

bool fixup_find(uint64_t rip, uint64_t *fixup);
/* The address a page fault that was fixed up had. */
void fixup_note_address(unsigned int cpu, uint64_t address);

#endif
