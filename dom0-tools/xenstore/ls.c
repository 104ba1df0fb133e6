/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore-ls: a tree as text, indented or by full path, or as JSON. Lines are as wide as the
 * terminal, 80 without one; a value that does not fit is cut, permissions begin in column 60.
 */
#include "xenstore/client.h"
#include "xenstore/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <yajl/yajl_gen.h>

#define WIDTH 80
#define PERMS_COLUMN 60
#define VALUE_EXTRA                                                                                \
	8 /* what stands around a cut value: ` = "` and `..."`, as its width is counted */

struct listing {
	struct client *client;
	uint32_t tx;
	FILE *out;
	size_t width;
	yajl_gen json; /* NULL: text */
};

/* A node as it was read; it may have gone since its parent was listed. */
struct seen {
	char *value;
	size_t length;
	struct store_perm *perms;
	unsigned int perm_count;
};

static int look(struct listing *listing, const char *path, struct seen *seen)
{
	struct store *store = listing->client->store;
	int err = store_read(store, listing->tx, path, &seen->value, &seen->length);

	if (err) {
		*seen = (struct seen){0};
		return err;
	}
	if (listing->client->options.prefix || listing->json) {
		err = store_get_perms(store, listing->tx, path, &seen->perms, &seen->perm_count);
	}
	return err;
}

static void seen_clear(struct seen *seen)
{
	free(seen->value);
	free(seen->perms);
}

static void print_perms(FILE *out, const struct seen *seen)
{
	char text[16];

	fputs("  (", out);
	for (unsigned int i = 0; i < seen->perm_count; i++) {
		store_perm_format(&seen->perms[i], text);
		fprintf(out, "%s%s", i ? "," : "", text);
	}
	fputc(')', out);
}

static int print_line(struct listing *listing, const char *path, const char *name,
		      unsigned int depth, const struct seen *seen)
{
	const struct client_options *options = &listing->client->options;
	char *text = escape_value(seen->value, seen->length);
	size_t column = depth + strlen(name);

	if (!text) {
		return -ENOMEM;
	}
	if (options->full) {
		fprintf(listing->out, "%s = \"%s\"", path, text);
		if (options->prefix) {
			fputc(' ', listing->out);
		}
	} else if (column + seen->length + VALUE_EXTRA > listing->width) {
		size_t room = listing->width > column + VALUE_EXTRA
				      ? listing->width - column - VALUE_EXTRA
				      : 0;

		fprintf(listing->out, "%*s%s = \"%.*s\\...\"", (int)depth, "", name, (int)room,
			text);
	} else {
		column =
			(size_t)fprintf(listing->out, "%*s%s = \"%s\"", (int)depth, "", name, text);
		if (options->prefix) {
			fputc(' ', listing->out);
			for (column++; column < PERMS_COLUMN; column++) {
				fputc(column % 2 ? '.' : ' ', listing->out);
			}
		}
	}
	if (options->prefix) {
		print_perms(listing->out, seen);
	}
	fputc('\n', listing->out);
	free(text);
	return 0;
}

static void put_text(yajl_gen json, const char *text)
{
	yajl_gen_string(json, (const unsigned char *)text, strlen(text));
}

static int put_object(struct listing *listing, const char *path, const struct seen *seen)
{
	yajl_gen json = listing->json;
	char text[16];

	yajl_gen_map_open(json);
	put_text(json, "path");
	put_text(json, path);
	if (value_is_text(seen->value, seen->length)) {
		put_text(json, "value");
		put_text(json, seen->value);
	} else {
		char *escaped = escape_value(seen->value, seen->length);

		if (!escaped) {
			return -ENOMEM;
		}
		put_text(json, "value_escaped");
		put_text(json, escaped);
		free(escaped);
	}
	put_text(json, "permissions");
	yajl_gen_array_open(json);
	for (unsigned int i = 0; i < seen->perm_count; i++) {
		store_perm_format(&seen->perms[i], text);
		put_text(json, text);
	}
	yajl_gen_array_close(json);
	yajl_gen_map_close(json);
	return 0;
}

static int show_children(struct listing *listing, const char *path, unsigned int depth);

/* Depth is bounded by the length of a path. */
static int show_node(struct listing *listing, const char *path, const char *name,
		     unsigned int depth)
{
	struct seen seen = {0};
	int err = look(listing, path, &seen);

	if (!err) {
		err = listing->json ? put_object(listing, path, &seen)
				    : print_line(listing, path, name, depth, &seen);
		seen_clear(&seen);
		if (!err) {
			err = show_children(listing, path, depth + 1);
		}
	} else {
		seen_clear(&seen);
	}
	/* What is gone since, or is nobody's business, is not there. */
	return err == -ENOENT || err == -EACCES ? 0 : err;
}

static int show_children(struct listing *listing, const char *path, unsigned int depth)
{
	char **names;
	unsigned int count;
	int err = store_list(listing->client->store, listing->tx, path, &names, &count);

	if (err) {
		return err;
	}
	for (unsigned int i = 0; !err && i < count; i++) {
		char *child;

		if (asprintf(&child, "%s%s%s", path, strcmp(path, "/") == 0 ? "" : "/", names[i]) <
		    0) {
			err = -ENOMEM;
			break;
		}
		err = show_node(listing, child, names[i], depth);
		free(child);
	}
	free(names);
	return err;
}

static size_t width_of(FILE *out)
{
	struct winsize size;
	int fd = fileno(out);

	return fd >= 0 && isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col
		       ? size.ws_col
		       : WIDTH;
}

int client_ls(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	static char root[] = "/";
	char *everything[] = {root};
	struct listing listing = {
		.client = client, .tx = tx, .out = out, .width = width_of(client->out)};
	int err = 0;

	if (!argc) {
		argc = 1;
		argv = everything;
	}
	if (client->options.json) {
		listing.json = yajl_gen_alloc(NULL);
		if (!listing.json) {
			return client_fail(client, -ENOMEM, "listing %s", argv[0]);
		}
		yajl_gen_config(listing.json, yajl_gen_beautify, 1);
		yajl_gen_config(listing.json, yajl_gen_indent_string, "    ");
		yajl_gen_array_open(listing.json);
	}
	for (int i = 0; !err && i < argc; i++) {
		err = show_children(&listing, argv[i], 0);
		if (err) {
			err = client_fail(client, err, "xs_directory (%s): %s", argv[i],
					  strerror(-err));
		}
	}
	if (listing.json) {
		const unsigned char *text;
		size_t length;

		if (!err) {
			yajl_gen_array_close(listing.json);
			yajl_gen_get_buf(listing.json, &text, &length);
			fwrite(text, 1, length, out);
		}
		yajl_gen_free(listing.json);
	}
	return err;
}
