/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of settings by kind: the part of reading a file that the tables of keys drive. A value of
 * the wrong kind is an error that says which kind is wanted; upstream warns and goes on with the
 * default, which makes a domain without the disk its owner wrote.
 */
#include "config/schema.h"

#include "config/spec.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int schema_text(const struct cfg_setting *setting, const char **text, struct report *report)
{
	if (!setting->value.text) {
		cfg_error(&setting->value.where, report, "%s: is a list but must be one value",
			  setting->name);
		report_next(report, "write %s = \"...\" without brackets", setting->name);
		return -EINVAL;
	}
	*text = setting->value.text;
	return 0;
}

int schema_list(const struct cfg_setting *setting, struct report *report)
{
	if (setting->value.text) {
		cfg_error(&setting->value.where, report, "%s: is one value but must be a list",
			  setting->name);
		report_next(report, "write %s = [ '%s' ]", setting->name, setting->value.text);
		return -EINVAL;
	}
	return 0;
}

int schema_item(const struct cfg_setting *setting, unsigned int index, const char **text,
		struct report *report)
{
	const struct cfg_value *item = &setting->value.item[index];

	if (!item->text) {
		return cfg_error(&item->where, report, "%s: element %u is a list but must be text",
				 setting->name, index + 1);
	}
	*text = item->text;
	return 0;
}

int schema_number(const struct cfg_setting *setting, int64_t low, int64_t high, int64_t *number,
		  struct report *report)
{
	const char *text;
	int err = schema_text(setting, &text, report);

	if (err) {
		return err;
	}
	err = spec_number(text, 0, number);
	if (err == -EINVAL) {
		cfg_error(&setting->value.where, report, "%s: '%s' is not a number", setting->name,
			  text);
	} else if (err || *number < low || *number > high) {
		err = cfg_error(&setting->value.where, report,
				"%s: %s is out of range (%lld to %lld)", setting->name, text,
				(long long)low, (long long)high);
	}
	return err;
}

/* The words, for the advice. */
static void advise_words(const struct schema_words *words, struct report *report)
{
	char text[240] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < words->count; i++) {
		if (words->word[i]) {
			int n = snprintf(text + used, sizeof(text) - used, " %s", words->word[i]);

			used += n > 0 ? (size_t)n : 0;
			if (used >= sizeof(text)) {
				break;
			}
		}
	}
	report_next(report, "one of:%s", text);
}

int schema_word(const struct cfg_setting *setting, const struct schema_words *words, int *value,
		struct report *report)
{
	const char *text;
	int64_t number;
	int err = schema_text(setting, &text, report);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; i < words->count; i++) {
		if (words->word[i] && strcmp(text, words->word[i]) == 0) {
			*value = words->first + (int)i;
			return 0;
		}
	}
	if (words->by_number && spec_number(text, 0, &number) == 0 && number >= words->first &&
	    number < words->first + (int)words->count) {
		*value = (int)number;
		return 0;
	}
	cfg_error(&setting->value.where, report, "%s: '%s' is unknown", setting->name, text);
	advise_words(words, report);
	return -EINVAL;
}

int schema_add_text(struct vm_strings *texts, const char *text, struct report *report)
{
	char **item = reallocarray(texts->item, texts->count + 1, sizeof(*item));

	if (!item) {
		return cfg_no_memory(report);
	}
	texts->item = item;
	item[texts->count] = strdup(text);
	if (!item[texts->count]) {
		return cfg_no_memory(report);
	}
	texts->count++;
	return 0;
}

int schema_texts(const struct cfg_setting *setting, struct vm_strings *texts, struct report *report)
{
	int err = schema_list(setting, report);

	for (unsigned int i = 0; !err && i < setting->value.items; i++) {
		const char *text = NULL;

		err = schema_item(setting, i, &text, report);
		if (!err) {
			err = schema_add_text(texts, text, report);
		}
	}
	return err;
}

/* MiB in the file, KiB in the structure; nothing in between can overflow. */
static int apply_mib(const struct cfg_setting *setting, uint64_t *kib, struct report *report)
{
	int64_t number;
	int err = schema_number(setting, 0, INT64_MAX >> 21, &number, report);

	if (!err) {
		*kib = (uint64_t)number << 10;
	} else if (setting->value.text && spec_number(setting->value.text, 0, &number) == -EINVAL) {
		report_next(report, "a number of MiB, without a unit");
	}
	return err;
}

static int apply_number(const struct schema_key *key, void *at, const struct cfg_setting *setting,
			struct report *report)
{
	int64_t number;
	int err = schema_number(setting, key->low, key->high, &number, report);

	if (err) {
		return err;
	}
	if (key->kind == SCHEMA_U32) {
		*(uint32_t *)at = (uint32_t)number;
	} else {
		*(int *)at = (int)number;
	}
	return 0;
}

int schema_apply(const struct schema_key *key, void *object, const struct cfg_setting *setting,
		 struct report *report)
{
	void *at = (char *)object + key->offset;
	const char *text;
	int64_t number;
	int err = 0;

	switch (key->kind) {
	case SCHEMA_TEXT:
		err = schema_text(setting, &text, report);
		return err ? err : spec_set(at, text, report);
	case SCHEMA_TEXTS:
		return schema_texts(setting, at, report);
	case SCHEMA_CHOICE:
		err = schema_number(setting, INT64_MIN, INT64_MAX, &number, report);
		if (!err) {
			*(enum choice *)at = number ? CHOICE_YES : CHOICE_NO;
		} else {
			report_next(report, "1 for yes, 0 for no");
		}
		return err;
	case SCHEMA_MIB:
		return apply_mib(setting, at, report);
	case SCHEMA_U32:
	case SCHEMA_INT:
		return apply_number(key, at, setting, report);
	case SCHEMA_NAMES:
		return schema_word(setting, key->words, at, report);
	case SCHEMA_SPECIAL:
	case SCHEMA_PART:
	case SCHEMA_OBSOLETE:
	case SCHEMA_SILENT:
	case SCHEMA_UNSUPPORTED:
		break;
	}
	return err;
}

/* Letters to insert, drop or change to get from a to b; names are short. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[65];
	size_t width = strlen(b);

	if (width > 64) {
		return UINT32_MAX;
	}
	for (unsigned int j = 0; j <= width; j++) {
		row[j] = j;
	}
	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			unsigned int change = corner + (a[i - 1] != b[j - 1]);
			unsigned int other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < other ? change : other;
		}
	}
	return row[width];
}

const char *schema_nearest(const char *name)
{
	const char *nearest = NULL;
	unsigned int best = strlen(name) < 6 ? 2 : 3;

	if (strlen(name) > 64) {
		return NULL;
	}
	for (unsigned int i = 0; i < config_key_count; i++) {
		unsigned int d = distance(name, config_keys[i].name);

		if (d < best) {
			best = d;
			nearest = config_keys[i].name;
		}
	}
	return nearest;
}
