/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax shared by xl.cfg and xl.conf: text to a list of settings, nothing more.
 *
 *     file    : { [ NAME ("=" | "+=") value ] (NEWLINE | ";") }
 *     value   : string | number | "[" [ value { "," value } [ "," ] ] "]"
 *
 * Strings stand in ' or " and end on their line; a backslash makes a b f n r t v \ ' " a digit
 * triple (octal) or x and two digits (hex) one character. A number is digits, optionally after a
 * minus; it is kept as text, and a quoted number is as good. Inside brackets line ends mean
 * nothing. "#" begins a comment. Lists may contain lists, once.
 *
 * A later "=" replaces an earlier one, "+=" appends text to text or list to list. All text is
 * UTF-8 without NUL.
 */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

struct report;

/* Where something was written; source belongs to the file. */
struct cfg_where {
	const char *source;
	unsigned int line;
	unsigned int column; /* from 1, in bytes */
};

struct cfg_value {
	struct cfg_where where;
	char *text; /* NULL: a list */
	struct cfg_value *item;
	unsigned int items;
};

struct cfg_setting {
	struct cfg_where where;
	char *name;
	struct cfg_value value;
	bool used; /* somebody asked for it */
};

struct cfg_file {
	struct cfg_setting *setting;
	unsigned int settings;
	char **source; /* names that `where` refers to */
	unsigned int sources;
};

#define CFG_SIZE_MAX (1U << 20) /* bytes of one file */

/* Adds the settings of a text to file, which starts as {0} and is cleared by cfg_clear(), after an
 * error too. */
int cfg_parse(struct cfg_file *file, const char *text, size_t size, const char *source,
	      struct report *report);

/* The same for one argument of a command line, `name=value`. What neither begins with a quote or a
 * bracket nor is a number is taken as text, because shells eat quotes. number counts from 1. */
int cfg_parse_argument(struct cfg_file *file, const char *argument, unsigned int number,
		       struct report *report);

/* Reads a file ("-": standard input) into *text, to be freed. */
int cfg_read(const char *path, char **text, size_t *size, struct report *report);

/* The setting of that name, marked as used, or NULL. */
const struct cfg_setting *cfg_find(struct cfg_file *file, const char *name);

void cfg_clear(struct cfg_file *file);

/* report_error() and report_warning() with `source:line:column: ` before the text. where may be
 * NULL, or without a line: then there is nothing before it. */
int cfg_error(const struct cfg_where *where, struct report *report, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cfg_warning(const struct cfg_where *where, struct report *report, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* -ENOMEM, said. */
int cfg_no_memory(struct report *report);

#endif
