/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Freestanding bodies of the C library functions the compiler calls. Large copies and fills use
 * the string instructions by quadwords: one instruction on hardware with fast strings, and few
 * iterations under an emulator that counts each. The attribute keeps the compiler from turning a
 * loop in here into a call of the very function.
 */
#include "lib/mem.h"

#define NOT_ITSELF __attribute__((optimize("no-tree-loop-distribute-patterns")))

/* The string instructions' start-up cost is not worth it below this. */
#define STRING_BYTES 32

NOT_ITSELF void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *target = to;
	const uint8_t *source = from;

	if (size >= STRING_BYTES) {
		size_t words = size / 8;

		__asm__ volatile("rep movsq"
				 : "+D"(target), "+S"(source), "+c"(words)
				 :
				 : "memory");
		size %= 8;
	}
	while (size-- > 0) {
		*target++ = *source++;
	}
	return to;
}

/* Backward by quadwords from the end; the direction flag is always clear outside. */
static NOT_ITSELF void copy_backward(uint8_t *target, const uint8_t *source, size_t size)
{
	while (size >= 8) {
		uint64_t word;

		size -= 8;
		__builtin_memcpy(&word, source + size, 8);
		__builtin_memcpy(target + size, &word, 8);
	}
	while (size > 0) {
		size--;
		target[size] = source[size];
	}
}

NOT_ITSELF void *memmove(void *to, const void *from, size_t size)
{
	/* A forward copy reads each quadword before writing it: right whenever to is below from. */
	if ((uintptr_t)to - (uintptr_t)from >= size) {
		return memcpy(to, from, size);
	}
	copy_backward(to, from, size);
	return to;
}

NOT_ITSELF void *memset(void *to, int byte, size_t size)
{
	uint8_t *target = to;

	if (size >= STRING_BYTES) {
		uint64_t pattern = (uint8_t)byte * UINT64_C(0x0101010101010101);
		size_t words = size / 8;

		__asm__ volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
		size %= 8;
	}
	while (size-- > 0) {
		*target++ = (uint8_t)byte;
	}
	return to;
}

NOT_ITSELF int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a;
	const uint8_t *right = b;

	for (size_t i = 0; i < size; i++) {
		if (left[i] != right[i]) {
			return left[i] - right[i];
		}
	}
	return 0;
}

NOT_ITSELF size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length]) {
		length++;
	}
	return length;
}

NOT_ITSELF int strncmp(const char *a, const char *b, size_t limit)
{
	for (size_t i = 0; i < limit; i++) {
		if (a[i] != b[i] || a[i] == '\0') {
			return (uint8_t)a[i] - (uint8_t)b[i];
		}
	}
	return 0;
}

NOT_ITSELF int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

NOT_ITSELF char *strchr(const char *text, int wanted)
{
	for (; *text != (char)wanted; text++) {
		if (*text == '\0') {
			return NULL;
		}
	}
	return (char *)(uintptr_t)text;
}
