/* SPDX-License-Identifier: MIT */
/*
 * Compile-time proof of the layouts: every ABI structure is followed by its size and the offsets
 * that matter, written as numbers, so that a stray field cannot shift what a guest compiled years
 * ago. Offsets are those of a 64-bit guest; there is no other kind here.
 */
#ifndef XEN_ABI_ASSERT_H
#define XEN_ABI_ASSERT_H

#include <stddef.h>
#include <stdint.h>

#define XEN_ABI_SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define XEN_ABI_AT(type, field, offset)                                                            \
	_Static_assert(offsetof(type, field) == (offset), "offset of " #field " in " #type)

#endif
