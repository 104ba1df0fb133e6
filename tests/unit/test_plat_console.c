/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Console input and lines of guests, and the serial line's options.
 */
#include "lib/log.h"
#include "plat/console.h"
#include "plat/console_input.h"
#include "plat/serial.h"
#include "unit/unit.h"

#include <stdio.h>
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

static unsigned int pressed, raised;

static void count_press(void)
{
	pressed++;
}

static void count_raise(void)
{
	raised++;
}

/* What the log holds behind the mark, which goes into it now. */
static const char *logged(void (*doing)(void))
{
	static char text[16384];
	static unsigned int marks;
	char mark[32];
	uint32_t index = 0;
	char *found;

	snprintf(mark, sizeof(mark), "mark %u of the test\n", ++marks);
	log_raw(mark, strlen(mark));
	doing();
	text[log_read(text, sizeof(text) - 1, &index, false, false)] = '\0';
	found = strstr(text, mark);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found + strlen(mark);
}

static void ask_for_help(void)
{
	console_press_key('h');
}

static void a_debug_key_does_what_was_registered_last(void)
{
	console_init(count_raise);
	pressed = 0;
	console_press_key('~');
	console_press_key((char)0x80);
	console_register_key((char)0xff, "nothing", count_press);
	console_press_key((char)0xff);
	CU_ASSERT_EQUAL(pressed, 0);
	console_register_key('~', "count wrongly", NULL);
	console_register_key('~', "count", count_press);
	console_press_key('~');
	CU_ASSERT_EQUAL(pressed, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(logged(ask_for_help), "'~'  count\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(logged(ask_for_help), "'h'  show this help\n"));
}

static void switch_over(void)
{
	console_input("a\001\001\001~~", 6);
}

static void switch_back(void)
{
	console_input("\001\001\001b", 4);
}

static void input_raises_the_guests_interrupt_or_presses_keys(void)
{
	char buffer[8];

	console_init(count_raise);
	console_register_key('~', "count", count_press);
	pressed = raised = 0;
	CU_ASSERT_PTR_NOT_NULL(strstr(logged(switch_over), "input goes to the hypervisor"));
	CU_ASSERT_EQUAL(pressed, 2);
	CU_ASSERT_EQUAL(raised, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(logged(switch_back), "input goes to domain 0"));
	CU_ASSERT_EQUAL(raised, 2);
	CU_ASSERT_EQUAL(pressed, 2);
	/* The bytes that switched are no input; two that might have are. */
	CU_ASSERT_EQUAL(console_read(buffer, sizeof(buffer)), 4);
	CU_ASSERT_EQUAL(memcmp(buffer, "a\001\001b", 4), 0);
	CU_ASSERT_EQUAL(console_read(buffer, sizeof(buffer)), 0);
	console_init(NULL);
	console_input("c", 1);
	CU_ASSERT_EQUAL(console_read(buffer, sizeof(buffer)), 1);
}

static void write_of_both(void)
{
	console_write_guest(3, false, "half ", 5);
	console_write_guest(0, true, "of domain 0 [", 13);
	console_write_guest(3, false, "a line\nand more", 15);
	console_write_guest(0, true, "] itself\n", 9);
	console_write_guest(3, false, "\n", 1);
}

static void guests_speak_in_lines_and_the_hardware_domain_as_it_likes(void)
{
	const char *text = logged(write_of_both);

	CU_ASSERT_EQUAL(strncmp(text, "of domain 0 [", 13), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "half a line\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "and more\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "] itself\n"));
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
		UNIT(a_debug_key_does_what_was_registered_last),
		UNIT(input_raises_the_guests_interrupt_or_presses_keys),
		UNIT(guests_speak_in_lines_and_the_hardware_domain_as_it_likes),
		UNIT(bad_serial_options_change_nothing),
		UNIT(serial_options_may_be_left_out),
	};

	return unit_main("plat_console", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
