/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon and its keeper do for each other. The daemons are this program itself, started by a
 * real keeper process with a role as argument: they die, and their successors tell what they found.
 */
#include "keeper/keeper.h"
#include "keeper/supervise.h"
#include "lib/report.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What daemons and the test share: a file mapped by all, its path handed on the command line. */
struct board {
	volatile int starts[4];
	volatile int pids[4];
	volatile int found[4]; /* inherited descriptors of the last instance */
	volatile int fresh;    /* the last instance's journal was new */
	volatile long counted; /* what the journal said to the last instance */
	volatile int hangups;
	volatile int order[8]; /* who ended, one after the other */
	volatile int order_count;
	volatile int ready_seen;
};

static struct board *board;
static char board_path[64];

static struct board *board_map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct board *map;

	if (fd < 0 || ftruncate(fd, sizeof(*map)) < 0) {
		abort();
	}
	map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static void setup(void)
{
	snprintf(board_path, sizeof(board_path), "/tmp/test-keeper.%d", (int)getpid());
	unlink(board_path);
	board = board_map(board_path);
}

static void pause_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

/* --- roles ------------------------------------------------------------------------------------ */

static volatile sig_atomic_t told_to_end;
static volatile sig_atomic_t hung_up;

static void on_signal(int number)
{
	if (number == SIGHUP) {
		hung_up = 1;
	} else {
		told_to_end = 1;
	}
}

static void be_patient(int who)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	board->pids[who] = getpid();
	while (!told_to_end) {
		pause_ms(2);
		if (hung_up) {
			hung_up = 0;
			board->hangups++;
		}
	}
	board->order[board->order_count++] = who;
}

/* Holds a journal in which it counts, and a pipe in which a byte waits. */
static int role_counter(void)
{
	struct keeper keeper;
	struct report report = {0};
	bool fresh;
	long *journal;
	int fd;

	if (keeper_open(&keeper, &report)) {
		return 1;
	}
	board->found[0] = (int)keeper.count;
	board->starts[0]++;
	if (keeper_journal(&keeper, "journal", 4096, (void **)&journal, &fresh, &report)) {
		return 1;
	}
	board->fresh = fresh;
	if (keeper_take(&keeper, "pipe", &fd)) {
		int ends[2];

		if (pipe(ends) || write(ends[1], "x", 1) != 1 ||
		    keeper_store(&keeper, "pipe", ends[0])) {
			return 1;
		}
	}
	board->counted = *journal;
	keeper_settle(&keeper);
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	board->pids[0] = getpid();
	for (;;) {
		++*journal;
		if (told_to_end) {
			board->order[board->order_count++] = 0;
			munmap(journal, 4096);
			keeper_close(&keeper);
			return 0;
		}
		pause_ms(1);
	}
}

/* Stores much, kills itself at once: everything sent must arrive. */
static int role_hoarder(void)
{
	struct keeper keeper;
	char name[32];

	if (keeper_open(&keeper, NULL)) {
		return 1;
	}
	board->starts[1]++;
	board->found[1] = (int)keeper.count;
	if (board->starts[1] == 1) {
		for (int i = 0; i < 300; i++) {
			snprintf(name, sizeof(name), "conn.%d", i);
			keeper_store(&keeper, name, STDERR_FILENO);
		}
		keeper_forget(&keeper, "conn.7");
		keeper_store(&keeper, "conn.8", STDERR_FILENO); /* replaces */
		kill(getpid(), SIGKILL);
	}
	const char *found;
	int fd;
	int count = 0;

	while (keeper_each(&keeper, "conn.", &found, &fd)) {
		count += strcmp(found, "conn.7") != 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC;
	}
	board->found[2] = count;
	keeper_settle(&keeper);
	be_patient(1);
	keeper_close(&keeper);
	return 0;
}

/* Leaves one descriptor unclaimed, and then looks whether it came again. */
static int role_forgetful(void)
{
	struct keeper keeper;

	if (keeper_open(&keeper, NULL)) {
		return 1;
	}
	board->found[3] = (int)keeper.count;
	if (board->starts[3]++ == 0) {
		keeper_store(&keeper, "left", STDERR_FILENO);
		kill(getpid(), SIGKILL);
	}
	keeper_settle(&keeper);
	be_patient(3);
	keeper_close(&keeper);
	return 0;
}

static int role_failing(void)
{
	board->starts[2]++;
	return 3;
}

static int role_slow_start(void)
{
	struct keeper keeper;

	keeper_open(&keeper, NULL);
	board->starts[0]++;
	pause_ms(300);
	board->ready_seen = board->starts[1]; /* the successor must not have begun yet */
	keeper_settle(&keeper);
	be_patient(0);
	keeper_close(&keeper);
	return 0;
}

/* Says whatever comes to its mind. */
static int role_babbler(void)
{
	static const char *const texts[] = {
		"",
		"\n",
		"FDSTORE=1\n",
		"FDSTORE=1\nFDNAME=\n",
		"FDSTORE=1\nFDNAME=a:b\n",
		"FDSTOREREMOVE=1\n",
		"FDSTOREREMOVE=1\nFDNAME=never\n",
		"FDNAME=x",
		"\xff\xfe=",
		"FDSTORE=1FDNAME=x\nREADY=2\n",
	};
	struct keeper keeper;
	char big[5000];

	if (keeper_open(&keeper, NULL)) {
		return 1;
	}
	board->starts[1]++;
	board->found[1] = (int)keeper.count;
	for (unsigned int i = 1; board->starts[1] == 1 && i < 10; i++) {
		send(keeper.socket, texts[i], strlen(texts[i]), 0);
	}
	memset(big, 'F', sizeof(big));
	if (board->starts[1] == 1) {
		send(keeper.socket, big, sizeof(big), 0);
		keeper_store(&keeper, "good", STDERR_FILENO);
		kill(getpid(), SIGKILL);
	}
	keeper_settle(&keeper);
	be_patient(1);
	keeper_close(&keeper);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} roles[] = {
	{"counter", role_counter}, {"hoarder", role_hoarder},       {"forgetful", role_forgetful},
	{"failing", role_failing}, {"slow-start", role_slow_start}, {"babbler", role_babbler},
};

/* --- the keeper under test -------------------------------------------------------------------- */

static char log_path[64];

static void log_line(void *data, const char *line)
{
	dprintf(*(int *)data, "%s\n", line);
}

static void was_ready(void *data)
{
	dprintf(*(int *)data, "all ready\n");
}

static pid_t start_keeper(const char *const *wanted)
{
	struct supervise_table table = {0};
	char exe[] = "/proc/self/exe";

	snprintf(log_path, sizeof(log_path), "/tmp/test-keeper-log.%d", (int)getpid());
	unlink(log_path);
	pid_t pid = fork();

	if (pid) {
		return pid;
	}
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct supervise_options options = {.log = log_line, .ready = was_ready, .data = &fd};

	for (; *wanted; wanted++) {
		char *argv[] = {exe, (char[]){"--role"}, strdup(*wanted), board_path, NULL};

		supervise_table_add(&table, *wanted, argv, NULL);
		free(argv[2]);
	}
	int err = supervise_run(&table, &options, NULL);

	supervise_table_clear(&table);
	close(fd);
	_exit(err ? 1 : 0);
}

static int stop_keeper(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	unlink(board_path);
	return status;
}

static bool wait_for(volatile const int *value, int wanted)
{
	for (int i = 0; i < 10000 && *value != wanted; i++) {
		pause_ms(1);
	}
	return *value == wanted;
}

static bool log_contains(const char *text)
{
	char content[16384] = "";
	FILE *file = fopen(log_path, "r");

	if (file) {
		content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
		fclose(file);
	}
	return strstr(content, text);
}

static bool log_will_contain(const char *text)
{
	for (int i = 0; i < 5000; i++) {
		if (log_contains(text)) {
			return true;
		}
		pause_ms(1);
	}
	return false;
}

/* --- claims ----------------------------------------------------------------------------------- */

static void killed_daemons_find_their_journal_again(void)
{
	static const char *const table[] = {"counter", NULL};
	pid_t keeper = start_keeper(table);
	long before = 0;

	for (int death = 1; death <= 5; death++) {
		if (!wait_for(&board->starts[0], death)) {
			CU_FAIL("it was not started again");
			break;
		}
		while (!board->pids[0]) {
			pause_ms(1);
		}
		CU_ASSERT_EQUAL(board->fresh, death == 1);
		CU_ASSERT_EQUAL(board->found[0], death == 1 ? 0 : 2);
		CU_ASSERT_TRUE(board->counted >= before);
		before = board->counted;
		pid_t pid = board->pids[0];

		board->pids[0] = 0;
		kill(pid, SIGKILL);
	}
	wait_for(&board->starts[0], 6);
	CU_ASSERT_TRUE(board->counted > 0);
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
	CU_ASSERT_TRUE(log_contains("killed by signal 9 (Killed)"));
	CU_ASSERT_TRUE(log_contains("with 2 descriptors handed over"));
}

static void what_was_sent_before_a_kill_is_held(void)
{
	static const char *const table[] = {"hoarder", NULL};
	pid_t keeper = start_keeper(table);

	CU_ASSERT_TRUE(wait_for(&board->starts[1], 2));
	while (!board->pids[1]) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(board->found[1], 299);
	CU_ASSERT_EQUAL(board->found[2], 299);
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
}

static void what_nobody_claims_is_forgotten(void)
{
	static const char *const table[] = {"forgetful", NULL};
	pid_t keeper = start_keeper(table);

	CU_ASSERT_TRUE(wait_for(&board->starts[3], 2));
	while (!board->pids[3]) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(board->found[3], 1);
	pid_t pid = board->pids[3];

	board->pids[3] = 0;
	kill(pid, SIGKILL);
	CU_ASSERT_TRUE(wait_for(&board->starts[3], 3));
	while (!board->pids[3]) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(board->found[3], 0);
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
}

static void a_daemon_that_dies_in_a_loop_is_put_off(void)
{
	static const char *const table[] = {"failing", NULL};
	pid_t keeper = start_keeper(table);

	CU_ASSERT_TRUE(log_will_contain("5 times in a row it did not last: next try in 0."));
	/* Four deaths are free, then 100, 200, 400 ms: without putting off it would be hundreds. */
	pause_ms(500);
	CU_ASSERT_TRUE(board->starts[2] >= 4 && board->starts[2] <= 8);
	CU_ASSERT_TRUE(log_contains("ended with status 3"));
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
}

static void a_command_that_is_not_there_is_named(void)
{
	struct supervise_table table = {0};
	char *argv[] = {(char[]){"/nonexistent/daemon"}, NULL};
	pid_t pid;
	int status;

	snprintf(log_path, sizeof(log_path), "/tmp/test-keeper-log.%d", (int)getpid());
	unlink(log_path);
	pid = fork();
	if (!pid) {
		int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		struct supervise_options options = {.log = log_line, .data = &fd};

		dup2(fd, STDERR_FILENO);
		supervise_table_add(&table, "gone", argv, NULL);
		supervise_run(&table, &options, NULL);
		supervise_table_clear(&table);
		close(fd);
		_exit(0);
	}
	CU_ASSERT_TRUE(log_will_contain("gone: cannot start /nonexistent/daemon: No such file"));
	CU_ASSERT_TRUE(log_will_contain("ended with status 127"));
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	CU_ASSERT_EQUAL(status, 0);
}

static void a_successor_waits_until_its_predecessor_is_ready(void)
{
	static const char *const table[] = {"slow-start", "hoarder", NULL};
	pid_t keeper = start_keeper(table);

	board->ready_seen = -1;
	CU_ASSERT_TRUE(wait_for(&board->starts[1], 2));
	CU_ASSERT_EQUAL(board->ready_seen, 0);
	CU_ASSERT_TRUE(log_will_contain("all ready"));
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
}

static void daemons_are_stopped_last_one_first(void)
{
	static const char *const table[] = {"slow-start", "hoarder", "forgetful", NULL};
	pid_t keeper = start_keeper(table);

	CU_ASSERT_TRUE(log_will_contain("all ready"));
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
	CU_ASSERT_EQUAL(board->order_count, 3);
	CU_ASSERT_EQUAL(board->order[0], 3);
	CU_ASSERT_EQUAL(board->order[1], 1);
	CU_ASSERT_EQUAL(board->order[2], 0);
}

static void a_hangup_goes_on_to_the_daemons(void)
{
	static const char *const table[] = {"slow-start", "hoarder", NULL};
	pid_t keeper = start_keeper(table);

	CU_ASSERT_TRUE(log_will_contain("all ready"));
	while (!board->pids[0] || !board->pids[1]) {
		pause_ms(1);
	}
	kill(keeper, SIGHUP);
	CU_ASSERT_TRUE(wait_for(&board->hangups, 2));
	kill(keeper, SIGUSR1);
	CU_ASSERT_TRUE(log_will_contain("slow-start: ready, process"));
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
}

static void nonsense_from_a_daemon_costs_nothing(void)
{
	static const char *const table[] = {"babbler", NULL};
	pid_t keeper = start_keeper(table);

	CU_ASSERT_TRUE(wait_for(&board->starts[1], 2));
	while (!board->pids[1]) {
		pause_ms(1);
	}
	CU_ASSERT_EQUAL(board->found[1], 1); /* only the good one */
	CU_ASSERT_TRUE(log_contains("not held"));
	CU_ASSERT_EQUAL(stop_keeper(keeper), 0);
}

static void without_a_keeper_everything_succeeds_and_nothing_stays(void)
{
	struct keeper keeper;
	void *map;
	bool fresh;
	int fd;

	CU_ASSERT_EQUAL(keeper_open(&keeper, NULL), 0);
	CU_ASSERT_FALSE(keeper_is_present(&keeper));
	CU_ASSERT_EQUAL(keeper_store(&keeper, "a", 0), 0);
	CU_ASSERT_EQUAL(keeper_take(&keeper, "a", &fd), -ENOENT);
	CU_ASSERT_EQUAL(keeper_forget(&keeper, "a"), 0);
	CU_ASSERT_EQUAL(keeper_journal(&keeper, "j", 8192, &map, &fresh, NULL), 0);
	CU_ASSERT_TRUE(fresh);
	munmap(map, 8192);
	CU_ASSERT_EQUAL(keeper_settle(&keeper), 0);
	keeper_close(&keeper);
}

static void bad_names_are_refused(void)
{
	struct keeper keeper;
	char lengthy[KEEPER_NAME_MAX + 2];

	memset(lengthy, 'a', sizeof(lengthy) - 1);
	lengthy[sizeof(lengthy) - 1] = '\0';
	CU_ASSERT_EQUAL(keeper_open(&keeper, NULL), 0);
	CU_ASSERT_EQUAL(keeper_store(&keeper, "", 0), -EINVAL);
	CU_ASSERT_EQUAL(keeper_store(&keeper, "a:b", 0), -EINVAL);
	CU_ASSERT_EQUAL(keeper_store(&keeper, "a\nb", 0), -EINVAL);
	CU_ASSERT_EQUAL(keeper_store(&keeper, lengthy, 0), -EINVAL);
	CU_ASSERT_EQUAL(keeper_store(&keeper, "a", -1), -EINVAL);
	keeper_close(&keeper);
}

static void a_contradicting_environment_is_an_error(void)
{
	struct keeper keeper;
	struct report report = {0};

	setenv("LISTEN_FDS", "many", 1);
	CU_ASSERT_EQUAL(keeper_open(&keeper, &report), -EINVAL);
	CU_ASSERT_TRUE(report_has_error(&report));
	report_clear(&report);
	setenv("LISTEN_FDS", "5000", 1);
	CU_ASSERT_EQUAL(keeper_open(&keeper, &report), -EBADF);
	report_clear(&report);
	setenv("PROXENOS_KEEPER_FD", "999", 1);
	CU_ASSERT_EQUAL(keeper_open(&keeper, &report), -EBADF);
	report_clear(&report);
	setenv("NOTIFY_SOCKET", "relative", 1);
	CU_ASSERT_EQUAL(keeper_open(&keeper, &report), -EINVAL);
	report_clear(&report);
	CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET"));
}

static void descriptors_for_another_process_are_not_taken(void)
{
	struct keeper keeper;

	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", "1", 1);
	CU_ASSERT_EQUAL(keeper_open(&keeper, NULL), 0);
	CU_ASSERT_EQUAL(keeper.count, 0);
	keeper_close(&keeper);
}

/* What systemd would receive. */
static void under_systemd_its_own_protocol_is_spoken(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t length;
	struct keeper keeper;
	char text[512];
	char name[64];

	snprintf(name, sizeof(name), "@test-keeper-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&address, length), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	CU_ASSERT_EQUAL(keeper_open(&keeper, NULL), 0);
	CU_ASSERT_TRUE(keeper_is_present(&keeper));
	CU_ASSERT_EQUAL(keeper_store(&keeper, "tty.1", STDERR_FILENO), 0);
	CU_ASSERT_EQUAL(keeper_settle(&keeper), 0);
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

	text[got < 0 ? 0 : got] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "FDSTOREREMOVE=1\nFDNAME=tty.1\n");
	got = recv(fd, text, sizeof(text) - 1, 0);
	text[got < 0 ? 0 : got] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=tty.1\n");
	got = recv(fd, text, sizeof(text) - 1, 0);
	text[got < 0 ? 0 : got] = '\0';
	CU_ASSERT_STRING_EQUAL(text, "READY=1\n");
	keeper_close(&keeper);
	close(fd);
}

static int read_text(const char *text, struct supervise_table *table, struct report *report)
{
	char *copy = strdup(text);
	FILE *file = fmemopen(copy, strlen(copy), "r");
	int err = supervise_table_read(table, file, "keeper.conf", report);

	fclose(file);
	free(copy);
	return err;
}

static void a_table_is_read_with_quotes_and_comments(void)
{
	struct supervise_table table = {0};

	CU_ASSERT_EQUAL(read_text("# the control plane\n\n"
				  "store: /usr/sbin/xenstored --db \"/var/lib/a b\" # tmpfs\n"
				  "  console:\txenconsoled --log=guest\n",
				  &table, NULL),
			0);
	CU_ASSERT_EQUAL_FATAL(table.count, 2);
	CU_ASSERT_STRING_EQUAL(table.daemons[0].name, "store");
	CU_ASSERT_STRING_EQUAL(table.daemons[0].argv[2], "/var/lib/a b");
	CU_ASSERT_PTR_NULL(table.daemons[0].argv[3]);
	CU_ASSERT_STRING_EQUAL(table.daemons[1].name, "console");
	CU_ASSERT_STRING_EQUAL(table.daemons[1].argv[1], "--log=guest");
	supervise_table_clear(&table);
}

static void a_mistake_in_a_table_names_its_line(void)
{
	static const struct {
		const char *text;
		const char *what;
	} cases[] = {
		{"a: b\nxenstored --fast\n", "keeper.conf line 2"},
		{"a: \"b\n", "keeper.conf line 1"},
		{"a:\n", "daemon 'a': no command"},
		{"a: b\na: c\n", "daemon 'a': named twice"},
		{"a/b: c\n", "daemon 'a/b': its name"},
		{"# nothing\n", "keeper.conf"},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct supervise_table table = {0};
		struct report report = {0};

		CU_ASSERT_TRUE(read_text(cases[i].text, &table, &report) < 0);
		CU_ASSERT_EQUAL_FATAL(report.count, 1);
		CU_ASSERT_STRING_EQUAL(report.messages[0].what, cases[i].what);
		CU_ASSERT_PTR_NOT_NULL(report.messages[0].why);
		report_clear(&report);
		supervise_table_clear(&table);
	}
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		UNIT(killed_daemons_find_their_journal_again),
		UNIT(what_was_sent_before_a_kill_is_held),
		UNIT(what_nobody_claims_is_forgotten),
		UNIT(a_daemon_that_dies_in_a_loop_is_put_off),
		UNIT(a_command_that_is_not_there_is_named),
		UNIT(a_successor_waits_until_its_predecessor_is_ready),
		UNIT(daemons_are_stopped_last_one_first),
		UNIT(a_hangup_goes_on_to_the_daemons),
		UNIT(nonsense_from_a_daemon_costs_nothing),
		UNIT(without_a_keeper_everything_succeeds_and_nothing_stays),
		UNIT(bad_names_are_refused),
		UNIT(a_contradicting_environment_is_an_error),
		UNIT(descriptors_for_another_process_are_not_taken),
		UNIT(under_systemd_its_own_protocol_is_spoken),
		UNIT(a_table_is_read_with_quotes_and_comments),
		UNIT(a_mistake_in_a_table_names_its_line),
	};

	if (argc == 4 && strcmp(argv[1], "--role") == 0) {
		board = board_map(argv[3]);
		for (unsigned int i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
			if (strcmp(argv[2], roles[i].name) == 0) {
				return roles[i].run();
			}
		}
		return 2;
	}
	return unit_main("keeper", tests, sizeof(tests) / sizeof(tests[0]), setup);
}
