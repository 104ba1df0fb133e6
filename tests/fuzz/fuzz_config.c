/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that reads a description of a machine, fed with any bytes: xl.cfg, the strings in it,
 * JSON, libvirt's XML. Beyond not crashing, it is held to this:
 *
 * - an error always comes with a message;
 * - what xl.cfg or JSON described reads back from the JSON written of it, to the same JSON;
 * - what XML described reads back from the XML written of it, to the same XML.
 *
 * Built with clang -fsanitize=fuzzer it is a target for libFuzzer; with replay.c it runs a corpus
 * and mutations of it.
 */
#include "config/config.h"
#include "domxml/domxml.h"
#include "fuzz/fuzz.h"
#include "lib/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void require(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "fuzz_config: not so: %s\n", what);
		abort();
	}
}

/* Ends a report after a call that returned err. */
static void close_report(struct report *report, int err)
{
	require(err <= 0, "an error is negative");
	require((err != 0) == report_has_error(report), "an error comes with a message");
	report_clear(report);
}

static void check_json(const struct vm_config *config)
{
	struct report report = {0};
	struct vm_config *again = NULL;
	char *first = NULL;
	char *second = NULL;
	int err = config_json_write(config, &first, &report);

	require(!err, "what was read can be written");
	err = config_json_read(first, strlen(first), "again", &again, NULL, &report);
	require(!err, "what was written can be read");
	require(config_json_write(again, &second, &report) == 0, "and be written again");
	require(strcmp(first, second) == 0, "to the same text");
	vm_config_free(again);
	free(first);
	free(second);
	close_report(&report, 0);
}

static char *xml_of(const struct vm_config *config)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	require(to && domxml_write(config, to, NULL) == 0, "what was read can be written as XML");
	fclose(to);
	return text;
}

static void read_cfg(const char *text, size_t size)
{
	static const uint32_t nodes[4] = {0, 0, 1, 1};
	const struct config_options options = {.host = {4, nodes}};
	struct report report = {0};
	struct vm_config *config = NULL;
	int err = config_read_text(text, size, "vm.cfg", &options, &config, &report);

	if (!err) {
		check_json(config);
		vm_config_free(config);
	}
	close_report(&report, err);
}

static void read_json(const char *text, size_t size)
{
	struct report report = {0};
	struct vm_config *config = NULL;
	int err = config_json_read(text, size, "vm.json", &config, NULL, &report);

	if (!err) {
		check_json(config);
		free(xml_of(config));
		vm_config_free(config);
	}
	close_report(&report, err);
}

static void read_xml(const char *text, size_t size)
{
	struct report report = {0};
	struct vm_config *config = NULL;
	struct vm_config *again = NULL;
	int err = domxml_read(text, size, "vm.xml", &config, &report);

	if (!err) {
		char *first = xml_of(config);
		char *second;

		require(domxml_read(first, strlen(first), "again", &again, NULL) == 0,
			"XML that was written can be read");
		second = xml_of(again);
		require(strcmp(first, second) == 0, "to the same XML");
		free(first);
		free(second);
		vm_config_free(config);
		vm_config_free(again);
	}
	close_report(&report, err);
}

static void read_strings(const char *text)
{
	static const uint32_t nodes[4] = {0, 0, 1, 1};
	const struct config_host host = {4, nodes};
	struct report report = {0};
	struct vm_disk disk;
	struct vm_nic nic;
	struct vm_set set;
	uint8_t uuid[16];
	unsigned int number;
	uint64_t kib;
	int err = config_read_disk(text, &disk, &report);

	close_report(&report, err);
	vm_disk_clear(&disk);
	err = config_read_nic(text, NULL, &nic, &report);
	close_report(&report, err);
	vm_nic_clear(&nic);
	err = config_read_cpus(text, &host, &set, &report);
	close_report(&report, err);
	vm_set_clear(&set);
	err = config_read_memory(text, &kib, &report);
	close_report(&report, err);
	(void)config_read_uuid(text, uuid);
	(void)config_vdev_number(text, &number, NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	read_cfg(text, size);
	read_json(text, size);
	if (memchr(text, '<', size)) {
		read_xml(text, size);
	}
	text[strcspn(text, "\n")] = '\0';
	read_strings(text);
	free(text);
	return 0;
}
