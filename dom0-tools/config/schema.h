/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How keys of xl.cfg and xl.conf are described: name, kind of value, place in the structure,
 * limits, and the words of the manual. keys.def and conf_keys.def are tables of these.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/config.h"
#include "config/syntax.h"

enum schema_kind {
	SCHEMA_TEXT,        /* char * */
	SCHEMA_TEXTS,       /* struct vm_strings, from a list */
	SCHEMA_CHOICE,      /* enum choice: 0 is no, any other number yes */
	SCHEMA_MIB,         /* uint64_t, KiB; the file has MiB */
	SCHEMA_U32,         /* uint32_t */
	SCHEMA_INT,         /* int */
	SCHEMA_NAMES,       /* an enum, by its words or its number */
	SCHEMA_SPECIAL,     /* function */
	SCHEMA_PART,        /* somebody else reads it */
	SCHEMA_OBSOLETE,    /* a warning, no effect */
	SCHEMA_SILENT,      /* no effect */
	SCHEMA_UNSUPPORTED, /* a warning, no effect */
};

/* Words of an enum; by number: whether the number itself is accepted too. */
struct schema_words {
	const char *const *word; /* [i] is value first + i */
	unsigned int count;
	int first;
	bool by_number;
};

/* One reading of a file. */
struct reading {
	struct cfg_file *file;
	const struct config_options *options;
	struct vm_config *config; /* of xl.cfg */
	struct xl_conf *conf;     /* of xl.conf; one of the two is set */
	struct report *report;
};

typedef int schema_function(struct reading *reading, const struct cfg_setting *setting);

struct schema_key {
	const char *name;
	enum schema_kind kind;
	size_t offset;
	int64_t low;
	int64_t high;
	const struct schema_words *words;
	schema_function *special;
	const char *otherwise; /* the default, in words */
	const char *meaning;
};

/* The keys of xl.cfg, in the order in which they are carried out. */
extern const struct schema_key config_keys[];
extern const unsigned int config_key_count;

/* Those of xl.conf. */
extern const struct schema_key xl_conf_keys[];
extern const unsigned int xl_conf_key_count;

/* Carries out one setting into object, a struct vm_config or struct xl_conf. Kinds without a place
 * do nothing here. */
int schema_apply(const struct schema_key *key, void *object, const struct cfg_setting *setting,
		 struct report *report);

/* The values of a setting by kind, with errors that name the setting. */
int schema_text(const struct cfg_setting *setting, const char **text, struct report *report);
int schema_list(const struct cfg_setting *setting, struct report *report);
int schema_number(const struct cfg_setting *setting, int64_t low, int64_t high, int64_t *number,
		  struct report *report);
int schema_word(const struct cfg_setting *setting, const struct schema_words *words, int *value,
		struct report *report);

/* An element of a list that must be text. */
int schema_item(const struct cfg_setting *setting, unsigned int index, const char **text,
		struct report *report);

/* A list of texts into texts, which is empty. */
int schema_texts(const struct cfg_setting *setting, struct vm_strings *texts,
		 struct report *report);

/* Appends a copy. */
int schema_add_text(struct vm_strings *texts, const char *text, struct report *report);

/* A known name close to `name`, or NULL. */
const char *schema_nearest(const char *name);

#endif
