/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dom0-tools/lib/process.c and dom0-tools/lib/confine.c do with a process, seen from the one
 * that started it.
 */
#include "lib/confine.h"
#include "lib/process.h"
#include "lib/report.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* A line of /proc/self/status as a number. */
static unsigned long long status_line(const char *name, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long value = ~0ULL;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':') {
			value = strtoull(line + strlen(name) + 1, NULL, base);
		}
	}
	if (file) {
		fclose(file);
	}
	return value;
}

static bool refused(long result)
{
	return result == -1 && errno == EPERM;
}

static bool has_nothing(void)
{
	return status_line("CapEff", 16) == 0 && status_line("CapPrm", 16) == 0 &&
	       status_line("CapBnd", 16) == (geteuid() ? status_line("CapBnd", 16) : 0) &&
	       status_line("NoNewPrivs", 10) == 1 && status_line("Seccomp", 10) == 2;
}

static bool starts_nothing(void)
{
	char *argv[] = {(char[]){"/bin/true"}, NULL};

	return refused(execv(argv[0], argv)) && refused(syscall(SYS_fork)) && refused(fork()) &&
	       refused(unshare(CLONE_NEWNS)) && refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static bool reaches_nothing(void)
{
	return refused(socket(AF_INET, SOCK_STREAM, 0)) &&
	       refused(socket(AF_NETLINK, SOCK_RAW, 0)) &&
	       refused(mount("none", "/tmp", "tmpfs", 0, NULL)) && refused(setuid(0)) &&
	       refused(mknod("/tmp/proxenos-node", S_IFBLK | 0600, 0));
}

/* What a daemon goes on doing: files of its own, new ones, local sockets, terminals. */
static bool opens_a_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	return master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 &&
	       open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0;
}

static bool still_works(const char *path)
{
	int ends[2];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 && posix_fallocate(fd, 0, 8192) == 0 && unlink(path) == 0 &&
	       socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && write(ends[0], "x", 1) == 1 &&
	       socket(AF_UNIX, SOCK_DGRAM, 0) >= 0 && opens_a_terminal();
}

static void a_confined_daemon_works_on_and_reaches_nothing_else(void)
{
	char path[] = "/tmp/proxenos-confined-XXXXXX";
	int status = 0;
	int fd = mkstemp(path);
	pid_t child;

	close(fd);
	unlink(path);
	child = fork();
	if (child == 0) {
		struct report report = {0};

		process_confine(&report);
		_exit((report.count ? 1 : 0) | (has_nothing() ? 0 : 2) |
		      (starts_nothing() ? 0 : 4) | (reaches_nothing() ? 0 : 8) |
		      (still_works(path) ? 0 : 16));
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_TRUE(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		UNIT(who_starts_it_waits_until_it_serves),
		UNIT(its_number_is_in_a_file),
		UNIT(it_may_have_as_many_files_as_allowed),
		UNIT(a_confined_daemon_works_on_and_reaches_nothing_else),
	};

	return unit_main("lib_process", tests, sizeof(tests) / sizeof(tests[0]), NULL);
}
