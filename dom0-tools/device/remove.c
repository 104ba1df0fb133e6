/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removing devices. Online 0 and backend state 5 in one transaction ask both ends to close: the
 * guest's driver sees 5 and goes to 6, the backend follows, and because it is not online it goes
 * for good. With force the frontend's folder is removed in the same transaction: the backend then
 * sees its other end gone and does not wait for a guest that may be dead.
 *
 * Only kernel drivers are waited for (vbd, vif of dom0 or a driver domain); the console has none.
 */
#include "device/plug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_driver(const struct plug *plug)
{
	return plug->kind == DEVICE_VBD || plug->kind == DEVICE_VIF;
}

struct closing {
	const struct plug *plug;
	bool force;
};

static int ask_to_close(struct store *store, uint32_t tx, void *data)
{
	const struct closing *closing = data;
	const struct plug *plug = closing->plug;
	char path[PLUG_PATH + 16];
	char *state;
	int err;

	snprintf(path, sizeof(path), "%s/state", plug->back);
	err = store_read(store, tx, path, &state, NULL);
	if (err) {
		return err == -ENOENT ? 0 : err; /* the backend is gone already */
	}
	if (strcmp(state, "6")) {
		err = store_write_text(store, tx, path, "5");
	}
	free(state);
	if (!err) {
		snprintf(path, sizeof(path), "%s/online", plug->back);
		err = store_write_text(store, tx, path, "0");
	}
	if (!err && closing->force) {
		err = store_rm(store, tx, plug->front);
		err = err == -ENOENT ? 0 : err;
	}
	return err;
}

static int close_down(const struct device_site *site, const struct plug *plug, bool force,
		      struct report *report)
{
	struct closing closing = {.plug = plug, .force = force};
	int err;

	if (!has_driver(plug)) {
		return 0;
	}
	err = store_transact(site->store, ask_to_close, &closing);
	return err ? plug_failed(plug, err, report) : 0;
}

static int wait_closed(const struct device_site *site, const struct plug *plug, bool force,
		       struct report *report)
{
	unsigned int seen;
	int err;

	if (!has_driver(plug)) {
		return 0;
	}
	err = plug_wait_state(site, plug->back, STATE_CLOSED, true, &seen);
	if (err) {
		plug_failed(plug, err, report);
		report_why(report, "its backend stays in state %u (%s)", seen,
			   device_state_name(seen));
		if (!force) {
			report_next(report, "the guest may be using it; unmount it there, or "
					    "detach with --force");
		}
	}
	return err;
}

/* What a script or we ourselves set up for it. */
static void undo_host(const struct device_site *site, struct plug *plug)
{
	char path[PLUG_PATH + 16];
	char *script = NULL;
	const struct device_interface interface = {.name = plug->interface};
	static const char *const builtin[] = {DEVICE_SCRIPTS "/block",
					      DEVICE_SCRIPTS "/vif-bridge"};

	if (plug->backend_domid || !has_driver(plug)) {
		return;
	}
	snprintf(path, sizeof(path), "%s/script", plug->record);
	if (store_read(site->store, STORE_NO_TX, path, &script, NULL)) {
		script = NULL;
	}
	if (plug->kind == DEVICE_VIF) {
		snprintf(plug->interface, sizeof(plug->interface), "vif%u.%u", plug->domid,
			 plug->devid);
		site->host->unplug(site->host_context, &interface);
	}
	if (script && *script && strcmp(script, builtin[0]) && strcmp(script, builtin[1]) &&
	    site->run_scripts) {
		plug->script = script;
		script = NULL;
		/* The device goes whatever the script says. */
		plug_run_script(site, plug, plug->kind == DEVICE_VIF ? "offline" : "remove", NULL);
	}
	free(script);
}

static int finish(const struct device_site *site, struct plug *plug, struct report *report)
{
	int err;

	undo_host(site, plug);
	err = plug_remove(site->store, plug);
	return err ? plug_failed(plug, err, report) : 0;
}

static int find(struct store *store, domid_t domid, enum device_kind kind, uint32_t devid,
		struct plug *plug)
{
	struct device_entry *entries;
	unsigned int count;
	int err = device_list(store, domid, &entries, &count);

	if (err) {
		return err;
	}
	err = -ENOENT;
	for (unsigned int i = 0; i < count; i++) {
		if (entries[i].kind == kind && entries[i].devid == devid) {
			err = plug_init(plug, kind, domid, entries[i].backend_domid, devid);
		}
	}
	device_entries_free(entries, count);
	return err;
}

int device_detach(const struct device_site *site, domid_t domid, enum device_kind kind,
		  uint32_t devid, bool force, struct report *report)
{
	struct plug plug = {.target.fd = -1};
	int err = find(site->store, domid, kind, devid, &plug);

	if (err) {
		plug_release(site, &plug);
		return report_error(report, -err, "device %u of domain %u", devid, domid);
	}
	err = close_down(site, &plug, force, report);
	err = err ? err : wait_closed(site, &plug, force, report);
	if (!err || force) {
		int removed = finish(site, &plug, report);

		err = err ? err : removed;
	}
	plug_release(site, &plug);
	return err;
}

/* Paths of kinds we do not make ourselves come from the record. */
static int plug_from(struct plug *plug, domid_t domid, const struct device_entry *entry)
{
	int err = plug_init(plug, entry->kind, domid, entry->backend_domid, entry->devid);

	if (!err && entry->kind == DEVICE_OTHER) {
		if (strlen(entry->backend) >= PLUG_PATH || strlen(entry->frontend) >= PLUG_PATH ||
		    strlen(entry->class) >= 40) {
			return -ENAMETOOLONG;
		}
		strcpy(plug->back, entry->backend);
		strcpy(plug->front, entry->frontend);
		snprintf(plug->record, sizeof(plug->record), "/libxl/%u/device/%s/%u", domid,
			 entry->class, entry->devid);
	}
	return err;
}

static void keep_first(int *first, int err)
{
	*first = *first ? *first : err;
}

int device_detach_all(const struct device_site *site, domid_t domid, struct report *report)
{
	struct device_entry *entries = NULL;
	struct plug *plugs;
	unsigned int count = 0;
	int first = device_list(site->store, domid, &entries, &count);

	if (first) {
		return report_error(report, -first, "devices of domain %u", domid);
	}
	plugs = calloc(count + 1, sizeof(*plugs));
	if (!plugs) {
		device_entries_free(entries, count);
		return report_error(report, ENOMEM, "devices of domain %u", domid);
	}
	for (unsigned int i = 0; i < count; i++) {
		plugs[i].target.fd = -1;
		keep_first(&first, plug_from(&plugs[i], domid, &entries[i]));
		keep_first(&first, close_down(site, &plugs[i], true, report));
	}
	for (unsigned int i = count; i-- > 0;) {
		keep_first(&first, wait_closed(site, &plugs[i], true, report));
		keep_first(&first, finish(site, &plugs[i], report));
		plug_release(site, &plugs[i]);
	}
	free(plugs);
	device_entries_free(entries, count);
	return first;
}
