/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words every file uses: sizes, attributes, and the two or three macros C cannot do without.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define array_size(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#define must_check __attribute__((warn_unused_result))
#define noreturn_fn __attribute__((noreturn))
#define packed_struct __attribute__((packed))
#define aligned_to(bytes) __attribute__((aligned(bytes)))
#define printf_like(string, first) __attribute__((format(printf, string, first)))
#define unused_arg __attribute__((unused))

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#endif
