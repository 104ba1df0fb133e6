/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * panic() on the simulated machine: prints and aborts, so that a sanitizer shows the stack. A test
 * that expects a panic runs it in a child process.
 */
#include "lib/check.h"

#include <stdio.h>
#include <stdlib.h>

void panic(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("panic: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}
