/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values to text and back; see escape.h. */
#include "xenstore/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *escape_value(const char *bytes, size_t length)
{
	static const char named[] = "\tt\nn\rr\\\\";
	char *text = malloc(length * 4 + 1);
	char *to = text;

	for (size_t i = 0; text && i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		const char *name = byte ? strchr(named, byte) : NULL;

		/* Only what stands at an even place is a character with a name. */
		while (name && (name - named) % 2) {
			name = strchr(name + 1, byte);
		}
		if (name) {
			*to++ = '\\';
			*to++ = name[1];
		} else if (byte >= ' ' && byte <= '~') {
			*to++ = (char)byte;
		} else {
			to += sprintf(to, byte < 8 ? "\\%03o" : "\\x%02x", byte);
		}
	}
	if (text) {
		*to = '\0';
	}
	return text;
}

static int digit_of(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : 16;
}

/* Up to `most` digits of a base. */
static const char *read_digits(const char *from, int base, int most, char *byte)
{
	int value = 0;

	for (int i = 0; i < most && digit_of(*from) < base; i++) {
		value = value * base + digit_of(*from++);
	}
	*byte = (char)value;
	return from;
}

char *unescape_value(const char *text, size_t *length)
{
	char *bytes = malloc(strlen(text) + 1);
	char *to = bytes;

	while (bytes && *text) {
		if (*text != '\\' || !text[1]) {
			*to++ = *text++;
			continue;
		}
		text++;
		switch (*text) {
		case 't':
			*to++ = '\t';
			text++;
			break;
		case 'n':
			*to++ = '\n';
			text++;
			break;
		case 'r':
			*to++ = '\r';
			text++;
			break;
		case 'x':
			text = read_digits(text + 1, 16, 2, to++);
			break;
		case '0' ... '7':
			text = read_digits(text, 8, 3, to++);
			break;
		default:
			*to++ = *text++;
			break;
		}
	}
	if (bytes) {
		*to = '\0';
		*length = (size_t)(to - bytes);
	}
	return bytes;
}

/* The length of the sequence a byte begins; 0 for none. */
static unsigned int sequence_of(unsigned char byte)
{
	return byte < 0x80   ? 1
	       : byte < 0xc2 ? 0
	       : byte < 0xe0 ? 2
	       : byte < 0xf0 ? 3
	       : byte < 0xf5 ? 4
			     : 0;
}

bool value_is_text(const char *bytes, size_t length)
{
	const unsigned char *at = (const unsigned char *)bytes;
	const unsigned char *end = at + length;

	while (at < end) {
		unsigned int size = sequence_of(*at);

		if (!*at || !size || (size_t)(end - at) < size) {
			return false;
		}
		/* Overlong forms, surrogates, beyond the last character. */
		if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
		    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) {
			return false;
		}
		for (unsigned int i = 1; i < size; i++) {
			if ((at[i] & 0xc0) != 0x80) {
				return false;
			}
		}
		at += size;
	}
	return true;
}
