/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domxml: libvirt's domain XML on standard input to the JSON of a configuration on standard output,
 * and back. xl runs it for `xl create FILE.xml` and `xl domxml`, so that no XML parser is linked to
 * a program that can make hypercalls. Before the first byte of input is parsed, the process gives
 * up every system call but those for memory, reading, writing and ending.
 *
 * Usage: domxml from-xml|to-xml [NAME]      NAME is what messages call the input
 * Exit status: 0, 1 for what is wrong with the input, 2 for wrong usage.
 */
#include "domxml/domxml.h"

#include "config/config.h"

#include "lib/report.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libxml/parser.h>

#define INPUT_MAX (16U << 20)

/* getrandom: malloc and libxml2 seed their tables; fstat: stdio. A call outside the list kills. */
static int confine(struct report *report)
{
	static const int allowed[] = {
		SCMP_SYS(read),         SCMP_SYS(write),         SCMP_SYS(brk),
		SCMP_SYS(mmap),         SCMP_SYS(munmap),        SCMP_SYS(mremap),
		SCMP_SYS(mprotect),     SCMP_SYS(madvise),       SCMP_SYS(fstat),
		SCMP_SYS(newfstatat),   SCMP_SYS(getrandom),     SCMP_SYS(futex),
		SCMP_SYS(exit),         SCMP_SYS(exit_group),    SCMP_SYS(lseek),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	}
	if (!err) {
		err = seccomp_load(filter);
	}
	if (filter) {
		seccomp_release(filter);
	}
	return err ? report_error(report, -err, "seccomp") : 0;
}

static int read_input(char **text, size_t *size, struct report *report)
{
	size_t room = 65536;
	char *buffer = malloc(room);

	*size = 0;
	for (;;) {
		ssize_t got;

		if (buffer && *size == room) {
			char *larger = room < INPUT_MAX ? realloc(buffer, room *= 2) : NULL;

			if (!larger) {
				free(buffer);
				return report_error(report, EFBIG, "standard input");
			}
			buffer = larger;
		}
		got = buffer ? read(STDIN_FILENO, buffer + *size, room - *size) : -1;
		if (got < 0 && buffer && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			free(buffer);
			return report_error(report, errno, "standard input");
		}
		if (got == 0) {
			*text = buffer;
			return 0;
		}
		*size += (size_t)got;
	}
}

static int from_xml(const char *text, size_t size, const char *name, struct report *report)
{
	struct vm_config *config;
	char *json;
	int err = domxml_read(text, size, name, &config, report);

	if (err) {
		return err;
	}
	err = config_json_write(config, &json, report);
	vm_config_free(config);
	if (!err) {
		fputs(json, stdout);
		free(json);
	}
	return err;
}

static int to_xml(const char *text, size_t size, const char *name, struct report *report)
{
	struct vm_config *config;
	int err = config_json_read(text, size, name, &config, NULL, report);

	if (!err) {
		err = domxml_write(config, stdout, report);
		vm_config_free(config);
	}
	return err;
}

static int run(bool from, const char *name, struct report *report)
{
	size_t size = 0;
	char *text = NULL;
	int err;

	xmlInitParser(); /* what it wants of the system, it gets before */
	err = confine(report);
	if (!err) {
		err = read_input(&text, &size, report);
	}
	if (!err) {
		err = from ? from_xml(text, size, name, report) : to_xml(text, size, name, report);
		free(text);
	}
	if (!err && fflush(stdout) != 0) {
		err = report_error(report, errno, "standard output");
	}
	return err;
}

int main(int argc, char **argv)
{
	struct report report = {0};
	bool from = argc > 1 && strcmp(argv[1], "from-xml") == 0;
	int err;

	if (argc < 2 || argc > 3 || (!from && strcmp(argv[1], "to-xml") != 0)) {
		fputs("usage: domxml from-xml|to-xml [NAME]\n", stderr);
		return 2;
	}
	err = run(from, argc > 2 ? argv[2] : "standard input", &report);
	report_print(&report, "domxml", false, stderr);
	report_clear(&report);
	return err ? 1 : 0;
}
