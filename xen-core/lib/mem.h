/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The handful of C library functions the compiler may call on its own, and the string functions
 * that go with them. Same contracts as libc; the host build uses libc's, the hypervisor mem.c.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include "lib/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strchr(const char *text, int wanted);

#endif
