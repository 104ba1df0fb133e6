/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the command line to one command, and what all of them share: options, domains by name,
 * the showing of reports.
 */
#include "xl/xl.h"

#include "control/domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

void xl_help_all(const struct xl *xl, FILE *to)
{
	fprintf(to, "Usage xl [-vfNtT] <subcommand> [args]\n\nxl full list of subcommands:\n\n");
	for (unsigned int i = 0; i < xl_command_count; i++) {
		const struct command *command = &xl_commands[i];
		const char *gap = strlen(command->name) > 19 ? "\n                     " : "";

		fprintf(to, " %-19s %s%s\n", command->name, gap, command->summary);
	}
}

void xl_help_command(const struct command *command, FILE *to)
{
	fprintf(to, "Usage: xl [-vtT%s%s] %s %s\n\n%s.\n\n", command->modifies ? "f" : "",
		command->dry_run ? "N" : "", command->name, command->arguments, command->summary);
	if (*command->options) {
		fprintf(to, "Options:\n\n%s", command->options);
	}
}

static void print_stamp(const struct xl *xl)
{
	struct timeval now;
	struct tm local;
	char text[64];

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &local);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &local);
	fprintf(xl->err, "%s [%d] ", text, (int)getpid());
}

void xl_show(struct xl *xl)
{
	if (xl->report.count && xl->timestamps) {
		print_stamp(xl);
	}
	fflush(xl->out);
	report_print(&xl->report, "xl", xl->verbosity > 0, xl->err);
	report_clear(&xl->report);
}

int xl_end(struct xl *xl, int err)
{
	xl_show(xl);
	return err ? XL_FAILED : XL_OK;
}

int xl_open(struct xl *xl)
{
	int err;

	if (xl->control) {
		return XL_OK;
	}
	err = control_open(&xl->own, xl->conf_path, &xl->report);
	if (err) {
		return xl_end(xl, err);
	}
	xl->control = &xl->own;
	return XL_OK;
}

static bool knows_json(const struct command *command)
{
	return strstr(command->options, "--json") != NULL;
}

/* The command's options, then the ones all have. */
static struct option *all_options(const struct command *command, const struct option *options)
{
	unsigned int count = 0, extra = 0;
	struct option *all;

	while (options && options[count].name) {
		count++;
	}
	all = calloc(count + 3, sizeof(*all));
	if (!all) {
		return NULL;
	}
	memcpy(all, options, count * sizeof(*all));
	if (knows_json(command)) {
		all[count + extra++] = (struct option){"json", no_argument, NULL, XL_OPT_JSON};
	}
	all[count + extra] = (struct option){"help", no_argument, NULL, 'h'};
	return all;
}

int xl_getopt(struct xl *xl, int argc, char **argv, const char *letters,
	      const struct option *options)
{
	static const struct option none[] = {{0}};
	struct option *all = all_options(xl->command, options ? options : none);
	char text[64];
	int option;

	if (!all) {
		return XL_OPT_USAGE;
	}
	snprintf(text, sizeof(text), "h%s", letters);
	opterr = 0;
	option = getopt_long(argc, argv, text, all, NULL);
	free(all);
	if (option == 'h') {
		xl_help_command(xl->command, xl->out);
		return XL_OPT_HELP;
	}
	if (option == '?' || option == ':') {
		if (optopt > 0 && optopt < 0x80 && strchr(letters, optopt)) {
			fprintf(xl->err, "option `%c' needs an argument.\n", optopt);
		} else if (optopt > 0 && optopt < 0x80) {
			fprintf(xl->err, "option `%c' not supported.\n", optopt);
		} else {
			fprintf(xl->err, "option `%s' not supported.\n", argv[optind - 1]);
		}
		fprintf(xl->err, "    `xl help %s` lists the options.\n", xl->command->name);
		return XL_OPT_USAGE;
	}
	return option;
}

int xl_getopt_end(int option)
{
	return option == XL_OPT_HELP ? XL_OK : XL_USAGE;
}

bool xl_has_arguments(struct xl *xl, int argc, int count)
{
	if (argc - optind >= count) {
		return true;
	}
	fprintf(xl->err, "'xl %s' requires at least %d argument%s.\n\n", xl->command->name, count,
		count > 1 ? "s" : "");
	xl_help_command(xl->command, xl->out);
	return false;
}

#define SWITCHES 4

static bool read_switches(struct xl *xl, int argc, char **argv, const struct xl_switch *switches,
			  int *status)
{
	struct option options[SWITCHES + 1] = {{0}};
	char letters[SWITCHES + 1] = "";
	unsigned int count = 0, long_ones = 0, short_ones = 0;
	int option;

	for (; switches && switches[count].on; count++) {
		if (switches[count].letter < 0x80 && short_ones < SWITCHES) {
			letters[short_ones++] = (char)switches[count].letter;
		}
		if (switches[count].name && long_ones < SWITCHES) {
			options[long_ones++] = (struct option){switches[count].name, no_argument,
							       NULL, switches[count].letter};
		}
	}
	while ((option = xl_getopt(xl, argc, argv, letters, options)) != -1) {
		unsigned int i = 0;

		while (i < count && switches[i].letter != option) {
			i++;
		}
		if (i == count) {
			*status = xl_getopt_end(option);
			return false;
		}
		*switches[i].on = true;
	}
	return true;
}

bool xl_begin(struct xl *xl, int argc, char **argv, const struct xl_switch *switches, int count,
	      int *status)
{
	if (!read_switches(xl, argc, argv, switches, status)) {
		return false;
	}
	*status = XL_USAGE;
	return xl_has_arguments(xl, argc, count);
}

bool xl_begin_domain(struct xl *xl, int argc, char **argv, const struct xl_switch *switches,
		     int count, domid_t *domid, int *status)
{
	if (!xl_begin(xl, argc, argv, switches, count, status)) {
		return false;
	}
	*status = xl_find_domain(xl, argv[optind], domid);
	return *status == XL_OK;
}

bool xl_begin_open(struct xl *xl, int argc, char **argv, const struct xl_switch *switches,
		   int *status)
{
	if (!xl_begin(xl, argc, argv, switches, 0, status)) {
		return false;
	}
	*status = xl_open(xl);
	return *status == XL_OK;
}

int xl_find_domain(struct xl *xl, const char *text, domid_t *domid)
{
	int err = xl_open(xl);

	if (err) {
		return err;
	}
	err = control_domain_find(xl->control, text, domid, &xl->report);
	if (err == -ENOENT || err == -ERANGE) {
		xl_show(xl);
		fprintf(xl->err,
			"%s is an invalid domain identifier (rc=-6)\n"
			"    no domain has that %s; `xl list` shows those there are\n",
			text, err == -ENOENT ? "name" : "number");
		return XL_FAILED;
	}
	return err ? xl_end(xl, err) : XL_OK;
}

int xl_read_number(const char *text, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9') {
		return -EINVAL;
	}
	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

static int run_command(struct xl *xl, const struct command *command, int argc, char **argv)
{
	int status;

	if (xl->dry_run && !command->dry_run) {
		fprintf(xl->err, "command does not implement -N (dryrun) option\n");
		return XL_FAILED;
	}
	xl->command = command;
	optind = 0; /* glibc: begin anew */
	status = command->run(xl, argc, argv);
	xl_show(xl);
	if (fflush(xl->out) && status == XL_OK && errno != EPIPE) {
		fprintf(xl->err, "xl: error: the output could not be written: %s\n",
			strerror(errno));
		status = XL_FAILED;
	}
	return status;
}

static int global_options(struct xl *xl, int argc, char **argv)
{
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt(argc, argv, "+vftTN")) != -1) {
		switch (option) {
		case 'v':
			xl->verbosity++;
			break;
		case 'f':
			xl->force = true;
			break;
		case 'N':
			xl->dry_run = true;
			break;
		case 't':
			xl->progress_cr = true;
			break;
		case 'T':
			xl->timestamps = true;
			break;
		default:
			fprintf(xl->err, "unknown global option\n    `xl help` shows them all\n");
			return XL_USAGE;
		}
	}
	return XL_OK;
}

int xl_run(struct xl *xl, int argc, char **argv)
{
	const struct command *command;
	int status = global_options(xl, argc, argv), first = optind;

	if (status) {
		return status;
	}
	if (first >= argc) {
		xl_help_all(xl, xl->out);
		return XL_FAILED;
	}
	command = xl_command_find(argv[first]);
	if (!command) {
		fprintf(xl->err, "command not implemented\n    `xl help` lists the commands\n");
		return XL_FAILED;
	}
	return run_command(xl, command, argc - first, argv + first);
}
