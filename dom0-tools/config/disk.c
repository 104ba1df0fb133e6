/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: an element of `disk=`, or the arguments of block-attach joined by commas.
 *
 *     [TARGET [, FORMAT [, VDEV [, ACCESS]]]] {, KEY=VALUE | , FLAG} [, target=REST OF THE STRING]
 *     PREFIX:TARGET , VDEV[:cdrom] [, ACCESS]        as in xm's days; prefixes may follow each
 * other
 *
 * Positions are counted over the words without "=" that are not flags; an empty one leaves its
 * default. What is given by position must not be given by key again, except the access.
 * Defaults: format raw, access rw for a disk and ro for a CD drive; a CD drive needs no target, and
 * has the format empty then.
 */
#include "config/spec.h"

#include "lib/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum position {
	POSITION_TARGET,
	POSITION_FORMAT,
	POSITION_VDEV,
	POSITION_ACCESS,
	POSITION_END,
};

struct reader {
	const char *spec;
	const struct cfg_where *where;
	struct report *report;
	struct vm_disk *disk;
	enum position next; /* of words without a key */
	bool legacy;        /* a prefix was seen: there is no position for the format */
	bool access_given;
	bool format_given;
};

static const struct {
	const char *name;
	enum vm_disk_format format;
} formats[] = {
	{"raw", VM_DISK_FORMAT_RAW}, {"qcow", VM_DISK_FORMAT_QCOW}, {"qcow2", VM_DISK_FORMAT_QCOW2},
	{"vhd", VM_DISK_FORMAT_VHD}, {"qed", VM_DISK_FORMAT_QED},   {"empty", VM_DISK_FORMAT_EMPTY},
};

static int wrong(const struct reader *reader, const char *cause, const char *word)
{
	return cfg_error(reader->where, reader->report, "disk '%s': %s: '%s'", reader->spec, cause,
			 word);
}

static int set_format(struct reader *reader, const char *word)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(word, formats[i].name) != 0) {
			continue;
		}
		if (reader->format_given) {
			return wrong(reader, "a second format", word);
		}
		reader->format_given = true;
		reader->disk->format = formats[i].format;
		return 0;
	}
	wrong(reader, "unknown format", word);
	report_next(reader->report,
		    "write TARGET,FORMAT,VDEV,ACCESS; formats are raw qcow qcow2 vhd qed empty");
	return -EINVAL;
}

static int set_access(struct reader *reader, const char *word)
{
	bool writes = strcmp(word, "w") == 0 || strcmp(word, "rw") == 0;

	if (!writes && strcmp(word, "r") != 0 && strcmp(word, "ro") != 0) {
		wrong(reader, "unknown access", word);
		report_next(reader->report, "r or ro for reading only, w or rw for writing too");
		return -EINVAL;
	}
	reader->disk->readwrite = writes;
	reader->access_given = true;
	return 0;
}

static int set_devtype(struct reader *reader, const char *word)
{
	if (strcmp(word, "disk") == 0) {
		reader->disk->cdrom = false;
		reader->disk->removable = false;
		return 0;
	}
	if (strcmp(word, "cdrom") == 0) {
		reader->disk->cdrom = true;
		reader->disk->removable = true;
		return 0;
	}
	wrong(reader, "unknown type of device", word);
	report_next(reader->report, "devtype is disk or cdrom");
	return -EINVAL;
}

/* "hdc", and "ioemu:hdc:cdrom" of old. */
static int set_vdev(struct reader *reader, char *word)
{
	char *type;

	if (reader->disk->vdev) {
		return wrong(reader, "a second vdev", word);
	}
	if (strncmp(word, "ioemu:", 6) == 0) {
		word += 6;
	}
	type = strchr(word, ':');
	if (type) {
		int err;

		*type = '\0';
		err = set_devtype(reader, type + 1);
		if (err) {
			return err;
		}
	}
	return spec_set(&reader->disk->vdev, word, reader->report);
}

static int set_backendtype(struct reader *reader, const char *word)
{
	static const char *const names[] = {
		[VM_DISK_BACKEND_PHY] = "phy",
		[VM_DISK_BACKEND_TAP] = "tap",
		[VM_DISK_BACKEND_QDISK] = "qdisk",
		[VM_DISK_BACKEND_STANDALONE] = "standalone",
	};

	for (unsigned int i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(word, names[i]) == 0 ||
		    (i == VM_DISK_BACKEND_QDISK && strcmp(word, "qemu") == 0)) {
			reader->disk->backend = (enum vm_disk_backend)i;
			return 0;
		}
	}
	wrong(reader, "unknown backendtype", word);
	report_next(reader->report, "phy, qdisk, tap or standalone");
	return -EINVAL;
}

static int set_specification(struct reader *reader, const char *word)
{
	if (strcmp(word, "xen") == 0) {
		reader->disk->specification = VM_DISK_SPECIFICATION_XEN;
		return 0;
	}
	if (strcmp(word, "virtio") == 0) {
		reader->disk->specification = VM_DISK_SPECIFICATION_VIRTIO;
		return 0;
	}
	return wrong(reader, "unknown specification", word);
}

static int set_key(struct reader *reader, const char *key, char *value)
{
	if (strcmp(key, "format") == 0) {
		return set_format(reader, value);
	}
	if (strcmp(key, "vdev") == 0) {
		return set_vdev(reader, value);
	}
	if (strcmp(key, "access") == 0) {
		return set_access(reader, value);
	}
	if (strcmp(key, "devtype") == 0) {
		return set_devtype(reader, value);
	}
	if (strcmp(key, "backendtype") == 0) {
		return set_backendtype(reader, value);
	}
	if (strcmp(key, "backend") == 0) {
		return spec_set(&reader->disk->backend_domname, value, reader->report);
	}
	if (strcmp(key, "script") == 0) {
		return spec_set(&reader->disk->script, value, reader->report);
	}
	if (strcmp(key, "specification") == 0) {
		return set_specification(reader, value);
	}
	wrong(reader, "unknown key", key);
	report_next(reader->report,
		    "keys are target format vdev access devtype backend backendtype "
		    "script specification");
	return -EINVAL;
}

/* Words that stand for themselves, at any place. */
static bool set_flag(struct reader *reader, const char *word)
{
	struct vm_disk *disk = reader->disk;

	if (strcmp(word, "cdrom") == 0) {
		disk->cdrom = true;
		disk->removable = true;
	} else if (strcmp(word, "direct-io-safe") == 0) {
		disk->direct_io_safe = true;
	} else if (strcmp(word, "discard") == 0) {
		disk->discard = CHOICE_YES;
	} else if (strcmp(word, "no-discard") == 0) {
		disk->discard = CHOICE_NO;
	} else if (strcmp(word, "trusted") == 0) {
		disk->trusted = CHOICE_YES;
	} else if (strcmp(word, "untrusted") == 0) {
		disk->trusted = CHOICE_NO;
	} else {
		return false;
	}
	return true;
}

static int set_target(struct reader *reader, const char *word)
{
	if (reader->disk->path) {
		return wrong(reader, "a second target", word);
	}
	return spec_set(&reader->disk->path, word, reader->report);
}

/* A prefix that says how the target is reached. Returns 1 when `name` is one. */
static int apply_prefix(struct reader *reader, const char *name)
{
	static const char *const plain[] = {"phy", "file", "tap", "tap2", "tapdisk", "aio"};
	static const char *const typed[] = {"raw", "qcow", "qcow2", "vhd"};
	static const char *const scripts[] = {"iscsi", "nbd", "drbd", "enbd"};
	char script[32];

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(name, plain[i]) == 0) {
			return 1;
		}
	}
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		if (strcmp(name, typed[i]) == 0) {
			int err = set_format(reader, name);

			return err ? err : 1;
		}
	}
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(name, scripts[i]) == 0) {
			int err;

			snprintf(script, sizeof(script), "block-%s", name);
			err = spec_set(&reader->disk->script, script, reader->report);
			return err ? err : 1;
		}
	}
	return 0;
}

/* The first word: prefixes, then the target. */
static int set_first(struct reader *reader, char *word)
{
	for (;;) {
		size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789");
		int known;

		if (length == 0 || word[length] != ':') {
			break;
		}
		word[length] = '\0';
		known = apply_prefix(reader, word);
		word[length] = ':';
		if (known < 0) {
			return known;
		}
		if (known == 0) {
			break;
		}
		reader->legacy = true;
		word += length + 1;
	}
	return set_target(reader, word);
}

/* A word whose meaning is its place. */
static int set_position(struct reader *reader, char *word)
{
	enum position position = reader->next;

	if (position == POSITION_END) {
		wrong(reader, "what this means is unknown", word);
		report_next(reader->report, "at most TARGET,FORMAT,VDEV,ACCESS go without a key");
		return -EINVAL;
	}
	reader->next++;
	if (position == POSITION_TARGET) {
		int err = set_first(reader, word);

		if (reader->legacy) {
			reader->next = POSITION_VDEV;
		}
		return err;
	}
	if (!*word) {
		return 0;
	}
	switch (position) {
	case POSITION_FORMAT:
		if (strstr(word, ":cdrom") || strstr(word, ":disk") ||
		    strncmp(word, "ioemu:", 6) == 0) {
			reader->next = POSITION_ACCESS;
			return set_vdev(reader, word);
		}
		return set_format(reader, word);
	case POSITION_VDEV:
		return set_vdev(reader, word);
	case POSITION_ACCESS:
		return set_access(reader, word);
	case POSITION_TARGET:
	case POSITION_END:
		break;
	}
	return -EINVAL;
}

/* `target=` takes all that follows, commas too. Returns where it begins in `text`, or NULL. */
static char *find_target(char *text)
{
	char *at = text;

	while (at) {
		char *word = at + strspn(at, " \t");

		if (strncmp(word, "target", 6) == 0) {
			char *sign = word + 6 + strspn(word + 6, " \t");

			if (*sign == '=') {
				return at;
			}
		}
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

static int read_words(struct reader *reader, char *text)
{
	char *target = find_target(text);
	char *rest = text;
	struct spec_word word;
	int err = 0;

	if (target == text) {
		rest = NULL;
	} else if (target) {
		target[-1] = '\0';
	}
	while (!err && spec_next(&rest, &word)) {
		if (word.value) {
			err = set_key(reader, word.key, word.value);
		} else if (!set_flag(reader, word.key)) {
			err = set_position(reader, word.key);
		}
	}
	if (!err && target) {
		err = set_target(reader, spec_trim(strchr(target, '=') + 1));
	}
	return err;
}

/* Defaults, and what cannot be. */
static int finish(struct reader *reader)
{
	struct vm_disk *disk = reader->disk;
	bool no_target = !disk->path || !*disk->path;

	if (!disk->vdev || !*disk->vdev) {
		cfg_error(reader->where, reader->report, "disk '%s': no vdev is given",
			  reader->spec);
		report_next(reader->report, "write TARGET,FORMAT,VDEV,ACCESS, such as "
					    "/dev/vg/web1,raw,xvda,rw");
		return -EINVAL;
	}
	if (!disk->path && !disk->cdrom) {
		return cfg_error(reader->where, reader->report,
				 "disk '%s': no target is given, and %s is not a CD drive",
				 reader->spec, disk->vdev);
	}
	if (disk->cdrom) {
		disk->readwrite = false;
		if (no_target) {
			disk->format = VM_DISK_FORMAT_EMPTY;
		}
	} else if (!reader->access_given) {
		disk->readwrite = true;
	}
	if (disk->format == VM_DISK_FORMAT_UNKNOWN) {
		disk->format = VM_DISK_FORMAT_RAW;
	}
	return 0;
}

int spec_disk(const char *spec, const struct cfg_where *where, struct vm_disk *disk,
	      struct report *report)
{
	struct reader reader = {.spec = spec, .where = where, .report = report, .disk = disk};
	char *copy = strdup(spec);
	int err;

	vm_disk_init(disk);
	if (!copy) {
		return cfg_no_memory(report);
	}
	err = read_words(&reader, copy);
	free(copy);
	if (!err) {
		err = finish(&reader);
	}
	if (err) {
		vm_disk_clear(disk);
	}
	return err;
}

int config_read_disk(const char *spec, struct vm_disk *disk, struct report *report)
{
	return spec_disk(spec, NULL, disk, report);
}
