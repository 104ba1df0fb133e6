/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of dom0-tools/config share: reading a text that must be good, and one that must be
 * refused with a certain message. The host has 8 CPUs in 2 nodes. What a function hands out is
 * freed by config_world_end(), which also fails when a message was expected and none came.
 */
#ifndef UNIT_CONFIG_WORLD_H
#define UNIT_CONFIG_WORLD_H

#include "config/config.h"
#include "lib/report.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t config_world_nodes[8] = {0, 0, 0, 0, 1, 1, 1, 1};
static struct report config_world_report;
static struct vm_config *config_world_config;

static inline void config_world_end(void)
{
	vm_config_free(config_world_config);
	config_world_config = NULL;
	report_clear(&config_world_report);
}

static inline int config_world_read(const char *text, size_t size)
{
	struct config_options options = {.host = {8, config_world_nodes}};

	config_world_end();
	return config_read_text(text, size, "vm.cfg", &options, &config_world_config,
				&config_world_report);
}

/* All messages as report_print() shows them; to be freed. */
static inline char *config_world_messages(void)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	report_print(&config_world_report, "xl", true, to);
	fclose(to);
	return text;
}

/* The machine of a whole file, or with a name and memory put before `lines`. */
static inline const struct vm_config *good(const char *text)
{
	static const struct vm_config none;
	int err = config_world_read(text, strlen(text));

	CU_ASSERT_EQUAL(err, 0);
	if (err) {
		report_print(&config_world_report, "unexpected", true, stderr);
		return &none;
	}
	return config_world_config;
}

static inline const struct vm_config *good_with(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text), "name = 'a'\nmemory = 64\n%s", lines);
	return good(text);
}

static inline void refused(const char *text, const char *message)
{
	char *messages;

	CU_ASSERT_EQUAL(config_world_read(text, strlen(text)), -EINVAL);
	messages = config_world_messages();
	CU_ASSERT_PTR_NOT_NULL(strstr(messages, message));
	if (!strstr(messages, message)) {
		fprintf(stderr, "wanted: %s\ngot:    %s\n", message, messages);
	}
	free(messages);
}

/* Lines after a name and memory; the first of them is line 3. */
static inline void refused_with(const char *lines, const char *message)
{
	char text[4096];

	snprintf(text, sizeof(text), "name = 'a'\nmemory = 64\n%s", lines);
	refused(text, message);
}

/* Whether the last reading said this. */
static inline bool said(const char *message)
{
	char *messages = config_world_messages();
	bool found = strstr(messages, message) != NULL;

	if (!found) {
		fprintf(stderr, "wanted: %s\ngot:    %s\n", message, messages);
	}
	free(messages);
	return found;
}

#endif
