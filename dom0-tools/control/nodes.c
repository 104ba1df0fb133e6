/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the nodes of nodes.h. New nodes take the rights of their parent, so a right is set where
 * it changes: at the home (read by the guest) and at each node the guest owns.
 */
#include "control/nodes.h"

#include "config/config.h"
#include "control/domains.h"
#include "guest/build.h"
#include "lib/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writing {
	struct control *control;
	domid_t domid;
	const struct vm_config *config;
	const struct build_result *built;
	const char *lifecycle;
	char vm[48]; /* /vm/UUID */
};

/* A node below the home (or another base), by format. */
static int put(struct store *store, uint32_t tx, const char *base, domid_t domid, const char *node,
	       const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%u%s%s", base, domid, *node ? "/" : "", node);
	return store_write_text(store, tx, path, value);
}

static int put_home(struct store *store, uint32_t tx, domid_t domid, const char *node,
		    const char *value)
{
	return put(store, tx, "/local/domain", domid, node, value);
}

static int put_number(struct store *store, uint32_t tx, domid_t domid, const char *node,
		      uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return put_home(store, tx, domid, node, text);
}

/* Owned by dom0 and readable by the guest; or the guest's own. */
static int set_rights(struct store *store, uint32_t tx, const char *path, domid_t domid,
		      bool guest_owns)
{
	struct store_perm own[] = {{.domid = domid, .access = STORE_NONE}};
	struct store_perm read[] = {{.domid = 0, .access = STORE_NONE},
				    {.domid = domid, .access = STORE_READ}};

	return store_set_perms(store, tx, path, guest_owns ? own : read, guest_owns ? 1 : 2);
}

static int put_owned(struct store *store, uint32_t tx, domid_t domid, const char *node)
{
	char path[160];
	int err = put_home(store, tx, domid, node, "");

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, node);
	return err ? err : set_rights(store, tx, path, domid, true);
}

static int write_home(struct store *store, uint32_t tx, const struct writing *writing)
{
	static const char *const folders[] = {"cpu", "memory", "device", "control"};
	static const char *const owned[] = {
		"device/suspend/event-channel",
		"control/shutdown",
		"control/feature-poweroff",
		"control/feature-reboot",
		"control/feature-suspend",
		"control/sysrq",
		"data",
		"drivers",
		"feature",
		"attr",
		"error",
	};
	domid_t domid = writing->domid;
	char path[48];
	int err;

	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	err = store_rm(store, tx, path); /* of a namesake that left something */
	if (!err || err == -ENOENT) {
		err = store_mkdir(store, tx, path);
	}
	if (!err) {
		err = set_rights(store, tx, path, domid, false);
	}
	if (!err) {
		err = put_home(store, tx, domid, "vm", writing->vm);
	}
	if (!err) {
		err = put_home(store, tx, domid, "name", writing->config->name);
	}
	for (unsigned int i = 0; i < sizeof(folders) / sizeof(folders[0]) && !err; i++) {
		err = put_home(store, tx, domid, folders[i], "");
	}
	for (unsigned int i = 0; i < sizeof(owned) / sizeof(owned[0]) && !err; i++) {
		err = put_owned(store, tx, domid, owned[i]);
	}
	if (!err) {
		err = put_home(store, tx, domid, "control/platform-feature-multiprocessor-suspend",
			       "1");
	}
	return err ? err
		   : put_home(store, tx, domid, "control/platform-feature-xs_reset_watches", "1");
}

static int put_vm(struct store *store, uint32_t tx, const struct writing *writing, const char *node,
		  const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", writing->vm, node);
	return value ? store_write_text(store, tx, path, value) : 0;
}

static int write_vm(struct store *store, uint32_t tx, const struct writing *writing)
{
	int err = store_mkdir(store, tx, writing->vm);

	if (!err) {
		err = set_rights(store, tx, writing->vm, writing->domid, false);
	}
	if (!err) {
		err = put_vm(store, tx, writing, "name", writing->config->name);
	}
	return err ? err : put_vm(store, tx, writing, "uuid", writing->vm + strlen("/vm/"));
}

static int write_private(struct store *store, uint32_t tx, const struct writing *writing)
{
	domid_t domid = writing->domid;
	char path[48];
	int err;

	snprintf(path, sizeof(path), "/libxl/%u", domid);
	err = store_rm(store, tx, path);
	if (!err || err == -ENOENT) {
		err = put(store, tx, "/libxl", domid, "device", "");
	}
	if (!err) {
		err = put(store, tx, "/libxl", domid, "type", vm_type_name(writing->config->type));
	}
	/* There is none, but libxl takes a domain without this node for broken. */
	return err ? err : put(store, tx, "/libxl", domid, "dm-version", "qemu_xen");
}

static int write_skeleton(struct store *store, uint32_t tx, void *data)
{
	const struct writing *writing = data;
	int err = control_name_check(store, tx, writing->domid, writing->config->name);

	if (!err) {
		err = write_home(store, tx, writing);
	}
	if (!err) {
		err = write_vm(store, tx, writing);
	}
	return err ? err : write_private(store, tx, writing);
}

static int run(struct writing *writing, int (*body)(struct store *store, uint32_t tx, void *data),
	       const char *step, struct report *report)
{
	char uuid[37];
	struct store *store;
	int err = control_step(writing->control, step, report);

	if (!err) {
		err = control_store(writing->control, &store, report);
	}
	if (err) {
		return err;
	}
	config_write_uuid(writing->config->uuid, uuid);
	snprintf(writing->vm, sizeof(writing->vm), "/vm/%s", uuid);
	err = store_transact(store, body, writing);
	if (err == -EEXIST) {
		report_error(report, EEXIST, "Domain with name \"%s\" already exists",
			     writing->config->name);
		report_next(report, "change name=, or destroy the other one");
	} else if (err) {
		report_error(report, -err, "the store's nodes of domain %u", writing->domid);
	}
	return err;
}

int control_nodes_write(struct control *control, domid_t domid, const struct vm_config *config,
			struct report *report)
{
	struct writing writing = {.control = control, .domid = domid, .config = config};

	return run(&writing, write_skeleton, "writing the store's nodes", report);
}

static int write_built(struct store *store, uint32_t tx, void *data)
{
	const struct writing *writing = data;
	const struct vm_config *config = writing->config;
	unsigned int online = vm_set_count(&config->avail_vcpus);
	domid_t domid = writing->domid;
	int err = put_number(store, tx, domid, "memory/static-max", config->max_kib);

	if (!err) {
		err = put_number(store, tx, domid, "memory/target", config->target_kib);
	}
	if (!err) {
		err = put_home(store, tx, domid, "memory/videoram", "0");
	}
	for (unsigned int i = 0; i < config->max_vcpus && !err; i++) {
		char node[40];
		bool on = online == 0 || vm_set_has(&config->avail_vcpus, i);

		snprintf(node, sizeof(node), "cpu/%u/availability", i);
		err = put_home(store, tx, domid, node, on ? "online" : "offline");
	}
	if (!err) {
		err = put_number(store, tx, domid, "domid", domid);
	}
	if (!err) {
		err = put_number(store, tx, domid, "store/port", writing->built->store_port);
	}
	if (!err) {
		err = put_number(store, tx, domid, "store/ring-ref", writing->built->store_frame);
	}
	if (!err) {
		err = put_vm(store, tx, writing, "image/ostype", "linux");
	}
	if (!err) {
		err = put_vm(store, tx, writing, "image/kernel", config->kernel);
	}
	if (!err) {
		err = put_vm(store, tx, writing, "image/ramdisk", config->ramdisk);
	}
	return err ? err : put_vm(store, tx, writing, "image/cmdline", config->cmdline);
}

int control_nodes_write_built(struct control *control, domid_t domid,
			      const struct vm_config *config, const struct build_result *built,
			      struct report *report)
{
	struct writing writing = {
		.control = control, .domid = domid, .config = config, .built = built};

	return run(&writing, write_built, "writing what was built", report);
}

static int write_whole(struct store *store, uint32_t tx, void *data)
{
	const struct writing *writing = data;
	const struct control_clock *clock = &writing->control->clock;
	char text[40];
	int err;

	snprintf(text, sizeof(text), "%.2f", clock->wall(clock->context));
	err = put_vm(store, tx, writing, "start_time", text);
	if (!err && writing->lifecycle) {
		err = put(store, tx, "/libxl", writing->domid, "lifecycle", writing->lifecycle);
	}
	return err;
}

int control_nodes_write_whole(struct control *control, domid_t domid,
			      const struct vm_config *config, const char *lifecycle,
			      struct report *report)
{
	struct writing writing = {
		.control = control, .domid = domid, .config = config, .lifecycle = lifecycle};

	return run(&writing, write_whole, "writing when it started", report);
}

int control_lifecycle_read(struct control *control, domid_t domid, char **text)
{
	struct store *store;
	char path[48];
	int err = control_store(control, &store, NULL);

	*text = NULL;
	snprintf(path, sizeof(path), "/libxl/%u/lifecycle", domid);
	return err ? err : store_read(store, STORE_NO_TX, path, text, NULL);
}

static int write_host(struct store *store, uint32_t tx, void *data)
{
	size_t length;
	char *name;
	int err = store_read(store, tx, "/local/domain/0/name", &name, &length);

	if (!err) {
		free(name);
	}
	if (err != -ENOENT) {
		return err;
	}
	err = put_home(store, tx, 0, "name", "Domain-0");
	return err ? err : put_home(store, tx, 0, "domid", "0");
}

int control_nodes_write_host(struct control *control, struct report *report)
{
	struct store *store;
	int err = control_store(control, &store, report);

	if (!err) {
		err = store_transact(store, write_host, NULL);
		if (err) {
			report_error(report, -err, "the store's nodes of domain 0");
		}
	}
	return err;
}
