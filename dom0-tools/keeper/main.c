/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxenos-keeper: what stands above the daemons of the control plane. Options, its log, its
 * process; the work is in supervise.c. It raises its own limit of descriptors to what it may,
 * because it holds those of all others, and asks the kernel to spare it when memory runs out.
 */
#include "keeper/keeper.h"
#include "keeper/supervise.h"
#include "lib/process.h"
#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "proxenos-keeper"

struct process {
	bool to_syslog;
	int parent; /* -1, or the pipe on which a waiting parent learns that all are ready */
	const char *pid_file;
	struct keeper manager; /* systemd, if it started us */
};

static const char usage[] =
	"usage: " PROGRAM " [OPTION]... -f TABLE\n"
	"       " PROGRAM " [OPTION]... DAEMON [ARGUMENT]...\n"
	"Starts daemons, holds descriptors for them, starts anew at once what dies.\n"
	"\n"
	"  -f, --file TABLE     lines \"NAME: COMMAND ARGUMENT...\", started in this order\n"
	"  -n, --name NAME      call DAEMON this in messages (default: its file's name)\n"
	"  -b, --background     go to the background when all are ready; messages to syslog\n"
	"  -p, --pid-file FILE  write the keeper's process number there\n"
	"  -h, --help           show this\n";

static void log_line(void *data, const char *line)
{
	const struct process *process = data;

	if (process->to_syslog) {
		syslog(LOG_NOTICE, "%s", line);
	} else {
		fprintf(stderr, PROGRAM ": %s\n", line);
	}
}

static void all_ready(void *data)
{
	struct process *process = data;

	keeper_settle(&process->manager);
	process_tell(&process->parent, 0);
}

static void raise_limits(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t ignored = write(fd, "-900", 4);

		(void)ignored; /* only root may */
		close(fd);
	}
	process_raise_files();
}

static int read_table(struct supervise_table *table, const char *path, struct report *report)
{
	FILE *file = fopen(path, "re");
	int err;

	if (!file) {
		err = report_error(report, errno, "table of daemons %s", path);
		report_next(report, "one line each: NAME: COMMAND ARGUMENT...");
		return err;
	}
	err = supervise_table_read(table, file, path, report);
	fclose(file);
	return err;
}

static int run(struct supervise_table *table, struct process *process, bool background,
	       struct report *report)
{
	struct supervise_options options = {.log = log_line, .ready = all_ready, .data = process};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err = keeper_open(&process->manager, report);

	if (!err && background) {
		err = process_detach(&process->parent, report);
		process->to_syslog = true;
		openlog(PROGRAM, LOG_PID, LOG_DAEMON);
	}
	if (!err) {
		err = process_write_pid(process->pid_file, report);
	}
	if (err) {
		return err;
	}
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	err = supervise_run(table, &options, report);
	if (process->pid_file) {
		unlink(process->pid_file);
	}
	keeper_close(&process->manager);
	return err;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"file", required_argument, NULL, 'f'}, {"name", required_argument, NULL, 'n'},
		{"background", no_argument, NULL, 'b'}, {"pid-file", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
	};
	struct report report = {0};
	struct supervise_table table = {0};
	struct process process = {.parent = -1, .manager = {.socket = -1}};
	const char *file = NULL;
	const char *name = NULL;
	bool background = false;
	int option;
	int err;

	while ((option = getopt_long(argc, argv, "+f:n:bp:h", options, NULL)) >= 0) {
		switch (option) {
		case 'f':
			file = optarg;
			break;
		case 'n':
			name = optarg;
			break;
		case 'b':
			background = true;
			break;
		case 'p':
			process.pid_file = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (!file == (optind == argc)) {
		fputs(usage, stderr);
		return 2;
	}
	if (file) {
		err = read_table(&table, file, &report);
	} else {
		err = supervise_table_add(&table, name ? name : basename(argv[optind]),
					  argv + optind, &report);
	}
	if (!err) {
		err = run(&table, &process, background, &report);
	}
	report_print(&report, PROGRAM, true, stderr);
	report_clear(&report);
	supervise_table_clear(&table);
	return err ? 1 : 0;
}
