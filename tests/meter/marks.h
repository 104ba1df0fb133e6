/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The marks by which a measured program, or kernel, talks to the plugin: instructions that do
 * nothing, seen wherever the hypervisor is not. Each exchanges a 16-bit register with itself, with
 * the operand size prefix, which no compiler emits.
 */
#ifndef METER_MARKS_H
#define METER_MARKS_H

#define MARK_PREFIX 0x66
#define MARK_OPCODE 0x87
#define MARK_ARM 0xd2	/* xchg %dx,%dx: begin to watch; let a millisecond pass after it */
#define MARK_START 0xdb /* xchg %bx,%bx: all counts are zero */
#define MARK_STOP 0xc9	/* xchg %cx,%cx: write the counts to the next file */

#define MARK(which) __asm__ volatile(".byte 0x66, 0x87, %c0" : : "i"(which) : "memory")

#endif
