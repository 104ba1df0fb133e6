/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end: what is printed when the core itself is wrong, and what happens then.
 */
#ifndef ENTRY_CRASH_H
#define ENTRY_CRASH_H

#include "x86/regs.h"

struct crash_record;

/* An exception in the core that nobody expected: registers, backtrace, stop. */
void noreturn_fn crash_exception(const struct cpu_regs *regs);
void crash_print_registers(const struct cpu_regs *regs);
/* The calling CPU's guest, if it runs one. cpu: the calling one. */
void crash_print_guest(unsigned int cpu);
/* Where a crash is to be written for the next start. */
void crash_set_record(struct crash_record *record);
/* noreboot: halt instead of rebooting. */
void crash_set_reboot(bool reboot);

#endif
