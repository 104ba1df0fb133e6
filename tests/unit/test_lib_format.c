/* SPDX-License-Identifier: GPL-2.0-or-later */
/* format_text() against what C promises, sanity of short buffers first. */
#include "lib/format.h"

#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

static char text[128];

#define SAME(...)                                                                             \
	do {                                                                                  \
		char expected[128];                                                           \
		size_t length = (size_t)snprintf(expected, sizeof(expected), __VA_ARGS__);    \
		CU_ASSERT_EQUAL(format_text(text, sizeof(text), __VA_ARGS__), length);        \
		CU_ASSERT_STRING_EQUAL(text, expected);                                       \
	} while (0)

static void a_short_buffer_is_cut_and_terminated(void)
{
	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(format_text(text, 4, "%s", "abcdef"), 6);
	CU_ASSERT_STRING_EQUAL(text, "abc");
	CU_ASSERT_EQUAL(text[4], 'x');
	CU_ASSERT_EQUAL(format_text(text, 1, "%d", 12345), 5);
	CU_ASSERT_STRING_EQUAL(text, "");
	CU_ASSERT_EQUAL(format_text(NULL, 0, "%d", 12345), 5);
}

static void a_missing_string_is_named(void)
{
	const char *volatile none = NULL;

	format_text(text, sizeof(text), "%s", none);
	CU_ASSERT_STRING_EQUAL(text, "(null)");
}

static void numbers_look_as_in_c(void)
{
	SAME("%d %i %u", -1, INT_MIN, UINT_MAX);
	SAME("%ld %lld %lu", LONG_MIN, (long long)LONG_MAX, ULONG_MAX);
	SAME("%zu %zx", (size_t)12, (size_t)0xabc);
	SAME("%x %X %#x %#X %#x", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 0u);
	SAME("%hhu %hd", (unsigned char)200, (short)-3);
	SAME("%p", (void *)text);
	SAME("%o", 0755u);
}

static void widths_and_flags_work_as_in_c(void)
{
	SAME("[%5d][%-5d][%05d][%+d][% d]", 42, 42, -42, 42, 42);
	SAME("[%#010x][%-#10x][%016lx]", 0x12u, 0x12u, 0xdeadbeeful);
	SAME("[%*d][%-*d][%*d]", 6, 1, 6, 2, -6, 3);
	SAME("[%.3d][%8.3d][%03d]", 5, 5, 0);
	SAME("[%10s][%-10s][%.2s][%.*s]", "abc", "abc", "abc", 1, "abc");
	SAME("[%c][%3c]%%", 'a', 'b');
}

static const struct unit_test tests[] = {
	UNIT(a_short_buffer_is_cut_and_terminated),
	UNIT(a_missing_string_is_named),
	UNIT(numbers_look_as_in_c),
	UNIT(widths_and_flags_work_as_in_c),
};

int main(void)
{
	return unit_main("lib/format", tests, array_size(tests), NULL);
}
