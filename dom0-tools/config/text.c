/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest pieces of the languages of xl.cfg: numbers, memory sizes, UUIDs, names of virtual
 * devices, words of a `key=value,...` string. None of them keeps state.
 */
#include "config/spec.h"

#include "lib/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *spec_trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text)) {
		text++;
	}
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1])) {
		text[--length] = '\0';
	}
	return text;
}

bool spec_next(char **rest, struct spec_word *word)
{
	char *text = strsep(rest, ",");
	char *sign;

	if (!text) {
		return false;
	}
	sign = strchr(text, '=');
	word->value = NULL;
	if (sign) {
		*sign = '\0';
		word->value = spec_trim(sign + 1);
	}
	word->key = spec_trim(text);
	return true;
}

int spec_set(char **text, const char *to, struct report *report)
{
	char *copy = to ? strdup(to) : NULL;

	if (to && !copy) {
		return cfg_no_memory(report);
	}
	free(*text);
	*text = copy;
	return 0;
}

int spec_number(const char *text, int base, int64_t *number)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, base);
	if (end == text || *end) {
		return -EINVAL;
	}
	if (errno) {
		return -ERANGE;
	}
	*number = value;
	return 0;
}

/* Shift from bytes for a unit's letter, or -1. */
static int unit_shift(int letter)
{
	static const char letters[] = "bkmgt";
	const char *at = letter ? strchr(letters, tolower(letter)) : NULL;

	return at ? (int)(at - letters) * 10 : -1;
}

int config_read_memory(const char *text, uint64_t *kib, struct report *report)
{
	unsigned long long value;
	int shift = 20;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end != text && *end) {
		shift = unit_shift(*end++);
	}
	if (end == text || *end || shift < 0 || errno || strchr(text, '-') ||
	    value > UINT64_MAX >> shift || value << shift >> 10 == VM_KIB_DEFAULT) {
		report_error(report, 0, "'%s' is not a size of memory", text);
		report_next(report, "a number of MiB, or with a suffix: b, k, m, g, t");
		return -EINVAL;
	}
	*kib = value << shift >> 10;
	return 0;
}

int config_read_uuid(const char *text, uint8_t uuid[16])
{
	uint8_t made[16];
	unsigned int digits = 0;

	for (const char *at = text; *at; at++) {
		const char *hex = "0123456789abcdef";
		const char *digit = strchr(hex, tolower((unsigned char)*at));

		if (*at == '-') {
			continue;
		}
		if (!digit || digits == 32) {
			return -EINVAL;
		}
		if (digits % 2 == 0) {
			made[digits / 2] = (uint8_t)((digit - hex) << 4);
		} else {
			made[digits / 2] = (uint8_t)(made[digits / 2] | (digit - hex));
		}
		digits++;
	}
	if (digits != 32) {
		return -EINVAL;
	}
	memcpy(uuid, made, sizeof(made));
	return 0;
}

void config_write_uuid(const uint8_t uuid[16], char text[37])
{
	char *at = text;

	for (unsigned int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) {
			*at++ = '-';
		}
		at += sprintf(at, "%02x", uuid[i]);
	}
}

/* "a" to "z", "aa", ... as 0, 1, ...; *rest is what follows. */
static int letters_number(const char *text, const char **rest, unsigned int *number)
{
	unsigned int value = 0;
	const char *at = text;

	while (*at >= 'a' && *at <= 'z') {
		value = value * 26 + (unsigned int)(*at - 'a') + 1;
		if (value > 1U << 20) {
			return -EINVAL;
		}
		at++;
	}
	*rest = at;
	*number = value - 1;
	return at == text ? -EINVAL : 0;
}

static int decimal_number(const char *text, const char **rest, unsigned int *number)
{
	unsigned int value = 0;
	const char *at = text;

	while (isdigit((unsigned char)*at)) {
		value = value * 10 + (unsigned int)(*at - '0');
		if (value > 1U << 20) {
			return -EINVAL;
		}
		at++;
	}
	*rest = at;
	*number = value;
	return at == text ? -EINVAL : 0;
}

/* xvda is 202:0 and on, beyond 16 disks or partitions in the extended form, bit 28
 * (public/io/blkif.h and docs/misc/vbd-interface); hda 3 and 22, sda 8 with their Linux numbers. */
static int device_number(char kind, unsigned int disk, unsigned int partition, unsigned int *device)
{
	switch (kind) {
	case 'x':
		if (disk < 16 && partition < 16) {
			*device = 202U << 8 | disk << 4 | partition;
			return 0;
		}
		if (disk >= 1U << 20 || partition >= 256) {
			return -EINVAL;
		}
		*device = 1U << 28 | disk << 8 | partition;
		return 0;
	case 'h':
		if (disk >= 4 || partition >= 64) {
			return -EINVAL;
		}
		*device = (disk < 2 ? 3U : 22U) << 8 | (disk & 1) << 6 | partition;
		return 0;
	case 's':
		if (disk >= 16 || partition >= 16) {
			return -EINVAL;
		}
		*device = 8U << 8 | disk << 4 | partition;
		return 0;
	default:
		return -EINVAL;
	}
}

/* The parts of a name such as xvdb3 or d1p3. */
static int device_parts(const char *vdev, char *kind, unsigned int *disk, unsigned int *partition)
{
	const char *rest;
	int err;

	*partition = 0;
	if (vdev[0] == 'd' && isdigit((unsigned char)vdev[1])) {
		*kind = 'x';
		err = decimal_number(vdev + 1, &rest, disk);
		if (!err && *rest == 'p') {
			err = decimal_number(rest + 1, &rest, partition);
		}
	} else {
		size_t prefix = strncmp(vdev, "xvd", 3) == 0 ? 3 : 2;

		if (prefix == 2 && strncmp(vdev, "hd", 2) != 0 && strncmp(vdev, "sd", 2) != 0) {
			return -EINVAL;
		}
		*kind = vdev[0];
		err = letters_number(vdev + prefix, &rest, disk);
		if (!err && *rest) {
			err = decimal_number(rest, &rest, partition);
		}
	}
	return err || *rest ? -EINVAL : 0;
}

int config_vdev_number(const char *vdev, unsigned int *device, unsigned int *disk,
		       unsigned int *partition)
{
	unsigned int d = 0;
	unsigned int p = 0;
	int64_t number;
	char kind;

	if (isdigit((unsigned char)vdev[0])) {
		if (spec_number(vdev, 0, &number) < 0 || number >= (int64_t)1 << 29) {
			return -EINVAL;
		}
		*device = (unsigned int)number;
	} else if (device_parts(vdev, &kind, &d, &p) < 0 || device_number(kind, d, p, device) < 0) {
		return -EINVAL;
	}
	if (disk) {
		*disk = d;
	}
	if (partition) {
		*partition = p;
	}
	return 0;
}
