/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The xenstore-* programs. Expected outputs are those of Debian's xenstore-utils 4.17, recorded in
 * dom0 on Xen 4.17 with the same commands.
 */
#include "xenstore/client.h"
#include "xenstore/escape.h"
#include "unit/fake_store.h"
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

static struct fake_store *fake;
static char socket_path[64];

static void setup(void)
{
	snprintf(socket_path, sizeof(socket_path), "/tmp/test-xenstore.%d", (int)getpid());
	setenv("XENSTORED_PATH", socket_path, 1);
}

struct result {
	int status;
	char *out;
	char *err;
};

/* Words are separated by one space, as a shell without quotes would have it. */
static struct result run(const char *line)
{
	struct result result = {0};
	char *copy = strdup(line);
	char *argv[32];
	int argc = 0;
	size_t out_size;
	size_t err_size;
	FILE *out = open_memstream(&result.out, &out_size);
	FILE *err = open_memstream(&result.err, &err_size);

	for (char *rest = copy, *word; (word = strsep(&rest, " "));) {
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	result.status = client_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	free(copy);
	return result;
}

static void result_clear(struct result *result)
{
	free(result->out);
	free(result->err);
}

static void expect(const char *line, int status, const char *out, const char *err)
{
	struct result result = run(line);

	CU_ASSERT_EQUAL(result.status, status);
	CU_ASSERT_STRING_EQUAL(result.out, out);
	CU_ASSERT_STRING_EQUAL(result.err, err);
	if (result.status != status || strcmp(result.out, out) || strcmp(result.err, err)) {
		fprintf(stderr, "%s: status %d\nout: %s\nerr: %s\n", line, result.status,
			result.out, result.err);
	}
	result_clear(&result);
}

static void begin(void)
{
	fake = fake_store_start(socket_path);
	fake_store_set(fake, "/t/a", "hello");
	fake_store_set(fake, "/t/a/b", "world");
	fake_store_set(fake, "/t/a/c", "");
	fake_store_set(fake, "/t/s", "1");
}

static void end(void)
{
	fake_store_stop(fake);
	unlink(socket_path);
}

static void values_are_read_as_debian_prints_them(void)
{
	begin();
	expect("xenstore-read /t/a", 0, "hello\n", "");
	expect("xenstore-read /t/a /t/a/b", 0, "hello\nworld\n", "");
	expect("xenstore-read -p /t/a /t/a/b", 0, "/t/a: hello\n/t/a/b: world\n", "");
	expect("xenstore-read -R /t/a", 0, "hello", "");
	expect("xenstore-read -pR /t/a", 0, "/t/a: hello", "");
	expect("xenstore read /t/a", 0, "hello\n", "");
	expect("xenstore-read --json /t/a /t/s", 0,
	       "{\n    \"/t/a\": \"hello\",\n    \"/t/s\": \"1\"\n}\n", "");
	expect("xenstore-read /t/none", 1, "",
	       "xenstore-read: couldn't read path /t/none\n    No such file or directory\n");
	expect("xenstore-read /t/a /t/none /t/a/b", 1, "hello\n",
	       "xenstore-read: couldn't read path /t/none\n    No such file or directory\n");
	expect("xenstore-read", 1, "",
	       "xenstore-read: Usage: xenstore-read [-h] [-p] [-s] [-R] key [...]\n");
	end();
}

static void lists_are_one_name_a_line(void)
{
	begin();
	expect("xenstore-list /t", 0, "a\ns\n", "");
	expect("xenstore-list -p /t", 0, "/t/a\n/t/s\n", "");
	expect("xenstore-list /t/a /t", 0, "b\nc\na\ns\n", "");
	expect("xenstore-list --json /t/a /t/s", 0,
	       "{\n    \"/t/a\": [\n        \"b\",\n        \"c\"\n    ],\n"
	       "    \"/t/s\": [\n\n    ]\n}\n",
	       "");
	expect("xenstore-list /none", 1, "",
	       "xenstore-list: could not list path /none\n    No such file or directory\n");
	end();
}

static void existence_is_an_exit_status(void)
{
	begin();
	expect("xenstore-exists /t/a", 0, "", "");
	expect("xenstore-exists /t/a /none", 1, "", "");
	expect("xenstore-exists /none /t/a", 1, "", "");
	expect("xenstore-exists", 1, "",
	       "xenstore-exists: Usage: xenstore-exists [-h] [-p] [-s] key [...]\n");
	end();
}

static void a_tree_is_listed_as_debian_does(void)
{
	begin();
	expect("xenstore-ls /t", 0, "a = \"hello\"\n b = \"world\"\n c = \"\"\ns = \"1\"\n", "");
	expect("xenstore-ls -f /t", 0,
	       "/t/a = \"hello\"\n/t/a/b = \"world\"\n/t/a/c = \"\"\n/t/s = \"1\"\n", "");
	expect("xenstore-ls -p /t", 0,
	       "a = \"hello\"  . . . . . . . . . . . . . . . . . . . . . . . .  (n0)\n"
	       " b = \"world\" . . . . . . . . . . . . . . . . . . . . . . . .  (n0)\n"
	       " c = \"\"  . . . . . . . . . . . . . . . . . . . . . . . . . .  (n0)\n"
	       "s = \"1\"  . . . . . . . . . . . . . . . . . . . . . . . . . .  (n0)\n",
	       "");
	expect("xenstore-ls -fp /t", 0,
	       "/t/a = \"hello\"   (n0)\n/t/a/b = \"world\"   (n0)\n"
	       "/t/a/c = \"\"   (n0)\n/t/s = \"1\"   (n0)\n",
	       "");
	expect("xenstore-ls /t /t/a", 0,
	       "a = \"hello\"\n b = \"world\"\n c = \"\"\ns = \"1\"\nb = \"world\"\nc = \"\"\n",
	       "");
	expect("xenstore-ls /t/s", 0, "", "");
	expect("xenstore-ls /none", 1, "",
	       "xenstore-ls: xs_directory (/none): No such file or directory\n");
	end();
}

static void wide_values_are_cut_and_permissions_line_up(void)
{
	char value[80];
	char path[16];

	begin();
	for (int n = 49; n <= 53; n++) {
		memset(value, 'v', (size_t)n);
		value[n] = '\0';
		snprintf(path, sizeof(path), "/q/k%d", n);
		fake_store_set(fake, path, value);
	}
	struct result result = run("xenstore-ls -p /q");

	CU_ASSERT_PTR_NOT_NULL(strstr(result.out, "vv\"  .  (n0)\nk50 ="));
	CU_ASSERT_PTR_NOT_NULL(strstr(result.out, "vv\" .  (n0)\nk51 ="));
	CU_ASSERT_PTR_NOT_NULL(strstr(result.out, "vv\"   (n0)\nk52 ="));
	CU_ASSERT_PTR_NOT_NULL(strstr(result.out, "vv\"   (n0)\nk53 ="));
	result_clear(&result);
	fake_store_remove(fake, "/q");
	memset(value, 'v', 69);
	value[69] = '\0';
	fake_store_set(fake, "/q/k69", value);
	memset(value, 'v', 70);
	value[70] = '\0';
	fake_store_set(fake, "/q/k70", value);
	result = run("xenstore-ls -p /q");
	CU_ASSERT_PTR_NOT_NULL(strstr(result.out, "v\"   (n0)\nk70 = \"v"));
	CU_ASSERT_PTR_NOT_NULL(strstr(result.out, "v\\...\"  (n0)\n"));
	/* 69 of its 70 characters. */
	CU_ASSERT_EQUAL(strlen(strstr(result.out, "k70")), 7 + 69 + 5 + 6 + 1);
	result_clear(&result);
	result = run("xenstore-ls -f /q");
	CU_ASSERT_PTR_NULL(strstr(result.out, "..."));
	result_clear(&result);
	end();
}

static void a_tree_in_json_has_paths_values_and_permissions(void)
{
	begin();
	expect("xenstore-ls --json /t/a", 0,
	       "[\n    {\n        \"path\": \"/t/a/b\",\n        \"value\": \"world\",\n"
	       "        \"permissions\": [\n            \"n0\"\n        ]\n    },\n"
	       "    {\n        \"path\": \"/t/a/c\",\n        \"value\": \"\",\n"
	       "        \"permissions\": [\n            \"n0\"\n        ]\n    }\n]\n",
	       "");
	expect("xenstore-write /j/b \\377", 0, "", "");
	expect("xenstore-ls --json /j", 0,
	       "[\n    {\n        \"path\": \"/j/b\",\n        \"value_escaped\": \"\\\\xff\",\n"
	       "        \"permissions\": [\n            \"n0\"\n        ]\n    }\n]\n",
	       "");
	end();
}

static void pairs_are_written_together_or_not_at_all(void)
{
	char *value;

	begin();
	expect("xenstore-write /n/a 1 /n/b 2", 0, "", "");
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_TRANSACTION_START), 1);
	expect("xenstore-write /n/a 3", 0, "", "");
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_TRANSACTION_START), 1);
	value = fake_store_get(fake, "/n/b");
	CU_ASSERT_STRING_EQUAL(value, "2");
	free(value);
	fake_store_conflict(fake, 2);
	expect("xenstore-write /n/a 4 /n/b 5", 0, "", "");
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_TRANSACTION_START), 4);
	expect("xenstore-write /t//x 1", 1, "",
	       "xenstore-write: could not write path /t//x\n    Invalid argument\n");
	expect("xenstore-write /t/odd", 1, "",
	       "xenstore-write: Usage: xenstore-write [-h] [-s] [-R] key value [...]\n");
	expect("xenstore-write /a 1 /b", 1, "",
	       "xenstore-write: Usage: xenstore-write [-h] [-s] [-R] key value [...]\n");
	end();
}

static void output_of_a_repeated_attempt_appears_once(void)
{
	begin();
	fake_store_conflict(fake, 3);
	expect("xenstore-read /t/a /t/s", 0, "hello\n1\n", "");
	CU_ASSERT_EQUAL(fake_store_requests(fake, XS_TRANSACTION_START), 4);
	end();
}

static void escapes_go_both_ways(void)
{
	begin();
	expect("xenstore-write /e \\x41\\t\\n\\\\\\101z", 0, "", "");
	expect("xenstore-read /e", 0, "A\\t\\n\\\\Az\n", "");
	expect("xenstore-read -R /e", 0, "A\t\n\\Az", "");
	expect("xenstore-write -R /e \\x41\\t", 0, "", "");
	expect("xenstore-read /e", 0, "\\\\x41\\\\t\n", "");
	expect("xenstore-write /e \\q", 0, "", "");
	expect("xenstore-read /e", 0, "q\n", "");
	expect("xenstore-write /e \\x4", 0, "", "");
	expect("xenstore-read /e", 0, "\\004\n", "");
	expect("xenstore-write /e \\1z\\12z\\1234", 0, "", "");
	expect("xenstore-read /e", 0, "\\001z\\nzS4\n", "");
	end();
}

static void every_byte_survives_escaping(void)
{
	char bytes[256 * 3];
	size_t length;

	for (int i = 0; i < 256; i++) {
		bytes[i * 3] = (char)i;
		bytes[i * 3 + 1] = '7';
		bytes[i * 3 + 2] = (char)(255 - i);
	}
	char *text = escape_value(bytes, sizeof(bytes));
	char *back = unescape_value(text, &length);

	CU_ASSERT_EQUAL_FATAL(length, sizeof(bytes));
	CU_ASSERT_EQUAL(memcmp(back, bytes, length), 0);
	for (const char *c = text; *c; c++) {
		CU_ASSERT_TRUE(*c >= ' ' && *c <= '~');
	}
	free(text);
	free(back);
	text = escape_value("\007\010\177t n", 7);
	CU_ASSERT_STRING_EQUAL(text, "\\007\\x08\\x7ft n\\000");
	free(text);
}

static void text_is_told_from_bytes(void)
{
	CU_ASSERT_TRUE(value_is_text("", 0));
	CU_ASSERT_TRUE(value_is_text("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80", 15));
	CU_ASSERT_FALSE(value_is_text("a\0b", 3));
	CU_ASSERT_FALSE(value_is_text("\xff", 1));
	CU_ASSERT_FALSE(value_is_text("\xc3", 1));
	CU_ASSERT_FALSE(value_is_text("\xc0\x80", 2));
	CU_ASSERT_FALSE(value_is_text("\xed\xa0\x80", 3));
	CU_ASSERT_FALSE(value_is_text("\xf4\x90\x80\x80", 4));
}

static void removing_can_tidy_up(void)
{
	begin();
	fake_store_set(fake, "/d/x/y/z", "1");
	fake_store_set(fake, "/d/w", "2");
	expect("xenstore-rm -t /d/x/y/z", 0, "", "");
	expect("xenstore-ls -f /d", 0, "/d/w = \"2\"\n", "");
	expect("xenstore-rm /t/a/b /t/a/c", 0, "", "");
	expect("xenstore-ls -f /t", 0, "/t/a = \"hello\"\n/t/s = \"1\"\n", "");
	expect("xenstore-rm", 1, "", "xenstore-rm: Usage: xenstore-rm [-h] [-s] [-t] key [...]\n");
	fake_store_fail(fake, XS_RM, "EACCES");
	expect("xenstore-rm /t/a", 1, "",
	       "xenstore-rm: could not remove path /t/a\n    Permission denied\n");
	end();
}

static void permissions_change_up_and_down(void)
{
	begin();
	expect("xenstore-chmod /t/a n0 r1 w2 b3", 0, "", "");
	expect("xenstore-ls -fp /t", 0,
	       "/t/a = \"hello\"   (n0,r1,w2,b3)\n/t/a/b = \"world\"   (n0)\n"
	       "/t/a/c = \"\"   (n0)\n/t/s = \"1\"   (n0)\n",
	       "");
	expect("xenstore-chmod -r /t/a n0 r5", 0, "", "");
	expect("xenstore-ls -fp /t", 0,
	       "/t/a = \"hello\"   (n0,r5)\n/t/a/b = \"world\"   (n0,r5)\n"
	       "/t/a/c = \"\"   (n0,r5)\n/t/s = \"1\"   (n0)\n",
	       "");
	expect("xenstore-chmod -u /t/a/b b0 r7", 0, "", "");
	expect("xenstore-ls -fp /", 0,
	       "/t = \"\"   (b0,r7)\n/t/a = \"hello\"   (b0,r7)\n/t/a/b = \"world\"   (b0,r7)\n"
	       "/t/a/c = \"\"   (n0,r5)\n/t/s = \"1\"   (n0)\n",
	       "");
	expect("xenstore-chmod /t/a r", 0, "", "");
	expect("xenstore-chmod /t/a x0", 1, "",
	       "xenstore-chmod: Invalid permission specification: 'x'\n");
	expect("xenstore-chmod /t/a r1z", 1, "",
	       "xenstore-chmod: Invalid permission specification: 'r1z'\n");
	expect("xenstore-chmod /none r0", 1, "",
	       "xenstore-chmod: Error occurred setting permissions on '/none': "
	       "No such file or directory\n");
	expect("xenstore-chmod", 1, "",
	       "xenstore-chmod: Usage: xenstore-chmod [-h] [-u] [-r] [-s] key <mode [modes...]>\n");
	end();
}

static void watches_end_after_so_many_events(void)
{
	begin();
	expect("xenstore-watch -n 2 /t /w", 0, "/t\n/w\n", "");
	expect("xenstore-watch -n 0 /t", 0, "", "");
	expect("xenstore-watch -n 1 relative", 0, "relative\n", "");
	expect("xenstore-watch --json -n 1 /t", 0, "{\"path\":\"/t\",\"watched\":\"/t\"}\n", "");
	fake_store_fail(fake, XS_WATCH, "EINVAL");
	expect("xenstore-watch -n 1 /t//", 1, "",
	       "xenstore-watch: Unable to add watch on /t//\n    Invalid argument\n");
	expect("xenstore-watch", 1, "", "xenstore-watch: Usage: xenstore-watch [-h] [-n NR] key\n");
	end();
}

static void control_words_go_to_the_daemon(void)
{
	begin();
	expect("xenstore-control check", 0, "OK\n", "");
	expect("xenstore-control help", 0, "check\t\nhelp\t\n\n", "");
	expect("xenstore-control nonsense", 3, "",
	       "Command not supported. Valid commands are:\ncheck\t\nhelp\t\n\n");
	expect("xenstore-control -h", 3, "",
	       "Command not supported. Valid commands are:\ncheck\t\nhelp\t\n\n");
	expect("xenstore-control", 2, "", "Usage:\nxenstore-control <command> [<arg>...]\n");
	end();
}

static void a_name_without_a_mode_is_an_error(void)
{
	expect("xenstore", 1, "", "xenstore: Usage: xenstore <mode> [-h] [...]\n");
	expect("xenstore-dance", 1, "",
	       "xenstore-dance: Usage: xenstore-dance <mode> [-h] [...]\n");
	expect("xenstore dance", 1, "", "xenstore: unknown mode dance\n");
	expect("/usr/bin/xenstore ls -h", 0,
	       "Usage: xenstore ls [-h] [-f] [-p] [-s] [path]\n"
	       "  -f            whole paths\n"
	       "  -p            paths before results; ls: permissions\n"
	       "  -s            only through the daemon's socket, not through the kernel\n"
	       "      --json    print JSON\n"
	       "  -h, --help    show this\n",
	       "");
}

static void a_store_that_is_not_there_is_named(void)
{
	struct result result = run("xenstore-read -s /t/a");

	CU_ASSERT_EQUAL(result.status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(result.err, "xs_open: No such file or directory\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(result.err, "is xenstored running?"));
	result_clear(&result);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(values_are_read_as_debian_prints_them),
		UNIT(lists_are_one_name_a_line),
		UNIT(existence_is_an_exit_status),
		UNIT(a_tree_is_listed_as_debian_does),
		UNIT(wide_values_are_cut_and_permissions_line_up),
		UNIT(a_tree_in_json_has_paths_values_and_permissions),
		UNIT(pairs_are_written_together_or_not_at_all),
		UNIT(output_of_a_repeated_attempt_appears_once),
		UNIT(escapes_go_both_ways),
		UNIT(every_byte_survives_escaping),
		UNIT(text_is_told_from_bytes),
		UNIT(removing_can_tidy_up),
		UNIT(permissions_change_up_and_down),
		UNIT(watches_end_after_so_many_events),
		UNIT(control_words_go_to_the_daemon),
		UNIT(a_name_without_a_mode_is_an_error),
		UNIT(a_store_that_is_not_there_is_named),
	};

	return unit_main("xenstore", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
