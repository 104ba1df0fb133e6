/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs xenconsole: our own from the package's directory, else the one of the system.
 */
#include "xl/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/local/libexec/proxenos"
#endif

static const char *const programs[] = {
	PKGLIBEXECDIR "/xenconsole",
	"/usr/libexec/proxenos/xenconsole",
	"/usr/lib/proxenos/xenconsole",
	"/usr/lib/xen-4.17/bin/xenconsole",
};

static void run_console(domid_t domid, const struct console_options *options)
{
	char id[16], number[16];
	const char *argv[10] = {"xenconsole", id, "--type", options->type, "--num", number};
	unsigned int used = 6;

	snprintf(id, sizeof(id), "%u", domid);
	snprintf(number, sizeof(number), "%u", options->number);
	if (options->escape) {
		argv[used++] = "--escape";
		argv[used++] = options->escape;
	}
	if (getenv("PROXENOS_XENCONSOLE")) {
		execv(getenv("PROXENOS_XENCONSOLE"), (char *const *)(uintptr_t)argv);
	}
	for (unsigned int i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		execv(programs[i], (char *const *)(uintptr_t)argv);
	}
}

int console_attach(struct xl *xl, domid_t domid, const struct console_options *options)
{
	fflush(xl->out);
	fflush(xl->err);
	run_console(domid, options);
	report_error(&xl->report, errno, "the console of domain %u", domid);
	report_next(&xl->report, "the program xenconsole is missing from %s", PKGLIBEXECDIR);
	xl_show(xl);
	return XL_FAILED;
}

pid_t console_start(struct xl *xl, domid_t domid)
{
	static const struct console_options options = {.type = "pv"};
	pid_t child;

	fflush(xl->out);
	fflush(xl->err);
	child = fork();
	if (child == 0) {
		_exit(console_attach(xl, domid, &options));
	}
	if (child < 0) {
		report_warning(&xl->report, "the console of domain %u", domid);
		report_why(&xl->report, "%s", strerror(errno));
	}
	return child;
}

void console_wait(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
		continue;
	}
}
