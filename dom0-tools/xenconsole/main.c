/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenconsole: attaches to the console of a domain given by its number. xl console starts this, by
 * the options Xen's program of that name has.
 */
#include "lib/report.h"
#include "store/store.h"
#include "xenconsole/attach.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "xenconsole"

static const char usage[] =
	"Usage: " PROGRAM " [OPTION] DOMID\n"
	"Attaches to a virtual domain console\n"
	"\n"
	"  -h, --help               display this help and exit\n"
	"  -n, --num N              use console number N\n"
	"      --type TYPE          console type: 'pv' or 'serial'\n"
	"  -e, --escape ^X          detach with this character (default ^], 'none' for none)\n"
	"      --start-notify-fd N  file descriptor used to notify parent\n";

static int number_of(const char *text, unsigned int most, unsigned int *number)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || *end || value > most) {
		return -EINVAL;
	}
	*number = (unsigned int)value;
	return 0;
}

static int parse_kind(const char *text, struct attach_options *options)
{
	options->kind = strcmp(text, "serial") == 0 ? ATTACH_SERIAL : ATTACH_PV;
	return options->kind == ATTACH_SERIAL || strcmp(text, "pv") == 0 ? 0 : -EINVAL;
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct attach_options *options)
{
	enum { TYPE = 256, NOTIFY, INTERACTIVE };
	static const struct option known[] = {
		{"num", required_argument, NULL, 'n'},
		{"type", required_argument, NULL, TYPE},
		{"escape", required_argument, NULL, 'e'},
		{"start-notify-fd", required_argument, NULL, NOTIFY},
		{"interactive", no_argument, NULL, INTERACTIVE},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	unsigned int fd;
	int err = 0;
	int option;

	while (!err && (option = getopt_long(argc, argv, "hn:e:", known, NULL)) >= 0) {
		switch (option) {
		case 'n':
			err = number_of(optarg, 65535, &options->number);
			break;
		case TYPE:
			err = parse_kind(optarg, options);
			break;
		case 'e':
			err = attach_parse_escape(optarg, &options->escape);
			break;
		case NOTIFY:
			err = number_of(optarg, 65535, &fd);
			options->notify = err ? -1 : (int)fd;
			break;
		case INTERACTIVE: /* upstream's, for a terminal at stdin: found out by ourselves */
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EINVAL;
		}
	}
	if (err) {
		fprintf(stderr, PROGRAM ": error: '%s' is no value for this option\n", optarg);
		return EINVAL;
	}
	if (optind + 1 != argc) {
		fprintf(stderr, "DOMID should be specified\n%s", usage);
		return EINVAL;
	}
	if (number_of(argv[optind], 0x7fef, &options->domid)) {
		fprintf(stderr, "Invalid DOMID `%s'\n", argv[optind]);
		return EINVAL;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct attach_options options = {.escape = ATTACH_ESCAPE, .wait_ms = 15000, .notify = -1};
	struct report report = {0};
	struct store *store;
	enum attach_end end;
	int status = parse(argc, argv, &options);
	int err;

	if (status >= 0) {
		return status;
	}
	if (options.domid == 0) {
		fputs("Can't specify Domain-0\n", stderr);
		return EINVAL;
	}
	signal(SIGPIPE, SIG_IGN);
	err = store_open(&store, STORE_ANY, &report);
	if (!err) {
		err = attach_run(store, &options, &end, &report);
		store_close(store);
	}
	report_print(&report, PROGRAM, false, stderr);
	report_clear(&report);
	return err ? 1 : 0;
}
