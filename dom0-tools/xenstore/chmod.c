/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore-chmod: the permissions of a node, with -u also of those above it (not of the root), with
 * -r also of those below.
 */
#include "xenstore/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PERMS_MAX 64

struct change {
	struct client *client;
	uint32_t tx;
	struct store_perm perms[PERMS_MAX];
	unsigned int count;
};

static int set(struct change *change, const char *path)
{
	int err = store_set_perms(change->client->store, change->tx, path, change->perms,
				  change->count);

	return err ? client_fail(change->client, err,
				 "Error occurred setting permissions on '%s': %s", path,
				 strerror(-err))
		   : 0;
}

static int set_above(struct change *change, const char *path)
{
	char *above = strdup(path);
	int err = above ? 0 : -ENOMEM;

	while (!err) {
		char *slash = strrchr(above, '/');

		if (!slash || slash == above) {
			break;
		}
		*slash = '\0';
		err = set(change, above);
	}
	free(above);
	return err;
}

static int set_below(struct change *change, const char *path)
{
	char **names;
	unsigned int count;
	int err = store_list(change->client->store, change->tx, path, &names, &count);

	if (err) {
		return client_fail(change->client, err, "could not list path %s", path);
	}
	for (unsigned int i = 0; !err && i < count; i++) {
		char *child;

		if (asprintf(&child, "%s%s%s", path, strcmp(path, "/") == 0 ? "" : "/", names[i]) <
		    0) {
			err = -ENOMEM;
			break;
		}
		err = set(change, child);
		if (!err) {
			err = set_below(change, child);
		}
		free(child);
	}
	free(names);
	return err;
}

/* A letter alone means domain 0. */
static int parse(struct change *change, const char *word)
{
	char text[16];

	if (change->count == PERMS_MAX) {
		return client_fail(change->client, 0, "more than %d permissions", PERMS_MAX);
	}
	snprintf(text, sizeof(text), "%s%s", word, word[0] && !word[1] ? "0" : "");
	if (strlen(word) < sizeof(text) - 1 &&
	    !store_perm_parse(text, &change->perms[change->count])) {
		change->count++;
		return 0;
	}
	if (!word[0] || !strchr("rwbn", word[0])) {
		return client_fail(change->client, 0, "Invalid permission specification: '%c'",
				   word[0]);
	}
	return client_fail(change->client, 0, "Invalid permission specification: '%s'", word);
}

int client_chmod(struct client *client, uint32_t tx, FILE *out, int argc, char **argv)
{
	struct change change = {.client = client, .tx = tx};
	int err = 0;

	for (int i = 1; !err && i < argc; i++) {
		err = parse(&change, argv[i]);
	}
	if (!err) {
		err = set(&change, argv[0]);
	}
	if (!err && client->options.upward) {
		err = set_above(&change, argv[0]);
	}
	if (!err && client->options.recursive) {
		err = set_below(&change, argv[0]);
	}
	return err;
}
