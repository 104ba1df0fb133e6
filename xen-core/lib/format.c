/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from values. One conversion at a time is parsed into a struct spec and written through an
 * output that counts everything and stores what fits, so a short buffer changes nothing but the
 * buffer. An unknown conversion is copied as it stands: a bad message is better than none.
 */
#include "lib/format.h"

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the whole text, stored or not */
};

struct spec {
	bool left, zero, alternate, plus, space;
	int width;
	int precision;	   /* -1: none given */
	unsigned int bytes; /* size of the integer argument */
};

static void put(struct output *output, char c)
{
	if (output->length + 1 < output->size) {
		output->buffer[output->length] = c;
	}
	output->length++;
}

static void put_repeated(struct output *output, char c, int count)
{
	for (; count > 0; count--) {
		put(output, c);
	}
}

static int parse_number(const char **format)
{
	int number = 0;

	while (**format >= '0' && **format <= '9') {
		/* Wider than any line; keeps the sum from overflowing. */
		if (number < 100000) {
			number = number * 10 + (**format - '0');
		}
		(*format)++;
	}
	return number;
}

static void parse_flags(struct spec *spec, const char **format)
{
	for (;; (*format)++) {
		switch (**format) {
		case '-':
			spec->left = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		default:
			return;
		}
	}
}

static void parse_length(struct spec *spec, const char **format)
{
	spec->bytes = sizeof(int);
	switch (**format) {
	case 'h':
		(*format)++;
		spec->bytes = sizeof(short);
		if (**format == 'h') {
			(*format)++;
			spec->bytes = sizeof(char);
		}
		return;
	case 'l':
		(*format)++;
		spec->bytes = sizeof(long);
		if (**format == 'l') {
			(*format)++;
		}
		return;
	case 'z':
	case 'j':
	case 't':
		(*format)++;
		spec->bytes = sizeof(long);
		return;
	default:
		return;
	}
}

static void put_padded(struct output *output, const struct spec *spec, const char *text,
		       int length)
{
	int padding = spec->width - length;

	if (!spec->left) {
		put_repeated(output, ' ', padding);
	}
	for (int i = 0; i < length; i++) {
		put(output, text[i]);
	}
	if (spec->left) {
		put_repeated(output, ' ', padding);
	}
}

static void put_string(struct output *output, const struct spec *spec, const char *text)
{
	int length = 0;

	if (!text) {
		text = "(null)";
	}
	while ((spec->precision < 0 || length < spec->precision) && text[length]) {
		length++;
	}
	put_padded(output, spec, text, length);
}

/* prefix: sign or 0x, goes before the zeros. */
static void put_integer(struct output *output, const struct spec *spec, uint64_t value,
			unsigned int base, const char *digits, const char *prefix)
{
	char reversed[24];
	int digit_count = 0;
	int prefix_count = 0;
	int zeros, padding;

	while (value > 0) {
		reversed[digit_count++] = digits[value % base];
		value /= base;
	}
	while (prefix[prefix_count]) {
		prefix_count++;
	}
	zeros = (spec->precision < 0 ? 1 : spec->precision) - digit_count;
	if (spec->zero && !spec->left && spec->precision < 0) {
		zeros = spec->width - prefix_count - digit_count;
		if (zeros < 1 && digit_count == 0) {
			zeros = 1;
		}
	}
	zeros = zeros > 0 ? zeros : 0;
	padding = spec->width - prefix_count - zeros - digit_count;
	if (!spec->left) {
		put_repeated(output, ' ', padding);
	}
	for (int i = 0; i < prefix_count; i++) {
		put(output, prefix[i]);
	}
	put_repeated(output, '0', zeros);
	while (digit_count > 0) {
		put(output, reversed[--digit_count]);
	}
	if (spec->left) {
		put_repeated(output, ' ', padding);
	}
}

static void put_signed(struct output *output, const struct spec *spec, int64_t value)
{
	const char *sign = spec->plus ? "+" : spec->space ? " " : "";
	uint64_t magnitude = (uint64_t)value;

	if (value < 0) {
		sign = "-";
		magnitude = 0 - magnitude;
	}
	put_integer(output, spec, magnitude, 10, "0123456789", sign);
}

static void put_unsigned(struct output *output, const struct spec *spec, char conversion,
			 uint64_t value)
{
	const char *lower = "0123456789abcdef";
	const char *upper = "0123456789ABCDEF";
	bool prefixed = spec->alternate && value != 0;

	switch (conversion) {
	case 'x':
		put_integer(output, spec, value, 16, lower, prefixed ? "0x" : "");
		break;
	case 'X':
		put_integer(output, spec, value, 16, upper, prefixed ? "0X" : "");
		break;
	case 'o':
		put_integer(output, spec, value, 8, lower, prefixed ? "0" : "");
		break;
	default:
		put_integer(output, spec, value, 10, lower, "");
		break;
	}
}

/* The narrow types arrive as int; the cast back gives them their value. */
static uint64_t narrow_unsigned(uint64_t value, unsigned int bytes)
{
	return bytes == 8 ? value : value & ((UINT64_C(1) << (bytes * 8)) - 1);
}

static int64_t narrow_signed(int64_t value, unsigned int bytes)
{
	return bytes == 1 ? (int8_t)value : bytes == 2 ? (int16_t)value : value;
}

/* The va_list travels in a structure: as a parameter it would be an array in disguise. */
struct arguments {
	va_list list;
};

static uint64_t take_unsigned(const struct spec *spec, struct arguments *arguments)
{
	if (spec->bytes == sizeof(long)) {
		return va_arg(arguments->list, unsigned long);
	}
	return narrow_unsigned(va_arg(arguments->list, unsigned int), spec->bytes);
}

static int64_t take_signed(const struct spec *spec, struct arguments *arguments)
{
	if (spec->bytes == sizeof(long)) {
		return va_arg(arguments->list, long);
	}
	return narrow_signed(va_arg(arguments->list, int), spec->bytes);
}

static void parse_spec(struct spec *spec, const char **format, struct arguments *arguments)
{
	*spec = (struct spec){.precision = -1};
	parse_flags(spec, format);
	if (**format == '*') {
		(*format)++;
		spec->width = va_arg(arguments->list, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = spec->width == INT_MIN ? 0 : -spec->width;
		}
	} else {
		spec->width = parse_number(format);
	}
	if (**format == '.') {
		(*format)++;
		if (**format == '*') {
			(*format)++;
			spec->precision = va_arg(arguments->list, int);
		} else {
			spec->precision = parse_number(format);
		}
	}
	parse_length(spec, format);
}

/* Returns false for a conversion it does not know. */
static bool convert(struct output *output, struct spec *spec, char conversion,
		    struct arguments *arguments)
{
	char character;

	switch (conversion) {
	case 'd':
	case 'i':
		put_signed(output, spec, take_signed(spec, arguments));
		return true;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(output, spec, conversion, take_unsigned(spec, arguments));
		return true;
	case 'p':
		spec->alternate = true;
		put_unsigned(output, spec, 'x', (uintptr_t)va_arg(arguments->list, void *));
		return true;
	case 'c':
		character = (char)va_arg(arguments->list, int);
		put_padded(output, spec, &character, 1);
		return true;
	case 's':
		put_string(output, spec, va_arg(arguments->list, const char *));
		return true;
	case '%':
		put(output, '%');
		return true;
	default:
		return false;
	}
}

size_t format_text_v(char *buffer, size_t size, const char *format, va_list args)
{
	struct output output = {.buffer = buffer, .size = size};
	struct arguments arguments;
	struct spec spec;

	va_copy(arguments.list, args);
	while (*format) {
		const char *start = format;

		if (*format++ != '%') {
			put(&output, *start);
			continue;
		}
		parse_spec(&spec, &format, &arguments);
		if (*format && convert(&output, &spec, *format, &arguments)) {
			format++;
			continue;
		}
		while (start < format) {
			put(&output, *start++);
		}
	}
	va_end(arguments.list);
	if (size > 0) {
		buffer[output.length < size ? output.length : size - 1] = '\0';
	}
	return output.length;
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	length = format_text_v(buffer, size, format, args);
	va_end(args);
	return length;
}
