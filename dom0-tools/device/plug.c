/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folders, states and scripts of a device: see plug.h. Layout and rights are upstream's, because
 * other tools read them: the frontend's folder belongs to the guest, the backend's to dom0, the
 * record under /libxl to dom0 alone; folders above take the rights of the domain's `device`.
 */
#include "device/plug.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static const char *const class_names[] = {
	[DEVICE_VBD] = "vbd",
	[DEVICE_VIF] = "vif",
	[DEVICE_CONSOLE] = "console",
	[DEVICE_OTHER] = "other",
};

const char *device_state_name(unsigned int state)
{
	static const char *const names[] = {
		"Unknown", "Initialising", "InitWait",      "Initialised",  "Connected",
		"Closing", "Closed",       "Reconfiguring", "Reconfigured",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "invalid";
}

int plug_init(struct plug *plug, enum device_kind kind, domid_t domid, domid_t backend,
	      uint32_t devid)
{
	*plug = (struct plug){
		.kind = kind,
		.class = class_names[kind],
		.domid = domid,
		.backend_domid = backend,
		.devid = devid,
		.target.fd = -1,
	};
	snprintf(plug->back, sizeof(plug->back), "/local/domain/%u/backend/%s/%u/%" PRIu32, backend,
		 plug->class, domid, devid);
	snprintf(plug->record, sizeof(plug->record), "/libxl/%u/device/%s/%" PRIu32, domid,
		 plug->class, devid);
	if (kind == DEVICE_CONSOLE && !devid) {
		snprintf(plug->front, sizeof(plug->front), "/local/domain/%u/console", domid);
	} else {
		snprintf(plug->front, sizeof(plug->front), "/local/domain/%u/device/%s/%" PRIu32,
			 domid, plug->class, devid);
	}
	return asprintf(&plug->title, "%s %" PRIu32 " of domain %u", plug->class, devid, domid) < 0
		       ? -ENOMEM
		       : 0;
}

void plug_release(const struct device_site *site, struct plug *plug)
{
	for (unsigned int i = 0; i < plug->back_count; i++) {
		free(plug->back_keys[i].value);
	}
	for (unsigned int i = 0; i < plug->front_count; i++) {
		free(plug->front_keys[i].value);
	}
	if (plug->has_target) {
		site->host->close_disk(site->host_context, &plug->target);
	}
	free(plug->title);
	free(plug->script);
	free(plug->rename);
	free(plug->bridge);
	*plug = (struct plug){.target.fd = -1};
}

int plug_failed(const struct plug *plug, int err, struct report *report)
{
	return report_error(report, -err, "%s", plug->title);
}

/* --- keys ---------------------------------------------------------------------------------------
 */
static void __attribute__((format(printf, 5, 0)))
add_key(struct plug *plug, struct plug_key *keys, unsigned int *count, const char *name,
	const char *format, va_list args)
{
	char *value;

	if (*count == PLUG_KEYS || vasprintf(&value, format, args) < 0) {
		plug->lost = true;
		return;
	}
	keys[(*count)++] = (struct plug_key){.name = name, .value = value};
}

void plug_back(struct plug *plug, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_key(plug, plug->back_keys, &plug->back_count, name, format, args);
	va_end(args);
}

void plug_front(struct plug *plug, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_key(plug, plug->front_keys, &plug->front_count, name, format, args);
	va_end(args);
}

void plug_front_fixed(struct plug *plug, const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_key(plug, plug->front_keys, &plug->front_count, name, format, args);
	va_end(args);
	if (!plug->lost) {
		plug->front_keys[plug->front_count - 1].read_only = true;
	}
}

void plug_begin_keys(struct plug *plug)
{
	plug_back(plug, "frontend", "%s", plug->front);
	plug_back(plug, "frontend-id", "%u", plug->domid);
	plug_back(plug, "online", "1");
	plug_back(plug, "state", "%u", STATE_INITIALISING);
	plug_front(plug, "backend", "%s", plug->back);
	plug_front(plug, "backend-id", "%u", plug->backend_domid);
}

/* --- folders ------------------------------------------------------------------------------------
 */
static int write_key(struct store *store, uint32_t tx, const char *folder,
		     const struct plug_key *key, domid_t reader)
{
	const struct store_perm perms[2] = {{0, STORE_NONE}, {reader, STORE_READ}};
	char path[PLUG_PATH + 64];
	int err;

	snprintf(path, sizeof(path), "%s/%s", folder, key->name);
	err = store_write_text(store, tx, path, key->value);
	if (!err && key->read_only) {
		err = store_set_perms(store, tx, path, perms, 2);
	}
	return err;
}

static int write_folder(struct store *store, uint32_t tx, const char *folder,
			const struct store_perm *perms, unsigned int perm_count,
			const struct plug_key *keys, unsigned int count, domid_t reader)
{
	int err = store_mkdir(store, tx, folder);

	if (!err) {
		err = store_set_perms(store, tx, folder, perms, perm_count);
	}
	for (unsigned int i = 0; !err && i < count; i++) {
		err = write_key(store, tx, folder, &keys[i], reader);
	}
	return err;
}

static int exists(struct store *store, uint32_t tx, const char *path)
{
	char *value;
	int err = store_read(store, tx, path, &value, NULL);

	if (!err) {
		free(value);
	}
	return err;
}

static int publish(struct store *store, uint32_t tx, void *data)
{
	struct plug *plug = data;
	const struct store_perm guests[2] = {{plug->domid, STORE_NONE},
					     {plug->backend_domid, STORE_READ}};
	const struct store_perm ours[2] = {{plug->backend_domid, STORE_NONE},
					   {plug->domid, STORE_READ}};
	const struct store_perm nobodys = {0, STORE_NONE};
	/* The primary console's folder is dom0's, and was there before. */
	bool primary = plug->kind == DEVICE_CONSOLE && !plug->devid;
	int err = exists(store, tx, plug->record);

	if (err != -ENOENT) {
		return err ? err : -EEXIST;
	}
	err = write_folder(store, tx, plug->front, primary ? ours : guests, 2, plug->front_keys,
			   plug->front_count, plug->domid);
	if (!err) {
		err = write_folder(store, tx, plug->back, ours, 2, plug->back_keys,
				   plug->back_count, plug->domid);
	}
	if (!err) {
		const struct plug_key links[2] = {{.name = "frontend", .value = plug->front},
						  {.name = "backend", .value = plug->back}};

		err = write_folder(store, tx, plug->record, &nobodys, 1, links, 2, plug->domid);
	}
	for (unsigned int i = 0; !err && i < plug->back_count; i++) {
		if (strcmp(plug->back_keys[i].name, "frontend")) {
			err = write_key(store, tx, plug->record, &plug->back_keys[i], plug->domid);
		}
	}
	return err;
}

int plug_publish(const struct device_site *site, struct plug *plug, struct report *report)
{
	int err = plug->lost ? -ENOMEM : store_transact(site->store, publish, plug);

	if (err == -EEXIST) {
		plug_failed(plug, err, report);
		report_why(report, "the domain has such a device already");
		return err;
	}
	if (err) {
		return plug_failed(plug, err, report);
	}
	plug->shown = true;
	return 0;
}

/* Removes a folder and those above it, `levels` of them, that are empty then. */
static int remove_upwards(struct store *store, uint32_t tx, const char *folder, int levels)
{
	char path[PLUG_PATH];
	int err = store_rm(store, tx, folder);

	if (err && err != -ENOENT) {
		return err;
	}
	snprintf(path, sizeof(path), "%s", folder);
	while (levels--) {
		char **names = NULL;
		unsigned int count = 0;

		*strrchr(path, '/') = 0;
		err = store_list(store, tx, path, &names, &count);
		free(names);
		if (err || count) {
			return err == -ENOENT ? 0 : err;
		}
		err = store_rm(store, tx, path);
		if (err) {
			return err == -ENOENT ? 0 : err;
		}
	}
	return 0;
}

static int remove_folders(struct store *store, uint32_t tx, void *data)
{
	const struct plug *plug = data;
	bool primary = plug->kind == DEVICE_CONSOLE && !plug->devid;
	int err = remove_upwards(store, tx, plug->front, primary ? 0 : 1);

	err = err ? err : remove_upwards(store, tx, plug->back, 2);
	return err ? err : remove_upwards(store, tx, plug->record, 1);
}

int plug_remove(struct store *store, const struct plug *plug)
{
	struct plug copy = *plug;

	return store_transact(store, remove_folders, &copy);
}

/* --- states -------------------------------------------------------------------------------------
 */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_state(struct store *store, const char *path, unsigned int *state)
{
	char node[PLUG_PATH + 16];
	uint64_t number;
	int err;

	snprintf(node, sizeof(node), "%s/state", path);
	err = store_read_number(store, STORE_NO_TX, node, &number);
	if (!err) {
		*state = number > 8 ? STATE_UNKNOWN : (unsigned int)number;
	}
	return err == -EINVAL ? 0 : err;
}

static int wait_watched(const struct device_site *site, const char *path, unsigned int wanted,
			bool or_gone, unsigned int *seen)
{
	int64_t end = now_ms() + (site->timeout_ms ? site->timeout_ms : DEVICE_TIMEOUT_MS);

	for (;;) {
		struct store_event event;
		int64_t left;
		int err = read_state(site->store, path, seen);

		if (err == -ENOENT) {
			*seen = STATE_UNKNOWN;
			if (or_gone) {
				return 0;
			}
		} else if (err) {
			return err;
		} else if (*seen == wanted) {
			return 0;
		} else if (*seen == STATE_CLOSED) {
			return -EIO;
		}
		left = end - now_ms();
		if (left <= 0) {
			return -ETIMEDOUT;
		}
		err = store_next_event(site->store, (int)left, &event);
		if (err && err != -ETIMEDOUT) {
			return err;
		}
		if (!err) {
			store_event_clear(&event);
		}
	}
}

int plug_wait_state(const struct device_site *site, const char *path, unsigned int wanted,
		    bool or_gone, unsigned int *seen)
{
	static const char token[] = "device-state";
	char node[PLUG_PATH + 16];
	int err;

	*seen = STATE_UNKNOWN;
	snprintf(node, sizeof(node), "%s/state", path);
	err = store_watch(site->store, node, token);
	if (err) {
		return err;
	}
	err = wait_watched(site, path, wanted, or_gone, seen);
	store_unwatch(site->store, node, token);
	return err;
}

static const char *driver_of(const struct plug *plug)
{
	switch (plug->kind) {
	case DEVICE_VIF:
		return "is the driver loaded? (modprobe xen-netback)";
	case DEVICE_VBD:
		return "is the driver loaded? (modprobe xen-blkback)";
	case DEVICE_CONSOLE:
	case DEVICE_OTHER:
		break;
	}
	return "is xenconsoled running? see proxenos-keeper(8)";
}

static void explain(const struct device_site *site, const struct plug *plug, unsigned int seen,
		    int err, struct report *report)
{
	char path[PLUG_PATH + 16];
	char *why = NULL;

	snprintf(path, sizeof(path), "%s/error", plug->back);
	plug_failed(plug, err, report);
	if (!store_read(site->store, STORE_NO_TX, path, &why, NULL)) {
		report_why(report, "%s", why);
		free(why);
		report_next(report, "the log of its backend says more");
		return;
	}
	report_why(report, "its backend stays in state %u (%s)", seen, device_state_name(seen));
	if (plug->backend_domid) {
		report_next(report, "is domain %u up, with a driver for %s?", plug->backend_domid,
			    plug->class);
	} else {
		report_next(report, "%s", driver_of(plug));
	}
}

int plug_wait_backend(const struct device_site *site, const struct plug *plug,
		      struct report *report)
{
	unsigned int seen;
	int err = plug_wait_state(site, plug->back, STATE_INIT_WAIT, false, &seen);

	if (err == -ETIMEDOUT && seen == STATE_CONNECTED) {
		return 0; /* the guest was faster than we looked */
	}
	if (err) {
		explain(site, plug, seen, err, report);
	}
	return err;
}

/* --- scripts ------------------------------------------------------------------------------------
 */
char *plug_script_path(const char *name)
{
	char *path;

	if (strchr(name, '/')) {
		return strdup(name);
	}
	return asprintf(&path, DEVICE_SCRIPTS "/%s", name) < 0 ? NULL : path;
}

static void report_script(const struct device_site *site, const struct plug *plug, int status,
			  struct report *report)
{
	char path[PLUG_PATH + 32];
	char *text = NULL;

	snprintf(path, sizeof(path), "%s/hotplug-error", plug->back);
	if (!store_read(site->store, STORE_NO_TX, path, &text, NULL) && *text) {
		report_why(report, "hotplug script '%s': %s", plug->script, text);
	} else if (WIFSIGNALED(status)) {
		report_why(report, "hotplug script '%s' was ended by signal %d", plug->script,
			   WTERMSIG(status));
	} else {
		report_why(report, "hotplug script '%s' failed with status %d", plug->script,
			   WEXITSTATUS(status));
	}
	free(text);
}

int plug_run_script(const struct device_site *site, const struct plug *plug, const char *action,
		    struct report *report)
{
	char type[32];
	char path[64 + PLUG_PATH];
	char script[512];
	char vif[32];
	char netdev[32];
	const char *environment[] = {type, path, "XENBUS_BASE_PATH=backend", script, NULL, NULL,
				     NULL, NULL};
	unsigned int timeout = site->timeout_ms ? site->timeout_ms : DEVICE_TIMEOUT_MS;
	int status = 0;
	int err;

	snprintf(type, sizeof(type), "XENBUS_TYPE=%s", plug->class);
	snprintf(path, sizeof(path), "XENBUS_PATH=backend/%s/%u/%" PRIu32, plug->class, plug->domid,
		 plug->devid);
	snprintf(script, sizeof(script), "script=%s", plug->script);
	if (plug->kind == DEVICE_VIF) {
		snprintf(vif, sizeof(vif), "vif=%s", plug->interface);
		snprintf(netdev, sizeof(netdev), "netdev=%s", plug->interface);
		environment[4] = vif;
		environment[5] = netdev;
		environment[6] = "type_if=vif";
	}
	err = site->host->script(site->host_context, plug->script, action, environment, timeout * 3,
				 &status);
	if (err) {
		plug_failed(plug, err, report);
		report_why(report, "hotplug script '%s': %s", plug->script, strerror(-err));
	} else if (status) {
		err = -EIO;
		plug_failed(plug, err, report);
		report_script(site, plug, status, report);
	}
	return err;
}

/* --- domains ------------------------------------------------------------------------------------
 */
static int is_named(struct store *store, const char *id, const char *name)
{
	char path[64];
	char *text;
	int err;

	snprintf(path, sizeof(path), "/local/domain/%.16s/name", id);
	err = store_read(store, STORE_NO_TX, path, &text, NULL);
	if (err) {
		return err;
	}
	err = strcmp(text, name) ? -ENOENT : 0;
	free(text);
	return err;
}

int plug_find_domain(struct store *store, const char *name, domid_t *domid)
{
	char **ids = NULL;
	unsigned int count = 0;
	char *end;
	unsigned long number = strtoul(name, &end, 10);
	int err;

	if (*name && !*end && number < DOMID_FIRST_RESERVED) {
		*domid = (domid_t)number;
		return 0;
	}
	err = store_list(store, STORE_NO_TX, "/local/domain", &ids, &count);
	if (err) {
		return err;
	}
	err = -ENOENT;
	for (unsigned int i = 0; err && i < count; i++) {
		if (!is_named(store, ids[i], name)) {
			*domid = (domid_t)strtoul(ids[i], NULL, 10);
			err = 0;
		}
	}
	free(ids);
	return err;
}
