/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of xl share: the open ways out, the global options, and the texts and exit
 * statuses that scripts know.
 *
 * A command is one function, in a file of its own or with its likes, cmd_<name>.c, and entered in
 * command.def. It parses its arguments, calls one function of control/, and prints: results on
 * xl->out, everything else on xl->err; errors wait in xl->report until xl_end() shows them.
 */
#ifndef XL_XL_H
#define XL_XL_H

#include "control/control.h"
#include "lib/report.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include <xen/base.h>

/* Exit statuses; those of create are the absolute value of enum xl_error. */
#define XL_OK 0
#define XL_FAILED 1
#define XL_USAGE 2

/* The numbers under which this family of tools reports kinds of errors. */
enum xl_error {
	XL_ERROR_NONSPECIFIC = 1,
	XL_ERROR_FAIL = 3,
	XL_ERROR_NOMEM = 5,
	XL_ERROR_INVAL = 6,
	XL_ERROR_TIMEDOUT = 9,
};

struct xl;

struct command {
	const char *name;
	int (*run)(struct xl *xl, int argc, char **argv);
	bool dry_run;  /* knows -N */
	bool modifies; /* -f means something */
	const char *arguments;
	const char *summary; /* one sentence */
	const char *options; /* lines, each ended by a newline; "" */
};

struct xl {
	FILE *out;
	FILE *err;
	struct report report;
	struct control *control; /* NULL until xl_open() */
	struct control own;      /* what xl_open() opens */
	const char *conf_path;   /* NULL: /etc/xen/xl.conf */
	const struct command *command;
	unsigned int verbosity;
	bool dry_run;
	bool force;
	bool timestamps;
	bool progress_cr; /* -t: accepted; nothing here shows progress */
};

extern const struct command xl_commands[];
extern const unsigned int xl_command_count;

/* argv[0] is "xl"; returns the exit status. */
int xl_run(struct xl *xl, int argc, char **argv);

/* The command of this name, or the only one that begins so; NULL. */
const struct command *xl_command_find(const char *name);

void xl_help_all(const struct xl *xl, FILE *to);
void xl_help_command(const struct command *command, FILE *to);

/* --- for commands --- */

/* Opens the hypervisor unless it is open. 0, or an exit status after saying why not. */
int xl_open(struct xl *xl);

/* Shows what is in the report; the exit status for err. */
int xl_end(struct xl *xl, int err);

/* Shows messages collected so far, and forgets them. */
void xl_show(struct xl *xl);

/* getopt_long() that knows -h, --help and --json besides, and says what it does not know. Returns
 * XL_OPT_USAGE after an option that does not exist, XL_OPT_HELP after having shown the help. */
#define XL_OPT_USAGE 0x100
#define XL_OPT_HELP 0x101
#define XL_OPT_JSON 0x102
int xl_getopt(struct xl *xl, int argc, char **argv, const char *letters,
	      const struct option *options);
/* The exit status for XL_OPT_USAGE and XL_OPT_HELP. */
int xl_getopt_end(int option);

/* False, with the usage shown, unless at least `count` arguments follow the options. Leave with
 * XL_USAGE then. */
bool xl_has_arguments(struct xl *xl, int argc, int count);

/* An option without a value: *on becomes true. The letter may be XL_OPT_JSON, or another number
 * when there is only the long name. */
struct xl_switch {
	int letter;
	const char *name; /* long; NULL: none */
	bool *on;
};

/* How most commands begin: reads their switches (the last one is {0}; NULL: none) and sees that at
 * least `count` arguments follow. False when the command ends here, with *status. */
bool xl_begin(struct xl *xl, int argc, char **argv, const struct xl_switch *switches, int count,
	      int *status);
/* The same, and finds the domain that the first argument names. */
bool xl_begin_domain(struct xl *xl, int argc, char **argv, const struct xl_switch *switches,
		     int count, domid_t *domid, int *status);
/* The same without arguments, and opens the hypervisor. */
bool xl_begin_open(struct xl *xl, int argc, char **argv, const struct xl_switch *switches,
		   int *status);

/* Finds a domain by name or number; XL_OK, or an exit status after saying so. */
int xl_find_domain(struct xl *xl, const char *text, domid_t *domid);

/* A number without sign or rest; -EINVAL. */
int xl_read_number(const char *text, unsigned long *number);

/* --- every command --- */
#define COMMAND(name, function, dry_run, modifies, arguments, summary, options)                    \
	int cmd_##function(struct xl *xl, int argc, char **argv);
#include "xl/command.def"
#undef COMMAND

#endif
