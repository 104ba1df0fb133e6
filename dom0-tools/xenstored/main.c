/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstored: the program. Reads options, opens the database, meets the clients of its last instance
 * again, and serves. Ends with 0 after SIGTERM, with EX_DATAERR (65) if the database is damaged,
 * with 1 for other reasons to refuse, told on stderr.
 *
 * Under a keeper (ours, or systemd's) everything of the last instance is found again. Without one,
 * nodes and domains are found again, and socket clients have to connect anew.
 */
#include "xenstored/server.h"

#include "lib/confine.h"
#include "lib/process.h"
#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#define PROGRAM "xenstored"

struct settings {
	const char *database;
	const char *run_dir; /* where the sockets are */
	const char *pid_file;
	bool foreground;
	bool domains;
	bool fresh;
	bool verify;
	bool log_requests;
};

static bool to_syslog;

static void say(const char *line)
{
	if (to_syslog) {
		syslog(LOG_NOTICE, "%s", line);
	} else {
		fprintf(stderr, PROGRAM ": %s\n", line);
	}
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: " PROGRAM " [OPTION]...\n"
		"  -d, --database DIR     keep the store in DIR (default /run/proxenos/xenstored)\n"
		"  -F, --pid-file FILE    write the process id to FILE\n"
		"  -N, --no-fork          stay in the foreground, log to stderr\n"
		"  -D, --no-domain-init   serve sockets only, no domains\n"
		"  -T, --trace            log every request\n"
		"      --fresh            move the database aside and begin with an empty store\n"
		"      --verify           check every record of the database first\n"
		"  -V, --version\n"
		"  -h, --help\n");
}

enum { OPT_FRESH = 256, OPT_VERIFY };

static const struct option long_options[] = {
	{"database", required_argument, NULL, 'd'}, {"pid-file", required_argument, NULL, 'F'},
	{"no-fork", no_argument, NULL, 'N'},        {"no-domain-init", no_argument, NULL, 'D'},
	{"trace", no_argument, NULL, 'T'},          {"fresh", no_argument, NULL, OPT_FRESH},
	{"verify", no_argument, NULL, OPT_VERIFY},  {"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},           {0},
};

/* 0: go on; else the exit status + 1. */
static int read_options(struct settings *settings, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "d:F:NDTVh", long_options, NULL)) != -1) {
		switch (option) {
		case 'd':
			settings->database = optarg;
			break;
		case 'F':
			settings->pid_file = optarg;
			break;
		case 'N':
			settings->foreground = true;
			break;
		case 'D':
			settings->domains = false;
			break;
		case 'T':
			settings->log_requests = true;
			break;
		case OPT_FRESH:
			settings->fresh = true;
			break;
		case OPT_VERIFY:
			settings->verify = true;
			break;
		case 'V':
			puts(PROGRAM " (Proxenos)");
			return 1;
		case 'h':
			usage(stdout);
			return 1;
		default:
			usage(stderr);
			return 3;
		}
	}
	if (optind < argc) {
		fprintf(stderr, PROGRAM ": unexpected argument '%s'\n", argv[optind]);
		usage(stderr);
		return 3;
	}
	return 0;
}

static int make_parents(const char *path)
{
	char *copy = memory_copy(path);

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST) {
			free(copy);
			return -errno;
		}
		*slash = '/';
	}
	free(copy);
	return 0;
}

static int listen_all(struct server *server, const char *run_dir, struct report *report)
{
	static const char *const names[2] = {"socket", "socket_ro"};
	int err = 0;

	for (int i = 0; !err && i < 2; i++) {
		struct bytes path = {0};

		bytes_format(&path, "%s/%s", run_dir, names[i]);
		bytes_add(&path, "", 1);
		err = make_parents(path.data);
		if (err) {
			err = report_error(report, -err, "folder %s cannot be made", run_dir);
		} else {
			err = socket_listen(server, &server->listeners[i], path.data,
					    i ? "listen-ro" : "listen", i != 0, report);
		}
		bytes_free(&path);
	}
	return err;
}

static int start(struct server *server, const struct settings *settings, struct report *report)
{
	struct xsd_options options = {.dir = settings->database};
	struct xsd_world world;
	bool fresh;
	int err = keeper_open(&server->keeper, report);

	if (err) {
		return err;
	}
	/* Restarted by its keeper, the daemon knows that only its own death came between. */
	if (settings->verify || !server->keeper.count) {
		options.flags |= TREE_VERIFY;
	}
	if (settings->fresh) {
		options.flags |= TREE_FRESH;
	}
	server_world(server, &world);
	err = make_parents(settings->database);
	if (err) {
		return report_error(report, -err, "folder %s cannot be made", settings->database);
	}
	err = xsd_open(&server->store, &options, &world, &fresh, report);
	if (err) {
		return err;
	}
	server->store.log_requests = settings->log_requests;
	if (settings->domains) {
		err = domains_open(server, report);
	}
	if (!err) {
		xsd_resume(&server->store);
		socket_resume(server);
		err = settings->domains ? domains_introduce_own(server, report) : 0;
	}
	if (!err) {
		err = listen_all(server, settings->run_dir, report);
	}
	return err;
}

static void set_defaults(struct settings *settings)
{
	const char *run_dir = getenv("XENSTORED_RUNDIR");

	*settings = (struct settings){
		.database = "/run/proxenos/xenstored",
		.run_dir = run_dir ? run_dir : "/run/xenstored",
		.domains = true,
	};
}

int main(int argc, char **argv)
{
	static struct server server = {.ports = -1, .grants = -1, .log = say};
	struct report report = {0};
	struct settings settings;
	int ready = -1;
	int err;

	set_defaults(&settings);
	err = read_options(&settings, argc, argv);
	if (err) {
		return err - 1;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error like a full disk */
	/* A keeper's child stays its child. */
	if (!settings.foreground && !getenv("PROXENOS_KEEPER_FD") && !getenv("NOTIFY_SOCKET")) {
		err = process_detach(&ready, &report);
	}
	server.loop = ev_default_loop(EVFLAG_AUTO);
	if (!err) {
		err = start(&server, &settings, &report);
	}
	if (!err) {
		err = process_write_pid(settings.pid_file, &report);
	}
	if (!err) {
		process_confine(&report);
	}
	report_print(&report, PROGRAM, false, stderr);
	report_clear(&report);
	if (err) {
		int status = err == -EIO ? EX_DATAERR : 1;

		process_tell(&ready, status);
		return status;
	}
	(void)keeper_settle(&server.keeper);
	if (ready >= 0) {
		openlog(PROGRAM, LOG_PID, LOG_DAEMON);
		to_syslog = true;
	}
	process_tell(&ready, 0);
	server_run(&server);
	if (settings.pid_file) {
		unlink(settings.pid_file);
	}
	return 0;
}
