/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps messages until somebody prints them; see report.h. Every text is a copy of its own, so
 * callers may free what they formatted from.
 */
#include "lib/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void report_clear(struct report *report)
{
	for (unsigned int i = 0; i < report->count; i++) {
		free(report->messages[i].what);
		free(report->messages[i].why);
		free(report->messages[i].next);
	}
	free(report->messages);
	*report = (struct report){0};
}

static struct report_message *message_add(struct report *report)
{
	if (report->count == report->room) {
		unsigned int room = report->room ? report->room * 2 : 8;
		struct report_message *messages =
			reallocarray(report->messages, room, sizeof(*messages));

		if (!messages) {
			return NULL;
		}
		report->messages = messages;
		report->room = room;
	}
	return &report->messages[report->count];
}

static void __attribute__((format(printf, 3, 0)))
add(struct report *report, enum report_level level, const char *format, va_list args)
{
	struct report_message *message = message_add(report);
	char *what;

	if (!message || vasprintf(&what, format, args) < 0) {
		report->lost = true;
		return;
	}
	*message = (struct report_message){.level = level, .what = what};
	report->count++;
}

static struct report_message *newest(struct report *report)
{
	return report && report->count ? &report->messages[report->count - 1] : NULL;
}

static void __attribute__((format(printf, 3, 0)))
replace(struct report *report, char **text, const char *format, va_list args)
{
	char *fresh;

	if (vasprintf(&fresh, format, args) < 0) {
		report->lost = true;
		return;
	}
	free(*text);
	*text = fresh;
}

int report_error(struct report *report, int error, const char *format, ...)
{
	va_list args;

	if (report) {
		unsigned int before = report->count;

		va_start(args, format);
		add(report, REPORT_ERROR, format, args);
		va_end(args);
		if (error && report->count > before) {
			report_why(report, "%s", strerror(error));
		}
	}
	return error ? -error : -EINVAL;
}

void report_warning(struct report *report, const char *format, ...)
{
	va_list args;

	if (report) {
		va_start(args, format);
		add(report, REPORT_WARNING, format, args);
		va_end(args);
	}
}

void report_detail(struct report *report, const char *format, ...)
{
	va_list args;

	if (report) {
		va_start(args, format);
		add(report, REPORT_DETAIL, format, args);
		va_end(args);
	}
}

void report_why(struct report *report, const char *format, ...)
{
	struct report_message *message = newest(report);
	va_list args;

	if (message) {
		va_start(args, format);
		replace(report, &message->why, format, args);
		va_end(args);
	}
}

void report_next(struct report *report, const char *format, ...)
{
	struct report_message *message = newest(report);
	va_list args;

	if (message) {
		va_start(args, format);
		replace(report, &message->next, format, args);
		va_end(args);
	}
}

bool report_has_error(const struct report *report)
{
	for (unsigned int i = 0; i < report->count; i++) {
		if (report->messages[i].level == REPORT_ERROR) {
			return true;
		}
	}
	return report->lost;
}

void report_print(const struct report *report, const char *program, bool details, FILE *to)
{
	static const char *const level_name[] = {
		[REPORT_ERROR] = "error",
		[REPORT_WARNING] = "warning",
		[REPORT_DETAIL] = "detail",
	};

	for (unsigned int i = 0; i < report->count; i++) {
		const struct report_message *message = &report->messages[i];

		if (message->level == REPORT_DETAIL && !details) {
			continue;
		}
		fprintf(to, "%s: %s: %s", program, level_name[message->level], message->what);
		if (message->why) {
			fprintf(to, ": %s", message->why);
		}
		fputc('\n', to);
		if (message->next) {
			fprintf(to, "    %s\n", message->next);
		}
	}
	if (report->lost) {
		fprintf(to, "%s: error: out of memory: some messages are missing\n", program);
	}
}
