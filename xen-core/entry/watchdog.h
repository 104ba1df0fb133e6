/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU that does not reach its exit path for seconds is stuck in the core. Its neighbour notices
 * and sends it an NMI, in which it says where it is and panics.
 */
#ifndef ENTRY_WATCHDOG_H
#define ENTRY_WATCHDOG_H

#include "x86/regs.h"

/* After the long steps of start-up. With one CPU there is nobody to notice, and nothing is
 * started. */
void watchdog_start(void);
/* From the NMI handler: does not return if this CPU was found stuck. */
void watchdog_nmi(const struct cpu_regs *regs);

#endif
