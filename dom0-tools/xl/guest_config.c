/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads configurations for commands. XML is turned into JSON by the program domxml, in a process
 * of its own that can do nothing else.
 */
#include "xl/guest_config.h"

#include "call/host.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PKGLIBEXECDIR
#define PKGLIBEXECDIR "/usr/local/libexec/proxenos"
#endif

#define TEXT_LIMIT (8U << 20)

static bool ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && !strcmp(name + length - tail, end);
}

static char *read_all(FILE *from, size_t *size)
{
	char *text = NULL;
	size_t room = 0;

	*size = 0;
	for (;;) {
		size_t got;

		if (*size == room) {
			char *grown = room < TEXT_LIMIT ? realloc(text, room + 65536) : NULL;

			if (!grown) {
				free(text);
				return NULL;
			}
			text = grown;
			room += 65536;
		}
		got = fread(text + *size, 1, room - *size, from);
		if (got == 0) {
			return text;
		}
		*size += got;
	}
}

static int read_json(struct xl *xl, FILE *from, const char *name, struct vm_config **config)
{
	size_t size = 0;
	char *text = read_all(from, &size);
	int err = text ? config_json_read(text, size, name, config, NULL, &xl->report)
		       : report_error(&xl->report, EFBIG, "%s", name);

	free(text);
	return err;
}

/* Runs domxml on an open file; *from is the end to read its answer from. */
static int start_domxml(const char *direction, const char *name, int input, pid_t *child, int *from)
{
	const char *program = getenv("PROXENOS_DOMXML");
	const char *argv[] = {"domxml", direction, name, NULL};
	posix_spawn_file_actions_t actions;
	int pipes[2], err;

	if (pipe2(pipes, O_CLOEXEC)) {
		return -errno;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	err = posix_spawn(child, program ? program : PKGLIBEXECDIR "/domxml", &actions, NULL,
			  (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (err) {
		close(pipes[0]);
		return -err;
	}
	*from = pipes[0];
	return 0;
}

/* All that domxml answers; it has said itself what it did not like. *text is the caller's. */
static int run_domxml(struct xl *xl, const char *direction, const char *name, int input,
		      char **text, size_t *size)
{
	int from = -1, status = 0, err;
	pid_t child;
	FILE *stream;

	*text = NULL;
	err = start_domxml(direction, name, input, &child, &from);
	if (err) {
		report_error(&xl->report, -err, "%s", name);
		report_next(&xl->report, "the program domxml is missing from %s", PKGLIBEXECDIR);
		return err;
	}
	stream = fdopen(from, "r");
	if (stream) {
		*text = read_all(stream, size);
		fclose(stream);
	} else {
		close(from);
	}
	waitpid(child, &status, 0);
	if (status || !*text) {
		free(*text);
		*text = NULL;
		report_error(&xl->report, 0, "%s could not be translated %s", name,
			     !strcmp(direction, "from-xml") ? "from domain XML" : "to domain XML");
		return -EINVAL;
	}
	return 0;
}

static int read_xml(struct xl *xl, const char *file, struct vm_config **config)
{
	int input = open(file, O_RDONLY | O_CLOEXEC), err;
	size_t size = 0;
	char *text;

	if (input < 0) {
		return report_error(&xl->report, errno, "%s", file);
	}
	err = run_domxml(xl, "from-xml", file, input, &text, &size);
	close(input);
	if (!err) {
		err = config_json_read(text, size, file, config, NULL, &xl->report);
	}
	free(text);
	return err;
}

int guest_config_print_xml(struct xl *xl, const struct vm_config *config)
{
	int input = memfd_create("config", MFD_CLOEXEC), err;
	char *json = NULL, *text = NULL;
	size_t size = 0;

	if (input < 0) {
		return report_error(&xl->report, errno, "%s", config->name);
	}
	err = config_json_write(config, &json, &xl->report);
	if (!err && (write(input, json, strlen(json)) != (ssize_t)strlen(json) ||
		     lseek(input, 0, SEEK_SET) != 0)) {
		err = report_error(&xl->report, errno, "%s", config->name);
	}
	if (!err) {
		err = run_domxml(xl, "to-xml", config->name, input, &text, &size);
	}
	if (!err) {
		fwrite(text, 1, size, xl->out);
	}
	close(input);
	free(text);
	free(json);
	return err;
}

/* What `cpus=` may refer to, where there is a hypervisor to ask. */
static void fill_host(struct xl *xl, struct config_options *options)
{
	struct xen_sysctl_physinfo phys;

	if (!xl->control) {
		struct report none = {0};

		if (control_open(&xl->own, xl->conf_path, &none) == 0) {
			xl->control = &xl->own;
		}
		report_clear(&none);
	}
	if (xl->control) {
		options->conf = &xl->control->conf;
		if (!call_host_physinfo(xl->control->call, &phys)) {
			options->host.cpus = phys.max_cpu_id + 1;
		}
	}
}

static int read_cfg(struct xl *xl, const char *file, char **settings, unsigned int count,
		    struct vm_config **config)
{
	struct config_options options = {
		.overrides = (const char *const *)(uintptr_t)settings,
		.override_count = count,
	};

	if (strcmp(file, "-") != 0 && access(file, R_OK)) {
		int err = -errno;

		fprintf(xl->err, "Failed to read config file: %s: %s\n", file, strerror(errno));
		return err;
	}
	fill_host(xl, &options);
	return config_read_file(file, &options, config, &xl->report);
}

int guest_config_read(struct xl *xl, const char *file, char **settings, unsigned int count,
		      struct vm_config **config)
{
	bool xml = ends_in(file, ".xml"), json = ends_in(file, ".json");
	FILE *from;
	int err;

	*config = NULL;
	if (!xml && !json) {
		return read_cfg(xl, file, settings, count, config);
	}
	if (count) {
		report_error(&xl->report, EINVAL, "%s", settings[0]);
		report_why(&xl->report, "settings can only be changed for xl.cfg, not for %s",
			   xml ? "XML" : "JSON");
		return -EINVAL;
	}
	if (xml) {
		return read_xml(xl, file, config);
	}
	from = fopen(file, "re");
	if (!from) {
		return report_error(&xl->report, errno, "%s", file);
	}
	err = read_json(xl, from, file, config);
	fclose(from);
	return err;
}

int guest_config_print(struct xl *xl, const struct vm_config *config)
{
	char *text = NULL;
	int err = config_json_write(config, &text, &xl->report);

	if (!err) {
		fputs(text, xl->out);
	}
	free(text);
	return err;
}

char *guest_config_join(char **words, unsigned int count)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to) {
		return NULL;
	}
	for (unsigned int i = 0; i < count; i++) {
		fprintf(to, "%s%s", i ? "," : "", words[i]);
	}
	fclose(to);
	return text;
}
