/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of commands, and finding one: by its name, else by the only name that begins so.
 */
#include "xl/xl.h"

#include <string.h>

const struct command xl_commands[] = {
#define COMMAND(name, function, dry_run, modifies, arguments, summary, options)                    \
	{name, cmd_##function, dry_run, modifies, arguments, summary, options},
#include "xl/command.def"
#undef COMMAND
};

const unsigned int xl_command_count = sizeof(xl_commands) / sizeof(xl_commands[0]);

const struct command *xl_command_find(const char *name)
{
	const struct command *found = NULL;
	size_t length = strlen(name);
	unsigned int matches = 0;

	for (unsigned int i = 0; i < xl_command_count; i++) {
		if (!strcmp(xl_commands[i].name, name)) {
			return &xl_commands[i];
		}
		if (length && !strncmp(xl_commands[i].name, name, length)) {
			found = &xl_commands[i];
			matches++;
		}
	}
	return matches == 1 ? found : NULL;
}
