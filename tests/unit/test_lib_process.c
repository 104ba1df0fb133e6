/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0-tools/lib/process.c does with a process, seen from the one that started it. */
#include "lib/process.h"
#include "lib/report.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum ending { SERVES, REFUSES, DIES };

/* Starts a daemon as a shell would; what it exits with at once. The daemon says on the pipe `to`
 * what it has become. */
static int start(enum ending ending, int to)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		int waiting = -1;
		char answer = 's';

		if (process_detach(&waiting, NULL)) {
			_exit(99);
		}
		if (ending == DIES) {
			_exit(3);
		}
		process_tell(&waiting, ending == REFUSES ? 65 : 0);
		process_tell(&waiting, 7);
		if (getsid(0) != getpid() || isatty(STDERR_FILENO)) {
			answer = 'x';
		}
		_exit(write(to, &answer, 1) != 1);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void who_starts_it_waits_until_it_serves(void)
{
	int ends[2];
	char answer = 0;

	CU_ASSERT_EQUAL(pipe(ends), 0);
	CU_ASSERT_EQUAL(start(SERVES, ends[1]), 0);
	CU_ASSERT_EQUAL(read(ends[0], &answer, 1), 1);
	CU_ASSERT_EQUAL(answer, 's');
	CU_ASSERT_EQUAL(start(REFUSES, ends[1]), 65);
	CU_ASSERT_EQUAL(start(DIES, ends[1]), 1);
	close(ends[0]);
	close(ends[1]);
}

static void its_number_is_in_a_file(void)
{
	char path[] = "/tmp/proxenos-pid-XXXXXX", text[32] = "";
	struct report report = {0};
	int fd = mkstemp(path);

	CU_ASSERT_EQUAL(process_write_pid(path, &report), 0);
	CU_ASSERT(read(fd, text, sizeof(text) - 1) > 0);
	CU_ASSERT_EQUAL(atol(text), getpid());
	close(fd);
	unlink(path);
	CU_ASSERT_EQUAL(process_write_pid(NULL, &report), 0);
	CU_ASSERT_EQUAL(report.count, 0);
	CU_ASSERT_EQUAL(process_write_pid("/nowhere/at/all.pid", &report), -ENOENT);
	CU_ASSERT_STRING_EQUAL(report.messages[0].what, "pid file /nowhere/at/all.pid");
	report_clear(&report);
	CU_ASSERT_EQUAL(process_write_pid("/dev/full", NULL), -ENOSPC);
}

static void it_may_have_as_many_files_as_allowed(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = 64;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &files), 0);
	process_raise_files();
	getrlimit(RLIMIT_NOFILE, &files);
	CU_ASSERT_EQUAL(files.rlim_cur, files.rlim_max);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(who_starts_it_waits_until_it_serves),
		UNIT(its_number_is_in_a_file),
		UNIT(it_may_have_as_many_files_as_allowed),
	};

	return unit_main("lib_process", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
