/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from values, like snprintf: flags `-` `0` `#` `+` and space, width and precision (numbers
 * or *), lengths hh h l ll z j t, conversions d i u x X o c s p %. No floating point, no %n.
 *
 * Both return the length the text has without a limit. With size > 0 the buffer is always
 * terminated; buffer may be NULL when size is 0.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include "lib/types.h"

size_t format_text(char *buffer, size_t size, const char *format, ...) printf_like(3, 4);
size_t format_text_v(char *buffer, size_t size, const char *format, va_list args)
	printf_like(3, 0);

#endif
