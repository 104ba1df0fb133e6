/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader's configuration file and command line: hostile and odd texts first, then what each
 * rule of the syntax means. Every text is copied to an exactly sized heap block, so that the
 * address sanitizer sees a read past its end.
 */
#include "unit/unit.h"

#include "boot/config.h"

#include <stdlib.h>
#include <string.h>

static struct boot_config config;
static struct boot_arguments arguments;

static enum config_status parse_bytes(const char *text, size_t bytes, const char *wanted)
{
	char *copy = malloc(bytes ? bytes : 1);
	enum config_status status;

	memcpy(copy, text, bytes);
	memset(&config, 0x5a, sizeof(config));
	status = boot_config_parse(copy, bytes, wanted, &config);
	free(copy);
	return status;
}

static enum config_status parse(const char *text, const char *wanted)
{
	return parse_bytes(text, strlen(text), wanted);
}

static bool arguments_of(const char *text)
{
	memset(&arguments, 0x5a, sizeof(arguments));
	return boot_arguments_parse(text, "BOOTX64.EFI", &arguments);
}

/* "[a]\nKEY=xxxx" with a value of the given length. */
static enum config_status parse_long(const char *key, size_t length)
{
	size_t head = strlen("[a]\nkernel=k\n") + strlen(key) + 1;
	char *text = malloc(head + length + 1);
	enum config_status status;

	strcpy(text, "[a]\n");
	if (strcmp(key, "kernel") != 0) {
		strcat(text, "kernel=k\n");
	}
	strcat(text, key);
	strcat(text, "=");
	head = strlen(text);
	memset(text + head, 'x', length);
	status = parse_bytes(text, head + length, "a");
	free(text);
	return status;
}

static void an_empty_file_has_no_kernel(void)
{
	CU_ASSERT_EQUAL(parse("", ""), CONFIG_NO_KERNEL);
	CU_ASSERT_EQUAL(parse("\n\n\r\n", ""), CONFIG_NO_KERNEL);
	CU_ASSERT_STRING_EQUAL(config.kernel, "");
}

static void a_file_with_a_nul_byte_is_not_text(void)
{
	CU_ASSERT_EQUAL(parse_bytes("kernel=a\0b", 10, ""), CONFIG_NOT_TEXT);
	CU_ASSERT_EQUAL(parse_bytes("\xff\xfek\0e\0", 6, ""), CONFIG_NOT_TEXT);
	CU_ASSERT_EQUAL(parse_bytes("\xff\xfe", 2, ""), CONFIG_NOT_TEXT);
}

static void broken_lines_are_passed_over(void)
{
	CU_ASSERT_EQUAL(parse("[\n]\n[]\n=\n=x\nkernel\n[a\n[global]]]\nkernel=k", ""), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel, "k");
	CU_ASSERT_EQUAL(parse("[a]\nkernel", "a"), CONFIG_NO_KERNEL);
	CU_ASSERT_EQUAL(parse("[a]\nkernel=", "a"), CONFIG_NO_KERNEL);
	CU_ASSERT_EQUAL(parse("[a]\nkernel=   \t", "a"), CONFIG_NO_KERNEL);
	CU_ASSERT_EQUAL(parse("[a]\n#kernel=k", "a"), CONFIG_NO_KERNEL);
	CU_ASSERT_EQUAL(parse("[a]\nxkernel=k\nkernelx=k", "a"), CONFIG_NO_KERNEL);
}

static void a_value_that_does_not_fit_is_an_error_not_cut(void)
{
	CU_ASSERT_EQUAL(parse_long("kernel", CONFIG_NAME_MAX - 1), CONFIG_OK);
	CU_ASSERT_EQUAL(parse_long("kernel", CONFIG_NAME_MAX), CONFIG_TOO_LONG);
	CU_ASSERT_STRING_EQUAL(config.detail, "kernel");
	CU_ASSERT_EQUAL(parse_long("options", BOOT_CMDLINE_MAX - 1), CONFIG_OK);
	CU_ASSERT_EQUAL(parse_long("options", BOOT_CMDLINE_MAX), CONFIG_TOO_LONG);
	CU_ASSERT_STRING_EQUAL(config.detail, "options");
	CU_ASSERT_EQUAL(parse_long("ramdisk", CONFIG_NAME_MAX), CONFIG_TOO_LONG);
	CU_ASSERT_EQUAL(parse_long("ucode", 50000), CONFIG_TOO_LONG);
}

static void long_kernel_arguments_are_an_error(void)
{
	char text[BOOT_CMDLINE_MAX + 32] = "[a]\nkernel=k ";
	size_t head = strlen(text);

	memset(text + head, 'y', BOOT_CMDLINE_MAX);
	CU_ASSERT_EQUAL(parse_bytes(text, head + BOOT_CMDLINE_MAX - 1, "a"), CONFIG_OK);
	CU_ASSERT_EQUAL(strlen(config.kernel_args), BOOT_CMDLINE_MAX - 1);
	CU_ASSERT_EQUAL(parse_bytes(text, head + BOOT_CMDLINE_MAX, "a"), CONFIG_TOO_LONG);
}

static void a_default_that_does_not_exist_is_named(void)
{
	CU_ASSERT_EQUAL(parse("[global]\ndefault=b\n[a]\nkernel=k\n", ""), CONFIG_NO_SECTION);
	CU_ASSERT_STRING_EQUAL(config.detail, "b");
	CU_ASSERT_EQUAL(parse("[a]\nkernel=k\n", "b"), CONFIG_NO_SECTION);
	CU_ASSERT_STRING_EQUAL(config.detail, "b");
}

static void a_missing_wanted_section_falls_back_to_default(void)
{
	CU_ASSERT_EQUAL(parse("[global]\ndefault=a\n[a]\nkernel=k\n", "b"), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.section, "a");
	CU_ASSERT_TRUE(config.wanted_is_missing);
}

static void the_wanted_section_beats_default(void)
{
	const char *text = "[global]\ndefault=a\n[a]\nkernel=k\n[b]\nkernel=l\n";

	CU_ASSERT_EQUAL(parse(text, "b"), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel, "l");
	CU_ASSERT_FALSE(config.wanted_is_missing);
	CU_ASSERT_EQUAL(parse(text, ""), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel, "k");
}

static void a_whole_section_is_read(void)
{
	CU_ASSERT_EQUAL(parse("# boot\n[global]\ndefault=xen\n\n[xen]\noptions=console=com1 "
			      "dom0_mem=1G\nkernel=vmlinuz root=/dev/sda1 ro\nramdisk=initrd.img\n"
			      "ucode=ucode.bin\n",
			      ""),
			CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.section, "xen");
	CU_ASSERT_STRING_EQUAL(config.options, "console=com1 dom0_mem=1G");
	CU_ASSERT_STRING_EQUAL(config.kernel, "vmlinuz");
	CU_ASSERT_STRING_EQUAL(config.kernel_args, "root=/dev/sda1 ro");
	CU_ASSERT_STRING_EQUAL(config.ramdisk, "initrd.img");
	CU_ASSERT_STRING_EQUAL(config.ucode, "ucode.bin");
	CU_ASSERT_STRING_EQUAL(config.chain, "");
}

static void blanks_and_line_ends_do_not_matter(void)
{
	CU_ASSERT_EQUAL(parse("\xef\xbb\xbf  [ global ]\r\n\tdefault = a \r\n [a]\r\n"
			      "  kernel\t=  k   one  two \t\r\nramdisk = r\r",
			      ""),
			CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel, "k");
	CU_ASSERT_STRING_EQUAL(config.kernel_args, "one  two");
	CU_ASSERT_STRING_EQUAL(config.ramdisk, "r");
}

static void a_hash_inside_a_value_is_kept(void)
{
	CU_ASSERT_EQUAL(parse("[a]\nkernel=k a#b #c\n", "a"), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel_args, "a#b #c");
}

static void keys_fall_back_to_global_and_only_there(void)
{
	CU_ASSERT_EQUAL(parse("[global]\noptions=o\nramdisk=g\n[b]\nucode=u\n[a]\nkernel=k\n"
			      "ramdisk=r\n",
			      "a"),
			CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.options, "o");
	CU_ASSERT_STRING_EQUAL(config.ramdisk, "r");
	CU_ASSERT_STRING_EQUAL(config.ucode, "");
}

static void the_first_line_wins(void)
{
	CU_ASSERT_EQUAL(parse("[a]\nkernel=k\nkernel=l\n[b]\nkernel=m\n[a]\nucode=u", "a"),
			CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel, "k");
	CU_ASSERT_STRING_EQUAL(config.ucode, "u");
}

static void without_a_default_headers_are_ignored(void)
{
	CU_ASSERT_EQUAL(parse("[x]\noptions=o\n[y]\nkernel=k\noptions=p", ""), CONFIG_OK);
	CU_ASSERT_STRING_EQUAL(config.kernel, "k");
	CU_ASSERT_STRING_EQUAL(config.options, "o");
}

static void chain_is_known_when_the_kernel_is_not(void)
{
	CU_ASSERT_EQUAL(parse("[global]\nchain=other.cfg\ndefault=a\n", ""), CONFIG_NO_SECTION);
	CU_ASSERT_STRING_EQUAL(config.chain, "other.cfg");
	CU_ASSERT_EQUAL(parse("[global]\nchain=other.cfg\n[a]\noptions=x", "a"), CONFIG_NO_KERNEL);
	CU_ASSERT_STRING_EQUAL(config.chain, "other.cfg");
}

/* Every prefix of a good file, and every file with one byte changed, ends in some status. */
static void any_prefix_and_any_changed_byte_is_survived(void)
{
	static const char good[] = "[global]\ndefault=a\nchain=c\n[a]\r\noptions=x=y\n"
				   "kernel=k one two\nramdisk=r\nucode=u\n";
	static const char odd[] = {'\n', '[', ']', '=', '#', ' ', '\0', '\xff', '\r'};
	char text[sizeof(good)];

	for (size_t length = 0; length < sizeof(good); length++) {
		CU_ASSERT_TRUE(parse_bytes(good, length, "a") <= CONFIG_TOO_LONG);
	}
	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		for (size_t k = 0; k < sizeof(odd); k++) {
			memcpy(text, good, sizeof(good));
			text[i] = odd[k];
			CU_ASSERT_TRUE(parse_bytes(text, sizeof(good) - 1, "a") <= CONFIG_TOO_LONG);
			CU_ASSERT_TRUE(memchr(config.kernel, 0, sizeof(config.kernel)) != NULL);
		}
	}
}

static void words_that_do_not_fit_are_refused(void)
{
	char text[BOOT_CMDLINE_MAX + 16];

	memset(text, 'a', sizeof(text));
	text[CONFIG_NAME_MAX] = '\0';
	CU_ASSERT_FALSE(arguments_of(text));
	text[CONFIG_NAME_MAX - 1] = '\0';
	CU_ASSERT_TRUE(arguments_of(text));
	memset(text, 'a', sizeof(text));
	memcpy(text, "-cfg=", 5);
	text[CONFIG_NAME_MAX + 5] = '\0';
	CU_ASSERT_FALSE(arguments_of(text));
	memset(text, 'a', sizeof(text));
	memcpy(text, "-- ", 3);
	text[BOOT_CMDLINE_MAX + 3] = '\0';
	CU_ASSERT_FALSE(arguments_of(text));
}

static void no_arguments_mean_nothing(void)
{
	CU_ASSERT_TRUE(arguments_of(""));
	CU_ASSERT_STRING_EQUAL(arguments.section, "");
	CU_ASSERT_TRUE(arguments_of(" \n \r\n "));
	CU_ASSERT_STRING_EQUAL(arguments.section, "");
	CU_ASSERT_FALSE(arguments.wants_help);
}

static void the_program_name_is_no_section(void)
{
	CU_ASSERT_TRUE(arguments_of("FS0:\\EFI\\boot\\bootx64.efi dom0"));
	CU_ASSERT_STRING_EQUAL(arguments.section, "dom0");
	CU_ASSERT_TRUE(arguments_of("bootx64 dom0"));
	CU_ASSERT_STRING_EQUAL(arguments.section, "dom0");
	CU_ASSERT_TRUE(arguments_of("dom0 bootx64.efi"));
	CU_ASSERT_STRING_EQUAL(arguments.section, "dom0");
	CU_ASSERT_TRUE(arguments_of("boot"));
	CU_ASSERT_STRING_EQUAL(arguments.section, "boot");
}

static void xen_options_are_accepted(void)
{
	CU_ASSERT_TRUE(arguments_of("-basevideo -mapbs -cfg=my.cfg -odd sec third -- a -cfg=b  c"));
	CU_ASSERT_TRUE(arguments.wants_base_video);
	CU_ASSERT_STRING_EQUAL(arguments.config_file, "my.cfg");
	CU_ASSERT_STRING_EQUAL(arguments.section, "sec");
	CU_ASSERT_STRING_EQUAL(arguments.unknown, "-odd");
	CU_ASSERT_STRING_EQUAL(arguments.options, "a -cfg=b  c");
	CU_ASSERT_TRUE(arguments_of("-help"));
	CU_ASSERT_TRUE(arguments.wants_help);
}

static void a_full_line_is_left_as_it_was(void)
{
	char line[8] = "abc";

	CU_ASSERT_FALSE(boot_line_append(line, sizeof(line), "defg"));
	CU_ASSERT_STRING_EQUAL(line, "abc");
	CU_ASSERT_TRUE(boot_line_append(line, sizeof(line), " def "));
	CU_ASSERT_STRING_EQUAL(line, "abc def");
	CU_ASSERT_TRUE(boot_line_append(line, sizeof(line), ""));
	CU_ASSERT_FALSE(boot_line_append(line, sizeof(line), "g"));
	CU_ASSERT_STRING_EQUAL(line, "abc def");
}

static const struct unit_test tests[] = {
	UNIT(an_empty_file_has_no_kernel),
	UNIT(a_file_with_a_nul_byte_is_not_text),
	UNIT(broken_lines_are_passed_over),
	UNIT(a_value_that_does_not_fit_is_an_error_not_cut),
	UNIT(long_kernel_arguments_are_an_error),
	UNIT(a_default_that_does_not_exist_is_named),
	UNIT(a_missing_wanted_section_falls_back_to_default),
	UNIT(the_wanted_section_beats_default),
	UNIT(a_whole_section_is_read),
	UNIT(blanks_and_line_ends_do_not_matter),
	UNIT(a_hash_inside_a_value_is_kept),
	UNIT(keys_fall_back_to_global_and_only_there),
	UNIT(the_first_line_wins),
	UNIT(without_a_default_headers_are_ignored),
	UNIT(chain_is_known_when_the_kernel_is_not),
	UNIT(any_prefix_and_any_changed_byte_is_survived),
	UNIT(words_that_do_not_fit_are_refused),
	UNIT(no_arguments_mean_nothing),
	UNIT(the_program_name_is_no_section),
	UNIT(xen_options_are_accepted),
	UNIT(a_full_line_is_left_as_it_was),
};

int main(void)
{
	return unit_main("boot_config", tests, array_size(tests), NULL);
}
