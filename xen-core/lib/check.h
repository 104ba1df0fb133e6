/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when the hypervisor itself is wrong. An assert is a statement about our own code:
 * nothing a guest does can reach one. Asserts stay on in release builds.
 *
 * panic() prints registers and a backtrace and stops the machine; each build supplies it
 * (entry/crash.c, tests/machine/panic.c).
 */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

#include "lib/types.h"

void noreturn_fn panic(const char *format, ...) printf_like(1, 2);

#define assert(condition)                                                             \
	do {                                                                          \
		if (__builtin_expect(!(condition), 0)) {                              \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
		}                                                                     \
	} while (0)

#define unreachable() panic("%s:%d: unreachable", __FILE__, __LINE__)

#endif
