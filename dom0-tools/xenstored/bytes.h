/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing run of bytes, and memory that is always there. The daemon is crash-only: when memory
 * runs out it says so and exits with status EX_OSERR, and its next instance goes on where it was,
 * so nobody here checks for NULL.
 */
#ifndef XENSTORED_BYTES_H
#define XENSTORED_BYTES_H

#include <stddef.h>

/* All zero bytes is empty. data is the struct's own. */
struct bytes {
	char *data;
	size_t size;
	size_t room;
};

void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_format(struct bytes *bytes, const char *format, ...)
	__attribute__((format(printf, 2, 3))); /* without the NUL */
void bytes_clear(struct bytes *bytes);         /* keeps the memory for the next use */
void bytes_free(struct bytes *bytes);

/* Zeroed; free() gives it back. */
void *memory_get(size_t size);
void *memory_grow(void *old, size_t count, size_t size);
char *memory_copy(const char *text);

#endif
