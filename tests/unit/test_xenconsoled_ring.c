/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pure part of the console daemon: rings with hostile indices, the journal, log files. Death is
 * simulated by stopping between two steps and going on with fresh state.
 */
#include "lib/report.h"
#include "xenconsoled/log.h"
#include "xenconsoled/ring.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct xencons_interface ring;
static struct journal journal;
static char folder[64];
static const struct log_options plain = {.size_limit = 0, .keep = 3};

static void setup(void)
{
	memset(&ring, 0, sizeof(ring));
	journal_init(&journal, "/vm/1");
	snprintf(folder, sizeof(folder), "/tmp/test-console.%d", (int)getpid());
	mkdir(folder, 0700);
	for (const char *const *name = (const char *const[]){"g.log", "g.log.1", "g.log.2",
							     "g.log.3", "a_b.log", "g.log.4", NULL};
	     *name; name++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", folder, *name);
		unlink(path);
	}
}

/* The guest's side. */
static void guest_prints(const char *text)
{
	for (; *text; text++) {
		ring.out[ring.out_prod % XENCONS_OUT_SIZE] = *text;
		ring.out_prod++;
	}
}

static char *content(const char *name)
{
	static char text[1 << 20];
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	text[0] = '\0';
	if (file) {
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

/* --- ring ------------------------------------------------------------------------------------- */

static void what_the_guest_printed_is_taken_once(void)
{
	uint64_t at = 0;
	size_t length;

	ring_begin(&ring, &journal);
	guest_prints("hello");
	CU_ASSERT_EQUAL(ring_waiting(&ring, &journal), 5);
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 3), 3);
	CU_ASSERT_EQUAL(ring.out_cons, 3);
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 2);
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 0);
	CU_ASSERT_EQUAL(ring.out_cons, ring.out_prod);
	CU_ASSERT_EQUAL(memcmp(journal_at(&journal, &at, &length), "hello", 5), 0);
	CU_ASSERT_EQUAL(length, 5);
}

static void indices_wrap_around_everywhere(void)
{
	uint32_t start = UINT32_MAX - 1000;
	char chunk[701];
	uint64_t total = 0;

	ring.out_prod = ring.out_cons = start;
	ring_begin(&ring, &journal);
	for (int i = 0; i < 400; i++) {
		for (int j = 0; j < 700; j++) {
			chunk[j] = (char)('a' + (total + (uint64_t)j) % 26);
		}
		chunk[700] = '\0';
		guest_prints(chunk);
		CU_ASSERT_EQUAL(ring_take(&ring, &journal, XENCONS_OUT_SIZE), 700);
		total += 700;
	}
	CU_ASSERT_EQUAL(ring.out_cons, start + (uint32_t)total);
	/* The history ends with what came last, whatever place it begins at. */
	for (uint64_t at = journal_oldest(&journal); at < total; at++) {
		if (journal.history[at % JOURNAL_HISTORY] != (char)('a' + at % 26)) {
			CU_FAIL("another byte");
			break;
		}
	}
	CU_ASSERT_EQUAL(journal_oldest(&journal), total - JOURNAL_HISTORY);
}

static void nonsense_from_the_guest_empties_the_ring(void)
{
	static const uint32_t indices[] = {XENCONS_OUT_SIZE + 1, 5000, 1U << 31, UINT32_MAX};

	for (unsigned int i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
		setup();
		ring_begin(&ring, &journal);
		ring.out_prod = indices[i];
		CU_ASSERT_EQUAL(ring_waiting(&ring, &journal), 0);
		CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), -EPROTO);
		CU_ASSERT_EQUAL(ring.out_cons, indices[i]);
		CU_ASSERT_EQUAL(journal.taken, 0);
		/* And then it may speak again. */
		guest_prints("sorry");
		CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 5);
	}
}

static void a_consumer_index_the_guest_wrote_is_not_believed(void)
{
	ring_begin(&ring, &journal);
	guest_prints("one");
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 3);
	ring.out_cons = 77;
	guest_prints("two");
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 3);
	CU_ASSERT_EQUAL(ring.out_cons, 6);
}

static void input_stops_when_the_ring_is_full(void)
{
	char keys[XENCONS_IN_SIZE];

	memset(keys, 'k', sizeof(keys));
	CU_ASSERT_EQUAL(ring_room(&ring), XENCONS_IN_SIZE);
	ring_put(&ring, keys, 1000);
	CU_ASSERT_EQUAL(ring_room(&ring), 24);
	ring.in_cons += 10;
	CU_ASSERT_EQUAL(ring_room(&ring), 34);
	ring_put(&ring, "abcdefghijklmnopqrstuvwxyz01234567", 34);
	CU_ASSERT_EQUAL(ring_room(&ring), 0);
	CU_ASSERT_EQUAL(ring.in[0], 'y');
	ring.in_cons = ring.in_prod + 1;
	CU_ASSERT_EQUAL(ring_room(&ring), 0);
	ring.in_cons = ring.in_prod - 5000;
	CU_ASSERT_EQUAL(ring_room(&ring), 0);
}

static void a_killed_daemon_says_again_what_it_took(void)
{
	ring_begin(&ring, &journal);
	guest_prints("taken, not said");
	/* Up to the commit; then the kill. */
	journal_put(&journal, ring.out, 15);
	journal_commit(&journal, 15);
	CU_ASSERT_EQUAL(ring.out_cons, 0);
	ring_resume(&ring, &journal);
	CU_ASSERT_EQUAL(ring.out_cons, 15);
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 0);
	CU_ASSERT_EQUAL(journal.taken, 15);
	/* Killed before the commit: it is all still in the ring. */
	guest_prints("copied");
	journal_put(&journal, ring.out + 15, 6);
	ring_resume(&ring, &journal);
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 6);
	CU_ASSERT_EQUAL(journal.taken, 21);
}

static void a_ring_the_guest_made_anew_is_begun(void)
{
	ring_begin(&ring, &journal);
	for (int i = 0; i < 3; i++) {
		char text[1801];

		memset(text, 'x', 1800);
		text[1800] = '\0';
		guest_prints(text);
		ring_take(&ring, &journal, XENCONS_OUT_SIZE);
	}
	memset(&ring, 0, sizeof(ring));
	guest_prints("new");
	ring_resume(&ring, &journal);
	CU_ASSERT_EQUAL(ring_take(&ring, &journal, 100), 3);
	CU_ASSERT_EQUAL(ring.out_cons, 3);
}

/* --- journal ---------------------------------------------------------------------------------- */

static void a_journal_knows_its_owner(void)
{
	CU_ASSERT_TRUE(journal_is_of(&journal, "/vm/1"));
	CU_ASSERT_FALSE(journal_is_of(&journal, "/vm/2"));
	CU_ASSERT_FALSE(journal_is_of(&journal, ""));
	memset(&journal, 0, sizeof(journal));
	CU_ASSERT_FALSE(journal_is_one(&journal));
	memset(&journal, 0xff, sizeof(journal));
	CU_ASSERT_FALSE(journal_is_one(&journal));
	journal_init(&journal, "/vm/1");
	journal.current = 2;
	CU_ASSERT_FALSE(journal_is_one(&journal));
}

static void a_position_too_old_moves_up(void)
{
	static char text[JOURNAL_HISTORY];
	uint64_t at = 5;
	size_t length;

	journal_put(&journal, text, sizeof(text));
	journal_commit(&journal, sizeof(text));
	journal_put(&journal, "abc", 3);
	journal_commit(&journal, 3);
	at = 1;
	journal_at(&journal, &at, &length);
	CU_ASSERT_EQUAL(at, 3);
	CU_ASSERT_EQUAL(length, JOURNAL_HISTORY - 3);
	at = JOURNAL_HISTORY;
	CU_ASSERT_EQUAL(memcmp(journal_at(&journal, &at, &length), "abc", 3), 0);
	CU_ASSERT_EQUAL(length, 3);
	/* Beyond the end: nonsense of a damaged journal. */
	at = UINT64_MAX;
	journal_at(&journal, &at, &length);
	CU_ASSERT_EQUAL(at, 3);
}

/* --- log -------------------------------------------------------------------------------------- */

static void say(const char *text)
{
	journal_put(&journal, text, strlen(text));
	journal_commit(&journal, strlen(text));
}

static void a_log_has_each_byte_once(void)
{
	struct log log;

	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("one\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	say("two\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "one\ntwo\n");
	log_close(&log);
}

static void bytes_written_by_the_dead_are_written_once(void)
{
	struct log log;
	char path[128];

	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("one\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	say("two\n");
	/* The write succeeded, in part; then the kill. */
	CU_ASSERT_EQUAL(pwrite(log.fd, "tw", 2, 4), 2);
	log_close(&log);
	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "one\ntwo\n");
	log_close(&log);
	/* A file another one wrote in the meantime is another file: nothing is cut off. */
	snprintf(path, sizeof(path), "%s/g.log", folder);
	unlink(path);
	FILE *file = fopen(path, "w");

	fputs("theirs\n", file);
	fclose(file);
	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("three\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "theirs\nthree\n");
	log_close(&log);
}

static void a_log_of_an_earlier_boot_is_continued(void)
{
	struct log log;

	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("old\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	log_close(&log);
	journal_init(&journal, "/vm/2");
	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("new\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "old\nnew\n");
	log_close(&log);
}

static void a_log_is_rotated_by_its_size(void)
{
	static const struct log_options small = {.size_limit = 10, .keep = 2};
	struct log log;

	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &small, &journal, NULL), 0);
	for (int i = 0; i < 4; i++) {
		char line[32];

		snprintf(line, sizeof(line), "line %d of it\n", i);
		say(line);
		CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	}
	CU_ASSERT_STRING_EQUAL(content("g.log"), "");
	CU_ASSERT_STRING_EQUAL(content("g.log.1"), "line 3 of it\n");
	CU_ASSERT_STRING_EQUAL(content("g.log.2"), "line 2 of it\n");
	CU_ASSERT_STRING_EQUAL(content("g.log.3"), "");
	say("on\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "on\n");
	log_close(&log);
}

static void a_log_moved_or_cut_by_others_goes_on(void)
{
	struct log log;
	char path[128];
	char moved[128];

	snprintf(path, sizeof(path), "%s/g.log", folder);
	snprintf(moved, sizeof(moved), "%s/g.log.4", folder);
	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("one\n");
	log_write(&log, &journal, NULL);
	rename(path, moved);
	say("two\n");
	log_write(&log, &journal, NULL);
	CU_ASSERT_EQUAL(log_reopen(&log, &journal, NULL), 0);
	say("three\n");
	log_write(&log, &journal, NULL);
	CU_ASSERT_STRING_EQUAL(content("g.log.4"), "one\ntwo\n");
	CU_ASSERT_STRING_EQUAL(content("g.log"), "three\n");
	/* copytruncate */
	CU_ASSERT_EQUAL(truncate(path, 0), 0);
	say("four\n");
	log_write(&log, &journal, NULL);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "four\n");
	log_close(&log);
}

static void escapes_and_slashes_are_made_harmless(void)
{
	static const struct log_options safe = {.replace_escape = true};
	struct log log;

	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "a/b", &safe, &journal, NULL), 0);
	say("\033[31mred\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	CU_ASSERT_STRING_EQUAL(content("a_b.log"), ".[31mred\n");
	log_close(&log);
}

static void lines_begin_with_the_time(void)
{
	static const struct log_options timed = {.timestamps = true};
	struct log log;
	int year;
	int used = 0;

	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &timed, &journal, NULL), 0);
	say("one\ntwo");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	say(" more\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	char *text = content("g.log");

	CU_ASSERT_EQUAL(sscanf(text, "[%d-%*d-%*d %*d:%*d:%*d] one\n%n", &year, &used), 1);
	CU_ASSERT_TRUE(used > 20);
	CU_ASSERT_STRING_EQUAL(text + used + 22, "two more\n");
	log_close(&log);
}

static void a_full_disk_loses_only_what_the_journal_has_no_more(void)
{
	struct rlimit before;
	struct report report = {0};
	struct log log;
	static char much[JOURNAL_HISTORY];

	getrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(log_open(&log, folder, "g", &plain, &journal, NULL), 0);
	say("before\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), 0);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 10, .rlim_max = before.rlim_max});
	say("kept for later\n");
	CU_ASSERT_EQUAL(log_write(&log, &journal, &report), -EFBIG);
	CU_ASSERT_EQUAL(log_write(&log, &journal, &report), -EFBIG);
	CU_ASSERT_EQUAL(report.count, 1); /* said once */
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_EQUAL(log_write(&log, &journal, &report), 0);
	CU_ASSERT_STRING_EQUAL(content("g.log"), "before\nkept for later\n");
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 10, .rlim_max = before.rlim_max});
	memset(much, 'm', sizeof(much));
	say("lost\n");
	journal_put(&journal, much, sizeof(much));
	journal_commit(&journal, sizeof(much));
	CU_ASSERT_EQUAL(log_write(&log, &journal, &report), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	CU_ASSERT_EQUAL(log_write(&log, &journal, &report), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(content("g.log"),
				      "later\n[xenconsoled: 5 bytes could not be written]\nmmm"));
	CU_ASSERT_EQUAL(journal.lost, 5);
	report_clear(&report);
	log_close(&log);
}

static void a_folder_that_is_not_there_is_named(void)
{
	struct report report = {0};
	struct log log;

	CU_ASSERT_EQUAL(log_open(&log, "/nonexistent", "g", &plain, &journal, &report), -ENOENT);
	CU_ASSERT_STRING_EQUAL(report.messages[0].what, "log /nonexistent/g.log");
	CU_ASSERT_PTR_NOT_NULL(report.messages[0].next);
	CU_ASSERT_EQUAL(log_write(&log, &journal, NULL), -EBADF);
	report_clear(&report);
	log_close(&log);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(what_the_guest_printed_is_taken_once),
		UNIT(indices_wrap_around_everywhere),
		UNIT(nonsense_from_the_guest_empties_the_ring),
		UNIT(a_consumer_index_the_guest_wrote_is_not_believed),
		UNIT(input_stops_when_the_ring_is_full),
		UNIT(a_killed_daemon_says_again_what_it_took),
		UNIT(a_ring_the_guest_made_anew_is_begun),
		UNIT(a_journal_knows_its_owner),
		UNIT(a_position_too_old_moves_up),
		UNIT(a_log_has_each_byte_once),
		UNIT(bytes_written_by_the_dead_are_written_once),
		UNIT(a_log_of_an_earlier_boot_is_continued),
		UNIT(a_log_is_rotated_by_its_size),
		UNIT(a_log_moved_or_cut_by_others_goes_on),
		UNIT(escapes_and_slashes_are_made_harmless),
		UNIT(lines_begin_with_the_time),
		UNIT(a_full_disk_loses_only_what_the_journal_has_no_more),
		UNIT(a_folder_that_is_not_there_is_named),
	};
	int status = unit_main("xenconsoled ring", tests, sizeof(tests) / sizeof(tests[0]), setup);

	setup();
	rmdir(folder);
	return status;
}
