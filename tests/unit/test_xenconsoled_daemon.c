/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles, carried by the whole daemon under a real keeper (consoled.h). Killed a hundred times
 * while a guest prints and a user reads, it must lose nothing; the counts are printed.
 */
#include "keeper/keeper.h"
#include "lib/report.h"
#include "unit/consoled.h"
#include "unit/fake_store.h"
#include "unit/unit.h"
#include "xenconsoled/console.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xen/io/console.h>

/* --- claims ----------------------------------------------------------------------------------- */

static void a_new_domain_gets_a_terminal_and_a_log(void)
{
	begin();
	introduce(1, "one");
	char *name = terminal_of(1);

	CU_ASSERT_EQUAL(strncmp(name, "/dev/pts/", 9), 0);
	/* Debian's xl writes an empty name after the domain was found, and waits. */
	fake_store_set(fake, "/local/domain/1/console/tty", "");
	char *again = terminal_of(1);

	CU_ASSERT_STRING_EQUAL(again, name);
	free(again);
	free(name);
	guest_says(1, "hello from one\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "hello from one\n"));
	CU_ASSERT_TRUE(file_will_contain("hypervisor.log", "(XEN) hello\n"));
	CU_ASSERT_TRUE(board->notified[1] > 0);
	CU_ASSERT_EQUAL(board->maps, 1);
	end();
}

static void a_console_of_another_kind_is_left_alone(void)
{
	begin();
	fake_store_set(fake, "/local/domain/2/console/type", "ioemu");
	introduce(1, "one");
	free(terminal_of(1));
	CU_ASSERT_PTR_NULL(fake_store_get(fake, "/local/domain/2/console/tty"));
	end();
}

static void who_attaches_sees_the_history_and_then_what_comes(void)
{
	char text[65536];
	int fd;

	begin();
	introduce(1, "one");
	free(terminal_of(1));
	guest_says(1, "booting\nlogin: ");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "login: "));
	fd = attach(1);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_TRUE(terminal_shows(fd, "booting\nlogin: ", text, sizeof(text)));
	guest_says(1, "live\n");
	CU_ASSERT_TRUE(terminal_shows(fd, "live\n", text, sizeof(text)));
	CU_ASSERT_PTR_NULL(strstr(text, "booting"));
	/* Away and back: all of it again. */
	close(fd);
	pause_ms(50);
	guest_says(1, "unseen\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "unseen\n"));
	fd = attach(1);
	CU_ASSERT_TRUE(terminal_shows(fd, "unseen\n", text, sizeof(text)));
	CU_ASSERT_STRING_EQUAL(text, "booting\nlogin: live\nunseen\n");
	close(fd);
	end();
}

static void a_long_history_begins_with_a_whole_line(void)
{
	static char text[3 * JOURNAL_HISTORY];
	char line[64];
	int fd;

	begin();
	introduce(1, "one");
	free(terminal_of(1));
	for (int i = 0; i < 4000; i++) {
		snprintf(line, sizeof(line), "line %06d of a long story\n", i);
		guest_says(1, line);
	}
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "line 003999"));
	fd = attach(1);
	CU_ASSERT_TRUE(terminal_shows(fd, "line 003999 of a long story\n", text, sizeof(text)));
	CU_ASSERT_EQUAL(strncmp(text, "line 00", 7), 0);
	CU_ASSERT_TRUE(strlen(text) > JOURNAL_HISTORY - 100 &&
		       strlen(text) <= JOURNAL_HISTORY + 64);
	close(fd);
	end();
}

static void keys_reach_the_guest(void)
{
	struct xencons_interface *ring;
	char text[256];
	int fd;

	begin();
	ring = &board->pages[1].ring;
	introduce(1, "one");
	fd = attach(1);
	guest_says(1, "$ ");
	CU_ASSERT_TRUE(terminal_shows(fd, "$ ", text, sizeof(text)));
	CU_ASSERT_EQUAL(write(fd, "reboot\r", 7), 7);
	for (int i = 0; i < 5000 && ring->in_prod < 7; i++) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(ring->in_prod, 7);
	CU_ASSERT_EQUAL(memcmp(ring->in, "reboot\r", 7), 0);
	/* More than the ring holds waits, and comes when the guest has read. */
	char keys[1500];

	memset(keys, 'k', sizeof(keys));
	CU_ASSERT_EQUAL(write(fd, keys, sizeof(keys)), (ssize_t)sizeof(keys));
	for (int i = 0; i < 5000 && ring->in_prod < 1024; i++) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(ring->in_prod, 1024);
	ring->in_cons = ring->in_prod;
	guest_notify(1);
	for (int i = 0; i < 5000 && ring->in_prod < 1507; i++) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(ring->in_prod, 1507);
	close(fd);
	end();
}

/* A script's "echo reboot >TTY": opened, written and closed before the daemon has looked. */
static void keys_of_who_has_left_already_reach_the_guest(void)
{
	struct xencons_interface *ring;
	uint32_t sent = 0;

	begin();
	ring = &board->pages[1].ring;
	introduce(1, "one");
	free(terminal_of(1));
	for (unsigned int round = 0; round < 40 && ring->in_prod == sent; round++) {
		bool is_stopped = round % 4 == 3;

		if (is_stopped) {
			kill(board->pid, SIGSTOP);
		}
		int fd = attach(1);

		CU_ASSERT_EQUAL(write(fd, "key\r", 4), 4);
		close(fd);
		if (is_stopped) {
			kill(board->pid, SIGCONT);
		}
		sent += 4;
		CU_ASSERT_TRUE(guest_will_have(ring, sent));
	}
	CU_ASSERT_EQUAL(memcmp(ring->in, "key\rkey\rkey\r", 12), 0);
	end();
}

/* --- kill -9 ---------------------------------------------------------------------------------- */

struct story {
	char *bytes;
	size_t length;
	int terminal;
	char *seen;
	size_t seen_length;
	size_t seen_room;
	volatile bool enough; /* all kills are done: what has been printed by then is the story */
	volatile bool printed;
	volatile bool stop;
};

static void *print_story(void *data)
{
	struct story *story = data;
	size_t done = 0;
	unsigned int seed = 42;

	while (done < story->length && !story->enough) {
		size_t part = 1 + (size_t)rand_r(&seed) % 3000;

		part = part < story->length - done ? part : story->length - done;
		if (!guest_prints(1, story->bytes + done, part)) {
			break;
		}
		done += part;
		usleep((unsigned int)rand_r(&seed) % 700);
	}
	story->printed = done == story->length || story->enough;
	story->length = done;
	return NULL;
}

static void *read_story(void *data)
{
	struct story *story = data;

	while (!story->stop && story->seen_length < story->seen_room) {
		struct pollfd wait = {.fd = story->terminal, .events = POLLIN};

		if (poll(&wait, 1, 20) <= 0) {
			continue;
		}
		ssize_t got = read(story->terminal, story->seen + story->seen_length,
				   story->seen_room - story->seen_length);

		if (got <= 0) {
			break;
		}
		story->seen_length += (size_t)got;
	}
	return NULL;
}

/* The place in the story from which bytes seen at i repeat it up to `at`; 0 with *same 0: none. */
static size_t repetition(const struct story *story, size_t i, size_t at, size_t *same)
{
	for (size_t back = 1; back <= 70000 && back <= at; back++) {
		*same = back < story->seen_length - i ? back : story->seen_length - i;
		if (memcmp(story->bytes + at - back, story->seen + i, *same) == 0) {
			return at - back;
		}
	}
	*same = 0;
	return 0;
}

/* How far `seen` tells the story when parts may stand there twice: each next byte continues it, or
 * repeats what came right before. *again counts the latter. The beginning of a repetition may look
 * like a continuation for a few bytes, hence the steps back. */
static size_t told(const struct story *story, size_t *again)
{
	size_t at = 0;

	*again = 0;
	for (size_t i = 0; i < story->seen_length;) {
		size_t same = 0;

		if (at < story->length && story->seen[i] == story->bytes[at]) {
			at++;
			i++;
			continue;
		}
		for (size_t step = 0; step <= 16 && step <= at && !same; step++) {
			repetition(story, i - step, at - step, &same);
			if (same) {
				i = i - step + same;
				at -= step;
				*again += same;
			}
		}
		if (!same) {
			return at;
		}
	}
	return at;
}

/* A hundred kills, or KILLS in the environment. */
static void kills_lose_nothing(void)
{
	const char *wanted = getenv("KILLS");
	unsigned int most = wanted ? (unsigned int)atoi(wanted) : 100;
	struct story story = {.length = most * 160000UL, .seen_room = most * 320000UL};
	pthread_t guest;
	pthread_t user;
	unsigned int kills = 0;
	unsigned int seed = 7;
	size_t length = 0;
	size_t again;
	char *log;

	begin();
	story.bytes = malloc(story.length);
	story.seen = malloc(story.seen_room);
	/* Every eight bytes are different, so that a place in the story can be told. */
	for (size_t i = 0; i + 8 <= story.length; i += 8) {
		char number[32];

		snprintf(number, sizeof(number), "%07zx\n", i / 8);
		memcpy(story.bytes + i, number, 8);
	}
	introduce(1, "one");
	story.terminal = attach(1);
	CU_ASSERT_TRUE_FATAL(story.terminal >= 0);
	pthread_create(&user, NULL, read_story, &story);
	pthread_create(&guest, NULL, print_story, &story);
	while (kills < most) {
		pause_ms(1 + (unsigned int)rand_r(&seed) % 40);
		kills++;
		if (!kill_daemon()) {
			CU_FAIL("it did not come back");
			break;
		}
	}
	CU_ASSERT_FALSE(story.printed);
	story.enough = true;
	pthread_join(guest, NULL);
	CU_ASSERT_TRUE(story.printed);
	for (int i = 0; i < 5000 && length < story.length; i++) {
		log = file_content("guest-one.log", &length);
		free(log);
		pause_ms(1);
	}
	pause_ms(300);
	story.stop = true;
	pthread_join(user, NULL);
	log = file_content("guest-one.log", &length);
	CU_ASSERT_EQUAL(length, story.length);
	CU_ASSERT_TRUE(length == story.length && memcmp(log, story.bytes, length) == 0);
	size_t seen = told(&story, &again);

	CU_ASSERT_EQUAL(seen, story.length);
	printf("%u kills: log %zu of %zu bytes, lost %zd; terminal lost %zd, shown twice %zu\n",
	       kills, length, story.length, (ssize_t)(story.length - length),
	       (ssize_t)(story.length - seen), again);
	/* The user is attached to the same terminal as in the beginning. */
	char text[256];

	guest_says(1, "\nstill here\n");
	CU_ASSERT_TRUE(terminal_shows(story.terminal, "still here", text, sizeof(text)));
	free(log);
	free(story.bytes);
	free(story.seen);
	close(story.terminal);
	end();
}

/* --- ends ------------------------------------------------------------------------------------- */

static void last_words_are_logged_and_read_before_the_hangup(void)
{
	char text[8192] = "";
	size_t used = 0;
	int fd;

	begin();
	introduce(1, "one");
	fd = attach(1);
	guest_says(1, "alive\n");
	CU_ASSERT_TRUE(terminal_shows(fd, "alive\n", text, sizeof(text)));
	/* It panics, and nobody is told but through its death. */
	struct xencons_interface *ring = &board->pages[1].ring;
	const char *words = "Kernel panic - not syncing\n";

	for (const char *c = words; *c; c++) {
		ring->out[ring->out_prod % XENCONS_OUT_SIZE] = *c;
		__atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_SEQ_CST);
	}
	board->gone[1] = 1;
	fake_store_remove(fake, "/local/domain/1");
	fake_store_fire(fake, "@releaseDomain");
	for (int i = 0; i < 5000 && board->maps; i++) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(board->maps, 0); /* its memory is let go of at once */
	pause_ms(300);
	for (;;) {
		ssize_t got = read(fd, text + used, sizeof(text) - 1 - used);

		if (got <= 0) {
			break;
		}
		used += (size_t)got;
	}
	text[used] = '\0';
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", words));
	close(fd);
	/* The number is another domain's now: another terminal, no history of the old. */
	board->gone[1] = 0;
	memset(&board->pages[1], 0, sizeof(board->pages[1]));
	introduce(1, "two");
	fake_store_set(fake, "/local/domain/1/vm", "/vm/another");
	guest_says(1, "reborn\n");
	CU_ASSERT_TRUE(file_will_contain("guest-two.log", "reborn\n"));
	fd = attach(1);
	CU_ASSERT_TRUE(terminal_shows(fd, "reborn\n", text, sizeof(text)));
	CU_ASSERT_STRING_EQUAL(text, "reborn\n");
	close(fd);
	end();
}

static void a_domain_that_dies_with_the_daemon_has_its_log(void)
{
	struct keeper keeper = {.socket = -1};
	struct console_settings settings = {.keeper = &keeper, .log_folder = "/tmp"};
	struct journal *journal;
	bool fresh;
	void *map;
	char path[128];
	char text[64] = "";

	CU_ASSERT_EQUAL_FATAL(
		keeper_journal(&keeper, "journal.5", sizeof(*journal), &map, &fresh, NULL), 0);
	journal = map;
	journal_init(journal, "/vm/5");
	snprintf(journal->log_name, sizeof(journal->log_name), "test-salvage.%d", (int)getpid());
	journal_put(journal, "taken but not logged\n", 21);
	journal_commit(journal, 21);
	/* As keeper_open() would have found it. */
	int fd = memfd_create("journal.5", MFD_CLOEXEC);

	CU_ASSERT_EQUAL(write(fd, journal, sizeof(*journal)), (ssize_t)sizeof(*journal));
	struct keeper_fd held = {.name = (char[]){"journal.5"}, .fd = fd};

	keeper.inherited = &held;
	keeper.count = 1;
	console_salvage(&settings, NULL);
	snprintf(path, sizeof(path), "/tmp/test-salvage.%d.log", (int)getpid());
	FILE *file = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL(fgets(text, sizeof(text), file));
	CU_ASSERT_STRING_EQUAL(text, "taken but not logged\n");
	fclose(file);
	unlink(path);
	munmap(map, sizeof(*journal));
}

/* --- hostile guests --------------------------------------------------------------------------- */

static volatile bool flooding;

static void *flood(void *data)
{
	static char noise[2000];
	size_t *total = data;

	memset(noise, '~', sizeof(noise));
	while (flooding) {
		struct xencons_interface *ring = &board->pages[2].ring;
		uint32_t used = ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

		if (used + sizeof(noise) <= XENCONS_OUT_SIZE) {
			guest_prints(2, noise, sizeof(noise));
			*total += sizeof(noise);
		} else {
			guest_notify(2);
			sched_yield();
		}
	}
	return NULL;
}

static void a_flooding_guest_is_slowed_and_others_are_not(void)
{
	pthread_t guest;
	size_t total = 0;
	int64_t worst = 0;
	char text[512];
	char line[32];

	begin();
	introduce(1, "one");
	introduce(2, "two");
	int fd = attach(1);

	free(terminal_of(2));
	flooding = true;
	int64_t started = now_ms();

	pthread_create(&guest, NULL, flood, &total);
	for (int i = 0; i < 10; i++) {
		int64_t before = now_ms();

		snprintf(line, sizeof(line), "ping %d\n", i);
		guest_says(1, line);
		CU_ASSERT_TRUE(terminal_shows(fd, line, text, sizeof(text)));
		int64_t took = now_ms() - before;

		worst = took > worst ? took : worst;
		pause_ms(100);
	}
	flooding = false;
	pthread_join(guest, NULL);
	int64_t periods = (now_ms() - started) / CONSOLE_PERIOD_MS + 2;

	CU_ASSERT_TRUE(total <= (size_t)periods * 65536 + 4096);
	CU_ASSERT_TRUE(total > 65536);
	CU_ASSERT_TRUE(worst < 2000);
	printf("flood: %zu bytes in %lld periods; another guest's line took %lld ms at worst\n",
	       total, (long long)periods, (long long)worst);
	close(fd);
	end();
}

static void nonsense_in_one_ring_harms_nobody_else(void)
{
	begin();
	introduce(1, "one");
	introduce(2, "two");
	free(terminal_of(1));
	free(terminal_of(2));
	guest_says(2, "before\n");
	CU_ASSERT_TRUE(file_will_contain("guest-two.log", "before\n"));
	board->pages[2].ring.out_prod += 50000;
	board->pages[2].ring.in_cons += 7777;
	guest_notify(2);
	CU_ASSERT_TRUE(file_will_contain("messages", "domain 2: nonsense in its console ring"));
	guest_says(1, "fine\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "fine\n"));
	guest_says(2, "after\n");
	CU_ASSERT_TRUE(file_will_contain("guest-two.log", "before\nafter\n"));
	CU_ASSERT_EQUAL(board->starts, 1);
	end();
}

static void a_ring_that_cannot_be_mapped_is_named(void)
{
	begin();
	fake_store_set(fake, "/local/domain/3/console/ring-ref", "5");
	fake_store_set(fake, "/local/domain/3/console/port", "13");
	fake_store_set(fake, "/local/domain/3/name", "three");
	fake_store_fire(fake, "@introduceDomain");
	CU_ASSERT_TRUE(file_will_contain("messages", "domain 3: its console's page"));
	/* It gets better. */
	fake_store_set(fake, "/local/domain/3/console/ring-ref", "1003");
	guest_says(3, "at last\n");
	CU_ASSERT_TRUE(file_will_contain("guest-three.log", "at last\n"));
	end();
}

/* --- the rest --------------------------------------------------------------------------------- */

static void events_lost_by_the_kernel_are_made_up_for(void)
{
	begin();
	introduce(1, "one");
	free(terminal_of(1));
	guest_says(1, "first\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "first\n"));
	/* Printed without an event; then another guest's event says that some were lost. */
	memcpy(board->pages[1].ring.out + board->pages[1].ring.out_prod, "mute\n", 5);
	board->pages[1].ring.out_prod += 5;
	board->overruns = 1;
	guest_notify(2);
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "first\nmute\n"));
	end();
}

static void a_hangup_opens_the_logs_anew(void)
{
	char path[128];
	char moved[128];

	begin();
	introduce(1, "one");
	free(terminal_of(1));
	guest_says(1, "before\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "before\n"));
	path_of("guest-one.log", path);
	path_of("guest-one.log.moved", moved);
	rename(path, moved);
	kill(keeper_pid, SIGHUP);
	for (int i = 0; i < 5000 && access(path, F_OK); i++) {
		pause_ms(1);
	}
	guest_says(1, "after\n");
	CU_ASSERT_TRUE(file_will_contain("guest-one.log", "after\n"));
	size_t length;
	char *text = file_content("guest-one.log", &length);

	CU_ASSERT_STRING_EQUAL(text, "after\n");
	free(text);
	CU_ASSERT_TRUE(file_will_contain("guest-one.log.moved", "before\n"));
	end();
}

static void the_store_may_be_restarted_meanwhile(void)
{
	begin();
	introduce(1, "one");
	free(terminal_of(1));
	/* The next reply is lost with its connection. */
	fake_store_drop(fake, 2, 1);
	introduce(2, "two");
	free(terminal_of(2));
	guest_says(2, "good morning\n");
	CU_ASSERT_TRUE(file_will_contain("guest-two.log", "good morning\n"));
	introduce(3, "three");
	free(terminal_of(3));
	CU_ASSERT_EQUAL(board->starts, 1);
	end();
}

static void a_user_who_does_not_read_stalls_the_guest_when_asked_to(void)
{
	struct xencons_interface *ring;
	static char text[400000];
	char line[64];
	int fd;

	begin_as("keep");
	ring = &board->pages[1].ring;
	introduce(1, "one");
	fd = attach(1);
	guest_says(1, "start\n");
	CU_ASSERT_TRUE(terminal_shows(fd, "start\n", text, sizeof(text)));
	/* Until the ring is full and stays so. */
	unsigned int lines = 0;

	for (int idle = 0; idle < 50;) {
		if (ring->out_prod - ring->out_cons > XENCONS_OUT_SIZE - 32) {
			pause_ms(10);
			idle++;
			continue;
		}
		idle = 0;
		snprintf(line, sizeof(line), "line %06u\n", lines++);
		guest_says(1, line);
		CU_ASSERT_TRUE_FATAL(lines < 50000);
	}
	snprintf(line, sizeof(line), "line %06u\n", lines - 1);
	CU_ASSERT_TRUE(terminal_shows(fd, line, text, sizeof(text)));
	/* All of it, in order. */
	CU_ASSERT_EQUAL(strlen(text), lines * 12);
	close(fd);
	end();
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		UNIT(a_new_domain_gets_a_terminal_and_a_log),
		UNIT(a_console_of_another_kind_is_left_alone),
		UNIT(who_attaches_sees_the_history_and_then_what_comes),
		UNIT(a_long_history_begins_with_a_whole_line),
		UNIT(keys_reach_the_guest),
		UNIT(keys_of_who_has_left_already_reach_the_guest),
		UNIT(kills_lose_nothing),
		UNIT(last_words_are_logged_and_read_before_the_hangup),
		UNIT(a_domain_that_dies_with_the_daemon_has_its_log),
		UNIT(a_flooding_guest_is_slowed_and_others_are_not),
		UNIT(nonsense_in_one_ring_harms_nobody_else),
		UNIT(a_ring_that_cannot_be_mapped_is_named),
		UNIT(events_lost_by_the_kernel_are_made_up_for),
		UNIT(a_hangup_opens_the_logs_anew),
		UNIT(the_store_may_be_restarted_meanwhile),
		UNIT(a_user_who_does_not_read_stalls_the_guest_when_asked_to),
	};

	int status;

	if (consoled_role(argc, argv, &status)) {
		return status;
	}
	signal(SIGPIPE, SIG_IGN);
	return unit_main("xenconsoled", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
