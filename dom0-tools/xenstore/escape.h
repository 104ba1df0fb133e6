/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values as text. Printable ASCII stands for itself; everything else and the backslash is written
 * as Xen's xenstore clients do: \t \n \r \\, three octal digits below 8, else \x and two digits.
 */
#ifndef XENSTORE_ESCAPE_H
#define XENSTORE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Both return an allocated text with a NUL behind it, NULL without memory. */
char *escape_value(const char *bytes, size_t length);
/* Reads \t \n \r \\, one to three octal digits, \x and one or two digits; any other character
 * behind a backslash is that character. */
char *unescape_value(const char *text, size_t *length);

/* Whether it can be a JSON string as it is: UTF-8 without NUL. */
bool value_is_text(const char *bytes, size_t length);

#endif
