/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of the syntax of xl.cfg; the grammar is in syntax.h. One pass, one character ahead, no
 * separate tokens: at each place the grammar allows so little that the next character decides. The
 * text is not trusted (it may come from a package or over a pipe): depth, size and every index are
 * bounded, and an error frees nothing that cfg_clear() would not free.
 *
 * The first error ends the reading; what follows would often be its consequence.
 */
#include "config/syntax.h"

#include "lib/report.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 2U
#define SETTINGS_MAX 4096U

struct reader {
	struct cfg_file *file;
	struct report *report;
	const char *text;
	size_t size;
	size_t at;
	struct cfg_where where; /* of text[at] */
	bool argument;          /* reads one argument of a command line */
};

/* A text under construction. */
struct buffer {
	char *text;
	size_t used;
	size_t room;
};

int cfg_no_memory(struct report *report)
{
	return report_error(report, ENOMEM, "reading the configuration");
}

static void __attribute__((format(printf, 4, 0)))
say(const struct cfg_where *where, struct report *report, bool error, const char *format,
    va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0) {
		return;
	}
	if (where && where->line) {
		if (error) {
			report_error(report, 0, "%s:%u:%u: %s", where->source, where->line,
				     where->column, text);
		} else {
			report_warning(report, "%s:%u:%u: %s", where->source, where->line,
				       where->column, text);
		}
	} else if (error) {
		report_error(report, 0, "%s", text);
	} else {
		report_warning(report, "%s", text);
	}
	free(text);
}

int cfg_error(const struct cfg_where *where, struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(where, report, true, format, args);
	va_end(args);
	return -EINVAL;
}

void cfg_warning(const struct cfg_where *where, struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(where, report, false, format, args);
	va_end(args);
}

static int buffer_add(struct buffer *buffer, char c)
{
	if (buffer->used + 1 >= buffer->room) {
		size_t room = buffer->room ? buffer->room * 2 : 32;
		char *text = realloc(buffer->text, room);

		if (!text) {
			return -ENOMEM;
		}
		buffer->text = text;
		buffer->room = room;
	}
	buffer->text[buffer->used++] = c;
	buffer->text[buffer->used] = '\0';
	return 0;
}

/* The next character, or -1 at the end. */
static int look(const struct reader *reader)
{
	return reader->at < reader->size ? (unsigned char)reader->text[reader->at] : -1;
}

static void step(struct reader *reader)
{
	if (look(reader) == '\n') {
		reader->where.line++;
		reader->where.column = 1;
	} else {
		reader->where.column++;
	}
	reader->at++;
}

/* Passes blanks and comments; line ends too if `lines`. */
static void skip_blanks(struct reader *reader, bool lines)
{
	int c;

	while ((c = look(reader)) != -1) {
		if (c == '#') {
			while (look(reader) != -1 && look(reader) != '\n') {
				step(reader);
			}
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' ||
			   (lines && c == '\n')) {
			step(reader);
		} else {
			return;
		}
	}
}

static bool is_word(int c)
{
	return c != -1 && (isalnum(c) || c == '_' || c == '.');
}

/* What stands here, for a message: a word, a character or the end. */
static const char *here(const struct reader *reader, char text[40])
{
	size_t length = 1;
	int c = look(reader);

	if (c == -1) {
		return reader->argument ? "the end of the argument" : "the end of the file";
	}
	if (c == '\n') {
		return "the end of the line";
	}
	if (!isprint(c)) {
		snprintf(text, 40, "the byte 0x%02x", (unsigned int)c);
		return text;
	}
	while (is_word(c) && length < 32 && reader->at + length < reader->size &&
	       is_word((unsigned char)reader->text[reader->at + length])) {
		length++;
	}
	snprintf(text, 40, "'%.*s'", (int)length, reader->text + reader->at);
	return text;
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A character given by number; the reader stands on its first digit. */
static int read_numbered(struct reader *reader, struct cfg_where where, unsigned int base,
			 unsigned int digits, struct buffer *buffer)
{
	unsigned int value = 0;

	for (unsigned int i = 0; i < digits; i++) {
		int digit = hex_digit(look(reader));

		if (digit < 0 || (unsigned int)digit >= base) {
			return cfg_error(&where, reader->report,
					 "a character by number needs %u %s digits", digits,
					 base == 16 ? "hexadecimal" : "octal");
		}
		value = value * base + (unsigned int)digit;
		step(reader);
	}
	if (value == 0 || value > 255) {
		return cfg_error(&where, reader->report, "no character has the number %u here",
				 value);
	}
	return buffer_add(buffer, (char)value);
}

static int read_escape(struct reader *reader, struct buffer *buffer)
{
	static const char letters[] = "abfnrtv\\'\"";
	static const char meanings[] = "\a\b\f\n\r\t\v\\'\"";
	struct cfg_where where = reader->where;
	const char *letter;
	int c;

	step(reader);
	c = look(reader);
	if (c == 'x') {
		step(reader);
		return read_numbered(reader, where, 16, 2, buffer);
	}
	if (c >= '0' && c <= '7') {
		return read_numbered(reader, where, 8, 3, buffer);
	}
	letter = c > 0 ? strchr(letters, c) : NULL;
	if (!letter) {
		cfg_error(&where, reader->report, "a backslash does not go with what follows it");
		report_next(reader->report, "write \\\\ for a backslash itself");
		return -EINVAL;
	}
	step(reader);
	return buffer_add(buffer, meanings[letter - letters]);
}

static size_t utf8_length(unsigned char first)
{
	if (first < 0x80) {
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		return 3;
	}
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The offset of the first byte that is not UTF-8, or -1 (Unicode 15, table 3-7). */
static ptrdiff_t utf8_fault(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		size_t length = utf8_length(*at);

		if (length == 0) {
			return (const char *)at - text;
		}
		for (size_t i = 1; i < length; i++) {
			if ((at[i] & 0xc0) != 0x80) {
				return (const char *)at - text;
			}
		}
		if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
		    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) {
			return (const char *)at - text;
		}
		at += length;
	}
	return -1;
}

/* Hands a finished text to value; the machine's description is shown as JSON, hence UTF-8. */
static int finish_text(struct reader *reader, struct buffer *buffer, struct cfg_value *value)
{
	ptrdiff_t fault;

	if (!buffer->text && buffer_add(buffer, '\0') < 0) {
		return cfg_no_memory(reader->report);
	}
	fault = utf8_fault(buffer->text);
	if (fault >= 0) {
		cfg_error(&value->where, reader->report,
			  "the text is not UTF-8: byte %td is 0x%02x", fault + 1,
			  (unsigned char)buffer->text[fault]);
		report_next(reader->report,
			    "convert the file, for example by iconv -f latin1 -t utf-8");
		free(buffer->text);
		return -EINVAL;
	}
	value->text = buffer->text;
	return 0;
}

static int read_string(struct reader *reader, struct cfg_value *value)
{
	struct buffer buffer = {0};
	int quote = look(reader);
	int err = 0;
	int c;

	step(reader);
	while (!err && (c = look(reader)) != quote) {
		if (c == -1 || c == '\n') {
			err = cfg_error(&value->where, reader->report, "the string has no end");
			report_next(reader->report,
				    "close it with %c on the same line; \\n makes a line end",
				    quote);
		} else if (c == '\0') {
			err = cfg_error(&reader->where, reader->report, "a NUL byte in a string");
		} else if (c == '\\') {
			err = read_escape(reader, &buffer);
		} else {
			err = buffer_add(&buffer, (char)c);
			step(reader);
		}
	}
	if (err) {
		free(buffer.text);
		return err == -ENOMEM ? cfg_no_memory(reader->report) : err;
	}
	step(reader);
	return finish_text(reader, &buffer, value);
}

/* Length of the number at `text`, 0 if there is none: digits, x and hexadecimal digits. */
static size_t number_length(const char *text, size_t size)
{
	size_t n = size > 0 && text[0] == '-' ? 1 : 0;
	size_t digits = n;

	while (n < size &&
	       (hex_digit((unsigned char)text[n]) >= 0 || text[n] == 'x' || text[n] == 'X')) {
		n++;
	}
	return n > digits && isdigit((unsigned char)text[digits]) ? n : 0;
}

/* Takes `length` bytes as they are. */
static int read_plain(struct reader *reader, size_t length, struct cfg_value *value)
{
	struct buffer buffer = {0};

	for (size_t i = 0; i < length; i++) {
		if (buffer_add(&buffer, (char)look(reader)) < 0) {
			free(buffer.text);
			return cfg_no_memory(reader->report);
		}
		step(reader);
	}
	return finish_text(reader, &buffer, value);
}

/* An argument's value that its writer's shell has taken the quotes from. */
static int read_argument_text(struct reader *reader, struct cfg_value *value)
{
	size_t length = reader->size - reader->at;

	while (length > 0 && isspace((unsigned char)reader->text[reader->at + length - 1])) {
		length--;
	}
	return read_plain(reader, length, value);
}

static int not_a_value(struct reader *reader)
{
	char text[40];
	int c = look(reader);

	cfg_error(&reader->where, reader->report,
		  "a value was expected (a string, a number or a list), not %s",
		  here(reader, text));
	if (is_word(c)) {
		report_next(reader->report, "put text into quotes; only numbers go without");
	}
	return -EINVAL;
}

static int read_value(struct reader *reader, unsigned int depth, struct cfg_value *value);

static struct cfg_value *list_add(struct cfg_value *list)
{
	struct cfg_value *item = reallocarray(list->item, list->items + 1, sizeof(*item));

	if (!item) {
		return NULL;
	}
	list->item = item;
	item[list->items] = (struct cfg_value){0};
	return &item[list->items++];
}

static int read_list(struct reader *reader, unsigned int depth, struct cfg_value *list)
{
	char text[40];

	if (depth == DEPTH_MAX) {
		return cfg_error(&reader->where, reader->report,
				 "lists are nested too deeply: a list within a list is the most");
	}
	step(reader);
	for (;;) {
		struct cfg_value *item;
		int err;

		skip_blanks(reader, true);
		if (look(reader) == ']') {
			step(reader);
			return 0;
		}
		if (look(reader) == -1) {
			cfg_error(&list->where, reader->report, "the list has no end");
			report_next(reader->report, "close it with ]");
			return -EINVAL;
		}
		item = list_add(list);
		err = item ? read_value(reader, depth + 1, item) : cfg_no_memory(reader->report);
		if (err) {
			return err;
		}
		skip_blanks(reader, true);
		if (look(reader) == ',') {
			step(reader);
		} else if (look(reader) != ']' && look(reader) != -1) {
			return cfg_error(&reader->where, reader->report,
					 "',' or ']' was expected in the list, not %s",
					 here(reader, text));
		}
	}
}

static int read_value(struct reader *reader, unsigned int depth, struct cfg_value *value)
{
	int c = look(reader);
	size_t length;

	value->where = reader->where;
	if (c == '\'' || c == '"') {
		return read_string(reader, value);
	}
	if (c == '[') {
		return read_list(reader, depth, value);
	}
	length = number_length(reader->text + reader->at, reader->size - reader->at);
	if (length && !is_word(reader->at + length < reader->size
				       ? (unsigned char)reader->text[reader->at + length]
				       : -1)) {
		return read_plain(reader, length, value);
	}
	if (reader->argument && depth == 0 && c != -1) {
		return read_argument_text(reader, value);
	}
	return not_a_value(reader);
}

static void value_clear(struct cfg_value *value)
{
	for (unsigned int i = 0; i < value->items; i++) {
		for (unsigned int j = 0; j < value->item[i].items; j++) {
			free(value->item[i].item[j].text);
		}
		free(value->item[i].item);
		free(value->item[i].text);
	}
	free(value->item);
	free(value->text);
	*value = (struct cfg_value){0};
}

static struct cfg_setting *find(struct cfg_file *file, const char *name)
{
	for (unsigned int i = 0; i < file->settings; i++) {
		if (strcmp(file->setting[i].name, name) == 0) {
			return &file->setting[i];
		}
	}
	return NULL;
}

const struct cfg_setting *cfg_find(struct cfg_file *file, const char *name)
{
	struct cfg_setting *setting = find(file, name);

	if (setting) {
		setting->used = true;
	}
	return setting;
}

/* Takes over name and the contents of value. */
static int setting_add(struct reader *reader, struct cfg_where where, char *name,
		       struct cfg_value *value)
{
	struct cfg_file *file = reader->file;
	struct cfg_setting *all;

	if (file->settings == SETTINGS_MAX) {
		return cfg_error(&where, reader->report, "more than %u settings", SETTINGS_MAX);
	}
	all = reallocarray(file->setting, file->settings + 1, sizeof(*all));
	if (!all) {
		return cfg_no_memory(reader->report);
	}
	file->setting = all;
	all[file->settings++] = (struct cfg_setting){.where = where, .name = name, .value = *value};
	return 0;
}

/* old += value. Leaves in value what is to be freed. */
static int append(struct reader *reader, struct cfg_value *old, struct cfg_value *value)
{
	char *text;

	if (!old->text != !value->text) {
		return cfg_error(&value->where, reader->report, "%s cannot be appended to %s",
				 value->text ? "text" : "a list", old->text ? "text" : "a list");
	}
	if (!old->text) {
		struct cfg_value *item;

		if (value->items == 0) {
			return 0;
		}
		item = reallocarray(old->item, old->items + value->items, sizeof(*item));
		if (!item) {
			return cfg_no_memory(reader->report);
		}
		memcpy(item + old->items, value->item, value->items * sizeof(*item));
		old->item = item;
		old->items += value->items;
		value->items = 0;
		return 0;
	}
	if (asprintf(&text, "%s%s", old->text, value->text) < 0) {
		return cfg_no_memory(reader->report);
	}
	free(old->text);
	old->text = text;
	return 0;
}

/* Takes over name and value, whatever happens. */
static int assign(struct reader *reader, struct cfg_where where, char *name, bool appends,
		  struct cfg_value *value)
{
	struct cfg_setting *old = find(reader->file, name);
	int err = 0;

	if (!old) {
		err = setting_add(reader, where, name, value);
		if (!err) {
			return 0;
		}
	} else if (appends) {
		err = append(reader, &old->value, value);
	} else {
		struct cfg_value replaced = old->value;

		old->value = *value;
		old->where = where;
		*value = replaced;
	}
	free(name);
	value_clear(value);
	return err;
}

static int read_name(struct reader *reader, char **name)
{
	size_t from = reader->at;
	char text[40];

	if (!is_word(look(reader)) || isdigit(look(reader))) {
		return cfg_error(&reader->where, reader->report,
				 "the name of a setting was expected, not %s", here(reader, text));
	}
	while (is_word(look(reader))) {
		step(reader);
	}
	*name = strndup(reader->text + from, reader->at - from);
	return *name ? 0 : cfg_no_memory(reader->report);
}

static bool is_python(const char *name)
{
	static const char *const words[] = {"import", "from",  "def",   "if",
					    "for",    "while", "class", "print"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(name, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* The sign between name and value; *appends for "+=". */
static int read_sign(struct reader *reader, const char *name, bool *appends)
{
	char text[40];

	skip_blanks(reader, false);
	*appends = look(reader) == '+';
	if (*appends) {
		step(reader);
	}
	if (look(reader) != '=') {
		cfg_error(&reader->where, reader->report,
			  "'=' or '+=' was expected after '%s', not %s", name, here(reader, text));
		if (is_python(name)) {
			report_next(reader->report,
				    "the file is not a program: only lines NAME = VALUE are read");
		}
		return -EINVAL;
	}
	step(reader);
	skip_blanks(reader, false);
	return 0;
}

static int read_setting(struct reader *reader)
{
	struct cfg_where where = reader->where;
	struct cfg_value value = {0};
	bool appends = false;
	char *name = NULL;
	char text[40];
	int err = read_name(reader, &name);

	if (!err) {
		err = read_sign(reader, name, &appends);
	}
	if (!err) {
		err = read_value(reader, 0, &value);
	}
	if (!err) {
		skip_blanks(reader, false);
		if (look(reader) != -1 && look(reader) != '\n' && look(reader) != ';') {
			err = cfg_error(&reader->where, reader->report,
					"the end of the line was expected after the value of '%s', "
					"not %s",
					name, here(reader, text));
			report_next(reader->report, "one setting a line, or ';' between them");
		}
	}
	if (err) {
		free(name);
		value_clear(&value);
		return err;
	}
	return assign(reader, where, name, appends, &value);
}

static int read_all(struct reader *reader)
{
	for (;;) {
		int err;

		skip_blanks(reader, true);
		if (look(reader) == ';') {
			step(reader);
			continue;
		}
		if (look(reader) == -1) {
			return 0;
		}
		err = read_setting(reader);
		if (err) {
			return err;
		}
	}
}

/* A copy of a source's name that lives as long as the file. */
static const char *keep_source(struct cfg_file *file, const char *source)
{
	char **all = reallocarray(file->source, file->sources + 1, sizeof(*all));

	if (!all) {
		return NULL;
	}
	file->source = all;
	all[file->sources] = strdup(source);
	return all[file->sources] ? all[file->sources++] : NULL;
}

int cfg_parse(struct cfg_file *file, const char *text, size_t size, const char *source,
	      struct report *report)
{
	struct reader reader = {.file = file, .report = report, .text = text, .size = size};

	reader.where = (struct cfg_where){keep_source(file, source), 1, 1};
	if (!reader.where.source) {
		return cfg_no_memory(report);
	}
	if (size > CFG_SIZE_MAX) {
		return report_error(report, EFBIG, "%s", source);
	}
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		reader.at = 3; /* a byte order mark */
	}
	return read_all(&reader);
}

int cfg_parse_argument(struct cfg_file *file, const char *argument, unsigned int number,
		       struct report *report)
{
	struct reader reader = {.file = file, .report = report, .argument = true};

	reader.text = argument;
	reader.size = strlen(argument);
	reader.where = (struct cfg_where){keep_source(file, "command line"), number, 1};
	if (!reader.where.source) {
		return cfg_no_memory(report);
	}
	return read_all(&reader);
}

/* Reads fd to its end, but not more than the limit. */
static int read_fd(int fd, struct buffer *buffer)
{
	buffer->text = malloc(CFG_SIZE_MAX + 2);
	if (!buffer->text) {
		return -ENOMEM;
	}
	for (;;) {
		ssize_t got =
			read(fd, buffer->text + buffer->used, CFG_SIZE_MAX + 1 - buffer->used);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -errno;
		}
		if (got == 0) {
			buffer->text[buffer->used] = '\0';
			return 0;
		}
		buffer->used += (size_t)got;
		if (buffer->used > CFG_SIZE_MAX) {
			return -EFBIG;
		}
	}
}

int cfg_read(const char *path, char **text, size_t *size, struct report *report)
{
	struct buffer buffer = {0};
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : read_fd(fd, &buffer);

	if (fd >= 0 && !standard) {
		close(fd);
	}
	if (err) {
		free(buffer.text);
		report_error(report, -err, "configuration '%s'",
			     standard ? "standard input" : path);
		return err;
	}
	*text = buffer.text;
	*size = buffer.used;
	return 0;
}

void cfg_clear(struct cfg_file *file)
{
	for (unsigned int i = 0; i < file->settings; i++) {
		free(file->setting[i].name);
		value_clear(&file->setting[i].value);
	}
	for (unsigned int i = 0; i < file->sources; i++) {
		free(file->source[i]);
	}
	free(file->setting);
	free(file->source);
	*file = (struct cfg_file){0};
}
