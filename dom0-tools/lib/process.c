/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Detaching by one fork: the daemon leads its session, but does not open terminals.
 */
#include "lib/process.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static int cannot_detach(struct report *report)
{
	return report_error(report, errno, "going to the background");
}

int process_detach(int *waiting, struct report *report)
{
	unsigned char status = 1;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return cannot_detach(report);
	}
	child = fork();
	if (child < 0) {
		int err = cannot_detach(report);

		close(ends[0]);
		close(ends[1]);
		return err;
	}
	if (child > 0) {
		close(ends[1]);
		while (read(ends[0], &status, 1) < 0 && errno == EINTR) {
		}
		_exit(status);
	}
	close(ends[0]);
	setsid();
	*waiting = ends[1];
	return 0;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0) {
		return;
	}
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO) {
		close(null);
	}
}

void process_tell(int *waiting, int status)
{
	unsigned char byte = (unsigned char)status;

	if (*waiting < 0) {
		return;
	}
	(void)!write(*waiting, &byte, 1); /* a parent that is gone does not ask */
	close(*waiting);
	*waiting = -1;
	if (!status) {
		leave_terminal();
	}
}

int process_write_pid(const char *path, struct report *report)
{
	FILE *file;
	int written;

	if (!path) {
		return 0;
	}
	file = fopen(path, "we");
	if (!file) {
		return report_error(report, errno, "pid file %s", path);
	}
	written = fprintf(file, "%ld\n", (long)getpid());
	if (fclose(file) || written < 0) {
		return report_error(report, errno, "pid file %s", path);
	}
	return 0;
}

void process_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}
