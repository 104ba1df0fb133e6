/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads xen.cfg syntax: which section applies and what its keys say.
 *
 *     [global]                     # a comment has '#' first on its line
 *     default=NAME
 *     [NAME]
 *     options=HYPERVISOR OPTIONS
 *     kernel=FILE KERNEL ARGUMENTS
 *     ramdisk=FILE
 *     ucode=FILE
 *
 * The section is the one asked for if the file has it, else the one default= names. A key is
 * looked up there, then in [global]; the first line wins, keys nobody knows are ignored. With
 * neither, section headers mean nothing and the first line of the whole file wins.
 *
 * The text is never modified and never trusted: it is scanned as spans of one buffer, a file may
 * end anywhere, and a value that does not fit is an error, never cut short.
 */
#include "boot/config.h"

struct span {
	const char *start;
	size_t bytes;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static struct span text_span(const char *text)
{
	struct span span = {text, 0};

	while (text[span.bytes]) {
		span.bytes++;
	}
	return span;
}

static struct span trim(struct span span)
{
	while (span.bytes && is_blank(span.start[0])) {
		span.start++;
		span.bytes--;
	}
	while (span.bytes && is_blank(span.start[span.bytes - 1])) {
		span.bytes--;
	}
	return span;
}

static bool span_is(struct span a, struct span b)
{
	if (a.bytes != b.bytes) {
		return false;
	}
	for (size_t i = 0; i < a.bytes; i++) {
		if (a.start[i] != b.start[i]) {
			return false;
		}
	}
	return true;
}

static bool span_begins(struct span span, const char *prefix)
{
	struct span head = text_span(prefix);

	return span.bytes >= head.bytes && span_is((struct span){span.start, head.bytes}, head);
}

static struct span span_skip(struct span span, size_t bytes)
{
	return (struct span){span.start + bytes, span.bytes - bytes};
}

static bool span_copy(struct span span, char *to, size_t size)
{
	if (span.bytes >= size) {
		return false;
	}
	for (size_t i = 0; i < span.bytes; i++) {
		to[i] = span.start[i];
	}
	to[span.bytes] = '\0';
	return true;
}

/* Names in messages may be cut: they are for people, nothing is looked up by them. */
static void span_copy_cut(struct span span, char *to, size_t size)
{
	if (span.bytes >= size) {
		span.bytes = size - 1;
	}
	(void)span_copy(span, to, size);
}

/* Takes the next line off *rest, without its end; false at the end of the text. */
static bool take_line(struct span *rest, struct span *line)
{
	size_t end = 0;

	if (!rest->bytes) {
		return false;
	}
	while (end < rest->bytes && rest->start[end] != '\n') {
		end++;
	}
	*line = trim((struct span){rest->start, end});
	*rest = span_skip(*rest, end < rest->bytes ? end + 1 : end);
	return true;
}

/* Takes the next word off *rest; an empty word when there is none. */
static struct span take_word(struct span *rest)
{
	struct span word;
	size_t end = 0;

	*rest = trim(*rest);
	while (end < rest->bytes && !is_blank(rest->start[end]) && rest->start[end] != '\n') {
		end++;
	}
	word = (struct span){rest->start, end};
	*rest = trim(span_skip(*rest, end));
	return word;
}

static bool line_is_comment(struct span line)
{
	return !line.bytes || line.start[0] == '#';
}

static bool line_is_header(struct span line, struct span *name)
{
	if (line.bytes < 2 || line.start[0] != '[' || line.start[line.bytes - 1] != ']') {
		return false;
	}
	*name = trim((struct span){line.start + 1, line.bytes - 2});
	return true;
}

static bool line_is_setting(struct span line, struct span *key, struct span *value)
{
	for (size_t i = 0; i < line.bytes; i++) {
		if (line.start[i] == '=') {
			*key = trim((struct span){line.start, i});
			*value = trim(span_skip(line, i + 1));
			return true;
		}
	}
	return false;
}

static bool has_section(struct span text, struct span wanted)
{
	struct span line, name;

	while (take_line(&text, &line)) {
		if (line_is_header(line, &name) && span_is(name, wanted)) {
			return true;
		}
	}
	return false;
}

/* The first setting of key under any header of that name; an empty section means anywhere. */
static bool find_in(struct span text, struct span section, struct span wanted, struct span *value)
{
	struct span line, name, key, found;
	bool inside = !section.bytes;

	while (take_line(&text, &line)) {
		if (line_is_comment(line)) {
			continue;
		}
		if (line_is_header(line, &name)) {
			inside = !section.bytes || span_is(name, section);
		} else if (inside && line_is_setting(line, &key, &found) && span_is(key, wanted)) {
			*value = found;
			return true;
		}
	}
	return false;
}

static bool find_key(struct span text, struct span section, const char *key, struct span *value)
{
	struct span wanted = text_span(key);

	return find_in(text, section, wanted, value) ||
	       find_in(text, text_span("global"), wanted, value);
}

static bool is_text(struct span text)
{
	for (size_t i = 0; i < text.bytes; i++) {
		if (!text.start[i]) {
			return false;
		}
	}
	/* UTF-16 byte order marks: such a file may hold no NUL, yet is not read as bytes. */
	return !span_begins(text, "\xff\xfe") && !span_begins(text, "\xfe\xff");
}

static enum config_status too_long(struct boot_config *config, const char *key)
{
	span_copy_cut(text_span(key), config->detail, sizeof(config->detail));
	return CONFIG_TOO_LONG;
}

/* Decides which section applies; an absent one is an error only if default= named it. */
static enum config_status choose_section(struct span text, struct span wanted,
					 struct boot_config *config)
{
	struct span chosen;

	if (wanted.bytes) {
		if (has_section(text, wanted)) {
			chosen = wanted;
			goto found;
		}
		config->wanted_is_missing = true;
	}
	if (!find_in(text, text_span("global"), text_span("default"), &chosen) || !chosen.bytes) {
		if (!config->wanted_is_missing) {
			return CONFIG_OK;
		}
		chosen = wanted;
	}
	if (!has_section(text, chosen)) {
		span_copy_cut(chosen, config->detail, sizeof(config->detail));
		return CONFIG_NO_SECTION;
	}
found:
	return span_copy(chosen, config->section, sizeof(config->section)) ?
		       CONFIG_OK :
		       too_long(config, "default");
}

static enum config_status read_kernel(struct span text, struct span section,
				      struct boot_config *config)
{
	struct span value, file;

	if (!find_key(text, section, "kernel", &value) || !value.bytes) {
		span_copy_cut(section, config->detail, sizeof(config->detail));
		return CONFIG_NO_KERNEL;
	}
	file = take_word(&value);
	if (!span_copy(file, config->kernel, sizeof(config->kernel)) ||
	    !span_copy(value, config->kernel_args, sizeof(config->kernel_args))) {
		return too_long(config, "kernel");
	}
	return CONFIG_OK;
}

enum config_status boot_config_parse(const char *bytes, size_t count, const char *wanted,
				     struct boot_config *config)
{
	struct span text = {bytes, count};
	const struct {
		const char *key;
		char *to;
		size_t size;
		bool is_file;
	} keys[] = {
		{"options", config->options, sizeof(config->options), false},
		{"ramdisk", config->ramdisk, sizeof(config->ramdisk), true},
		{"ucode", config->ucode, sizeof(config->ucode), true},
	};
	enum config_status status;
	struct span section, value;

	__builtin_memset(config, 0, sizeof(*config));
	if (!is_text(text)) {
		return CONFIG_NOT_TEXT;
	}
	if (span_begins(text, "\xef\xbb\xbf")) {
		text = span_skip(text, 3);
	}
	if (find_in(text, text_span("global"), text_span("chain"), &value) &&
	    !span_copy(take_word(&value), config->chain, sizeof(config->chain))) {
		return too_long(config, "chain");
	}
	status = choose_section(text, text_span(wanted), config);
	if (status != CONFIG_OK) {
		return status;
	}
	section = text_span(config->section);
	for (size_t i = 0; i < array_size(keys); i++) {
		if (!find_key(text, section, keys[i].key, &value)) {
			continue;
		}
		if (!span_copy(keys[i].is_file ? take_word(&value) : value, keys[i].to,
			       keys[i].size)) {
			return too_long(config, keys[i].key);
		}
	}
	return read_kernel(text, section, config);
}

bool boot_line_append(char *line, size_t size, const char *words)
{
	struct span head = text_span(line), tail = trim(text_span(words));
	size_t gap = head.bytes && tail.bytes ? 1 : 0;

	if (head.bytes + gap >= size ||
	    !span_copy(tail, line + head.bytes + gap, size - head.bytes - gap)) {
		line[head.bytes] = '\0';
		return false;
	}
	if (gap) {
		line[head.bytes] = ' ';
	}
	return true;
}

/* The shell puts the program first, by any path; a boot entry's data has arguments only. */
static bool is_program(struct span word, struct span program)
{
	struct span tail = word;

	for (size_t i = 0; i < word.bytes; i++) {
		if (word.start[i] == '\\' || word.start[i] == '/' || word.start[i] == ':') {
			tail = span_skip(word, i + 1);
		}
	}
	if (tail.bytes > program.bytes || !tail.bytes) {
		return false;
	}
	for (size_t i = 0; i < tail.bytes; i++) {
		if (lower(tail.start[i]) != lower(program.start[i])) {
			return false;
		}
	}
	/* The shell lets ".efi" be left out. */
	return tail.bytes == program.bytes || program.start[tail.bytes] == '.';
}

static bool take_option(struct span word, struct boot_arguments *arguments)
{
	static const char config_option[] = "-cfg=";

	if (span_begins(word, config_option)) {
		return span_copy(span_skip(word, sizeof(config_option) - 1),
				 arguments->config_file, sizeof(arguments->config_file));
	}
	if (span_is(word, text_span("-basevideo"))) {
		arguments->wants_base_video = true;
	} else if (span_is(word, text_span("-help")) || span_is(word, text_span("-?"))) {
		arguments->wants_help = true;
	} else if (!span_is(word, text_span("-mapbs")) && !span_is(word, text_span("-query")) &&
		   !span_is(word, text_span("-noexitboot")) && !arguments->unknown[0]) {
		span_copy_cut(word, arguments->unknown, sizeof(arguments->unknown));
	}
	return true;
}

bool boot_arguments_parse(const char *text, const char *program, struct boot_arguments *arguments)
{
	struct span rest = trim(text_span(text)), word;
	bool is_first = true;

	__builtin_memset(arguments, 0, sizeof(*arguments));
	while (rest.bytes) {
		word = take_word(&rest);
		if (!word.bytes) { /* a line end is no word, and ends nothing */
			rest = span_skip(rest, 1);
			continue;
		}
		if (span_is(word, text_span("--"))) {
			return span_copy(rest, arguments->options, sizeof(arguments->options));
		}
		if (is_first && is_program(word, text_span(program))) {
			is_first = false;
			continue;
		}
		is_first = false;
		if (word.start[0] == '-') {
			if (!take_option(word, arguments)) {
				return false;
			}
		} else if (!arguments->section[0]) {
			if (!span_copy(word, arguments->section, sizeof(arguments->section))) {
				return false;
			}
		}
	}
	return true;
}
