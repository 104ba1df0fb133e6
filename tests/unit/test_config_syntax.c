/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syntax of xl.cfg: what dom0-tools/config/syntax.c takes, and how it refuses the rest. */
#include "unit/config_world.h"

#include <unistd.h>

static void both_quotes_and_escapes_make_strings(void)
{
	CU_ASSERT_STRING_EQUAL(good_with("extra = 'a\"b'")->cmdline, "a\"b");
	CU_ASSERT_STRING_EQUAL(good_with("extra = \"a'b\"")->cmdline, "a'b");
	CU_ASSERT_STRING_EQUAL(
		good_with("extra = '\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\\x41\\101'")->cmdline,
		"\a\b\f\n\r\t\v\\'\"AA");
	CU_ASSERT_STRING_EQUAL(good_with("extra = ''")->cmdline, "");
	CU_ASSERT_STRING_EQUAL(good_with("extra = '\xc3\xbc'")->cmdline, "\xc3\xbc");
}

static void numbers_need_no_quotes_and_may_have_them(void)
{
	CU_ASSERT_EQUAL(good_with("vcpus = 3")->max_vcpus, 3);
	CU_ASSERT_EQUAL(good_with("vcpus = '3'")->max_vcpus, 3);
	CU_ASSERT_EQUAL(good_with("vcpus = 0x10")->max_vcpus, 16);
	CU_ASSERT_EQUAL(good_with("vcpus = 010")->max_vcpus, 8);
	CU_ASSERT_EQUAL(good_with("vcpus = ' 3'")->max_vcpus, 3);
	CU_ASSERT_EQUAL(good_with("rtc_timeoffset = -3600")->rtc_timeoffset, (uint32_t)-3600);
}

static void lines_end_at_newlines_semicolons_and_the_end(void)
{
	const struct vm_config *config =
		good_with(";;vcpus=2;extra='x'; # comment\r\n\tramdisk = 'r'");

	CU_ASSERT_EQUAL(config->max_vcpus, 2);
	CU_ASSERT_STRING_EQUAL(config->cmdline, "x");
	CU_ASSERT_STRING_EQUAL(config->ramdisk, "r");
	CU_ASSERT_STRING_EQUAL(good("\xef\xbb\xbfname = 'marked'")->name, "marked");
}

static void lists_may_span_lines_and_end_with_a_comma(void)
{
	const struct vm_config *config = good_with("vif = [ 'bridge=a', # one\n 'bridge=b',\n\n ]");

	CU_ASSERT_EQUAL(config->nic_count, 2);
	CU_ASSERT_STRING_EQUAL(config->nics[1].bridge, "b");
	CU_ASSERT_EQUAL(good_with("vif = []")->nic_count, 0);
	CU_ASSERT_EQUAL(good_with("vif = [\n]")->nic_count, 0);
}

static void plus_equals_appends_and_equals_replaces(void)
{
	CU_ASSERT_EQUAL(good_with("vif = ['']\nvif += ['','']")->nic_count, 3);
	CU_ASSERT_EQUAL(good_with("vif += ['']")->nic_count, 1);
	CU_ASSERT_EQUAL(good_with("vif = ['']\nvif = ['','']")->nic_count, 2);
	CU_ASSERT_STRING_EQUAL(good_with("extra='a'\nextra += 'b'")->cmdline, "ab");
	refused_with("vif = ['']\nvif += 'x'", "vm.cfg:4:8: text cannot be appended to a list");
	refused_with("extra = 'x'\nextra += ['x']",
		     "vm.cfg:4:10: a list cannot be appended to text");
}

static void errors_name_line_and_column(void)
{
	refused_with("extra = 'open", "vm.cfg:3:9: the string has no end");
	refused_with("extra = 'open\n'", "vm.cfg:3:9: the string has no end");
	refused_with("vif = ['a'", "vm.cfg:3:7: the list has no end");
	refused_with("vif = ['a' 'b']", "vm.cfg:3:12: ',' or ']' was expected in the list");
	refused_with("vif = ['a',,'b']", "vm.cfg:3:12: a value was expected");
	refused_with("vcpus = 2 root = 'x'", "vm.cfg:3:11: the end of the line was expected");
	refused_with("vcpus 2", "vm.cfg:3:7: '=' or '+=' was expected after 'vcpus', not '2'");
	refused_with("= 2", "vm.cfg:3:1: the name of a setting was expected, not '='");
	refused_with("extra =", "vm.cfg:3:8: a value was expected");
	refused_with("extra = '\\z'", "vm.cfg:3:10: a backslash does not go with what follows");
	refused_with("extra = '\\x4'", "vm.cfg:3:10: a character by number needs 2 hexadecimal");
	refused_with("extra = '\\000'", "vm.cfg:3:10: no character has the number 0");
	refused_with("vif = [[['x']]]", "vm.cfg:3:9: lists are nested too deeply");
}

static void errors_say_what_to_do(void)
{
	refused_with("on_crash = destroy", "put text into quotes");
	refused_with("import os", "the file is not a program");
	refused_with("disk = 'phy:/x,xvda,w'", "write disk = [ 'phy:/x,xvda,w' ]");
	refused_with("kernel = ['x']", "write kernel = \"...\" without brackets");
}

static void bytes_that_are_not_text_are_refused(void)
{
	static const char nul[] = "name = 'a\0b'";

	CU_ASSERT_EQUAL(config_world_read(nul, sizeof(nul) - 1), -EINVAL);
	CU_ASSERT_TRUE(said("vm.cfg:1:10: a NUL byte in a string"));
	refused_with("extra = '\xff'", "vm.cfg:3:9: the text is not UTF-8: byte 1 is 0xff");
	refused_with("extra = 'a\xed\xa0\x80'", "not UTF-8: byte 2 is 0xed");
	refused_with("extra = '\xc3'", "not UTF-8");
	refused("\x01", "vm.cfg:1:1: the name of a setting was expected, not the byte 0x01");
}

static void what_is_too_large_is_refused(void)
{
	size_t size = (1U << 20) + 1;
	char *text = malloc(size);
	size_t used = 0;

	memset(text, ' ', size);
	CU_ASSERT_EQUAL(config_world_read(text, size), -EFBIG);
	for (unsigned int i = 0; i < 5000; i++) {
		used += (size_t)snprintf(text + used, size - used, "k%u=1\n", i);
	}
	CU_ASSERT_EQUAL(config_world_read(text, used), -EINVAL);
	CU_ASSERT_TRUE(said("more than 4096 settings"));
	free(text);
}

static void arguments_follow_the_file_and_need_no_quotes(void)
{
	const char *const arguments[] = {"name=web2", "vcpus=2", "vif=['bridge=b']",
					 "extra=\"x y\"", "memory=1g"};
	struct config_options options = {.overrides = arguments, .override_count = 4};
	const char *text = "name='web1'\nmemory=64\nextra='q'";

	config_world_end();
	CU_ASSERT_EQUAL(config_read_text(text, strlen(text), "vm.cfg", &options,
					 &config_world_config, &config_world_report),
			0);
	CU_ASSERT_STRING_EQUAL(config_world_config->name, "web2");
	CU_ASSERT_STRING_EQUAL(config_world_config->cmdline, "x y");
	CU_ASSERT_EQUAL(config_world_config->max_vcpus, 2);
	CU_ASSERT_EQUAL(config_world_config->nic_count, 1);
	config_world_end();
	options.override_count = 5;
	CU_ASSERT_EQUAL(config_read_text(text, strlen(text), "vm.cfg", &options,
					 &config_world_config, &config_world_report),
			-EINVAL);
	CU_ASSERT_TRUE(said("command line:5:8: memory: '1g' is not a number"));
}

static void a_file_that_is_not_there_is_named(void)
{
	config_world_end();
	CU_ASSERT_EQUAL(config_read_file("/nonexistent/vm.cfg", NULL, &config_world_config,
					 &config_world_report),
			-ENOENT);
	CU_ASSERT_TRUE(said("'/nonexistent/vm.cfg': No such file or directory"));
	config_world_end();
	CU_ASSERT_EQUAL(config_read_file("/", NULL, &config_world_config, &config_world_report),
			-EISDIR);
}

static const struct unit_test tests[] = {
	UNIT(both_quotes_and_escapes_make_strings),
	UNIT(numbers_need_no_quotes_and_may_have_them),
	UNIT(lines_end_at_newlines_semicolons_and_the_end),
	UNIT(lists_may_span_lines_and_end_with_a_comma),
	UNIT(plus_equals_appends_and_equals_replaces),
	UNIT(errors_name_line_and_column),
	UNIT(errors_say_what_to_do),
	UNIT(bytes_that_are_not_text_are_refused),
	UNIT(what_is_too_large_is_refused),
	UNIT(arguments_follow_the_file_and_need_no_quotes),
	UNIT(a_file_that_is_not_there_is_named),
};

int main(void)
{
	int status = unit_main("config/syntax", tests, sizeof(tests) / sizeof(tests[0]), NULL);

	config_world_end();
	return status;
}
