/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces: `mac=...,bridge=...,rate=10Mb/s@20ms`, an element of `vif=`. Words that mean
 * nothing here are warned of and passed over, as upstream passes them over: an interface less is
 * worse than a word less. What is understood but wrong is an error.
 *
 * A rate is kept as upstream's backends want it: so many bytes in so many microseconds, 50 ms
 * unless the string says otherwise.
 */
#include "config/spec.h"
#include "config/xl_conf.h"

#include "lib/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_INTERVAL_US 50000U

struct reader {
	const char *spec;
	const struct cfg_where *where;
	struct report *report;
	struct vm_nic *nic;
};

static int wrong(const struct reader *reader, const char *what, const char *word)
{
	return cfg_error(reader->where, reader->report, "vif '%s': %s: '%s'", reader->spec, what,
			 word);
}

static int read_mac(struct reader *reader, const char *text)
{
	const char *at = text;

	for (unsigned int i = 0; i < 6; i++) {
		char *end;
		unsigned long byte = strtoul(at, &end, 16);

		if (!isxdigit((unsigned char)*at) || end - at > 2 || *end != (i < 5 ? ':' : '\0')) {
			wrong(reader, "not a MAC address", text);
			report_next(reader->report,
				    "six pairs of digits, such as 00:16:3e:12:34:56");
			return -EINVAL;
		}
		reader->nic->mac[i] = (uint8_t)byte;
		at = end + 1;
	}
	if (reader->nic->mac[0] & 1) {
		wrong(reader, "a multicast address cannot be an interface's own", text);
		report_next(reader->report, "the second digit must be even");
		return -EINVAL;
	}
	return 0;
}

static int wrong_rate(const struct reader *reader, const char *text)
{
	wrong(reader, "not a rate", text);
	report_next(reader->report,
		    "such as 10Mb/s or 5MB/s@20ms: a number of b/s, B/s, Kb/s, ... GB/s, and the "
		    "interval over which it holds, in us, ms or s");
	return -EINVAL;
}

/* "Mb/s" and the like, in bits each second; 0 for none. */
static uint64_t rate_unit(const char *unit, size_t length)
{
	uint64_t scale = 1;

	if (length == 4) {
		switch (*unit) {
		case 'K':
			scale = 1000;
			break;
		case 'M':
			scale = 1000000;
			break;
		case 'G':
			scale = 1000000000;
			break;
		default:
			return 0;
		}
		unit++;
	} else if (length != 3) {
		return 0;
	}
	if (strncmp(unit, "b/s", 3) == 0) {
		return scale;
	}
	return strncmp(unit, "B/s", 3) == 0 ? scale * 8 : 0;
}

static int read_interval(const char *text, uint64_t *us)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text)) {
		return -EINVAL;
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || value > UINT32_MAX) {
		return -EINVAL;
	}
	if (strcmp(end, "us") == 0) {
		*us = value;
	} else if (strcmp(end, "ms") == 0) {
		*us = value * 1000;
	} else if (strcmp(end, "s") == 0 || !*end) {
		*us = value * 1000000;
	} else {
		return -EINVAL;
	}
	return *us > UINT32_MAX || *us == 0 ? -EINVAL : 0;
}

static int read_rate(struct reader *reader, const char *text)
{
	uint64_t interval_us = RATE_INTERVAL_US;
	size_t length = strcspn(text, "@");
	unsigned long long value;
	uint64_t bits_s;
	uint64_t unit;
	char *end;

	if (!isdigit((unsigned char)*text)) {
		return wrong_rate(reader, text);
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	unit = end <= text + length ? rate_unit(end, (size_t)(text + length - end)) : 0;
	if (errno || !unit || value == 0 ||
	    (text[length] && read_interval(text + length + 1, &interval_us) < 0)) {
		return wrong_rate(reader, text);
	}
	if (__builtin_mul_overflow((uint64_t)value, unit, &bits_s)) {
		return wrong(reader, "the rate is too large", text);
	}
	/* Bytes each second first: so upstream rounds. */
	if (bits_s / 8 > UINT64_MAX / interval_us) {
		return wrong(reader, "the rate is too large", text);
	}
	reader->nic->rate_bytes_per_interval = bits_s / 8 * interval_us / 1000000;
	reader->nic->rate_interval_us = (uint32_t)interval_us;
	if (bits_s / 8 > UINT32_MAX) {
		return wrong(reader, "the rate is too large (at most 4 GB/s)", text);
	}
	return 0;
}

static int read_type(struct reader *reader, const char *text)
{
	if (strcmp(text, "ioemu") == 0) {
		reader->nic->type = VM_NIC_VIF_IOEMU;
	} else if (strcmp(text, "vif") == 0) {
		reader->nic->type = VM_NIC_VIF;
	} else {
		cfg_warning(reader->where, reader->report,
			    "vif '%s': type '%s' is unknown and has no effect", reader->spec, text);
	}
	return 0;
}

static int read_small(struct reader *reader, const char *what, const char *text, int64_t high,
		      int *number)
{
	int64_t value;

	if (spec_number(text, 0, &value) < 0 || value < 0 || value > high) {
		return wrong(reader, what, text);
	}
	*number = (int)value;
	return 0;
}

static int set_key(struct reader *reader, const struct spec_word *word)
{
	struct vm_nic *nic = reader->nic;
	const struct {
		const char *key;
		char **text;
	} texts[] = {
		{"bridge", &nic->bridge},     {"model", &nic->model},
		{"script", &nic->script},     {"ip", &nic->ip},
		{"vifname", &nic->ifname},    {"backend", &nic->backend_domname},
		{"netdev", &nic->gatewaydev}, {"gatewaydev", &nic->gatewaydev},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(word->key, texts[i].key) == 0) {
			return spec_set(texts[i].text, word->value, reader->report);
		}
	}
	if (strcmp(word->key, "mac") == 0) {
		return read_mac(reader, word->value);
	}
	if (strcmp(word->key, "rate") == 0) {
		return read_rate(reader, word->value);
	}
	if (strcmp(word->key, "type") == 0) {
		return read_type(reader, word->value);
	}
	if (strcmp(word->key, "devid") == 0) {
		return read_small(reader, "not a device number", word->value, 65535, &nic->devid);
	}
	if (strcmp(word->key, "mtu") == 0) {
		return read_small(reader, "not an MTU", word->value, 65535, &nic->mtu);
	}
	cfg_warning(reader->where, reader->report, "vif '%s': '%s' is unknown and has no effect",
		    reader->spec, word->key);
	return 0;
}

static int read_words(struct reader *reader, char *text)
{
	struct spec_word word;
	char *rest = text;
	int err = 0;

	while (!err && spec_next(&rest, &word)) {
		if (word.value) {
			err = set_key(reader, &word);
		} else if (strcmp(word.key, "trusted") == 0) {
			reader->nic->trusted = CHOICE_YES;
		} else if (strcmp(word.key, "untrusted") == 0) {
			reader->nic->trusted = CHOICE_NO;
		} else if (*word.key) {
			cfg_warning(reader->where, reader->report,
				    "vif '%s': '%s' is unknown and has no effect", reader->spec,
				    word.key);
		}
	}
	return err;
}

/* What xl.conf says about all interfaces. */
static int set_defaults(struct vm_nic *nic, const struct xl_conf *conf, struct report *report)
{
	int err = 0;

	if (conf->vif_script) {
		err = spec_set(&nic->script, conf->vif_script, report);
	}
	if (!err && conf->vif_bridge) {
		err = spec_set(&nic->bridge, conf->vif_bridge, report);
	}
	if (!err && conf->vif_gatewaydev) {
		err = spec_set(&nic->gatewaydev, conf->vif_gatewaydev, report);
	}
	if (!err && conf->vif_backend) {
		err = spec_set(&nic->backend_domname, conf->vif_backend, report);
	}
	return err;
}

int spec_nic(const char *spec, const struct xl_conf *conf, const struct cfg_where *where,
	     struct vm_nic *nic, struct report *report)
{
	struct reader reader = {.spec = spec, .where = where, .report = report, .nic = nic};
	char *copy = strdup(spec);
	int err;

	vm_nic_init(nic);
	if (!copy) {
		return cfg_no_memory(report);
	}
	err = conf ? set_defaults(nic, conf, report) : 0;
	if (!err) {
		err = read_words(&reader, copy);
	}
	free(copy);
	if (err) {
		vm_nic_clear(nic);
	}
	return err;
}

int config_read_nic(const char *spec, const struct xl_conf *conf, struct vm_nic *nic,
		    struct report *report)
{
	return spec_nic(spec, conf, NULL, nic, report);
}
