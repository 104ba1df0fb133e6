/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's command line, Xen style: `name=value` words between spaces, double or single
 * quotes around spaces, flags as `name`, `no-name`, `noname`, `name=off`. A module describes its
 * options in a table; the last of several settings wins.
 */
#ifndef LIB_CMDLINE_H
#define LIB_CMDLINE_H

#include "lib/types.h"

/* The longest word; longer ones are rejected whole. */
#define CMDLINE_WORD_MAX 256

enum cmdline_kind {
	CMDLINE_FLAG,	/* bool: yes/no on/off true/false enable/disable 1/0 */
	CMDLINE_U64,	/* uint64_t, decimal or 0x hex or 0 octal */
	CMDLINE_SIZE,	/* uint64_t bytes; suffix B K M G T; without suffix KiB as in Xen */
	CMDLINE_STRING, /* char[size], always terminated; too long is rejected */
	CMDLINE_CUSTOM, /* parse(); value is its data; `name` alone arrives as "" */
};

struct cmdline_option {
	const char *name;
	enum cmdline_kind kind;
	void *value;
	size_t size;					/* STRING only */
	int (*parse)(const char *text, void *data);	/* CUSTOM only; 0 or -XEN_E* */
};

/*
 * Applies each word of the text. Words no option takes, or with a bad value, go to reject() (may be
 * NULL) and change nothing; the rest still applies. Returns -XEN_EINVAL if any was rejected.
 */
int cmdline_parse(const char *text, const struct cmdline_option *table, size_t count,
		  void (*reject)(const char *word, const char *why));

/*
 * Pieces for CUSTOM parsers ("1536M,max:1536M"): read a number, leave *rest behind it. Without a
 * suffix the size is in units of default_unit bytes.
 */
int must_check cmdline_read_u64(const char *text, uint64_t *value, const char **rest);
int must_check cmdline_read_size(const char *text, uint64_t default_unit, uint64_t *bytes,
				 const char **rest);
int must_check cmdline_read_bool(const char *text, bool *value);
/* Of "a,b,c": whether one of them is word. */
bool must_check cmdline_list_has(const char *list, const char *word);

#endif
