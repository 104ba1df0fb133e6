/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks for Linux's block backend. The driver opens whatever block device `physical-device` names
 * (major:minor in hex), once that node appears; a file gets a loop device first, which is ours
 * until the driver holds it and goes away when the driver lets go, so that nothing needs cleaning
 * up after a crash of these tools.
 *
 * Two domains writing to one file system destroy it: a disk is refused if another backend has the
 * same device or file and either may write, as upstream's script does.
 */
#include "device/plug.h"

#include "config/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#define DEFAULT_SCRIPT "block"
#define HOLD_STEP_NS 2000000L

/* --- what can be served --------------------------------------------------------------------------
 */
static int refuse(const struct plug *plug, struct report *report, const char *why, const char *next)
{
	plug_failed(plug, -EOPNOTSUPP, report);
	report_why(report, "%s", why);
	report_next(report, "%s", next);
	return -EOPNOTSUPP;
}

static int check_kind(const struct plug *plug, const struct vm_disk *disk, struct report *report)
{
	if (disk->format == VM_DISK_FORMAT_EMPTY || !disk->path) {
		return refuse(plug, report, "a drive without a disc needs an emulated device",
			      "name an image, or leave the drive out");
	}
	if (disk->backend != VM_DISK_BACKEND_DEFAULT && disk->backend != VM_DISK_BACKEND_PHY) {
		return refuse(plug, report, "only dom0's kernel serves disks (backendtype=phy)",
			      "leave backendtype out");
	}
	if (disk->format != VM_DISK_FORMAT_RAW && disk->format != VM_DISK_FORMAT_UNKNOWN) {
		return refuse(plug, report, "only raw images can be served by dom0's kernel",
			      "convert it: qemu-img convert -O raw OLD NEW");
	}
	if (disk->specification == VM_DISK_SPECIFICATION_VIRTIO) {
		return refuse(plug, report, "virtio disks are not supported",
			      "use specification=xen");
	}
	return 0;
}

/* --- sharing -------------------------------------------------------------------------------------
 */
static bool same_target(const struct device_target *one, const struct device_target *other)
{
	if (one->is_loop != other->is_loop) {
		return false;
	}
	return one->is_loop
		       ? one->file_dev == other->file_dev && one->file_inode == other->file_inode
		       : one->number == other->number;
}

static bool node_is(struct store *store, const char *folder, const char *name, const char *value)
{
	char path[PLUG_PATH + 32];
	char *text;
	bool is;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (store_read(store, STORE_NO_TX, path, &text, NULL)) {
		return false;
	}
	is = !strcmp(text, value);
	free(text);
	return is;
}

/* Whether the backend in this folder has our target, and one of us writes. */
static bool clashes(const struct device_site *site, const struct plug *plug, const char *folder,
		    bool readwrite)
{
	struct device_target other = {.fd = -1};
	char path[PLUG_PATH + 16];
	char *params;
	bool same;

	if (!readwrite && node_is(site->store, folder, "mode", "r")) {
		return false;
	}
	snprintf(path, sizeof(path), "%s/params", folder);
	if (store_read(site->store, STORE_NO_TX, path, &params, NULL)) {
		return false;
	}
	same = !site->host->identify(site->host_context, params, &other) &&
	       same_target(&plug->target, &other);
	free(params);
	return same;
}

static int check_domain(const struct device_site *site, const struct plug *plug, const char *other,
			bool readwrite, struct report *report)
{
	char folder[PLUG_PATH];
	char path[PLUG_PATH];
	char **ids = NULL;
	unsigned int count = 0;
	int err = 0;

	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%.16s", other);
	if (store_list(site->store, STORE_NO_TX, path, &ids, &count)) {
		return 0;
	}
	for (unsigned int i = 0; !err && i < count; i++) {
		snprintf(folder, sizeof(folder), "/local/domain/0/backend/vbd/%.16s/%.32s", other,
			 ids[i]);
		if (clashes(site, plug, folder, readwrite)) {
			err = plug_failed(plug, -EBUSY, report);
			report_why(report, "domain %s has it, and one of the two may write", other);
			report_next(report, "shut that domain down, or attach the disk read-only "
					    "to both");
		}
	}
	free(ids);
	return err;
}

static int check_sharing(const struct device_site *site, const struct plug *plug, bool readwrite,
			 struct report *report)
{
	char **domains = NULL;
	unsigned int count = 0;
	int err = 0;

	if (store_list(site->store, STORE_NO_TX, "/local/domain/0/backend/vbd", &domains, &count)) {
		return 0;
	}
	for (unsigned int i = 0; !err && i < count; i++) {
		err = check_domain(site, plug, domains[i], readwrite, report);
	}
	free(domains);
	return err;
}

/* --- preparing -----------------------------------------------------------------------------------
 */
static int open_target(const struct device_site *site, const struct vm_disk *disk,
		       struct plug *plug, struct report *report)
{
	int err = site->host->open_disk(site->host_context, disk->path, disk->readwrite,
					disk->direct_io_safe, &plug->target);

	if (err) {
		plug_failed(plug, err, report);
		if (err == -ENOTBLK) {
			report_why(report, "'%s' is neither a block device nor a file", disk->path);
		} else if (err == -EBUSY) {
			report_why(report, "'%s' is mounted or otherwise in use in dom0",
				   disk->path);
		} else {
			report_why(report, "'%s': %s", disk->path, strerror(-err));
		}
		return err;
	}
	plug->has_target = true;
	return check_sharing(site, plug, disk->readwrite, report);
}

static void add_keys(struct plug *plug, const struct vm_disk *disk)
{
	const char *type = disk->cdrom ? "cdrom" : "disk";
	const char *script = plug->script ? plug->script : DEVICE_SCRIPTS "/" DEFAULT_SCRIPT;

	plug_begin_keys(plug);
	plug_back(plug, "params", "%s", disk->path);
	plug_back(plug, "script", "%s", script);
	plug_back(plug, "removable", "%d", disk->removable ? 1 : 0);
	plug_back(plug, "bootable", "1");
	plug_back(plug, "dev", "%s", disk->vdev);
	plug_back(plug, "type", "phy");
	plug_back(plug, "mode", "%s", disk->readwrite ? "w" : "r");
	plug_back(plug, "device-type", "%s", type);
	plug_back(plug, "discard-enable", "%d", choice_or(disk->discard, disk->readwrite) ? 1 : 0);
	plug_back(plug, "specification", "xen");
	if (disk->direct_io_safe) {
		plug_back(plug, "direct-io-safe", "1");
	}
	plug_front(plug, "state", "%u", STATE_INITIALISING);
	plug_front(plug, "virtual-device", "%" PRIu32, plug->devid);
	plug_front(plug, "device-type", "%s", type);
	plug_front(plug, "trusted", "%d", choice_or(disk->trusted, true) ? 1 : 0);
}

int disk_prepare(const struct device_site *site, domid_t domid, const struct vm_disk *disk,
		 struct plug *plug, struct report *report)
{
	domid_t backend = (domid_t)disk->backend_domid;
	unsigned int devid;
	int err = 0;

	*plug = (struct plug){.target.fd = -1};
	if (disk->backend_domname) {
		err = plug_find_domain(site->store, disk->backend_domname, &backend);
		if (err) {
			return report_error(report, -err, "backend domain '%s'",
					    disk->backend_domname);
		}
	}
	if (!disk->vdev || config_vdev_number(disk->vdev, &devid, NULL, NULL)) {
		report_error(report, EINVAL, "disk '%s'", disk->vdev ? disk->vdev : "");
		report_why(report, "not a name of a virtual disk");
		report_next(report, "use xvda, xvdb, ...");
		return -EINVAL;
	}
	err = plug_init(plug, DEVICE_VBD, domid, backend, devid);
	if (!err) {
		free(plug->title);
		err = asprintf(&plug->title, "disk '%s' of domain %u", disk->vdev, domid) < 0
			      ? -ENOMEM
			      : 0;
	}
	if (err) {
		plug->title = NULL;
		return report_error(report, ENOMEM, "disk '%s'", disk->vdev);
	}
	err = check_kind(plug, disk, report);
	if (!err && disk->script) {
		plug->script = plug_script_path(disk->script);
		plug->lost = !plug->script;
	} else if (!err && !backend) {
		err = open_target(site, disk, plug, report);
	}
	add_keys(plug, disk);
	return err;
}

/* --- connecting ----------------------------------------------------------------------------------
 */
static int tell_backend(struct store *store, uint32_t tx, void *data)
{
	const struct plug *plug = data;
	char path[PLUG_PATH + 32];
	int err;

	snprintf(path, sizeof(path), "%s/physical-device-path", plug->back);
	err = store_write_text(store, tx, path, plug->target.path);
	if (!err && plug->target.is_loop) {
		snprintf(path, sizeof(path), "%s/node", plug->back);
		err = store_write_text(store, tx, path, plug->target.path);
	}
	if (!err) {
		snprintf(path, sizeof(path), "%s/physical-device", plug->back);
		err = store_write_format(store, tx, path, "%x:%x", major(plug->target.number),
					 minor(plug->target.number));
	}
	if (!err) {
		snprintf(path, sizeof(path), "%s/hotplug-status", plug->back);
		err = store_write_text(store, tx, path, "connected");
	}
	return err;
}

/* Until the driver has opened the loop device we must keep it. */
static int wait_held(const struct device_site *site, const struct plug *plug, struct report *report)
{
	const struct timespec step = {.tv_nsec = HOLD_STEP_NS};
	unsigned int timeout = site->timeout_ms ? site->timeout_ms : DEVICE_TIMEOUT_MS;
	int err = -EAGAIN;

	for (unsigned int ms = 0; ms <= timeout; ms += HOLD_STEP_NS / 1000000) {
		err = site->host->backend_holds(site->host_context, plug->domid, plug->devid);
		if (err != -EAGAIN) {
			break;
		}
		nanosleep(&step, NULL);
	}
	if (err) {
		err = err == -EAGAIN ? -ETIMEDOUT : err;
		plug_failed(plug, err, report);
		report_why(report, "the block backend did not open %s", plug->target.path);
		report_next(report, "the kernel's log (dmesg) may say why");
	}
	return err;
}

int disk_connect(const struct device_site *site, struct plug *plug, struct report *report)
{
	int err;

	if (plug->script) {
		return site->run_scripts ? plug_run_script(site, plug, "add", report) : 0;
	}
	if (!plug->has_target) {
		return 0;
	}
	err = store_transact(site->store, tell_backend, plug);
	if (err) {
		return plug_failed(plug, err, report);
	}
	return plug->target.is_loop ? wait_held(site, plug, report) : 0;
}
