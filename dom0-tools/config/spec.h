/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small languages inside the strings of xl.cfg: disks, network interfaces, CPU lists, CPUID
 * policies, and the `key=value,...` strings of the other devices. Within config/ only; the public
 * forms are in config.h. Errors begin with the place the string was written at, when it is known.
 */
#ifndef CONFIG_SPEC_H
#define CONFIG_SPEC_H

#include "config/config.h"
#include "config/syntax.h"

/* A word of a `key=value,...` string, blanks around it removed. */
struct spec_word {
	char *key;
	char *value; /* NULL: the word has no "=" */
};

/* Takes the next word off *rest; false at the end. Changes the text it walks. */
bool spec_next(char **rest, struct spec_word *word);

/* Removes blanks at both ends, in place. */
char *spec_trim(char *text);

/* A whole text as a number, in C's notation (0x, 0) if base is 0. -EINVAL, -ERANGE. */
int spec_number(const char *text, int base, int64_t *number);

int spec_disk(const char *spec, const struct cfg_where *where, struct vm_disk *disk,
	      struct report *report);
int spec_nic(const char *spec, const struct xl_conf *conf, const struct cfg_where *where,
	     struct vm_nic *nic, struct report *report);
int spec_cpus(const char *spec, const struct config_host *host, const struct cfg_where *where,
	      struct vm_set *set, struct report *report);

/* One CPUID policy string: `host,name=value,...`, or `leaf[,subleaf]:reg=policy,...`, added to the
 * entries config has. */
int spec_cpuid_features(const char *spec, const struct cfg_where *where, struct vm_config *config,
			struct report *report);
int spec_cpuid_leaf(const char *spec, const struct cfg_where *where, struct vm_config *config,
		    struct report *report);

/* Replaces *text by a copy; NULL is a text too. -ENOMEM, said. */
int spec_set(char **text, const char *to, struct report *report);

#endif
