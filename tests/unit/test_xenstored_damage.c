/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can happen to the files of the store: cut off, bits flipped, unwritable, no room. Each is an
 * error that names the file, and never a store that is silently empty.
 */
#include "unit/xsd_fixture.h"
#include "unit/unit.h"

#include "lib/report.h"
#include "xenstored/tree_record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct fixture fixture;
static unsigned int dom0;

static const char *ask(uint32_t type, const char *request)
{
	return fixture_ask(&fixture, dom0, type, 0, request);
}

static void setup(void)
{
	char request[64];

	if (fixture.dir[0]) {
		fixture_close(&fixture);
	}
	fixture_open(&fixture);
	dom0 = fixture_socket(&fixture);
	for (unsigned int i = 0; i < 500; i++) {
		snprintf(request, sizeof(request), "/data/%u/value|number %u", i, i);
		ask(XS_WRITE, request);
	}
}

static char *file_name(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", fixture.dir, name);
	return path;
}

static void close_store(void)
{
	xsd_close(&fixture.xsd);
}

/* The check's child writes its findings to stderr: not wanted here. */
static int reopen_quietly(unsigned int flags)
{
	int kept = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY);
	int err;

	dup2(null, STDERR_FILENO);
	err = fixture_reopen(&fixture, flags);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(null);
	return err;
}

static void the_checksum_is_crc32c_with_and_without_the_instruction(void)
{
	uint8_t data[100];

	CU_ASSERT_EQUAL(~record_crc(~0U, "123456789", 9), 0xe3069283);
	CU_ASSERT_EQUAL(~record_crc_plain(~0U, "123456789", 9), 0xe3069283);
	for (unsigned int i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i * 37);
		CU_ASSERT_EQUAL(record_crc(i, data + i / 3, i - i / 3),
				record_crc_plain(i, data + i / 3, i - i / 3));
	}
}

static void a_whole_database_passes_the_check(void)
{
	close_store();
	CU_ASSERT_EQUAL(fixture_reopen(&fixture, TREE_VERIFY), 0);
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/data/499/value|"), "number 499");
}

static void a_database_cut_off_is_refused_by_name(void)
{
	static const off_t sizes[] = {100, 4096, 8192, 20000, 40960};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (i) {
			setup();
		}
		close_store();
		CU_ASSERT_EQUAL(truncate(file_name("data.mdb"), sizes[i]), 0);
		CU_ASSERT_EQUAL(reopen_quietly(0), -EIO);
		CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "data.mdb"));
		/* And again: the first refusal must not have made it look whole. */
		CU_ASSERT_EQUAL(reopen_quietly(0), -EIO);
	}
}

static void an_empty_file_is_no_database(void)
{
	close_store();
	CU_ASSERT_EQUAL(truncate(file_name("data.mdb"), 0), 0);
	CU_ASSERT_EQUAL(reopen_quietly(0), -EIO);
}

/* Every flip is either found at the start, or harmless: then every node reads as it was. */
static void flipped_bits_are_found(void)
{
	unsigned int refused = 0;
	unsigned int harmless = 0;

	for (unsigned int i = 0; i < 40; i++) {
		off_t at = (off_t)(i * 2654435761U % (100 * 4096));
		char byte;
		int file;

		setup();
		close_store();
		file = open(file_name("data.mdb"), O_RDWR);
		CU_ASSERT_EQUAL(pread(file, &byte, 1, at), 1);
		byte = (char)(byte ^ 1 << i % 8);
		CU_ASSERT_EQUAL(pwrite(file, &byte, 1, at), 1);
		close(file);
		if (reopen_quietly(TREE_VERIFY)) {
			CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "data.mdb"));
			refused++;
			continue;
		}
		harmless++;
		for (unsigned int n = 0; n < 500; n++) {
			char request[64];
			char value[64];

			snprintf(request, sizeof(request), "/data/%u/value|", n);
			snprintf(value, sizeof(value), "number %u", n);
			CU_ASSERT_STRING_EQUAL(ask(XS_READ, request), value);
		}
	}
	CU_ASSERT_TRUE(refused > 0);
	CU_ASSERT_EQUAL(refused + harmless, 40);
}

static void damage_met_while_running_is_an_error_not_a_value(void)
{
	char request[64];
	unsigned int wrong = 0;
	char *map;
	int file;

	/* Flip one letter of a value under the running store's feet. */
	file = open(file_name("data.mdb"), O_RDWR);
	map = malloc(4 << 20);
	CU_ASSERT_EQUAL(pread(file, map, 4 << 20, 0), 4 << 20);
	for (size_t at = 0; at + 10 < 4 << 20; at++) {
		if (memcmp(map + at, "number 123", 10) == 0) {
			CU_ASSERT_EQUAL(pwrite(file, "N", 1, (off_t)at), 1);
		}
	}
	free(map);
	close(file);
	snprintf(request, sizeof(request), "/data/123/value|");
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, request), "!EIO");
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "/data/123/value"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ask(XS_CONTROL, "check|"), "checksum"));
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/data/124/value|"), "number 124");
	CU_ASSERT_EQUAL(wrong, 0);
}

static void fresh_keeps_the_old_database_beside(void)
{
	close_store();
	CU_ASSERT_EQUAL(truncate(file_name("data.mdb"), 8192), 0);
	CU_ASSERT_EQUAL(fixture_reopen(&fixture, TREE_FRESH), 0);
	CU_ASSERT_EQUAL(access(file_name("data.mdb.old"), F_OK), 0);
	fixture.clients[dom0].id = 0;
	dom0 = fixture_socket(&fixture);
	CU_ASSERT_STRING_EQUAL(ask(XS_DIRECTORY, "/|"), "tool|");
}

/* Whoever removed it did not mean the guests that still run. */
static void a_missing_database_is_not_replaced_by_an_empty_one(void)
{
	close_store();
	CU_ASSERT_EQUAL(unlink(file_name("data.mdb")), 0);
	for (unsigned int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(reopen_quietly(0), -EIO);
		CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "data.mdb"));
	}
	CU_ASSERT_NOT_EQUAL(access(file_name("data.mdb"), F_OK), 0);
	CU_ASSERT_EQUAL(reopen_quietly(TREE_FRESH), 0);
}

/* The first daemon was killed between making the file and putting the first nodes into it. */
static void a_database_begun_and_not_finished_gets_its_first_nodes(void)
{
	struct report report = {0};
	struct tree tree = {0};
	bool fresh;

	close_store();
	CU_ASSERT_EQUAL(tree_open(&tree, fixture.dir, TREE_FRESH, &fresh, &report), 0);
	tree_close(&tree);
	report_clear(&report);
	CU_ASSERT_EQUAL_FATAL(reopen_quietly(TREE_VERIFY), 0);
	fixture.clients[dom0].id = 0;
	dom0 = fixture_socket(&fixture);
	CU_ASSERT_STRING_EQUAL(ask(XS_DIRECTORY, "/|"), "tool|");
}

static void flip(const char *name, off_t at)
{
	int file = open(file_name(name), O_RDWR);
	char byte;

	CU_ASSERT_EQUAL(pread(file, &byte, 1, at), 1);
	byte ^= 4;
	CU_ASSERT_EQUAL(pwrite(file, &byte, 1, at), 1);
	close(file);
}

static void a_damaged_journal_is_refused_by_name_and_its_removal_keeps_the_nodes(void)
{
	static const off_t sizes[] = {100, 4096, 20000};

	for (unsigned int i = 0; i < 2 + sizeof(sizes) / sizeof(sizes[0]); i++) {
		setup();
		close_store();
		if (i < 2) {
			flip("journal", i ? 3 : 17); /* what it is; how large its parts are */
		} else {
			CU_ASSERT_EQUAL(truncate(file_name("journal"), sizes[i - 2]), 0);
		}
		CU_ASSERT_EQUAL(reopen_quietly(0), -EIO);
		CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "/journal"));
		CU_ASSERT_EQUAL(unlink(file_name("journal")), 0);
		CU_ASSERT_EQUAL_FATAL(reopen_quietly(0), 0);
		fixture.clients[dom0].id = 0;
		dom0 = fixture_socket(&fixture);
		CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/data/499/value|"), "number 499");
	}
}

static void a_folder_that_cannot_be_written_is_refused_by_name(void)
{
	uid_t me = geteuid();

	close_store();
	CU_ASSERT_EQUAL(chmod(fixture.dir, 0555), 0);
	CU_ASSERT_EQUAL(unlink(file_name("lock")), me ? -1 : 0);
	CU_ASSERT_EQUAL(seteuid(me ? me : 65534), 0);
	CU_ASSERT_EQUAL(reopen_quietly(0), -EACCES);
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, fixture.dir));
	CU_ASSERT_EQUAL(seteuid(me), 0);
	CU_ASSERT_EQUAL(chmod(fixture.dir, 0700), 0);
	CU_ASSERT_EQUAL(reopen_quietly(0), 0);
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/data/499/value|"), "number 499");
}

static void no_room_for_a_new_database_is_named_and_leaves_none(void)
{
	struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = RLIM_INFINITY};
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	close_store();
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CU_ASSERT_NOT_EQUAL(reopen_quietly(TREE_FRESH), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_log, "data.mdb"));
	CU_ASSERT_NOT_EQUAL(access(file_name("data.mdb"), F_OK), 0);
	setrlimit(RLIMIT_FSIZE, &none);
	CU_ASSERT_EQUAL(reopen_quietly(0), 0);
}

static void a_second_daemon_is_refused(void)
{
	struct fixture other = fixture;

	memset(&other.xsd, 0, sizeof(other.xsd));
	CU_ASSERT_EQUAL(fixture_reopen(&other, 0), -EWOULDBLOCK);
	CU_ASSERT_PTR_NOT_NULL(strstr(other.last_log, "in use"));
}

static void a_folder_that_is_none_is_refused_by_name(void)
{
	struct fixture other = {0};

	snprintf(other.dir, sizeof(other.dir), "/proc/no-such-folder");
	CU_ASSERT_NOT_EQUAL(fixture_reopen(&other, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(other.last_log, "/proc/no-such-folder"));
	snprintf(other.dir, sizeof(other.dir), "/proc/self/status");
	CU_ASSERT_NOT_EQUAL(fixture_reopen(&other, 0), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(other.last_log, "/proc/self/status"));
}

/* A limit of the file's size stands for a full disk: the file cannot grow. */
static void a_full_disk_refuses_new_nodes_and_keeps_the_old(void)
{
	struct rlimit limit = {.rlim_cur = 5 << 20, .rlim_max = RLIM_INFINITY};
	const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	static char request[2100];
	unsigned int written = 0;
	unsigned int refused = 0;

	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (unsigned int i = 0; i < 6000 && refused < 3; i++) {
		int size = snprintf(request, sizeof(request), "/full/%u|", i);
		const char *answer;

		memset(request + size, 'x', 2000);
		request[size + 2000] = '\0';
		answer = ask(XS_WRITE, request);
		if (strcmp(answer, "OK|") == 0) {
			written = i + 1;
		} else {
			CU_ASSERT_STRING_EQUAL(answer, "!ENOSPC");
			refused++;
		}
	}
	CU_ASSERT_EQUAL(refused, 3);
	CU_ASSERT_TRUE(written > 500);
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/data/7/value|"), "number 7");
	CU_ASSERT_PTR_NOT_NULL(strstr(ask(XS_CONTROL, "check|"), "no damage"));
	CU_ASSERT_STRING_EQUAL(ask(XS_RM, "/full|"), "OK|");
	/* Two commits later its pages are free for others. */
	ask(XS_WRITE, "/tool/a|");
	ask(XS_WRITE, "/tool/b|");
	CU_ASSERT_STRING_EQUAL(ask(XS_WRITE, "/again|1"), "OK|");
	setrlimit(RLIMIT_FSIZE, &none);
	fixture_restart(&fixture);
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/again|"), "1");
	CU_ASSERT_PTR_NOT_NULL(strstr(ask(XS_CONTROL, "check|"), "no damage"));
}

static void a_hundred_thousand_nodes_open_in_no_time_and_go_at_once(void)
{
	char request[64];
	struct timespec begin;
	struct timespec end;
	long us;

	for (unsigned int i = 0; i < 100000; i++) {
		int size =
			snprintf(request, sizeof(request), "/big/%u/node%u%cvalue", i / 100, i, 0);

		while (!fixture_put(&fixture, dom0, XS_WRITE, 0, request, (size_t)size)) {
			fixture_run(&fixture);
			bytes_clear(&fixture.clients[dom0].got);
		}
	}
	fixture_run(&fixture);
	bytes_clear(&fixture.clients[dom0].got);
	close_store();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	CU_ASSERT_EQUAL(fixture_reopen(&fixture, 0), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	us = (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
	printf("# opened again after %ld us\n", us); /* a number, not a claim: machines are busy */
	CU_ASSERT_STRING_EQUAL(ask(XS_READ, "/big/999/node99999|"), "value");
	CU_ASSERT_STRING_EQUAL(ask(XS_CONTROL, "check|"), "102007 nodes, no damage\n|");
	/* One request that rewrites half of the file: more than is kept free for a batch. */
	CU_ASSERT_STRING_EQUAL(ask(XS_RM, "/big|"), "OK|");
	CU_ASSERT_STRING_EQUAL(ask(XS_CONTROL, "check|"), "1006 nodes, no damage\n|");
}

static const struct unit_test tests[] = {
	UNIT(the_checksum_is_crc32c_with_and_without_the_instruction),
	UNIT(a_whole_database_passes_the_check),
	UNIT(a_database_cut_off_is_refused_by_name),
	UNIT(an_empty_file_is_no_database),
	UNIT(flipped_bits_are_found),
	UNIT(damage_met_while_running_is_an_error_not_a_value),
	UNIT(fresh_keeps_the_old_database_beside),
	UNIT(a_missing_database_is_not_replaced_by_an_empty_one),
	UNIT(a_database_begun_and_not_finished_gets_its_first_nodes),
	UNIT(a_damaged_journal_is_refused_by_name_and_its_removal_keeps_the_nodes),
	UNIT(a_folder_that_cannot_be_written_is_refused_by_name),
	UNIT(no_room_for_a_new_database_is_named_and_leaves_none),
	UNIT(a_second_daemon_is_refused),
	UNIT(a_folder_that_is_none_is_refused_by_name),
	UNIT(a_full_disk_refuses_new_nodes_and_keeps_the_old),
	UNIT(a_hundred_thousand_nodes_open_in_no_time_and_go_at_once),
};

int main(void)
{
	int status = unit_main("xenstored_damage", tests, sizeof(tests) / sizeof(tests[0]), setup);

	fixture_close(&fixture);
	return status;
}
