/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits the command line into words and hands each to its option. A word is taken by, in this
 * order: the option of exactly that name; for `no-name` the flag or custom option `name` (a
 * custom one sees "no"); for `noname` the flag `name`. A value is parsed completely before it is
 * stored, so a rejected word changes nothing.
 */
#include "lib/cmdline.h"

#include "lib/math.h"
#include "lib/mem.h"

#include <xen/errno.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned int)(c - '0');
	}
	if (c >= 'a' && c <= 'f') {
		return (unsigned int)(c - 'a') + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return (unsigned int)(c - 'A') + 10;
	}
	return UINT_MAX;
}

int cmdline_read_u64(const char *text, uint64_t *value, const char **rest)
{
	unsigned int base = 10;
	uint64_t number = 0;
	const char *at = text;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	} else if (at[0] == '0') {
		base = 8;
	}
	if (digit_value(*at) >= base) {
		return -XEN_EINVAL;
	}
	for (; digit_value(*at) < base; at++) {
		if (!checked_mul(number, base, &number) ||
		    !checked_add(number, digit_value(*at), &number)) {
			return -XEN_EINVAL;
		}
	}
	*value = number;
	*rest = at;
	return 0;
}

int cmdline_read_size(const char *text, uint64_t default_unit, uint64_t *bytes, const char **rest)
{
	/* B K M G T: each 1024 times the one before. */
	const char *suffixes = "bkmgt";
	uint64_t unit = default_unit;
	uint64_t number;
	const char *at;
	int err = cmdline_read_u64(text, &number, &at);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; suffixes[i]; i++) {
		if (*at == suffixes[i] || *at == suffixes[i] - 'a' + 'A') {
			unit = UINT64_C(1) << (10 * i);
			at++;
			break;
		}
	}
	if (!checked_mul(number, unit, bytes)) {
		return -XEN_EINVAL;
	}
	*rest = at;
	return 0;
}

int cmdline_read_bool(const char *text, bool *value)
{
	static const char *const yes[] = {"1", "yes", "on", "true", "enable"};
	static const char *const no[] = {"0", "no", "off", "false", "disable"};

	for (size_t i = 0; i < array_size(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*value = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -XEN_EINVAL;
}

/* NULL, or what is wrong with the value. */
static const char *set_flag(const struct cmdline_option *option, const char *value)
{
	bool flag = true;

	if (value && cmdline_read_bool(value, &flag) != 0) {
		return "not a yes or no";
	}
	*(bool *)option->value = flag;
	return NULL;
}

static const char *set_number(const struct cmdline_option *option, const char *value)
{
	uint64_t number;
	const char *rest;
	int err;

	if (!value) {
		return "needs a value";
	}
	err = option->kind == CMDLINE_SIZE ? cmdline_read_size(value, KIB(1), &number, &rest)
					   : cmdline_read_u64(value, &number, &rest);
	if (err || *rest) {
		return option->kind == CMDLINE_SIZE ? "not a size" : "not a number";
	}
	*(uint64_t *)option->value = number;
	return NULL;
}

static const char *set_string(const struct cmdline_option *option, const char *value)
{
	if (!value) {
		return "needs a value";
	}
	if (strlen(value) >= option->size) {
		return "too long";
	}
	memcpy(option->value, value, strlen(value) + 1);
	return NULL;
}

/* value NULL: the word had no '='. */
static const char *set_option(const struct cmdline_option *option, const char *value)
{
	switch (option->kind) {
	case CMDLINE_FLAG:
		return set_flag(option, value);
	case CMDLINE_U64:
	case CMDLINE_SIZE:
		return set_number(option, value);
	case CMDLINE_STRING:
		return set_string(option, value);
	case CMDLINE_CUSTOM:
		return option->parse(value ? value : "", option->value) ? "bad value" : NULL;
	}
	return "unknown kind";
}

static const struct cmdline_option *find_option(const struct cmdline_option *table, size_t count,
						const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0) {
			return &table[i];
		}
	}
	return NULL;
}

/* The word is split in place at its '='. */
static const char *apply_word(char *word, const struct cmdline_option *table, size_t count)
{
	const struct cmdline_option *option;
	char *value = strchr(word, '=');

	if (value) {
		*value++ = '\0';
	}
	option = find_option(table, count, word);
	if (option) {
		return set_option(option, value);
	}
	if (value || strncmp(word, "no", 2) != 0) {
		return "unknown option";
	}
	option = find_option(table, count, word + (word[2] == '-' ? 3 : 2));
	if (option && (option->kind == CMDLINE_FLAG ||
		       (option->kind == CMDLINE_CUSTOM && word[2] == '-'))) {
		return set_option(option, "no");
	}
	return "unknown option";
}

/* Copies the next word without its quotes; false when it does not fit, which leaves it cut. */
static bool take_word(const char **text, char *word)
{
	size_t length = 0;
	bool fits = true;
	char quote = '\0';

	for (; **text && (quote || !is_space(**text)); (*text)++) {
		char c = **text;

		if (c == quote) {
			quote = '\0';
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (length < CMDLINE_WORD_MAX - 1) {
			word[length++] = c;
		} else {
			fits = false;
		}
	}
	word[length] = '\0';
	return fits;
}

int cmdline_parse(const char *text, const struct cmdline_option *table, size_t count,
		  void (*reject)(const char *word, const char *why))
{
	char word[CMDLINE_WORD_MAX];
	char whole[CMDLINE_WORD_MAX];
	int err = 0;

	for (;;) {
		const char *why;
		bool fits;

		while (is_space(*text)) {
			text++;
		}
		if (*text == '\0') {
			return err;
		}
		fits = take_word(&text, word);
		memcpy(whole, word, strlen(word) + 1);
		why = fits ? apply_word(word, table, count) : "too long";
		if (why) {
			err = -XEN_EINVAL;
			if (reject) {
				reject(whole, why);
			}
		}
	}
}

bool cmdline_list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (;;) {
		if (strncmp(list, word, length) == 0 &&
		    (list[length] == '\0' || list[length] == ',')) {
			return true;
		}
		while (*list && *list != ',') {
			list++;
		}
		if (*list++ == '\0') {
			return false;
		}
	}
}
