/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper's table of daemons, from a file or a command line. A mistake in it is an error before
 * anything is started: half a control plane is worse than a message at boot.
 */
#include "keeper/keeper.h"
#include "keeper/supervise.h"
#include "lib/report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

void supervise_table_clear(struct supervise_table *table)
{
	for (unsigned int i = 0; i < table->count; i++) {
		for (char **word = table->daemons[i].argv; word && *word; word++) {
			free(*word);
		}
		free(table->daemons[i].argv);
		free(table->daemons[i].name);
	}
	free(table->daemons);
	*table = (struct supervise_table){0};
}

static char **copy_words(char *const *words)
{
	size_t count = 0;
	char **copy;

	while (words[count]) {
		count++;
	}
	copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = strdup(words[i]);
		if (!copy[i]) {
			while (i > 0) {
				free(copy[--i]);
			}
			free(copy);
			return NULL;
		}
	}
	return copy;
}

static bool name_fits(const char *name)
{
	return *name && strlen(name) <= KEEPER_NAME_MAX && !strpbrk(name, "/ \t:=\n");
}

int supervise_table_add(struct supervise_table *table, const char *name, char *const *argv,
			struct report *report)
{
	struct supervise_daemon *daemons;

	if (!name_fits(name)) {
		return report_error(report, EINVAL, "daemon '%s': its name", name);
	}
	if (!argv[0]) {
		return report_error(report, EINVAL, "daemon '%s': no command", name);
	}
	for (unsigned int i = 0; i < table->count; i++) {
		if (strcmp(table->daemons[i].name, name) == 0) {
			return report_error(report, EEXIST, "daemon '%s': named twice", name);
		}
	}
	daemons = reallocarray(table->daemons, table->count + 1, sizeof(*daemons));
	if (!daemons) {
		return report_error(report, ENOMEM, "daemon '%s'", name);
	}
	table->daemons = daemons;
	daemons += table->count;
	*daemons = (struct supervise_daemon){.name = strdup(name), .argv = copy_words(argv)};
	table->count++;
	return daemons->name && daemons->argv ? 0
					      : report_error(report, ENOMEM, "daemon '%s'", name);
}

/* Cuts the next word out of *text; NULL at the end of the line. *bad: a quote without its pair. */
static char *next_word(char **text, bool *bad)
{
	char *from = *text + strspn(*text, " \t\r\n");
	char *to = from;
	char *word = from;
	bool quoted = false;

	if (!*from || *from == '#') {
		return NULL;
	}
	for (; *from && (quoted || !strchr(" \t\r\n", *from)); from++) {
		if (*from == '"') {
			quoted = !quoted;
		} else {
			*to++ = *from;
		}
	}
	*bad = quoted;
	*text = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static int read_line(struct supervise_table *table, char *line, const char *file,
		     unsigned int number, struct report *report)
{
	char *words[WORDS_MAX + 1] = {NULL};
	unsigned int count = 0;
	bool bad = false;
	char *name = next_word(&line, &bad);
	size_t length = name ? strlen(name) : 0;

	if (!name) {
		return 0;
	}
	if (bad || length < 2 || name[length - 1] != ':') {
		report_error(report, 0, "%s line %u", file, number);
		report_why(report, "it does not begin with a name and a colon");
		report_next(report, "write it as NAME: COMMAND ARGUMENT...");
		return -EINVAL;
	}
	name[length - 1] = '\0';
	while (count <= WORDS_MAX && !bad) {
		char *word = next_word(&line, &bad);

		if (!word) {
			break;
		}
		if (count == WORDS_MAX) {
			return report_error(report, E2BIG, "%s line %u: more than %d words", file,
					    number, WORDS_MAX);
		}
		words[count++] = word;
	}
	if (bad) {
		report_error(report, 0, "%s line %u", file, number);
		report_why(report, "a quote without its pair");
		return -EINVAL;
	}
	return supervise_table_add(table, name, words, report);
}

int supervise_table_read(struct supervise_table *table, FILE *from, const char *name,
			 struct report *report)
{
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	for (unsigned int number = 1; !err && getline(&line, &room, from) >= 0; number++) {
		err = read_line(table, line, name, number, report);
	}
	if (!err && ferror(from)) {
		err = report_error(report, EIO, "%s", name);
	}
	free(line);
	if (!err && !table->count) {
		report_error(report, 0, "%s", name);
		report_why(report, "it names no daemon");
		err = -EINVAL;
	}
	return err;
}
