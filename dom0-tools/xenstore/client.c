/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the xenstore-* programs have in common: which mode a name stands for, options, the
 * transaction around a command with several arguments, and the modes that are a line or two.
 */
#include "xenstore/client.h"
#include "xenstore/escape.h"
#include "lib/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

struct mode {
	const char *name;
	const char *synopsis;
	const char *letters; /* its options, for the long help and for who may have which */
	int least;           /* arguments */
	int (*run)(struct client *client, uint32_t tx, FILE *out, int argc, char **argv);
	int alone; /* so many arguments need no transaction; 0: never one */
	bool pairs;
};

int client_fail(struct client *client, int err, const char *format, ...)
{
	va_list args;

	if (err == -EAGAIN || err == -ECONNRESET) {
		return err;
	}
	fflush(client->out);
	fprintf(client->err, "%s: ", client->program);
	va_start(args, format);
	vfprintf(client->err, format, args);
	va_end(args);
	fputc('\n', client->err);
	/* Some texts have it already. */
	if (err && !strstr(format, ": %s")) {
		fprintf(client->err, "    %s\n", strerror(-err));
	}
	return 1;
}

/* --- JSON ------------------------------------------------------------------------------------ */

static yajl_gen json_begin(void)
{
	yajl_gen json = yajl_gen_alloc(NULL);

	if (json) {
		yajl_gen_config(json, yajl_gen_beautify, 1);
		yajl_gen_config(json, yajl_gen_indent_string, "    ");
		yajl_gen_map_open(json);
	}
	return json;
}

static void json_text(yajl_gen json, const char *text)
{
	yajl_gen_string(json, (const unsigned char *)text, strlen(text));
}

/* Printed if the command succeeded, freed always. */
static void json_end(yajl_gen json, FILE *out)
{
	const unsigned char *text;
	size_t length;

	if (json) {
		if (out) {
			yajl_gen_map_close(json);
			yajl_gen_get_buf(json, &text, &length);
			fwrite(text, 1, length, out);
		}
		yajl_gen_free(json);
	}
}

/* --- modes ----------------------------------------------------------------------------------- */

static int print_value(struct client *client, FILE *out, yajl_gen json, const char *path,
		       const char *value, size_t length)
{
	char *escaped = escape_value(value, length);

	if (!escaped) {
		return client_fail(client, -ENOMEM, "couldn't read path %s", path);
	}
	if (json) {
		json_text(json, path);
		json_text(json, value_is_text(value, length) ? value : escaped);
	} else {
		if (client->options.prefix) {
			fprintf(out, "%s: ", path);
		}
		if (client->options.raw) {
			fwrite(value, 1, length, out);
		} else {
			fprintf(out, "%s\n", escaped);
		}
	}
	free(escaped);
	return 0;
}

static int run_read(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	yajl_gen json = client->options.json ? json_begin() : NULL;
	int err = 0;

	for (int i = 0; !err && i < argc; i++) {
		char *value;
		size_t length;

		err = store_read(client->store, tx, argv[i], &value, &length);
		if (err) {
			err = client_fail(client, err, "couldn't read path %s", argv[i]);
		} else {
			err = print_value(client, out, json, argv[i], value, length);
			free(value);
		}
	}
	json_end(json, err ? NULL : out);
	return err;
}

static int run_write(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	int err = 0;

	for (int i = 0; !err && i < argc; i += 2) {
		size_t length = strlen(argv[i + 1]);
		char *value = client->options.raw ? strdup(argv[i + 1])
						  : unescape_value(argv[i + 1], &length);

		err = value ? store_write(client->store, tx, argv[i], value, length) : -ENOMEM;
		free(value);
		if (err) {
			err = client_fail(client, err, "could not write path %s", argv[i]);
		}
	}
	return err;
}

static int run_list(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	yajl_gen json = client->options.json ? json_begin() : NULL;
	int err = 0;

	for (int i = 0; !err && i < argc; i++) {
		char **names;
		unsigned int count;

		err = store_list(client->store, tx, argv[i], &names, &count);
		if (err) {
			err = client_fail(client, err, "could not list path %s", argv[i]);
			break;
		}
		if (json) {
			json_text(json, argv[i]);
			yajl_gen_array_open(json);
		}
		for (unsigned int j = 0; j < count; j++) {
			if (json) {
				json_text(json, names[j]);
			} else if (client->options.prefix) {
				fprintf(out, "%s/%s\n", argv[i], names[j]);
			} else {
				fprintf(out, "%s\n", names[j]);
			}
		}
		if (json) {
			yajl_gen_array_close(json);
		}
		free(names);
	}
	json_end(json, err ? NULL : out);
	return err;
}

static int run_exists(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		char *value;
		int err = store_read(client->store, tx, argv[i], &value, NULL);

		if (err) {
			return err == -EAGAIN || err == -ECONNRESET ? err : 1;
		}
		free(value);
	}
	return 0;
}

/* Removes what became empty above; a parent that has children or a value is where it ends. */
static int tidy(struct client *client, uint32_t tx, const char *path)
{
	char *above = strdup(path);
	int err = above ? 0 : -ENOMEM;

	while (!err) {
		char *slash = strrchr(above, '/');
		char **names;
		char *value;
		size_t length;
		unsigned int count;

		if (!slash || slash == above) {
			break;
		}
		*slash = '\0';
		err = store_list(client->store, tx, above, &names, &count);
		if (err) {
			break;
		}
		free(names);
		err = store_read(client->store, tx, above, &value, &length);
		if (err) {
			break;
		}
		free(value);
		if (count || length) {
			break;
		}
		err = store_rm(client->store, tx, above);
	}
	free(above);
	return err;
}

static int run_rm(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int err = store_rm(client->store, tx, argv[i]);

		if (!err && client->options.tidy) {
			err = tidy(client, tx, argv[i]);
		}
		if (err) {
			return client_fail(client, err, "could not remove path %s", argv[i]);
		}
	}
	return 0;
}

static void print_event(struct client *client, const struct store_event *event)
{
	if (client->options.json) {
		yajl_gen json = yajl_gen_alloc(NULL);
		const unsigned char *text;
		size_t length;

		yajl_gen_map_open(json);
		json_text(json, "path");
		json_text(json, event->path);
		json_text(json, "watched");
		json_text(json, event->token);
		yajl_gen_map_close(json);
		yajl_gen_get_buf(json, &text, &length);
		fprintf(client->out, "%.*s\n", (int)length, (const char *)text);
		yajl_gen_free(json);
	} else {
		fprintf(client->out, "%s\n", event->path);
	}
	fflush(client->out);
}

static int run_watch(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		int err = store_watch(client->store, argv[i], argv[i]);

		if (err) {
			return client_fail(client, err, "Unable to add watch on %s", argv[i]);
		}
	}
	for (int left = client->options.events; left != 0; left -= left > 0) {
		struct store_event event;
		int err = store_next_event(client->store, -1, &event);

		if (err == -EINTR) {
			continue;
		}
		if (err) {
			return client_fail(client, err == -ECONNRESET ? -ENOTCONN : err,
					   "waiting for events");
		}
		print_event(client, &event);
		store_event_clear(&event);
	}
	return 0;
}

static int run_control(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	return client_control(client, argc, argv);
}

static const struct mode modes[] = {
	{"chmod", "[-h] [-u] [-r] [-s] key <mode [modes...]>", "hurs", 1, client_chmod, 0, false},
	{"control", "<command> [<arg>...]", "", 1, run_control, 0, false},
	{"exists", "[-h] [-p] [-s] key [...]", "hs", 1, run_exists, 1, false},
	{"list", "[-h] [-p] [-s] key [...]", "hpsj", 1, run_list, 1, false},
	{"ls", "[-h] [-f] [-p] [-s] [path]", "hfpsj", 0, client_ls, 0, false},
	{"read", "[-h] [-p] [-s] [-R] key [...]", "hpsRj", 1, run_read, 1, false},
	{"rm", "[-h] [-s] [-t] key [...]", "hst", 1, run_rm, 1, false},
	{"watch", "[-h] [-n NR] key", "hnj", 1, run_watch, 0, false},
	{"write", "[-h] [-s] [-R] key value [...]", "hsR", 2, run_write, 2, true},
};

/* --- the program ----------------------------------------------------------------------------- */

static const struct mode *mode_find(const char *name)
{
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, name) == 0) {
			return &modes[i];
		}
	}
	return NULL;
}

static int usage(struct client *client, const struct mode *mode, const char *word)
{
	return client_fail(client, 0, "Usage: %s %s%s", client->program, word, mode->synopsis);
}

static int help(struct client *client, const struct mode *mode, const char *word)
{
	static const struct {
		char letter;
		const char *text;
	} lines[] = {
		{'f', "  -f            whole paths"},
		{'p', "  -p            paths before results; ls: permissions"},
		{'s', "  -s            only through the daemon's socket, not through the kernel"},
		{'R', "  -R            bytes as they are, nothing escaped"},
		{'t', "  -t            remove parents that became empty too"},
		{'u', "  -u            change parents too"},
		{'r', "  -r            change everything below too"},
		{'n', "  -n NR         end after NR events"},
		{'j', "      --json    print JSON"},
		{'h', "  -h, --help    show this"},
	};

	fprintf(client->out, "Usage: %s %s%s\n", client->program, word, mode->synopsis);
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strchr(mode->letters, lines[i].letter)) {
			fprintf(client->out, "%s\n", lines[i].text);
		}
	}
	return 0;
}

/* Sets *shown when the help was asked for. An option this mode does not know is reported by
 * getopt, and then ignored, as Debian's programs do. */
static void read_options(struct client *client, int argc, char **argv, bool *shown)
{
	static const struct option known[] = {
		{"help", no_argument, NULL, 'h'},
		{"flat", no_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"socket", no_argument, NULL, 's'},
		{"prefix", no_argument, NULL, 'p'},
		{"tidy", no_argument, NULL, 't'},
		{"upto", no_argument, NULL, 'u'},
		{"recurse", no_argument, NULL, 'r'},
		{"number", required_argument, NULL, 'n'},
		{"raw", no_argument, NULL, 'R'},
		{NULL, 0, NULL, 0},
	};
	struct client_options *options = &client->options;
	int letter;

	optind = 0;
	while ((letter = getopt_long(argc, argv, "hfspturn:R", known, NULL)) >= 0) {
		switch (letter) {
		case 'h':
			*shown = true;
			break;
		case 'f':
			options->full = true;
			break;
		case 'j':
			options->json = true;
			break;
		case 's':
			options->socket = true;
			break;
		case 'p':
			options->prefix = true;
			break;
		case 't':
			options->tidy = true;
			break;
		case 'u':
			options->upward = true;
			break;
		case 'r':
			options->recursive = true;
			break;
		case 'n':
			options->events = atoi(optarg);
			break;
		case 'R':
			options->raw = true;
			break;
		default:
			break;
		}
	}
}

/* One attempt; what it printed is shown unless it is to be repeated. */
static int attempt(struct client *client, const struct mode *mode, bool atomic, int argc,
		   char **argv)
{
	uint32_t tx = STORE_NO_TX;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	int err = out ? 0 : -ENOMEM;

	if (!err && atomic) {
		err = store_tx_start(client->store, &tx);
	}
	if (err) {
		err = client_fail(client, err, "couldn't start transaction");
	} else {
		err = mode->run(client, tx, out, argc, argv);
	}
	if (atomic && tx && err != -ECONNRESET) {
		int ended = store_tx_end(client->store, tx, !err);

		if (ended && !err) {
			err = client_fail(client, ended, "couldn't end transaction");
		}
	}
	if (out) {
		fclose(out);
		if (err >= 0) {
			fwrite(text, 1, length, client->out);
		}
		free(text);
	}
	return err;
}

static int run(struct client *client, const struct mode *mode, int argc, char **argv)
{
	bool atomic = mode->alone && argc > mode->alone;
	struct report report = {0};
	unsigned int left = 1000; /* so often in a row only somebody hostile makes it conflict */
	int err = store_open(&client->store, client->options.socket ? STORE_SOCKET_ONLY : STORE_ANY,
			     &report);

	if (err) {
		fprintf(client->err, "%s: xs_open: %s\n", client->program, strerror(-err));
		report_print(&report, client->program, false, client->err);
		report_clear(&report);
		return 1;
	}
	do {
		err = attempt(client, mode, atomic, argc, argv);
	} while (err == -EAGAIN && --left);
	if (err < 0) {
		/* What asks for another attempt is silent until nobody makes one. */
		fprintf(client->err, "%s: %s\n", client->program, strerror(-err));
		err = 1;
	}
	store_close(client->store);
	return err;
}

/* xenstore-control has no options of its own: its words may look like some. */
static int take_words(struct client *client, const struct mode *mode, int argc, char **argv,
		      const char *word)
{
	bool shown = false;

	client->options.events = -1;
	if (mode->run == run_control) {
		if (argc == 2 && strcmp(argv[1], "--help") == 0) {
			return help(client, mode, word);
		}
		if (argc < 2) {
			fprintf(client->err, "Usage:\n%s <command> [<arg>...]\n", client->program);
			return 2;
		}
		return run(client, mode, argc - 1, argv + 1);
	}
	read_options(client, argc, argv, &shown);
	if (shown) {
		return help(client, mode, word);
	}
	argc -= optind;
	argv += optind;
	if (argc < mode->least || (mode->pairs && argc % 2)) {
		return usage(client, mode, word);
	}
	return run(client, mode, argc, argv);
}

int client_main(int argc, char **argv, FILE *out, FILE *err)
{
	struct client client = {.out = out, .err = err};
	const char *slash = strrchr(argv[0], '/');
	const struct mode *mode;
	char word[32] = "";

	client.program = slash ? slash + 1 : argv[0];
	if (strncmp(client.program, "xenstore-", 9) == 0) {
		mode = mode_find(client.program + 9);
	} else {
		mode = argc > 1 ? mode_find(argv[1]) : NULL;
		if (mode) {
			snprintf(word, sizeof(word), "%s ", mode->name);
			argc--;
			argv++;
		} else if (argc > 1 && argv[1][0] != '-') {
			return client_fail(&client, 0, "unknown mode %s", argv[1]);
		}
	}
	if (!mode) {
		return client_fail(&client, 0, "Usage: %s <mode> [-h] [...]", client.program);
	}
	return take_words(&client, mode, argc, argv, word);
}
