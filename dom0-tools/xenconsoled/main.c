/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenconsoled: options, messages, the process. Options are those of Xen's daemon of that name, and
 * a few more. Under a keeper or systemd it stays in the foreground, as it does with -i.
 */
#include "keeper/keeper.h"
#include "lib/confine.h"
#include "lib/process.h"
#include "lib/report.h"
#include "xenconsoled/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "xenconsoled"
#define LOG_FOLDER "/var/log/xen/console"
#define PID_FILE "/run/xen/xenconsoled.pid"
#define LOG_SIZE (16ULL << 20)
#define LOG_KEEP 3

struct options {
	struct daemon_options daemon;
	const char *folder;
	const char *pid_file;
	bool guests;
	bool hypervisor;
	bool verbose;
	bool foreground;
};

static const char usage[] =
	"usage: " PROGRAM " [OPTION]...\n"
	"Carries guests' consoles: to terminals, and to log files.\n"
	"\n"
	"      --log=none|guest|hv|all        which logs to keep (default none)\n"
	"      --log-dir=DIR                  where (default " LOG_FOLDER ")\n"
	"      --log-size=MIB                 rotate a log of this size (default 16; 0: never)\n"
	"      --log-keep=N                   rotated logs that stay (default 3)\n"
	"  -t, --timestamp=none|guest|hv|all  begin lines of these logs with the time\n"
	"      --replace-escape               write the escape character as a dot\n"
	"  -o, --overflow-data=discard|keep   when a user does not read: go on without, or make "
	"the\n"
	"                                     guest wait (default discard)\n"
	"      --pid-file=FILE                (default " PID_FILE ")\n"
	"  -i, --interactive                  stay in the foreground\n"
	"  -v, --verbose                      say more\n"
	"  -V, --version                      show the version\n"
	"  -h, --help                         show this\n";

static bool to_syslog;
static bool show_details;
static const char *pid_file;

static int priority_of(enum report_level level)
{
	switch (level) {
	case REPORT_ERROR:
		return LOG_ERR;
	case REPORT_WARNING:
		return LOG_WARNING;
	case REPORT_DETAIL:
		break;
	}
	return LOG_DEBUG;
}

static void tell(struct report *report)
{
	for (unsigned int i = 0; to_syslog && i < report->count; i++) {
		const struct report_message *message = &report->messages[i];

		syslog(priority_of(message->level), "%s%s%s%s%s", message->what,
		       message->why ? ": " : "", message->why ? message->why : "",
		       message->next ? "; " : "", message->next ? message->next : "");
	}
	if (!to_syslog) {
		report_print(report, PROGRAM, show_details, stderr);
	}
	report_clear(report);
}

/* "none", "guest", "hv" or "all" to which of the two. */
static bool parse_which(const char *word, bool *guests, bool *hypervisor)
{
	bool all = strcmp(word, "all") == 0;

	*guests = all || strcmp(word, "guest") == 0;
	*hypervisor = all || strcmp(word, "hv") == 0;
	return *guests || *hypervisor || strcmp(word, "none") == 0;
}

static bool parse_number(const char *word, uint64_t most, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(word, &end, 10);
	return !errno && word[0] >= '0' && word[0] <= '9' && !*end && *number <= most;
}

static bool parse_overflow(const char *word, struct options *options)
{
	options->daemon.console.keep_overflow = strcmp(word, "keep") == 0;
	return options->daemon.console.keep_overflow || strcmp(word, "discard") == 0;
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct options *options)
{
	enum { LOG = 256, DIR, SIZE, KEEP, ESCAPE, PID };
	static const struct option known[] = {
		{"log", required_argument, NULL, LOG},
		{"log-dir", required_argument, NULL, DIR},
		{"log-size", required_argument, NULL, SIZE},
		{"log-keep", required_argument, NULL, KEEP},
		{"timestamp", required_argument, NULL, 't'},
		{"replace-escape", no_argument, NULL, ESCAPE},
		{"overflow-data", required_argument, NULL, 'o'},
		{"pid-file", required_argument, NULL, PID},
		{"interactive", no_argument, NULL, 'i'},
		{"verbose", no_argument, NULL, 'v'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct log_options *guest_log = &options->daemon.console.log;
	struct log_options *hypervisor_log = &options->daemon.hypervisor_log;
	uint64_t number = 0;
	bool good = true;
	int option;

	while (good && (option = getopt_long(argc, argv, "hVvit:o:", known, NULL)) >= 0) {
		switch (option) {
		case LOG:
			good = parse_which(optarg, &options->guests, &options->hypervisor);
			break;
		case DIR:
			options->folder = optarg;
			break;
		case SIZE:
			good = parse_number(optarg, 1 << 20, &number);
			guest_log->size_limit = hypervisor_log->size_limit = number << 20;
			break;
		case KEEP:
			good = parse_number(optarg, 1000, &number);
			guest_log->keep = hypervisor_log->keep = (unsigned int)number;
			break;
		case ESCAPE:
			guest_log->replace_escape = hypervisor_log->replace_escape = true;
			break;
		case PID:
			options->pid_file = optarg;
			break;
		case 't':
			good = parse_which(optarg, &guest_log->timestamps,
					   &hypervisor_log->timestamps);
			break;
		case 'o':
			good = parse_overflow(optarg, options);
			break;
		case 'i':
			options->foreground = true;
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'V':
			printf("Xen Console Daemon 3.0 (Proxenos)\n");
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			good = false;
			break;
		}
	}
	if (!good && optarg) {
		fprintf(stderr, PROGRAM ": error: '%s' is no value for this option\n", optarg);
	}
	if (!good || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

static int prepare_folder(const char *folder, struct report *report)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", folder);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST) {
		return report_error(report, errno, "folder for logs %s", path);
	}
	return 0;
}

static int parent_waits = -1;

static void is_ready(void)
{
	struct report report = {0};

	(void)process_write_pid(pid_file, &report);
	process_confine(&report);
	tell(&report);
	process_tell(&parent_waits, 0);
}

static int run(struct options *options, struct report *report)
{
	struct keeper keeper;
	int err = keeper_open(&keeper, report);

	if (err) {
		return err;
	}
	options->daemon.console.keeper = &keeper;
	if (options->guests || options->hypervisor) {
		err = prepare_folder(options->folder, report);
	}
	options->daemon.console.log_folder = options->guests ? options->folder : NULL;
	options->daemon.hypervisor_folder = options->hypervisor ? options->folder : NULL;
	if (!err && !options->foreground && !keeper_is_present(&keeper)) {
		err = process_detach(&parent_waits, report);
		to_syslog = true;
		openlog(PROGRAM, LOG_PID, LOG_DAEMON);
	}
	if (!err) {
		err = host_xen_open(&options->daemon.console.host, &options->daemon.console.context,
				    report);
	}
	if (!err) {
		process_raise_files(); /* a console takes three */
		err = daemon_run(&options->daemon, report);
		host_xen_close(options->daemon.console.context);
	}
	keeper_close(&keeper);
	return err;
}

int main(int argc, char **argv)
{
	struct options options = {
		.folder = LOG_FOLDER,
		.pid_file = PID_FILE,
		.daemon =
			{
				.console.log = {.size_limit = LOG_SIZE, .keep = LOG_KEEP},
				.hypervisor_log = {.size_limit = LOG_SIZE, .keep = LOG_KEEP},
				.tell = tell,
				.ready = is_ready,
			},
	};
	struct report report = {0};
	int status = parse(argc, argv, &options);
	int err;

	if (status >= 0) {
		return status;
	}
	show_details = options.verbose;
	pid_file = options.pid_file;
	signal(SIGPIPE, SIG_IGN);
	err = run(&options, &report);
	/* An error before the daemon serves belongs to who started it, too. */
	if (to_syslog && err) {
		report_print(&report, PROGRAM, show_details, stderr);
	}
	tell(&report);
	if (!err && pid_file) {
		unlink(pid_file);
	}
	return err ? 1 : 0;
}
