/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader's configuration file (xen.cfg syntax) and its command line, as plain text in and
 * plain structures out: no firmware types, so the same code runs in the unit tests.
 *
 * Strings in the results are NUL-terminated; an empty one means "not given".
 */
#ifndef BOOT_CONFIG_H
#define BOOT_CONFIG_H

#include "boot/boot_info.h"
#include "lib/types.h"

#define CONFIG_FILE_MAX 65536
#define CONFIG_NAME_MAX 256

enum config_status {
	CONFIG_OK,
	CONFIG_NOT_TEXT,   /* a NUL byte or a UTF-16 mark: not a text file */
	CONFIG_NO_SECTION, /* the section named in detail does not exist */
	CONFIG_NO_KERNEL,  /* the section exists, but kernel= is not to be found */
	CONFIG_TOO_LONG,   /* the value of the key named in detail does not fit */
};

/* What the words after the program's name say. */
struct boot_arguments {
	char section[CONFIG_NAME_MAX];
	char config_file[CONFIG_NAME_MAX]; /* -cfg=FILE */
	char unknown[CONFIG_NAME_MAX];     /* the first word that was ignored */
	char options[BOOT_CMDLINE_MAX];    /* all that follows "--" */
	bool wants_help;
	bool wants_base_video;
};

struct boot_config {
	char section[CONFIG_NAME_MAX]; /* the one chosen; empty: headers are ignored */
	char options[BOOT_CMDLINE_MAX];
	char kernel[CONFIG_NAME_MAX];
	char kernel_args[BOOT_CMDLINE_MAX];
	char ramdisk[CONFIG_NAME_MAX];
	char ucode[CONFIG_NAME_MAX];
	char chain[CONFIG_NAME_MAX]; /* also set when the status is NO_SECTION or NO_KERNEL */
	char detail[CONFIG_NAME_MAX]; /* the section or key an error is about */
	bool wanted_is_missing;      /* the section asked for is not in the file; default= used */
};

/* Splits load options; program is the binary's file name, skipped if it is the first word. */
bool must_check boot_arguments_parse(const char *text, const char *program,
				     struct boot_arguments *arguments);

/* wanted is a section's name or ""; text need not be terminated. */
enum config_status must_check boot_config_parse(const char *text, size_t bytes, const char *wanted,
						struct boot_config *config);

/* Appends word to a space-separated line; false when it does not fit (line is unchanged). */
bool must_check boot_line_append(char *line, size_t size, const char *words);

#endif
