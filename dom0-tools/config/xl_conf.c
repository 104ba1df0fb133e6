/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading /etc/xen/xl.conf: the syntax and kinds of values of xl.cfg, another table of keys
 * (conf_keys.def), another structure. A file that is not there is an empty one; a wrong value is an
 * error, because it would hold for every domain; an unknown key is warned of.
 */
#include "config/xl_conf.h"

#include "config/schema.h"
#include "config/spec.h"

#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static schema_function read_autoballoon, read_old_script, read_old_bridge, read_domid_policy,
	read_cpumask, read_hvm_cpumask, read_pv_cpumask;

#define COUNT(array) ((unsigned int)(sizeof(array) / sizeof((array)[0])))

static const char *const output_text[] = {"json", "sxp"};
static const struct schema_words output_words = {output_text, 2, XL_CONF_OUTPUT_JSON, false};

#define PLACE(m) .offset = offsetof(struct xl_conf, m)
#define TEXT(m) .kind = SCHEMA_TEXT, PLACE(m)
#define CHOICE(m) .kind = SCHEMA_CHOICE, PLACE(m)
#define U32(m, from, to) .kind = SCHEMA_U32, PLACE(m), .low = from, .high = to
#define INT(m, from, to) .kind = SCHEMA_INT, PLACE(m), .low = from, .high = to
#define NAMES(m, of_words) .kind = SCHEMA_NAMES, PLACE(m), .words = &of_words
#define SPECIAL(function) .kind = SCHEMA_SPECIAL, .special = function
#define KEY(key, form, absent, about) {.name = key, form, .otherwise = absent, .meaning = about},

const struct schema_key xl_conf_keys[] = {
#include "config/conf_keys.def"
};
const unsigned int xl_conf_key_count = COUNT(xl_conf_keys);

static int read_autoballoon(struct reading *reading, const struct cfg_setting *setting)
{
	static const char *const text[] = {"auto", "1", "0", "on", "off"};
	static const struct schema_words words = {text, 5, 0, false};
	int word = 0;
	int err = schema_word(setting, &words, &word, reading->report);

	if (err) {
		return err;
	}
	if (word == 0) {
		reading->conf->autoballoon = XL_CONF_AUTOBALLOON_AUTO;
	} else {
		reading->conf->autoballoon =
			word % 2 ? XL_CONF_AUTOBALLOON_ON : XL_CONF_AUTOBALLOON_OFF;
	}
	return 0;
}

/* Keys of old give way to the new ones. */
static int read_old(struct reading *reading, const struct cfg_setting *setting, const char *newer,
		    char **text)
{
	const char *value;
	int err = schema_text(setting, &value, reading->report);

	if (err) {
		return err;
	}
	cfg_warning(&setting->where, reading->report, "%s is the older form of %s", setting->name,
		    newer);
	return cfg_find(reading->file, newer) ? 0 : spec_set(text, value, reading->report);
}

static int read_old_script(struct reading *reading, const struct cfg_setting *setting)
{
	return read_old(reading, setting, "vif.default.script", &reading->conf->vif_script);
}

static int read_old_bridge(struct reading *reading, const struct cfg_setting *setting)
{
	return read_old(reading, setting, "vif.default.bridge", &reading->conf->vif_bridge);
}

static int read_domid_policy(struct reading *reading, const struct cfg_setting *setting)
{
	static const char *const text[] = {"xen", "libxl"};
	static const struct schema_words words = {text, 2, 0, false};
	int word = 0;
	int err = schema_word(setting, &words, &word, reading->report);

	reading->conf->domid_random = word == 1;
	return err;
}

static int read_mask(struct reading *reading, const struct cfg_setting *setting, struct vm_set *set)
{
	static const struct config_host unknown;
	const char *text;
	int err = schema_text(setting, &text, reading->report);

	vm_set_clear(set);
	return err ? err : spec_cpus(text, &unknown, &setting->value.where, set, reading->report);
}

static int read_cpumask(struct reading *reading, const struct cfg_setting *setting)
{
	return read_mask(reading, setting, &reading->conf->vm_cpumask);
}

static int read_hvm_cpumask(struct reading *reading, const struct cfg_setting *setting)
{
	return read_mask(reading, setting, &reading->conf->vm_hvm_cpumask);
}

static int read_pv_cpumask(struct reading *reading, const struct cfg_setting *setting)
{
	return read_mask(reading, setting, &reading->conf->vm_pv_cpumask);
}

int xl_conf_init(struct xl_conf *conf)
{
	*conf = (struct xl_conf){
		.autoballoon = XL_CONF_AUTOBALLOON_AUTO,
		.run_hotplug_scripts = CHOICE_YES,
		.claim_mode = CHOICE_YES,
		.output = XL_CONF_OUTPUT_JSON,
		.max_grant_frames = VM_FRAMES_DEFAULT,
		.max_maptrack_frames = VM_FRAMES_DEFAULT,
		.max_grant_version = VM_UNSET,
		.vm_cpumask.all = true,
		.vm_hvm_cpumask.all = true,
		.vm_pv_cpumask.all = true,
		.lockfile = strdup("/var/lock/xl"),
		.blkdev_start = strdup("xvda"),
	};
	return conf->lockfile && conf->blkdev_start ? 0 : -ENOMEM;
}

void xl_conf_clear(struct xl_conf *conf)
{
	for (unsigned int i = 0; i < xl_conf_key_count; i++) {
		if (xl_conf_keys[i].kind == SCHEMA_TEXT) {
			free(*(char **)((char *)conf + xl_conf_keys[i].offset));
		}
	}
	vm_set_clear(&conf->vm_cpumask);
	vm_set_clear(&conf->vm_hvm_cpumask);
	vm_set_clear(&conf->vm_pv_cpumask);
	*conf = (struct xl_conf){0};
}

static int read_keys(struct reading *reading)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < xl_conf_key_count; i++) {
		const struct schema_key *key = &xl_conf_keys[i];
		const struct cfg_setting *setting = cfg_find(reading->file, key->name);

		if (!setting) {
			continue;
		}
		err = key->kind == SCHEMA_SPECIAL
			      ? key->special(reading, setting)
			      : schema_apply(key, reading->conf, setting, reading->report);
	}
	for (unsigned int i = 0; !err && i < reading->file->settings; i++) {
		const struct cfg_setting *setting = &reading->file->setting[i];

		if (!setting->used) {
			cfg_warning(&setting->where, reading->report,
				    "the key '%s' is unknown and has no effect", setting->name);
		}
	}
	return err;
}

int xl_conf_read(const char *path, struct xl_conf *conf, struct report *report)
{
	static const struct config_options none;
	struct cfg_file file = {0};
	struct reading reading = {.file = &file, .options = &none, .conf = conf, .report = report};
	size_t size;
	char *text;
	int err;

	if (xl_conf_init(conf) < 0) {
		return cfg_no_memory(report);
	}
	path = path ? path : XL_CONF_PATH;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		return 0;
	}
	err = cfg_read(path, &text, &size, report);
	if (err) {
		return err;
	}
	err = cfg_parse(&file, text, size, path, report);
	if (!err) {
		err = read_keys(&reading);
	}
	free(text);
	cfg_clear(&file);
	return err;
}
