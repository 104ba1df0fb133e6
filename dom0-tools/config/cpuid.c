/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID policies in the two notations of xl.cfg:
 *
 *     host,avx=0,family=6,nx=k             libxl's: names from cpuid.def
 *     0x7,0:ebx=xxxx...,ecx=xxxx...        xend's: whole registers, bit 31 first
 *
 * Both become entries of a leaf with, for each register, 32 characters: 0 or 1, x for whatever is
 * best for compatibility, k for the host's value, s for the host's value kept over migration. A
 * name nobody knows is warned of and has no effect, as upstream; what is malformed is an error.
 */
#include "config/spec.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define REG_BITS 32U

enum reg { EAX, EBX, ECX, EDX };

struct feature {
	const char *name;
	uint32_t leaf;
	uint32_t subleaf;
	enum reg reg;
	unsigned int low;
	unsigned int bits;
};

#define FEATURE(name, leaf, subleaf, reg, low, bits) {name, leaf, subleaf, reg, low, bits},
static const struct feature features[] = {
#include "config/cpuid.def"
};
#undef FEATURE

/* The entry of a leaf, made if there is none; NULL when out of memory. */
static struct vm_cpuid *find_entry(struct vm_config *config, uint32_t leaf, uint32_t subleaf)
{
	struct vm_cpuid *all;

	for (unsigned int i = 0; i < config->cpuids; i++) {
		if (config->cpuid[i].leaf == leaf && config->cpuid[i].subleaf == subleaf) {
			return &config->cpuid[i];
		}
	}
	all = reallocarray(config->cpuid, config->cpuids + 1, sizeof(*all));
	if (!all) {
		return NULL;
	}
	config->cpuid = all;
	all[config->cpuids] = (struct vm_cpuid){.leaf = leaf, .subleaf = subleaf};
	return &all[config->cpuids++];
}

/* The characters of a register, made as 32 times x if there are none. */
static char *find_register(struct vm_config *config, uint32_t leaf, uint32_t subleaf, enum reg reg)
{
	struct vm_cpuid *entry = find_entry(config, leaf, subleaf);

	if (!entry) {
		return NULL;
	}
	if (!entry->reg[reg]) {
		entry->reg[reg] = malloc(REG_BITS + 1);
		if (entry->reg[reg]) {
			memset(entry->reg[reg], 'x', REG_BITS);
			entry->reg[reg][REG_BITS] = '\0';
		}
	}
	return entry->reg[reg];
}

static void put_number(char *text, unsigned int low, unsigned int bits, uint64_t value)
{
	for (unsigned int i = 0; i < bits; i++) {
		text[REG_BITS - 1 - low - i] = value >> i & 1 ? '1' : '0';
	}
}

static void put_letter(char *text, unsigned int low, unsigned int bits, char letter)
{
	memset(text + REG_BITS - low - bits, letter, bits);
}

static bool is_letter(const char *value)
{
	return (value[0] == 'x' || value[0] == 'k' || value[0] == 's') && !value[1];
}

static int put_value(char *text, unsigned int low, unsigned int bits, const char *value)
{
	int64_t number;

	if (is_letter(value)) {
		put_letter(text, low, bits, value[0]);
		return 0;
	}
	if (spec_number(value, 0, &number) < 0 || number < 0 || number >= (int64_t)1 << bits) {
		return -EINVAL;
	}
	put_number(text, low, bits, (uint64_t)number);
	return 0;
}

/* Family and model: the low part at `low`, what exceeds it at `high` (Intel SDM, CPUID leaf 1). */
static int put_signature(char *text, const char *name, const char *value)
{
	int64_t number;

	if (strcmp(name, "family") == 0) {
		if (is_letter(value)) {
			put_number(text, 20, 8, 0);
			put_letter(text, 8, 4, value[0]);
			return 0;
		}
		if (spec_number(value, 0, &number) < 0 || number < 0 || number > 0xf + 0xff) {
			return -EINVAL;
		}
		put_number(text, 20, 8, number < 15 ? 0 : (uint64_t)number - 15);
		put_number(text, 8, 4, number < 15 ? (uint64_t)number : 15);
		return 0;
	}
	if (is_letter(value)) {
		put_number(text, 16, 4, 0);
		put_letter(text, 4, 4, value[0]);
		return 0;
	}
	if (spec_number(value, 0, &number) < 0 || number < 0 || number > 0xff) {
		return -EINVAL;
	}
	put_number(text, 16, 4, (uint64_t)number >> 4);
	put_number(text, 4, 4, (uint64_t)number & 15);
	return 0;
}

static int set_feature(const struct spec_word *word, const struct cfg_where *where,
		       struct vm_config *config, struct report *report)
{
	bool signature = strcmp(word->key, "family") == 0 || strcmp(word->key, "model") == 0;
	static const struct feature leaf_1 = {"", 1, NONE, EAX, 0, 0};
	const struct feature *feature = signature ? &leaf_1 : NULL;
	char *text;
	int err;

	for (size_t i = 0; !feature && i < sizeof(features) / sizeof(features[0]); i++) {
		if (strcmp(word->key, features[i].name) == 0) {
			feature = &features[i];
		}
	}
	if (!feature) {
		cfg_warning(where, report, "cpuid: the feature '%s' is unknown and has no effect",
			    word->key);
		return 0;
	}
	text = find_register(config, feature->leaf, feature->subleaf, feature->reg);
	if (!text) {
		return cfg_no_memory(report);
	}
	err = signature ? put_signature(text, word->key, word->value)
			: put_value(text, feature->low, feature->bits, word->value);
	if (err) {
		cfg_error(where, report, "cpuid: '%s' is not a value of %s", word->value,
			  word->key);
		report_next(report, "a number that fits, or x, k, s");
	}
	return err;
}

int spec_cpuid_features(const char *spec, const struct cfg_where *where, struct vm_config *config,
			struct report *report)
{
	char *copy = strdup(spec);
	struct spec_word word;
	char *rest = copy;
	int err = copy ? 0 : cfg_no_memory(report);

	if (!err && (!spec_next(&rest, &word) || word.value || strcmp(word.key, "host") != 0)) {
		err = cfg_error(where, report, "cpuid '%s': the first word must be 'host'", spec);
		report_next(report, "for example cpuid = \"host,avx=0\"");
	}
	while (!err && spec_next(&rest, &word)) {
		if (!word.value) {
			err = cfg_error(where, report, "cpuid '%s': '%s' has no value", spec,
					word.key);
		} else {
			err = set_feature(&word, where, config, report);
		}
	}
	free(copy);
	return err;
}

/* "7" or "0x80000001,0" */
static int read_leaf(char *text, uint32_t *leaf, uint32_t *subleaf)
{
	char *comma = strchr(text, ',');
	int64_t number;

	*subleaf = NONE;
	if (comma) {
		*comma = '\0';
		if (spec_number(spec_trim(comma + 1), 0, &number) < 0 || number < 0 ||
		    number >= NONE) {
			return -EINVAL;
		}
		*subleaf = (uint32_t)number;
	}
	if (spec_number(spec_trim(text), 0, &number) < 0 || number < 0 || number > UINT32_MAX) {
		return -EINVAL;
	}
	*leaf = (uint32_t)number;
	return 0;
}

static int set_register(const struct spec_word *word, uint32_t leaf, uint32_t subleaf,
			struct vm_config *config, struct report *report)
{
	static const char *const names[] = {"eax", "ebx", "ecx", "edx"};

	for (unsigned int reg = EAX; reg <= EDX; reg++) {
		char *text;

		if (strcmp(word->key, names[reg]) != 0) {
			continue;
		}
		if (!word->value || strlen(word->value) != REG_BITS ||
		    strspn(word->value, "01xks") != REG_BITS) {
			return -EINVAL;
		}
		text = find_register(config, leaf, subleaf, (enum reg)reg);
		if (!text) {
			return cfg_no_memory(report);
		}
		memcpy(text, word->value, REG_BITS);
		return 0;
	}
	return -EINVAL;
}

int spec_cpuid_leaf(const char *spec, const struct cfg_where *where, struct vm_config *config,
		    struct report *report)
{
	char *copy = strdup(spec);
	char *rest = copy;
	struct spec_word word;
	uint32_t subleaf;
	uint32_t leaf;
	char *head;
	int err;

	if (!copy) {
		return cfg_no_memory(report);
	}
	head = strsep(&rest, ":");
	err = rest ? read_leaf(head, &leaf, &subleaf) : -EINVAL;
	while (!err && spec_next(&rest, &word)) {
		err = set_register(&word, leaf, subleaf, config, report);
	}
	free(copy);
	if (err == -EINVAL) {
		cfg_error(where, report, "cpuid '%s': not a policy", spec);
		report_next(report,
			    "LEAF[,SUBLEAF]:eax=...,ebx=... with 32 characters out of 0 1 x k s "
			    "for each register");
	}
	return err;
}
