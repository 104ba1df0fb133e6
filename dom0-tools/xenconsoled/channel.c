/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See channel.h. */
#include "xenconsoled/channel.h"

#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void back_node(unsigned int domid, unsigned int number, const char *name, char *path)
{
	snprintf(path, CHANNEL_PATH, CHANNEL_BACKENDS "/%u/%u/%s", domid, number, name);
}

void channel_frontend_path(unsigned int domid, unsigned int number, char path[CHANNEL_PATH])
{
	snprintf(path, CHANNEL_PATH, "/local/domain/%u/device/console/%u", domid, number);
}

static int read_back(struct store *store, unsigned int domid, unsigned int number, const char *name,
		     char **value)
{
	char path[CHANNEL_PATH];

	back_node(domid, number, name, path);
	return store_read(store, STORE_NO_TX, path, value, NULL);
}

static int read_front(struct store *store, unsigned int domid, unsigned int number,
		      const char *name, uint64_t most, uint64_t *value)
{
	char folder[CHANNEL_PATH];
	char path[CHANNEL_PATH + 16];
	int err;

	channel_frontend_path(domid, number, folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	err = store_read_number(store, STORE_NO_TX, path, value);
	return err ? err : *value > most ? -EINVAL : 0;
}

bool channel_is_ours(struct store *store, unsigned int domid, unsigned int number)
{
	char *type = NULL;
	char *why = NULL;
	bool ours = !read_back(store, domid, number, "type", &type) &&
		    strcmp(type, "xenconsoled") == 0 &&
		    read_back(store, domid, number, "error", &why) == -ENOENT;

	free(type);
	free(why);
	return ours;
}

int channel_list(struct store *store, unsigned int domid, unsigned int **numbers,
		 unsigned int *count)
{
	char path[CHANNEL_PATH];
	char **names = NULL;
	unsigned int found;
	int err;

	snprintf(path, sizeof(path), CHANNEL_BACKENDS "/%u", domid);
	*count = 0;
	err = store_list(store, STORE_NO_TX, path, &names, &found);
	if (err) {
		return err;
	}
	*numbers = calloc(found ? found : 1, sizeof(**numbers));
	for (unsigned int i = 0; *numbers && i < found; i++) {
		unsigned int number = (unsigned int)strtoul(names[i], NULL, 10);

		if (number && channel_is_ours(store, domid, number)) {
			(*numbers)[(*count)++] = number;
		}
	}
	free(names);
	return *numbers ? 0 : -ENOMEM;
}

int channel_socket(struct store *store, unsigned int domid, unsigned int number, char **path)
{
	char *connection;
	int err = read_back(store, domid, number, "connection", &connection);

	*path = NULL;
	if (err) {
		return err;
	}
	if (strcmp(connection, "socket") == 0) {
		err = read_back(store, domid, number, "path", path);
	} else if (strcmp(connection, "pty") != 0) {
		err = -EINVAL;
	}
	free(connection);
	return err;
}

bool channel_of_path(const char *path, unsigned int *domid, unsigned int *number)
{
	return sscanf(path, CHANNEL_BACKENDS "/%u/%u", domid, number) == 2 && *number;
}

int channel_read_frontend(struct store *store, unsigned int domid, unsigned int number,
			  unsigned int *state, uint64_t *ring_ref, uint32_t *port)
{
	uint64_t value;
	int err = read_front(store, domid, number, "state", XenbusStateReconfigured, &value);

	if (err) {
		return err;
	}
	*state = (unsigned int)value;
	if (value != XenbusStateInitialised && value != XenbusStateConnected) {
		return 0;
	}
	err = read_front(store, domid, number, "ring-ref", UINT32_MAX, ring_ref);
	if (!err) {
		err = read_front(store, domid, number, "port", UINT32_MAX, &value);
		*port = (uint32_t)value;
	}
	return err;
}

/* --- writing ---------------------------------------------------------------------------------- */

struct change {
	const char *node; /* is replaced if it is there */
	const char *value;
	const char *besides; /* written then, too, whether or not it is there; NULL: nothing */
	const char *besides_value;
};

static int replace(struct store *store, uint32_t tx, void *data)
{
	const struct change *change = data;
	char *now;
	int err = store_read(store, tx, change->node, &now, NULL);

	if (err) {
		return err;
	}
	if (strcmp(now, change->value) != 0) {
		err = store_write_text(store, tx, change->node, change->value);
	}
	free(now);
	return !err && change->besides
		       ? store_write_text(store, tx, change->besides, change->besides_value)
		       : err;
}

int channel_write_terminal(struct store *store, unsigned int domid, unsigned int number,
			   const char *tty)
{
	char path[CHANNEL_PATH + 16];
	struct change change = {.node = path, .value = tty};
	int err;

	back_node(domid, number, "tty", path);
	err = store_transact(store, replace, &change);
	if (!err) {
		channel_frontend_path(domid, number, path);
		strcat(path, "/tty");
		err = store_transact(store, replace, &change);
	}
	return err;
}

int channel_write_state(struct store *store, unsigned int domid, unsigned int number,
			enum xenbus_state state)
{
	char path[CHANNEL_PATH];
	char text[8];
	struct change change = {.node = path, .value = text};

	back_node(domid, number, "state", path);
	snprintf(text, sizeof(text), "%d", (int)state);
	return store_transact(store, replace, &change);
}

int channel_give_up(struct store *store, unsigned int domid, unsigned int number, const char *why)
{
	char path[CHANNEL_PATH];
	char error[CHANNEL_PATH];
	struct change change = {.node = path, .value = "6", .besides = error, .besides_value = why};

	back_node(domid, number, "state", path);
	back_node(domid, number, "error", error);
	return store_transact(store, replace, &change);
}
