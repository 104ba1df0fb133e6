/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what is refused changes nothing and is named; then the accepted forms. */
#include "lib/cmdline.h"

#include "unit/unit.h"

#include <stdio.h>
#include <string.h>

#include <xen/errno.h>

static bool reboot, noreboot, watchdog;
static uint64_t number, size, memory, memory_max;
static char text[16];
static char rejected[256];
static char custom[64];

static int parse_memory(const char *value, void *data)
{
	const char *rest;

	(void)data;
	if (cmdline_read_size(value, KIB(1), &memory, &rest)) {
		return -XEN_EINVAL;
	}
	if (strncmp(rest, ",max:", 5) == 0 &&
	    cmdline_read_size(rest + 5, KIB(1), &memory_max, &rest)) {
		return -XEN_EINVAL;
	}
	return *rest ? -XEN_EINVAL : 0;
}

static int parse_custom(const char *value, void *data)
{
	snprintf(data, sizeof(custom), "%s", value);
	return 0;
}

static const struct cmdline_option table[] = {
	{.name = "reboot", .kind = CMDLINE_FLAG, .value = &reboot},
	{.name = "noquit", .kind = CMDLINE_FLAG, .value = &noreboot},
	{.name = "watchdog", .kind = CMDLINE_FLAG, .value = &watchdog},
	{.name = "number", .kind = CMDLINE_U64, .value = &number},
	{.name = "size", .kind = CMDLINE_SIZE, .value = &size},
	{.name = "text", .kind = CMDLINE_STRING, .value = text, .size = sizeof(text)},
	{.name = "com1", .kind = CMDLINE_CUSTOM, .value = custom, .parse = parse_custom},
	{.name = "dom0_mem", .kind = CMDLINE_CUSTOM, .parse = parse_memory},
};

static void reject(const char *word, const char *why)
{
	CU_ASSERT(*why);
	strncat(rejected, word, sizeof(rejected) - strlen(rejected) - 1);
	strncat(rejected, ";", sizeof(rejected) - strlen(rejected) - 1);
}

static int parse(const char *line)
{
	return cmdline_parse(line, table, array_size(table), reject);
}

static void setup(void)
{
	reboot = true;
	noreboot = watchdog = false;
	number = size = memory = memory_max = 1;
	text[0] = rejected[0] = custom[0] = '\0';
}

static void a_bad_value_changes_nothing_and_is_named(void)
{
	CU_ASSERT_EQUAL(parse("number=12x number=99999999999999999999 size=1Q reboot=maybe "
			      "text=0123456789abcdef bogus nobogus number size=99999999999T ok=1 "
			      "watchdog"),
			-XEN_EINVAL);
	CU_ASSERT_STRING_EQUAL(rejected,
			       "number=12x;number=99999999999999999999;size=1Q;reboot=maybe;"
			       "text=0123456789abcdef;bogus;nobogus;number;"
			       "size=99999999999T;ok=1;");
	CU_ASSERT(number == 1 && size == 1 && reboot && watchdog && text[0] == '\0');
}

static void an_endless_word_is_refused(void)
{
	char line[1000];

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	CU_ASSERT_EQUAL(parse(line), -XEN_EINVAL);
	CU_ASSERT_EQUAL(parse("\"never closed"), -XEN_EINVAL);
	CU_ASSERT_EQUAL(parse(""), 0);
	CU_ASSERT_EQUAL(parse("   "), 0);
}

static void flags_have_many_spellings(void)
{
	CU_ASSERT_EQUAL(parse("noreboot noquit watchdog=on"), 0);
	CU_ASSERT(!reboot && noreboot && watchdog);
	CU_ASSERT_EQUAL(parse("reboot no-noquit no-watchdog"), 0);
	CU_ASSERT(reboot && !noreboot && !watchdog);
	CU_ASSERT_EQUAL(parse("reboot=0 noquit=true watchdog=yes watchdog=off"), 0);
	CU_ASSERT(!reboot && noreboot && !watchdog);
}

static void values_arrive(void)
{
	CU_ASSERT_EQUAL(parse("number=0x10 size=64 text='a b' com1=115200,8n1 "
			      "dom0_mem=1536M,max:1536M"),
			0);
	CU_ASSERT_EQUAL(number, 16);
	CU_ASSERT_EQUAL(size, KIB(64));
	CU_ASSERT_STRING_EQUAL(text, "a b");
	CU_ASSERT_STRING_EQUAL(custom, "115200,8n1");
	CU_ASSERT_EQUAL(memory, MIB(1536));
	CU_ASSERT_EQUAL(memory_max, MIB(1536));
	CU_ASSERT_EQUAL(parse("no-com1 size=3G size=7B"), 0);
	CU_ASSERT_STRING_EQUAL(custom, "no");
	CU_ASSERT_EQUAL(size, 7);
}

static void a_list_has_its_words_and_no_parts_of_them(void)
{
	CU_ASSERT(cmdline_list_has("com1,vga", "com1"));
	CU_ASSERT(cmdline_list_has("com1,vga", "vga"));
	CU_ASSERT(cmdline_list_has("vga", "vga"));
	CU_ASSERT(cmdline_list_has(",vga,", "vga"));
	CU_ASSERT_FALSE(cmdline_list_has("", "vga"));
	CU_ASSERT_FALSE(cmdline_list_has("vga2,com1", "vga"));
	CU_ASSERT_FALSE(cmdline_list_has("novga,com11", "com1"));
	CU_ASSERT_FALSE(cmdline_list_has("vg", "vga"));
}

static const struct unit_test tests[] = {
	UNIT(a_bad_value_changes_nothing_and_is_named),
	UNIT(an_endless_word_is_refused),
	UNIT(flags_have_many_spellings),
	UNIT(a_list_has_its_words_and_no_parts_of_them),
	UNIT(values_arrive),
};

int main(void)
{
	return unit_main("lib/cmdline", tests, array_size(tests), setup);
}
