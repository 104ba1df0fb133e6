/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing run of bytes; see bytes.h. Room doubles, so adding costs the same however long it gets.
 */
#include "xenstored/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void *must(void *memory)
{
	static const char text[] = "xenstored: out of memory: restarting is all that helps\n";

	if (!memory) {
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		_exit(EX_OSERR);
	}
	return memory;
}

void *memory_get(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *memory_grow(void *old, size_t count, size_t size)
{
	return must(reallocarray(old, count, size));
}

char *memory_copy(const char *text)
{
	return must(strdup(text));
}

static void reserve(struct bytes *bytes, size_t more)
{
	size_t room = bytes->room ? bytes->room : 256;

	if (bytes->size + more <= bytes->room) {
		return;
	}
	while (room < bytes->size + more) {
		room *= 2;
	}
	bytes->data = memory_grow(bytes->data, room, 1);
	bytes->room = room;
}

void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
	if (size) {
		reserve(bytes, size);
		memcpy(bytes->data + bytes->size, data, size);
		bytes->size += size;
	}
}

void bytes_format(struct bytes *bytes, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length <= 0) {
		return;
	}
	reserve(bytes, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(bytes->data + bytes->size, (size_t)length + 1, format, args);
	va_end(args);
	bytes->size += (size_t)length;
}

void bytes_clear(struct bytes *bytes)
{
	bytes->size = 0;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}
