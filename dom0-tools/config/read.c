/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text to struct vm_config: parse, carry out the table of keys in its order, do what needs several
 * keys, and name what nobody read. Keys of keys.def without effect and unknown keys are warned of,
 * once each, with their place, and kept in vm_config.ignored; they never stop a domain from being
 * created, because files in the wild carry keys of xm, of newer releases and of other tools.
 */
#include "config/config.h"
#include "config/special.h"
#include "config/xl_conf.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((unsigned int)(sizeof(array) / sizeof((array)[0])))
#define WORDS(variable, value, numbers, ...)                                                       \
	static const char *const variable##_text[] = {__VA_ARGS__};                                \
	static const struct schema_words variable = {variable##_text, COUNT(variable##_text),      \
						     value, numbers}

WORDS(passthrough_words, 0, false, "default", "disabled", "enabled", "sync_pt", "share_pt");
WORDS(tsc_words, 0, true, "default", "always_emulate", "native", "native_paravirt");
WORDS(altp2m_words, 0, true, "disabled", "mixed", "external", "limited");
WORDS(hdtype_words, 1, false, "ide", "ahci");
WORDS(device_model_words, 1, false, "qemu-xen-traditional", "qemu-xen");
WORDS(action_words, VM_ACTION_DESTROY, false, "destroy", "restart", "rename-restart", "preserve",
      "coredump-destroy", "coredump-restart", "soft-reset");

#define PLACE(m) .offset = offsetof(struct vm_config, m)
#define TEXT(m) .kind = SCHEMA_TEXT, PLACE(m)
#define TEXTS(m) .kind = SCHEMA_TEXTS, PLACE(m)
#define CHOICE(m) .kind = SCHEMA_CHOICE, PLACE(m)
#define MIB(m) .kind = SCHEMA_MIB, PLACE(m)
#define U32(m, from, to) .kind = SCHEMA_U32, PLACE(m), .low = from, .high = to
#define INT(m, from, to) .kind = SCHEMA_INT, PLACE(m), .low = from, .high = to
#define NAMES(m, of_words) .kind = SCHEMA_NAMES, PLACE(m), .words = &of_words
#define SPECIAL(function) .kind = SCHEMA_SPECIAL, .special = function
#define PART .kind = SCHEMA_PART
#define OBSOLETE .kind = SCHEMA_OBSOLETE
#define SILENT .kind = SCHEMA_SILENT
#define UNSUPPORTED .kind = SCHEMA_UNSUPPORTED
#define KEY(key, form, absent, about) {.name = key, form, .otherwise = absent, .meaning = about},

const struct schema_key config_keys[] = {
#include "config/keys.def"
};
const unsigned int config_key_count = COUNT(config_keys);

/* Keeps and names a key that has no effect. */
static int ignore_key(struct reading *reading, const struct cfg_setting *setting, bool known)
{
	struct vm_config *config = reading->config;
	struct vm_ignored_key *all =
		reallocarray(config->ignored, config->ignored_count + 1, sizeof(*all));

	if (!all) {
		return cfg_no_memory(reading->report);
	}
	config->ignored = all;
	all[config->ignored_count] = (struct vm_ignored_key){
		.name = strdup(setting->name),
		.line = setting->where.line,
		.column = setting->where.column,
		.known = known,
	};
	if (!all[config->ignored_count].name) {
		return cfg_no_memory(reading->report);
	}
	config->ignored_count++;
	return 0;
}

static int apply_key(struct reading *reading, const struct schema_key *key)
{
	const struct cfg_setting *setting;

	if (key->kind == SCHEMA_PART) {
		return 0;
	}
	setting = cfg_find(reading->file, key->name);
	if (!setting) {
		return 0;
	}
	switch (key->kind) {
	case SCHEMA_SPECIAL:
		return key->special(reading, setting);
	case SCHEMA_OBSOLETE:
		cfg_warning(&setting->where, reading->report, "%s has no effect: %s", key->name,
			    key->meaning);
		return ignore_key(reading, setting, true);
	case SCHEMA_UNSUPPORTED:
		cfg_warning(&setting->where, reading->report,
			    "%s is not supported and has no effect (%s)", key->name, key->meaning);
		return ignore_key(reading, setting, true);
	case SCHEMA_SILENT:
		return 0;
	case SCHEMA_TEXT:
	case SCHEMA_TEXTS:
	case SCHEMA_CHOICE:
	case SCHEMA_MIB:
	case SCHEMA_U32:
	case SCHEMA_INT:
	case SCHEMA_NAMES:
	case SCHEMA_PART:
		break;
	}
	return schema_apply(key, reading->config, setting, reading->report);
}

static bool is_key(const char *name)
{
	for (unsigned int i = 0; i < config_key_count; i++) {
		if (strcmp(name, config_keys[i].name) == 0) {
			return true;
		}
	}
	return false;
}

/* What nobody asked for: unknown keys. A known one beside it was of no use in this combination. */
static int name_unknown(struct reading *reading)
{
	for (unsigned int i = 0; i < reading->file->settings; i++) {
		const struct cfg_setting *setting = &reading->file->setting[i];
		const char *nearest;
		int err;

		if (setting->used || is_key(setting->name)) {
			continue;
		}
		cfg_warning(&setting->where, reading->report,
			    "the key '%s' is unknown and has no effect", setting->name);
		nearest = schema_nearest(setting->name);
		if (nearest) {
			report_next(reading->report, "is %s meant?", nearest);
		}
		err = ignore_key(reading, setting, false);
		if (err) {
			return err;
		}
	}
	return 0;
}

/* What xl.cfg means where it says nothing, as far as that differs from the first values. */
static void set_defaults(struct reading *reading)
{
	struct vm_config *config = reading->config;
	const struct xl_conf *conf = reading->options->conf;

	config->on_reboot = VM_ACTION_RESTART;
	config->on_soft_reset = VM_ACTION_SOFT_RESET;
	config->run_hotplug_scripts = CHOICE_YES;
	config->claim_mode = CHOICE_YES;
	if (conf) {
		config->run_hotplug_scripts = conf->run_hotplug_scripts;
		config->claim_mode = conf->claim_mode;
		config->max_grant_frames = conf->max_grant_frames;
		config->max_maptrack_frames = conf->max_maptrack_frames;
		config->max_grant_version = conf->max_grant_version;
	}
}

static int read_keys(struct reading *reading, const char *source)
{
	int err = 0;

	set_defaults(reading);
	for (unsigned int i = 0; !err && i < config_key_count; i++) {
		err = apply_key(reading, &config_keys[i]);
	}
	if (!err && (!reading->config->name || !*reading->config->name)) {
		err = report_error(reading->report, 0, "%s: the domain has no name", source);
		report_next(reading->report, "add a line name = \"...\"");
	}
	if (!err) {
		err = finish_machine(reading);
	}
	if (!err) {
		err = finish_devices(reading);
	}
	return err ? err : name_unknown(reading);
}

static int parse(struct cfg_file *file, const char *text, size_t size, const char *source,
		 const struct config_options *options, struct report *report)
{
	int err = cfg_parse(file, text, size, source, report);

	for (unsigned int i = 0; !err && i < options->override_count; i++) {
		err = cfg_parse_argument(file, options->overrides[i], i + 1, report);
	}
	return err;
}

int config_read_text(const char *text, size_t size, const char *source,
		     const struct config_options *options, struct vm_config **config,
		     struct report *report)
{
	static const struct config_options none;
	struct cfg_file file = {0};
	struct reading reading = {
		.file = &file, .options = options ? options : &none, .report = report};
	int err = parse(&file, text, size, source, reading.options, report);

	if (!err) {
		reading.config = vm_config_new();
		err = reading.config ? read_keys(&reading, source) : cfg_no_memory(report);
	}
	cfg_clear(&file);
	if (err) {
		vm_config_free(reading.config);
		return err;
	}
	*config = reading.config;
	return 0;
}

int config_read_file(const char *path, const struct config_options *options,
		     struct vm_config **config, struct report *report)
{
	bool standard = strcmp(path, "-") == 0;
	size_t size;
	char *text;
	int err = cfg_read(path, &text, &size, report);

	if (err) {
		return err;
	}
	err = config_read_text(text, size, standard ? "standard input" : path, options, config,
			       report);
	free(text);
	return err;
}
