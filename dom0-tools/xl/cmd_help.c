/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl help [command].
 */
#include "xl/xl.h"

#include "lib/report.h"

int cmd_help(struct xl *xl, int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		xl_help_all(xl, xl->out);
		return XL_OK;
	}
	command = xl_command_find(argv[1]);
	if (command) {
		xl_help_command(command, xl->out);
	} else {
		fprintf(xl->out, "command \"%s\" not implemented\n", argv[1]);
	}
	return XL_OK; /* consumers probe with it */
}
