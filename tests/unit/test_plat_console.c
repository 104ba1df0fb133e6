/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console input and lines of guests, and the serial line's options.
 */
#include "plat/console_input.h"
#include "plat/serial.h"
#include "unit/unit.h"

#include <string.h>
#include <xen/errno.h>

static struct console_input input;
static struct console_lines lines;
static char out[CONSOLE_LINE_BYTES];

static void setup(void)
{
	memset(&input, 0, sizeof(input));
	memset(&lines, 0, sizeof(lines));
	memset(out, 0, sizeof(out));
}

static void three_ctrl_a_switch_and_switch_back(void)
{
	char buffer[8];

	CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_TO_GUEST);
	CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_TO_GUEST);
	CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_SWITCHED);
	CU_ASSERT_EQUAL(console_input_byte(&input, 'h'), CONSOLE_TO_KEYS);
	CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_TO_KEYS);
	CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_TO_KEYS);
	CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_SWITCHED);
	CU_ASSERT_EQUAL(console_input_byte(&input, 'x'), CONSOLE_TO_GUEST);
	CU_ASSERT_EQUAL(console_input_take(&input, buffer, sizeof(buffer)), 3);
	CU_ASSERT_EQUAL(memcmp(buffer, "\001\001x", 3), 0);
}

static void ctrl_a_between_other_keys_does_not_switch(void)
{
	for (unsigned int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_TO_GUEST);
		CU_ASSERT_EQUAL(console_input_byte(&input, 1), CONSOLE_TO_GUEST);
		CU_ASSERT_EQUAL(console_input_byte(&input, 'a'), CONSOLE_TO_GUEST);
	}
}

static void a_full_ring_keeps_the_oldest(void)
{
	char byte = 0;

	for (unsigned int i = 0; i < CONSOLE_RING_BYTES + 10; i++) {
		CU_ASSERT_EQUAL(console_input_byte(&input, (char)('a' + i % 7)), CONSOLE_TO_GUEST);
	}
	for (unsigned int i = 0; i < CONSOLE_RING_BYTES; i++) {
		CU_ASSERT_EQUAL(console_input_take(&input, &byte, 1), 1);
		CU_ASSERT_EQUAL(byte, (char)('a' + i % 7));
	}
	CU_ASSERT_EQUAL(console_input_take(&input, &byte, 1), 0);
}

static size_t add(uint16_t domid, const char *text, bool *complete)
{
	return console_lines_add(&lines, domid, text, strlen(text), out, complete);
}

static void lines_of_two_domains_do_not_mix(void)
{
	bool complete;

	CU_ASSERT_EQUAL(add(1, "one ", &complete), 4);
	CU_ASSERT_FALSE(complete);
	CU_ASSERT_EQUAL(add(2, "two\r\nmore", &complete), 5);
	CU_ASSERT_TRUE(complete);
	CU_ASSERT_STRING_EQUAL(out, "two");
	CU_ASSERT_EQUAL(add(1, "end\n", &complete), 4);
	CU_ASSERT_TRUE(complete);
	CU_ASSERT_STRING_EQUAL(out, "one end");
}

static void a_long_line_is_cut_and_escapes_are_defused(void)
{
	char text[300];
	bool complete;

	memset(text, 'x', sizeof(text));
	CU_ASSERT_EQUAL(console_lines_add(&lines, 1, text, sizeof(text), out, &complete),
			CONSOLE_LINE_BYTES - 1);
	CU_ASSERT_TRUE(complete);
	CU_ASSERT_EQUAL(strlen(out), CONSOLE_LINE_BYTES - 1);
	CU_ASSERT_EQUAL(add(1, "\033[2Jred\n", &complete), 8);
	CU_ASSERT_STRING_EQUAL(out, "?[2Jred");
}

static void more_domains_than_buffers_lose_the_oldest_text(void)
{
	bool complete;

	for (uint16_t domid = 1; domid <= CONSOLE_LINES + 1; domid++) {
		CU_ASSERT_EQUAL(add(domid, "text", &complete), 4);
	}
	add(2, "\n", &complete);
	CU_ASSERT_STRING_EQUAL(out, "text");
	add(1, "again\n", &complete);
	CU_ASSERT_STRING_EQUAL(out, "again");
}

static void bad_serial_options_change_nothing(void)
{
	static const char *const bad[] = {
		"fast",
		"0",
		"115200,9n1",
		"115200,8x1",
		"115200,8n3",
		"115200,8n",
		"115200,8",
		"115200,8n1,0",
		"115200,8n1,0x10000",
		"115200,8n1,0x3f8,256",
		"115200,8n1,0x3f8,4,5",
		"115200/0",
		"1",
		"115200 8n1",
		"115200,8n1x",
		"autox",
		"9999999",
	};
	struct serial_options options, before;

	serial_defaults(0, &before);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options = before;
		CU_ASSERT_EQUAL(serial_parse(bad[i], &options), -XEN_EINVAL);
		CU_ASSERT_EQUAL(memcmp(&options, &before, sizeof(options)), 0);
	}
}

static void serial_options_may_be_left_out(void)
{
	struct serial_options options;

	serial_defaults(1, &options);
	CU_ASSERT_EQUAL(serial_parse("", &options), 0);
	CU_ASSERT_EQUAL(options.port, 0x2f8);
	CU_ASSERT_EQUAL(options.irq, 3);
	CU_ASSERT_EQUAL(serial_parse("9600,7e2,,0", &options), 0);
	CU_ASSERT_EQUAL(options.baud, 9600);
	CU_ASSERT_EQUAL(options.data_bits, 7);
	CU_ASSERT_EQUAL(options.parity, 'e');
	CU_ASSERT_EQUAL(options.stop_bits, 2);
	CU_ASSERT_EQUAL(options.port, 0x2f8);
	CU_ASSERT_EQUAL(options.irq, 0);
	CU_ASSERT_EQUAL(serial_parse("auto,,0x3e8", &options), 0);
	CU_ASSERT_EQUAL(options.baud, 0);
	CU_ASSERT_EQUAL(options.port, 0x3e8);
	CU_ASSERT_EQUAL(serial_parse("115200/14745600,8n1", &options), 0);
	CU_ASSERT_EQUAL(options.clock, 921600);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(three_ctrl_a_switch_and_switch_back),
		UNIT(ctrl_a_between_other_keys_does_not_switch),
		UNIT(a_full_ring_keeps_the_oldest),
		UNIT(lines_of_two_domains_do_not_mix),
		UNIT(a_long_line_is_cut_and_escapes_are_defused),
		UNIT(more_domains_than_buffers_lose_the_oldest_text),
		UNIT(bad_serial_options_change_nothing),
		UNIT(serial_options_may_be_left_out),
	};

	return unit_main("plat_console", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
